/* Other tenants under other names. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "domain/pack.h"

#define MASKED_BYTES_MAX ((size_t)16 << 20)

void pack_names_init(struct pack_names *n, const char *tenant, const struct strlist *others)
{
	size_t number = 0;

	*n = (struct pack_names){ 0 };
	/* the own name stands for itself, also where another's is a part of it */
	strlist_add(&n->names, tenant);
	strlist_add(&n->replacements, tenant);
	for (size_t i = 0; i < others->count; i++) {
		auto_free char *replacement = NULL;

		if (strlist_has(&n->names, others->items[i]))
			continue;
		do {
			mem_replace(&replacement, NULL);
			replacement = mem_printf("other-%zu", ++number);
		} while (strcmp(replacement, tenant) == 0);
		strlist_add(&n->names, others->items[i]);
		strlist_add(&n->replacements, replacement);
	}
}

void pack_names_free(struct pack_names *n)
{
	strlist_free(&n->names);
	strlist_free(&n->replacements);
}

/* Index of the longest name that stands at `p` and ends there; -1 for none. */
static int name_at(const struct pack_names *n, const char *p)
{
	size_t best = 0;
	int found = -1;

	for (size_t i = 0; i < n->names.count; i++) {
		size_t len = strlen(n->names.items[i]);

		if (len > best && strncasecmp(p, n->names.items[i], len) == 0 &&
		    !isalnum((unsigned char)p[len])) {
			best = len;
			found = (int)i;
		}
	}
	return found;
}

char *pack_mask(const struct pack_names *n, const char *text)
{
	struct strbuf out = STRBUF_INIT(MASKED_BYTES_MAX);
	const char *p = text;

	if (!text)
		return NULL;
	while (*p) {
		bool begins = p == text || !isalnum((unsigned char)p[-1]);
		int i = begins ? name_at(n, p) : -1;

		if (i < 0) {
			strbuf_putc(&out, *p++);
			continue;
		}
		strbuf_puts(&out, n->replacements.items[i]);
		p += strlen(n->names.items[i]);
	}
	return strbuf_take(&out);
}
