#!/bin/bash
# The twin of a worker on a real engine: made as the worker is, gone without a trace after every way
# to end, and never taken for something else. Judged by what the engine and the kernel hold.
# time: 540
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/engine.sh
. tests/support/tenants.sh

tenants_setup || bail_out "the images do not load"
manifest acme 'image: tenantctl-demo-worker:1' 'listen: 127.0.0.1:18001' 'egress: [ api.example.com ]' \
	'resources: { memory: 128m, cpus: 1.0, pids: 64, workspace: 64m, tmp: 16m, shm: 8m }'
# The fewest processes that a manifest may order: the probe makes do with what the worker leaves.
manifest beta 'image: tenantctl-demo-worker:1' 'listen: auto' 'resources: { workspace: 64m, pids: 16 }'
ok "a tenant is created" tenantctl create acme || done_testing
ok "and another" tenantctl create beta || done_testing

lock=$tenants_root/var/lib/tenantctl/locks/acme.twin.lock
scratch=$tenants_root/run/tenantctl/acme/twin
twin=tc-acme-twin
lure='' memory='' segment='' # what lies in wait on the host; known when a twin was seen

given() { # OPTION: what the probe was given with it
	inspect "$twin" '{{json .Config.Cmd}}' | jq -r --arg o "$1" '.[index($o) + 1]'
}

# traces: all that a twin can leave, on one line; nothing is what one wants to see
traces() {
	docker ps -a --filter label=dev.tenantctl.role=twin --format '{{.Names}}'
	awk -v d="$scratch" '$5 == d { print "mount" }' /proc/self/mountinfo
	[ ! -e "$scratch" ] || echo folder
	[ ! -e "$lock" ] || echo lock
	[ -z "$memory" ] || find /dev/shm -path "/dev/shm$memory"
	[ -z "$lure" ] || engine_exec_in_net grep -o "@$lure" /proc/net/unix
	[ -z "$segment" ] || ipcs -m | grep -o "^$segment"
}

clean() { # DESCRIPTION
	is "$(traces | xargs)" "" "$1"
}

findings() { # JQ-FILTER over the findings of a run whose report is in $E2E_TMP/report
	jq -r ".tenants[0].findings[] | $1" "$E2E_TMP/report"
}

full() { # a whole verification with its report
	tenantctl verify acme --format json >"$E2E_TMP/report" 2>"$E2E_TMP/report.err"
}

images() {
	docker images --format '{{.Repository}}:{{.Tag}}' tenantctl-probe
}

# ---- a right tenant ----

images | xargs -r docker rmi -f >/dev/null # another test's verification may have left it
is "$(images)" "" "the engine holds no image of ours"
ok "a right tenant verifies" full || diag "$(findings 'select(.verdict != "pass")')"
is "$(findings 'select(.id == "twin.fidelity").verdict')" pass "the twin was as the worker"
is "$(findings 'select(.id | startswith("twin.")) | select(.verdict == "inconclusive").id')" "" \
	"and told something of each question"
clean "nothing of it is left"
like "$(images)" '^tenantctl-probe:[0-9a-f]{12}$' "but its image"
probe=$(images)
probe_id=$(docker image inspect -f '{{.Id}}' "$probe")
is "$(docker ps --format '{{.Names}}' | LC_ALL=C sort | xargs)" "tc-acme tc-acme-gw tc-beta tc-beta-gw" \
	"the others run on"
ok "as does the quick one" tenantctl verify acme --quick
is "$(jq -r '[.tenants[0].findings[] | select(.id | startswith("twin.")) | .verdict] | unique | join(" ")' \
	<(tenantctl verify acme --quick --format json))" not-applicable "which makes no twin"

since=$(date +%s.%N)
tenantctl verify acme --quick >/dev/null 2>&1
tenantctl verify acme --only net. --only cap. >/dev/null 2>&1
sleep 1
is "$(docker events --since "$since" --until "$(date +%s)" --filter type=container | grep -v exec_)" "" \
	"neither that nor one of other checks changes anything on the engine"

