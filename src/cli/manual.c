/* Page source (man(7)) of commands, options and exit statuses, from their tables. */
#include "manual.h"

#include <string.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "commands.h"
#include "help.h"
#include "options.h"

#define SOURCE_LINE_MAX 78
#define FRAME_BYTES_MAX ((size_t)256 * 1024)

/* A dash is a minus sign to roff only when escaped, and only that can be copied from a page. */
static void put_text(struct strbuf *out, const char *s, size_t len)
{
	bool start = true;

	for (size_t i = 0; i < len; i++) {
		if (start && (s[i] == '.' || s[i] == '\''))
			strbuf_puts(out, "\\&");
		if (s[i] == '\\')
			strbuf_puts(out, "\\e");
		else if (s[i] == '-')
			strbuf_puts(out, "\\-");
		else
			strbuf_putc(out, s[i]);
		start = s[i] == '\n';
	}
}

static void put(struct strbuf *out, const char *s)
{
	put_text(out, s, strlen(s));
}

/* Sentences on lines of their own, as roff wants them. */
static void put_sentences(struct strbuf *out, const char *s, size_t len)
{
	while (len > 0) {
		const char *stop = memmem(s, len, ". ", 2);
		size_t n = stop ? (size_t)(stop - s) + 1 : len;

		put_text(out, s, n);
		strbuf_putc(out, '\n');
		n += stop ? 1 : 0;
		s += n;
		len -= n;
	}
}

static void put_paragraphs(struct strbuf *out, const char *text)
{
	while (text && *text) {
		const char *end = strstr(text, "\n\n");
		size_t len = end ? (size_t)(end - text) : strlen(text);

		strbuf_puts(out, ".PP\n");
		put_sentences(out, text, len);
		text += len + strspn(text + len, "\n");
	}
}

static void put_options(struct strbuf *out, const struct option_def *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		auto_strbuf struct strbuf name = STRBUF_INIT(256);

		help_option_name(&options[i], &name);
		strbuf_puts(out, ".TP\n.B ");
		put(out, strbuf_str(&name));
		strbuf_putc(out, '\n');
		put(out, options[i].help);
		strbuf_puts(out, ".\n");
	}
}

static void put_command(struct strbuf *out, const struct command *c)
{
	strbuf_puts(out, ".SS tenantctl ");
	put(out, c->name);
	if (c->option_count)
		strbuf_puts(out, " [OPTION...]");
	strbuf_puts(out, *c->operands ? " " : "");
	put(out, c->operands);
	strbuf_putc(out, '\n');
	put(out, c->summary);
	strbuf_puts(out, ".\n");
	put_paragraphs(out, c->description);
	put_options(out, c->options, c->option_count);
	if (!c->example)
		return;
	strbuf_puts(out, ".PP\n.nf\n");
	put(out, c->example);
	strbuf_puts(out, "\n.fi\n");
}

static void fill_commands(struct strbuf *out)
{
	size_t count;
	const struct command *const *all = commands_all(&count);

	for (size_t i = 0; i < count; i++)
		if (!(all[i]->flags & CMD_HIDDEN))
			put_command(out, all[i]);
}

static void fill_options(struct strbuf *out)
{
	size_t count;
	const struct option_def *globals = global_options(&count);

	put_options(out, globals, count);
}

static void fill_exit(struct strbuf *out)
{
	for (const struct exit_meaning *m = exit_meanings(); m->text; m++) {
		strbuf_printf(out, ".TP\n.B %d\n", m->status);
		put(out, m->text);
		strbuf_puts(out, ".\n");
	}
}

static void fill_keys(struct strbuf *out)
{
	auto_free char *text = manifest_manual();

	strbuf_puts(out, text);
}

static const struct marker {
	const char *name;
	void (*fill)(struct strbuf *out);
} markers[] = {
	{ "@COMMANDS@", fill_commands },
	{ "@OPTIONS@", fill_options },
	{ "@EXIT@", fill_exit },
	{ "@KEYS@", fill_keys },
};

static int fill_line(const char *line, size_t len, struct strbuf *out, struct err *e)
{
	if (len == 0 || line[0] != '@') {
		strbuf_add(out, line, len);
		strbuf_putc(out, '\n');
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(markers); i++)
		if (strlen(markers[i].name) == len && strncmp(markers[i].name, line, len) == 0) {
			markers[i].fill(out);
			return 0;
		}
	return err_set(e, ERR_USAGE, "manual: unknown marker '%.*s'", (int)len, line);
}

/* roff fills text anyway; short source lines are what its checkers and reviews want. A line must
 * not come to begin with a control character. */
static void put_folded(struct strbuf *out, const char *line, size_t len)
{
	while (len > SOURCE_LINE_MAX) {
		size_t at = SOURCE_LINE_MAX;

		while (at > 0 && (line[at] != ' ' || strchr(".' ", line[at + 1])))
			at--;
		if (at == 0)
			break;
		strbuf_add(out, line, at);
		strbuf_putc(out, '\n');
		line += at + 1;
		len -= at + 1;
	}
	strbuf_add(out, line, len);
	strbuf_putc(out, '\n');
}

static void fold_text(const char *page, struct strbuf *out)
{
	bool as_is = false;

	while (*page) {
		size_t len = strcspn(page, "\n");

		as_is = strncmp(page, ".nf", 3) == 0 || (as_is && strncmp(page, ".fi", 3) != 0);
		if (as_is || *page == '.') {
			strbuf_add(out, page, len);
			strbuf_putc(out, '\n');
		} else {
			put_folded(out, page, len);
		}
		page += len + (page[len] == '\n');
	}
}

int manual_fill(const char *frame, struct strbuf *out, struct err *e)
{
	auto_strbuf struct strbuf page = STRBUF_INIT(STRBUF_TEXT_MAX);

	while (*frame) {
		size_t len = strcspn(frame, "\n");

		if (fill_line(frame, len, &page, e))
			return -1;
		frame += len + (frame[len] == '\n');
	}
	fold_text(strbuf_str(&page), out);
	return 0;
}

static int run_manual(struct invocation *inv, struct err *e)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(STRBUF_TEXT_MAX);
	auto_free char *frame = NULL;
	size_t len;

	if (fsio_read(inv->operands.items[0], FSIO_ANY, FRAME_BYTES_MAX, &frame, &len, e) ||
	    manual_fill(frame, &out, e))
		return -1;
	output_text(inv->out, strbuf_str(&out));
	return 0;
}

const struct command cmd_manual = {
	.name = "manual",
	.operands = "FILE",
	.summary = "Fills the frame of a manual page",
	.min_args = 1,
	.max_args = 1,
	.arg = ARG_FILE,
	.flags = CMD_HIDDEN,
	.run = run_manual,
};
