/* Checks of what is around the worker: its network, its gateway, the engine's objects, the host. */
#include "explain_tables.h"

#include "base/compiler.h"

/* clang-format off */
static const struct explanation table[] = {
	{ "net.interface",
	  "Lists interfaces by netlink inside the worker's network namespace and finds the bridge of "
	  "each on the host.",
	  "A second interface is a second network: another tenant's, the host's or the internet." },
	{ "net.route",
	  "Lists all routes by netlink inside the worker's network namespace.",
	  "Without a route no packet leaves the tenant's own network, whatever firewall rules say or "
	  "forget. That is why the boundary does not depend on iptables." },
	{ "net.ipv6",
	  "Reads disable_ipv6 and all addresses inside the worker's network namespace.",
	  "Rules are usually written for IPv4. A host that routes IPv6 gives the worker a second way "
	  "out, and link-local addresses reach the host." },
	{ "net.bridge.address",
	  "Lists the addresses of the tenant's bridge by netlink on the host.",
	  "The bridge's address is the host itself: everything that listens on all addresses answers "
	  "there, SSH and databases included, even on an internal network." },
	{ "net.bridge.broadcast",
	  "Reads rp_filter of the tenant's bridge and of all interfaces on the host; the larger one is "
	  "in force.",
	  "The bridge has no address, and yet the kernel hands datagrams to 255.255.255.255 and "
	  "224.0.0.1 that come in there to every service that listens on all addresses. With "
	  "rp_filter they are dropped, as no route leads back to the sender. tenantctl sets it "
	  "before a worker starts." },
	{ "net.subnet.unique",
	  "Compares the subnet and bridge allocated to the tenant with those of all others.",
	  "Two tenants on one subnet or bridge are neighbours without a router between them." },
	{ "net.host.tcp",
	  "Connects from the worker's network namespace to every address of the host, on the ports "
	  "that the host listens on and some others. Even a refusal counts as reached.",
	  "Services of the host trust local callers: databases, metrics, the engine itself." },
	{ "net.host.udp",
	  "Sends datagrams from the worker's network namespace to every address of the host, on the "
	  "ports that the host listens on and some others.",
	  "Resolvers, NTP, SNMP and VPN daemons of the host listen on UDP, and a resolver carries "
	  "data out." },
	{ "net.sibling.tcp",
	  "Connects from the worker's network namespace to worker and gateway of every other running "
	  "tenant, on both sides of the gateway. Each target is shown to answer from its own side.",
	  "This is the border between clients. One connection is enough to steer the other agent or "
	  "to read what it serves." },
	{ "net.sibling.udp",
	  "Sends datagrams from the worker's network namespace to worker and gateway of every other "
	  "running tenant. Each target is shown to answer from its own side.",
	  "This is the border between clients. A resolver of another tenant's gateway would answer "
	  "which services that client uses." },
	{ "net.sibling.dns",
	  "Asks the own gateway and the engine's resolver, from the worker's network namespace, for "
	  "the names of every other tenant's worker and gateway. The quick verification asks the "
	  "engine's resolver for the names of a few.",
	  "Names tell who else is a client here, and are the first step to reach them." },
	{ "net.published",
	  "Connects from the worker's network namespace to the published port of every other tenant, "
	  "on every address of the host.",
	  "A published port is a way around the internal network: from the tenant to the host and "
	  "from there into the neighbour." },
	{ "net.metadata",
	  "Tries the metadata addresses of cloud providers, over HTTP and DNS, from the worker's network "
	  "namespace.",
	  "Metadata services hand the machine's own credentials to whoever asks from it: with them an "
	  "injected agent owns the cloud account." },
	{ "net.internet.tcp",
	  "Connects from the worker's network namespace directly to public addresses, on the ports of "
	  "SSH, mail, DNS and the web.",
	  "The list of allowed names holds only when there is no way past the gateway. A direct "
	  "connection sends data anywhere." },
	{ "net.internet.udp",
	  "Sends datagrams from the worker's network namespace directly to public addresses, on the "
	  "ports of DNS, NTP and QUIC.",
	  "DNS and QUIC go over UDP; either carries data out past every rule about names." },
	{ "net.dns.embedded",
	  "Asks the engine's resolver at 127.0.0.11, from the worker's network namespace, for a name "
	  "that is not allowed, beside one that must work.",
	  "Some engines forward what they don't know to the host's resolver. Every lookup is then a "
	  "message to the owner of the domain, which is how data leaves by DNS." },
	{ "net.dns.gateway",
	  "Asks the own gateway, from the worker's network namespace, for allowed and for other names; "
	  "the quick verification over UDP only.",
	  "The gateway has no upstream resolver: an undeclared name must end there, and an allowed "
	  "one must lead to the gateway and nowhere else." },
	{ "net.gateway.control",
	  "Connects from the worker's network namespace to every declared port of the own gateway.",
	  "This is the control of all attempts that must fail: a probe that can't reach what it "
	  "should reach has not shown that anything is closed." },
	{ "net.gateway.ports",
	  "Connects from the worker's network namespace to ports of the own gateway that are not "
	  "declared; each must refuse.",
	  "An extra port on the gateway is a service beside the keys that nobody reviewed." },
	{ "route.control",
	  "Asks the own gateway, from the worker's network namespace, for a credential route that is "
	  "not declared; it must be refused with that very reason.",
	  "This is the control of the other attempts at routes: refusals of a gateway that refuses "
	  "everything, or that does not answer, show nothing." },
	{ "route.refused",
	  "Sends requests to the own gateway that a proxy may misread: TRACE, dot segments, hop-by-hop "
	  "lists, upgrades, odd headers and framing. Each must be refused for its own reason. The quick "
	  "verification sends one for each rule.",
	  "What gateway and upstream read differently slips past the rules of a route, with the "
	  "tenant's key attached." },
	{ "route.target",
	  "Asks the own gateway for tunnels, absolute targets and other hosts; the quick verification "
	  "for one of each.",
	  "A route that leads where the worker says sends the tenant's key there." },
	{ "route.peer",
	  "Connects from the worker's network namespace to the credential routes of every other running "
	  "tenant. Each is shown to answer from its own side.",
	  "Who reaches another tenant's routes uses that client's keys without ever seeing them." },
	{ "gateway.admin",
	  "Lists what listens in the gateway, from /proc/PID/net of its process.",
	  "An administration socket or a statistics page changes rules and shows keys, past everything "
	  "that was reviewed." },
	{ "gateway.peers",
	  "Opens connections from the gateway's own network namespace to a few other gateways on the network "
	  "that all share; each of them answered the host just before.",
	  "Only firewall rules of the engine keep the gateways apart there. A firewall that is reloaded "
	  "or flushed takes them away without a word: then one gateway that was taken over reaches the "
	  "ports of all others, and what they refuse is up to their own rules alone." },
	{ "gateway.files",
	  "Compares the files on the gateway's tmpfs, by SHA-256, with what the manifest orders.",
	  "Its configuration is the list of what the worker may reach. A changed file is another list." },
	{ "gateway.generation",
	  "Compares the configuration that the gateway's running processes were started with, from their "
	  "environment and status, with the ordered one.",
	  "A gateway that did not take a change goes on allowing what was revoked, with files that look "
	  "right." },
	{ "gateway.keys.private",
	  "Reads owners and permissions of the folders and files that hold keys, and looks for their file "
	  "system in the mounts of the worker.",
	  "The tenant's keys are worth more than its worker. Whoever can read the file has them for good." },
	{ "gateway.caps",
	  "Reads all five capability sets of every process of the gateway from /proc/PID/status.",
	  "The gateway parses what the tenant and the internet send. When that breaks it, nothing "
	  "must come with it." },
	{ "gateway.no_new_privs",
	  "Reads NoNewPrivs of every process and thread of the gateway.",
	  "A broken proxy must not become more by running a setuid file." },
	{ "gateway.seccomp",
	  "Reads Seccomp and Seccomp_filters of every process of the gateway from /proc/PID/status.",
	  "Without a filter a broken proxy may try every system call of the kernel, beside the keys." },
	{ "gateway.uid",
	  "Reads Uid, Gid and Groups of every process of the gateway against the id allocated to it.",
	  "The gateway's own user keeps its files and keys from the worker and from other tenants' "
	  "gateways when a namespace fails." },
	{ "gateway.ip_forward",
	  "Reads net.ipv4.ip_forward in the gateway's network namespace.",
	  "The gateway stands on two networks. One that forwards packets is a router, and the worker "
	  "gets out around the proxy and its list of names." },
	{ "gateway.readonly",
	  "Reads root, mounts and binds of the gateway from the engine's inspect reply.",
	  "A proxy that can write its own configuration or programs can be made to allow everything, "
	  "for good." },
	{ "gateway.listen",
	  "Reads the published ports of the gateway from the engine's inspect reply, against the "
	  "manifest.",
	  "A port on 0.0.0.0 instead of loopback puts the worker on the internet, past the firewall "
	  "of most hosts: the engine's rules come first." },
	{ "config.running",
	  "Reads the state of worker and gateway from the engine.",
	  "Of what does not run, nothing can be measured. A stopped tenant is safe, but not proved." },
	{ "config.drift.worker",
	  "Compares every field of the worker in the engine's inspect reply with what the manifest "
	  "orders.",
	  "Somebody changed the worker by hand, or the manifest was edited and not applied. What was "
	  "reviewed is not what runs." },
	{ "config.drift.gateway",
	  "Compares every field of the gateway in the engine's inspect reply with what the manifest "
	  "orders, the host's own addresses included.",
	  "A gateway of an older configuration allows what was revoked, and does not refuse addresses "
	  "that the host got since." },
	{ "config.privileged",
	  "Looks for privileged mode, added capabilities and groups, and unconfined profiles in the "
	  "engine's inspect reply.",
	  "Each of them switches the boundary off as a whole; a privileged container is the host." },
	{ "config.namespaces",
	  "Reads the modes of all namespaces of worker and gateway from the engine's inspect reply.",
	  "host or container:ID joins somebody else's namespace; the next start would do it even if "
	  "the live process looks right." },
	{ "config.masked",
	  "Looks that MaskedPaths and ReadonlyPaths of worker and gateway are not empty.",
	  "Options such as systempaths=unconfined unmask the whole of /proc at the next start." },
	{ "config.ports",
	  "Reads the published ports of the worker from the engine's inspect reply.",
	  "A port published by the worker itself goes around its gateway: nothing filters or logs it." },
	{ "config.image",
	  "Compares the image ids of worker and gateway with the recorded ones.",
	  "A tag can be moved to another image. What runs must be what was looked at." },
	{ "config.runtime",
	  "Compares the runtime of worker and gateway with that of the tenant's tier.",
	  "A weaker runtime than ordered (runc instead of a sandbox) shares more of the kernel than the "
	  "tenant was promised, and nothing else tells." },
	{ "config.restart",
	  "Reads the worker's restart policy from the engine.",
	  "With always, a worker that was stopped because it did not verify runs again after the next "
	  "restart of the engine." },
	{ "config.labels",
	  "Compares the labels of worker and gateway with those of this creation.",
	  "An object with the right name but another origin was put there by somebody else." },
	{ "config.hosts",
	  "Reads added host names and links of the worker from the engine's inspect reply.",
	  "host-gateway or a link gives the worker a name, and often an address, of the host or of "
	  "another container." },
	{ "config.network",
	  "Compares driver, options and subnet of the tenant's network with what was ordered.",
	  "A network that is not internal, or whose bridge has an address, leads to the host and the "
	  "internet." },
	{ "config.network.members",
	  "Lists the members of the tenant's network.",
	  "A third container on it talks to the worker directly, and may be another tenant's way in." },
	{ "config.egress",
	  "Compares options and subnet of the network that all gateways use to get out with what was "
	  "ordered.",
	  "It is the one network that tenants' gateways share. With traffic between them, a broken "
	  "gateway reaches the keys of all others." },
	{ "host.seccomp",
	  "Asks the engine for its security options.",
	  "An engine or kernel without seccomp runs every container without a filter, and says nothing "
	  "at create." },
	{ "host.limits",
	  "Asks the engine which limits the kernel lets it enforce.",
	  "Limits whose controller is missing are dropped with a warning that nobody sees." },
};
/* clang-format on */

const struct explanation *explain_network_all(size_t *out_count)
{
	*out_count = ARRAY_SIZE(table);
	return table;
}