# ---- the image ----

last_twin_image() { # of the twin made since TIME
	docker events --since "$1" --until "$(date +%s)" --filter event=create --filter "container=$twin" \
		--format '{{.Actor.Attributes.image}}' | tail -n 1
}

docker image rm -f "$probe" >/dev/null
docker tag tenantctl-demo-worker:1 "$probe"
since=$(date +%s.%N)
ok "a foreign image has the probe's name: verified all the same" full
sleep 1
is "$(last_twin_image "$since")" "$probe_id" "with the probe"
is "$(docker image inspect -f '{{.Id}}' "$probe")" "$probe_id" "which has its name again"

# ---- while it runs ----

# start_full: in the background, until the twin is seen
start_full() {
	tenantctl verify acme >"$E2E_TMP/out" 2>&1 </dev/null &
	run=$!
	eventually 20 test -e "$lock"
}

twin_state() {
	docker inspect -f '{{.State.Status}}' "$twin" 2>/dev/null
}

twin_runs() {
	[ "$(twin_state)" = running ]
}

# freeze: the twin is there for as long as one looks at it
freeze() {
	eventually 20 docker pause "$twin"
}

start_full
if freeze; then
	inspect "$twin" '{{json .HostConfig}}' >"$E2E_TMP/of-twin"
	inspect tc-acme '{{json .HostConfig}}' >"$E2E_TMP/of-worker"
	# all that the engine knows of both, not only what tenantctl compares
	ours='del(.RestartPolicy, .ContainerIDFile) | .Mounts |= map(select(.Target != "/workspace")) | .PortBindings //= {}'
	is "$(jq -cS "$ours" "$E2E_TMP/of-twin")" "$(jq -cS "$ours" "$E2E_TMP/of-worker")" \
		"all of the twin's host configuration is the worker's"
	is "$(inspect "$twin" '{{.Config.User}}')" "$(inspect tc-acme '{{.Config.User}}')" "so is its user"
	is "$(inspect "$twin" '{{(index .NetworkSettings.Networks "tc-acme").IPAddress}}')" \
		"$(jq -r .twin_ip "$tenants_root/var/lib/tenantctl/tenants/acme/allocation.json")" \
		"its address is the twin's"
	like "$(findmnt -n -o OPTIONS,FSTYPE "$scratch")" '^rw,nosuid,nodev[^ ]* tmpfs *$' \
		"its workspace is a tmpfs of the host's"
	is "$(stat -c %u "$scratch")" "$(inspect tc-acme '{{.Config.User}}' | cut -d : -f 1)" "of the worker's user"
	lure=$(given --host-abstract) memory=$(given --host-shm) segment=$(printf '0x%08x' "$(given --host-segment)")
	is "$(traces | LC_ALL=C sort | xargs)" "/dev/shm$memory $segment @$lure folder lock mount $twin" \
		"what lies in wait is there"
	is "$(inspect "$twin" '{{.HostConfig.RestartPolicy.Name}}')" no "it never comes back by itself"
	tenantctl verify acme --quick >"$E2E_TMP/quick" 2>&1 && quick=0 || quick=$?
	is "$quick" 0 "a quick verification beside it passes" || diag "$(cat "$E2E_TMP/quick")"
	is "$(tenantctl plan acme 2>&1 | tail -n 1)" "$(tenantctl plan acme 2>&1 | tail -n 1)" "plan works beside it"
	is "$(tenantctl list --format json | jq -r '[.tenants[] | "\(.tenant) \(.state)"] | join(",")')" \
		"acme running,beta running" "list does not take it for a tenant"
	ok "an apply beside it leaves it alone" tenantctl apply acme
	is "$(twin_state)" paused "it is there still"
	docker unpause "$twin" >/dev/null
else
	fail "the twin is seen while it runs"
