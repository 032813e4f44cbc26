#!/bin/bash
# time: 240
# A worker that makes the most of changes of the gateway: connections held open from before, requests
# beyond a daily limit, floods of refusals, more connections than the memory is for.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/lab.sh
. tests/support/gateway.sh
. tests/support/reload.sh

ok "the gateway answers" eventually 5 resolves api.example.com
ok "and a route has its key" eventually 5 key_is key-one

# ---- connections from before a change ------------------------------------------------------------
# Four of them, opened and held in different states; after $E2E_TMP/go each says what its request got:
# a line "STATE STATUS KEY", or "STATE none".
cat >"$E2E_TMP/held.py" <<-'EOF'
	import json, os, socket, ssl, sys, time
	host, go = sys.argv[1:]
	get = b"GET /ghl/held HTTP/1.1\r\nHost: gateway\r\n\r\n"
	post = b"POST /ghl/held HTTP/1.1\r\nHost: gateway\r\nContent-Length: 5\r\n\r\nhello"
	states = {"idle": (b"", get), "head": (get[:20], get[20:]), "body": (post[:-3], post[-3:])}
	held = {}
	for state, (first, rest) in states.items():
	    held[state] = socket.create_connection((host, 80), timeout=5)
	    held[state].sendall(first)
	tls = socket.create_connection((host, 443), timeout=5)
	time.sleep(0.2)
	print("held", flush=True)
	while not os.path.exists(go):
	    time.sleep(0.02)
	for state, s in held.items():
	    data = b""
	    try:
	        s.sendall(states[state][1])
	        while b"\r\n\r\n" not in data or (b" 200 " in data and b"}" not in data):
	            more = s.recv(10000)
	            if not more:
	                break
	            data += more
	    except OSError:
	        pass
	    status = data.split(b" ")[1].decode() if b" " in data else "none"
	    key = json.loads(data[data.index(b"{"):data.rindex(b"}") + 1])["host"] if status == "200" else ""
	    print(state, status, key)
	context = ssl.create_default_context()
	context.check_hostname = False
	context.verify_mode = ssl.CERT_NONE
	try:
	    print("tls", context.wrap_socket(tls, server_hostname="api.example.com").version())
	except OSError:
	    print("tls none")
EOF
held_begin() {
	rm -f "$E2E_TMP/go"
	setpriv --pdeathsig KILL nsenter --net="$worker_net" /usr/bin/python3 "$E2E_TMP/held.py" \
		"$GATEWAY_INNER" "$E2E_TMP/go" >"$E2E_TMP/held" 2>&1 &
	holder=$!
	eventually 5 grep -q held "$E2E_TMP/held"
}
held_end() { # waits: not in a subshell
	touch "$E2E_TMP/go"
	wait "$holder"
	held=$(grep -v '^held$' "$E2E_TMP/held" | tr '\n' ' ')
}
change_key() { # KEY RULE...: a candidate with these rules, where the route has that key
	rm -rf "$files/next"
	gateway_set "$files/next" "${@:2}"
	rm -f "$files/next/keys"
	echo "ghl.0 $1" >"$files/next/keys"
	gateway_seal "$files/next"
	gateway_change gw "$place"
}
change "${base[@]}" >/dev/null
held_begin
held_end
like "$held" '^idle 200 key-one head 200 key-one body 200 key-one tls TLS' "held connections work without a change"
held_begin
is "$(change "tcp 5432 db.example.com - 0" "route 80 other 0123456789abcdef 0")" loaded "their rules go"
held_end
unlike "$held" ' 200 |TLS|Error' "none of them can use a rule that is gone"
change "${base[@]}" >/dev/null
held_begin
is "$(change_key key-two "${base[@]}" "tls 443 www.example.com - 0")" loaded "a key changes together with rules"
held_end
unlike "$held" ' 200 |TLS|Error' "an old process takes no request any more"
ok "a new one has the new key" key_is key-two
is "$(GATEWAY_STOPPING='{ always_false }' GATEWAY_UNREADY='{ always_false }' \
	change_key key-three "${base[@]}")" loaded "one that would take them"
held_begin
is "$(change_key key-four "${base[@]}" "tls 443 www.example.com - 0")" loaded "becomes an old one"
held_end
like "$held" 'head 200 key-four body 200 key-four' "even that one sends nothing but the new key"

# ---- candidates that were left behind ------------------------------------------------------------
status_is() { # ID
	grep -q "^generation $1$" "$place/state/status" && [ "$(gateway_result "$place")" = loaded ]
}
signal_left() { # FOLDER: it is left as the candidate
	rm -rf "$files/next" "$place/state/status"
	cp -a "$1" "$files/next"
	docker kill -s HUP gw >/dev/null
}
change "${base[@]}" >/dev/null
cp -a "$files/set" "$E2E_TMP/replaced"
change "${base[@]}" "tls 443 www.example.com - 0" >/dev/null
signal_left "$E2E_TMP/replaced"
ok "what was replaced is not taken again" eventually 5 status_is "$(gateway_id "$files/set")"
haproxy_pid=$(pid_of haproxy)
signal_left "$files/set"
ok "what runs is known" eventually 5 status_is "$(gateway_id "$files/set")"
is "$(pid_of haproxy)" "$haproxy_pid" "and goes on"
rm -rf "$files/next"

