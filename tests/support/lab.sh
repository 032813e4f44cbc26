# A small internet in a network namespace of its own, joined by a veth pair to another (an engine's,
# say), for tests of what a tenant can and cannot reach: addresses of the documentation ranges, a DNS
# server, HTTPS sites with certificates of an own CA, plain HTTP with websockets, and TCP echo.
# Sourced by bash scripts, as root; needs iproute2, dnsmasq, openssl, python3. The namespace and all
# in it end with the script, however that ends.
#
#   lab_up NETNS DIR         NETNS is a path (/proc/PID/ns/net, /run/netns/NAME); DIR is made.
#                            Sets LAB_NET, the path of the internet's namespace
#   lab_down NETNS DIR
#   lab_name DIR NAME IP     a name, or a new address for it; answers have TTL 0
#   lab_serve NETNS DIR KIND=ADDRESS:PORT...   more servers (lab-server.py), e.g. inside a worker
#   lab_witness NETNS DIR ADDRESS PORT...      listens, and notes each connection in DIR/witnessed
#   lab_in NETNS RESOLVER CMD...               CMD in that namespace, asking that resolver only
#   lab_websocket HOST PORT TEXT [PATH]        prints what an echoing websocket sends back
#
# The world of lab_up:
#   198.51.100.53   DNS        (LAB_DNS)
#   198.51.100.10   HTTPS 443, 8443: api.example.com www.example.com, *.wild.example.org
#   198.51.100.11   HTTPS 443: other.example.net (what no test allows)
#   198.51.100.12   echo on 5432, 5433, 5434, 9000: db.example.com
#   203.0.113.10    HTTP 80: plain.example.com
#   10.99.0.1       HTTPS 443, echo 9000: inside.example.com (a network of the office)
#   192.0.2.1       in NETNS, an address of the host: host.example.com (LAB_HOST)
#   names that lead where no tenant may go: see lab_names
# CA certificate: DIR/ca.pem; what is put in DIR/files is served below /files/ on every web server
# shellcheck shell=bash

lab_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_DNS=198.51.100.53
LAB_HOST=192.0.2.1
lab_router=192.0.2.2
lab_routes="198.51.100.0/24 203.0.113.0/24 10.99.0.1/32"
lab_addresses="198.51.100.10 198.51.100.11 198.51.100.12 198.51.100.53 203.0.113.10 10.99.0.1"
lab_certificates="api.example.com www.example.com *.wild.example.org a.b.wild.example.org other.example.net
	inside.example.com rebind.example.com loop.example.com"

lab_names() {
	cat <<-EOF
		198.51.100.10 api.example.com www.example.com
		198.51.100.11 other.example.net
		198.51.100.12 db.example.com
		203.0.113.10 plain.example.com
		10.99.0.1 inside.example.com rebind.example.com
		$LAB_HOST host.example.com
		127.0.0.1 loop.example.com
		0.0.0.0 zero.example.com
		169.254.169.254 metadata.example.com
		100.64.0.1 cgnat.example.com
		224.0.0.1 multicast.example.com
		255.255.255.255 broadcast.example.com
	EOF
}

lab_up() {
	local ns=$1 dir=$2
	mkdir -p "$dir/certs" "$dir/files" || return 1
	lab_make_certificates "$dir" || return 1
	: >"$dir/pids"
	lab_make_namespace "$dir" && lab_connect "$ns" || return 1
	lab_names >"$dir/hosts"
	setpriv --pdeathsig KILL nsenter --net="$LAB_NET" dnsmasq --keep-in-foreground \
		--conf-file=/dev/null --no-resolv --no-hosts \
		--addn-hosts="$dir/hosts" --listen-address="$LAB_DNS" --bind-interfaces --pid-file \
		--user=root --local-ttl=0 --cache-size=0 --local=/#/ --log-queries=extra \
		--address=/wild.example.org/198.51.100.10 --log-facility=- >>"$dir/dns.log" 2>&1 &
	echo $! >"$dir/dns.pid"
	lab_serve "$LAB_NET" "$dir" certs="$dir/certs" files="$dir/files" \
		tls=198.51.100.10:443 tls=198.51.100.10:8443 tls=198.51.100.11:443 tls=10.99.0.1:443 \
		echo=10.99.0.1:9000 echo=198.51.100.12:5432 echo=198.51.100.12:5433 echo=198.51.100.12:5434 echo=198.51.100.12:9000 \
		http=203.0.113.10:80
}

# A process holds the namespace: nothing of it is left when the script is killed.
lab_make_namespace() {
	local own try
	own=$(readlink /proc/self/ns/net)
	setpriv --pdeathsig KILL unshare --net sleep infinity </dev/null >/dev/null 2>&1 &
	echo $! >>"$1/pids"
	LAB_NET=/proc/$!/ns/net
	for try in $(seq 100); do
		[ "$(readlink "$LAB_NET")" = "$own" ] || return 0
		sleep 0.02
	done
	echo "the internet has no namespace (try $try)" >&2
	return 1
}

