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
. tests/support/reload.sh

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

# ---- a set that is not good ----------------------------------------------------------------------
haproxy_pid=$(pid_of haproxy)
candidate() { # a copy of the set in use, to be changed
	rm -rf "$files/next" && cp -a "$files/set" "$files/next" && chmod u+w "$files/next"
}
refusal() { # REGEX DESCRIPTION: the candidate is refused for that reason
	gateway_seal "$files/next"
	like "$(gateway_change gw "$place")" "^refused $1" "$2"
}
candidate && echo bogus >>"$files/next/haproxy.cfg"
refusal "haproxy: .*unknown keyword 'bogus'" "a line that HAProxy does not know"
candidate && printf 'frontend x\n\tbind 192.0.2.77:7\n\tdefault_backend outside\n' >>"$files/next/haproxy.cfg"
refusal "haproxy: .*cannot bind" "an address that is not there"
candidate && echo bogus >>"$files/next/dnsmasq.conf"
refusal "dnsmasq: .*line 11" "a line that dnsmasq does not know"
candidate && echo "tls 443" >>"$files/next/rules"
refusal "rules: line 4" "a rule without a host"
candidate && echo "ghl.0" >"$files/next/keys"
refusal "keys: " "a key without a value"
candidate && ln -s /etc/passwd "$files/next/link"
refusal "link: " "a symbolic link"
candidate && mkfifo "$files/next/fifo"
refusal "fifo: " "a FIFO"
candidate && truncate -s 1048577 "$files/next/large"
refusal "large: too large" "a large file"
candidate && touch "$files/next/"f{1..128}
refusal "more than 128 files" "many files"
candidate && touch "$files/next/Odd name"
refusal "a file with a name" "an odd name"
candidate && rm -f "$files/next/echo"
refusal "echo: not in the set" "half a set"
candidate && gateway_seal "$files/next"
like "$(chmod 000 "$files/next/hosts"; gateway_change gw "$place")" "^refused hosts: " "a file that cannot be read"
candidate && rm -f "$files/next/generation" && echo torn >"$files/next/generation" && chmod 444 "$files/next/generation"
rm -f "$place/state/status"
docker kill -s HUP gw >/dev/null
ok "a torn line of its own" eventually 5 grep -q '^error generation: ' "$place/state/status"
rm -rf "$files/next"
is "$(pid_of haproxy)" "$haproxy_pid" "haproxy is the same"
is "$(processes haproxy)" 3 "and no more run than before"
ok "what was allowed is allowed" echoes 5432
ok "connections live" lives kept
ok "it is logged" logged '.event == "reload-refused" and (.error | contains("bogus"))'
is "$(change "${base[@]}")" loaded "a good set is taken afterwards"

# ---- time ----------------------------------------------------------------------------------------
ends=$(($(date +%s) + 4))
is "$(change "tcp 5432 db.example.com - 0" "tcp 9000 db.example.com - $ends")" loaded "a rule that ends in 4 seconds"
hold timed 9000
is "$(change "tcp 5432 db.example.com - 0" "tcp 9000 db.example.com - $ends" "tls 443 api.example.com - 0")" \
	loaded "its connection is in an old process"
hold timed2 9000
ok "connections live until then" lives timed
at=$(ended_at timed) at2=$(ended_at timed2)
for late in $((at - ends * 1000)) $((at2 - ends * 1000)); do
	ok "one ends at that time ($late ms late)" test "$late" -ge -50 -a "$late" -lt 1000
done
ok "others live" lives kept
ok "it is logged" logged '.event == "expired" and .rule == "tcp:9000:db.example.com"'
fails "no new connection comes through" 1 echoes 9000

# ---- routes --------------------------------------------------------------------------------------
change "${base[@]}" >/dev/null
ok "routes work" key_is key-one
# A client that keeps its connection: a request, a pause for the change, another request.
keep_alive() { # prints "STATUS STATUS", the second "none" when the connection has ended
	nsenter --net="$worker_net" /usr/bin/python3 - "$GATEWAY_INNER" <<-'EOF'
		import http.client, os, sys, time
		c = http.client.HTTPConnection(sys.argv[1], 80, timeout=5)
		c.auto_open = 0
		c.connect()
		seen = []
		for path in "/ghl/one", "/ghl/two":
		    try:
		        c.request("GET", path)
		        r = c.getresponse()
		        r.read()
		        seen.append(str(r.status))
		    except (http.client.HTTPException, OSError):
		        seen.append("none")
		    time.sleep(2)
		print(*seen)
	EOF
}
websocket() { # writes "alive" while it echoes, then "ended MILLISECONDS"
	setpriv --pdeathsig KILL nsenter --net="$worker_net" /usr/bin/python3 -u - "$GATEWAY_INNER" \
		>"$E2E_TMP/held.websocket" 2>&1 <<-'EOF' &
			import socket, sys, time
			s = socket.create_connection((sys.argv[1], 80), timeout=5)
			s.sendall(b"GET /ghl/ws HTTP/1.1\r\nHost: gateway\r\nUpgrade: websocket\r\n"
			          b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
			          b"Sec-WebSocket-Version: 13\r\n\r\n")
			assert b" 101 " in s.recv(1000)
			while True:
			    s.sendall(b"\x81\x82\0\0\0\0hi")
			    if not s.recv(100):
			        break
			    print("alive")
			    time.sleep(0.05)
			print("ended", int(time.time() * 1000))
		EOF
	held_pids+=($!)
	eventually 5 grep -q alive "$E2E_TMP/held.websocket"
}
websocket
change "${base[@]}" "tls 443 www.example.com - 0" >/dev/null
ok "a websocket lives through a change" lives websocket
keep_alive >"$E2E_TMP/kept-alive" &
keeper=$!
sleep 0.7
start=$(now)
change "tcp 5432 db.example.com - 0" "route 80 other 0123456789abcdef 0" >/dev/null
took=$(($(ended_at websocket) - start))
ok "a websocket of a route that is gone ends within a second ($took ms)" test "$took" -gt 0 -a "$took" -lt 1000
wait "$keeper"
is "$(cat "$E2E_TMP/kept-alive")" "200 none" "a connection that was kept cannot use a route that is gone"

