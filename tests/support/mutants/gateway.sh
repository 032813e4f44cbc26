# The gateway: its container, what it runs with, its routes, its files and the tenant's keys. Sourced by
# 50-mutants.sh.
# shellcheck shell=bash disable=SC2016,SC2034,SC2046,SC2154

# ---- its container ----

mutate_gateway "gateway: a capability" '.HostConfig.CapAdd = ["NET_RAW"]' gateway.caps config.privileged
mutate_gateway "gateway: a group of root's" '.HostConfig.GroupAdd = ["0"]' gateway.uid config.privileged
mutate_gateway "gateway: new privileges" '.HostConfig.SecurityOpt = ["seccomp=unconfined"]' \
	gateway.no_new_privs gateway.seccomp config.privileged
mutate_gateway "gateway: no seccomp" \
	'.HostConfig.SecurityOpt = ["no-new-privileges", "seccomp=unconfined"]' \
	gateway.seccomp config.privileged
mutate_gateway "gateway: a writable root" '.HostConfig.ReadonlyRootfs = false' gateway.readonly
mutate_gateway "gateway: files that it can write" \
	'.HostConfig.Mounts |= map(if .Target == "/etc/gateway"
		then .ReadOnly = false | del(.BindOptions.ReadOnlyForceRecursive) else . end)' \
	gateway.readonly
mutate_gateway "gateway: one more place to write" '.HostConfig.Tmpfs["/tmp"] = "rw,size=1m"' gateway.readonly
mutate_gateway "gateway: a router" '.HostConfig.Sysctls["net.ipv4.ip_forward"] = "1"' gateway.ip_forward
mutate_gateway "gateway: published to everyone" \
	'.HostConfig.PortBindings |= map_values(map(.HostIp = "0.0.0.0"))' gateway.listen
mutate_gateway "gateway: no limits" \
	'.HostConfig.Memory = 0 | .HostConfig.MemorySwap = 0 | .HostConfig.PidsLimit = 0' limit.gateway
mutate_gateway "gateway: swap" '.HostConfig.MemorySwap = .HostConfig.Memory * 2' limit.gateway
mutate_gateway "gateway: memory images" '.HostConfig.Ulimits |= map(select(.Name != "core"))' limit.gateway

echo 0x33 >"/proc/$(pid_of "$gateway")/coredump_filter"
expect_red "gateway: its memory for crash handlers" limit.gateway
echo 0 >"/proc/$(pid_of "$gateway")/coredump_filter"

# ---- what listens in it ----

# listen_there WHAT PYTHON ID...: PYTHON opens `s` in the gateway's network, and prints when it is open
listen_there() {
	local said=$E2E_TMP/listener pid
	: >"$said"
	put_worker
	nsenter --net="/proc/$(pid_of "$gateway")/ns/net" -- timeout 60 python3 -c "import socket, time
$2
print('ready', flush=True)
time.sleep(60)" >"$said" 2>&1 &
	pid=$!
	if eventually 5 grep -q ready "$said"; then
		expect_red "$1" "${@:3}"
	else
		no_mutant "$1"
		diag "$(cat "$said")"
	fi
	kill "$pid"
	wait "$pid" 2>/dev/null
}
listen_there "gateway: another port" 's = socket.create_server(("", 9999))' gateway.admin net.gateway.ports
listen_there "gateway: a port of its own" 's = socket.create_server(("127.0.0.1", 8404))' gateway.admin
listen_there "gateway: a datagram port" 's = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 4433))' gateway.admin
listen_there "gateway: a socket for everyone" 's = socket.socket(socket.AF_UNIX)
s.bind("\0admin")
s.listen()' gateway.admin

put_worker && docker stop -t 1 "$gateway" >/dev/null
expect_red "a dead gateway" config.network.members config.running net.gateway.control route.control
put_container "$gateway" "$gateway_body" && gateway_is_ready
put_worker && docker stop -t 1 "$worker" >/dev/null
expect_red "a stopped worker" config.network.members config.running
put_worker

# ---- its files ----

run=$mutants_root/run/tenantctl/acme
set=$run/files/set
cp -a "$set" "$E2E_TMP/set"

# As ordered, in place: what is mounted stays the same folder.
put_set() {
	cp -a --remove-destination "$E2E_TMP/set/." "$set/"
}

echo "# changed" >>"$set/haproxy.cfg"
expect_red "a configuration that was changed" gateway.files
put_set
mv "$set/hosts" "$set/more-hosts"
expect_red "a file in place of another" gateway.files
rm "$set/more-hosts" && put_set
mkdir "$run/files/next"
expect_red "a candidate that was left" gateway.files
rmdir "$run/files/next"
echo "old.0 Bearer something-that-nobody-uses" >>"$set/keys"
expect_red "a key too many" gateway.files
put_set

# Files made again on a tmpfs of their own, and the gateway kept.
mount -t tmpfs -o mode=0711 tenantctl "$run" && mkdir -m 0750 "$run/files" &&
	chgrp --reference="$E2E_TMP/set" "$run/files" && cp -a "$E2E_TMP/set" "$run/files/set"
