/*
 * The file `rules`: what a change of a route is, so that its connections are cut for a change of
 * its meaning and not for another key; and the CA files beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "gateway_config.h"

#define TOKEN SECRET_PLACEHOLDER_PREFIX "0123456789abcdef0123456789abcdef"
#define OTHER_TOKEN SECRET_PLACEHOLDER_PREFIX "fedcba9876543210fedcba9876543210"
#define CA "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
#define OTHER_CA "-----BEGIN CERTIFICATE-----\nMB==\n-----END CERTIFICATE-----\n"

struct sample {
	struct inject_entry inject[2];
	char *allow[2], *command[2];
	struct credential_entry credential;
	const char *ca_text;
	struct gateway_config config;
};

static void make(struct sample *s)
{
	*s = (struct sample){
		.inject = { { .header = (char *)"Authorization", .format = (char *)"Bearer {}" } },
		.allow = { (char *)"GET /a/*" },
		.credential = { .name = (char *)"ghl",
				.upstream = (char *)"https://a.example.com",
				.upstream_host = "a.example.com",
				.upstream_port = 443,
				.secret = (char *)"ghl" },
	};
	s->credential.inject = (struct bind_list){ s->inject, 1 };
	s->credential.allow = (struct strlist){ s->allow, 1 };
	s->config = config_of(NULL, 0);
	s->config.credentials = &s->credential;
	s->config.credential_count = 1;
	s->config.ca_texts = &s->ca_text;
	s->config.token = TOKEN;
}

static char *rules_of(const struct sample *s)
{
	struct strmap files auto_strmap = { 0 };

	render_all(&s->config, &files);
	return mem_strdup(strmap_get(&files, GATEWAY_FILE_RULES));
}

/* One change each; the sample is new every time. */
static void other_limit(struct sample *s)
{
	s->credential.limit.rate = (char *)"20/s";
	s->credential.limit.rate_count = 20;
	s->credential.limit.rate_seconds = 1;
}
static void other_allow(struct sample *s)
{
	s->allow[0] = (char *)"GET /b/*";
}
static void no_allow(struct sample *s)
{
	s->credential.allow.count = 0;
}
static void other_upstream(struct sample *s)
{
	s->credential.upstream = (char *)"https://b.example.com";
	memcpy(s->credential.upstream_host, "b.", 2);
}
static void other_header(struct sample *s)
{
	s->inject[0].header = (char *)"X-Api-Key";
}
static void other_format(struct sample *s)
{
	s->inject[0].format = (char *)"Token {}";
}
static void open_to_private(struct sample *s)
{
	s->credential.private_ok = true;
}
static void own_ca(struct sample *s)
{
	s->credential.ca = (char *)"/etc/ssl/a.pem";
	s->ca_text = CA;
}
static void token_required(struct sample *s)
{
	s->credential.token = TOKEN_REQUIRED;
}
static void other_secret(struct sample *s)
{
	s->credential.secret = (char *)"other";
}
static void own_secret(struct sample *s)
{
	s->credential.secret = NULL;
	s->inject[0].secret = (char *)"other";
}
static void by_command(struct sample *s)
{
	s->credential.secret = NULL;
	s->command[0] = (char *)"/bin/x";
	s->credential.command = (struct strlist){ s->command, 1 };
}
static void other_token(struct sample *s)
{
	s->config.token = OTHER_TOKEN; /* not asked for by this route */
}

static void test_meaning(unused_arg void **state)
{
	static const struct {
		void (*change)(struct sample *s);
		bool differs;
	} cases[] = {
		{ other_limit, true },	   { other_allow, true },  { no_allow, true },
		{ other_upstream, true },  { other_header, true }, { other_format, true },
		{ open_to_private, true }, { own_ca, true },	   { token_required, true },
		{ other_secret, false },   { own_secret, false },  { by_command, false },
		{ other_token, false },
	};
	struct sample first;

	make(&first);
	auto_free char *before = rules_of(&first);
	assert_int_equal(strncmp(before, "route 80 ghl ", 13), 0);
	assert_int_equal(strspn(before + 13, "0123456789abcdef"), 16);
	assert_string_equal(before + 29, " 0 route_ghl/upstream\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sample changed;

		make(&changed);
		cases[i].change(&changed);
		auto_free char *after = rules_of(&changed);
		if ((strcmp(before, after) != 0) != cases[i].differs)
			fail_msg("case %zu: %s", i, after);
	}
}

/* The text itself counts, not the name of its file; and a token that a route asks for. */
static void test_what_stands_elsewhere(unused_arg void **state)
{
	struct sample s;

	make(&s);
	own_ca(&s);
	auto_free char *ca = rules_of(&s);
	s.ca_text = OTHER_CA;
	auto_free char *other_ca = rules_of(&s);
	assert_string_not_equal(ca, other_ca);
	make(&s);
	token_required(&s);
	auto_free char *token = rules_of(&s);
	other_token(&s);
	auto_free char *another_token = rules_of(&s);
	assert_string_not_equal(token, another_token);
}

static void test_ca_files(unused_arg void **state)
{
	struct strmap files auto_strmap = { 0 };
	struct sample s;

	make(&s);
	own_ca(&s);
	render_all(&s.config, &files);
	assert_int_equal(files.count, 5);
	assert_string_equal(files.entries[0].key, "ca-ghl.pem");
	assert_string_equal(files.entries[0].value, CA);
}

/* Files that gateway-init would not take are not made. */
static void test_too_long(unused_arg void **state)
{
	auto_free struct egress_entry *rules = mem_array(GATEWAY_MAX_RULES, sizeof(*rules));
	struct gateway_config c = config_of(rules, GATEWAY_MAX_RULES);
	struct strlist hosts auto_strlist = { 0 };
	struct strmap files auto_strmap = { 0 };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < GATEWAY_MAX_RULES; i++) {
		strlist_addf(&hosts, "n%zu.%063d.%063d.example.com", i, 0, 0);
		rules[i] = (struct egress_entry){ .host = hosts.items[i],
						  .port = 1024 + (int64_t)i,
						  .protocol = EGRESS_TCP };
	}
	assert_int_equal(gateway_render(&c, &files, &e), -1);
	assert_int_equal(e.code, ERR_MANIFEST);
	assert_non_null(strstr(e.message, "too many rules: the gateway's haproxy.cfg"));
	assert_int_equal(files.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_what_stands_elsewhere),
		cmocka_unit_test(test_ca_files),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
