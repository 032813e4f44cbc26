#!/bin/bash
# time: 240
# The rule model against a running gateway: for random configurations and several hundred questions
# each, what 'egress check' would say is what the gateway does and logs.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/lab.sh
. tests/support/gateway.sh

lab=$E2E_TMP/lab
place=$E2E_TMP/gateway
token=tenant-placeholder-0123456789abcdef0123456789abcdef

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

at_exit 'docker network rm gw-inner gw-egress >/dev/null'
docker network create --internal --subnet 10.231.0.0/29 --gateway 10.231.0.1 \
	-o com.docker.network.bridge.inhibit_ipv4=true gw-inner >/dev/null &&
	docker network create --subnet 10.230.0.0/24 --gateway 10.230.0.1 gw-egress >/dev/null ||
	bail_out "networks cannot be made"
at_exit "umount '$place'"
gateway_place "$place" || bail_out "no place for the gateway's files"
at_exit 'docker rm -f gw gw-worker >/dev/null 2>&1'
docker run -d --name gw-worker --network gw-inner --ip "$GATEWAY_WORKER" --cap-drop ALL \
	--entrypoint sleep "$tools" 1000 >/dev/null || bail_out "the worker does not start"
worker_net=/proc/$(docker inspect -f '{{.State.Pid}}' gw-worker)/ns/net

# take DIR: the running gateway, or else a new one, gets the set in DIR
take() {
	if [ -e "$place/files/set" ]; then
		cp -r "$1/set" "$place/files/next" && gateway_seal "$place/files/next" &&
			[ "$(gateway_change gw "$place")" = loaded ]
	else
		cp -r "$1/set" "$place/files/set" && gateway_seal "$place/files/set" &&
			gateway_create gw "$place" "$GATEWAY_EGRESS" &&
			docker network connect --ip "$GATEWAY_INNER" gw-inner gw &&
			docker start gw >/dev/null &&
			eventually 10 lab_in "$worker_net" "$GATEWAY_INNER" curl -s -o /dev/null http://gateway/
	fi
}
# What differs between the model's answers in DIR/cases and the gateway.
differences() { # DIR
	local before
	before=$(docker logs gw 2>&1 | wc -l)
	nsenter --net="$worker_net" tests/support/egress-model.py ask "$1/cases" "$GATEWAY_INNER" \
		"$token" >"$1/answers" || return 1
	sleep 0.5
	docker logs gw 2>&1 | tail -n "+$((before + 1))" >"$1/log"
	tests/support/egress-model.py compare "$1/cases" "$1/answers" <"$1/log"
}

for seed in 1 2 3; do
	dir=$E2E_TMP/model$seed
	"${BUILD:-build}/tests/support/bin/egress-cases" "$seed" 300 "$lab/ca.pem" "$dir" ||
		bail_out "no configuration"
	cat "$lab/hosts.base" "$dir/names" >"$lab/hosts"
	kill -HUP "$(cat "$lab/dns.pid")"
	take "$dir" || bail_out "the gateway does not take the files: $(docker logs gw 2>&1 | tail -n 5)"
	is "$(differences "$dir" 2>&1 | head -n 5)" "" \
		"$(grep -c '"allowed":true' "$dir/cases") allowed and $(grep -c '"allowed":false' "$dir/cases") refused: the gateway does what the model says (seed $seed)"
	is "$(wc -l <"$dir/answers")" 300 "all of them were asked"
done

# A comparison that sees nothing would agree with everything.
for reason in none address rule name expired; do
	sed "s/\"reason\":\"$reason\"/\"reason\":\"other\"/" "$dir/cases" >"$dir/spoiled"
	wrong=$(tests/support/egress-model.py compare "$dir/spoiled" "$dir/answers" <"$dir/log" | wc -l)
	is "$wrong" "$(grep -c '"reason":"other"' "$dir/spoiled")" "another answer for '$reason' is noticed"
done

done_testing
