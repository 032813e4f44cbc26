#!/bin/bash
# A worker that floods its own gateway: the gateway stays within its cgroup, other tenants notice
# nothing, and when it is over all is as before.
# time: 300
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/engine.sh
. tests/support/lab.sh
. tests/support/tenants.sh

lab=$E2E_TMP/lab
tenants_setup "resolver: $LAB_DNS:53" || bail_out "the images do not load"
at_exit "lab_down '$ENGINE_NETNS' '$lab'"
lab_up "$ENGINE_NETNS" "$lab" || bail_out "the internet does not start"
secrets=$tenants_root/etc/tenantctl/secrets
for name in acme beta; do
	(umask 077 && mkdir -p "$secrets/$name" && echo "sk-flood-$name-4711" >"$secrets/$name/api")
	manifest "$name" <<-YAML
		version: 1
		tenant: $name
		image: tenantctl-demo-worker:1
		environment: { TENANT_NAME: $name }
		resources: { memory: 64m, shm: 16m, tmp: 16m, workspace: 64m, pids: 64 }
		egress: [ api.example.com ]
		credentials:
		  - name: api
		    upstream: https://api.example.com
		    ca: $lab/ca.pem
		    secret: api
		    inject: { header: Authorization, format: "Bearer {}" }
	YAML
done
ok "two tenants" tenantctl apply --all || done_testing

gateway_of() { # TENANT: its inner address
	inspect "tc-$1-gw" "{{(index .NetworkSettings.Networks \"tc-$1\").IPAddress}}"
}
acme=$(gateway_of acme) beta=$(gateway_of beta)
acme_net=$(net_of tc-acme) beta_net=$(net_of tc-beta)

# Both ways out of a gateway: by name and over a credential route.
works() { # NETNS GATEWAY
	[ "$(nsenter --net="$1" curl -s --max-time 5 --cacert "$lab/ca.pem" \
		--resolve "api.example.com:443:$2" https://api.example.com/ | jq -r .name)" = api.example.com ] &&
		[ "$(nsenter --net="$1" curl -s --max-time 5 -H 'Host: gateway' "http://$2/api/x" |
			jq -r .name)" = api.example.com ]
}

flood() { # KIND PORT COUNT SECONDS
	nsenter --net="$acme_net" tests/support/flood.py "$1" "$acme" "$2" "$3" "$4"
}

# peak CONTAINER: bytes, of either version of cgroups
peak() {
	cat "$(cgroup_of "$1" memory)"/memory.max_usage_in_bytes "$(cgroup_of "$1" memory)"/memory.peak \
		2>/dev/null | head -n 1
}
killed() { # CONTAINER: processes that ended for want of memory
	cat "$(cgroup_of "$1" memory)"/memory.oom_control "$(cgroup_of "$1" memory)"/memory.events 2>/dev/null |
		awk '$1 == "oom_kill" { print $2 }'
}
processes() { # CONTAINER: name and start of each process that the gateway consists of
	local pid
	for pid in $(pids_of "$1"); do
		echo "$(cat "/proc/$pid/comm") $(engine_start_time "$pid")"
	done | sort
}

# attack WHAT KIND PORT COUNT SECONDS JQ: the flood's own account must satisfy JQ, so that a flood
# that never arrived proves nothing.
attack() {
	local said=$E2E_TMP/flood.json before served=0 tried=0
	before=$(processes tc-acme-gw)
	flood "${@:2:4}" >"$said" &
	sleep 0.5
	while kill -0 $! 2>/dev/null; do
		tried=$((tried + 1))
		! works "$beta_net" "$beta" || served=$((served + 1))
		sleep 0.2
	done
	wait $!
	ok "$1: it arrived ($(cat "$said"))" jq -e "$6" "$said"
	is "$served of $tried" "$tried of $tried" "$1: another tenant is served all the time"
	ok "$1: that was tried" test "$tried" -ge 3
	ok "$1: back to normal" eventually 15 works "$acme_net" "$acme"
	is "$(killed tc-acme-gw)" 0 "$1: nothing ended for want of memory"
	is "$(processes tc-acme-gw)" "$before" "$1: the same processes go on"
}

ok "a worker is served" works "$acme_net" "$acme"
ok "the other, too" works "$beta_net" "$beta"

# A gateway takes 300 requests to routes at a time; the others wait in the kernel's queue or are lost.
attack "1000 slow requests" slow 80 1000 5 '.attempts == 1000 and .accepted >= 300'
attack "1000 half handshakes" half 443 1000 5 '.accepted >= 900'
attack "10000 connections" idle 443 10000 6 '.attempts == 10000 and .accepted >= 1000'
attack "5000 lookups a second" lookups 53 5000 5 '.attempts >= 20000 and .answers >= 1000'
attack "huge headers" headers 80 1000 6 '.attempts >= 50'

limit=$(inspect tc-acme-gw '{{.HostConfig.Memory}}')
ok "its memory stayed below its limit (peak $(peak tc-acme-gw) of $limit)" test "$(peak tc-acme-gw)" -lt "$limit"
ok "its log stayed within its size" test "$(du -cb "$ENGINE_DIR"/data/containers/"$(inspect tc-acme-gw '{{.Id}}')"/*.log* |
	tail -n 1 | cut -f 1)" -lt $((16 << 20))
ok "both verify" tenantctl verify --all --quick
ok "both are removed" eval 'tenantctl delete acme --purge && tenantctl delete beta --purge'

done_testing
