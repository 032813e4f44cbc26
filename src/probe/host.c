/*
 * The host itself: which addresses and ports a worker might reach. All of it is of the
 * network namespace that tenantctl runs in, which is the engine's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "base/mem.h"
#include "base/proc.h"
#include "probe/probe.h"

enum { ADDRESSES_MAX = 4096, LINES_MAX = 1 << 20, STATE_CLOSE = 7, STATE_LISTEN = 10 };

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

/* "0100007F" is 127.0.0.1: each 32-bit word is printed as a number of this machine. */
static bool read_hex_address(const char *hex, size_t len, char *out, size_t size)
{
	uint32_t words[4];

	if (len != 8 && len != 32)
		return false;
	for (size_t i = 0; i < len / 8; i++)
		if (strspn(hex + 8 * i, "0123456789ABCDEFabcdef") < 8 ||
		    sscanf(hex + 8 * i, "%8x", &words[i]) != 1)
			return false;
	return inet_ntop(len == 8 ? AF_INET : AF_INET6, words, out, (socklen_t)size) != NULL;
}

/* "  0: 0100007F:0050 00000000:0000 0A ..." */
static bool read_port_line(const char *line, bool udp, struct host_port *out)
{
	char local[64], remote[64];
	unsigned state, port;
	struct host_port p = { .udp = udp };
	char *colon;

	if (sscanf(line, " %*u: %63s %63s %2x", local, remote, &state) != 3 ||
	    state != (udp ? STATE_CLOSE : STATE_LISTEN))
		return false;
	colon = strchr(local, ':');
	if (!colon || strspn(colon + 1, "0123456789ABCDEFabcdef") != 4 || colon[5] != '\0' ||
	    sscanf(colon + 1, "%4x", &port) != 1 || port == 0)
		return false;
	p.port = (uint16_t)port;
	if (!read_hex_address(local, (size_t)(colon - local), p.address, sizeof(p.address)))
		return false;
	*out = p;
	return true;
}

static bool is_listed(const struct host_port *items, size_t count, const struct host_port *p)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].port == p->port && items[i].udp == p->udp &&
		    strcmp(items[i].address, p->address) == 0)
			return true;
	return false;
}

static int read_ports(int root, const char *name, bool udp, struct host_port *out, size_t max,
		      size_t *count, struct err *e)
{
	char line[512];
	struct host_port p;
	int fd = openat(root, name, O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	if (!f) {
		int saved = errno;

		mem_close_slot(&fd);
		if (saved == ENOENT && strstr(name, "6")) /* a kernel without IPv6 */
			return 0;
		return err_sys(e, saved, "/proc/%s", name);
	}
	for (unsigned n = 0; n < LINES_MAX && *count < max && fgets(line, sizeof(line), f); n++)
		if (read_port_line(line, udp, &p) && !is_listed(out, *count, &p))
			out[(*count)++] = p;
	fclose(f);
	return 0;
}

int host_ports_of(int proc_root, struct host_port *out, size_t max, size_t *out_count,
		  struct err *e)
{
	size_t count = 0;

	if (read_ports(proc_root, "net/tcp", false, out, max, &count, e) < 0 ||
	    read_ports(proc_root, "net/tcp6", false, out, max, &count, e) < 0 ||
	    read_ports(proc_root, "net/udp", true, out, max, &count, e) < 0 ||
	    read_ports(proc_root, "net/udp6", true, out, max, &count, e) < 0)
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
