#!/bin/bash
# What an image brings along: one that would lead a runtime astray is refused before anything exists, a
# credential in any layer keeps its worker from running, and each image is looked at once.
# time: 240
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/engine.sh
. tests/support/tenants.sh
. tests/support/hostile-image.sh

tenants_setup || bail_out "the images do not load"
images=()
at_exit 'docker rmi -f "${images[@]}" >/dev/null 2>&1'
records=$tenants_root/var/lib/tenantctl/images
found_key=gh'p_q7Rk2ZfLm9XcVb4TnY8sWd3Hj6Gp1Ae5Uo0i'

# make_image COMMAND [CHANGE]: sets $image, and makes the manifest of tenant acme with it
make_image() {
	image=$(image_with "$@" 2>"$E2E_TMP/image.log") || bail_out "no image: $(cat "$E2E_TMP/image.log")"
	images+=("$image")
	manifest acme "image: $image" 'resources: { workspace: 64m }'
}

what_exists() {
	docker ps -aq --filter label=dev.tenantctl.role
	docker network ls -q --filter label=dev.tenantctl.role
	ls "$tenants_root/var/lib/tenantctl/tenants" 2>/dev/null
	tenants_mounts
}

refuses() { # WHAT EXPRESSION
	local status=0
	tenantctl create acme >"$E2E_TMP/out" 2>"$E2E_TMP/err" || status=$?
	is "$status" 5 "create refuses $1"
	like "$(cat "$E2E_TMP/err")" "acme.*$2" "and says where it is"
	like "$(cat "$E2E_TMP/err")" 'build it again' "and what to do"
	is "$(what_exists)" "" "and nothing was made"
}

# ---- before anything exists ----

# shellcheck disable=SC2016 # the tree is the command's to name
{
	make_image 'mknod "$tree/bin/disk" b 8 0'
	refuses "a device node" "image ${image:0:20}[0-9a-f]*, layer 1: /bin/disk is a device node .block 8:0."
	make_image 'mknod "$tree/dev/cuse" c 10 203'
	refuses "/dev/cuse" 'layer 1: /dev/cuse is a device node .char 10:203.'
	make_image 'rmdir "$tree/proc" && ln -s ../../../etc "$tree/proc"'
	refuses "a /proc that leads elsewhere" 'layer 1: /proc is a symbolic link to ../../../etc'
	make_image 'rm -rf "$tree/dev" && echo >"$tree/dev"'
	refuses "a /dev that is a file" 'layer 1: /dev is not a folder'
}
make_image : 'USER 4294967296'
refuses "a user that cannot be" 'USER 4294967296 is a number that no user has'

# ---- credentials ----

make_image "mkdir \"\$tree/app\" && printf 'TOKEN=%s\n' $found_key >\"\$tree/app/settings\""
image=$(image_after "$image" rm -r /app 2>"$E2E_TMP/image.log") || bail_out "no image: $(cat "$E2E_TMP/image.log")"
images=("$image" "${images[@]}")
manifest acme "image: $image" 'resources: { workspace: 64m }'
tenantctl create acme >"$E2E_TMP/out" 2>&1
is "$?" 1 "a key in a file that a later layer deletes keeps a tenant from running"
is "$(inspect tc-acme '{{.State.Running}}')" false "its worker is stopped"
tenantctl verify --quick --only image. acme >"$E2E_TMP/out" 2>&1
like "$(cat "$E2E_TMP/out")" 'layer 1: /app/settings: a GitHub token' "verify says where"
tenantctl delete --purge acme >/dev/null
manifest acme "image: $image" 'resources: { workspace: 64m }' 'allow_plain: [ /app/settings ]'
ok "unless the manifest says that it is none" tenantctl create acme
unlike "$(cat "$E2E_TMP/out" "$records"/*.json)" "$found_key" "the key is in no report and no record"

# ---- once for each image ----

record=$records/${image#sha256:}.json
is "$(stat -c '%a %U' "$record")" "600 root" "what was found is kept for root alone"
written=$(stat -c %y "$record")
manifest beta "image: $image" 'resources: { workspace: 64m }' 'allow_plain: [ /app/settings ]'
ok "another tenant of that image is created" tenantctl create beta
ok "and both verify" tenantctl verify --quick acme beta
is "$(stat -c %y "$record")" "$written" "without another look"

verdicts() {
	tenantctl verify --quick --only image. --format json acme |
		jq -r '.tenants[0].findings[] | .id + " " + .verdict' | xargs
}
right="image.credentials pass image.privileged pass image.traps pass"
wrong='.finds = [] | .layers = 0'
jq -c "$wrong" "$record" >"$E2E_TMP/record" && cat "$E2E_TMP/record" >"$record"
is "$(verdicts)" "$right" "a damaged record counts for nothing"
is "$(jq '.layers' "$record")" 2 "and is made anew"
cp "$record" "$E2E_TMP/record" && rm "$record" && ln -s "$E2E_TMP/record" "$record"
is "$(verdicts)" "$right" "nor does a link in its place"
ok "which is replaced" test ! -L "$record"
chmod 666 "$record"
is "$(verdicts)" "$right" "nor one that others can write"
is "$(stat -c %a "$record")" 600 "which is replaced, too"

# An engine that names another folder of the host's as a layer.
rm "$record"
proxy=$E2E_TMP/proxy.sock
tests/support/engine-proxy.py "$proxy" "$ENGINE_SOCKET" "/images/$image/json" \
	'.GraphDriver.Data.UpperDir = "/etc"' >/dev/null &
lies=$!
eventually 5 test -S "$proxy"
is "$(engine_exec_in_net "$TENANTCTL" --root "$tenants_root" --socket "$proxy" verify --quick --only image. \
	--format json acme | jq -r '.tenants[0].findings[].verdict' | xargs)" \
	"inconclusive inconclusive inconclusive" "an engine's word leads nowhere else"
fails "and nothing of it is kept" 1 test -e "$record"
kill "$lies"
wait "$lies" 2>/dev/null

# ---- an image store that does not tell where layers are ----

if [ "$ENGINE_KIND" = 28 ]; then
	tenantctl delete --purge acme >/dev/null && tenantctl delete --purge beta >/dev/null
	engine_start store 28 --feature containerd-snapshotter=true && tenants_setup ||
		bail_out "no engine with containerd's image store"
	is "$(docker image inspect -f '{{json .GraphDriver.Data}}' tenantctl-demo-worker:1 2>/dev/null | grep -o lower)" "" \
		"containerd's image store names no folders"
	manifest acme 'image: tenantctl-demo-worker:1' 'resources: { workspace: 64m }'
	ok "a tenant is created" tenantctl create acme
	is "$(verdicts)" "$right" "and its worker's own mounts lead to the layers"
	tenantctl delete --purge acme >/dev/null
	# shellcheck disable=SC2016 # the tree is the command's to name
	make_image 'mknod "$tree/bin/disk" b 8 0'
	tenantctl create acme >"$E2E_TMP/out" 2>&1
	is "$?" 1 "an image with a device does not verify there"
	is "$(inspect tc-acme '{{.State.Running}}')" false "its worker is stopped"
	like "$(cat "$E2E_TMP/out")" 'layer 1: /bin/disk: block 8:0 device' "for that reason"
	tenantctl delete --purge acme >/dev/null
fi

done_testing
