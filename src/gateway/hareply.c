/* See hareply.h. */
#include "hareply.h"

#include <string.h>

/* Copies what follows `label`, a word of its own, up to a blank; false without it. */
static bool word_after(const char *line, const char *label, char out[HAREPLY_WORD])
{
	size_t len = strlen(label), n;

	for (const char *at = line; (at = strstr(at, label)); at += len) {
		if (at != line && at[-1] != ' ')
			continue;
		at += len;
		n = strcspn(at, " ");
		if (n == 0 || n >= HAREPLY_WORD)
			return false;
		memcpy(out, at, n);
		out[n] = '\0';
		return true;
	}
	return false;
}

static bool word_decimal(const char *s, uint32_t *out)
{
	uint64_t n = 0;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (uint64_t)(*s - '0');
		if (n > UINT32_MAX)
			return false;
	}
	*out = (uint32_t)n;
	return *s == '\0' || *s == ' ';
}

/* "0x55d0c0ffee:" at the start of a line. */
static bool pointer_of(const char *line, uint64_t *out)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t p = 0;
	size_t i = 2;

	if (strncmp(line, "0x", 2) != 0)
		return false;
	for (const char *d; line[i] && (d = strchr(digits, line[i])); i++) {
		if (i >= 18)
			return false;
		p = p << 4 | (uint64_t)(d - digits);
	}
	*out = p;
	return i > 2 && line[i] == ':';
}

bool hareply_session(const char *line, struct hareply_session *out)
{
	return pointer_of(line, &out->pointer) && word_after(line, "be=", out->backend) &&
	       word_after(line, "srv=", out->server) && strcmp(out->server, "<none>") != 0;
}

bool hareply_count(const char *line, char key[HAREPLY_WORD], uint32_t *out)
{
	char text[HAREPLY_WORD];
	uint64_t pointer;

	return pointer_of(line, &pointer) && word_after(line, "key=", key) &&
	       word_after(line, "gpc0=", text) && word_decimal(text, out);
}

bool hareply_number(const char *line, const char *label, uint32_t *out)
{
	size_t len = strlen(label);

	return strncmp(line, label, len) == 0 && word_decimal(line + len, out);
}

bool hareply_quote(const char *word, size_t len, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)word[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			     (c >= 'a' && c <= 'z') || c >= 0x80;

		if (c < 0x20 || c == 0x7f || n + 3 > size)
			return false;
		if (!plain)
			out[n++] = '\\';
		out[n++] = (char)c;
	}
	if (n >= size)
		return false;
	out[n] = '\0';
	return n > 0;
}
