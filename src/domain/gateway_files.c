/*
 * Identity of a set, and words for a change. The rules file says in one line each what
 * the gateway lets through, so a change is named from it; what else differs is named
 * by its file.
 */
#include "domain/gateway_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "domain/gateway.h"

#define SHORT_DIGEST 16

static void short_digest(const char *text, char out[SHORT_DIGEST + 1])
{
	char hex[DIGEST_HEX_SIZE];

	digest_of(text, strlen(text), hex);
	memcpy(out, hex, SHORT_DIGEST);
	out[SHORT_DIGEST] = '\0';
}

static const char *file_of(const struct strmap *files, const char *name)
{
	const char *text = strmap_get(files, name);

	return text ? text : "";
}

char *gateway_generation_line(const struct strmap *files, const char *salt)
{
	struct digest_state *d = digest_new();
	char haproxy[SHORT_DIGEST + 1], dnsmasq[SHORT_DIGEST + 1], all[DIGEST_HEX_SIZE];

	for (size_t i = 0; i < files->count; i++)
		digest_field(d, files->entries[i].key, files->entries[i].value);
	digest_finish(d, all);
	short_digest(file_of(files, GATEWAY_FILE_HAPROXY), haproxy);
	short_digest(file_of(files, GATEWAY_FILE_DNSMASQ), dnsmasq);
	return mem_printf("%.*s-%s %s %s", SHORT_DIGEST, all, salt, haproxy, dnsmasq);
}

/* ---- what a change is about ---- */

enum part { PART_RULES, PART_CREDENTIALS, PART_OTHER, PARTS };

static bool is_route(const char *line)
{
	return strncmp(line, "route ", 6) == 0;
}

/* The lines of `rules` that are about routes, or the others. */
static void add_rules(const char *rules, bool routes, struct strbuf *out)
{
	while (*rules) {
		size_t len = strcspn(rules, "\n");

		if (is_route(rules) == routes) {
			strbuf_add(out, rules, len);
			strbuf_putc(out, '\n');
		}
		rules += len + (rules[len] == '\n');
	}
}

static bool rules_differ(const char *have, const char *want, bool routes)
{
	auto_strbuf struct strbuf a = STRBUF_INIT(GATEWAY_FILE_BYTES);
	auto_strbuf struct strbuf b = STRBUF_INIT(GATEWAY_FILE_BYTES);

	add_rules(have, routes, &a);
	add_rules(want, routes, &b);
	return strcmp(strbuf_str(&a), strbuf_str(&b)) != 0;
}

static enum part part_of(const char *name)
{
	if (strcmp(name, GATEWAY_FILE_HOSTS) == 0)
		return PART_RULES;
	return strncmp(name, "ca-", 3) == 0 ? PART_CREDENTIALS : PART_OTHER;
}

static void note(const char *name, const char *have, const char *want, bool differs[PARTS])
{
	if (have && want && strcmp(have, want) == 0)
		return;
	if (strcmp(name, GATEWAY_FILE_RULES) != 0) {
		differs[part_of(name)] = true;
		return;
	}
	differs[PART_RULES] |= rules_differ(have ? have : "", want ? want : "", false);
	differs[PART_CREDENTIALS] |= rules_differ(have ? have : "", want ? want : "", true);
}

static void add_word(struct strbuf *out, bool wanted, const char *word)
{
	if (wanted)
		strbuf_printf(out, "%s%s", out->len ? ", " : "", word);
}

char *gateway_files_difference(const struct strmap *have, const struct strmap *want,
			       bool keys_differ)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(256);
	bool differs[PARTS] = { false };

	for (size_t i = 0; i < want->count; i++) {
		const char *name = want->entries[i].key;

		note(name, strmap_get(have, name), want->entries[i].value, differs);
	}
	for (size_t i = 0; i < have->count; i++) {
		const char *name = have->entries[i].key;

		if (!strmap_get(want, name))
			note(name, have->entries[i].value, NULL, differs);
	}
	add_word(&out, differs[PART_RULES], "egress rules");
	add_word(&out, differs[PART_CREDENTIALS], "credentials");
	/* The configuration follows from the rules; alone, it is what the host or this program
	 * made of them. */
	add_word(&out, differs[PART_OTHER] && !differs[PART_RULES] && !differs[PART_CREDENTIALS],
		 "configuration");
	add_word(&out, keys_differ, "keys");
	return out.len ? strbuf_take(&out) : NULL;
}

/* ---- the gateway's answer ---- */

/* The rest of the line that starts with `word` and a blank; NULL when there is none. */
static const char *line_after(const char *text, const char *end, const char *word, size_t *len)
{
	size_t want = strlen(word);

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t have = (size_t)((newline ? newline : end) - text);

		if (have > want && memcmp(text, word, want) == 0 && text[want] == ' ') {
			*len = have - want - 1;
			return text + want + 1;
		}
		text += have + (newline ? 1 : 0);
	}
	return NULL;
}

static bool line_is(const char *line, size_t len, const char *want)
{
	return line && len == strlen(want) && memcmp(line, want, len) == 0;
}

enum gateway_result gateway_status_read(const char *text, size_t len, const char *generation,
					char error[GATEWAY_ERROR_MAX + 1])
{
	const char *end = text + len;
	size_t n = 0;
	const char *line = line_after(text, end, "generation", &n);

	error[0] = '\0';
	if (!line_is(line, n, generation))
		return GATEWAY_SAID_NOTHING;
	line = line_after(text, end, "result", &n);
	if (line_is(line, n, "loaded"))
		return GATEWAY_LOADED;
	if (!line_is(line, n, "refused"))
		return GATEWAY_SAID_NOTHING;
	line = line_after(text, end, "error", &n);
	n = line ? MIN_OF(n, (size_t)GATEWAY_ERROR_MAX) : 0;
	for (size_t i = 0; i < n; i++)
		error[i] = line[i] >= ' ' && line[i] <= '~' ? line[i] : '?';
	error[n] = '\0';
	return GATEWAY_REFUSED;
}
