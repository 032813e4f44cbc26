/*
 * The host itself: which addresses and ports a worker might reach. All of it is of the
 * network namespace that tenantctl runs in, which is the engine's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "base/mem.h"
#include "base/proc.h"
#include "listeners.h"
#include "probe/probe.h"

enum { ADDRESSES_MAX = 4096 };

bool address_text(const struct ifaddrs *a, char *out, size_t size)
{
	if (!a->ifa_addr)
		return false;
	if (a->ifa_addr->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, a->ifa_addr, sizeof(v4));
		return inet_ntop(AF_INET, &v4.sin_addr, out, (socklen_t)size) != NULL;
	}
	if (a->ifa_addr->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, a->ifa_addr, sizeof(v6));
		return inet_ntop(AF_INET6, &v6.sin6_addr, out, (socklen_t)size) != NULL;
	}
	return false;
}

static unsigned count_bits(const void *mask, size_t len)
{
	const unsigned char *p = mask;
	unsigned bits = 0;

	for (size_t i = 0; i < len; i++)
		bits += (unsigned)__builtin_popcount(p[i]);
	return bits;
}

static unsigned prefix_length(const struct ifaddrs *a)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (!a->ifa_netmask)
		return a->ifa_addr->sa_family == AF_INET ? 32 : 128;
	if (a->ifa_addr->sa_family == AF_INET) {
		memcpy(&v4, a->ifa_netmask, sizeof(v4));
		return count_bits(&v4.sin_addr, sizeof(v4.sin_addr));
	}
	memcpy(&v6, a->ifa_netmask, sizeof(v6));
	return count_bits(&v6.sin6_addr, sizeof(v6.sin6_addr));
}

bool address_with_prefix(const struct ifaddrs *a, char *out, size_t size)
{
	char text[INET6_ADDRSTRLEN];

	if (!address_text(a, text, sizeof(text)))
		return false;
	int n = snprintf(out, size, "%s/%u", text, prefix_length(a));
	return n > 0 && (size_t)n < size;
}

int probe_host_addresses(struct strlist *out, struct err *e)
{
	struct ifaddrs *all = NULL;
	struct strlist list = { 0 };
	char text[INET6_ADDRSTRLEN];

	if (getifaddrs(&all) < 0)
		return err_sys(e, errno, "addresses of the host");
	for (const struct ifaddrs *a = all; a && list.count < ADDRESSES_MAX; a = a->ifa_next)
		if (address_text(a, text, sizeof(text)) && !strlist_has(&list, text))
			strlist_add(&list, text);
	freeifaddrs(all);
	strlist_free(out);
	*out = list;
	return 0;
}

int host_ports_of(int proc_root, struct host_port *out, size_t max, size_t *out_count,
		  struct err *e)
{
	size_t count = 0;

	if (listeners_read_table(proc_root, "net/tcp", false, out, max, &count, e) < 0 ||
	    listeners_read_table(proc_root, "net/tcp6", false, out, max, &count, e) < 0 ||
	    listeners_read_table(proc_root, "net/udp", true, out, max, &count, e) < 0 ||
	    listeners_read_table(proc_root, "net/udp6", true, out, max, &count, e) < 0)
		return -1;
	*out_count = count;
	return 0;
}

int probe_host_ports(const char *proc_path, struct host_port *out, size_t max, size_t *out_count,
		     struct err *e)
{
	auto_fd int root = -1;

	if (proc_open_root(proc_path, &root, e) < 0)
		return -1;
	return host_ports_of(root, out, max, out_count, e);
}
