#!/bin/bash
# A tenant's life as an operator lives it: edits while it runs, refusals that leave nothing, runs that
# are cut short, deletion that keeps or removes, a reboot. Judged by the engine, the kernel and the
# file system.
# time: 240
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/engine.sh
. tests/support/tenants.sh

out=$E2E_TMP/out
err=$E2E_TMP/err
state=$tenants_root/var/lib/tenantctl
kept=$tenants_root/srv/tenants
tenants_setup || bail_out "the images do not load"

# tc STATUS DESCRIPTION ARGUMENTS...: results in $out and $err
tc() {
	local want=$1 name=$2 status=0
	shift 2
	tenantctl "$@" >"$out" 2>"$err" </dev/null || status=$?
	[ "$status" = "$want" ] && pass "$name" && return
	fail "$name" "status $status, not $want, of: $*"$'\n'"$(cat "$out" "$err")" 2
}

plain() { # NAME [LINE...]
	manifest "$1" 'image: tenantctl-demo-worker:1' 'resources: { memory: 64m, tmp: 8m, shm: 8m, workspace: 64m }' "${@:2}"
}

edit() { # NAME SED-PROGRAM
	sed -i "$2" "$tenants_manifests/$1.yaml"
}

lock_of() { # NAME
	echo "$state/locks/$1.lock"
}

# What there is of a tenant, one a line, but for its manifest.
left() { # NAME
	docker ps -a --format '{{.Names}}' | grep -E "^tc-$1(-gw)?\$"
	docker network ls --format 'network {{.Name}}' | grep -x "network tc-$1"
	tenants_mounts | grep -E "/$1(/|\$)"
	cat /sys/block/loop*/loop/backing_file 2>/dev/null | grep -F "$kept/$1/"
	# a run that is refused leaves its lock: whoever waits for it must find the same file
	find "$tenants_root" -path "*$1*" ! -path "$tenants_manifests/$1.yaml" ! -path "$(lock_of "$1")"
}

nothing_left() {
	[ -z "$(left "$1")" ]
}

gone() { # NAME DESCRIPTION; the kernel frees a loop device a moment after its mount
	eventually 5 nothing_left "$1"
	is "$(left "$1")" "" "$2"
}

# Which container, and since when.
life_of() {
	inspect "$1" '{{.Id}} {{.State.StartedAt}}'
}

runs() { # NAME: worker and gateway
	inspect "tc-$1" '{{.State.Running}}'
	inspect "tc-$1-gw" '{{.State.Running}}'
}

allocation() { # NAME FIELD
	jq -r ".$2" "$state/tenants/$1/allocation.json"
}

# The tenant's own tmpfs, with the gateway's files.
runtime() { # NAME
	echo "$tenants_root/run/tenantctl/$1"
}

workspace() { # NAME
	echo "$kept/$1/workspace/data"
}

# begin_until TEXT ARGUMENTS...: starts tenantctl in the background ($pid) and returns once it has
# said TEXT. Signals are set back to their default, which background jobs of a shell do not have.
begin_until() {
	local text=$1
	shift
	: >"$err"
	nsenter --net="$ENGINE_NETNS" -- env --default-signal=INT "$TENANTCTL" --root "$tenants_root" \
		--socket "$ENGINE_SOCKET" "$@" >"$out" 2>"$err" </dev/null &
	pid=$!
	eventually 20 grep -qF "$text" "$err"
}

# ---- looking ----

# shellcheck disable=SC2016 # for YAML
plain acme 'listen: 127.0.0.1:18001' 'egress: [ api.example.com ]' \
	'command: [ sh, -c, "printf '"'a\\\\033[31mb\\\\r\\\\302\\\\233c\\\\n'"'; exec demo-worker" ]'
