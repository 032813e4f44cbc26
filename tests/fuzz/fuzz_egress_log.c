/*
 * Any bytes as a gateway's log, in pieces: counters stay within their bounds, survive being
 * written and read, and reading the same log again counts nothing again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/egress_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(struct egress_state *s, const uint8_t *data, size_t size, size_t piece)
{
	const struct egress_owner o = { "acme", "0123", "0123456789abcdef", "10.231.0.4" };
	struct egress_reader r;

	egress_reader_begin(&r, s, &o);
	for (size_t i = 0; i < size; i += piece)
		egress_reader_feed(&r, 1, (const char *)data + i, MIN_OF(piece, size - i));
	egress_reader_end(&r);
}

static int64_t counted(const struct egress_state *s)
{
	const struct egress_denial *d = s->denials.items;
	const struct egress_use *u = s->uses.items;
	int64_t n = s->forgotten;

	for (size_t i = 0; i < s->denials.count; i++)
		n += d[i].count;
	for (size_t i = 0; i < s->uses.count; i++)
		n += u[i].hits;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_egress_state struct egress_state s = { 0 }, again = { 0 };
	auto_free char *text = NULL;
	struct err e = ERR_INIT;
	size_t piece = size ? 1 + data[0] : 1;

	feed(&s, data, size, piece);
	if (s.denials.count > EGRESS_DENIALS_MAX || s.uses.count > EGRESS_USES_MAX)
		abort();
	for (size_t i = 0; i < s.denials.count; i++) {
		const struct egress_denial *d = (struct egress_denial *)s.denials.items + i;
		const struct tenant_spec spec = { .tenant = (char *)"acme" };
		bool command;
		auto_free char *advice = egress_denial_advice(d, &spec, &command);

		if (strlen(d->what) > EGRESS_WHAT_MAX || (command && strpbrk(advice, "\n;'\"`$")))
			abort();
	}
	text = egress_state_text(&s);
	if (egress_state_parse(text, strlen(text), "counters", &again, &e) ||
	    !bind_equal(&egress_state_table, &s, &again))
		abort();
	return counted(&s) >= 0 ? 0 : -1;
}
