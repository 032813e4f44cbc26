/*
 * Which text looks like a credential. Used on manifests, where a false alarm costs a
 * line under allow_plain and a miss leaves a key readable in the worker, and on live
 * environments.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "domain/spec.h"
#include "spec_rules.h"

struct prefix {
	const char *text;
	size_t more; /* characters of the key that must follow */
	bool digit;  /* one of them is a digit: tells keys from words */
	const char *what;
};

/* Longer prefixes first where one begins with another. */
static const struct prefix prefixes[] = {
	{ "sk-ant-", 12, false, "an Anthropic key" },
	{ "sk_live_", 8, false, "a Stripe key" },
	{ "sk_test_", 8, false, "a Stripe key" },
	{ "rk_live_", 8, false, "a Stripe key" },
	{ "whsec_", 16, false, "a webhook secret" },
	{ "sk-", 16, true, "an OpenAI key" },
	{ "ghp_", 20, false, "a GitHub token" },
	{ "gho_", 20, false, "a GitHub token" },
	{ "ghu_", 20, false, "a GitHub token" },
	{ "ghs_", 20, false, "a GitHub token" },
	{ "ghr_", 20, false, "a GitHub token" },
	{ "github_pat_", 16, false, "a GitHub token" },
	{ "glpat-", 16, false, "a GitLab token" },
	{ "xoxb-", 10, true, "a Slack token" },
	{ "xoxp-", 10, true, "a Slack token" },
	{ "xoxa-", 10, true, "a Slack token" },
	{ "xoxr-", 10, true, "a Slack token" },
	{ "xoxs-", 10, true, "a Slack token" },
	{ "xapp-", 10, true, "a Slack token" },
	{ "AKIA", 16, false, "an AWS key" },
	{ "ASIA", 16, false, "an AWS key" },
	{ "AIza", 30, false, "a Google key" },
	{ "ya29.", 20, false, "a Google token" },
	{ "SG.", 30, false, "a SendGrid key" },
	{ "key_live_", 8, false, "a live key" },
	{ "key-", 32, true, "a Mailgun key" },
	{ "hf_", 30, false, "a Hugging Face token" },
	{ "npm_", 30, false, "an npm token" },
	{ "pypi-", 40, false, "a PyPI token" },
	{ "dop_v1_", 32, false, "a DigitalOcean token" },
	{ "shpat_", 24, false, "a Shopify token" },
	{ "pit-", 32, true, "a private integration token" },
	{ "eyJ", 30, false, "a JSON Web Token" },
};

bool secret_is_key_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

bool secret_prefix_begins(char c)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (*prefixes[i].text == c)
			return true;
	return false;
}

const char *secret_prefix_at(const char *s, const char **out_key, size_t *out_len)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		const struct prefix *p = &prefixes[i];
		size_t len, run = 0;
		bool digit = false;

		if (*s != *p->text)
			continue;
		len = strlen(p->text);
		if (strncmp(s, p->text, len) != 0)
			continue;
		for (; secret_is_key_char(s[len + run]) || s[len + run] == '.'; run++)
			digit |= isdigit((unsigned char)s[len + run]) != 0;
		if (run >= p->more && (digit || !p->digit)) {
			*out_key = s + len;
			*out_len = run;
			return p->what;
		}
	}
	return NULL;
}

/* scheme://user:password@host */
static bool has_url_password(const char *s)
{
	for (const char *at = strstr(s, "://"); at; at = strstr(at, "://")) {
		at += 3;
		size_t authority = strcspn(at, "/?# \t");
		const char *end = memrchr(at, '@', authority);
		const char *colon = end ? memchr(at, ':', (size_t)(end - at)) : NULL;
		if (colon && end - colon > 1)
			return true;
	}
	return false;
}

const char *secret_known_shape(const char *value)
{
	const char *pem = strstr(value, "-----BEGIN ");

	if (pem && strstr(pem, "PRIVATE KEY"))
		return "a private key";
	if (has_url_password(value))
		return "a URL with a password";
	if (strncasecmp(value, "Bearer ", 7) == 0 && strlen(value) >= 7 + 12)
		return "an Authorization header";
	if (strncasecmp(value, "Basic ", 6) == 0 && strlen(value) >= 6 + 8)
		return "an Authorization header";
	for (const char *at = value; *at; at++) {
		const char *key, *what = NULL;
		size_t len;

		if (at == value || !secret_is_key_char(at[-1]))
			what = secret_prefix_at(at, &key, &len);
		if (what)
			return what;
	}
	return NULL;
}