tc 0 "create" create acme || done_testing
tc 0 "logs" logs acme
like "$(cat "$out")" 'a\\x1B\[31mb\\x0D[^[:cntrl:]]*c' "control bytes of the worker are shown in letters"
is "$(tr -d '\11\12\40-\176' <"$out" | wc -c)" 0 "and no other byte is printed"
tc 0 "logs of the gateway" logs acme --gateway
ok "are JSON lines" jq -es 'length > 0' "$out"
begin_until '' logs acme -f
ok "logs -f prints" eventually 10 grep -q 'a.x1B' "$out"
kill -INT "$pid"
wait "$pid"
is "$?" 0 "and ends when interrupted"
tc 0 "list as JSON" list --format json
is "$(jq -c '.tenants | map([.tenant, .state, .verdict, .listen])' "$out")" '[["acme","running","pass","127.0.0.1:18001"]]' \
	"shows what it is"
tc 0 "show as JSON" show acme --format json
is "$(jq -r '[.worker.id, .gateway.id, .manifest.egress[0].host, .allocation.subnet] | join(" ")' "$out")" \
	"$(inspect tc-acme '{{.Id}}') $(inspect tc-acme-gw '{{.Id}}') api.example.com $(docker network inspect \
		-f '{{(index .IPAM.Config 0).Subnet}}' tc-acme)" "shows what the engine has"

# ---- edits while it runs ----

echo "precious" >"$(workspace acme)/notes"
worker=$(life_of tc-acme)
gateway=$(life_of tc-acme-gw)
edit acme 's/^egress: .*/egress: [ api.example.com, www.example.com ]/'
tc 1 "plan after an edit of egress" plan acme
like "$(cat "$out")" '~ reload gateway tc-acme-gw \(egress rules\)' "reloads the gateway, and says why"
unlike "$(cat "$out")" 'worker tc-acme ' "and nothing of the worker"
is "$(life_of tc-acme-gw)" "$gateway" "a plan changes nothing"
tc 0 "apply" apply acme
is "$(life_of tc-acme)" "$worker" "the worker went on running"
is "$(life_of tc-acme-gw)" "$gateway" "so did the gateway"
like "$(cat "$(runtime acme)/files/set/haproxy.cfg")" 'www\.example\.com' "that knows the new rule"
is "$(ls "$(runtime acme)/files")" set "and has one set of files"
tc 0 "plan again" plan acme
ok "inbound works" eventually 5 engine_exec_in_net curl -sf --max-time 2 http://127.0.0.1:18001/
tc 0 "it verifies" verify --quick acme
edit acme 's/memory: 64m/memory: 80m/'
tc 1 "plan after an edit of memory" plan acme
like "$(cat "$out")" '- remove worker tc-acme \(.*Memory' "names the field"
tc 0 "apply" apply acme
unlike "$(life_of tc-acme)" "${worker%% *}" "makes another worker"
is "$(inspect tc-acme '{{.HostConfig.Memory}}')" $((80 << 20)) "with that memory"
is "$(docker exec tc-acme cat /workspace/notes)" precious "and the same files"
tc 0 "plan again" plan acme
edit acme 's/memory: 80m/memory: 80m, disk_rate: 16m/'
tc 1 "plan after an order of a disk rate" plan acme
like "$(cat "$out")" '- remove worker tc-acme \(.*BlkioDeviceReadBps' "names the field"
tc 0 "apply" apply acme
like "$(cat "$(cgroup_of tc-acme blkio)"/{blkio.throttle.write_bps_device,io.max} 2>/dev/null)" \
	"^$(stat -c %Hd:%Ld "$kept/acme/workspace") .*16777216" "the kernel holds it to that rate"
tc 0 "plan again" plan acme

# ---- stop, start ----

tc 0 "stop" stop acme
is "$(runs acme | xargs)" "false false" "nothing of it runs"
fails "nothing answers" 7 engine_exec_in_net curl -s http://127.0.0.1:18001/
tc 0 "stop again is nothing" stop acme
tc 0 "start" start acme
is "$(runs acme | xargs)" "true true" "it runs again"
tc 5 "create of what exists" create acme
like "$(cat "$err")" 'exists already' "is refused"
is "$(runs acme | xargs)" "true true" "and harms nothing"

