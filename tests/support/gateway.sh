# A gateway container made by hand, and sets of files for it that are small enough to read, for the
# tests of the gateway alone. Sourced after lab.sh by bash scripts that have an engine.
#
#   gateway_place DIR          the folders of a gateway on the host, DIR/{files,state}
#   gateway_create NAME DIR EGRESS_ADDRESS [docker arguments]
#                              the container with the mounts and limits that tenants get
#   gateway_set DIR RULE...    a complete set in the new folder DIR; RULE: "KIND PORT HOST FLAGS EXPIRES"
#                              (a route's HOST is its name; it leads to plain.example.com and sends
#                              its key as the Host header, which the lab's servers repeat; what is
#                              below /NAME/refused is refused). GATEWAY_DAILY is the daily limit of
#                              each route, GATEWAY_STOPPING and GATEWAY_UNREADY the conditions under
#                              which a process refuses what is new to it, or counted
#   gateway_seal DIR           writes DIR/generation anew: for a set that was changed by hand
#   gateway_id DIR             the id of the set
#   gateway_result DIR         the result in DIR/state/status
#   gateway_change NAME DIR    what tenantctl does with the candidate DIR/files/next: a signal, the
#                              answer, the exchange. Prints "loaded" or "refused TEXT"
# shellcheck shell=bash
# shellcheck disable=SC2034 # addresses are for those that source this, fields of rules name all

GATEWAY_INNER=10.231.0.2
GATEWAY_WORKER=10.231.0.3
GATEWAY_EGRESS=10.230.0.2
GATEWAY_DAILY=1000000
GATEWAY_STOPPING='{ stopping }'
GATEWAY_UNREADY='!{ str(ready),in_table(daily) }'
gateway_uid=1879048193

# Folders on a memory file system, as tenants have them.
gateway_place() {
	mkdir -m 755 "$1" && mount -t tmpfs -o size=8m,nr_inodes=512,mode=0711,nosuid,nodev,noexec gateway "$1" &&
		install -d -m 750 -g "$gateway_uid" "$1/files" &&
		install -d -m 700 -o "$gateway_uid" -g "$gateway_uid" "$1/state"
}

gateway_create() {
	docker create --name "$1" --network gw-egress --ip "$3" --user "$gateway_uid:$gateway_uid" \
		--cap-drop ALL --security-opt no-new-privileges \
		--security-opt seccomp=profiles/gateway.json --read-only --memory 64m --memory-swap 64m \
		--pids-limit 32 --ulimit nofile=16384 --dns "$LAB_DNS" \
		--sysctl net.ipv4.ip_unprivileged_port_start=0 --sysctl net.ipv4.ip_forward=0 \
		--tmpfs "/run/gateway:rw,noexec,nosuid,nodev,size=16m,mode=0700,uid=$gateway_uid,gid=$gateway_uid" \
		-v "$2/files:/etc/gateway:ro" -v "$2/state:/var/lib/gateway" \
		"${@:4}" "${image:?}" acme-dental >/dev/null
}

gateway_digest() { # FILE
	sha256sum "$1" | cut -c 1-16
}

gateway_seal() {
	local id
	id=$(cd "$1" && find . -type f ! -name keys ! -name echo ! -name generation | LC_ALL=C sort |
		xargs -r -d '\n' sha256sum | sha256sum | cut -c 1-16)
	rm -f "$1/generation"
	printf '%s-%s %s %s\n' "$id" "$(openssl rand -hex 4)" "$(gateway_digest "$1/haproxy.cfg")" \
		"$(gateway_digest "$1/dnsmasq.conf")" >"$1/generation"
	chgrp -R "$gateway_uid" "$1"
	chmod -R u=rX,g=rX,o= "$1"
}

gateway_id() {
	cut -d ' ' -f 1 "$1/generation"
}

gateway_head() {
	cat <<-EOF
		global
			log stdout len 4096 format raw local0
			nbthread 1
			maxconn 1200
			tune.bufsize 16384
			tune.buffers.limit 512
			httpclient.ssl.verify none
			stats socket "\${GATEWAY_CLI}" mode 600 level admin expose-fd listeners
			stats timeout 1h
		defaults
			log global
			retries 0
			timeout connect 5s
			timeout client 1h
			timeout server 1h
			timeout tunnel 1h
		resolvers outside
			nameserver engine 127.0.0.11:53
			accepted_payload_size 4096
			hold valid 1s
		backend daily
			stick-table type string len 64 size 1k expire 48h store gpc0
		backend outside
			mode tcp
	EOF
}

