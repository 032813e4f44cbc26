/* What looks like a credential, and what must not. None of the values is a real key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "domain/spec.h"

struct variable {
	const char *name, *value, *what; /* what: NULL when it is no secret */
};

static const struct variable variables[] = {
	/* what stands for a key */
	{ "API_KEY", "tenant-placeholder-0123456789abcdef0123456789abcdef", NULL },
	{ "API_KEY", "tenant-placeholder-0123456789abcdef0123456789abcdef0", "a key" },
	{ "API_KEY", "tenant-placeholder-0123456789abcdef0123456789abcdeF", "a key" },
	/* known prefixes; the strings are joined so that scanners of sources stay quiet */
	{ "A",
	  "sk-"
	  "proj-a1b2c3d4e5f6g7h8",
	  "an OpenAI key" },
	{ "A",
	  "sk-"
	  "ant-api03-abcdefgh",
	  "an Anthropic key" },
	{ "A",
	  "ghp"
	  "_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "a GitHub token" },
	{ "A",
	  "github"
	  "_pat_aaaaaaaaaaaaaaaaaaaa",
	  "a GitHub token" },
	{ "A",
	  "glpat"
	  "-aaaaaaaaaaaaaaaaaaaa",
	  "a GitLab token" },
	{ "A",
	  "xoxb"
	  "-1234567890-abc",
	  "a Slack token" },
	{ "A",
	  "AKIA"
	  "AAAAAAAAAAAAAAAA",
	  "an AWS key" },
	{ "A",
	  "AIza"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "a Google key" },
	{ "A",
	  "SG"
	  ".aaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbb",
	  "a SendGrid key" },
	{ "A",
	  "key"
	  "_live_abcdefgh",
	  "a live key" },
	{ "A",
	  "sk"
	  "_live_abcdefgh",
	  "a Stripe key" },
	{ "A",
	  "eyJ"
	  "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.aaaa",
	  "a JSON Web Token" },
	{ "A",
	  "-----BEGIN "
	  "RSA PRIVATE KEY-----",
	  "a private key" },
	{ "ARGS",
	  "--token=ghp"
	  "_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa -v",
	  "a GitHub token" },
	{ "A",
	  "Bearer "
	  "abcdefghijkl",
	  "an Authorization header" },
	{ "DATABASE_URL", "postgres://u:pw@db.example.com/x", "a URL with a password" },
	/* names */
	{ "DB_PASSWORD", "x", "a password" },
	{ "PGPASSWORD", "letmein", "a password" },
	{ "CLIENT_SECRET", "abc", "a password" },
	{ "API_KEY", "abcd1234", "a key" },
	{ "api_token", "AbCdEfGhIj", "a key" },
	{ "SESSION_KEY", "6f9619ff-8b86-d011-b42d-00cf4fc964ff", "a key" },
	/* random text */
	{ "A", "q7Xk2Vp9Lm4Rt8Zw3Nb6Yd1Hc5Jf0Gs", "a random key" },
	{ "A", "id=q7Xk2Vp9Lm4Rt8Zw3Nb6Yd1Hc5Jf0Gs;x", "a random key" },
	/* no secrets */
	{ "TZ", "UTC", NULL },
	{ "LANG", "en_US.UTF-8", NULL },
	{ "EMPTY", "", NULL },
	{ "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL },
	{ "HOME", "/workspace", NULL },
	{ "A", "/opt/App1/Lib2/Data3/Build4X5/Release6Y7/File8Z9", NULL },
	{ "API_KEY_FILE", "/run/secrets/key1", NULL },
	{ "API_KEY", "/run/secrets/key1", NULL },
	{ "TOKEN_URL", "https://auth.example.com/oauth2/token", NULL },
	{ "BASE", "http://gateway/openai/v1", NULL },
	{ "MAIL", "https://user@example.com/x", NULL },
	{ "A", "http://example.com:8080/a@b", NULL },
	{ "ID", "6f9619ff-8b86-d011-b42d-00cf4fc964ff", NULL },
	{ "DIGEST", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", NULL },
	{ "COMMIT", "ef1c2a77b3d94a04db5bd39e1f9b1e1a50eaf2bb", NULL },
	{ "GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D", NULL },
	{ "MAX_TOKENS", "100000", NULL },
	{ "TOKEN", "4096", NULL },
	{ "OPENAI_API_KEY", "placeholder", NULL },
	{ "API_KEY", "unused", NULL },
	{ "KEYBOARD", "Us1ntl-Layout", NULL },
	{ "PUBLIC_KEY", "abcd1234ABCD", NULL },
	{ "NODE_OPTIONS", "--max-old-space-size=1024 --disable-proto=delete", NULL },
	{ "JAVA_OPTS", "-XX:MaxRAMPercentage=75.0 -XX:+UseContainerSupport", NULL },
	{ "A", "DynamicallyLoadedLibraryVersion2Configuration3", NULL },
	{ "MODEL", "openai/gpt-4o-mini-2024-07-18", NULL },
	{ "WHEN", "2026-04-27T12:30:00Z", NULL },
	{ "VERSION", "v2026.4.27-beta.12+build.20260427", NULL },
	{ "LIB", "sk-learn-is-not-a-secret-at-all", NULL },
	{ "ASK", "ask-me-anything-1234567890abcdef", NULL },
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const struct variable *v = &variables[i];
		const char *what = secret_shape(v->name, v->value);
		if (!what != !v->what || (what && strcmp(what, v->what) != 0))
			fail_msg("%s=%s: expected %s, got %s", v->name, v->value,
				 v->what ? v->what : "nothing", what ? what : "nothing");
	}
}

/* Random base-62 keys of 32 characters: nearly all are seen (the seed is fixed). */
static void test_random(void **state)
{
	static const char base62[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	uint64_t x = 0x9E3779B97F4A7C15u;
	int found = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char key[33] = "";
		for (int j = 0; j < 32; j++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			key[j] = base62[(x >> 20) % 62];
		}
		found += secret_shape("A", key) != NULL;
	}
	assert_true(found >= 970);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
