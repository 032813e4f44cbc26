#!/bin/bash
# time: 600
# Killed or failing at every system call that changes a file, and state files that are damaged: a
# file is the old one or the new one, the next run completes, delete leaves nothing. What cannot
# be understood is refused, never guessed, and can be deleted.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/engine.sh
. tests/support/faults.sh

faults_setup || bail_out "the images do not load"
calls=renameat,renameat2,fsync,mkdirat,ftruncate,mount,umount2,chown,chmod,fchownat,unlinkat,write,pwrite64
problems=
manifest=$(manifest acme)
state=$faults_root/var/lib/tenantctl/tenants/acme
set=$faults_root/run/tenantctl/acme/files/set
step=1 # Files do not depend on the engine: the slower one takes a sample.
[ "$ENGINE_KIND" != 20 ] || step=9

# traced INJECTION... -- ARGUMENTS...: the program's main thread under strace.
traced() {
	local options=()
	while [ "$1" != -- ]; do
		options+=(-e "$1")
		shift
	done
	shift
	(engine_exec_in_net strace -y -o "$E2E_TMP/trace" "${options[@]}" "$TENANTCTL" \
		--root "$faults_root" --socket "$ENGINE_SOCKET" "$@") >"$faults_out" 2>&1 </dev/null
}

# Prints "CALL N WHAT" for each call of the trace that changed something: the Nth CALL, counted with
# those that failed, as strace counts. Standard output and error are no files of ours,
# nor are the settings that the program makes for itself in /proc before it knows any tenant.
points() {
	awk '/^[a-z]/ {
		call = $0; sub(/\(.*/, "", call); n[call]++
		if (/ = -1 / || /^write\([0-9]+<\/proc\//) next
		gsub(/<[^>]*>/, "")
		if (/^write\([12],/ || /^write\([0-9]+, " /) next
		what = $0; gsub(/[^a-z.]+/, " ", what)
		print call, n[call], substr(what, 1, 60)
	}' "$E2E_TMP/trace"
}

# State files are whole, whatever happened.
check_whole() {
	local file
	for file in allocation.json verified.json history.jsonl; do
		[ ! -e "$state/$file" ] || jq -e . "$state/$file" >/dev/null ||
			problem "$file is not whole: $(head -c 100 "$state/$file")"
	done
	for file in "$faults_root/etc/tenantctl/tenants/acme.yaml" "$state/resolv.conf" \
		"$set"/{haproxy.cfg,dnsmasq.conf,generation}; do
		[ ! -e "$file" ] || [ -s "$file" ] || problem "$file is empty"
	done
}

check_clean() {
	local difference
	difference=$(diff <(canonical acme) "$E2E_TMP/clean" | cut -c 1-300 | head -n 10)
	[ -z "$difference" ] || problem "the state differs from a clean run's:"$'\n'"$difference"
}

check_deleted() {
	local left
	tc delete acme --purge || grep -q 'no such tenant' "$faults_out" || problem "delete: $(cat "$faults_out")"
	left=$(leftovers acme)
	[ -z "$left" ] || problem "delete left:"$'\n'"$left"
}

create_with() { # CALL N INJECTION DESCRIPTION
	local status=0
	traced "trace=$1" "inject=$1:$3:when=$2" -- create acme -f "$manifest" || status=$?
	check_whole
	case $3:$status in
	signal=*:137) ;;
	signal=*) problem "status $status of a killed run" ;;
	*:0) check_clean ;;
	*) grep -q '^tenantctl: .*acme' "$faults_out" || problem "the error is: $(cat "$faults_out")" ;;
	esac
	unguarded acme && problem "the worker runs without its gateway"
	if [ "$status" = 0 ] || [ "$status" = 1 ]; then
		tc apply acme
	else
		# one that was whole but for the record of its end is there already
		tc create acme -f "$manifest" ||
			{ grep -q 'exists already' "$faults_out" && tc apply acme; }
	fi || problem "the next run fails: $(cat "$faults_out")"
	check_clean
	check_deleted
	concluded "create: $3 at $1 $2 ($4)"
}

delete_with() { # CALL N INJECTION DESCRIPTION
	tc create acme -f "$manifest" || problem "create: $(cat "$faults_out")"
	traced "trace=$1" "inject=$1:$3:when=$2" -- delete acme --purge
	check_whole
	unguarded acme && problem "the worker runs without its gateway"
	check_deleted
	! docker network inspect tenantctl-egress >/dev/null 2>&1 || problem "the egress network is left"
	concluded "delete: $3 at $1 $2 ($4)"
}

# sweep FUNCTION: kills at each point of $E2E_TMP/points, and errors at every other one.
sweep() {
	local call n what i=0
	while read -r call n what; do
		i=$((i + 1))
		[ $((i % step)) = 0 ] || continue
		"$1" "$call" "$n" signal=KILL "$what"
		[ $((i % 2)) = 0 ] || "$1" "$call" "$n" error=ENOSPC "$what"
	done <"$E2E_TMP/points"
}

tc create acme -f "$manifest" || bail_out "create: $(cat "$faults_out")"
canonical acme >"$E2E_TMP/clean"
check_deleted
traced "trace=$calls" -- create acme -f "$manifest" || fail "create under strace" "$(cat "$faults_out")"
points >"$E2E_TMP/points"
check_deleted
like "$(cut -d ' ' -f 1 "$E2E_TMP/points" | sort -u | xargs)" 'fsync.*mkdirat.*mount.*renameat.*write' \
	"the trace shows what create does to files"
sweep create_with

tc create acme -f "$manifest"
traced "trace=$calls" -- delete acme --purge || fail "delete under strace" "$(cat "$faults_out")"
points >"$E2E_TMP/points"
like "$(cut -d ' ' -f 1 "$E2E_TMP/points" | sort -u | xargs)" 'fsync.*umount2.*unlinkat' \
	"the trace shows what delete does to files"
sweep delete_with

# ---- damaged state ----
# damage FILE WHAT: spoils a state file of the tenant.
damage() {
	local file=$state/$1
	case $2 in
	missing) rm "$file" ;;
	empty) : >"$file" ;;
	cut) truncate -s 40 "$file" ;;
	garbage) head -c 300 /dev/urandom >"$file" ;;
	list) echo '[]' >"$file" ;;
	older) jq 'del(.twin_ip)' "$file" >"$file.new" && mv "$file.new" "$file" ;;
	other-nonce) sed -i 's/\("nonce": "\)..../\1ffff/' "$file" ;;
	open) chmod 666 "$file" ;;
	link) mv "$file" "$E2E_TMP/real" && ln -s "$E2E_TMP/real" "$file" ;;
	begun) sed -i '2,$d' "$file" ;;
	esac
}

