# What tenants have in common though no namespace parts it. Sourced by 50-mutants.sh.
# shellcheck shell=bash disable=SC2154

# ids_of VERDICT ID...: which of these checks have that verdict when they are asked for
ids_of() {
	local verdict=$1 id only=()
	shift
	for id in "$@"; do
		only+=(--only "$id")
	done
	tenantctl verify --quick "${only[@]}" --format json acme 2>"$E2E_TMP/verify.err" |
		jq -r --arg v "$verdict" '.tenants[0].findings[] | select(.verdict == $v) | .id' | xargs
}

# A process that runs a file of which memory and disk differ. The page cache is not changed, as only a
# flaw of the kernel could: the disk is, below the file system, once the file is in memory.
put_worker || bail_out "the worker does not start again"
shared=$E2E_TMP/shared image=$E2E_TMP/layer.img
poisoned() {
	local block
	truncate -s 8M "$image" && mkfs.ext4 -q -b 4096 -O ^has_journal "$image" &&
		mount -o loop "$image" "$shared" && at_exit "umount '$shared' 2>/dev/null" &&
		docker cp "$worker:/bin/busybox" "$shared/busybox" >/dev/null && sync -f "$shared" || return 1
	put_container "$worker" "$(jq -c '.Entrypoint = ["/source/shared/busybox", "sleep", "1000"]
		| .Cmd = []' <<<"$worker_body")" || return 1
	is "$(ids_of pass fs.pagecache)" fs.pagecache "a file of shared material is as it was written"
	block=$(debugfs -R 'blocks /busybox' "$image" 2>/dev/null | cut -d ' ' -f 1) && [ "$block" -gt 0 ] &&
		cat "$shared/busybox" >/dev/null &&
		dd if=/dev/urandom of="$image" bs=4096 count=1 seek="$block" conv=notrunc,fsync status=none
}
if poisoned; then
	expect_ids "a file that is another one in memory than on the disk" "$(ids_of fail fs.pagecache)" fs.pagecache
else
	no_mutant "a file that is another one in memory than on the disk"
fi
put_worker
umount "$shared"

# An engine that writes what one container prints to another one's log as well.
leak_to() { # FILE
	local line
	until line=$(grep -hs 'log\.marker' "$ENGINE_DIR"/data/containers/*/*-json.log); do
		sleep 0.01
	done
	echo "$line" >>"$1"
}
log_verdict() { # VERDICT
	tenantctl verify --only log.separate --format json acme 2>"$E2E_TMP/verify.err" |
		jq -r --arg v "$1" '.tenants[0].findings[] | select(.verdict == $v) | .id' | xargs
}
is "$(log_verdict pass)" log.separate "what a twin prints is in its own log only"
leak_to "$(docker inspect -f '{{.LogPath}}' tc-beta)" &
leak=$!
expect_ids "a line in another tenant's log" "$(log_verdict fail)" log.separate
kill "$leak" 2>/dev/null
wait "$leak" 2>/dev/null
