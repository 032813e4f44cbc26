/*
 * Counting a gateway's log: every line once, whatever stops and starts again, and nothing
 * that a worker sends grows, breaks or fakes the counters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "domain/egress_log.h"

#define NONCE "0123456789abcdef0123456789abcdef"
#define AT(s) "2026-11-25T18:00:" s "Z "
#define ALLOWED                                                                                    \
	"{\"ts\":1,\"event\":\"tls\",\"tenant\":\"acme\",\"client\":\"10.1.1.3\",\"port\":443,"    \
	"\"rule\":\"tls:443:api.example.com\",\"sni\":\"api.example.com\",\"dst\":\"198.51.100."   \
	"1\","                                                                                     \
	"\"verdict\":\"allowed\",\"reason\":\"none\",\"up\":100,\"down\":2000,\"ms\":1,"           \
	"\"state\":\"--\"}\n"
#define DENIED(name)                                                                               \
	"{\"ts\":1,\"event\":\"tls\",\"tenant\":\"acme\",\"port\":443,\"rule\":null,\"sni\":"      \
	"\"" name                                                                                  \
	"\",\"dst\":\"-\",\"verdict\":\"denied\",\"reason\":\"name\",\"up\":0,\"down\":0}\n"
#define LOOKUP(name)                                                                               \
	"{\"ts\":1,\"event\":\"dns\",\"tenant\":\"acme\",\"type\":\"A\",\"name\":\"" name          \
	"\",\"answer\":\"NXDOMAIN\",\"verdict\":\"denied\"}\n"

static void feed(struct egress_state *s, const char *container, const char *text)
{
	const struct egress_owner o = { "acme", container, NONCE, "10.1.1.4" };
	struct egress_reader r;

	egress_reader_begin(&r, s, &o);
	egress_reader_feed(&r, 1, text, strlen(text));
	egress_reader_end(&r);
}

static const struct egress_denial *denial(const struct egress_state *s, size_t i)
{
	assert_true(i < s->denials.count);
	return (const struct egress_denial *)s->denials.items + i;
}

static void uses_and_refusals_are_counted(void **state unused_arg)
{
	auto_egress_state struct egress_state s = { 0 };
	const struct egress_use *u;
	const struct egress_denial *d;

	feed(&s, "one",
	     AT("01.000000001") ALLOWED AT("02.000000000") DENIED("EVIL.example.org.")
		     AT("03.000000000") DENIED("evil.example.org") AT("04.000000000")
			     ALLOWED AT("05.000000000") LOOKUP("Other.example.net") AT(
				     "06.000000000") "{\"event\":\"dns-suppressed\",\"tenant\":"
						     "\"acme\",\"lines\":7}\n" AT("07.000000000") "{\"event\":\"started\",\"tenant\":\"acme\"}\n" AT(
							     "08.000000000") "{\"event\":"
									     "\"route\","
									     "\"tenant\":"
									     "\"acme\",\"rule\":"
									     "\"route:ghl\","
									     "\"method\":"
									     "\"DELETE\","
									     "\"path\":\"/ghl/"
									     "x\",\"status\":"
									     "403,\"verdict\":"
									     "\"denied\","
									     "\"reason\":"
									     "\"rule\",\"up\":1,"
									     "\"down\":2}\n");
	u = egress_state_use(&s, "tls:443:api.example.com");
	assert_non_null(u);
	assert_int_equal(u->hits, 2);
	assert_int_equal(u->up, 200);
	assert_int_equal(u->down, 4000);
	assert_int_equal(u->last - u->first, 3);
	assert_null(egress_state_use(&s, "tls:443:other.example.com"));
	assert_int_equal(s.denials.count, 3);
	d = denial(&s, 0);
	assert_string_equal(d->kind, "tls");
	assert_string_equal(d->what, "evil.example.org");
	assert_string_equal(d->reason, "name");
	assert_int_equal(d->port, 443);
	assert_int_equal(d->count, 2);
	assert_int_equal(d->last - d->first, 1);
	assert_null(d->rule);
	assert_null(d->address);
	assert_string_equal(denial(&s, 1)->what, "other.example.net");
	assert_string_equal(denial(&s, 1)->reason, "lookup");
	assert_string_equal(denial(&s, 2)->what, "DELETE /ghl/x");
	assert_string_equal(denial(&s, 2)->rule, "route:ghl");
	assert_int_equal(s.suppressed, 7);
	assert_int_equal(s.unread, 0);
}

/* A gateway that takes new rules sends away what it will let through a moment later. */
static void reloads_are_no_refusals(void **state unused_arg)
{
	static const char tls[] =
		"{\"ts\":1,\"event\":\"tls\",\"tenant\":\"acme\",\"port\":443,\"rule\":null,"
		"\"sni\":\"api.example.com\",\"dst\":\"-\",\"verdict\":\"denied\","
		"\"reason\":\"reload\",\"up\":1,\"down\":0}\n";
	static const char route[] =
		"{\"ts\":1,\"event\":\"route\",\"tenant\":\"acme\",\"rule\":\"route:ghl\","
		"\"method\":\"GET\",\"path\":\"/ghl/x\",\"status\":503,\"verdict\":\"denied\","
		"\"reason\":\"reload\",\"up\":1,\"down\":2}\n";
	auto_egress_state struct egress_state s = { 0 };
	auto_free char *log =
		mem_printf(AT("01.000000000") "%s" AT("02.000000000") "%s", tls, route);

	feed(&s, "one", log);
	assert_int_equal(s.denials.count, 0);
	assert_int_equal(s.uses.count, 0);
	assert_int_equal(s.unread, 0);
}