# ---- delete and again ----

uid=$(allocation acme worker_uid)
tc 0 "delete" delete acme
like "$(cat "$out")" "kept: .*$kept/acme/workspace.img" "says where the workspace is"
like "$(cat "$out")" "$kept/acme/manifest.yaml" "and the manifest"
rest=$(printf '%s\n' "$kept"/acme{,/manifest.yaml,/workspace,/workspace.img})
eventually 5 eval '[ "$(left acme | sort)" = "$rest" ]' # as above, of the loop device
is "$(left acme | sort)" "$rest" "and that nothing else is left"
ok "the manifest is no longer in place" test ! -e "$tenants_manifests/acme.yaml"
plain beta
tc 0 "another takes its numbers" create beta
is "$(allocation beta worker_uid)" "$uid" "the uid, too"
tc 0 "create with the kept manifest" create acme -f "$kept/acme/manifest.yaml"
unlike "$(allocation acme worker_uid)" "^$uid\$" "with another uid"
is "$(docker exec tc-acme cat /workspace/notes)" precious "finds the files"
is "$(stat -c %u:%g "$(workspace acme)" "$(workspace acme)/notes" | sort -u)" \
	"$(allocation acme worker_uid):$(allocation acme worker_uid)" "which are the new uid's"
tc 0 "delete --purge" delete acme --purge
gone acme "leaves nothing"
ok "nor its lock" test ! -e "$(lock_of acme)"
ok "nor its manifest" test ! -e "$tenants_manifests/acme.yaml"
tc 5 "delete of nothing" delete acme --purge
gone acme "leaves nothing either"

# ---- refused before anything is made ----

plain acme
edit acme 's/demo-worker:1/none:1/'
tc 5 "a missing image" create acme
like "$(cat "$err")" 'tenantctl-none:1' "is named"
like "$(cat "$err")" 'hint: ' "with advice"
gone acme "and leaves nothing"
plain acme 'egres: [ api.example.com ]'
tc 3 "a manifest with an error" create acme
like "$(cat "$err")" "egres: unknown key.*egress" "is explained"
gone acme "and leaves nothing"
plain acme 'listen: 127.0.0.1:18002'
nsenter --net="$ENGINE_NETNS" -- python3 -c 'import socket, time
s = socket.create_server(("127.0.0.1", 18002))
time.sleep(60)' &
foreign=$!
eventually 5 engine_exec_in_net bash -c ': </dev/tcp/127.0.0.1/18002'
tc 5 "a port that another process has" create acme
like "$(cat "$err")" '127.0.0.1:18002.*hint: ' "is named, with advice"
kill "$foreign"
wait "$foreign" 2>/dev/null
gone acme "and leaves nothing"
plain acme "listen: 127.0.0.1:$(allocation beta listen_port)"
tc 5 "a port that another tenant has" create acme
like "$(cat "$err")" 'taken by tenant beta.*hint: ' "names the tenant"
gone acme "and leaves nothing"
plain acme 'listen: 127.0.0.1:18003'
plain zeta 'listen: 127.0.0.1:18003'
tc 5 "two new tenants with the same port" apply acme zeta
like "$(cat "$err")" '127.0.0.1:18003 is taken by tenant (acme|zeta)' "is said"
is "$(docker ps -q --filter name=tc-acme --filter name=tc-zeta | wc -l)" 2 "one is made"
is "$(cat "$state"/tenants/*/allocation.json | jq -s 'map(select(.listen_port == 18003)) | length')" 1 "and has the port"
tc 0 "both go" delete acme --purge
tenantctl delete zeta --purge >"$out" 2>&1
gone zeta "both are gone"

