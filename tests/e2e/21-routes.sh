#!/bin/bash
# Credential routes through the gateway's image, with the rendered configuration (the unit test's
# golden files) and canaries for keys, in front of upstreams that write down what reaches them:
# exactly the key that belongs there for what is let through, and nothing for what is not.
# time: 600
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/lab.sh
. tests/support/upstream.sh
. tests/support/routes.sh

routes_up || bail_out "the gateway does not start"
set=$lab/gateway/set

get() { # PATH [curl arguments]
	inside curl -s --max-time 20 "${@:2}" "http://gateway$1"
}
status() { # PATH [curl arguments]: of the answer
	get "$1" -o /dev/null -w '%{http_code}' "${@:2}"
}
seen() { # JQ: how many requests that are like that reached an upstream
	jq -s "map(select(.event == \"request\") | select($1)) | length" "$lab/record"
}

# ---- the tables --------------------------------------------------------------------------------
for table in requests framing paths headers answers upstreams limits; do
	rows=0
	while IFS=$'\t' read -r verdict name why; do
		rows=$((rows + 1))
		if [ "$verdict" = pass ]; then
			pass "$table: $name"
		else
			fail "$table: $name" "$why"
		fi
	done < <(inside tests/support/attack.py "$gateway:80" "$set" "$lab/record" \
		"tests/support/attacks/$table.json" 2>&1)
	is "$rows" "$(jq length "tests/support/attacks/$table.json")" "$table: every row was tried"
done
is "$(seen '.sni == "elsewhere.example.net"')" 0 "nobody followed a redirect"
for name in self-signed expired wrong-name; do
	is "$(seen ".sni == \"$name.example.com\"")" 0 "nothing was said to the upstream $name"
done

# ---- long and large ----------------------------------------------------------------------------
pieces() { # PATH: how many pieces an answer comes in, and over how many tenths of a second
	inside /usr/bin/python3 - "$1" <<-'EOF'
		import socket, sys, time
		s = socket.create_connection(("gateway", 80), timeout=5)
		s.sendall(b"GET %s HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n" % sys.argv[1].encode())
		times = []
		while s.recv(65536):
		    times.append(time.monotonic())
		print(len(times), round((times[-1] - times[0]) * 10))
	EOF
}
for route in llm h2; do
	read -r count tenths <<<"$(pieces "/$route/sse/1")"
	ok "$route: an event stream comes byte by byte ($count pieces in $tenths/10 s)" \
		test "$count" -ge 12 -a "$tenths" -ge 5
	is "$(get "/$route/sse/3" | grep -c '^data: hello$')" 3 "$route: all of it"
	# shellcheck disable=SC2016 # expanded by the inner shell
	is "$(inside bash -c '. tests/support/lab.sh
		lab_websocket gateway 80 "text for a socket" "$0"' "/$route/ws")" "text for a socket" \
		"$route: a websocket"
done
is "$(seen '.target == "/ws" and (.head | test("(?i)authorization: Bearer sk-canary/(llm|h2)"))')" 2 \
	"with the key in its handshake"

size=$((100 << 20))
truncate -s "$size" "$lab/large"
for path in /llm/bytes /llm/chunked /h2/bytes; do
	is "$(get "$path/$size" -o /dev/null -w '%{http_code} %{size_download}')" "200 $size" \
		"$path: 100 MiB down"
done
sum=$(sha256sum <"$lab/large" | cut -d ' ' -f 1)
is "$(get /llm/up -T "$lab/large" | jq -r .sha256)" "$sum" "100 MiB up"
is "$(get /h2/up -T "$lab/large" | jq -r .sha256)" "$sum" "the same to HTTP/2"
is "$(get /llm/up -T - -H 'Transfer-Encoding: chunked' <"$lab/large" | jq -r .sha256)" "$sum" \
	"the same in chunks"

connections() { # from the gateway to upstreams
	jq -s 'map(select(.event == "connection")) | length' "$lab/record"
}
before=$(connections)
inside /usr/bin/python3 - <<-'EOF'
	import http.client
	for _ in range(5):
	    c = http.client.HTTPConnection("gateway")
	    for path in ["/crm/contacts/1", "/llm/x", "/three/x", "/h2/x"] * 10:
	        c.request("GET", path)
	        answer = c.getresponse()
	        answer.read()
	        assert answer.status == 200, answer.status