/* Whatever the gateway could not log is one number. */
static void lines_that_are_missing_add_up(void **state unused_arg)
{
	auto_egress_state struct egress_state s = { 0 };

	feed(&s, "one",
	     AT("01.000000000") "{\"event\":\"suppressed\",\"tenant\":\"acme\",\"lines\":5}\n" AT(
		     "02.000000000") "{\"event\":\"lines-lost\",\"tenant\":\"acme\","
				     "\"program\":\"haproxy\",\"lines\":30}\n" AT(
					     "03.000000000") "{\"event\":\"dns-suppressed\","
							     "\"tenant\":\"acme\",\"lines\":"
							     "100}\n" AT(
								     "04.000000000") "{\"event\":"
										     "\"suppressed"
										     "\","
										     "\"tenant\":"
										     "\"acme\","
										     "\"lines\":-9}"
										     "\n");
	assert_int_equal(s.suppressed, 135);
	assert_int_equal(s.denials.count, 0);
	assert_int_equal(s.unread, 0);
}

/* The engine gives all lines from the mark on, those with the mark's own time included. */
static void no_line_counts_twice(void **state unused_arg)
{
	static const char log[] = AT("01.000000000") ALLOWED AT("02.000000000")
		ALLOWED AT("02.000000000") DENIED("a.example.org") AT("02.000000000") ALLOWED;
	static const char more[] =
		AT("02.000000000") ALLOWED AT("02.000000000") DENIED("a.example.org")
			AT("02.000000000") ALLOWED AT("02.000000000") ALLOWED AT("02.000000000")
				DENIED("b.example.org") AT("03.000000000") ALLOWED;
	auto_egress_state struct egress_state s = { 0 };
	const char *rule = "tls:443:api.example.com";

	feed(&s, "one", log);
	assert_int_equal(egress_state_use(&s, rule)->hits, 3);
	for (int i = 0; i < 3; i++) {
		auto_free char *text = egress_state_text(&s);
		struct err e = ERR_INIT;
		egress_state_free(&s); /* as it is read from the file by the next run */
		assert_int_equal(egress_state_parse(text, strlen(text), "t", &s, &e), 0);
		feed(&s, "one", log);
		assert_int_equal(egress_state_use(&s, rule)->hits, 3);
		assert_int_equal(denial(&s, 0)->count, 1);
	}
	feed(&s, "one", more);
	assert_int_equal(egress_state_use(&s, rule)->hits, 5);
	assert_int_equal(s.denials.count, 2);
	assert_int_equal(denial(&s, 0)->count, 1);
	feed(&s, "one", AT("03.000000000") ALLOWED);
	assert_int_equal(egress_state_use(&s, rule)->hits, 5);
	/* rotated away: what is left is new or known, never both */
	feed(&s, "one", AT("04.000000000") ALLOWED);
	assert_int_equal(egress_state_use(&s, rule)->hits, 6);
	/* another container: all of its lines are new, even older ones */
	feed(&s, "two", log);
	assert_int_equal(egress_state_use(&s, rule)->hits, 9);
	assert_string_equal(s.container, "two");
	assert_string_equal(s.mark, "2026-11-25T18:00:02.000000000Z");
}

