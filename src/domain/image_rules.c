/*
 * Credentials in the layers of an image. Names are those that programs look for by
 * themselves; text is judged by what it holds, and what is plainly an example or a
 * template is none.
 */
#include "domain/image_rules.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "spec_rules.h"

enum { KEY_DIGITS = 2, KEY_KINDS = 8, PEM_BODY = 40, WORD_MAX = 128, VALUE_MAX = 4096 };

/* ---- examples ---- */

static bool has_any_of(const char *s, size_t len, const char *const *words)
{
	for (; *words; words++)
		for (size_t i = 0, n = strlen(*words); i + n <= len; i++)
			if (strncasecmp(s + i, *words, n) == 0)
				return true;
	return false;
}

static bool is_example(const char *s, size_t len)
{
	static const char *const words[] = { "example", "your",	     "xxxx",  "placeholder",
					     "sample",	"change_me", "fake",  "changeme",
					     "1234567", "abcdefgh",  "dummy", NULL };

	return has_any_of(s, len, words);
}

/* A value that something else puts in place: ${VAR}, <token>, {{ token }}, %TOKEN%. */
static bool is_template(const char *s, size_t len)
{
	return len == 0 || strchr("$<{%*", s[0]) || is_example(s, len);
}

/* Keys are random: digits and letters of many kinds, which no word of a program is. */
static bool is_random_key(const char *s, size_t len)
{
	size_t digits = 0, upper = 0, lower = 0, kinds = 0;
	bool seen[UCHAR_MAX + 1] = { false };

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		digits += isdigit(c) != 0;
		upper += isupper(c) != 0;
		lower += islower(c) != 0;
		kinds += !seen[c];
		seen[c] = true;
	}
	if (kinds < KEY_KINDS || is_example(s, len))
		return false;
	if (upper > 0 && lower > 0)
		return digits >= KEY_DIGITS || upper + lower == len;
	/* of one case: no words with dashes between them */
	return digits >= 2 * KEY_DIGITS && !memchr(s, '-', len) && !memchr(s, '_', len);
}

/* ---- any text ---- */

/* What is between the lines of a private key; a program that only names them has no such text. */
static bool has_pem_body(const char *s)
{
	size_t run = 0;

	while (*s == '\r' || *s == '\n' || *s == ' ' || *s == '\\' || *s == '"')
		s += *s == '\\' && s[1] ? 2 : 1;
	if (strncmp(s, "Proc-Type:", 10) == 0)
		return true;
	while (isalnum((unsigned char)s[run]) || s[run] == '+' || s[run] == '/' || s[run] == '=')
		run++;
	return run >= PEM_BODY && !is_example(s, run);
}

static bool has_private_key(const char *text)
{
	for (const char *at = text; (at = strstr(at, "PRIVATE KEY"));) {
		const char *begin = memrchr(text, '\n', (size_t)(at - text));
		const char *line = begin ? begin : text;
		size_t before = (size_t)(at - line);

		at += strlen("PRIVATE KEY");
		if (strncmp(at, " BLOCK", 6) == 0)
			at += 6;
		if (strncmp(at, "-----", 5) == 0 && memmem(line, before, "-----BEGIN ", 11) &&
		    has_pem_body(at + 5))
			return true;
	}
	return false;
}

/* Three parts, the first two JSON objects: "{" is "ey" in base64. */
static bool is_web_token(const char *key, size_t len)
{
	const char *dot = memchr(key, '.', len);

	return dot && len > (size_t)(dot - key) + 3 && strncmp(dot + 1, "eyJ", 3) == 0;
}

/* Keys begin where words do. Most of what is read is no key, so that little is done for it. */
static const char *key_in(const char *text)
{
	bool of_word[UCHAR_MAX + 1] = { false }, begins[UCHAR_MAX + 1] = { false };

	for (int c = 1; c <= UCHAR_MAX; c++) {
		of_word[c] = secret_is_key_char((char)c);
		begins[c] = secret_prefix_begins((char)c);
	}
	for (const unsigned char *at = (const unsigned char *)text; *at;) {
		const char *key, *what;
		size_t len;

		what = begins[*at] ? secret_prefix_at((const char *)at, &key, &len) : NULL;
		if (what && (*at == 'e' ? is_web_token(key, len) : is_random_key(key, len)))
			return what;
		while (of_word[*at])
			at++;
		while (*at && !of_word[*at])
			at++;
	}
	return NULL;
}

