#!/bin/bash
# Mutants: a tenant is weakened by hand through the engine, one thing at a time, and verify has to
# turn red with the right check. A check that no weakened tenant turns red proves nothing.
# time: 900
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/engine.sh

root=$E2E_TMP/root
worker=tc-acme gateway=tc-acme-gw
killed=0 mutants=0
declare -A reddened=()

tenantctl() {
	engine_exec_in_net "$TENANTCTL" --root "$root" --socket "$ENGINE_SOCKET" "$@"
}

api() { # METHOD PATH [JSON]
	engine_api "$1" "$2" ${3+-H 'Content-Type: application/json' -d "$3"}
}

# ---- two tenants ----

make_tenant() { # NAME PORT
	mkdir -p "$root/etc/tenantctl/tenants" && cat >"$root/etc/tenantctl/tenants/$1.yaml" <<-YAML &&
		version: 1
		tenant: $1
		image: tenantctl-demo-worker:1
		listen: 127.0.0.1:$2
		resources: { memory: 128m, cpus: 0.5, pids: 64, workspace: 64m, tmp: 16m, shm: 8m }
		environment: { TENANT_NAME: $1 }
		egress: [ api.example.com ]
	YAML
		chmod 0600 "$root/etc/tenantctl/tenants/$1.yaml" && tenantctl create "$1"
}

clean_up() {
	tenantctl delete acme --purge
	tenantctl delete beta --purge
}

mkdir -p "$root/etc/tenantctl" && chmod 0755 "$E2E_TMP" "$root"
echo "gateway_archive: $IMAGES/tenantctl-gateway.tar" >"$root/etc/tenantctl/tenantctl.yaml"
engine_load "$DEMO_IMAGE" || bail_out "the demo worker's image does not load"
at_exit 'clean_up >/dev/null 2>&1'
make_tenant acme 18001 >"$E2E_TMP/create.log" 2>&1 && make_tenant beta 18002 >>"$E2E_TMP/create.log" 2>&1 ||
	bail_out "the tenants cannot be made: $(tail -n 20 "$E2E_TMP/create.log")"

# ---- saved bodies ----

# A create request that gives the container again, from what inspect says of it.
body_of() { # CONTAINER
	api GET "/containers/$1/json" | jq -c '.Image as $image | .NetworkSettings.Networks as $nets
		| .Config + {Image: $image, HostConfig: .HostConfig,
			NetworkingConfig: {EndpointsConfig: ($nets | map_values({IPAMConfig: .IPAMConfig}))}}'
}
worker_body=$(body_of "$worker") && gateway_body=$(body_of "$gateway") ||
	bail_out "inspect does not give the containers"
network_body=$(api GET "/networks/$worker" | jq -c '{Name, Driver, Internal, Attachable, EnableIPv6,
	IPAM, Options, Labels, CheckDuplicate: true}')

# Engines before API 1.44 take one endpoint at creation; the others are connected afterwards.
put_container() { # NAME BODY
	local first others network
	api DELETE "/containers/$1?force=1" >/dev/null 2>&1
	first=$(jq -r '.HostConfig.NetworkMode' <<<"$2")
	others=$(jq -r --arg first "$first" '.NetworkingConfig.EndpointsConfig // {} | keys[] | select(. != $first)' <<<"$2")
	api POST "/containers/create?name=$1" "$(jq -c --arg first "$first" \
		'.NetworkingConfig.EndpointsConfig |= ((. // {}) | with_entries(select(.key == $first)))' <<<"$2")" >/dev/null || return 1
	for network in $others; do
		api POST "/networks/$network/connect" "$(jq -c --arg n "$network" --arg c "$1" \
			'{Container: $c, EndpointConfig: .NetworkingConfig.EndpointsConfig[$n]}' <<<"$2")" >/dev/null || return 1
	done
	api POST "/containers/$1/start" >/dev/null
}

red_checks() {
	tenantctl verify --quick --format json acme 2>>"$E2E_TMP/verify.err" |
		jq -r '.tenants[0].findings[]? | select(.verdict == "fail") | .id' | sort | xargs
}

# expect_red WHAT ID...: verify has to fail with every one of these checks.
expect_red() {
	local what=$1 red id missing=
	shift
	mutants=$((mutants + 1))
	red=$(red_checks)
	for id in "$@"; do
		case " $red " in
		*" $id "*) reddened[$id]=1 ;;
		*) missing="$missing $id" ;;
		esac
	done
	if [ -z "$missing" ]; then
		killed=$((killed + 1))
		pass "$what: $*"
	else
		fail "$what" "still green:$missing"$'\n'"red: ${red:-nothing}"
	fi
}