static void lines_come_in_pieces(void **state)
{
	static const char log[] =
		AT("01.000000000") ALLOWED AT("02.000000000") DENIED("a.example.org");
	(void)state;
	for (size_t size = 1; size < 40; size += 3) {
		auto_egress_state struct egress_state s = { 0 };
		const struct egress_owner o = { "acme", "one", NONCE, NULL };
		struct egress_reader r;
		egress_reader_begin(&r, &s, &o);
		assert_null(egress_reader_since(&r));
		for (size_t i = 0; i < sizeof(log) - 1; i += size) {
			egress_reader_feed(&r, 1, log + i, MIN_OF(size, sizeof(log) - 1 - i));
			egress_reader_feed(&r, 2, "x", 1);
		}
		egress_reader_end(&r);
		assert_int_equal(egress_state_use(&s, "tls:443:api.example.com")->hits, 1);
		assert_int_equal(s.denials.count, 1);
		assert_int_equal(s.unread, 1);
	}
}

static void hostile_lines_do_no_harm(void **state)
{
	auto_egress_state struct egress_state s = { 0 };
	auto_strbuf struct strbuf b = STRBUF_INIT(STRBUF_TEXT_MAX);
	struct err e = ERR_INIT;

	(void)state;
	strbuf_puts(&b, AT("01.000000000") DENIED("\\u001b[2J\\u0007\\\"}\\n{\\u00fc"));
	strbuf_puts(&b, AT("02.000000000") "{\"event\":\"tls\"\n");
	strbuf_puts(&b, "no time\n\n2026-11-25T18:00:03.000000000Z\n");
	strbuf_puts(&b, "1013-11-25T18:00:03.000000000Z " DENIED("long.example.org"));
	strbuf_puts(&b, "2026-11-25T18:\xff\xff:03.000000000Z " DENIED("long.example.org"));
	strbuf_puts(&b, AT("04.000000000") "{\"event\":\"tls\",\"tenant\":\"other\",\"verdict\":"
					   "\"allowed\",\"rule\":\"r\"}\n");
	strbuf_puts(&b, AT("05.000000000") "{\"event\":7,\"tenant\":\"acme\"}\n[]\n");
	strbuf_puts(&b, AT("06.000000000") "{\"event\":\"tls\",\"tenant\":\"acme\",\"verdict\":"
					   "\"allowed\",\"rule\":7,\"up\":-5}\n");
	strbuf_puts(&b,
		    AT("07.000000000") "{\"event\":\"tls\",\"tenant\":\"acme\",\"verdict\":"
				       "\"allowed\",\"rule\":\"r\",\"up\":5,\"down\":-1e300}\n");
	strbuf_puts(&b, AT("08.000000000"));
	for (int i = 0; i < 20000; i++)
		strbuf_putc(&b, '[');
	strbuf_puts(&b, "\n" AT("09.000000000"));
	for (int i = 0; i < 3000; i++)
		strbuf_puts(&b, "\xff");
	feed(&s, "one", strbuf_str(&b));
	assert_int_equal(s.denials.count, 1);
	assert_string_equal(denial(&s, 0)->what, "\\x1b[2j\\x07\"}\\x0a{\xc3\xbc");
	assert_int_equal(s.uses.count, 1);
	assert_int_equal(egress_state_use(&s, "r")->down, 0);
	assert_true(s.unread >= 6);
	auto_free char *text = egress_state_text(&s);
	auto_egress_state struct egress_state again = { 0 };
	assert_int_equal(egress_state_parse(text, strlen(text), "t", &again, &e), 0);
	assert_true(bind_equal(&egress_state_table, &s, &again));
}

