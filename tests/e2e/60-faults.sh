#!/bin/bash
# time: 600
# Every engine call of create, apply and delete fails once, in several ways, and the program is killed
# before and after each. Whatever happened: no worker runs without its gateway, the message names
# the tenant, the next plain run reaches the state of an undisturbed one, delete leaves nothing,
# and another tenant notices nothing.
#
# Before and after are one for a call that only reads: it is killed or fails once. The older engine,
# which needs three times as long, takes only the calls that change something.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/engine.sh
. tests/support/faults.sh

faults_setup || bail_out "the images do not load"
problems=
first=$(manifest acme)
second=$E2E_TMP/second.yaml
{
	cat "$first"
	printf '%s\n' 'egress: [api.example.com]' 'environment: { TZ: UTC }'
} >"$second"

# The moment after the fault.
check_failure() { # STATUS FAULT
	local line
	unguarded acme && problem "the worker runs without its gateway"
	case $2 in
	*kill) [ "$1" = 137 ] || problem "status $1 of a killed run" ;;
	*)
		line=$(grep -c '^tenantctl: ' "$faults_out")
		[ "$1" = 0 ] || [ "$line" = 1 ] || problem "$line lines of error"
		[ "$1" = 0 ] || grep -q '^tenantctl: .*acme' "$faults_out" ||
			problem "the error does not name the tenant: $(cat "$faults_out")"
		case $1 in
		0 | 1 | 4 | 5 | 6) ;;
		*) problem "status $1: $(cat "$faults_out")" ;;
		esac
		;;
	esac
}

# Success, also that of a run that a fault disturbed, means the whole state.
check_state() { # WANTED-STATE-FILE
	local difference
	difference=$(diff <(canonical acme) "$1" | cut -c 1-300 | head -n 10)
	[ -z "$difference" ] || problem "the state differs from a clean run's:"$'\n'"$difference"
}

converge() { # COMMAND...
	tc "$@" || problem "'$*' does not converge, status $?: $(cat "$faults_out")"
}

check_gone() {
	local left
	left=$(leftovers acme)
	[ -z "$left" ] || problem "delete left:"$'\n'"$left"
}

check_bystander() {
	[ "$(bystander)" = "$bystander" ] || problem "the other tenant changed: $(bystander)"
}

fault_create() { # K PHASE ACTION
	local status=0
	tc_faulty "$*" create acme -f "$first" || status=$?
	check_failure "$status" "$*"
	unverified acme && problem "a worker that nobody verified goes on running"
	case $status in
	0) check_state "$E2E_TMP/clean" ;;
	1) converge apply acme ;;
	5) # refused: taken back whole, but for the lock's file
		[ "$(leftovers acme)" = "$faults_root/var/lib/tenantctl/locks/acme.lock" ] ||
			problem "a refused create left: $(leftovers acme)"
		converge create acme -f "$first"
		;;
	*) converge create acme -f "$first" ;;
	esac
	check_state "$E2E_TMP/clean"
	tc delete acme --purge || problem "delete: $(cat "$faults_out")"
	check_gone
	check_bystander
	concluded "create: $* ($(call "$1"))"
}

# From the first manifest to the second and, the next time, back.
fault_apply() { # K PHASE ACTION
	local status=0 wanted
	cp "$next" "$faults_root/etc/tenantctl/tenants/acme.yaml"
	wanted=$E2E_TMP/$(basename "$next" .yaml).state
	tc_faulty "$*" apply acme || status=$?
	check_failure "$status" "$*"
	[ "$status" != 0 ] || check_state "$wanted"
	converge apply acme
	check_state "$wanted"
	check_bystander
	concluded "apply: $* ($(call "$1"))"
	if [ "$next" = "$second" ]; then next=$first; else next=$second; fi
}

fault_delete() { # K PHASE ACTION
	local status=0
	tc create acme -f "$first" || problem "create: $(cat "$faults_out")"
	tc_faulty "$*" delete acme --purge || status=$?
	check_failure "$status" "$*"
	[ "$status" = 0 ] || tc delete acme --purge || grep -q 'no such tenant' "$faults_out" ||
		problem "a second delete fails: $(cat "$faults_out")"
	check_gone
	! docker network inspect tenantctl-egress >/dev/null 2>&1 || problem "the egress network is left"
	concluded "delete: $* ($(call "$1"))"
}

learn() { # COMMAND...: an undisturbed run; sets calls.
	tc_faulty "" "$@" || fail "'$*' behind the proxy" "$(cat "$faults_out")"
	cp "$faults_log" "$E2E_TMP/learned"
	calls=$(wc -l <"$faults_log")
}

# sweep FUNCTION: kills and failures at every call that the learning run made.
sweep() {
	local k others=(status=409 close truncate badjson status=404)
	for ((k = 1; k <= calls; k++)); do
		if changes "$k"; then
			"$1" "$k" before kill
			"$1" "$k" after kill
			"$1" "$k" after status=500
			[ "$ENGINE_KIND" = 20 ] || "$1" "$k" before status=500
			[ "$ENGINE_KIND" = 20 ] || "$1" "$k" after "${others[k % 4]}"
		elif [ "$ENGINE_KIND" != 20 ]; then
			[ $((k % 2)) = 0 ] || "$1" "$k" after kill
			[ $((k % 2)) = 1 ] || "$1" "$k" after "${others[k / 2 % 5]}"
		fi
	done
}

tc create other -f "$(manifest other)" || bail_out "the other tenant: $(cat "$faults_out")"
bystander=$(bystander)

learn create acme -f "$first"
canonical acme >"$E2E_TMP/clean"
cp "$E2E_TMP/clean" "$E2E_TMP/acme.state"
tc delete acme --purge
is "$(leftovers acme)" "" "delete leaves nothing"
tc create acme -f "$first" || fail "create again" "$(cat "$faults_out")"
is "$(canonical acme)" "$(cat "$E2E_TMP/clean")" "a second creation gives the same tenant, in the same slot"
tc delete acme --purge
sweep fault_create

tc create acme -f "$first" || fail "create" "$(cat "$faults_out")"
cp "$second" "$faults_root/etc/tenantctl/tenants/acme.yaml"
learn apply acme
canonical acme >"$E2E_TMP/second.state"
fails "the manifests differ in what they make" 1 cmp -s "$E2E_TMP/acme.state" "$E2E_TMP/second.state"
next=$first
sweep fault_apply
tc delete acme --purge

# Alone on the host: what is shared must go with the last tenant.
ok "the other tenant is deleted" tc delete other --purge
tc create acme -f "$first"
learn delete acme --purge
sweep fault_delete

done_testing
