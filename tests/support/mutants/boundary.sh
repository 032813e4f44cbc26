# The tenant's network and gateway, the host's records and the engine. Sourced by 50-mutants.sh.
# shellcheck shell=bash disable=SC2016,SC2046,SC2154

# ---- network ----

# Reachable from the second network: a port of another tenant's on an address of the host's, and a
# resolver that knows every name.
docker0=$(docker network inspect -f '{{(index .IPAM.Config 0).Gateway}}' bridge)
nsenter --net="$ENGINE_NETNS" -- dnsmasq --keep-in-foreground -C /dev/null --no-resolv --no-hosts --user=root \
	--pid-file= --bind-interfaces --except-interface=lo --listen-address="$docker0" \
	--address=/#/192.0.2.7 >"$E2E_TMP/dnsmasq.log" 2>&1 &
resolver=$!
at_exit 'kill "$resolver" 2>/dev/null'

put_worker && docker network connect bridge "$worker"
expect_red "a second network" config.drift.worker net.interface net.route net.host.tcp net.host.udp net.published
# The older engine asks nobody from an internal network, whatever else the worker is connected to.
if [ "$ENGINE_KIND" != 20 ]; then
	put_container "$worker" "$(jq -c ".HostConfig.Dns = [\"$docker0\"]" <<<"$worker_body")" &&
		docker network connect bridge "$worker"
	expect_red "a resolver outside" config.drift.worker net.dns.embedded net.interface net.route \
		net.host.tcp net.host.udp net.published net.sibling.dns
fi
kill "$resolver"
put_worker && docker network connect tc-beta "$worker"
expect_red "another tenant's network" config.drift.worker net.interface net.route net.sibling.tcp net.sibling.udp net.sibling.dns
put_worker && in_net_of "$worker" ip address add 169.254.169.254/32 dev lo &&
	in_net_of "$worker" ip address add 1.1.1.1/32 dev lo
expect_red "addresses of the internet that answer" net.metadata net.internet.tcp net.internet.udp
put_worker && in_net_of "$worker" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0
expect_red "IPv6" net.ipv6 net.interface
put_worker &&
	docker run -d --name stranger --network "$worker" --entrypoint sleep tenantctl-demo-worker:1 60 >/dev/null
expect_red "a stranger on the network" config.network.members
docker rm -f stranger >/dev/null 2>&1

remake_network() { # FILTER
	api DELETE "/containers/$worker?force=1" >/dev/null 2>&1
	docker network disconnect -f "$worker" "$gateway"
	docker network rm "$worker" >/dev/null &&
		api POST /networks/create "$(jq -c "$1" <<<"$network_body")" >/dev/null &&
		put_container "$gateway" "$gateway_body" && put_worker
}
remake_network 'del(.Options["com.docker.network.bridge.inhibit_ipv4"],
	.Options["com.docker.network.bridge.gateway_mode_ipv4"])'
expect_red "a plain internal network" net.bridge.address net.host.tcp net.host.udp net.published \
	config.network $(on 20 net.route)
remake_network '.Internal = false | del(.Options["com.docker.network.bridge.inhibit_ipv4"],
	.Options["com.docker.network.bridge.gateway_mode_ipv4"])'
expect_red "a network with a way out" net.route net.bridge.address net.host.tcp net.host.udp \
	net.published config.network
remake_network . || bail_out "the network does not come back"

beta_body=$(body_of tc-beta-gw)
remake_egress() { # FILTER
	docker network disconnect -f tenantctl-egress "$gateway" &&
		docker network disconnect -f tenantctl-egress tc-beta-gw &&
		docker network rm tenantctl-egress >/dev/null &&
		api POST /networks/create "$(jq -c "$1" <<<"$egress_body")" >/dev/null &&
		connect_as "$gateway_body" tenantctl-egress "$gateway" &&
		connect_as "$beta_body" tenantctl-egress tc-beta-gw
}
remake_egress '.Options["com.docker.network.bridge.enable_icc"] = "true"'
expect_red "gateways that reach each other" config.egress
remake_egress . || bail_out "the gateways' network does not come back"

# ---- gateway ----

