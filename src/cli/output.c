/*
 * Writing results. Nothing is lost silently: the first failed write is remembered and
 * becomes the command's own failure, since a list that was cut is worse than none.
 */
#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

void output_open(struct output *o, FILE *stream, bool json, const char *color, const char *no_color)
{
	struct winsize size;

	*o = (struct output){ .stream = stream, .json = json, .now = (int64_t)time(NULL) };
	o->terminal = isatty(fileno(stream)) == 1;
	if (o->terminal && ioctl(fileno(stream), TIOCGWINSZ, &size) == 0)
		o->width = size.ws_col;
	o->color = o->terminal && !(no_color && *no_color);
	if (color && strcmp(color, "auto") != 0)
		o->color = strcmp(color, "always") == 0;
}

void output_bytes(struct output *o, const char *data, size_t len)
{
	errno = 0;
	if (fwrite(data, 1, len, o->stream) < len && !o->sys_errno)
		o->sys_errno = errno ? errno : EIO;
}

void output_text(struct output *o, const char *text)
{
	output_bytes(o, text, strlen(text));
}

void output_printf(struct output *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	errno = 0;
	if (vfprintf(o->stream, fmt, ap) < 0 && !o->sys_errno)
		o->sys_errno = errno ? errno : EIO;
	va_end(ap);
}

void output_safe(struct output *o, const char *text)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(STRBUF_TEXT_MAX);

	strbuf_escape(&b, text, strlen(text));
	output_text(o, strbuf_str(&b));
}

const char *output_color(const struct output *o, enum output_color c)
{
	static const char *const codes[] = {
		[COLOR_NONE] = "",	   [COLOR_GOOD] = "\033[32m", [COLOR_BAD] = "\033[31m",
		[COLOR_WARN] = "\033[33m", [COLOR_DIM] = "\033[2m",   [COLOR_BOLD] = "\033[1m",
	};

	return o->color ? codes[c] : "";
}

const char *output_reset(const struct output *o)
{
	return o->color ? "\033[0m" : "";
}

void output_json(struct output *o, struct node *n)
{
	auto_node struct node *owned = n;
	auto_free char *text = node_print(owned, true);

	output_text(o, text);
}

struct node *output_document(void)
{
	struct node *n = node_new_object();

	node_set_int(n, "schema", OUTPUT_SCHEMA);
	return n;
}

static int report(const struct output *o, struct err *e)
{
	if (!o->sys_errno)
		return 0;
	return err_sys(e, o->sys_errno, "write standard output");
}

int output_flush(struct output *o, struct err *e)
{
	if (fflush(o->stream) && !o->sys_errno)
		o->sys_errno = errno;
	return report(o, e);
}

int output_close(struct output *o, struct err *e)
{
	if (fflush(o->stream) && !o->sys_errno)
		o->sys_errno = errno;
	if (fclose(o->stream) && !o->sys_errno)
		o->sys_errno = errno;
	o->stream = NULL;
	return report(o, e);
}

void output_age(int64_t now, int64_t then, char *buf, size_t size)
{
	static const struct {
		int64_t seconds;
		const char *unit;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } };
	int64_t age = now > then ? now - then : 0;

	if (then == 0) {
		snprintf(buf, size, "-");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		/* two units before changing to the larger: "26 h" says more than "1 d" */
		if (age >= units[i].seconds * (units[i].seconds == 1 ? 0 : 2)) {
			snprintf(buf, size, "%lld %s", (long long)(age / units[i].seconds),
				 units[i].unit);
			return;
		}
}

void output_size(int64_t bytes, char *buf, size_t size)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes;
	size_t unit = 0;

	if (bytes < 0) {
		snprintf(buf, size, "-");
		return;
	}
	while (value >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	snprintf(buf, size, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

void output_time(int64_t seconds, char *buf, size_t size)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(buf, size, "-");
}

int64_t output_parse_time(const char *text)
{
	struct tm tm = { 0 };

	/* a fraction of a second and the zone may follow; the engine and we write UTC */
	if (!text || !strptime(text, "%Y-%m-%dT%H:%M:%S", &tm))
		return 0;
	return (int64_t)timegm(&tm);
}

void output_shorten(struct strbuf *b, const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len <= max) {
		strbuf_puts(b, text);
		return;
	}
	/* never inside a UTF-8 sequence */
	for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
		;
	strbuf_add(b, text, len);
	strbuf_puts(b, "...");
}
