/* Reading and ordering version numbers. Text comes from engines and kernels: bounded, hostile. */
#include "domain/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 9, PRE_STEP = 100000 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool read_number(const char **p, unsigned *out)
{
	size_t len = strspn(*p, "0123456789");

	if (len == 0 || len > DIGITS_MAX)
		return false;
	*out = (unsigned)strtoul(*p, NULL, 10);
	*p += len;
	return true;
}

/* "-rc.3", "~rc93", "-beta1": a word that comes before the release. Leaves *p alone otherwise. */
static unsigned read_pre_release(const char **p)
{
	static const char *const words[] = { "dev", "alpha", "beta", "rc" };
	const char *q = *p;
	unsigned number = 0;

	if (*q != '-' && *q != '~')
		return VERSION_RELEASE;
	q++;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t len = strlen(words[i]);

		if (strncmp(q, words[i], len) != 0)
			continue;
		q += len;
		if ((q[0] == '.' || q[0] == '-') && is_digit(q[1]))
			q++;
		if (is_digit(*q) && (!read_number(&q, &number) || number >= PRE_STEP))
			number = PRE_STEP - 1;
		*p = q;
		return (unsigned)i * PRE_STEP + number;
	}
	return VERSION_RELEASE;
}

bool version_parse(const char *text, struct version *out)
{
	struct version v = { .pre = VERSION_RELEASE };
	const char *p = text ? text : "";
	const char *colon = strchr(p, ':');

	/* an epoch of Debian's: it orders packages, not releases */
	if (colon && colon > p && strspn(p, "0123456789") == (size_t)(colon - p))
		p = colon + 1;
	p += *p == 'v';
	for (size_t i = 0; i < VERSION_PARTS; i++) {
		if (!read_number(&p, &v.part[i]))
			return false;
		if (p[0] != '.' || !is_digit(p[1]))
			break;
		p++;
	}
	v.pre = read_pre_release(&p);
	v.patched = *p != '\0';
	*out = v;
	return true;
}

int version_compare(const struct version *a, const struct version *b)
{
	for (size_t i = 0; i < VERSION_PARTS; i++)
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i] ? -1 : 1;
	if (a->pre != b->pre)
		return a->pre < b->pre ? -1 : 1;
	return 0;
}

static bool same_branch(const struct version *a, const struct version *b)
{
	return a->part[0] == b->part[0] && a->part[1] == b->part[1];
}

bool version_has_fix(const struct version *v, const char *const *fixed)
{
	struct version f, highest = { 0 };

	for (; *fixed; fixed++) {
		if (!version_parse(*fixed, &f))
			return false;
		if (same_branch(v, &f))
			return version_compare(v, &f) >= 0;
		if (version_compare(&f, &highest) > 0)
			highest = f;
	}
	return version_compare(v, &highest) > 0;
}

/* The first "Debian 6.1.159-1" of /proc/version; the compiler's "(Debian 12.2.0-14)" comes in
 * brackets. */
static bool read_debian(const char *text, struct version *out)
{
	static const char mark[] = "Debian ";

	for (const char *p = text; p && (p = strstr(p, mark)) != NULL; p++)
		if (p > text && p[-1] == ' ' && is_digit(p[strlen(mark)])) {
			char word[64];

			snprintf(word, sizeof(word), "%.*s", (int)strcspn(p + strlen(mark), " ("),
				 p + strlen(mark));
			return version_parse(word, out);
		}
	return false;
}

/* "Ubuntu 5.15.0-125.135-generic 5.15.167": the third word is the kernel it was made from. */
static bool read_ubuntu(const char *text, struct version *out)
{
	char word[64];

	return text && sscanf(text, "%*s %*s %63s", word) == 1 && version_parse(word, out);
}

bool version_of_kernel(const char *release, const char *version, const char *signature,
		       struct version *out)
{
	struct version v, shown;

	if (!version_parse(release, &shown))
		return false;
	if (read_ubuntu(signature, &v) || read_debian(version, &v)) {
		/* what names another branch is about another kernel */
		if (!same_branch(&v, &shown))
			return false;
		v.patched = true;
		*out = v;
		return true;
	}
	*out = shown;
	return true;
}