# mutate_worker WHAT FILTER ID...; mutate_gateway likewise
mutate_worker() {
	local what=$1 filter=$2
	shift 2
	if put_container "$worker" "$(jq -c "$filter" <<<"$worker_body")"; then
		expect_red "$what" "$@"
	else
		fail "$what" "the weakened worker does not start"
	fi
}
mutate_gateway() {
	local what=$1 filter=$2
	shift 2
	if put_container "$gateway" "$(jq -c "$filter" <<<"$gateway_body")" &&
		put_container "$worker" "$worker_body"; then
		expect_red "$what" "$@"
	else
		fail "$what" "the weakened gateway does not start"
	fi
	put_container "$gateway" "$gateway_body" || bail_out "the gateway does not come back"
}

# in_worker_net COMMAND...: as an attacker with the host's capabilities in the worker's network
in_worker_net() {
	nsenter --net="/proc/$(docker inspect -f '{{.State.Pid}}' "$worker")/ns/net" -- "$@"
}

# ---- the tenant made again from the saved body is as good as new ----

put_container "$worker" "$worker_body" || bail_out "the worker does not start again"
is "$(red_checks)" "" "an unchanged worker stays green"

# ---- privileges ----

# Where the worker's own program could not write to its workspace or /tmp, and would end.
idle='.Entrypoint = ["sleep", "1000"] | .Cmd = []'

mutate_worker "an extra capability" '.HostConfig.CapAdd = ["NET_RAW"]' \
	cap.bounding config.privileged
mutate_worker "root with a capability" ".User = \"0:0\" | .HostConfig.CapAdd = [\"CHOWN\"] | $idle" \
	cap.effective cap.permitted uid.nonzero uid.expected
mutate_worker "privileged" '.HostConfig |= (.Privileged = true | .MaskedPaths = null | .ReadonlyPaths = null)' \
	cap.bounding config.privileged fs.masked fs.proc.readonly
mutate_worker "no seccomp" '.HostConfig.SecurityOpt = ["no-new-privileges", "seccomp=unconfined"]' \
	seccomp.mode
mutate_worker "another seccomp profile" '.HostConfig.SecurityOpt = ["no-new-privileges"]' \
	seccomp.filter
mutate_worker "new privileges" '.HostConfig.SecurityOpt -= ["no-new-privileges"]' \
	proc.no_new_privs
beta_uid=$(docker inspect -f '{{.Config.User}}' tc-beta)
mutate_worker "another tenant's user" ".User = \"$beta_uid\" | $idle" uid.expected
mutate_worker "a group of root's" '.HostConfig.GroupAdd = ["0"]' uid.nonzero uid.expected

# ---- namespaces ----

mutate_worker "the host's processes" '.HostConfig.PidMode = "host"' ns.pid config.namespaces
mutate_worker "the host's shared memory" '.HostConfig.IpcMode = "host"' ns.ipc
mutate_worker "the host's name" '.Hostname = "" | .HostConfig.UTSMode = "host"' ns.uts
mutate_worker "the host's cgroups" '.HostConfig.CgroupnsMode = "host"' ns.cgroup
mutate_worker "the host's network" \
	'.Hostname = "" | .HostConfig.NetworkMode = "host" | .HostConfig.Dns = [] | .NetworkingConfig = {}' \
	ns.net
mutate_worker "another tenant's processes" '.HostConfig.PidMode = "container:tc-beta"' ns.sibling
mutate_worker "the gateway's processes" ".HostConfig.PidMode = \"container:$gateway\"" ns.gateway

# ---- files ----

mutate_worker "a writable root" '.HostConfig.ReadonlyRootfs = false' fs.root.readonly
mutate_worker "the engine's socket" \
	".HostConfig.Mounts += [{Type: \"bind\", Source: \"$ENGINE_SOCKET\", Target: \"/run/docker.sock\"}]" \
	fs.mounts.declared fs.mounts.source fs.sockets
mutate_worker "a folder of the host" \
	'.HostConfig.Mounts += [{Type: "bind", Source: "/etc", Target: "/hostetc", ReadOnly: true}]' \
	fs.mounts.declared fs.mounts.source
