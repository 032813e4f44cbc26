/*
 * How fast a container may use a disk. Version 1 has a file for each direction with lines
 * "MAJOR:MINOR BYTES", version 2 one of lines "MAJOR:MINOR rbps=BYTES wbps=max ...".
 */
#include "limits.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fsio.h"
#include "base/mem.h"

enum { TEXT_MAX = 4096 };

static bool parse_number(const char **text, uint64_t most, uint64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	*out = strtoull(*text, &end, 10);
	*text = end;
	return !errno && *out <= most;
}

static bool parse_device(const char **text, unsigned *major, unsigned *minor)
{
	uint64_t a, b;

	if (!parse_number(text, UINT32_MAX, &a) || *(*text)++ != ':' ||
	    !parse_number(text, UINT32_MAX, &b) || *(*text)++ != ' ')
		return false;
	*major = (unsigned)a;
	*minor = (unsigned)b;
	return true;
}

static struct io_rate *rate_of(struct io_facts *f, unsigned major, unsigned minor)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->rates[i].major == major && f->rates[i].minor == minor)
			return &f->rates[i];
	if (f->count == IO_RATES_MAX)
		return NULL;
	f->rates[f->count] = (struct io_rate){ major, minor, UINT64_MAX, UINT64_MAX };
	return &f->rates[f->count++];
}

/* The number behind " KEY", on this line; no limit where there is none. */
static uint64_t keyed(const char *line, const char *key)
{
	const char *p = strstr(line, key);
	uint64_t n;

	if (!p || p > line + strcspn(line, "\n"))
		return UINT64_MAX;
	p += strlen(key);
	return parse_number(&p, UINT64_MAX, &n) ? n : UINT64_MAX;
}

enum side { SIDE_READ, SIDE_WRITE, SIDE_BOTH };

static void parse_lines(const char *text, enum side side, struct io_facts *f)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *rest = text;
		unsigned major, minor;
		struct io_rate *r;
		uint64_t n;

		if (!parse_device(&rest, &major, &minor))
			continue;
		r = rate_of(f, major, minor);
		if (!r)
			return;
		if (side == SIDE_BOTH) {
			r->read = keyed(rest - 1, " rbps=");
			r->write = keyed(rest - 1, " wbps=");
		} else if (parse_number(&rest, UINT64_MAX, &n)) {
			*(side == SIDE_READ ? &r->read : &r->write) = n;
		}
	}
}

static bool read_file(int dir, const char *file, enum side side, struct io_facts *f)
{
	char text[TEXT_MAX];
	struct err ignored = ERR_INIT;

	if (fsio_read_at(dir, file, text, sizeof(text), &ignored) < 0)
		return false;
	parse_lines(text, side, f);
	return true;
}

void limits_read_io(const struct target *t, struct io_facts *out)
{
	struct io_facts f = { 0 };
	struct cgroup_place place;
	struct err ignored = ERR_INIT;
	auto_fd int top = -1, dir = -1;
	bool known;

	*out = f;
	/* Without a line of its own it is on v2, if anywhere; there the name is "io". */
	if (target_place(t, "blkio", &place, &ignored) ||
	    cgroup_open_hierarchy(t->cgroup_root, &place, "blkio", &top, &ignored) ||
	    fsio_open_beneath(top, *place.path ? place.path : ".", O_RDONLY | O_DIRECTORY, &dir,
			      &ignored))
		return;
	known = place.version == 2
			? read_file(dir, "io.max", SIDE_BOTH, &f)
			: read_file(dir, "blkio.throttle.read_bps_device", SIDE_READ, &f) &&
				  read_file(dir, "blkio.throttle.write_bps_device", SIDE_WRITE, &f);
	f.version = known ? place.version : 0;
	if (known)
		*out = f;
}
