/* Ways out of the network that are not the gateway, and lookups that must not be answered. */
#include "attack.h"
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UNDECLARED "twin.undeclared.example"

/* ---- lookups ------------------------------------------------------------------------------- */

/* Whatever is no record is fine: NXDOMAIN, refusals, silence. */
static void ask(struct attempt *a, const char *server, const struct dns_question *questions,
		size_t count)
{
	struct dns_reply replies[QUESTIONS_MAX];

	if (count == 0 || !server) {
		a->outcome = OUTCOME_NONE;
		return;
	}
	a->outcome = OUTCOME_BLOCKED;
	dns_ask(server, questions, count, replies);
	for (size_t i = 0; i < count; i++) {
		a->error = replies[i].came ? 0 : replies[i].error;
		if (!replies[i].answers)
			continue;
		a->outcome = OUTCOME_OPEN;
		say(a, "%s type %d of %s ", questions[i].name, questions[i].type, server);
	}
	if (a->outcome == OUTCOME_BLOCKED)
		say(a, "%s", dns_reply_text(&replies[0]));
}

/* Types that tunnels use, names of hosts' own zones, and what the host told. Returns how many. */
static size_t questions_of(const struct setting *given, bool tcp, struct dns_question *out)
{
	static const struct dns_question fixed[] = {
		{ UNDECLARED, DNS_A, false },
		{ UNDECLARED, DNS_AAAA, false },
		{ UNDECLARED, DNS_TXT, false },
		{ UNDECLARED, DNS_NULL, false },
		{ UNDECLARED, DNS_MX, false },
		{ UNDECLARED, DNS_CNAME, false },
		{ UNDECLARED, DNS_SRV, false },
		{ UNDECLARED, DNS_HTTPS, false },
		{ UNDECLARED, DNS_ANY, false },
		{ "a2b4c6d8e0f2a4b6c8d0e2f4a6b8c0d2e4f6a8b0c2d4e6f8." UNDECLARED, DNS_A, false },
		{ "8.8.8.8.in-addr.arpa", DNS_PTR, false },
		{ "host.docker.internal", DNS_A, false },
		{ "metadata.google.internal", DNS_A, false },
	};
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		out[count++] = fixed[i];
	for (size_t i = 0; i < given->name_count && count < QUESTIONS_MAX; i++)
		out[count++] = (struct dns_question){ given->names[i], DNS_A, false };
	for (size_t i = 0; i < count; i++)
		out[i].tcp = tcp;
	return count;
}

void attack_dns_udp(struct attempt *a)
{
	struct dns_question q[QUESTIONS_MAX];

	ask(a, a->given->gateway, q, questions_of(a->given, false, q));
}

void attack_dns_tcp(struct attempt *a)
{
	struct dns_question q[QUESTIONS_MAX];

	ask(a, a->given->gateway, q, questions_of(a->given, true, q));
}

void attack_dns_engine(struct attempt *a)
{
	struct dns_question q[QUESTIONS_MAX];

	ask(a, "127.0.0.11", q, questions_of(a->given, false, q));
}

/* Whoever answers was reached, whatever the answer. */
void attack_dns_public(struct attempt *a)
{
	static const char *const servers[] = { "8.8.8.8", "1.1.1.1", "9.9.9.9", "127.0.0.53",
					       "127.0.0.1" };
	static const struct dns_question q = { "example.com", DNS_A, false };

	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(servers); i++) {
		struct dns_reply reply;

		dns_ask(servers[i], &q, 1, &reply);
		a->error = reply.error;
		if (!reply.came)
			continue;
		a->outcome = OUTCOME_OPEN;
		say(a, "%s: %s ", servers[i], dns_reply_text(&reply));
	}
}

/* ---- connections --------------------------------------------------------------------------- */

/* ECONNREFUSED is an answer of whoever is there: only a packet that came back says so. */
static void judge_targets(struct attempt *a, struct target *targets, size_t count,
			  const char *interface)
{
	a->outcome = count ? OUTCOME_BLOCKED : OUTCOME_NONE;
	connect_all(targets, count, interface);
	for (size_t i = 0; i < count; i++) {
		a->error = targets[i].error;
		if (!targets[i].connected && targets[i].error != ECONNREFUSED)
			continue;
		a->outcome = OUTCOME_OPEN;
		say(a, "%s:%u %s ", targets[i].address, targets[i].port,
		    targets[i].connected ? "connected" : "refused");
	}
}

