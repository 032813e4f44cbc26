/*
 * A secret goes into lines of files that HAProxy reads and into header fields, so it
 * is one line of visible characters. Encodings are OpenSSL's where it has them; what
 * they need in between is wiped.
 */
#include "domain/secret_value.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/mem.h"
#include "spec_rules.h"

#define BASE64_GROUP 3 /* bytes that four characters stand for */

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

int secret_name_check(const char *name, struct err *e)
{
	size_t len = strlen(name);
	bool valid = len >= 1 && len <= SECRET_NAME_MAX && is_name_char(name[0]) &&
		     is_name_char(name[len - 1]);

	for (size_t i = 0; i < len && valid; i++)
		valid = is_name_char(name[i]) || name[i] == '-';
	if (valid)
		return 0;
	err_set(e, ERR_USAGE, "KEY is not a name of a secret: " SECRET_NAME_WANT);
	return err_hint(e, "the secret itself is never an argument: it is asked for, or read from "
			   "standard input");
}

int secret_value_trim(char *text, size_t *len, struct err *e)
{
	size_t n = *len;

	if (n && text[n - 1] == '\n')
		n--;
	if (n && n < *len && text[n - 1] == '\r')
		n--;
	if (!n)
		return err_set(e, ERR_MANIFEST, "empty");
	if (n > SECRET_MAX)
		return err_set(e, ERR_MANIFEST, "longer than %zu bytes", SECRET_MAX);
	if (memchr(text, '\n', n))
		return err_set(e, ERR_MANIFEST, "more than one line");
	for (size_t i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] > '~')
			return err_set(e, ERR_MANIFEST,
				       "a byte that is not visible ASCII, at position %zu", i + 1);
	if (text[0] == ' ' || text[n - 1] == ' ')
		return err_set(e, ERR_MANIFEST, "a blank at its beginning or end");
	if (n < SECRET_MIN)
		return err_set(e, ERR_MANIFEST,
			       "shorter than %zu bytes: it could not be told from other text",
			       SECRET_MIN);
	mem_wipe(text + n, *len - n);
	*len = n;
	return 0;
}

/* `out` keeps what it is given: it must not leave copies behind when it grows. */
static void add_base64(struct strbuf *out, const char *data, size_t len)
{
	size_t size = 4 * ((len + BASE64_GROUP - 1) / BASE64_GROUP) + 1;
	unsigned char *encoded = mem_alloc(size);
	int n = EVP_EncodeBlock(encoded, (const unsigned char *)data, (int)len);

	strbuf_add(out, encoded, (size_t)n);
	mem_wipe_free(encoded, size);
}

static void add_hex(struct strbuf *out, const char *data, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	for (const unsigned char *p = (const unsigned char *)data; *p; p++) {
		strbuf_putc(out, digits[*p >> 4]);
		strbuf_putc(out, digits[*p & 15]);
	}
}

