/* A twin's traffic stands in the gateway's log like the worker's, and must count for nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/egress_log.h"

#define AT(s) "2026-11-25T18:00:" s "Z "
#define BY(ip, name)                                                                               \
	"{\"ts\":1,\"event\":\"dns\",\"tenant\":\"acme\",\"client\":\"" ip                         \
	"\",\"type\":\"A\",\"name\":\"" name "\",\"verdict\":\"denied\"}\n"
#define TLS_BY(ip)                                                                                 \
	"{\"ts\":1,\"event\":\"tls\",\"tenant\":\"acme\",\"client\":\"" ip                         \
	"\",\"port\":443,\"rule\":\"tls:443:api.example.com\",\"sni\":\"api.example.com\","        \
	"\"verdict\":\"allowed\",\"up\":100,\"down\":2000}\n"

static void feed(struct egress_state *s, const char *text)
{
	const struct egress_owner o = { "acme", "one", "0123456789abcdef0123456789abcdef",
					"10.1.1.4" };
	struct egress_reader r;

	egress_reader_begin(&r, s, &o);
	egress_reader_feed(&r, 1, text, strlen(text));
	egress_reader_end(&r);
}

/* What a twin does is no use and no refusal; only its address tells, not what it says. */
static void twins_are_not_counted(void **state)
{
	auto_egress_state struct egress_state s = { 0 };
	const struct egress_denial *d;

	(void)state;
	feed(&s, AT("01.000000001") BY("10.1.1.4", "a.example.org") AT("02.000000000")
			 TLS_BY("10.1.1.4") AT("03.000000000") BY("10.1.1.3", "b.example.org")
				 AT("04.000000000") TLS_BY("10.1.1.3") AT("05.000000000")
					 BY("10.1.1.40", "10.1.1.4"));
	assert_int_equal(s.denials.count, 2);
	d = s.denials.items;
	assert_string_equal(d[0].what, "b.example.org");
	assert_string_equal(d[1].what, "10.1.1.4");
	assert_int_equal(egress_state_use(&s, "tls:443:api.example.com")->hits, 1);
	assert_int_equal(s.unread, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twins_are_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