static void add(struct target *targets, size_t *count, const char *address, uint16_t port)
{
	if (*count < TARGETS_MAX && port)
		targets[(*count)++] = (struct target){ .address = address, .port = port };
}

static void add_list(struct target *targets, size_t *count, const char *const *addresses,
		     size_t address_count, const uint16_t *ports, size_t port_count)
{
	for (size_t i = 0; i < address_count; i++)
		for (size_t p = 0; p < port_count; p++)
			add(targets, count, addresses[i], ports[p]);
}

void attack_reach_public(struct attempt *a)
{
	static const char *const addresses[] = { "1.1.1.1", "8.8.8.8", "93.184.215.14" };
	static const uint16_t ports[] = { 22, 25, 53, 80, 123, 443, 853, 8080, 9001 };
	struct target t[TARGETS_MAX];
	size_t count = 0;

	add_list(t, &count, addresses, ARRAY_SIZE(addresses), ports, ARRAY_SIZE(ports));
	judge_targets(a, t, count, NULL);
}

void attack_reach_metadata(struct attempt *a)
{
	static const char *const addresses[] = { "169.254.169.254", "169.254.170.2",
						 "100.100.100.200", "100.96.0.96",
						 "168.63.129.16",   "fd00:ec2::254" };
	static const uint16_t ports[] = { 80, 32526 };
	struct target t[TARGETS_MAX];
	size_t count = 0;

	add_list(t, &count, addresses, ARRAY_SIZE(addresses), ports, ARRAY_SIZE(ports));
	judge_targets(a, t, count, NULL);
}

/* Where the host is on a plain network: one before the gateway. */
void attack_reach_first(struct attempt *a)
{
	static const uint16_t ports[] = { 22, 53, 80, 443, 2375, 8080 };
	struct target t[TARGETS_MAX];
	char first[INET_ADDRSTRLEN];
	const char *address = first;
	struct in_addr ip;
	size_t count = 0;

	if (!a->given->gateway || inet_pton(AF_INET, a->given->gateway, &ip) != 1) {
		a->outcome = OUTCOME_NONE;
		return;
	}
	ip.s_addr = htonl(ntohl(ip.s_addr) - 1);
	inet_ntop(AF_INET, &ip, first, sizeof(first));
	add_list(t, &count, &address, 1, ports, ARRAY_SIZE(ports));
	add(t, &count, address, a->given->port);
	judge_targets(a, t, count, NULL);
}

void attack_reach_host(struct attempt *a)
{
	const uint16_t ports[] = { a->given->port, 22, 53, 80 };
	struct target t[TARGETS_MAX];
	size_t count = 0;

	add_list(t, &count, a->given->hosts, a->given->host_count, ports, ARRAY_SIZE(ports));
	judge_targets(a, t, count, NULL);
}

void attack_reach_peers(struct attempt *a)
{
	static const uint16_t ports[] = { 53, 80, 443, 8080 };
	struct target t[TARGETS_MAX];
	size_t count = 0;

	add_list(t, &count, a->given->peers, a->given->peer_count, ports, ARRAY_SIZE(ports));
	judge_targets(a, t, count, NULL);
}

/* A socket bound to an interface takes whatever has no route for a neighbour (ip_route_output_key),
 * and asks for its hardware address: the host answers for all of its own, unless told otherwise. */
void attack_reach_interface(struct attempt *a)
{
	const uint16_t ports[] = { a->given->port, 22, 53, 80 };
	static const char *const addresses[] = { "1.1.1.1", "169.254.169.254", "127.0.0.1" };
	static const uint16_t port[] = { 80 };
	struct target t[TARGETS_MAX];
	size_t count = 0;

	add_list(t, &count, addresses, ARRAY_SIZE(addresses), port, 1);
	add_list(t, &count, a->given->hosts, a->given->host_count, ports, ARRAY_SIZE(ports));
	judge_targets(a, t, count, "eth0");
}

/* All nodes on the link, the host's likely address there, and the rest of the world. */
void attack_reach_ipv6(struct attempt *a)
{
	static const char *const addresses[] = { "2606:4700:4700::1111", "2001:4860:4860::8888",
						 "64:ff9b::101:101" };
	static const uint16_t ports[] = { 53, 443 };
	struct sockaddr_in6 all = { .sin6_family = AF_INET6, .sin6_port = htons(5353) };
	struct target t[TARGETS_MAX];
	size_t count = 0;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	add_list(t, &count, addresses, ARRAY_SIZE(addresses), ports, ARRAY_SIZE(ports));
	judge_targets(a, t, count, NULL);
	if (fd < 0)
		return;
	all.sin6_scope_id = if_nametoindex("eth0");
	inet_pton(AF_INET6, "ff02::1", &all.sin6_addr);
	if (sendto(fd, "twin", 4, 0, (struct sockaddr *)&all, sizeof(all)) == 4) {
		a->outcome = OUTCOME_OPEN;
		say(a, "sent to all nodes");
	}
	close(fd);
}

