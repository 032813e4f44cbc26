/*
 * The file that keeps sysctls over a reboot (sysctl.d(5)). It belongs to tenantctl but
 * may have been edited: every line stays where it is, and what a value was before the
 * first change is kept in a comment, so that there is a way back.
 */
#include <string.h>

#include "base/mem.h"
#include "domain/doctor.h"

#define HEAD                                                                                       \
	"# Kept by tenantctl doctor --fix. To go back: delete this file, and set each value to\n"  \
	"# what it was (sysctl -w NAME=VALUE).\n"

/* The name that a line sets, or NULL; "-" in front lets sysctl(8) ignore a failure. */
static bool sets(const char *line, size_t len, const char *name)
{
	size_t want = strlen(name), blank;
	const char *end = line + len;

	line += strspn(line, " \t");
	line += line < end && *line == '-';
	if (line > end || (size_t)(end - line) <= want || strncmp(line, name, want) != 0)
		return false;
	blank = strspn(line + want, " \t");
	return line + want + blank < end && line[want + blank] == '=';
}

static const struct doctor_fix *fix_of_line(const char *line, size_t len,
					    const struct doctor_fixes *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].kind == FIX_SYSCTL && sets(line, len, f->items[i].target))
			return &f->items[i];
	return NULL;
}

static bool file_sets(const char *text, const char *name)
{
	while (text && *text) {
		size_t len = strcspn(text, "\n");

		if (sets(text, len, name))
			return true;
		text += len + (text[len] == '\n');
	}
	return false;
}

void doctor_sysctl_file(const char *old, const struct doctor_fixes *f, struct strbuf *out)
{
	if (!old || !*old)
		strbuf_puts(out, HEAD);
	for (const char *line = old; line && *line;) {
		size_t len = strcspn(line, "\n");
		const struct doctor_fix *fix = fix_of_line(line, len, f);

		if (fix)
			strbuf_printf(out, "%s = %s\n", fix->target, fix->after);
		else
			strbuf_printf(out, "%.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].kind == FIX_SYSCTL && !file_sets(old, f->items[i].target))
			strbuf_printf(out, "# %s was %s\n%s = %s\n", f->items[i].target,
				      f->items[i].before, f->items[i].target, f->items[i].after);
}