/* All but the unreserved characters of RFC 3986, section 2.3. */
static void add_percent(struct strbuf *out, const char *data, bool upper)
{
	static const char kept[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	for (const unsigned char *p = (const unsigned char *)data; *p; p++) {
		if (strchr(kept, *p)) {
			strbuf_putc(out, (char)*p);
			continue;
		}
		strbuf_putc(out, '%');
		strbuf_putc(out, digits[*p >> 4]);
		strbuf_putc(out, digits[*p & 15]);
	}
}

/* The template with the secret in the place of its first "{}". */
static void add_filled(struct strbuf *out, const char *template, const char *secret)
{
	const char *gap = strstr(template, "{}");

	if (!gap) {
		strbuf_puts(out, template);
		return;
	}
	strbuf_add(out, template, (size_t)(gap - template));
	strbuf_puts(out, secret);
	strbuf_puts(out, gap + 2);
}

void secret_compose(const struct inject_entry *how, const char *secret, struct strbuf *out)
{
	auto_strbuf struct strbuf pair = STRBUF_SECRET(2 * SECRET_MAX);

	if (how->query) {
		add_percent(out, secret, true);
	} else if (how->basic) {
		add_filled(&pair, how->basic, secret);
		strbuf_puts(out, "Basic ");
		add_base64(out, strbuf_str(&pair), pair.len);
	} else {
		add_filled(out, how->format ? how->format : "{}", secret);
	}
}

/* A line of a pattern file: one that begins with '#' is a comment there, and the rest of such a
 * secret is as good a mark of it. Duplicates are harmless. */
static void add_line(struct strbuf *out, const char *form, size_t len)
{
	while (len && (*form == '#' || *form == ' ')) {
		form++;
		len--;
	}
	if (len < SECRET_FORM_MIN)
		return;
	strbuf_add(out, form, len);
	strbuf_putc(out, '\n');
}

/* What is common to all base64 texts that hold the secret `before` bytes after the start of a
 * group: the characters that no neighbour has a part in. */
static void add_base64_form(struct strbuf *out, const char *secret, size_t before, bool url)
{
	auto_strbuf struct strbuf bytes = STRBUF_SECRET(2 * SECRET_MAX);
	auto_strbuf struct strbuf form = STRBUF_SECRET(4 * SECRET_MAX);
	size_t from = before ? before + 1 : 0, to;

	strbuf_add(&bytes, "\0\0", before);
	strbuf_puts(&bytes, secret);
	add_base64(&form, strbuf_str(&bytes), bytes.len);
	to = bytes.len * 8 / 6;
	if (url && !strpbrk(strbuf_str(&form), "+/"))
		return; /* both alphabets give the same */
	for (size_t i = 0; i < form.len && url; i++)
		form.data[i] = form.data[i] == '+' ? '-' : form.data[i] == '/' ? '_' : form.data[i];
	if (from < to)
		add_line(out, form.data + from, to - from);
}

static void add_json_form(struct strbuf *out, const char *secret)
{
	auto_strbuf struct strbuf form = STRBUF_SECRET(2 * SECRET_MAX);

	if (!strpbrk(secret, "\"\\"))
		return;
	for (const char *p = secret; *p; p++) {
		if (*p == '"' || *p == '\\')
			strbuf_putc(&form, '\\');
		strbuf_putc(&form, *p);
	}
	add_line(out, strbuf_str(&form), form.len);
}

void secret_echo_forms(const char *secret, struct strbuf *out)
{
	auto_strbuf struct strbuf form = STRBUF_SECRET(4 * SECRET_MAX);

	add_line(out, secret, strlen(secret));
	for (int upper = 0; upper < 2; upper++) {
		strbuf_reset(&form);
		add_percent(&form, secret, upper);
		if (strcmp(strbuf_str(&form), secret) != 0)
			add_line(out, strbuf_str(&form), form.len);
		strbuf_reset(&form);
		add_hex(&form, secret, upper);
		add_line(out, strbuf_str(&form), form.len);
	}
	for (size_t before = 0; before < BASE64_GROUP; before++) {
		add_base64_form(out, secret, before, false);
		add_base64_form(out, secret, before, true);
	}
	add_json_form(out, secret);
}

void secret_mask(char *text, const char *secret)
{
	size_t len = strlen(secret);

	for (char *at = len ? strstr(text, secret) : NULL; at; at = strstr(at + len, secret))
		memset(at, '*', len);
}

void secret_mask_shapes(char *text)
{
	static const char blanks[] = " \t\r\n";

	for (char *at = text + strspn(text, blanks); *at; at += strspn(at, blanks)) {
		size_t len = strcspn(at, blanks);
		auto_free char *word = mem_strndup(at, len);

		/* as if it were the value of a variable named KEY: rather too much than too little
		 */
		if (secret_shape("KEY", word))
			memset(at, '*', len);
		mem_wipe(word, len);
		at += len;
	}
}