/* A packet with another tenant's address on it would be answered to that tenant, or be trusted. */
void attack_reach_forged(struct attempt *a)
{
	struct sockaddr_storage from, to;
	const char *source = a->given->peer_count ? a->given->peers[0] : "192.0.2.1";
	socklen_t len;
	int one = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!a->given->gateway || !make_address(source, 0, &from, &len) ||
	    !make_address(a->given->gateway, 53, &to, &len)) {
		a->outcome = OUTCOME_NONE;
		return;
	}
	if (fd < 0) {
		attempt_failed(a);
		return;
	}
	/* IP_FREEBIND lets anybody bind; sending is another matter */
	(void)setsockopt(fd, IPPROTO_IP, 15 /* IP_FREEBIND */, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&from, sizeof(struct sockaddr_in)) < 0)
		judge_call(a, -1);
	else
		judge_call(a, sendto(fd, "twin", 4, 0, (struct sockaddr *)&to,
				     sizeof(struct sockaddr_in)));
	close(fd);
}

/* Sent with the name of the host's socket as text, so that it knows them. Returns true when the
 * kernel took it; nobody but the host can say whether it came. */
static bool send_datagram(const struct setting *given, const char *address, const char *interface)
{
	struct sockaddr_storage to;
	socklen_t len;
	int one = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	size_t size = strlen(given->abstract);
	bool sent =
		fd >= 0 && make_address(address, given->port, &to, &len) &&
		setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)) == 0 &&
		(!interface || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
					  (socklen_t)strlen(interface) + 1) == 0) &&
		sendto(fd, given->abstract, size, 0, (struct sockaddr *)&to, len) == (ssize_t)size;

	if (fd >= 0)
		close(fd);
	return sent;
}

/* To everybody on the link: a host takes these whatever addresses it has there, unless it asks
 * where the sender would be (rp_filter). And to its addresses, as if they were neighbours. */
void attack_reach_datagrams(struct attempt *a)
{
	const struct setting *s = a->given;
	const char *addresses[GIVEN_MAX + 3] = { "255.255.255.255", "224.0.0.1", "224.0.0.251" };
	size_t count = 3, sent = 0;

	if (!s->port || !s->abstract) {
		a->outcome = OUTCOME_NONE;
		say(a, "the host does not listen");
		return;
	}
	for (size_t i = 0; i < s->host_count; i++)
		addresses[count++] = s->hosts[i];
	for (size_t i = 0; i < count; i++)
		sent += (size_t)send_datagram(s, addresses[i], NULL) +
			(size_t)send_datagram(s, addresses[i], "eth0");
	a->outcome = OUTCOME_BLOCKED;
	say(a, "%zu sent", sent);
}

/* ---- names that would tell whose this is ---------------------------------------------------- */

/* Every tenant's worker is called the same. */
void attack_names_host(struct attempt *a)
{
	char name[256] = "", domain[256] = "";

	if (gethostname(name, sizeof(name) - 1) < 0 ||
	    getdomainname(domain, sizeof(domain) - 1) < 0) {
		attempt_failed(a);
		return;
	}
	a->outcome = strcmp(name, "worker") == 0 && (!*domain || strcmp(domain, "(none)") == 0)
			     ? OUTCOME_BLOCKED
			     : OUTCOME_OPEN;
	say(a, "%s %s", name, domain);
}

/* One resolver, the gateway or the engine's own, and no domain of the host's. */
void attack_names_resolver(struct attempt *a)
{
	char text[4096], *line, *rest = text;

	if (!read_text("/etc/resolv.conf", text, sizeof(text))) {
		attempt_failed(a);
		return;
	}
	a->outcome = OUTCOME_BLOCKED;
	while ((line = strsep(&rest, "\n"))) {
		bool known = strncmp(line, "nameserver ", 11) == 0 && a->given->gateway &&
			     strcmp(line + 11, a->given->gateway) == 0;

		if (known || !*line || *line == '#' || strncmp(line, "options", 7) == 0)
			continue;
		a->outcome = OUTCOME_OPEN;
		say(a, "%s ", line);
	}
}