# One frontend for each port, with that port's rules.
gateway_frontend() { # KIND PORT RULE...
	local kind=$1 port=$2 k p host flags expires match
	printf 'frontend %s_%s\n\tmode tcp\n\tbind %s:%s\n' "$kind" "$port" "$GATEWAY_INNER" "$port"
	printf '\ttcp-request inspect-delay 5s\n'
	printf '\ttcp-request content set-var(txn.verdict) str(denied)\n'
	# Plain TCP chooses its rule at once: a refusal here would lose connections that are allowed,
	# and what is not is cut.
	[ "$kind" = tcp ] || printf '\ttcp-request content reject if %s\n' "$GATEWAY_STOPPING"
	[ "$kind" = tcp ] || printf '\ttcp-request content reject if !{ req.ssl_hello_type 1 }\n'
	for rule in "${@:3}"; do
		read -r k p host flags expires <<<"$rule"
		[ "$k $p" = "$kind $port" ] || continue
		match=
		[ "$kind" = tcp ] || match="if { req.ssl_sni -m str $host }"
		[ "${host#\*}" = "$host" ] || match="if { req.ssl_sni -m end ${host#\*} }"
		[ "$expires" = 0 ] || match="${match:-if} { date lt $expires }"
		printf '\ttcp-request content set-var(txn.rule) str(%s:%s:%s) %s\n' "$k" "$p" "$host" "$match"
		[ "$kind" = tls ] || printf '\ttcp-request content set-var(txn.name) str(%s)\n' "$host"
	done
	[ "$kind" = tcp ] || printf '\ttcp-request content set-var(txn.name) req.ssl_sni\n'
	printf '\ttcp-request content %s\n' \
		'reject if !{ var(txn.rule) -m found }' \
		'do-resolve(txn.dst,outside,ipv4) var(txn.name)' \
		'reject if !{ var(txn.dst) -m found }' 'set-dst var(txn.dst)' 'set-var(txn.verdict) str(allowed)'
	printf '\tlog-format %s\n\tdefault_backend outside\n' \
		"'{\"ts\":%Ts.%ms,\"event\":\"$kind\",\"tenant\":\"acme-dental\",\"rule\":\"%[var(txn.rule)]\",\"verdict\":\"%[var(txn.verdict)]\",\"state\":\"%ts\"}'"
}

gateway_routes() { # RULE...
	local k p host flags expires names=()
	for rule in "$@"; do
		read -r k p host flags expires <<<"$rule"
		[ "$k" != route ] || names+=("$host")
	done
	[ ${#names[@]} -gt 0 ] || return 0
	cat <<-EOF
		frontend routes
			mode http
			maxconn 300
			bind $GATEWAY_INNER:80 proto h1
			http-request set-var(txn.verdict) str(denied)
			http-request set-var(txn.path) path
			http-request set-var(txn.route) path,field(2,/)
			http-request set-var(txn.day) date,div(86400)
			log-format '{"ts":%Ts.%ms,"event":"route","tenant":"acme-dental","rule":"route:%[var(txn.route)]","path":"%[var(txn.path),json(utf8s)]","verdict":"%[var(txn.verdict)]","status":%ST}'
			http-request return status 503 hdr Retry-After 1 if $GATEWAY_STOPPING
			use_backend route_%[var(txn.route)]
	EOF
	for host in "${names[@]}"; do
		cat <<-EOF
			backend route_$host
				mode http
				http-request return status 403 if { path_beg /$host/refused }
				http-request wait-for-body time 30s
				http-request return status 503 hdr Retry-After 1 if $GATEWAY_STOPPING
				http-request return status 503 hdr Retry-After 1 if $GATEWAY_UNREADY
				http-request track-sc0 str($host:),concat(,txn.day) table daily
				http-request deny deny_status 429 if { sc_get_gpc0(0) ge $GATEWAY_DAILY }
				http-request sc-inc-gpc0(0)
				http-request set-var(txn.verdict) str(allowed)
				http-request set-header Host "%[str($host.0),map(keys)]"
				http-response wait-for-body time 1s
				http-response deny deny_status 502 if { res.body -m sub -f echo }
				server upstream 203.0.113.10:80
		EOF
	done
}

gateway_set() { # DIR RULE...
	local dir=$1 n=0 k p host flags expires server ports
	shift
	mkdir -m 750 "$dir" || return 1
	gateway_head >"$dir/haproxy.cfg"
	: >"$dir/rules"
	echo "$GATEWAY_INNER gateway" >"$dir/hosts"
	for rule in "$@"; do
		read -r k p host flags expires <<<"$rule"
		server=outside/r$n
		[ "$k" != route ] || server=route_$host/upstream
		echo "$rule $server" >>"$dir/rules"
		if [ "$k" != route ]; then
			printf '\tuse-server r%d if { var(txn.rule) -m str %s:%s:%s }\n\tserver r%d 0.0.0.0:0 weight 0\n' \
				"$n" "$k" "$p" "$host" "$n" >>"$dir/haproxy.cfg"
			echo "$GATEWAY_INNER $host" >>"$dir/hosts"
		fi
		n=$((n + 1))
	done
	ports=$(printf '%s\n' "$@" | awk '$1 != "route" { print $1 " " $2 }' | sort -u)
	while read -r k p; do
		[ -z "$k" ] || gateway_frontend "$k" "$p" "$@" >>"$dir/haproxy.cfg"
	done <<<"$ports"
	gateway_routes "$@" >>"$dir/haproxy.cfg"
	printf '%s\n' port=53 "listen-address=$GATEWAY_INNER" bind-interfaces no-resolv no-poll no-hosts \
		cache-size=0 log-queries=extra 'local=/#/' addn-hosts=/run/gateway/hosts >"$dir/dnsmasq.conf"
	printf '%s\n' 'ghl.0 key-one' >"$dir/keys"
	: >"$dir/echo"
	gateway_seal "$dir"
}

gateway_result() {
	sed -n 's/^result //p' "$1/state/status"
}

gateway_change() { # NAME DIR
	local name=$1 dir=$2 id result try
	id=$(gateway_id "$dir/files/next" 2>/dev/null)
	rm -f "$dir/state/status"
	docker kill -s HUP "$name" >/dev/null || return 1
	for try in $(seq 500); do
		[ ! -e "$dir/state/status" ] || break
		sleep 0.02
	done
	result=$(gateway_result "$dir")
	grep -q "^generation $id$" "$dir/state/status" || result="$result of another set"
	if [ "$result" = loaded ]; then
		rm -rf "$dir/files/set"
		mv "$dir/files/next" "$dir/files/set"
	else
		rm -rf "$dir/files/next"
		result="$result $(sed -n 's/^error //p' "$dir/state/status")"
	fi
	echo "${result# }${try:+}"
}
