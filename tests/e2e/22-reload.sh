#!/bin/bash
# time: 240
# Changes of a running gateway, with sets of files made by hand: what stays allowed is not disturbed, what
# is forbidden ends at once, and a set that is not good changes nothing.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/lab.sh
. tests/support/gateway.sh

lab=$E2E_TMP/lab
place=$E2E_TMP/gateway
files=$place/files

load() { # ARCHIVE: prints the image's name
	docker load -qi "${IMAGES:?}/$1" | sed -n 's/^Loaded image: //p' | grep .
}
image=$(load tenantctl-gateway.tar) || bail_out "the gateway's image does not load"
tools=$(load test-tools.tar) || bail_out "the tools' image does not load"

at_exit "lab_down '$ENGINE_NETNS' '$lab'"
lab_up "$ENGINE_NETNS" "$lab" || bail_out "the internet does not start"
at_exit 'docker network rm gw-inner gw-egress >/dev/null'
docker network create --internal --subnet 10.231.0.0/29 --gateway 10.231.0.1 \
	-o com.docker.network.bridge.inhibit_ipv4=true gw-inner >/dev/null &&
	docker network create --subnet 10.230.0.0/24 --gateway 10.230.0.1 gw-egress >/dev/null ||
	bail_out "networks cannot be made"
at_exit "umount '$place'"
gateway_place "$place" || bail_out "no place for the gateway's files"

base=("tls 443 api.example.com - 0" "tcp 5432 db.example.com - 0" "tcp 9000 db.example.com - 0"
	"route 80 ghl 0123456789abcdef 0")
gateway_set "$files/set" "${base[@]}"
at_exit 'docker rm -f gw gw-worker >/dev/null 2>&1'
gateway_create gw "$place" "$GATEWAY_EGRESS" &&
	docker network connect --ip "$GATEWAY_INNER" gw-inner gw && docker start gw >/dev/null ||
	bail_out "the gateway does not start"
docker run -d --name gw-worker --network gw-inner --ip "$GATEWAY_WORKER" --cap-drop ALL \
	--entrypoint sleep "$tools" 1000 >/dev/null || bail_out "the worker does not start"
worker_net=/proc/$(docker inspect -f '{{.State.Pid}}' gw-worker)/ns/net

inside() {
	lab_in "$worker_net" "$GATEWAY_INNER" "$@"
}
echoes() { # PORT
	# shellcheck disable=SC2016 # expanded by the inner shell
	[ "$(inside timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/$1"; echo hello >&3; head -n 1 <&3' "$GATEWAY_INNER" "$1")" = hello ]
}
resolves() { # NAME
	[ "$(inside getent ahostsv4 "$1" | awk 'NR == 1 { print $1 }')" = "$GATEWAY_INNER" ]
}
# route PATH: the Host header that the upstream saw, which is the key
route() {
	nsenter --net="$worker_net" curl -s --max-time 3 "http://$GATEWAY_INNER$1" | jq -r .host
}
logged() { # JQ-CONDITION
	docker logs gw 2>&1 | jq -es "any(.[]; $1)" >/dev/null
}
logged_times() { # JQ-CONDITION
	docker logs gw 2>&1 | jq -es "[.[] | select($1)] | length"
}
processes() { # NAME: how many run in the gateway
	docker top gw -o pid,comm | awk -v p="$1" '$2 == p' | wc -l
}
pid_of() {
	docker top gw -o pid,comm | awk -v p="$1" '$2 == p { print $1 }' | tail -n 1
}
change() { # RULE...: a candidate with these rules
	rm -rf "$files/next"
	gateway_set "$files/next" "$@" && gateway_change gw "$place"
}
# A connection that says "alive" every 50 ms, and when it ended: hold NAME PORT
hold() {
	setpriv --pdeathsig KILL nsenter --net="$worker_net" /usr/bin/python3 -u - "$GATEWAY_INNER" "$2" \
		>"$E2E_TMP/held.$1" 2>&1 <<-'EOF' &
			import socket, sys, time
			s = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5)
			while True:
			    s.sendall(b"alive\n")
			    if not s.recv(100):
			        break
			    print("alive")
			    time.sleep(0.05)
			print("ended", int(time.time() * 1000))
		EOF
	held_pids+=($!)
	eventually 5 grep -q alive "$E2E_TMP/held.$1"
}
held_pids=()
at_exit 'kill "${held_pids[@]}" 2>/dev/null'
lives() { # NAME: it has said something since now
	local lines
	lines=$(wc -l <"$E2E_TMP/held.$1")
	sleep 0.3
	[ "$(wc -l <"$E2E_TMP/held.$1")" -gt "$lines" ] && ! grep -q -e ended -e Error "$E2E_TMP/held.$1"
}
ended_at() { # NAME: milliseconds, once it has ended
	eventually 5 grep -q -e ended -e Error "$E2E_TMP/held.$1"
	sed -n 's/^ended //p' "$E2E_TMP/held.$1"
}
now() {
	date +%s%3N
}

