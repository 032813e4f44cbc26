/* Reads /proc/net/route: hexadecimal words in network byte order as the CPU stores them. */
#include "host_routes.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fsio.h"
#include "base/mem.h"

#define ROUTES_BYTES_MAX ((size_t)1 << 20)

static int parse_line(const char *line, struct ipv4_net *out)
{
	char interface[32];
	unsigned destination, mask;

	if (sscanf(line, "%31s %8x %*8x %*x %*d %*d %*d %8x", interface, &destination, &mask) != 3)
		return -1;
	if (strncmp(interface, "tc-", 3) == 0)
		return -1;
	out->base = ntohl(destination);
	out->prefix = (unsigned)__builtin_popcount(mask);
	return 0;
}

int host_routes(struct ipv4_net **out, size_t *out_count, struct err *e)
{
	auto_free char *text = mem_alloc(ROUTES_BYTES_MAX);
	struct ipv4_net *routes = NULL, route;
	size_t count = 0;
	char *save = NULL;

	if (fsio_read_at(AT_FDCWD, "/proc/self/net/route", text, ROUTES_BYTES_MAX, e) < 0)
		return err_wrap(e, "routes of the host");
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (parse_line(line, &route))
			continue;
		routes = mem_grow(routes, count + 1, sizeof(*routes));
		routes[count++] = route;
	}
	*out = routes;
	*out_count = count;
	return 0;
}