mutate_worker "nothing masked" '.HostConfig.MaskedPaths = []' fs.masked config.masked
mutate_worker "no read-only paths" '.HostConfig.ReadonlyPaths = []' fs.proc.readonly config.masked
mutate_worker "an executable /tmp" \
	".HostConfig.Tmpfs[\"/tmp\"] = \"rw,exec,nosuid,nodev,size=16m\" | $idle" fs.mount.flags
mutate_worker "a device" \
	'.HostConfig.Devices = [{PathOnHost: "/dev/zero", PathInContainer: "/dev/z", CgroupPermissions: "rwm"}]' \
	fs.devices
mutate_worker "the engine's own resolv.conf" \
	'.HostConfig.Mounts |= map(select(.Target != "/etc/resolv.conf"))' config.drift.worker

# ---- limits ----

mutate_worker "no pids limit" '.HostConfig.PidsLimit = 0' limit.pids
mutate_worker "no memory limit" '.HostConfig.Memory = 0 | .HostConfig.MemorySwap = 0' \
	limit.memory limit.swap
mutate_worker "swap" '.HostConfig.MemorySwap = .HostConfig.Memory * 2' limit.swap
mutate_worker "no cpu limit" '.HostConfig.NanoCpus = 0' limit.cpu
mutate_worker "no ulimits" '.HostConfig.Ulimits = []' limit.nofile limit.core
mutate_worker "more shared memory" '.HostConfig.ShmSize = 67108864' limit.shm
mutate_worker "an endless /tmp" \
	".HostConfig.Tmpfs[\"/tmp\"] = \"rw,noexec,nosuid,nodev\" | $idle" \
	limit.tmp limit.tmpfs
mutate_worker "safe from the OOM killer" '.HostConfig.OomKillDisable = true' limit.oom
mutate_worker "endless logs" '.HostConfig.LogConfig.Config = {}' log.bounded

# ---- secrets ----

mutate_worker "a key in the environment" \
	'.Env += ["OPENAI_API_KEY=sk-proj-q8Zt4Lw7Vx2Rn9Bd5Kc3Hf6Jm1Pg0Ts8Yu4Ea7"]' \
	env.secrets inspect.secrets
mutate_worker "a key in a label" \
	'.Labels.note = "sk-proj-q8Zt4Lw7Vx2Rn9Bd5Kc3Hf6Jm1Pg0Ts8Yu4Ea7"' inspect.secrets

# ---- configuration ----

mutate_worker "endless restarts" '.HostConfig.RestartPolicy = {Name: "always"}' config.restart
mutate_worker "a published port" \
	'.HostConfig.PortBindings = {"8080/tcp": [{HostIp: "127.0.0.1", HostPort: "18099"}]}' \
	config.ports
mutate_worker "a name of the host's" '.HostConfig.ExtraHosts = ["host:192.0.2.1"]' config.hosts
mutate_worker "another creation's label" '.Labels["dev.tenantctl.nonce"] = "0"' config.labels
other_image=$(docker commit "$worker" | grep -o 'sha256:[0-9a-f]*')
mutate_worker "another image" ".Image = \"$other_image\"" config.image

# ---- network ----

put_container "$worker" "$worker_body" && docker network connect bridge "$worker"
expect_red "a second network" net.interface net.route net.host.tcp
put_container "$worker" "$worker_body" && docker network connect tc-beta "$worker"
expect_red "another tenant's network" net.interface net.sibling.tcp net.sibling.udp net.sibling.dns
put_container "$worker" "$worker_body" && in_worker_net ip address add 169.254.169.254/32 dev lo &&
	in_worker_net ip address add 1.1.1.1/32 dev lo
expect_red "addresses of the internet that answer" net.metadata net.internet.tcp net.internet.udp
put_container "$worker" "$worker_body" && in_worker_net sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0
expect_red "IPv6" net.ipv6
put_container "$worker" "$worker_body" &&
	docker run -d --name stranger --network "$worker" --entrypoint sleep tenantctl-demo-worker:1 60 >/dev/null
expect_red "a stranger on the network" config.network.members
docker rm -f stranger >/dev/null 2>&1

remake_network() { # FILTER
	api DELETE "/containers/$worker?force=1" >/dev/null 2>&1
	docker network disconnect -f "$worker" "$gateway"
	docker network rm "$worker" >/dev/null &&
		api POST /networks/create "$(jq -c "$1" <<<"$network_body")" >/dev/null &&
		put_container "$gateway" "$gateway_body" && put_container "$worker" "$worker_body"
}
remake_network 'del(.Options["com.docker.network.bridge.inhibit_ipv4"],
	.Options["com.docker.network.bridge.gateway_mode_ipv4"])'
