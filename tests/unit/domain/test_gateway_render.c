/*
 * The gateway's files: what is rendered reads back as exactly the rules that were given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/egress.h"
#include "gateway_config.h"

#define GOLDEN_DIR "tests/unit/domain/golden/"

/* ---- golden -------------------------------------------------------------------------------- */

static void compare_golden(const char *name, const char *text)
{
	auto_free char *path = mem_printf(GOLDEN_DIR "%s", name);
	auto_free char *want = mem_alloc(65536);
	FILE *f = fopen(path, "r");

	if (!f)
		fail_msg("%s cannot be read; run from the top folder", path);
	want[fread(want, 1, 65535, f)] = '\0';
	fclose(f);
	assert_string_equal(text, want);
}

static void test_golden(unused_arg void **state)
{
	struct gateway_config c = config_of(gateway_sample, ARRAY_SIZE(gateway_sample));
	struct strmap files auto_strmap = { 0 };

	render_all(&c, &files);
	assert_int_equal(files.count, 4);
	for (size_t i = 0; i < files.count; i++) {
		auto_free char *name = mem_printf("gateway-%s", files.entries[i].key);

		compare_golden(name, files.entries[i].value);
		assert_true(i == 0 || strcmp(files.entries[i - 1].key, files.entries[i].key) < 0);
	}
}

/* ---- re-parse ------------------------------------------------------------------------------ */

static const char *const haproxy_words[] = {
	"global",
	"defaults",
	"resolvers",
	"frontend",
	"backend",
	"log",
	"nbthread",
	"maxconn",
	"tune.bufsize",
	"tune.buffers.limit",
	"stats",
	"httpclient.ssl.verify",
	"mode",
	"retries",
	"option",
	"timeout",
	"nameserver",
	"accepted_payload_size",
	"resolve_retries",
	"hold",
	"bind",
	"tcp-request",
	"acl",
	"default_backend",
	"log-format",
	"use-server",
	"server",
	"http-request",
	"stick-table",
	"error-log-format",
};
static const char *const dnsmasq_words[] = {
	"port",	       "listen-address", "bind-interfaces",	"no-resolv",
	"no-poll",     "no-hosts",	 "addn-hosts",		"no-ident",
	"cache-size",  "local-ttl",	 "max-tcp-connections", "edns-packet-max",
	"log-queries", "local",		 "host-record",		"address",
};

/* Every line begins with a word that the renderer has business to write. */
static void check_words(const char *text, const char *const *words, size_t count, const char *ends)
{
	for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		size_t len, i;

		at += *at == '\t';
		len = strcspn(at, ends);
		for (i = 0; len > 0 && i < count; i++)
			if (strlen(words[i]) == len && memcmp(at, words[i], len) == 0)
				break;
		if (len > 0 && i == count)
			fail_msg("unexpected line: %.60s", at);
	}
}

static void check_rule_lines(const struct gateway_config *c, const struct strmap *files)
{
	const char *h = strmap_get(files, GATEWAY_FILE_HAPROXY);
	const char *d = strmap_get(files, GATEWAY_FILE_DNSMASQ);
	auto_free char *hosts = mem_printf("\n%s", strmap_get(files, GATEWAY_FILE_HOSTS));

	for (size_t i = 0; i < c->egress_count; i++) {
		const struct egress_entry *r = &c->egress[i];
		bool wildcard = r->host[0] == '*';
		auto_free char *id = egress_rule_id(r);
		auto_free char *rule =
			mem_printf("set-var(txn.rule) str(%s) if { var(txn.sni) -m %s %s }\n", id,
				   wildcard ? "end" : "str", r->host + wildcard);
		auto_free char *bind = mem_printf("\tbind %s:%d\n", c->inner_ip, (int)r->port);
		auto_free char *used =
			mem_printf("\tuse-server r%zu if { var(txn.rule) -m str %s }\n", i, id);
		auto_free char *server = mem_printf("\tserver r%zu 0.0.0.0:0 weight 0\n", i);
		auto_free char *name = wildcard ? mem_printf("\naddress=/%s/%s\nlocal=/%s/\n",
							     r->host, c->inner_ip, r->host)
						: mem_printf("\n%s %s\n", c->inner_ip, r->host);

		assert_int_equal(count_of(h, rule), r->protocol == EGRESS_TLS);
		assert_int_equal(count_of(h, bind), 1);
		assert_int_equal(count_of(h, used), 1);
		assert_int_equal(count_of(h, server), 1);
		/* Once, even for a name with several ports; an address needs no record. */
		assert_int_equal(count_of(wildcard ? d : hosts, name),
				 r->host[0] > '9' || wildcard);
	}
}