# The slot's own /29 is a route of the host, and then the whole pool is.
plain acme
engine_exec_in_net ip link add tt-route type bridge
engine_exec_in_net ip link set tt-route up
engine_exec_in_net ip route add 10.231.0.8/29 dev tt-route
tc 0 "a subnet that the host has a route to" create acme
unlike "$(allocation acme subnet)" '^10\.231\.0\.8/' "is not taken"
is "$(docker network inspect -f '{{(index .IPAM.Config 0).Subnet}}' tc-acme)" "$(allocation acme subnet)" \
	"but another, by the engine as well"
tc 0 "delete" delete acme --purge
plain acme
engine_exec_in_net ip route add 10.231.0.0/16 dev tt-route
tc 5 "a route over the whole pool" create acme
like "$(cat "$err")" 'no free subnet.*a route of the host.*hint: .*pool' "is named, with advice"
gone acme "and leaves nothing"
engine_exec_in_net ip link delete tt-route
status=0
"$TENANTCTL" --root "$tenants_root" --socket "$E2E_TMP/none.sock" create acme >"$out" 2>"$err" || status=$?
is "$status" 4 "an engine that is down"
gone acme "and nothing is left"

# ---- cut short ----

begin_until 'create gateway' create acme || fail "create gets that far" "$(cat "$err")"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
is "$?" 137 "create is killed half way"
like "$(left acme)" 'network tc-acme' "with something made"
# What the engine was asked for and had not finished appears behind the back of a delete, which says so.
tenantctl delete acme --purge >"$out" 2>"$err" && pass "delete of what is half made" ||
	{ grep -q "run 'tenantctl delete acme' again" "$err" && tc 0 "delete again, as it said" delete acme --purge; } ||
	fail "delete of what is half made" "$(cat "$err")"
gone acme "leaves nothing"
# The engine goes on with what it was asked for: the next run may meet it, and then says what to do.
plain acme
begin_until 'create network' create acme || fail "create gets that far" "$(cat "$err")"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
status=0
tenantctl apply acme >"$out" 2>"$err" || status=$?
like "$status $(cat "$err")" "^(0 |6 .*run 'tenantctl apply acme' again)" "apply at once after a kill completes, or says what to run"
tc 0 "apply completes it" apply acme
is "$(runs acme | xargs)" "true true" "it runs"
tc 0 "delete" delete acme --purge
plain acme
begin_until 'create gateway' apply acme || fail "apply gets that far" "$(cat "$err")"
kill -INT "$pid"
wait "$pid"
is "$?" 6 "apply is interrupted half way"
like "$(cat "$err")" "tenantctl apply acme" "and says what to run next"
is "$(docker ps -q --filter name=tc-acme\$)" "" "no worker runs"
tc 0 "that completes it" apply acme
is "$(runs acme | xargs)" "true true" "it runs"
tc 0 "as planned" plan acme

# ---- many ----

beta=$(life_of tc-beta)
edit acme 's/^image:/imag:/'
plain gamma
tc 3 "apply of all, one with an error" apply --all
is "$(life_of tc-beta)" "$beta" "leaves the unchanged alone"
is "$(runs acme | xargs)" "true true" "and the one with an error"
is "$(runs gamma | xargs)" "true true" "makes the new"
rm "$tenants_manifests/gamma.yaml" "$tenants_manifests/acme.yaml"
tc 0 "prune" apply --all --prune
like "$(cat "$out")" "gamma: deleted.*kept: workspace $kept/gamma/workspace.img" "says what it deletes and keeps"
is "$(docker ps -a --format '{{.Names}}' | sort | xargs)" "tc-beta tc-beta-gw" "leaves what has a manifest"
is "$(life_of tc-beta)" "$beta" "as it was"
tc 0 "data without a tenant" delete gamma --purge
gone gamma "is purged"
tenantctl delete acme --purge >"$out" 2>&1
long=a123456789-123456789-123456789-123456789
for name in "$long" "${long%9}8"; do
	plain "$name"
	tc 0 "a name of ${#name} characters" create "$name"
