#!/bin/bash
# The boundary is proved again after what takes parts of it away without a word: a firewall that is
# flushed, an engine that ends and comes back. What verify says is held against a real attempt, and what
# was true before is never said again unlooked.
# engines: none
# time: 600
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/engine.sh
. tests/support/tenants.sh

out=$E2E_TMP/out
err=$E2E_TMP/err

# tc STATUS DESCRIPTION ARGUMENTS...: results in $out and $err
tc() {
	local want=$1 name=$2 status=0
	shift 2
	tenantctl "$@" >"$out" 2>"$err" </dev/null || status=$?
	[ "$status" = "$want" ] && pass "$name" && return
	fail "$name" "status $status, not $want, of: $*"$'\n'"$(cat "$out" "$err")" 2
}

allocation() { # NAME FIELD
	jq -r ".$2" "$tenants_root/var/lib/tenantctl/tenants/$1/allocation.json"
}

state_of() { # NAME
	tenantctl list --format json | jq -r --arg t "$1" '.tenants[] | select(.tenant == $t) | .state'
}

# What acme reaches of beta and the host, tried by another program than tenantctl from its network.
reached() {
	local net address
	net=$(net_of tc-acme)
	for address in "$(allocation beta worker_ip):8080" "$(allocation beta gateway_ip):53" \
		"$(allocation beta gateway_ip):80" "$(allocation beta egress_ip):8080" \
		"10.230.0.1:$(allocation beta listen_port)" "172.17.0.1:$(allocation beta listen_port)"; do
		! connects "$net" "${address%:*}" "${address#*:}" || echo "$address"
	done
}

# The same of beta from its own side: what is not reached is there.
alive() {
	connects "$(net_of tc-beta)" "$(allocation beta worker_ip)" 8080 &&
		connects "$(net_of tc-beta)" "$(allocation beta gateway_ip)" 53
}

# One gateway at another's inbound port, on the network that they share.
gateway_connects() {
	connects "$(net_of tc-acme-gw)" "$(allocation beta egress_ip)" 8080
}

flush() {
	local table
	for table in filter nat mangle raw; do
		engine_exec_in_net iptables -t "$table" -F 2>/dev/null
		engine_exec_in_net iptables -t "$table" -X 2>/dev/null
	done
	engine_exec_in_net iptables -P FORWARD ACCEPT
}

proved() { # WHEN
	tc 0 "$1, both verify" verify --all --quick --format json
	is "$(jq -r '[.tenants[].matrix[] | select(.from != .to) | .observed] | unique | join(" ")' "$out")" \
		blocked "$1, every pair was tried and blocked"
	is "$(reached)" "" "$1, another program reaches nothing either"
	ok "$1, what it did not reach is alive" alive
	ok "$1, the gateways do not reach each other" eval '! gateway_connects'
}

# Without the engine's rules the workers are as apart as before, and the gateways are not.
half_proved() { # WHEN
	tc 1 "$1, neither verifies" verify --all --quick --format json
	is "$(jq -r '[.tenants[].findings[] | select(.verdict == "fail") | .id] | unique | join(" ")' "$out")" \
		gateway.peers "$1, because of the gateways alone"
	ok "$1, one gateway really reaches the other" gateway_connects
	is "$(reached)" "" "$1, but no worker reaches anything of another tenant"
	ok "$1, what it did not reach is alive" alive
}

both_run() {
	[ "$(state_of acme) $(state_of beta)" = "running running" ]
}

make_two() {
	local name
	for name in acme beta; do
		manifest "$name" 'image: tenantctl-demo-worker:1' "environment: { TENANT_NAME: $name }" \
			'resources: { memory: 64m, tmp: 8m, shm: 8m, workspace: 64m }' 'egress: [ api.example.com ]'
	done
	tc 0 "two tenants are made" apply --all
}

for kind in 20 28; do
	diag "engine $kind"
	engine_start "proof$kind" "$kind" || bail_out "engine $kind does not start"
	tenants_setup || bail_out "the images do not load"
	make_two || done_testing
	proved "before all"

	# ---- the firewall is gone ----
	ok "there is a firewall" eval 'engine_exec_in_net iptables -S | grep -q DOCKER'
	flush
	is "$(engine_exec_in_net iptables -S | grep -c -- '^-A')" 0 "and then there is none"
	half_proved "without a firewall"

	# ---- the engine ends, and its containers with it ----
	engine_kill "proof$kind" TERM || bail_out "the engine does not end"
	tc 4 "without an engine nothing is said" verify --all --quick
	unlike "$(cat "$out")" ': pass' "least of all that it passed"
	engine_launch "proof$kind" || bail_out "the engine does not come back"
	ok "it starts again what did not end by itself" eventually 20 both_run
	proved "after the engine's restart"
	tc 0 "one is stopped" stop acme
	tc 1 "and is not proved by what was seen of it before" verify acme --quick --format json
	is "$(jq -r '.tenants[].findings[] | select(.id == "config.running") | .verdict' "$out")" fail "as it does not run"
	tc 0 "it starts" start acme

	# ---- the engine ends, and its containers stay ----
	printf '%s\0' --live-restore >"$ENGINE_DIR/arguments"
	engine_kill "proof$kind" TERM && engine_launch "proof$kind" || bail_out "the engine does not come back"
	eventually 20 both_run || bail_out "the tenants do not come back"
	worker=$(pid_of tc-acme)
	engine_kill "proof$kind" TERM || bail_out "the engine does not end"
	ok "a worker lives on without its engine" test -e "/proc/$worker"
	flush
	engine_launch "proof$kind" || bail_out "the engine does not come back"
	is "$(pid_of tc-acme)" "$worker" "and is taken over by the next one"
	proved "after a flush and a restart around living workers"

	tc 0 "one is removed" delete acme --purge
	tc 0 "the other, too" delete beta --purge
done
done_testing