/* A line of `rules` for each rule, and nothing else. */
static void check_rules_file(const struct gateway_config *c, const char *text)
{
	size_t lines = 0;

	for (size_t i = 0; i < c->egress_count; i++) {
		const struct egress_entry *r = &c->egress[i];
		auto_free char *head =
			mem_printf("%s %d %s %s ", r->protocol ? "tcp" : "tls", (int)r->port,
				   r->host, r->private_ok ? "private" : "-");
		auto_free char *tail = mem_printf(" outside/r%zu\n", i);
		const char *at = strstr(text, head);

		assert_non_null(at);
		assert_true(at == text || at[-1] == '\n');
		assert_memory_equal(strchr(at, '\n') + 1 - strlen(tail), tail, strlen(tail));
	}
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, c->egress_count + c->credential_count);
}

static void check_rendered(const struct gateway_config *c)
{
	struct strmap files auto_strmap = { 0 };
	const char *h, *d;
	size_t frontends;

	render_all(c, &files);
	h = strmap_get(&files, GATEWAY_FILE_HAPROXY);
	d = strmap_get(&files, GATEWAY_FILE_DNSMASQ);
	check_words(h, haproxy_words, ARRAY_SIZE(haproxy_words), " \n");
	check_words(d, dnsmasq_words, ARRAY_SIZE(dnsmasq_words), "=\n");
	check_rule_lines(c, &files);
	check_rules_file(c, strmap_get(&files, GATEWAY_FILE_RULES));
	/* One bind each; all but the inbound one judge the client, and all but that and the one of
	 * the routes judge the address. */
	frontends = count_of(h, "\nfrontend ");
	assert_int_equal(count_of(h, "\tbind "), frontends);
	assert_int_equal(count_of(h, "\tbind 10.230.0.2:8080\n"), 1);
	assert_int_equal(count_of(h, "reject if !{ src 10.231.0.3 10.231.0.4 }\n"), frontends - 1);
	assert_int_equal(count_of(h, "tcp-request content reject if never\n"), frontends - 2);
	assert_int_equal(count_of(h, "tcp-request content reject if private"), frontends - 2);
	assert_int_equal(count_of(h, "tcp-request content set-dst "), frontends - 2);
	assert_int_equal(count_of(d, "local=/#/\n"), 1);
	assert_null(strstr(d, "server="));
}

/* A refusal must come before the connection is led anywhere. */
static void test_order(unused_arg void **state)
{
	struct gateway_config c = config_of(gateway_sample, 2);
	auto_free char *h = NULL, *d = NULL;
	const char *hello, *name, *resolve, *never, *dial;

	render(&c, &h, &d);
	hello = strstr(h, "reject if !{ req.ssl_hello_type 1 }");
	name = strstr(h, "reject if !{ var(txn.rule) -m found }");
	resolve = strstr(h, "do-resolve(");
	never = strstr(h, "reject if never");
	dial = strstr(h, "set-dst var(txn.dst)");
	assert_true(hello && hello < name && name < resolve && resolve < never && never < dial);
}

/* The longest wildcard wins over shorter ones, and an exact name over all. */
static void test_specificity(unused_arg void **state)
{
	static const struct egress_entry rules[] = {
		{ .host = (char *)"a.eu.slack.com", .port = 443 },
		{ .host = (char *)"*.eu.slack.com", .port = 443 },
		{ .host = (char *)"*.com", .port = 443, .private_ok = true },
	};
	struct gateway_config c = config_of(rules, ARRAY_SIZE(rules));
	auto_free char *h = NULL, *d = NULL;
	const char *exact, *longer, *shorter;

	render(&c, &h, &d);
	check_rendered(&c);
	exact = strstr(h, "str(tls:443:a.eu.slack.com) if");
	longer = strstr(h, "str(tls:443:*.eu.slack.com) if");
	shorter = strstr(h, "str(tls:443:*.com) if");
	assert_true(shorter && shorter < longer && longer < exact);
	assert_non_null(strstr(h, "acl private_rule var(txn.rule) -m str tls:443:*.com\n"));
	assert_non_null(strstr(h, "reject if private !private_rule\n"));
}