fi
wait "$run" && status=0 || status=$?
is "$status" 0 "and the verification passes" || diag "$(cat "$E2E_TMP/out")"
clean "nothing is left of it"

tenantctl verify acme >"$E2E_TMP/one" 2>&1 &
one=$!
tenantctl verify acme >"$E2E_TMP/other" 2>&1 && other=0 || other=$?
wait "$one" && one=0 || one=$?
is "$one $other" "0 0" "two at once wait for each other" || diag "$(cat "$E2E_TMP/one" "$E2E_TMP/other")"
clean "nothing is left of either"
ok "several tenants at once verify" tenantctl verify --all -j 2
clean "nothing is left of theirs"

# ---- killed ----

has_lock() { [ -e "$lock" ]; }
has_scratch() { mountpoint -q "$scratch"; }
has_container() { [ -n "$(twin_state)" ]; }

# killed_at CONDITION: kill -9 of the run as soon as it holds
killed_at() {
	local end=$((SECONDS + 20))
	setsid nsenter --net="$ENGINE_NETNS" -- "$TENANTCTL" --root "$tenants_root" --socket "$ENGINE_SOCKET" \
		verify acme >"$E2E_TMP/out" 2>&1 </dev/null &
	run=$!
	until "$1"; do
		[ "$SECONDS" -lt "$end" ] && kill -0 "$run" 2>/dev/null || break
	done
	kill -KILL "$run" 2>/dev/null
	wait "$run" 2>/dev/null
}

for place in has_lock has_scratch has_container twin_runs; do
	killed_at "$place"
	left=$(traces | xargs)
	[ -n "$left" ] || skip "killed when $place: it was over already" "too fast"
	case $place in
	has_lock) next="apply acme" ;;
	has_scratch) next="stop acme" ;;
	has_container) next="start acme" ;;
	*) next="verify acme" ;;
	esac
	# shellcheck disable=SC2086 # words
	ok "killed when $place (left: $left), then $next" tenantctl $next
	clean "nothing is left after $next"
	[ "$next" != "stop acme" ] || ok "it starts again" tenantctl start acme
done

for signal in TERM HUP; do
	tenantctl verify acme >"$E2E_TMP/out" 2>&1 </dev/null &
	run=$!
	freeze || fail "the twin is seen before SIG$signal"
	kill "-$signal" "$(pgrep -P "$run" -x tenantctl || echo "$run")"
	wait "$run" && status=0 || status=$?
	is "$status" "$((128 + $(kill -l "$signal")))" "SIG$signal ends it"
	clean "and takes the twin along"
done

# ---- a twin that does not come to its end proves nothing ----

unproved() { # DESCRIPTION REASON
	wait "$run" && status=0 || status=$?
	is "$status" 1 "$1: no pass"
	is "$(findings 'select(.id | startswith("twin.")) | select(.id != "twin.fidelity").verdict' | sort -u | xargs)" \
		inconclusive "$1: every question stays open"
	like "$(findings 'select(.id == "twin.control").observed')" "$2" "$1: the reason is told"
	clean "$1: it is removed"
}

full &
run=$!
freeze
kill -KILL "$(inspect "$twin" '{{.State.Pid}}')"
docker unpause "$twin" >/dev/null
unproved "killed" 'was killed'
full &
run=$!
freeze
unproved "stopped for longer than it may run" 'did not end within 60 s'

start_full
freeze
kill -STOP "$(cat "$ENGINE_DIR/docker.pid")"
sleep 1
kill -CONT "$(cat "$ENGINE_DIR/docker.pid")"
docker unpause "$twin" >/dev/null
wait "$run" && status=0 || status=$?
is "$status" 0 "an engine that stands still for a second is waited for" || diag "$(cat "$E2E_TMP/out")"

# ---- a weakened worker ----

