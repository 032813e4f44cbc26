/* One place knows the formats of a report, and where it goes. */
#include <string.h>
#include <sys/types.h>
#include <sys/utsname.h>

#include "base/fsio.h"
#include "report.h"

const char *const report_formats[] = { "human", "json", "junit", "tap", "sarif", "html", NULL };

static void (*const writers[])(const struct report *, struct strbuf *) = {
	NULL, report_json, report_junit, report_tap, report_sarif, report_html,
};
_Static_assert(ARRAY_SIZE(report_formats) == ARRAY_SIZE(writers) + 1, "a format without a writer");

const char *report_format(const struct invocation *inv)
{
	const char *format = invocation_option(inv, "format");

	return format ? format : report_formats[0];
}

/* The file to write to; NULL: standard output. */
static const char *output_file(const struct invocation *inv)
{
	const char *path = invocation_option(inv, "output");

	return path && strcmp(path, "-") != 0 ? path : NULL;
}

int report_put_text(struct invocation *inv, const struct strbuf *text, struct err *e)
{
	const char *path = output_file(inv);

	if (text->overflow)
		return err_set(e, ERR_INTERNAL, "the report is larger than %zu bytes", text->max);
	if (path)
		return fsio_write(path, strbuf_str(text), text->len, 0644, (uid_t)-1, (gid_t)-1, e);
	output_bytes(inv->out, strbuf_str(text), text->len);
	return 0;
}

/* With what every report tells of the run, whose ever it is. */
static struct report complete(const struct invocation *inv, const struct report *r,
			      const struct utsname *kernel)
{
	struct report whole = *r;

	whole.version = TENANTCTL_VERSION;
	whole.kernel = kernel->release;
	whole.engine = inv->ctx ? inv->ctx->engine.server_version : NULL;
	return whole;
}

int report_put(struct invocation *inv, const struct report *r, struct err *e)
{
	struct utsname kernel = { 0 };
	struct report whole;
	auto_strbuf struct strbuf text = STRBUF_INIT(REPORT_BYTES_MAX);
	struct report_style style = { .verbose = invocation_flag(inv, "verbose"),
				      .color = inv->out->color && !output_file(inv),
				      .fold = r->command != NULL };
	size_t i = 0;

	uname(&kernel); /* fails for a bad address only */
	whole = complete(inv, r, &kernel);
	while (report_formats[i + 1] && strcmp(report_formats[i], report_format(inv)) != 0)
		i++;
	if (writers[i])
		writers[i](&whole, &text);
	else
		report_human(&whole, &style, &text);
	return report_put_text(inv, &text, e);
}