ok "the gateway answers" eventually 5 resolves api.example.com
ok "and says that its set is loaded" eventually 5 test "$(gateway_result "$place")" = loaded
ok "with the set's id" grep -q "^generation $(gateway_id "$files/set")$" "$place/state/status"
is "$(route /ghl/a)" key-one "a route has its key"
ok "plain TCP" echoes 5432

# ---- keys ----------------------------------------------------------------------------------------
haproxy_pid=$(pid_of haproxy)
cp -a "$files/set" "$files/next" && echo 'ghl.0 Bearer two; \x "y' >"$files/next/keys"
echo 'can ary\;"' >"$files/next/echo"
gateway_seal "$files/next"
start=$(now)
is "$(gateway_change gw "$place")" loaded "a new key is taken"
is "$(route /ghl/a)" 'Bearer two; \x "y' "the next request has it"
took=$(($(now) - start))
ok "within a second ($took ms)" test "$took" -lt 1000
is "$(pid_of haproxy)" "$haproxy_pid" "in the same process"
is "$(nsenter --net="$worker_net" curl -s -o /dev/null -w '%{http_code}' \
	"http://$GATEWAY_INNER/ghl/canary")" 200 "a pattern is matched as a whole"
kill -KILL "$haproxy_pid"
start=$(now)
key_is() { [ "$(route /ghl/a)" = "$1" ]; }
eventually 5 key_is 'Bearer two; \x "y'
took=$(($(now) - start))
ok "a new haproxy has the new key, within a second ($took ms)" test "$took" -lt 1000
cp -a "$files/set" "$files/next" && echo 'ghl.0 key-one' >"$files/next/keys" && echo canary >"$files/next/echo"
gateway_seal "$files/next"
is "$(gateway_change gw "$place")" loaded "keys change again"
is "$(nsenter --net="$worker_net" curl -s -o /dev/null -w '%{http_code}' \
	"http://$GATEWAY_INNER/ghl/canary")" 502 "and what must not come back"

# ---- rules ---------------------------------------------------------------------------------------
hold db 5432
hold other 9000
ok "a connection lives" lives db
loads=0
took=0
for i in $(seq 10); do
	start=$(now)
	[ "$(change "${base[@]}" "tls 443 n$i.example.com - 0")" = loaded ] && loads=$((loads + 1))
	took=$((took + $(now) - start))
done
is "$loads" 10 "ten changes of rules"
diag "mean of a change as tenantctl sees it: $((took / 10)) ms; inside: $(docker logs gw 2>&1 |
	jq -sc '[.[] | select(.event == "reloaded") | .ms]')"
ok "an allowed connection lives through all of them, or ends only with its generation" \
	test "$(logged_times '.event == "cut"')" = 0
ok "old processes are bounded" test "$(processes haproxy)" -le 5
hold kept 5432
ok "a connection before five changes" lives kept
for i in 1 2 3; do
	change "${base[@]}" "tls 443 m$i.example.com - 0" >/dev/null
done
ok "lives on" lives kept
ok "lookups follow" resolves m3.example.com
fails "those of old rules end" 1 resolves m1.example.com

hold cut 9000
start=$(now)
is "$(change "tls 443 api.example.com - 0" "tcp 5432 db.example.com - 0" "route 80 ghl 0123456789abcdef 0")" \
	loaded "a rule goes"
at=$(ended_at cut)
took=$((${at:-0} - start))
ok "its connection ends within a second ($took ms)" test "$took" -gt 0 -a "$took" -lt 1000
ok "others live" lives kept
ok "it is logged" logged '.event == "cut" and .rule == "tcp:9000:db.example.com" and .connections == 1'
fails "the port is closed" 1 echoes 9000

done_testing
