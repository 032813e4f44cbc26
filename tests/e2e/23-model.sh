#!/bin/bash
# The rule model against a running gateway: for random configurations and several hundred questions
# each, what 'egress check' would say is what the gateway does and logs.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/lab.sh

gateway=10.231.0.2 worker=10.231.0.3 egress=10.230.0.2
token=tenant-placeholder-0123456789abcdef0123456789abcdef
uid=1879048193
lab=$E2E_TMP/lab

load() { # ARCHIVE: prints the image's name
	docker load -qi "${IMAGES:?}/$1" | sed -n 's/^Loaded image: //p' | grep .
}
image=$(load tenantctl-gateway.tar) || bail_out "the gateway's image does not load"
tools=$(load test-tools.tar) || bail_out "the tools' image does not load"

at_exit "lab_down '$ENGINE_NETNS' '$lab'"
lab_up "$ENGINE_NETNS" "$lab" || bail_out "the internet does not start"
# Echo servers behind addresses of their own: whoever gets there sees bytes come back.
servers=()
for address in 198.51.100.12 10.99.0.2 100.64.0.1; do
	[ "$address" = 198.51.100.12 ] || {
		nsenter --net="$LAB_NET" ip address add "$address/32" dev lo &&
			nsenter --net="$ENGINE_NETNS" ip route add "$address/32" via 192.0.2.2
	} || bail_out "the internet has no $address"
	for port in 443 444 8443 5001 5002 5003 5004 5005; do
		servers+=("echo=$address:$port")
	done
done
lab_serve "$LAB_NET" "$lab" "${servers[@]}" || bail_out "no servers"
cp "$lab/hosts" "$lab/hosts.base"

isolated=()
[ "$ENGINE_KIND" = 20 ] || isolated=(-o com.docker.network.bridge.gateway_mode_ipv4=isolated)
at_exit 'docker network rm model-inner model-egress >/dev/null'
docker network create --internal --subnet 10.231.0.0/29 --gateway 10.231.0.1 \
	-o com.docker.network.bridge.inhibit_ipv4=true "${isolated[@]}" model-inner >/dev/null &&
	docker network create --subnet 10.230.0.0/24 --gateway 10.230.0.1 \
		-o com.docker.network.bridge.enable_icc=false model-egress >/dev/null ||
	bail_out "networks cannot be made"
at_exit 'docker rm -f model-gw model-worker >/dev/null 2>&1'
docker run -d --name model-worker --network model-inner --ip "$worker" --cap-drop ALL \
	--entrypoint sleep "$tools" 1000 >/dev/null || bail_out "the worker does not start"
worker_net=/proc/$(docker inspect -f '{{.State.Pid}}' model-worker)/ns/net

# start_gateway DIR: with the set of files in DIR/set
start_gateway() {
	docker rm -f model-gw >/dev/null 2>&1
	rm -rf "$1/state" && install -d -m 700 -o "$uid" "$1/state" && chmod 755 "$1" "$1/set" &&
		chmod 644 "$1"/set/* || return 1
	docker create --name model-gw --network model-egress --ip "$egress" --user "$uid:$uid" \
		--cap-drop ALL --security-opt no-new-privileges \
		--security-opt seccomp=profiles/gateway.json --read-only --memory 64m --memory-swap 64m \
		--pids-limit 32 --ulimit nofile=4096 --dns "$LAB_DNS" \
		--sysctl net.ipv4.ip_unprivileged_port_start=0 --sysctl net.ipv4.ip_forward=0 \
		--tmpfs "/run/gateway:rw,noexec,nosuid,nodev,size=16m,mode=0700,uid=$uid,gid=$uid" \
		-v "$1:/etc/gateway:ro" -v "$1/state:/var/lib/gateway" "$image" acme-dental >/dev/null &&
		docker network connect --ip "$gateway" model-inner model-gw &&
		docker start model-gw >/dev/null || return 1
	eventually 10 lab_in "$worker_net" "$gateway" curl -s -o /dev/null http://gateway/
}
# What differs between the model's answers in DIR/cases and the gateway.
differences() { # DIR
	nsenter --net="$worker_net" tests/support/egress-model.py ask "$1/cases" "$gateway" "$token" \
		>"$1/answers" || return 1
	sleep 0.5
	docker logs model-gw 2>&1 | tests/support/egress-model.py compare "$1/cases" "$1/answers"
}

for seed in 1 2 3; do
	dir=$E2E_TMP/model$seed
	"${BUILD:-build}/tests/support/bin/egress-cases" "$seed" 300 "$lab/ca.pem" "$dir" ||
		bail_out "no configuration"
	cat "$lab/hosts.base" "$dir/names" >"$lab/hosts"
	kill -HUP "$(cat "$lab/dns.pid")"
	start_gateway "$dir" || bail_out "the gateway does not start: $(docker logs model-gw 2>&1)"
	is "$(differences "$dir" 2>&1 | head -n 5)" "" \
		"$(grep -c '"allowed":true' "$dir/cases") allowed and $(grep -c '"allowed":false' "$dir/cases") refused: the gateway does what the model says (seed $seed)"
	is "$(wc -l <"$dir/answers")" 300 "all of them were asked"
done

# A comparison that sees nothing would agree with everything.
for reason in none address rule name expired; do
	sed "s/\"reason\":\"$reason\"/\"reason\":\"other\"/" "$dir/cases" >"$dir/spoiled"
	wrong=$(docker logs model-gw 2>&1 |
		tests/support/egress-model.py compare "$dir/spoiled" "$dir/answers" | wc -l)
	is "$wrong" "$(grep -c '"reason":"other"' "$dir/spoiled")" "another answer for '$reason' is noticed"
done

done_testing