body=$(engine_api GET /containers/tc-acme/json | jq -c '.Image as $image | .NetworkSettings.Networks as $nets
	| .Config + {Image: $image, HostConfig: (.HostConfig + {CapAdd: ["NET_RAW", "SYS_ADMIN"]}),
		NetworkingConfig: {EndpointsConfig: ($nets | map_values({IPAMConfig: .IPAMConfig}))}}')
docker rm -f tc-acme >/dev/null
engine_api POST '/containers/create?name=tc-acme' -H 'Content-Type: application/json' -d "$body" >/dev/null &&
	docker start tc-acme >/dev/null || bail_out "no weakened worker"
fails "a worker with more capabilities does not verify" 1 full
is "$(findings 'select(.id == "twin.fidelity").verdict')" pass "its twin is as weak"
like "$(findings 'select(.verdict == "fail").id' | xargs)" '(^| )cap\.bounding ' "the kernel tells"
clean "nothing is left of a twin that had more"
ok "apply puts it back" tenantctl apply acme

# ---- an engine that does not make what it is asked for ----

proxy=$E2E_TMP/proxy.sock
tests/support/engine-proxy.py "$proxy" "$ENGINE_SOCKET" '/containers/create' '.HostConfig.PidsLimit = 7' >/dev/null &
lying=$!
at_exit "kill $lying 2>/dev/null"
eventually 5 test -S "$proxy"
engine_exec_in_net "$TENANTCTL" --root "$tenants_root" --socket "$proxy" verify acme --format json \
	>"$E2E_TMP/report" 2>/dev/null
is "$(findings 'select(.id == "twin.fidelity").verdict')" fail "a twin with another limit is seen"
like "$(findings 'select(.id == "twin.fidelity").observed')" 'HostConfig\.PidsLimit' "and the setting named"
kill "$lying"
clean "nothing is left of it"

# ---- nothing to look at ----

ok "the tenant stops" tenantctl stop acme
fails "a stopped worker has no twin, and does not verify" 1 full
like "$(findings 'select(.id == "twin.fidelity").verdict')" inconclusive "nothing is known of it"
clean "nothing was made"
ok "it starts" tenantctl start acme
docker create --name "$twin" tenantctl-demo-worker:1 >/dev/null
history=$tenants_root/var/lib/tenantctl/tenants/acme/history.jsonl
results=$(wc -l <"$history")
fails "somebody else's container has the twin's name: no pass" 1 full
is "$(wc -l <"$history")" $((results + 1)) "however often it looked, that is one result"
like "$(findings 'select(.id == "twin.fidelity").observed')" 'in use|Conflict' "the reason is told"
is "$(twin_state)" created "that container is left alone"
docker rm "$twin" >/dev/null

# ---- delete ----

killed_at has_container
ok "a tenant is deleted, twin and all" tenantctl delete acme --purge
clean "nothing is left of its twin"
is "$(docker ps -aq --filter label=dev.tenantctl.tenant=acme)$(docker network ls -q --filter name='^tc-acme$')" "" \
	"nor of the tenant"
is "$(tenants_mounts | grep -c /acme)" 0 "no mount"

# ---- an engine that dies; one of its own, as the other is shared with the files that follow ----

ok "the other tenant goes, too" tenantctl delete beta --purge
at_exit "export DOCKER_HOST=$DOCKER_HOST" # for what clears up after this
engine_start mortal "$ENGINE_KIND" && docker load -qi "$DEMO_IMAGE" >/dev/null || bail_out "no second engine"
manifest acme 'image: tenantctl-demo-worker:1' 'listen: auto' 'resources: { workspace: 64m }'
ok "a tenant on another engine" tenantctl create acme
start_full
freeze
engine_kill mortal
wait "$run" && status=0 || status=$?
unlike "$status" '^0$' "its engine is killed while the twin runs: no pass"
engine_launch mortal || bail_out "the engine does not come back"
ok "the tenant is brought up again" tenantctl apply acme
ok "and verifies" tenantctl verify acme
clean "nothing is left"
ok "it is deleted" tenantctl delete acme --purge
clean "with nothing left"
done_testing