done
is "$(runs "$long" | xargs) $(runs "${long%9}8" | xargs)" "true true true true" "two that differ in the last run"
for name in "$long" "${long%9}8"; do
	tc 0 "delete" delete "$name" --purge
	gone "$name" "nothing is left"
done

# ---- the gateways' network, when the engine counts what it does not list ----

delete_the_last() {
	ENGINE_SOCKET=$proxy tc 0 "the last one, whose network cannot be removed" delete beta --purge
}
egress_id() {
	docker network ls -q --no-trunc --filter name=tenantctl-egress
}
egress=$(egress_id)
docker run -d --name stranger --network tenantctl-egress tenantctl-demo-worker:1 >/dev/null
with_lies /networks/tenantctl-egress '.Containers = {}' delete_the_last || fail "an engine that lies"
like "$(cat "$err")" 'tenantctl-egress .*stays.*has active endpoints.*docker network rm tenantctl-egress' \
	"says what stays, why, and what to do"
gone beta "all that is the tenant's is gone"
is "$(egress_id)" "$egress" "the network is still there"
docker rm -f stranger >/dev/null
plain beta
tc 0 "the next one" create beta
is "$(egress_id)" "$egress" "uses it"
tc 0 "the last one" delete beta --purge
is "$(docker ps -aq; docker network ls -q --filter type=custom)" "" "the engine is empty"
is "$(find "$tenants_root" -type f ! -name tenantctl.yaml ! -path "$state/allocate.lock" ! -path "$state/peers.*" \
	! -path "$state/audit.*" ! -name audit.jsonl ! -path "$state/images/*")" "" \
	"and no file is left but the host's own"
is "$(ls "$tenants_root/run/tenantctl")" "" "nor a folder of a tenant's"

# ---- a reboot: an engine that starts again finds no workspace mounted ----

at_exit "export DOCKER_HOST=$DOCKER_HOST" # for what clears up after this
engine_start reboot "$ENGINE_KIND" || bail_out "a second engine does not start"
docker load -qi "$DEMO_IMAGE" >/dev/null || bail_out "the image does not load"
plain acme
tc 0 "create" create acme || done_testing
echo precious >"$(workspace acme)/notes"
worker_pid=$(pid_of tc-acme)
engine_kill reboot TERM || bail_out "the engine does not end"
ok "the worker went down with it" eventually 20 test ! -e "/proc/$worker_pid"
ok "its workspace can be unmounted" eventually 5 umount "$kept/acme/workspace"
ok "and its gateway's files" eventually 5 umount -R "$(runtime acme)"
engine_launch reboot || bail_out "the engine does not start again"
# Time for what the engine would start by itself.
sleep 3
is "$(runs acme | xargs)" "false false" "worker and gateway stay down"
is "$(find "$(runtime acme)" -mindepth 1)" "" "and nothing was made where the gateway's files belong"
is "$(find "$kept/acme/workspace" -mindepth 1)" "" "and nothing was written where its workspace belongs"
tc 1 "plan" plan acme
like "$(cat "$out")" 'mount workspace.*write gateway files.*start gateway' "mounts the workspace and writes the files first"
tc 0 "start" start acme
is "$(cat "$out")" 'acme: started, verified' "verifies"
is "$(docker exec tc-acme cat /workspace/notes)" precious "with its files"
engine_kill reboot TERM && eventually 5 umount "$kept/acme/workspace" && eventually 5 umount -R "$(runtime acme)" &&
	engine_launch reboot ||
	bail_out "the engine does not start a third time"
tc 0 "so does apply" apply acme
is "$(runs acme | xargs)" "true true" "it runs"
is "$(docker exec tc-acme cat /workspace/notes)" precious "with its files"
tc 0 "delete" delete acme --purge
gone acme "leaves nothing"
done_testing