/* scheme://user:password@host */
static bool has_url_password(const char *text)
{
	static const char *const common[] = { "pass", "user", "secret", "pwd", NULL };

	for (const char *at = text; (at = strstr(at, "://"));) {
		size_t len = strcspn(at += 3, "/?# \t\r\n\"'`<>,;)");
		const char *end = memrchr(at, '@', len);
		const char *colon = end ? memchr(at, ':', (size_t)(end - at)) : NULL;
		size_t word = colon ? (size_t)(end - colon - 1) : 0;

		if (word > 1 && !is_template(colon + 1, word) &&
		    !has_any_of(colon + 1, word, common))
			return true;
	}
	return false;
}

/* ---- files that programs keep credentials in ---- */

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool ends_with(const char *s, const char *tail)
{
	size_t have = strlen(s), want = strlen(tail);

	return have >= want && strcmp(s + have - want, tail) == 0;
}

/* The value that begins behind a name, a separator and a quote; it ends at a blank or a quote. */
static size_t value_behind(const char *at, const char **out)
{
	at += strspn(at, " \t");
	at += *at == '=' || *at == ':';
	at += strspn(at, " \t");
	at += *at == '"' || *at == '\'';
	*out = at;
	return strcspn(at, "\r\n\"', \t");
}

struct keeper {
	const char *tail; /* of the path */
	const char *mark; /* what stands before the value; "": any text is one */
	const char *what;
};

static const struct keeper keepers[] = {
	{ "/.netrc", "password", "a password for a server" },
	{ "/_netrc", "password", "a password for a server" },
	{ "/.npmrc", "_authToken", "an npm token" },
	{ "/.npmrc", "_password", "an npm password" },
	{ "/.npmrc", "_auth", "an npm password" },
	{ "/.yarnrc.yml", "npmAuthToken", "an npm token" },
	{ "/.docker/config.json", "\"auth\"", "a registry password" },
	{ "/.docker/config.json", "\"identitytoken\"", "a registry token" },
	{ "/.dockercfg", "\"auth\"", "a registry password" },
	{ "/.dockerconfigjson", "\"auth\"", "a registry password" },
	{ "/.aws/credentials", "aws_secret_access_key", "an AWS key" },
	{ "/.aws/config", "aws_secret_access_key", "an AWS key" },
	{ "/.pypirc", "password", "a PyPI password" },
	{ "/.my.cnf", "password", "a database password" },
	{ "/.kube/config", "token", "a cluster token" },
	{ "/.kube/config", "client-key-data", "a cluster key" },
	{ "/.vault-token", "", "a Vault token" },
	{ "/.pgpass", "", "a database password" },
	{ "/application_default_credentials.json", "\"refresh_token\"", "a Google token" },
	{ "/.git-credentials", NULL, "a password of a repository" },
	{ "/.config/gh/hosts.yml", "oauth_token", "a GitHub token" },
};

static bool has_value(const char *text, const char *mark)
{
	const char *value;
	size_t len;

	for (const char *at = text; (at = strstr(at, mark));) {
		at += strlen(mark);
		len = value_behind(at, &value);
		if (!*mark)
			return len > 1;
		if (strchr(" \t=:", *at) && len > 1 && !is_template(value, len))
			return true;
	}
	return false;
}

static const char *kept_in(const char *path, const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(keepers); i++) {
		const struct keeper *k = &keepers[i];

		if (ends_with(path, k->tail) &&
		    (k->mark ? has_value(text, k->mark) : has_url_password(text)))
			return k->what;
	}
	return NULL;
}

static bool is_env_file(const char *base)
{
	return strcmp(base, ".env") == 0 ||
	       (strncmp(base, ".env.", 5) == 0 && !strstr(base, "example") &&
		!strstr(base, "sample") && !strstr(base, "template") && !strstr(base, "dist"));
}