# The internet's addresses are behind a route, as on a host: none of them is the host's own.
lab_connect() {
	local ns=$1 holder=${LAB_NET#/proc/} address
	nsenter --net="$ns" ip link add lab0 type veth peer name lab1 netns "${holder%%/*}" &&
		nsenter --net="$ns" ip address add "$LAB_HOST/30" dev lab0 &&
		nsenter --net="$ns" ip link set lab0 up &&
		nsenter --net="$LAB_NET" ip link set lo up &&
		nsenter --net="$LAB_NET" ip address add "$lab_router/30" dev lab1 &&
		nsenter --net="$LAB_NET" ip link set lab1 up &&
		nsenter --net="$LAB_NET" ip route add default via "$LAB_HOST" || return 1
	for address in $lab_addresses; do
		nsenter --net="$LAB_NET" ip address add "$address/32" dev lo || return 1
	done
	for address in $lab_routes; do
		nsenter --net="$ns" ip route add "$address" via "$lab_router" || return 1
	done
}

lab_down() {
	local ns=$1 dir=$2 pid
	# At once: with its namespace it would go some time later.
	nsenter --net="$ns" ip link delete lab0
	# shellcheck disable=SC2013 # one number a line
	for pid in $(cat "$dir/pids" "$dir/dns.pid" 2>/dev/null); do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	rm -f "$dir/pids" "$dir/dns.pid"
}

lab_name() {
	local dir=$1 name=$2 address=$3
	sed -i "s/ $name\b//" "$dir/hosts"
	echo "$address $name" >>"$dir/hosts"
	kill -HUP "$(cat "$dir/dns.pid")"
	sleep 0.1
}

lab_serve() {
	lab_start "$1" "$2" "$lab_here/lab-server.py" "${@:3}"
}

# lab_start NETNS DIR PROGRAM ARGUMENT...: a server that says "ready" when it listens
lab_start() {
	local ns=$1 dir=$2 log try
	shift 2
	log=$(mktemp "$dir/server.XXXXXX")
	setpriv --pdeathsig KILL nsenter --net="$ns" "$@" >"$log" 2>&1 &
	echo $! >>"$dir/pids"
	for try in $(seq 100); do
		grep -q ready "$log" && return 0
		kill -0 $! 2>/dev/null || break
		sleep 0.05
	done
	echo "$*: not ready (try $try):" >&2
	cat "$log" >&2
	return 1
}

lab_witness() {
	local ns=$1 seen=$2/witnessed try
	setpriv --pdeathsig KILL nsenter --net="$ns" /usr/bin/python3 -u - "${@:3}" >"$seen" 2>&1 <<-'EOF' &
		import selectors, socket, sys
		listeners = selectors.DefaultSelector()
		for port in sys.argv[2:]:
		    s = socket.create_server((sys.argv[1], int(port)), backlog=64)
		    listeners.register(s, selectors.EVENT_READ, port)
		print("ready")
		while True:
		    for key, _ in listeners.select():
		        connection, peer = key.fileobj.accept()
		        print("connection", key.data, peer[0])
		        connection.close()
	EOF
	echo $! >>"$2/pids"
	for try in $(seq 100); do
		grep -q ready "$seen" && return 0
		sleep 0.05
	done
	echo "lab_witness ${*:3}: not ready (try $try)" >&2
	return 1
}

# The namespace's own view of names: only a private copy of /etc/resolv.conf differs.
lab_in() {
	local ns=$1 resolver=$2
	shift 2
	# shellcheck disable=SC2016 # expanded by the inner shell
	nsenter --net="$ns" unshare --mount bash -c '
		file=$(mktemp) && echo "nameserver $1" >"$file"
		chmod 644 "$file"
		mount --bind "$file" "$(readlink -f /etc/resolv.conf)" && rm -f "$file"
		shift
		exec "$@"' lab_in "$resolver" "$@"
}

lab_websocket() {
	/usr/bin/python3 - "$@" <<-'EOF'
		import os, socket, sys
		host, port, text = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
		path = sys.argv[4] if len(sys.argv) > 4 else "/ws"
		s = socket.create_connection((host, port), timeout=5)
		s.sendall(b"GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		          b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
		          % (path.encode(), host.encode()))
		f = s.makefile("rb")
		head = b"".join(iter(f.readline, b"\r\n"))
		# The answer to the sample key of RFC 6455, section 1.3.
		assert b" 101 " in head and b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head, head
		mask = os.urandom(4)
		s.sendall(bytes([0x81, 0x80 | len(text)]) + mask +
		          bytes(b ^ mask[i % 4] for i, b in enumerate(text)))
		assert f.read(2) == bytes([0x81, len(text)])
		print(f.read(len(text)).decode())
	EOF
}

lab_make_certificates() {
	local dir=$1 name
	[ -e "$dir/ca.pem" ] && return 0
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
		-subj "/CN=lab CA" -keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null || return 1
	set -f
	for name in $lab_certificates; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=lab" \
			-keyout "$dir/leaf.key" -out "$dir/leaf.csr" 2>/dev/null &&
			openssl x509 -req -in "$dir/leaf.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" \
				-set_serial "0x$(openssl rand -hex 8)" -days 30 -out "$dir/leaf.pem" \
				-extfile <(echo "subjectAltName=DNS:$name") 2>/dev/null &&
			cat "$dir/leaf.pem" "$dir/leaf.key" >"$dir/certs/$name.pem" || return 1
	done
	set +f
	rm -f "$dir"/leaf.*
}
