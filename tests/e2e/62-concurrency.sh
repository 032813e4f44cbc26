#!/bin/bash
# time: 300
# Several runs at once, and a world that changes between two of them: one run has a tenant, no
# number is given out twice, what somebody else removed or renamed is shown and repaired, and an
# engine that was killed finds its tenants again.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/engine.sh
. tests/support/faults.sh

faults_setup || bail_out "the images do not load"
problems=
acme=$(manifest acme)

# both COMMAND-A COMMAND-B GAP: starts two runs, sets one, other and leaves their output.
both() {
	local first
	# shellcheck disable=SC2086 # lists of words
	tc_at "$ENGINE_SOCKET" $1 >"$E2E_TMP/one" 2>&1 </dev/null &
	first=$!
	sleep "$3"
	# shellcheck disable=SC2086 # lists of words
	tc_at "$ENGINE_SOCKET" $2 >"$E2E_TMP/other" 2>&1 </dev/null && other=0 || other=$?
	wait "$first" && one=0 || one=$?
}

# One of two failed: because of the other.
lost_to_the_other() { # FILE
	grep -Eq 'held by another run \(pid [0-9]+\)|exists already|has no manifest|no such tenant' "$1"
}

check_clean() {
	local difference
	difference=$(diff <(canonical acme) "$E2E_TMP/clean" | cut -c 1-300 | head -n 10)
	[ -z "$difference" ] || problem "the state differs from a clean run's:"$'\n'"$difference"
}

whole() {
	tc apply acme || problem "apply afterwards: $(cat "$faults_out")"
	check_clean
}

gone() {
	tc delete acme --purge || grep -q 'no such tenant' "$faults_out" || problem "delete: $(cat "$faults_out")"
	[ -z "$(leftovers acme)" ] || problem "left: $(leftovers acme)"
}

tc create acme -f "$acme" || bail_out "create: $(cat "$faults_out")"
canonical acme >"$E2E_TMP/clean"
gone
concluded "create and delete"

rounds=20
[ "$ENGINE_KIND" != 20 ] || rounds=6
for ((i = 0; i < rounds; i++)); do
	gap=0.$(printf '%03d' $((RANDOM % 600)))
	both "create acme -f $acme" "create acme -f $acme" "$gap"
	case $one:$other in
	0:0) problem "both made it" ;;
	0:*) lost_to_the_other "$E2E_TMP/other" || problem "$(cat "$E2E_TMP/other")" ;;
	*:0) lost_to_the_other "$E2E_TMP/one" || problem "$(cat "$E2E_TMP/one")" ;;
	*) problem "neither made it: $(cat "$E2E_TMP/one" "$E2E_TMP/other")" ;;
	esac
	whole
	gone
	concluded "two creates, $gap s apart"
done
for ((i = 0; i < rounds; i++)); do
	gap=0.$(printf '%03d' $((RANDOM % 600)))
	both "create acme -f $acme" "delete acme --purge" "$gap"
	[ "$one" = 0 ] || lost_to_the_other "$E2E_TMP/one" || problem "$(cat "$E2E_TMP/one")"
	[ "$other" = 0 ] || lost_to_the_other "$E2E_TMP/other" || problem "$(cat "$E2E_TMP/other")"
	unguarded acme && problem "the worker runs without its gateway"
	gone
	concluded "delete $gap s after create"
done

tc create acme -f "$acme"
sed -i 's/^image:/egress: [api.example.com]\nimage:/' "$faults_root/etc/tenantctl/tenants/acme.yaml"
both "apply acme" "apply acme" 0.01
[ "$one" = 0 ] || lost_to_the_other "$E2E_TMP/one" || problem "$(cat "$E2E_TMP/one")"
[ "$other" = 0 ] || lost_to_the_other "$E2E_TMP/other" || problem "$(cat "$E2E_TMP/other")"
tc plan acme || problem "something differs afterwards: $(cat "$faults_out")"
concluded "two applies of one change"
gone

# ---- locks ----
locks=$faults_root/var/lib/tenantctl/locks
echo 1 >"$locks/acme.lock"
ok "a lock file of a run that is gone locks nothing" tc create acme -f "$acme"
exec {held}>>"$locks/acme.lock"
flock "$held"
fails "a lock that is held is respected" 5 tc apply acme
like "$(cat "$faults_out")" 'acme.*held by another run' "and said to be held"
exec {held}>&-
ok "and free afterwards" tc apply acme
rm "$locks/acme.lock"
touch "$E2E_TMP/elsewhere"
ln -s "$E2E_TMP/elsewhere" "$locks/acme.lock"
tc apply acme && fail "a lock that is a link is not followed" || pass "a lock that is a link is not followed"
is "$(cat "$E2E_TMP/elsewhere")" "" "and what it leads to is not written"
rm "$locks/acme.lock"