#define ROUTE(method, path, reason)                                                                \
	"{\"event\":\"route\",\"tenant\":\"acme\",\"rule\":null,\"method\":" method                \
	",\"path\":" path ",\"status\":403,\"verdict\":\"denied\",\"reason\":\"" reason            \
	"\",\"up\":9,\"down\":9}\n"

static void what_verify_does_is_not_counted(void **state)
{
	static const char log[] = AT("01.000000000") LOOKUP("0123456789abcdef.undeclared.example")
		AT("02.000000000") LOOKUP(".") AT("03.000000000") LOOKUP("8.8.8.8.in-addr.arpa") AT(
			"04.000000000") "{\"event\":\"tcp\",\"tenant\":\"acme\",\"port\":5432,"
					"\"rule\":"
					"\"tcp:5432:db.example.com\",\"verdict\":\"allowed\","
					"\"up\":0,"
					"\"down\":90}\n" AT(
						"05.000000000") "{\"event\":\"tls\",\"tenant\":"
								"\"acme\",\"port\":443,\"rule\":"
								"null,"
								"\"sni\":\"-\",\"verdict\":"
								"\"denied\",\"reason\":\"not-tls\","
								"\"up\":0}\n";
	auto_egress_state struct egress_state s = { 0 };

	(void)state;
	feed(&s, "one", log);
	assert_int_equal(s.denials.count, 0);
	assert_int_equal(s.uses.count, 0);
	assert_int_equal(s.unread, 0);
}

/* The same name in any other case is what an agent asked for. */
static void names_of_others_are_told_by_their_case(void **state)
{
	static const char log[] = AT("01.000000000") LOOKUP("tc-beta-LEGAL") AT("02.000000000")
		LOOKUP("tc-beta-legal") AT("03.000000000") LOOKUP("TC-BETA-LEGAL")
			AT("04.000000000") LOOKUP("tc-ab");
	auto_egress_state struct egress_state s = { 0 };
	char name[] = "tc-beta-legal";

	(void)state;
	egress_probe_case(name, "0123456789abcdef");
	assert_string_equal(name, "tc-beta-LEGAL");
	feed(&s, "one", log);
	assert_int_equal(s.denials.count, 2);
	const struct egress_denial *d = s.denials.items;
	assert_string_equal(d->what, "tc-beta-legal");
	assert_int_equal(d->count, 2);
	assert_string_equal(d[1].what, "tc-ab");
}

static void groups_are_bounded(void **state)
{
	auto_egress_state struct egress_state s = { 0 };
	auto_strbuf struct strbuf b = STRBUF_INIT(STRBUF_TEXT_MAX);

	(void)state;
	strbuf_puts(&b, AT("00.000000001") DENIED("often.example.org"));
	strbuf_puts(&b, AT("00.000000002") DENIED("often.example.org"));
	for (int i = 0; i < 3000; i++)
		strbuf_printf(&b,
			      "2026-11-25T18:%02d:%02d.000000000Z "
			      "{\"event\":\"dns\",\"tenant\":\"acme\",\"name\":\"n%d.example.org\","
			      "\"verdict\":\"denied\"}\n",
			      1 + i / 60, i % 60, i);
	feed(&s, "one", strbuf_str(&b));
	assert_int_equal(s.denials.count, EGRESS_DENIALS_MAX);
	assert_int_equal(s.forgotten_groups, 3001 - EGRESS_DENIALS_MAX);
	assert_int_equal(s.forgotten, 3001 - EGRESS_DENIALS_MAX);
	assert_string_equal(denial(&s, 0)->what, "often.example.org"); /* the rare ones went */
}