# ---- a daily limit -------------------------------------------------------------------------------
# A worker that never stops asking: it says how often it was let through.
hammer() {
	rm -f "$E2E_TMP/hammer-stop"
	setpriv --pdeathsig KILL nsenter --net="$worker_net" /usr/bin/python3 - "$GATEWAY_INNER" \
		"$E2E_TMP/hammer-stop" "$E2E_TMP/hammered" <<-'EOF' &
			import http.client, os, sys
			host, stop, out = sys.argv[1:]
			good = 0
			while not os.path.exists(stop):
			    c = http.client.HTTPConnection(host, 80, timeout=2)
			    try:
			        for i in range(20):
			            c.request("GET", "/ghl/hammer")
			            r = c.getresponse()
			            r.read()
			            good += r.status == 200
			    except (http.client.HTTPException, OSError):
			        pass
			    c.close()
			    with open(out + ".new", "w") as f:
			        print(good, file=f)
			    os.rename(out + ".new", out)
		EOF
	hammerer=$!
}
key_is key-one
sleep 1.5
GATEWAY_DAILY=$(($(count) + 300))
hammer
for i in $(seq 6); do
	change "${base[@]}" "tls 443 d$i.example.com - 0" >/dev/null
done
exhausted() { counts "$GATEWAY_DAILY"; }
ok "a daily limit is used up during changes" eventually 20 exhausted
sleep 0.5
good=$(cat "$E2E_TMP/hammered")
ok "no more than allowed came through, of 300 ($good)" test "$good" -le 300 -a "$good" -ge 280
for i in $(seq 4); do
	change "${base[@]}" "tls 443 e$i.example.com - 0" >/dev/null
	kill -KILL "$(pid_of haproxy)"
	sleep 0.5
done
docker restart gw >/dev/null
ok "the gateway is back" eventually 5 resolves api.example.com
sleep 1
touch "$E2E_TMP/hammer-stop"
wait "$hammerer"
is "$(cat "$E2E_TMP/hammered")" "$good" "it stays used up through changes, deaths and a new start"
GATEWAY_DAILY=1000000
change "${base[@]}" >/dev/null
ok "a higher one lets requests through" eventually 3 key_is key-one

# ---- a flood of refusals -------------------------------------------------------------------------
nsenter --net="$worker_net" /usr/bin/python3 - "$GATEWAY_INNER" >"$E2E_TMP/flood" 2>&1 <<-'EOF' &
	import socket, sys, time
	one = b"GET /ghl/refused HTTP/1.1\r\nHost: gateway\r\n\r\n"
	s = socket.create_connection((sys.argv[1], 80), timeout=5)
	end = time.time() + 4
	answered = 0
	while time.time() < end:
	    s.sendall(one * 50)
	    data = b""
	    while data.count(b"HTTP/1.1 403 ") < 50:
	        more = s.recv(65536)
	        assert more
	        data += more
	    answered += 50
	print(answered)
EOF
flooder=$!
for i in $(seq 30); do
	route "/ghl/seen$i" >/dev/null
done
wait "$flooder"
answered=$(tail -n 1 "$E2E_TMP/flood")
seen() {
	[ "$(logged_times '.event == "route" and .verdict == "allowed" and ((.path // "") | test("seen"))')" = 30 ]
}
ok "no allowed request is missing in the log" eventually 3 seen
refusals() { # "LINES MISSING"
	docker logs gw 2>&1 | jq -s '[([.[] | select((.path // "") == "/ghl/refused")] | length),
		([.[] | select(.event == "suppressed" or .event == "lines-lost") | .lines] | add)] | @tsv' -r
}
accounted() {
	refusals | awk -v n="$answered" '{ exit $1 + $2 < n }'
}
ok "each of $answered refusals is in the log, or in the number of those that are not" eventually 5 accounted
diag "lines, and those that are not there: $(refusals)"
lines=$(refusals | cut -f 1)
ok "they do not fill the log ($lines lines)" test "$lines" -le 1200

# ---- memory --------------------------------------------------------------------------------------
# Connections that only began a request cost memory, in old processes as well.
many_pids=()
many() { # NAME
	setpriv --pdeathsig KILL nsenter --net="$worker_net" /usr/bin/python3 - "$GATEWAY_INNER" \
		"$E2E_TMP/many-stop" >"$E2E_TMP/many.$1" 2>&1 <<-'EOF' &
			import os, socket, sys, time
			held = []
			for i in range(260):
			    held.append(socket.create_connection((sys.argv[1], 80), timeout=5))
			    held[-1].sendall(b"GET /ghl/many HTTP/1.1\r\n")
			print("held", flush=True)
			while not os.path.exists(sys.argv[2]):
			    time.sleep(0.05)
		EOF
	many_pids+=($!)
	eventually 10 grep -q held "$E2E_TMP/many.$1"
	sleep 0.2
}
crowded='.event == "generation-dropped" and .reason == "too many connections of old ones"'
many first
is "$(change "${base[@]}" "tls 443 many1.example.com - 0")" loaded "a change with many connections"
many second
is "$(logged_times "$crowded")" 0 "those of one old process are bearable"
is "$(change "${base[@]}" "tls 443 many2.example.com - 0")" loaded "a change with many more"
is "$(logged_times "$crowded")" 1 "the oldest process goes"
ok "routes work" key_is key-one
is "$(logged_times '.event == "unresponsive"')" 0 "every process answered"
touch "$E2E_TMP/many-stop"
wait "${many_pids[@]}"

unlike "$(docker logs gw 2>&1)" 'key-(one|two|three|four)' "no key is logged"

done_testing
