#!/bin/bash
# Drills: every limit of a right tenant holds while another tenant is served; each drill turns red
# when its limit is taken away, and the host stands it; whatever ends a run, nothing is left.
# time: 400
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/engine.sh
. tests/support/mutants.sh

make_tenants 'logs: { size: 1m, files: 2 }' >"$E2E_TMP/create.log" 2>&1 ||
	bail_out "the tenants cannot be made: $(tail -n 20 "$E2E_TMP/create.log")"
said=$E2E_TMP/said
state=$mutants_root/var/lib/tenantctl

# drill ID...: runs these drills of acme, all without one; results are in $said.
drill() {
	local only=() id
	for id in "$@"; do
		only+=(--only "$id")
	done
	tenantctl verify acme --drill --format json "${only[@]}" >"$said" 2>"$said.err"
}

# drilled VERDICT: ids of that verdict, on one line
drilled() {
	jq -r --arg v "$1" '.tenants[0].findings[] | select(.verdict == $v) | .id' "$said" | LC_ALL=C sort | xargs
}

# Of twins and of what stood in for a workspace: nothing, or a line for each.
traces() {
	docker ps -aq --filter label=dev.tenantctl.role=twin | sed 's/^/container /'
	grep -o " $mutants_root/[^ ]*/\(drill\|twin\) " /proc/self/mountinfo
	losetup -nO BACK-FILE | grep "^$mutants_root/.*drill"
	find "$mutants_root" -xdev -name 'drill*' ! -name drill.lock -o -name '*.twin.lock'
}

others() {
	docker inspect -f '{{.Id}} {{.State.StartedAt}} {{.State.Running}} {{.RestartCount}}' \
		tc-acme tc-acme-gw tc-beta tc-beta-gw
}

# ---- a right tenant ----

before=$(others)
drill
is "$(drilled pass | wc -w) $(drilled fail)$(drilled inconclusive)$(drilled not-applicable)" \
	"$(tenantctl verify --drill --list --format json | jq '.drills | length') " "every drill of a right tenant passes"
diag "$(jq -r '.tenants[0].findings[] | "\(.id): \(.observed)"' "$said")"
ok "another tenant was asked, often enough" jq -e '.tenants[0].findings | all(
	(.observed | capture("beta answered (?<n>[0-9]+) requests").n | tonumber) >= 10)' "$said"
is "$(others)" "$before" "workers and gateways go on as they were"
is "$(traces)" "" "nothing is left"
ok "they are no verification" test ! -e "$state/tenants/acme/drilled.json" -a \
	"$(jq '.tenants[0].partial' "$said")" = true

# ---- mutants ----

# A worker without a single limit: every drill of it is red, and the host stands them all.
mkdir -p "$E2E_TMP/unbounded" && chmod 777 "$E2E_TMP/unbounded"
if put_container "$worker" "$(jq -c --arg unbounded "$E2E_TMP/unbounded" "$idle"' | .HostConfig |= (.PidsLimit = 0
	| .Ulimits = [{Name: "nofile", Soft: 8192, Hard: 8192}] | .Memory = 0 | .MemorySwap = 0 | .NanoCpus = 0
	| .Tmpfs["/tmp"] = "rw,noexec,nosuid,nodev" | .ShmSize = 67108864
	| .LogConfig = {Type: "json-file", Config: {}} | .BlkioDeviceReadBps = [] | .BlkioDeviceWriteBps = []
	| .Mounts |= map(if .Target == "/workspace" then .Source = $unbounded else . end))' <<<"$worker_body")"; then
	drill
	diag "$(cat "$said.err")"
	expect_ids "no limit at all" "$(drilled fail)" drill.cpu drill.descriptors drill.disk drill.fork drill.log \
		drill.memory drill.shm.bytes drill.tmp.bytes drill.tmp.inodes drill.workspace.bytes \
		drill.workspace.inodes
	is "$(drilled pass)" drill.connections "and the gateway, which has its own, stands its drill"
	is "$(traces)" "" "nothing is left"
	is "$(ls "$E2E_TMP/unbounded")" "" "nothing was written to the host's own disk"
	diag "$(jq -r '.tenants[0].findings[] | "\(.id): \(.observed)"' "$said")"