static void rules_have_an_age(void **state)
{
	auto_egress_state struct egress_state s = { 0 };
	struct strlist rules auto_strlist = { 0 }, none = { 0 };

	(void)state;
	strlist_add(&rules, "tls:443:api.example.com");
	strlist_add(&rules, "route:ghl");
	egress_state_rules(&s, &rules, 100);
	egress_state_rules(&s, &rules, 200);
	assert_int_equal(egress_state_use(&s, "route:ghl")->since, 100);
	feed(&s, "one", AT("01.000000000") ALLOWED);
	egress_state_rules(&s, &none, 300);
	assert_int_equal(egress_state_use(&s, "tls:443:api.example.com")->since, 0);
	assert_int_equal(egress_state_use(&s, "tls:443:api.example.com")->hits, 1);
	egress_state_rules(&s, &rules, 400); /* came back */
	assert_int_equal(egress_state_use(&s, "tls:443:api.example.com")->since, 400);
	for (int i = 0; i < EGRESS_USES_MAX; i++)
		strlist_addf(&rules, "tls:443:n%d.example.com", i);
	egress_state_rules(&s, &rules, 500);
	assert_int_equal(s.uses.count, EGRESS_USES_MAX);
}

static void unused_and_expired_rules_are_found(void **state)
{
	enum { DAY = 86400, NOW = 1767225600 }; /* 2026-01-01 */
	static const struct {
		int64_t last, since;
		const char *expires;
		enum egress_verdict want;
	} cases[] = {
		{ 0, NOW - 91 * DAY, NULL, EGRESS_UNUSED },
		{ 0, NOW - 89 * DAY, NULL, EGRESS_KEEP },
		{ NOW - 91 * DAY, NOW - 200 * DAY, NULL, EGRESS_UNUSED },
		{ NOW - 91 * DAY, NOW - 10 * DAY, NULL, EGRESS_KEEP }, /* came back */
		{ NOW - 1 * DAY, NOW - 200 * DAY, "2026-01-02", EGRESS_KEEP },
		{ NOW - 1 * DAY, NOW - 200 * DAY, "2026-01-01", EGRESS_EXPIRED },
		{ 0, NOW - 200 * DAY, "2025-01-01", EGRESS_EXPIRED },
		{ 0, 0, NULL, EGRESS_KEEP }, /* its age is not known */
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct egress_use use = { .last = cases[i].last, .since = cases[i].since };
		assert_int_equal(egress_review(&use, cases[i].expires, NOW, 90 * DAY),
				 cases[i].want);
	}
	assert_int_equal(egress_review(NULL, NULL, NOW, 90 * DAY), EGRESS_KEEP);
	assert_int_equal(egress_review(NULL, "2020-01-01", NOW, 90 * DAY), EGRESS_EXPIRED);
}

static void advice_is_narrow(void **state)
{
	static const struct {
		struct egress_denial d;
		const char *want;
		bool command;
	} cases[] = {
		{ { .kind = (char *)"dns",
		    .what = (char *)"a.example.org",
		    .reason = (char *)"lookup" },
		  "tenantctl egress allow acme a.example.org",
		  true },
		{ { .kind = (char *)"dns", .what = (char *)"nas.corp", .reason = (char *)"lookup" },
		  "tenantctl egress allow acme nas.corp --private",
		  true },
		{ { .kind = (char *)"dns", .what = (char *)"x y\\x1b", .reason = (char *)"lookup" },
		  "no entry can allow this name",
		  false },
		{ { .kind = (char *)"dns",
		    .what = (char *)"metadata.google.internal",
		    .reason = (char *)"lookup" },
		  "no entry can allow this name",
		  false },
		{ { .kind = (char *)"tls",
		    .what = (char *)"a.example.org",
		    .reason = (char *)"name",
		    .port = 8443 },
		  "tenantctl egress allow acme a.example.org --port 8443",
		  true },
		{ { .kind = (char *)"tls",
		    .what = (char *)"a.example.org",
		    .reason = (char *)"address",
		    .port = 443,
		    .address = (char *)"10.1.2.3" },
		  "tenantctl egress allow acme a.example.org --private",
		  true },
		{ { .kind = (char *)"tls",
		    .what = (char *)"a.example.org",
		    .reason = (char *)"address",
		    .port = 443,
		    .address = (char *)"169.254.169.254" },
		  "it leads to an address that is never reached",
		  false },
		{ { .kind = (char *)"tcp",
		    .what = (char *)"db.example.org",
		    .reason = (char *)"expired",
		    .port = 5432 },
		  "tenantctl egress allow acme db.example.org --port 5432 --protocol tcp",
		  true },
		{ { .kind = (char *)"route",
		    .what = (char *)"GET /ghl/x",
		    .reason = (char *)"rule",
		    .rule = (char *)"route:ghl" },
		  "add \"GET /x\" to 'allow' of credential ghl",
		  false },
	};
	const struct tenant_spec spec = { .tenant = (char *)"acme" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool command;
		auto_free char *got = egress_denial_advice(&cases[i].d, &spec, &command);
		assert_non_null(got);
		assert_string_equal(got, cases[i].want);
		assert_int_equal(command, cases[i].command);
	}
}

