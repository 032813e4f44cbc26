/*
 * Live lines by cursor moves (ECMA-48: CUU, EL). They stand below everything else that
 * is printed and are taken away before anything else is, so nothing is ever overwritten.
 */
#include "progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"

#define TEXT_MAX 65536
#define SIZE_WHEN_UNKNOWN 24

struct progress_line {
	char *tenant, *text;
};

void progress_open(struct progress *p, int fd, bool quiet)
{
	struct winsize size;

	*p = (struct progress){ .fd = fd, .quiet = quiet };
	p->terminal = !quiet && isatty(fd) == 1;
	p->height = SIZE_WHEN_UNKNOWN;
	if (p->terminal && ioctl(fd, TIOCGWINSZ, &size) == 0) {
		p->width = size.ws_col;
		p->height = size.ws_row ? size.ws_row : SIZE_WHEN_UNKNOWN;
	}
}

static void put(const struct progress *p, const struct strbuf *b)
{
	if (write(p->fd, strbuf_str(b), b->len) < 0)
		return; /* progress is a courtesy */
}

static struct progress_line *line_of(struct progress *p, const char *tenant)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->lines[i].tenant, tenant) == 0)
			return &p->lines[i];
	p->lines = mem_grow(p->lines, p->count + 1, sizeof(*p->lines));
	p->lines[p->count] = (struct progress_line){ .tenant = mem_strdup(tenant) };
	return &p->lines[p->count++];
}

static void add_erase(const struct progress *p, struct strbuf *b)
{
	if (p->drawn)
		strbuf_printf(b, "\033[%zuA\r\033[J", p->drawn);
}

static void draw(struct progress *p)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(TEXT_MAX);
	/* the last row stays free for the cursor */
	size_t rows = (size_t)MAX_OF(p->height - 1, 1);

	add_erase(p, &b);
	p->drawn = MIN_OF(p->count, rows);
	for (size_t i = 0; i < p->drawn; i++) {
		size_t from = b.len;

		strbuf_escape(&b, p->lines[i].text, strlen(p->lines[i].text));
		/* a line that wraps would take two rows and be erased by one; escaped text is
		 * printable, and bytes are never fewer than columns */
		if (p->width > 0 && b.len - from > (size_t)p->width) {
			b.len = from + (size_t)p->width;
			while (((unsigned char)b.data[b.len] & 0xc0) == 0x80)
				b.len--;
			b.data[b.len] = '\0';
		}
		strbuf_putc(&b, '\n');
	}
	put(p, &b);
}

void progress_step(void *arg, const char *tenant, const char *step, size_t done, size_t total)
{
	struct progress *p = arg;
	auto_free char *text = total ? mem_printf("%s: %s (%zu/%zu)", tenant, step, done, total)
				     : mem_printf("%s: %s", tenant, step);
	auto_strbuf struct strbuf b = STRBUF_INIT(TEXT_MAX);

	if (p->quiet)
		return;
	if (p->terminal) {
		mem_replace(&line_of(p, tenant)->text, text);
		draw(p);
		return;
	}
	strbuf_escape(&b, tenant, strlen(tenant));
	strbuf_puts(&b, ": ");
	strbuf_escape(&b, step, strlen(step));
	strbuf_putc(&b, '\n');
	put(p, &b);
}

void progress_end(struct progress *p, const char *tenant)
{
	for (size_t i = 0; i < p->count; i++) {
		if (strcmp(p->lines[i].tenant, tenant) != 0)
			continue;
		free(p->lines[i].tenant);
		free(p->lines[i].text);
		memmove(p->lines + i, p->lines + i + 1, (--p->count - i) * sizeof(*p->lines));
		draw(p);
		return;
	}
}

void progress_clear(struct progress *p)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(TEXT_MAX);

	add_erase(p, &b);
	put(p, &b);
	p->drawn = 0;
}

void progress_close(struct progress *p)
{
	if (p->terminal)
		progress_clear(p);
	for (size_t i = 0; i < p->count; i++) {
		free(p->lines[i].tenant);
		free(p->lines[i].text);
	}
	free(p->lines);
	p->lines = NULL;
	p->count = 0;
}
