/* Undoes, step by step, what secret_compose() does; whatever holds the secret is wiped. */
#include "domain/secret_extract.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/mem.h"

#define BASIC "Basic "

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool cut_percent(const char *value, struct strbuf *out)
{
	for (const char *p = value; *p; p++) {
		int high = *p == '%' ? hex_value(p[1]) : 0;
		int low = *p == '%' && high >= 0 ? hex_value(p[2]) : 0;

		if (high < 0 || low < 0)
			return false;
		strbuf_putc(out, *p == '%' ? (char)(high * 16 + low) : *p);
		p += *p == '%' ? 2 : 0;
	}
	return true;
}

/* "Bearer {}": what stands in the place of {}. */
static bool cut_template(const char *template, const char *value, struct strbuf *out)
{
	const char *gap = strstr(template, "{}");
	size_t len = strlen(value), head = gap ? (size_t)(gap - template) : 0;
	size_t tail = gap ? strlen(gap + 2) : 0;

	if (!gap || len <= head + tail || strncmp(value, template, head) != 0 ||
	    strcmp(value + len - tail, gap + 2) != 0)
		return false;
	strbuf_add(out, value + head, len - head - tail);
	return true;
}

static bool cut_basic(const char *template, const char *value, struct strbuf *out)
{
	size_t len = strlen(value);
	unsigned char *pair;
	bool sound = false;

	if (strncmp(value, BASIC, strlen(BASIC)) != 0)
		return false;
	value += strlen(BASIC);
	pair = mem_alloc(len + 1); /* decoded is shorter, and followed by a zero */
	if (EVP_DecodeBlock(pair, (const unsigned char *)value, (int)strlen(value)) > 0)
		sound = cut_template(template, (const char *)pair, out);
	mem_wipe_free(pair, len + 1);
	return sound;
}

bool secret_extract(const struct inject_entry *how, const char *value, struct strbuf *out)
{
	struct strbuf secret auto_strbuf = STRBUF_SECRET(STRBUF_TEXT_MAX);
	bool sound = how->query	  ? cut_percent(value, &secret)
		     : how->basic ? cut_basic(how->basic, value, &secret)
				  : cut_template(how->format ? how->format : "{}", value, &secret);

	if (sound && secret.len > 0)
		strbuf_add(out, secret.data, secret.len);
	return sound && secret.len > 0;
}