EOF
after=$(connections)
ok "200 requests to four upstreams take few connections ($((after - before)))" \
	test $((after - before)) -le 8

# ---- the name of an upstream moves ----------------------------------------------------------------
answers() { # PATH STATUS
	[ "$(status "$1")" = "$2" ]
}
reaches() { # PATH ADDRESS: the upstream sees it there
	status "$1" >/dev/null
	[ "$(jq -rs 'map(select(.event == "request"))[-1].local' "$lab/record")" = "$2" ]
}
lab_name "$lab" crm.example.com 10.99.0.2
ok "an upstream that moves to a private address is lost" eventually 15 answers /crm/contacts/1 403
ok "and says why" routes_logged '.rule == "route:crm" and .reason == "address" and .dst == "10.99.0.2"'
before=$(seen true)
for _ in 1 2 3; do
	is "$(status /crm/contacts/1)" 403 "no connection from before is used"
done
is "$(seen true)" "$before" "nothing arrives at either address"
lab_name "$lab" crm.example.com 198.51.100.20
ok "it is found again where it is allowed" eventually 15 answers /crm/contacts/1 200
nsenter --net="$LAB_NET" ip address add 198.51.100.22/32 dev lo
upstream_serve "$lab" tls=198.51.100.22:443
lab_name "$lab" crm.example.com 198.51.100.22
ok "and followed to another public address" eventually 15 reaches /crm/contacts/1 198.51.100.22:443

# ---- who may call, and what is written -------------------------------------------------------------
nsenter --net="$worker_net" ip address add 10.231.0.5/29 dev eth0
is "$(status /llm/x --interface 10.231.0.3)" 200 "the worker's address is served"
is "$(status /llm/x --interface 10.231.0.5)" 000 "another address on its network is not"
nsenter --net="$worker_net" ip address del 10.231.0.5/29 dev eth0
fails "the egress side has no routes" 7 nsenter --net="$ENGINE_NETNS" \
	curl -s --max-time 5 -H 'Host: gateway' "http://$egress/llm/x"

get '/llm/x?token=WORKER-SECRET-1' -H 'X-Key: WORKER-SECRET-2' -d WORKER-SECRET-3 -o /dev/null
get '/nope/x?token=WORKER-SECRET-4' -H 'X-Key: WORKER-SECRET-5' -d WORKER-SECRET-6 -o /dev/null
ok "every request had its key and no other" tests/support/attack.py check "$set" "$lab/record"
docker logs gw >"$lab/log" 2>&1
fails "queries, headers and bodies are in no log" 1 grep WORKER-SECRET "$lab/log"
ok "no key is in the log in any form" tests/support/attack.py leaks "$set" "$lab/log"
printf 'api:%s' "$(sed -n 's/^llm.0 Bearer //p' "$set/keys")" | base64 >"$lab/planted"
fails "where one is, it is found" 1 tests/support/attack.py leaks "$set" "$lab/planted"
ok "each line of the log is JSON" jq -es 'all(.[]; .tenant == "acme-dental")' "$lab/log"
ok "a request is logged" routes_logged '.event == "route" and .rule == "route:crm" and .method == "GET"
	and .path == "/crm/contacts/1" and .status == 200 and .verdict == "allowed" and .reason == "none"
	and .dst == "198.51.100.20" and .client == "10.231.0.3" and .up > 0 and .down > 0 and .ms >= 0'
for method in PATCH M-SEARCH; do
	ok "a request with $method is logged as such" routes_logged ".method == \"$method\" and .status == 200"
done
for reason in host target method upgrade connection header path route; do
	ok "what was refused for its $reason is logged" routes_logged ".event == \"route\" and
		.reason == \"$reason\" and .verdict == \"denied\" and .status == 403 and .rule == null"
done
for reason in rule token length body rate daily unresolved address key echo range; do
	ok "so is $reason, with its rule" routes_logged ".event == \"route\" and
		.reason == \"$reason\" and .verdict == \"denied\" and (.rule // \"\" | startswith(\"route:\"))"
done
ok "an upstream that does not verify is logged" routes_logged \
	'.rule == "route:expired" and .reason == "upstream" and .status == 502'
ok "what is not HTTP is logged" routes_logged \
	'.event == "route" and .reason == "malformed" and .verdict == "denied" and .status == 400'

done_testing