# after_damage FILE WHAT MAY-WORK: apply refuses and changes nothing, or makes the tenant whole.
after_damage() {
	local status=0 before
	tc create acme -f "$manifest" || problem "create: $(cat "$faults_out")"
	before=$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' tc-acme tc-acme-gw)
	damage "$1" "$2"
	tc apply acme || status=$?
	if [ "$status" = 0 ]; then
		[ "$3" = may-work ] || problem "apply takes it"
		check_clean
	else
		[ "$3" != may-work ] || problem "apply refuses: $(cat "$faults_out")"
		grep -q '^tenantctl: .*acme' "$faults_out" || problem "the error is: $(cat "$faults_out")"
		grep -q 'tenantctl delete acme' "$faults_out" || [ "$2" = open ] ||
			problem "no word of what helps: $(cat "$faults_out")"
		[ "$before" = "$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' tc-acme tc-acme-gw)" ] ||
			problem "a refused apply changed the tenant"
	fi
	check_deleted
	concluded "$1 $2"
}

for what in missing empty cut garbage list older other-nonce open link; do
	after_damage allocation.json "$what" refused
done
for what in missing empty garbage list begun link; do
	after_damage journal.jsonl "$what" may-work
done
for what in empty garbage missing; do
	after_damage verified.json "$what" may-work
	after_damage history.jsonl "$what" may-work
	after_damage resolv.conf "$what" may-work
done

done_testing