expect_red "a plain internal network" net.bridge.address net.host.tcp net.host.udp config.network
remake_network '.Internal = false | del(.Options["com.docker.network.bridge.inhibit_ipv4"],
	.Options["com.docker.network.bridge.gateway_mode_ipv4"])'
expect_red "a network with a way out" net.route net.bridge.address config.network
remake_network . || bail_out "the network does not come back"

# ---- gateway ----

mutate_gateway "gateway: root with a capability" '.User = "0:0" | .HostConfig.CapAdd = ["NET_RAW"]' \
	gateway.caps gateway.uid
mutate_gateway "gateway: new privileges" '.HostConfig.SecurityOpt = ["seccomp=unconfined"]' \
	gateway.no_new_privs
mutate_gateway "gateway: no seccomp" \
	'.HostConfig.SecurityOpt = ["no-new-privileges", "seccomp=unconfined"]' gateway.seccomp
mutate_gateway "gateway: a writable root" '.HostConfig.ReadonlyRootfs = false' \
	gateway.readonly config.drift.gateway
mutate_gateway "gateway: a router" '.HostConfig.Sysctls["net.ipv4.ip_forward"] = "1"' gateway.ip_forward
mutate_gateway "gateway: published to everyone" \
	'.HostConfig.PortBindings |= map_values(map(.HostIp = "0.0.0.0"))' gateway.listen
mutate_gateway "gateway: no limits" \
	'.HostConfig.Memory = 0 | .HostConfig.MemorySwap = 0 | .HostConfig.PidsLimit = 0' limit.gateway

put_container "$worker" "$worker_body"
nsenter --net="/proc/$(docker inspect -f '{{.State.Pid}}' "$gateway")/ns/net" -- \
	timeout 60 python3 -c 'import socket, time
s = socket.create_server(("", 9999))
time.sleep(60)' &
listener=$!
sleep 0.5
expect_red "gateway: another port" net.gateway.ports
kill "$listener"
put_container "$worker" "$worker_body" && docker stop -t 1 "$gateway" >/dev/null
expect_red "a dead gateway" config.running net.gateway.control
put_container "$gateway" "$gateway_body" && sleep 1.1
put_container "$worker" "$worker_body" && docker stop -t 1 "$worker" >/dev/null
expect_red "a stopped worker" config.running

# A resolver that knows every name: the boundary's own file was rewritten.
put_container "$worker" "$worker_body"
dns=$root/var/lib/tenantctl/tenants/acme/gateway/dnsmasq.conf
cp "$dns" "$E2E_TMP/dnsmasq.conf"
sed -i 's,^local=/#/,address=/#/192.0.2.7,' "$dns"
docker restart -t 1 "$gateway" >/dev/null
expect_red "a resolver that knows every name" net.dns.gateway
cp "$E2E_TMP/dnsmasq.conf" "$dns"
docker restart -t 1 "$gateway" >/dev/null

# ---- the host's own records ----

allocation=$root/var/lib/tenantctl/tenants/beta/allocation.json
cp "$allocation" "$E2E_TMP/allocation.json"
uid=$(jq .worker_uid "$root/var/lib/tenantctl/tenants/acme/allocation.json")
jq ".worker_uid = $uid" "$E2E_TMP/allocation.json" >"$allocation"
expect_red "one user for two tenants" uid.unique
jq --slurpfile a "$root/var/lib/tenantctl/tenants/acme/allocation.json" '.subnet = $a[0].subnet' \
	"$E2E_TMP/allocation.json" >"$allocation"
expect_red "one network for two tenants" net.subnet.unique
cp "$E2E_TMP/allocation.json" "$allocation"

workspace=$root/srv/tenants/acme/workspace
umount -l "$workspace"
expect_red "a workspace that is not its own file system" fs.workspace.quota

put_container "$worker" "$worker_body" >/dev/null 2>&1
diag "mutation score: $killed of $mutants killed; ${#reddened[@]} checks were turned red"
diag "never turned red here: $("$TENANTCTL" verify --list 2>/dev/null | awk '{print $1}' |
	while read -r id; do [ -n "${reddened[$id]:-}" ] || printf '%s ' "$id"; done)"
is "$killed" "$mutants" "every mutant was killed"
docker rmi -f "$other_image" >/dev/null 2>&1
done_testing
