/*
 * What gateway-init reads: rules, the daily counts, the line of a generation, and lines of
 * HAProxy. The first byte picks the parser. What was accepted must hold its own promises.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/gateway/daily.c"
#include "../../src/gateway/hareply.c"
#include "../../src/gateway/rules.c"
#include "../../src/gateway/set.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TODAY 20782

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void read_rules(const char *text, size_t len)
{
	char id[RULE_ID_SIZE];
	struct rules r;
	const char *why;
	size_t line;

	if (!rules_parse(text, len, &r, &why, &line)) {
		check(why && !r.rule && !r.text);
		return;
	}
	for (size_t i = 0; i < r.count && i < 64; i++) {
		rule_id(&r.rule[i], id);
		check(strlen(id) < RULE_ID_SIZE - 1);
		check(rules_by_server(&r, r.rule[i].backend, r.rule[i].server) != NULL);
		/* Nothing ends by a change that changes nothing, unless its time is over. */
		if (!rule_is_past(&r.rule[i], 1000))
			check(rules_cover(&r, &r, &r.rule[i], 1000));
	}
	rules_free(&r);
}

/* 0 when nothing is known of that route and day. */
static uint32_t daily_of(const struct daily *d, const char *key)
{
	char own[DAILY_KEY];

	for (size_t i = 0; i < d->count; i++) {
		daily_key(&d->entry[i], own);
		if (strcmp(own, key) == 0)
			return d->entry[i].count;
	}
	return 0;
}

static void read_daily(const char *text, size_t len)
{
	struct daily d = { .count = 0 }, again = { .count = 0 };
	char out[DAILY_FILE_MAX], key[DAILY_KEY];
	size_t n;

	daily_parse(&d, text, len, TODAY);
	n = daily_print(&d, out);
	check(n < sizeof(out));
	daily_parse(&again, out, n, TODAY);
	check(again.count == d.count);
	for (size_t i = 0; i < d.count; i++) {
		daily_key(&d.entry[i], key);
		check(daily_of(&again, key) == d.entry[i].count);
	}
}

static void read_line(const char *text, size_t len)
{
	struct daily d = { .count = 0 };
	struct hareply_session session;
	char key[HAREPLY_WORD], *line = malloc(len + 1);
	uint32_t n;

	check(line != NULL);
	memcpy(line, text, len);
	line[len] = '\0';
	if (hareply_session(line, &session))
		check(session.backend[0] && session.server[0]);
	if (hareply_count(line, key, &n) && daily_note(&d, key, n, TODAY))
		check(daily_of(&d, key) == n);
	(void)hareply_number(line, "Jobs: ", &n);
	(void)set_name_is_valid(line);
	free(line);
}

static void quote(const char *text, size_t len)
{
	char out[4096];
	size_t n = 0;

	if (!hareply_quote(text, len, out, sizeof(out)))
		return;
	/* As HAProxy takes it apart: a backslash makes the next byte plain. */
	for (size_t i = 0; out[i]; i++, n++) {
		check(!strchr(" ;<\n\t", out[i]));
		i += out[i] == '\\';
		check(n < len && out[i] == text[n]);
	}
	check(n == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;
	struct set_id id;

	if (size == 0)
		return 0;
	switch (data[0] % 5) {
	case 0:
		read_rules(text, size - 1);
		break;
	case 1:
		read_daily(text, size - 1);
		break;
	case 2:
		read_line(text, size - 1);
		break;
	case 3:
		quote(text, size - 1);
		break;
	default:
		if (set_id_parse(text, size - 1, &id))
			check(strlen(id.id) == SET_ID && strlen(id.dnsmasq) == SET_DIGEST);
	}
	return 0;
}