/* The number of seconds is given here as date(1) tells it. */
static void test_expiry(unused_arg void **state)
{
	static const struct {
		const char *day, *end;
	} cases[] = { { "1970-01-01", "0" },
		      { "2000-02-29", "951782400" },
		      { "2026-12-31", "1798675200" },
		      { "2038-01-20", "2147558400" },
		      { "9999-12-31", "253402214400" } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct egress_entry rules[] = {
			{ .host = (char *)"a.b", .port = 443, .expires = (char *)cases[i].day },
			{ .host = (char *)"c.d",
			  .port = 5,
			  .protocol = EGRESS_TCP,
			  .expires = (char *)cases[i].day },
			{ .host = (char *)"e.f", .port = 6, .protocol = EGRESS_TCP },
			{ .host = (char *)"g.h", .port = 444 },
		};
		struct gateway_config c = config_of(rules, ARRAY_SIZE(rules));
		auto_free char *past = mem_printf(" { var(txn.now) -m int ge %s }\n", cases[i].end);
		auto_free char *live =
			mem_printf("set-var(txn.rule) str(tls:443:a.b) if { var(txn.sni) -m str "
				   "a.b } { var(txn.now) -m int lt %s }\n",
				   cases[i].end);
		auto_free char *refuse =
			mem_printf("reject if { var(txn.now) -m int ge %s }\n", cases[i].end);
		auto_free char *h = NULL, *d = NULL;

		render(&c, &h, &d);
		assert_int_equal(count_of(h, past), 2);
		assert_int_equal(count_of(h, live), 1);
		assert_int_equal(count_of(h, refuse), 1);
		assert_true(strstr(h, refuse) <
			    strstr(h, "do-resolve(txn.dst,outside,ipv4) str(c.d)"));
		assert_int_equal(count_of(h, "reject if { var(txn.reason) -m str expired }\n"), 1);
		/* Compared directly, it would hold up connections that are allowed. */
		assert_int_equal(count_of(h, "date"), 2);
		assert_int_equal(count_of(h, "set-var(txn.now) date\n"), 2);
	}
}

static void test_inbound_source(unused_arg void **state)
{
	struct gateway_config c = config_of(gateway_sample, 0);
	auto_free char *loopback = NULL, *open = NULL, *d = NULL, *d2 = NULL;

	render(&c, &loopback, &d);
	assert_non_null(strstr(loopback, "acl host_side src 10.230.0.1\n"
					 "\ttcp-request connection reject if !host_side\n"));
	c.inbound_loopback_only = false;
	render(&c, &open, &d2);
	assert_non_null(strstr(open, "reject if own_side !host_side\n"));
	assert_null(strstr(open, "reject if !host_side\n"));
	assert_string_equal(d, d2);
}

static void test_random(unused_arg void **state)
{
	srandom(7);
	for (int round = 0; round < 200; round++) {
		static char names[12][64];
		struct egress_entry rules[12];
		size_t count = (size_t)random() % 12;
		struct gateway_config c = config_of(rules, count);

		for (size_t i = 0; i < count; i++) {
			bool tcp = random() % 3 == 0, wildcard = !tcp && random() % 2;

			snprintf(names[i], sizeof(names[i]), "%sx%ld.h%zu-%ld.example",
				 wildcard ? "*." : "", random() % 100, i, random() % 1000);
			rules[i] = (struct egress_entry){ .host = names[i],
							  .port = tcp ? 1000 + (int)i
								      : 443 + random() % 3,
							  .protocol = tcp ? EGRESS_TCP : EGRESS_TLS,
							  .private_ok = random() % 2 };
		}
		check_rendered(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),	    cmocka_unit_test(test_order),
		cmocka_unit_test(test_specificity), cmocka_unit_test(test_inbound_source),
		cmocka_unit_test(test_expiry),	    cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