else
	no_mutant "no limit at all"
fi
put_worker

# Each direction is held on its own.
for free in BlkioDeviceReadBps BlkioDeviceWriteBps; do
	if put_container "$worker" "$(jq -c ".HostConfig.$free = []" <<<"$worker_body")"; then
		drill drill.disk
		expect_ids "no $free" "$(drilled fail)" drill.disk
		diag "$(jq -r '.tenants[0].findings[0].observed' "$said")"
	else
		no_mutant "no $free"
	fi
done
put_worker

# held CONTAINER SECONDS: stops it from the moment when a twin is there
held() {
	eventually 20 eval '[ -n "$(docker ps -q --filter label=dev.tenantctl.role=twin)" ]' &&
		docker pause "$1" && sleep "$2"
	docker unpause "$1"
}

held tc-acme-gw 8 >/dev/null 2>&1 &
drill drill.connections
wait $!
expect_ids "the own gateway does not come back" "$(drilled fail)" drill.connections
like "$(jq -r '.tenants[0].findings[0].observed' "$said")" "gateway does not answer any more" "which is said"
held tc-beta-gw 3 >/dev/null 2>&1 &
drill drill.cpu
wait $!
expect_ids "another tenant's gateway does not answer meanwhile" "$(drilled fail)" drill.cpu
like "$(jq -r '.tenants[0].findings[0].observed' "$said")" "beta: .* requests were not answered" "which is said, too"
is "$killed" "$mutants" "every mutant was killed"

# ---- whatever ends a run ----

# started_drill ID: starts it, sets $pid, and waits for its twin and image
started_drill() {
	(exec nsenter --net="$ENGINE_NETNS" -- "$TENANTCTL" --root "$mutants_root" --socket "$ENGINE_SOCKET" \
		verify acme --drill --only "$1" >"$said" 2>&1) &
	pid=$!
	eventually 20 eval "[ -n \"\$(docker ps -q --filter label=dev.tenantctl.role=twin)\" ]"
}

before=$(others)
started_drill drill.workspace.inodes
kill -TERM "$pid"
wait "$pid"
is "$?" 143 "a drill that is asked to end does"
is "$(traces)" "" "and leaves nothing"
started_drill drill.workspace.inodes
kill -KILL "$pid"
wait "$pid" 2>/dev/null
ok "one that was killed leaves traces" test -n "$(traces)"
drill drill.descriptors
is "$(drilled pass)" drill.descriptors "the next one runs"
is "$(traces)" "" "and removes them"
is "$(others)" "$before" "workers and gateways went on"

# ---- refused ----

exec {held}>"$state/drill.lock"
flock "$held"
fails "only one at a time" 5 tenantctl verify acme --drill --only drill.cpu
exec {held}>&-
manifest=$mutants_root/etc/tenantctl/tenants/acme.yaml
cp -p "$manifest" "$E2E_TMP/saved.yaml"
sed -i 's/memory: 128m/memory: 900g/' "$manifest"
fails "not on a host that is short" 5 tenantctl verify acme --drill
like "$(tenantctl verify acme --drill 2>&1)" "the host is short for drill.memory: memory: " "which says of what"
is "$(traces)" "" "and no twin was made"
cp -p "$E2E_TMP/saved.yaml" "$manifest"
fails "a check is no drill" 2 tenantctl verify acme --drill --only cap.
fails "a drill is no check" 2 tenantctl verify acme --only drill.fork
ok "a verification runs no drill" eval \
	'[ "$(tenantctl verify acme --quick --format json | jq "[.tenants[0].findings[].id | select(startswith(\"drill.\"))] | length")" = 0 ]'

# ---- many, and one alone ----

ok "all tenants, one after another" tenantctl verify --all --drill --only drill.descriptors
tenantctl stop beta >/dev/null
drill drill.descriptors
like "$(jq -r '.tenants[0].findings[0].observed' "$said")" "its own gateway answered .* no other tenant runs" \
	"alone on a host, its own gateway is asked"
is "$(drilled pass)" drill.descriptors "and that passes"
tenantctl stop acme >/dev/null
fails "a stopped tenant can't be drilled" 5 tenantctl verify acme --drill

done_testing
