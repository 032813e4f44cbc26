# The tenant's network, the host's records and the engine. Sourced by 50-mutants.sh.
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
expect_red "another tenant's network" config.drift.worker net.interface net.route net.sibling.tcp \
	net.sibling.udp net.sibling.dns route.peer
put_worker && in_net_of "$worker" ip address add 169.254.169.254/32 dev lo &&
	in_net_of "$worker" ip address add 1.1.1.1/32 dev lo
expect_red "addresses of the internet that answer" net.metadata net.internet.tcp net.internet.udp
put_worker && in_net_of "$worker" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0
expect_red "IPv6" net.ipv6 net.interface
put_worker &&
	docker run -d --name stranger --network "$worker" --entrypoint sleep tenantctl-demo-worker:1 60 >/dev/null
expect_red "a stranger on the network" config.network.members
docker rm -f stranger >/dev/null 2>&1

filter_on_bridge() { # VALUE
	nsenter --net="$ENGINE_NETNS" -- sysctl -qw net.ipv4.conf.all.rp_filter=0 \
		"net.ipv4.conf.$(jq -r .bridge "$tenants/acme/allocation.json").rp_filter=$1"
}
put_worker && filter_on_bridge 0
expect_red "broadcasts that the host hears" net.bridge.broadcast
expect_twin_red "broadcasts that the host hears" twin.net.reach

# Made without tenantctl, which sets the filter when it starts a worker.
remake_network() { # FILTER
	api DELETE "/containers/$worker?force=1" >/dev/null 2>&1
	docker network disconnect -f "$worker" "$gateway"
	docker network rm "$worker" >/dev/null &&
		api POST /networks/create "$(jq -c "$1" <<<"$network_body")" >/dev/null &&
		put_container "$gateway" "$gateway_body" && filter_on_bridge 1 && put_worker
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
expect_red "gateways that reach each other" config.egress gateway.peers
remake_egress . || bail_out "the gateways' network does not come back"
engine_exec_in_net iptables-save >"$E2E_TMP/firewall" && engine_exec_in_net iptables -F
expect_red "a firewall that was flushed" gateway.peers
engine_exec_in_net iptables-restore <"$E2E_TMP/firewall" || bail_out "the firewall does not come back"

# ---- the host's own records ----

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

# The probe's image is loaded by the first of these, past the proxy.
ok "a twin as ordered is as the worker" tenantctl verify acme --only twin.fidelity
make_otherwise "a twin with fewer processes" '.HostConfig.PidsLimit = 7'
make_otherwise "a twin without the worker's filter" '.HostConfig.SecurityOpt = ["no-new-privileges"]'
make_otherwise "a twin of another user" '.User = "65534:65534"'

umount -l "$mutants_root/srv/tenants/acme/workspace"
expect_red "a workspace that is not its own file system" fs.workspace.quota
