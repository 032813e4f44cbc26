/* Harvest of egress: what is counted and kept of a gateway's log. */
#include "egress_player.h"
#include "../../../src/ops/egress_state.h"

#define LINE(second, verdict, rule, sni)                                                           \
	"2026-11-25T18:00:" second ".000000000Z {\"event\":\"tls\",\"tenant\":\"acme\",\"port\":"  \
	"443,\"verdict\":\"" verdict "\",\"rule\":" rule ",\"sni\":\"" sni                         \
	"\",\"reason\":\"name\","                                                                  \
	"\"up\":1,\"down\":2}\n"
#define HIT(second) LINE(second, "allowed", "\"tls:443:api.example.com\"", "api.example.com")

static int64_t hits(struct context *c)
{
	struct egress_view v = { 0 };
	const struct egress_use *use;
	struct err e = ERR_INIT;
	int64_t n;

	assert_ok(ops_egress_view(c, "acme", &v, &e), &e);
	use = egress_state_use(&v.state, "tls:443:api.example.com");
	assert_non_null(use);
	assert_true(use->since > 0);
	n = use->hits;
	egress_view_free(&v);
	return n;
}

static void counters_outlive_log_and_container(void **state)
{
	struct context c;
	struct player p;

	begin(state, &c, &p);
	assert_int_equal(hits(&c), 0); /* no gateway */
	p.id = ONE;
	p.log = HIT("01") HIT("02") LINE("03", "denied", "null", "evil.example.org");
	assert_int_equal(hits(&c), 2);
	assert_string_equal(p.since, "");
	assert_int_equal(hits(&c), 2);
	assert_string_equal(p.since, "1795629603.000000000");
	p.log = HIT("04"); /* rotated: the rest is gone */
	assert_int_equal(hits(&c), 3);
	p.id = TWO; /* a new container */
	p.log = HIT("01");
	assert_int_equal(hits(&c), 4);
	assert_string_equal(p.since, "");
	p.id = NULL;
	assert_int_equal(hits(&c), 4);
	p.id = TWO;
	p.tenant = "other"; /* whoever took the name: not ours */
	p.log = HIT("05");
	assert_int_equal(hits(&c), 4);
	context_close(&c);
}

/* Another run replaced the container between the look for it and the look at its log. */
static void a_container_that_is_gone_changes_nothing(void **state)
{
	struct context c;
	struct player p;
	struct err e = ERR_INIT;

	begin(state, &c, &p);
	p.id = TWO;
	p.log = HIT("01");
	assert_int_equal(hits(&c), 1);
	assert_ok(egress_harvest(&c, c.client, "acme", ONE, NULL, NULL, &e), &e);
	assert_int_equal(hits(&c), 1);
	context_close(&c);
}

static void damaged_counters_begin_anew(void **state)
{
	struct context c;
	struct player p;

	begin(state, &c, &p);
	auto_free char *path = path_of(c.root, PATH_EGRESS, "acme");
	p.id = ONE;
	p.log = HIT("01");
	assert_int_equal(hits(&c), 1);
	put(path, "{\"uses\":[{\"rule\":7}", 0600);
	assert_int_equal(hits(&c), 1); /* from the log that is there */
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	context_close(&c);
}

static void without_state_nothing_is_kept(void **state)
{
	struct egress_view v = { 0 };
	struct err e = ERR_INIT;
	struct context c;
	struct player p;

	begin(state, &c, &p);
	auto_free char *own = path_of(c.root, PATH_TENANT_STATE, "acme");
	assert_int_equal(rmdir(own), 0);
	assert_ok(ops_egress_view(&c, "acme", &v, &e), &e);
	assert_int_equal(v.state.uses.count, 0);
	egress_view_free(&v);
	assert_int_equal(access(own, F_OK), -1);
	assert_int_equal(ops_egress_view(&c, "nobody", &v, &e), -1);
	assert_int_equal(e.code, ERR_MANIFEST);
	context_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(counters_outlive_log_and_container),
		WITH_FOLDER(a_container_that_is_gone_changes_nothing),
		WITH_FOLDER(damaged_counters_begin_anew),
		WITH_FOLDER(without_state_nothing_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
