/*
 * The kernel's tables of sockets, as text. Names of unix sockets are made by whoever
 * bound them: they are bounded here, and escaped where they are printed.
 */
#include "listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum { LINES_MAX = 1 << 20, STATE_CLOSE = 7, STATE_LISTEN = 10, PATHS_MAX = 256 };

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

int listeners_read_table(int dir, const char *name, bool udp, struct host_port *out, size_t max,
			 size_t *count, struct err *e)
{
	char line[512];
	struct host_port p;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	if (!f) {
		int saved = errno;

		mem_close_slot(&fd);
		if (saved == ENOENT && strstr(name, "6")) /* a kernel without IPv6 */
			return 0;
		return err_sys(e, saved, "%s", name);
	}
	for (unsigned n = 0; n < LINES_MAX && *count < max && fgets(line, sizeof(line), f); n++)
		if (read_port_line(line, udp, &p) && !is_listed(out, *count, &p))
			out[(*count)++] = p;
	fclose(f);
	return 0;
}

/* "ffff...: 00000002 00000000 00010000 0001 01 12345 /run/x.sock": where the name begins, or NULL,
 * as most sockets have none. The kernel writes names as they are. A name may begin with blanks, and
 * with a line break in it, the rest comes as a line without the fields. */
static const char *socket_name(const char *line)
{
	int at = 0;

	if (sscanf(line, "%*[^:]: %*x %*x %*x %*x %*x %*u%n", &at) != 0 || at == 0)
		return line;
	return line[at] == ' ' ? line + at + 1 : NULL;
}

static int read_unix(int dir, struct listener_facts *out, struct err *e)
{
	char line[512];
	int fd = openat(dir, "net/unix", O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	if (!f) {
		int saved = errno;

		mem_close_slot(&fd);
		return err_sys(e, saved, "net/unix");
	}
	for (bool head = true; fgets(line, sizeof(line), f); head = false) {
		const char *name;

		line[strcspn(line, "\n")] = '\0';
		name = head ? NULL : socket_name(line);
		if (name && !*name)
			name = "\n"; /* it begins with one */
		if (!name || strlist_has(&out->unix_paths, name))
			continue;
		if (out->unix_paths.count == PATHS_MAX) {
			out->cut = true;
			break;
		}
		strlist_add(&out->unix_paths, name);
	}
	fclose(f);
	return 0;
}

void listeners_read_ports(int dir, struct listener_facts *out)
{
	static const struct {
		const char *name;
		bool udp;
	} tables[] = { { "net/tcp", false },
		       { "net/tcp6", false },
		       { "net/udp", true },
		       { "net/udp6", true } };
	struct err e = ERR_INIT;

	out->ports = mem_array(LISTENERS_PORTS_MAX, sizeof(*out->ports));
	for (size_t i = 0; i < ARRAY_SIZE(tables) && e.code == ERR_NONE; i++)
		(void)!listeners_read_table(dir, tables[i].name, tables[i].udp, out->ports,
					    LISTENERS_PORTS_MAX, &out->port_count, &e);
	out->cut |= out->port_count == LISTENERS_PORTS_MAX;
	if (e.code != ERR_NONE)
		snprintf(out->error, sizeof(out->error), "%.199s", e.message);
}

void listeners_read_unix(int dir, struct listener_facts *out)
{
	struct err e = ERR_INIT;

	if (read_unix(dir, out, &e))
		snprintf(out->error, sizeof(out->error), "%.199s", e.message);
}