mutate_gateway "gateway: root with a capability" '.User = "0:0" | .HostConfig.CapAdd = ["NET_RAW"]' \
	gateway.caps gateway.uid config.privileged net.gateway.control
mutate_gateway "gateway: new privileges" '.HostConfig.SecurityOpt = ["seccomp=unconfined"]' \
	gateway.no_new_privs gateway.seccomp config.privileged
mutate_gateway "gateway: no seccomp" \
	'.HostConfig.SecurityOpt = ["no-new-privileges", "seccomp=unconfined"]' \
	gateway.seccomp config.privileged
mutate_gateway "gateway: a writable root" '.HostConfig.ReadonlyRootfs = false' gateway.readonly
mutate_gateway "gateway: a router" '.HostConfig.Sysctls["net.ipv4.ip_forward"] = "1"' gateway.ip_forward
mutate_gateway "gateway: published to everyone" \
	'.HostConfig.PortBindings |= map_values(map(.HostIp = "0.0.0.0"))' gateway.listen
mutate_gateway "gateway: no limits" \
	'.HostConfig.Memory = 0 | .HostConfig.MemorySwap = 0 | .HostConfig.PidsLimit = 0' limit.gateway

put_worker
nsenter --net="/proc/$(pid_of "$gateway")/ns/net" -- timeout 60 python3 -c 'import socket, time
s = socket.create_server(("", 9999))
time.sleep(60)' &
listener=$!
eventually 5 in_net_of "$gateway" bash -c 'exec 3<>/dev/tcp/127.0.0.1/9999'
expect_red "gateway: another port" net.gateway.ports
kill "$listener"
put_worker && docker stop -t 1 "$gateway" >/dev/null
expect_red "a dead gateway" config.network.members config.running net.gateway.control
put_container "$gateway" "$gateway_body" && sleep 1.1
put_worker && docker stop -t 1 "$worker" >/dev/null
expect_red "a stopped worker" config.network.members config.running

# A resolver that knows every name: the boundary's own file was rewritten.
put_worker
dns=$mutants_root/var/lib/tenantctl/tenants/acme/gateway/dnsmasq.conf
cp "$dns" "$E2E_TMP/dnsmasq.conf"
sed -i 's,^local=/#/,address=/#/192.0.2.7,' "$dns"
docker restart -t 1 "$gateway" >/dev/null
expect_red "a resolver that knows every name" net.dns.embedded net.dns.gateway net.sibling.dns
cp "$E2E_TMP/dnsmasq.conf" "$dns"
docker restart -t 1 "$gateway" >/dev/null

# ---- the host's own records ----

tenants=$mutants_root/var/lib/tenantctl/tenants
allocation=$tenants/beta/allocation.json
cp "$allocation" "$E2E_TMP/allocation.json"
jq ".worker_uid = $(jq .worker_uid "$tenants/acme/allocation.json")" "$E2E_TMP/allocation.json" >"$allocation"
expect_red "one user for two tenants" uid.unique
jq --slurpfile a "$tenants/acme/allocation.json" '.subnet = $a[0].subnet' \
	"$E2E_TMP/allocation.json" >"$allocation"
expect_red "one network for two tenants" net.subnet.unique
cp "$E2E_TMP/allocation.json" "$allocation"

# ---- the engine ----

lie "an engine that tells the truth" .
lie "an engine without seccomp" '.SecurityOptions |= map(select(contains("name=seccomp") | not))' \
	host.seccomp
for limit in MemoryLimit SwapLimit PidsLimit CpuCfsQuota; do
	lie "an engine without $limit" ".$limit = false" host.limits
done
# What the kernel says of the worker on a host with such a module, had the engine not applied it.
if grep -qE 'apparmor|selinux' /sys/kernel/security/lsm 2>/dev/null; then
	mutate_worker "no profile of the security module" \
		'.HostConfig.SecurityOpt += ["apparmor=unconfined", "label=disable"]' proc.lsm config.privileged
else
	lie "a security module that leaves the worker alone" '.SecurityOptions += ["name=apparmor"]' proc.lsm
fi

umount -l "$mutants_root/srv/tenants/acme/workspace"
expect_red "a workspace that is not its own file system" fs.workspace.quota
