# The upstreams of credential routes, in the small internet of lab.sh. Sourced after it.
#
#   upstream_up NETNS DIR     after lab_up of the same. What reaches them: DIR/record (upstream.py)
#   upstream_files DIR SET    a gateway's set of files in SET, for the golden files routes-*
#   upstream_keys SET VERSION writes SET/keys and SET/echo: canaries of that version
#   upstream_generation SET   writes SET/generation, when all other files are there
#
# 198.51.100.20  443, 8443: crm llm query basic three port.example.com, each with its certificate;
#                self-signed expired wrong-name.example.com, with what the name says;
#                elsewhere.example.net, where redirects lead; 9443: port.example.com without TLS
# 198.51.100.21  443: h2.example.com, HTTP/2
# 10.99.0.2      443: office.example.com, a network of the office
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of lab.sh

upstream_names="crm llm query basic three port h2 office"

upstream_up() {
	local ns=$1 dir=$2 name
	upstream_certificates "$dir" "$dir/certs.upstream" || return 1
	for name in 198.51.100.20 198.51.100.21 10.99.0.2; do
		nsenter --net="$LAB_NET" ip address add "$name/32" dev lo || return 1
	done
	nsenter --net="$ns" ip route add 10.99.0.2/32 via "$lab_router" || return 1
	upstream_hosts >>"$dir/hosts"
	kill -HUP "$(cat "$dir/dns.pid")"
	upstream_h2 "$dir" >"$dir/h2.cfg"
	setpriv --pdeathsig KILL nsenter --net="$LAB_NET" haproxy -db -f "$dir/h2.cfg" \
		>"$dir/h2.log" 2>&1 &
	echo $! >>"$dir/pids"
	: >"$dir/record"
	upstream_serve "$dir" tls=198.51.100.20:443 tls=198.51.100.20:8443 junk=198.51.100.20:9443 \
		tls=10.99.0.2:443 http=127.0.0.1:8080
}

upstream_hosts() {
	cat <<-EOF
		198.51.100.20 crm.example.com llm.example.com query.example.com basic.example.com
		198.51.100.20 three.example.com port.example.com elsewhere.example.net
		198.51.100.20 self-signed.example.com expired.example.com wrong-name.example.com
		198.51.100.21 h2.example.com
		10.99.0.2 office.example.com
	EOF
}

# upstream_serve DIR KIND=ADDRESS:PORT...
upstream_serve() {
	lab_start "$LAB_NET" "$1" "$lab_here/upstream.py" record="$1/record" certs="$1/certs.upstream" "${@:2}"
}

upstream_h2() {
	cat <<-EOF
		global
		    log stdout format raw local0
		defaults
		    mode http
		    timeout connect 5s
		    timeout client 1m
		    timeout server 1m
		frontend h2
		    bind 198.51.100.21:443 ssl crt $1/certs.upstream/h2.example.com.pem alpn h2
		    http-request set-header X-Seen-Version %[req.ver]
		    default_backend record
		backend record
		    option http-no-delay
		    server record 127.0.0.1:8080
	EOF
}

# upstream_leaf FILE NAME DAYS [openssl x509 arguments]
upstream_leaf() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=lab" \
		-keyout "$1.key" -out "$1.csr" 2>/dev/null &&
		openssl x509 -req -in "$1.csr" -days "$3" -set_serial "0x$(openssl rand -hex 8)" \
			-extfile <(echo "subjectAltName=DNS:$2") -out "$1.crt" "${@:4}" 2>/dev/null &&
		cat "$1.crt" "$1.key" >"$1" && rm "$1.key" "$1.csr" "$1.crt"
}

upstream_certificates() {
	local certs=$2 ca=(-CA "$1/ca.pem" -CAkey "$1/ca.key") name
	mkdir "$certs" || return 1
	upstream_leaf "$certs/elsewhere.example.net.pem" elsewhere.example.net 30 "${ca[@]}" &&
		upstream_leaf "$certs/expired.example.com.pem" expired.example.com -1 "${ca[@]}" &&
		upstream_leaf "$certs/wrong-name.example.com.pem" other.example.com 30 "${ca[@]}" &&
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
			-subj /CN=lab -addext subjectAltName=DNS:self-signed.example.com \
			-keyout "$certs/key" -out "$certs/crt" 2>/dev/null &&
		cat "$certs/crt" "$certs/key" >"$certs/self-signed.example.com.pem" &&
		rm "$certs/crt" "$certs/key" || return 1
	for name in $upstream_names; do
		upstream_leaf "$certs/$name.example.com.pem" "$name.example.com" 30 "${ca[@]}" || return 1
	done
}

upstream_files() {
	local dir=$1 set=$2 golden=$lab_here/../unit/domain/golden file name
	mkdir -p "$set"
	for file in haproxy.cfg dnsmasq.conf hosts rules; do
		install -m 644 "$golden/routes-$file" "$set/$file" || return 1
	done
	sed -n 's/.* ca-file \(ca-[a-z0-9-]*\.pem\) .*/\1/p' "$set/haproxy.cfg" | while read -r name; do
		install -m 644 "$dir/ca.pem" "$set/$name" || return 1
	done
}

upstream_generation() {
	local haproxy dnsmasq
	haproxy=$(sha256sum <"$1/haproxy.cfg") && dnsmasq=$(sha256sum <"$1/dnsmasq.conf") || return 1
	echo "${haproxy:0:16}-$(openssl rand -hex 4) ${haproxy:0:16} ${dnsmasq:0:16}" >"$1/generation"
}

# A secret of its own for each credential, found as "canary" and never by chance; "no-key" has none.
upstream_keys() {
	/usr/bin/python3 - "$@" "$lab_here" <<-'EOF'
		import base64, re, sys
		folder, version, here = sys.argv[1:]
		sys.path.insert(0, here)
		import forms
		kinds = {"query": "%s", "token-query": "%s", "basic": "basic", "token-basic": "basic"}
		names = re.findall(r"^backend route_(\S+)", open(folder + "/haproxy.cfg").read(), re.M)
		keys, echo = [], []
		for name in names:
		    secret = f"sk-canary/{name}+v{version}=7Gq"
		    values = {"three": [secret, "Token " + secret + "-account", secret]}.get(
		        name, [kinds.get(name, "Bearer %s")])
		    for i, value in enumerate(values):
		        if value == "basic":
		            value = "Basic " + base64.b64encode(("api:" + secret).encode()).decode()
		            echo.append(value[6:])
		        elif "%s" in value:
		            value = value % secret
		        if name in ("query", "token-query") or (name, i) == ("three", 2):
		            value = forms.url(secret)
		        keys.append(f"{name}.{i} {value}\n")
		    echo += forms.of(secret)
		keys = [k for k in keys if not k.startswith("no-key.")]
		open(folder + "/keys", "w").writelines(keys)
		open(folder + "/echo", "w").writelines(sorted({e + "\n" for e in echo}))
	EOF
}