expect_red "a gateway that sees other files" gateway.files gateway.generation
umount "$run"

# reform WHAT SED ID...: the gateway runs with its configuration edited by SED; what lies on the host is
# what was ordered.
reform() {
	local file=${reformed_file:-haproxy.cfg} id random
	sed -i "$2" "$set/$file"
	read -r id _ <"$E2E_TMP/set/generation"
	random=$(printf '%08x' $((RANDOM * RANDOM)))
	printf '%s-%s %.16s %.16s\n' "${id%-*}" "$random" "$(sha256sum <"$set/haproxy.cfg")" \
		"$(sha256sum <"$set/dnsmasq.conf")" >"$set/generation"
	if ! cmp -s "$set/$file" "$E2E_TMP/set/$file" && docker restart -t 1 "$gateway" >/dev/null && gateway_is_ready; then
		put_set
		expect_red "$1" gateway.generation "${@:3}"
		[ -z "${reformed_twin:-}" ] || expect_twin_red "$1" "$reformed_twin"
	else
		no_mutant "$1"
		diag "$(docker logs --tail 5 "$gateway" 2>&1)"
	fi
	put_set
	docker restart -t 1 "$gateway" >/dev/null && gateway_is_ready
}
put_worker
reform "another configuration at work" '$a # changed'
reformed_file=dnsmasq.conf reformed_twin=twin.net.dns reform "a resolver that knows every name" 's,^local=/#/,address=/#/192.0.2.7,' \
	net.dns.embedded net.dns.gateway net.sibling.dns

# ---- routes ----

reform "routes that answer everything" \
	'/^frontend routes/,/^$/ s/^\ttcp-request connection reject.*/&\n\thttp-request return status 200/' \
	route.control route.refused route.target
reform "routes that hang up" \
	'/^frontend routes/,/^$/ s/^\ttcp-request connection reject.*/&\n\thttp-request silent-drop/' \
	route.control
reform "routes for any host" '/reason) str(host)/,+1 d' route.target
reform "routes as a proxy" '/reason) str(target)/,+1 d' route.target
reform "routes for any method" '/reason) str(method)/,+1 d' route.refused
reform "routes with dot segments" '/reason) str(path)/,+1 d' route.refused
reform "routes with hop-by-hop lists" '/reason) str(connection)/,+1 d' route.refused
reform "routes with upgrades" '/reason) str(upgrade)/,+1 d' route.refused
reform "routes with odd headers" '/reason) str(header)/,+1 d' route.refused

# ---- keys ----

secrets=$mutants_root/etc/tenantctl/secrets/acme
# harm WHAT CHANGE UNDO ID...
harm() {
	eval "$2"
	expect_red "$1" "${@:4}"
	eval "$3"
}
harm "keys that all may read" 'chmod 0444 "$set/keys"' 'chmod 0440 "$set/keys"' gateway.keys.private
harm "keys of somebody else's group" 'chgrp 1 "$set"' 'chgrp --reference="$set/keys" "$set"' gateway.keys.private
harm "keys by another name" 'ln "$set/keys" "$run/keys"' 'rm "$run/keys"' gateway.keys.private
harm "a folder of keys that all may write" 'chmod 0777 "$run"' 'chmod 0711 "$run"' gateway.keys.private
harm "a secret that all may read" 'chmod 0644 "$secrets/ghl"' 'chmod 0600 "$secrets/ghl"' gateway.keys.private
harm "secrets of somebody else" 'chown 1 "$secrets"' 'chown 0 "$secrets"' gateway.keys.private
mutate_worker "the gateway's files" \
	".HostConfig.Mounts += [{Type: \"bind\", Source: \"$run/files\", Target: \"/source/files\", ReadOnly: true}]" \
	fs.mounts.declared fs.mounts.source gateway.keys.private

key64=$(printf %s "x:$key" | base64 -w 0)
drift='' mutate_worker "a key in base64 in the environment" ".Env += [\"NOTE=$key64\"]" \
	env.secrets inspect.secrets secret.exposed
key16=$(printf %s "$key" | od -An -v -tx1 | tr -d ' \n')
drift='' mutate_worker "a key in hex in a label" ".Labels.note = \"$key16\"" secret.exposed
put_worker
intrude "a process with a key of its own tenant" "secret=$key" secret.exposed
bash -c 'sleep 100; :' "$key" &
holder=$!
expect_red "a key among the arguments of a program" secret.exposed
kill "$holder"
wait "$holder" 2>/dev/null
echo "# $key" >>"$mutants_root/etc/tenantctl/tenants/acme.yaml"
expect_red "a key in the manifest" secret.exposed
sed -i '$ d' "$mutants_root/etc/tenantctl/tenants/acme.yaml"
harm "a key in the tenant's state" 'echo "${provided// /%20}" >"$tenants/acme/note"' 'rm "$tenants/acme/note"' secret.exposed
harm "a key in what the gateway says" 'echo "$key" >"$run/state/daily.tmp"' 'rm "$run/state/daily.tmp"' secret.exposed
echo "$provided" >"/proc/$(pid_of "$worker")/fd/1"
sleep 0.2
expect_red "a key in the worker's log" secret.exposed
put_worker