# ---- daily counts --------------------------------------------------------------------------------
change "${base[@]}" >/dev/null
ok "requests are counted on disk" eventually 3 test -s "$place/state/daily"
before=$(count)
for i in $(seq 7); do route /ghl/n >/dev/null; done
ok "each of them" eventually 3 counts $((before + 7))
change "${base[@]}" "tls 443 www.example.com - 0" >/dev/null
route /ghl/n >/dev/null
ok "a change of rules forgets none" eventually 3 counts $((before + 8))
kill -KILL "$(pid_of haproxy)"
ok "haproxy is back" eventually 3 key_is key-one
after=$(count)
ok "nor does a death of haproxy" test "$after" -ge $((before + 8))
sleep 1.3
after=$(count)
docker stop gw >/dev/null && docker start gw >/dev/null
ok "the gateway is back" eventually 5 key_is key-one
ok "nor does a new start of the container" eventually 5 grown "$after"

# ---- under load ----------------------------------------------------------------------------------
nsenter --net="$worker_net" /usr/bin/python3 - "$GATEWAY_INNER" "$E2E_TMP/load-stop" \
	>"$E2E_TMP/load" 2>&1 <<-'EOF' &
		import os, socket, sys
		good = bad = 0
		while not os.path.exists(sys.argv[2]):
		    try:
		        s = socket.create_connection((sys.argv[1], 5432), timeout=5)
		        s.sendall(b"x")
		        if s.recv(1) != b"x":
		            raise OSError("no echo")
		        good += 1
		        s.close()
		    except OSError as e:
		        bad += 1
		        print("refused:", e)
		print(good, bad)
	EOF
loader=$!
loads=0
for i in $(seq 20); do
	[ "$(change "${base[@]}" "tls 443 l$i.example.com - 0")" = loaded ] && loads=$((loads + 1))
done
touch "$E2E_TMP/load-stop"
wait "$loader"
is "$loads" 20 "twenty changes under load"
read -r good bad <<<"$(tail -n 1 "$E2E_TMP/load")"
ok "no connection of ${good:-none} is lost" test "${bad:-1}" = 0 -a "${good:-0}" -gt 100
[ "${bad:-1}" = 0 ] || diag "$(head -n 5 "$E2E_TMP/load")"

# ---- bounds --------------------------------------------------------------------------------------
for i in $(seq 7); do
	hold "bound$i" 5432
	change "${base[@]}" "tls 443 b$i.example.com - 0" >/dev/null
done
is "$(processes haproxy)" 5 "at most four old processes"
ok "the oldest was dropped, with a line of the log" logged '.event == "generation-dropped"'
ok "the newest of them live" lives bound7
memory=$(docker stats --no-stream --format '{{.MemUsage}}' gw)
diag "memory with five processes: $memory"
ok "the processes are within their limit" test "$(docker top gw -o pid | tail -n +2 | wc -l)" -lt 32

for program in haproxy dnsmasq; do
	start=$(now)
	kill -KILL "$(pid_of "$program")"
	check=(resolves api.example.com)
	[ "$program" = dnsmasq ] || check=(key_is key-one)
	eventually 5 "${check[@]}"
	took=$(($(now) - start))
	ok "$program is back within a second after a kill ($took ms)" test "$took" -lt 1000
done

is "$(logged_times '.event == "unresponsive"')" 0 "every process answered"
kill -STOP "$(pid_of haproxy)"
is "$(change "tcp 5432 db.example.com - 0")" loaded "one that hangs does not stop a change"
ok "which is in force" echoes 5432
is "$(logged_times '.event == "unresponsive"')" 1 "it is logged"
start=$(now)
docker stop gw >/dev/null
took=$(($(now) - start))
ok "it stops in time ($took ms)" test "$took" -lt 6000
is "$(docker inspect -f '{{.State.ExitCode}}' gw)" 0 "cleanly"
like "$(docker logs gw 2>&1 | jq -r .tenant | sort -u)" '^acme-dental$' "every log line is JSON and names the tenant"
unlike "$(docker logs gw 2>&1)" 'key-one|Bearer two|can ary' "no key is logged"

done_testing