static int char_class(char c)
{
	return isupper((unsigned char)c)   ? 0
	       : islower((unsigned char)c) ? 1
	       : isdigit((unsigned char)c) ? 2
					   : 3;
}

/* Random letters and digits change class at most places (base 62: 62 %); words in camel case,
 * versions and dates do not. Digests and UUIDs lack one case and pass. */
static bool run_is_random(const char *s, size_t len)
{
	size_t seen[4] = { 0 }, changes = 0;

	if (len < 24)
		return false;
	for (size_t i = 0; i < len; i++) {
		seen[char_class(s[i])]++;
		changes += i > 0 && char_class(s[i]) != char_class(s[i - 1]);
	}
	return seen[0] >= 2 && seen[1] >= 2 && seen[2] >= 1 && changes * 5 >= (len - 1) * 2;
}

static bool looks_random(const char *value)
{
	bool path = value[0] == '/' || value[0] == '.' || strstr(value, "://");

	for (const char *at = value; *at;) {
		size_t len = 0;
		while (secret_is_key_char(at[len]) || (!path && at[len] && strchr("+/=", at[len])))
			len++;
		if (run_is_random(at, len))
			return true;
		at += len ? len : 1;
	}
	return false;
}

/* True when one of the words between underscores of `name` is `word`; `last`: the last one. */
static bool has_word(const char *name, const char *word, bool last)
{
	size_t want = strlen(word);

	for (const char *at = name;;) {
		size_t len = strcspn(at, "_");
		bool is_last = at[len] == '\0';
		if (len == want && strncasecmp(at, word, len) == 0 && (is_last || !last))
			return true;
		if (is_last)
			return false;
		at += len + 1;
	}
}

static bool has_any_word(const char *name, const char *const *words, bool last)
{
	for (; *words; words++) {
		if (has_word(name, *words, last))
			return true;
	}
	return false;
}

static bool ends_with(const char *name, const char *tail)
{
	size_t have = strlen(name), want = strlen(tail);

	return have >= want && strcasecmp(name + have - want, tail) == 0;
}

static bool is_generated(const char *value)
{
	bool digit = false, upper = false, lower = false;

	for (const char *p = value; *p; p++) {
		digit |= char_class(*p) == 2;
		upper |= char_class(*p) == 0;
		lower |= char_class(*p) == 1;
	}
	return strlen(value) >= 8 && (upper || lower) && digit + upper + lower > 1;
}

/* The variable's name says that it holds a secret, and the value is not plainly something else. */
static const char *named_shape(const char *name, const char *value)
{
	static const char *const password[] = { "PASSWORD", "PASSWD", "PASSPHRASE", "SECRET",
						NULL };
	static const char *const key[] = { "KEY",	  "APIKEY", "TOKEN", "CREDENTIAL",
					   "CREDENTIALS", "AUTH",   NULL };
	/* fingerprints and public halves, as base images carry them */
	static const char *const open[] = { "GPG", "PGP", "PUBLIC", "PUB", "FINGERPRINT", NULL };

	if (value[0] == '/' || strstr(value, "://") || has_any_word(name, open, false))
		return NULL;
	bool numeric = strspn(value, "0123456789.") == strlen(value);
	if (has_any_word(name, password, true) || ends_with(name, "PASSWORD"))
		return value[0] && strcmp(value, "true") != 0 && strcmp(value, "false") != 0
			       ? "a password"
			       : NULL;
	if (!numeric && has_any_word(name, key, true) && is_generated(value))
		return "a key";
	return NULL;
}

bool secret_is_placeholder(const char *value)
{
	size_t head = strlen(SECRET_PLACEHOLDER_PREFIX);

	return strncmp(value, SECRET_PLACEHOLDER_PREFIX, head) == 0 && strlen(value) == head + 32 &&
	       strspn(value + head, "0123456789abcdef") == 32;
}

const char *secret_shape(const char *name, const char *value)
{
	if (secret_is_placeholder(value))
		return NULL;
	const char *known = secret_known_shape(value);

	if (known)
		return known;
	known = named_shape(name, value);
	if (known)
		return known;
	return looks_random(value) ? "a random key" : NULL;
}