/* NAME=VALUE, as a shell would read it. */
static const char *variable_in(const char *line, size_t len)
{
	const char *eq = memchr(line, '=', len), *value;
	auto_free char *name = NULL, *copy = NULL;
	const char *what;
	size_t size;

	if (strncmp(line, "export ", 7) == 0)
		line += 7;
	if (!eq || eq <= line || eq - line > WORD_MAX || *line == '#')
		return NULL;
	size = value_behind(eq, &value);
	if (size > VALUE_MAX || value + size > line + len || is_template(value, size))
		return NULL;
	name = mem_strndup(line, (size_t)(eq - line));
	copy = mem_strndup(value, size);
	what = secret_shape(name, copy);
	mem_wipe(copy, size);
	return what;
}

static const char *environment_in(const char *text)
{
	const char *what = NULL;

	for (const char *line = text; *line && !what;) {
		size_t len = strcspn(line, "\n");

		what = variable_in(line, len);
		line += len + (line[len] == '\n');
	}
	return what;
}

/* ---- what is looked at ---- */

static bool is_named(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(keepers); i++)
		if (ends_with(path, keepers[i].tail))
			return true;
	return false;
}

static bool is_of_packages(const char *path)
{
	static const char *const heads[] = { "/usr/share/",
					     "/usr/lib/",
					     "/usr/lib64/",
					     "/usr/include/",
					     "/usr/src/",
					     "/lib/",
					     "/lib64/",
					     "/var/lib/dpkg/",
					     "/var/lib/apt/",
					     "/usr/libexec/",
					     "/usr/local/lib/python" };
	static const char *const parts[] = { "/node_modules/",	"/site-packages/",
					     "/dist-packages/", "/gems/",
					     "/go/pkg/mod/",	"/.cargo/registry/" };

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		if (strncmp(path, heads[i], strlen(heads[i])) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strstr(path, parts[i]))
			return true;
	return false;
}

bool image_is_read(const char *path)
{
	return !is_of_packages(path) || is_named(path);
}

static bool is_configuration(const char *base)
{
	static const char *const tails[] = { ".json", ".yml", ".yaml", ".toml",	      ".ini",
					     ".conf", ".cfg", ".env",  ".properties", ".sh" };

	for (size_t i = 0; i < ARRAY_SIZE(tails); i++)
		if (ends_with(base, tails[i]))
			return true;
	return false;
}

const char *image_secret(const char *path, const char *text)
{
	const char *base = base_of(path);
	const char *what = kept_in(path, text);

	if (what || is_of_packages(path))
		return what;
	if (has_private_key(text))
		return "a private key";
	what = key_in(text);
	if (!what && is_env_file(base))
		what = environment_in(text);
	if (!what && (is_configuration(base) || is_env_file(base)) && has_url_password(text))
		what = "a URL with a password";
	return what;
}

/* ---- traps ---- */

const char *image_user_problem(const char *user)
{
	enum { DIGITS_MAX = 10 };
	static const char biggest[] = "2147483647";

	for (const char *at = user ? user : ""; *at; at += *at == ':') {
		size_t len = strcspn(at, ":"), digits = strspn(at, "0123456789");

		if (digits == len && len > 0) {
			for (; *at == '0' && len > 1; len--)
				at++;
			if (len > DIGITS_MAX ||
			    (len == DIGITS_MAX && strncmp(at, biggest, len) > 0))
				return "is a number that no user has";
		}
		at += len;
	}
	return NULL;
}

int image_refuse_traps(const struct image_facts *f, const char *image, struct err *e)
{
	for (size_t i = 0; i < f->find_count; i++) {
		const struct image_find *x = &f->finds[i];

		if (x->kind == IMAGE_USER)
			err_set(e, ERR_REFUSED, "image %s: USER %s %s", image, x->path, x->what);
		else if (x->kind == IMAGE_DEVICE)
			err_set(e, ERR_REFUSED, "image %s, layer %u: %s is a device node (%s)",
				image, x->layer, x->path, x->what);
		else if (x->kind == IMAGE_PLACE)
			err_set(e, ERR_REFUSED, "image %s, layer %u: %s is %s", image, x->layer,
				x->path, x->what);
		else
			continue;
		return err_hint(e, "use an image without it, or build it again; nothing was "
				   "created from this one");
	}
	return 0;
}