/* The key of a route is known by its own name, which need not be the credential's. */
static void advice_about_a_key_names_the_key(void **state)
{
	static struct inject_entry own = { .header = (char *)"A" };
	static struct inject_entry other[] = { { .header = (char *)"A", .secret = (char *)"crm-2" },
					       { .header = (char *)"B",
						 .secret = (char *)"crm-2" } };
	static char *argv[] = { (char *)"/bin/print" };
	static struct credential_entry creds[] = {
		{ .name = (char *)"file", .secret = (char *)"crm-key", .inject = { &own, 1 } },
		{ .name = (char *)"only", .inject = { other, 2 } },
		{ .name = (char *)"both", .secret = (char *)"crm-key", .inject = { other, 2 } },
		{ .name = (char *)"asked", .command = { argv, 1 }, .inject = { &own, 1 } },
		{ .name = (char *)"mixed", .command = { argv, 1 }, .inject = { other, 2 } },
	};
	static const struct {
		const char *rule, *want;
		bool command;
	} cases[] = {
		{ "route:file", "tenantctl secret set acme crm-key", true },
		{ "route:only", "tenantctl secret set acme crm-2", true },
		{ "route:both", "one of the keys of credential both is missing: ", false },
		{ "route:asked", "tenantctl secret rotate acme asked", true },
		{ "route:mixed", "one of the keys of credential mixed is missing: ", false },
		{ "route:gone", "no credential has the name gone any more", false },
	};
	const struct tenant_spec spec = { .tenant = (char *)"acme",
					  .credentials = { creds, ARRAY_SIZE(creds) } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct egress_denial d = { .kind = (char *)"route",
						 .what = (char *)"GET /x",
						 .reason = (char *)"key",
						 .rule = (char *)cases[i].rule };
		bool command;
		auto_free char *got = egress_denial_advice(&d, &spec, &command);

		assert_non_null(got);
		assert_int_equal(strncmp(got, cases[i].want, strlen(cases[i].want)), 0);
		if (command)
			assert_string_equal(got, cases[i].want);
		assert_int_equal(command, cases[i].command);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uses_and_refusals_are_counted),
		cmocka_unit_test(reloads_are_no_refusals),
		cmocka_unit_test(lines_that_are_missing_add_up),
		cmocka_unit_test(no_line_counts_twice),
		cmocka_unit_test(lines_come_in_pieces),
		cmocka_unit_test(hostile_lines_do_no_harm),
		cmocka_unit_test(what_verify_does_is_not_counted),
		cmocka_unit_test(names_of_others_are_told_by_their_case),
		cmocka_unit_test(groups_are_bounded),
		cmocka_unit_test(rules_have_an_age),
		cmocka_unit_test(unused_and_expired_rules_are_found),
		cmocka_unit_test(advice_is_narrow),
		cmocka_unit_test(advice_about_a_key_names_the_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
