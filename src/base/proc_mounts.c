/*
 * /proc/PID/mountinfo (proc_pid_mountinfo(5)). Blanks in its fields are written as
 * octal escapes; the number of optional fields before the single dash varies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/proc.h"
#include "proc_internal.h"

#define MOUNTS_MAX ((size_t)16 << 20)

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' &&
	       s[2] <= '7';
}

/* In place: \040 and the like become the bytes they stand for. */
static char *unescape(char *s)
{
	char *to = s;

	for (const char *from = s; *from; to++) {
		if (*from == '\\' && is_octal(from + 1)) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
	return s;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
static bool read_line(char *line, struct proc_mount *out)
{
	auto_strbuf struct strbuf optional = STRBUF_INIT(4096);
	char *state = NULL;
	char *field[6];
	char *rest[3];

	for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
		field[i] = strtok_r(i ? NULL : line, " ", &state);
		if (!field[i])
			return false;
	}
	if (sscanf(field[2], "%u:%u", &out->major, &out->minor) != 2)
		return false;
	for (char *tag = strtok_r(NULL, " ", &state); !tag || strcmp(tag, "-") != 0;
	     tag = strtok_r(NULL, " ", &state)) {
		if (!tag)
			return false;
		strbuf_printf(&optional, "%s%s", optional.len ? " " : "", tag);
	}
	/* split by hand: the source may be empty, which strtok_r would skip */
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++) {
		rest[i] = strsep(&state, " ");
		if (!rest[i])
			return false;
	}
	out->root = mem_strdup(unescape(field[3]));
	out->target = mem_strdup(unescape(field[4]));
	out->options = mem_strdup(field[5]);
	out->optional = strbuf_take(&optional);
	out->fstype = mem_strdup(unescape(rest[0]));
	out->source = mem_strdup(unescape(rest[1]));
	out->super_options = mem_strdup(unescape(rest[2]));
	return true;
}

int proc_read_mounts(int pid_dir, struct proc_mounts *out, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(MOUNTS_MAX);
	auto_mounts struct proc_mounts list = { NULL, 0 };
	char *state = NULL;

	if (proc_read_text(pid_dir, "mountinfo", &text, e))
		return -1;
	for (char *line = text.len ? strtok_r(text.data, "\n", &state) : NULL; line;
	     line = strtok_r(NULL, "\n", &state)) {
		struct proc_mount mount = { .root = NULL };
		if (!read_line(line, &mount))
			return proc_malformed(e, "mountinfo");
		if ((list.count & (list.count - 1)) == 0) /* 0 and the powers of two */
			list.items = mem_grow(list.items, list.count ? list.count * 2 : 1,
					      sizeof(*list.items));
		list.items[list.count++] = mount;
	}
	proc_mounts_free(out);
	*out = list;
	list = (struct proc_mounts){ NULL, 0 };
	return 0;
}

void proc_mounts_free(struct proc_mounts *m)
{
	for (size_t i = 0; i < m->count; i++) {
		struct proc_mount *mount = &m->items[i];
		free(mount->root);
		free(mount->target);
		free(mount->options);
		free(mount->optional);
		free(mount->fstype);
		free(mount->source);
		free(mount->super_options);
	}
	free(m->items);
	m->items = NULL;
	m->count = 0;
}

bool option_has(const char *options, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = options; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (!strncmp(p, word, len) && (p[len] == ',' || p[len] == '\0'))
			return true;
	return false;
}