# ---- others change things ----
# repaired DESCRIPTION COMMAND...: plan sees what was done, apply takes it back.
repaired() {
	local name=$1
	shift
	"$@" >/dev/null || problem "'$*' fails"
	tc plan acme
	[ $? = 1 ] || problem "plan shows no difference: $(cat "$faults_out")"
	unguarded acme && [ "$1 $2" != "docker rm" ] && [ "$1 $2" != "docker stop" ] && problem "unguarded"
	tc apply acme || problem "apply: $(cat "$faults_out")"
	check_clean
	concluded "$name"
}
drop_network() {
	docker rm -f tc-acme tc-acme-gw && docker network rm tc-acme
}
lose_network() {
	docker stop -t 1 tc-acme tc-acme-gw && docker network rm tc-acme
}
unmount() {
	docker stop -t 1 tc-acme && umount "$faults_root/srv/tenants/acme/workspace"
}
lose_files() {
	docker stop -t 1 tc-acme tc-acme-gw && umount -R "$faults_root/run/tenantctl/acme"
}
repaired "the worker removed" docker rm -f tc-acme
repaired "the gateway removed" docker rm -f tc-acme-gw
repaired "the worker stopped" docker stop -t 1 tc-acme
repaired "the gateway stopped" docker stop -t 1 tc-acme-gw
repaired "the gateway cut off" docker network disconnect -f tc-acme tc-acme-gw
repaired "the worker cut off" docker network disconnect -f tc-acme tc-acme
repaired "the worker's limit changed" docker update --pids-limit 1000 tc-acme
repaired "all but the files removed" drop_network
repaired "the network removed below stopped containers" lose_network
repaired "the workspace unmounted" unmount
repaired "the gateway's files unmounted" lose_files
repaired "the gateway's files unmounted below it" umount -l "$faults_root/run/tenantctl/acme"
repaired "what the gateway writes unmounted below it" umount -l "$faults_root/run/tenantctl/acme/state"
repaired "the gateway's key file changed" eval "echo 'ghl.0 x' >'$faults_root/run/tenantctl/acme/files/set/keys'"

docker rename tc-acme somebody >/dev/null
tc apply acme || true
unguarded acme && problem "unguarded"
gone
[ -z "$(docker ps -aq --filter label=dev.tenantctl.tenant=acme)" ] ||
	problem "a renamed container of the tenant outlives it"
concluded "a renamed worker does not outlive its tenant"
docker rm -f somebody >/dev/null 2>&1
gone

docker run -d --name tc-acme --network none tenantctl-demo-worker:1 >/dev/null
stranger=$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' tc-acme)
tc create acme -f "$acme" && problem "created over it"
grep -q 'tc-acme' "$faults_out" || problem "not named: $(cat "$faults_out")"
tc delete acme --purge || true
[ "$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' tc-acme)" = "$stranger" ] || problem "touched"
concluded "a stranger's container with the tenant's name is refused and not touched"
docker rm -f tc-acme >/dev/null

# ---- many tenants at once ----
count=10
for ((i = 0; i < count; i++)); do
	manifest "many$i" >/dev/null
done
pids=()
for ((i = 0; i < count; i++)); do
	tc_at "$ENGINE_SOCKET" create "many$i" -f "$E2E_TMP/many$i.yaml" >"$E2E_TMP/many$i.out" 2>&1 </dev/null &
	pids+=($!)
done
for ((i = 0; i < count; i++)); do
	wait "${pids[i]}" || problem "many$i: $(cat "$E2E_TMP/many$i.out")"
done
for key in slot subnet worker_uid gateway_uid egress_ip bridge listen_port nonce; do
	distinct=$(jq -r ".$key" "$faults_root"/var/lib/tenantctl/tenants/many*/allocation.json | sort -u | wc -l)
	[ "$distinct" = "$count" ] || problem "$distinct values of $key for $count tenants"
done
concluded "$count creates at once, no number twice"
pids=()
for ((i = 0; i < count; i++)); do
	tc_at "$ENGINE_SOCKET" delete "many$i" --purge >"$E2E_TMP/many$i.out" 2>&1 </dev/null &
	pids+=($!)
done
for ((i = 0; i < count; i++)); do
	wait "${pids[i]}" || problem "many$i: $(cat "$E2E_TMP/many$i.out")"
	left=$(leftovers "many$i")
	[ -z "$left" ] || problem "left: $left"
done
! docker network inspect tenantctl-egress >/dev/null 2>&1 || problem "the egress network is left"
concluded "and deleted at once, with nothing left"

# ---- the engine dies ----
# One of its own: the other is shared with the files that follow.
engine_start mortal "$ENGINE_KIND" && docker load -qi "$DEMO_IMAGE" >/dev/null ||
	bail_out "no second engine"
tc create acme -f "$acme"
engine_kill "$ENGINE_NAME" && engine_launch "$ENGINE_NAME" || bail_out "the engine does not come back"
whole
concluded "the engine was killed while the tenant ran"
gone
# An engine that is ended while it makes a network may keep the bridge of one that it does not list; no
# call removes it, so this does what the advice says.
forgot_network() {
	grep -q 'networks have same bridge name' "$faults_out" &&
		grep -q 'local-kv.db' "$faults_out" && ! docker network inspect tenantctl-egress >/dev/null 2>&1
}
mend_engine() {
	diag "the engine kept a bridge of a network that it does not list"
	engine_kill "$ENGINE_NAME" TERM && rm "$ENGINE_DIR/data/network/files/local-kv.db" &&
		engine_launch "$ENGINE_NAME" || bail_out "the engine does not come back"
}
# In the middle of a create it is told to end, as a package upgrade does. Killed there, an engine may lose
# an endpoint or keep a port of a container it was starting, and only another start of it mends that.
for gap in 0.15 0.35; do
	tc_at "$ENGINE_SOCKET" create acme -f "$acme" >"$faults_out" 2>&1 </dev/null &
	create=$!
	sleep "$gap"
	engine_kill "$ENGINE_NAME" TERM
	wait "$create" && status=0 || status=$?
	grep -q 'acme' "$faults_out" || problem "status $status: $(cat "$faults_out")"
	engine_launch "$ENGINE_NAME" || bail_out "the engine does not come back"
	unguarded acme && problem "the worker runs without its gateway"
	tc create acme -f "$acme" ||
		{ forgot_network && mend_engine && tc create acme -f "$acme"; } || tc apply acme ||
		problem "the next run: $(cat "$faults_out")"
	whole
	gone
	concluded "the engine was ended $gap s into a create"
done

done_testing
