/* The audit's judgements: each check is seen green, and red for just its own reason. */
#include "../base/unit.h"

#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>

#include "../../support/tenant_fixture.h"
#include "base/mem.h"
#include "domain/audit.h"

#define NOW 1767225600 /* 2026-01-01 */
#define DAY 86400

static struct strlist red; /* ids that some test saw as no pass */

struct seen {
	struct findings f;
	struct node *rows;
};

static void begin(struct seen *s)
{
	*s = (struct seen){ .rows = node_new_array() };
}

static void end(struct seen *s)
{
	for (size_t i = 0; i < s->f.count; i++)
		if (s->f.items[i].verdict != VERDICT_PASS && !strlist_has(&red, s->f.items[i].id))
			strlist_add(&red, s->f.items[i].id);
	findings_free(&s->f);
	node_free(s->rows);
}

/* "ID verdict subject" of all that is no pass, one a line, in the order found. */
static char *found(const struct seen *s)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(65536);

	for (size_t i = 0; i < s->f.count; i++) {
		const struct finding *x = &s->f.items[i];

		if (x->verdict != VERDICT_PASS)
			strbuf_printf(&b, "%s %s %s\n", x->id, verdict_name(x->verdict),
				      x->evidence);
	}
	return strbuf_take(&b);
}

#define assert_found(s, want)                                                                      \
	do {                                                                                       \
		auto_free char *got_ = found(s);                                                   \
		assert_string_equal(got_, want);                                                   \
	} while (0)

/* ---- caps ---- */

static struct process_facts right(void)
{
	struct process_facts p = { .pid = 7,
				   .status = { .name = "node",
					       .uid = { 5, 5, 5, 5 },
					       .gid = { 5, 5, 5, 5 },
					       .no_new_privs = 1,
					       .seccomp = SECCOMP_MODE_FILTER,
					       .threads = 2 } };
	return p;
}

static void look(struct seen *s, const struct process_facts *p, size_t count, bool cut)
{
	const struct audit_container c = { .role = ROLE_WORKER,
					   .running = true,
					   .uid = 5,
					   .processes = p,
					   .count = count,
					   .cut = cut };

	audit_caps(&c, 1, &s->f, s->rows);
	audit_close(&s->f, AUDIT_CAPS);
}

static void a_right_process_is_not_unusual(void **state unused_arg)
{
	struct process_facts p = right();
	struct seen s;

	begin(&s);
	look(&s, &p, 1, false);
	assert_found(&s, "");
	assert_true(findings_pass(&s.f));
	assert_int_equal(s.f.count, 6);
	assert_string_equal(node_str(node_get(node_at(s.rows, 0), "user"), ""), "5:5");
	assert_string_equal(node_str(node_get(node_at(s.rows, 0), "effective"), "?"), "");
	assert_false(node_bool(node_get(node_at(s.rows, 0), "unusual"), true));
	end(&s);
}

static void each_set_counts(void **state unused_arg)
{
	static const char *const names[] = { "inheritable", "permitted", "effective", "bounding",
					     "ambient" };

	for (int set = 0; set < PROC_CAP_SETS; set++) {
		struct process_facts p = right();
		struct seen s;

		p.status.caps[set] = 1U << 13;
		begin(&s);
		look(&s, &p, 1, false);
		assert_found(&s, "audit.caps.sets fail worker: node\n");
		auto_free char *want = mem_printf("process 7: %s net_raw", names[set]);
		assert_string_equal(s.f.items[0].observed, want);
		assert_string_equal(node_str(node_get(node_at(s.rows, 0), names[set]), ""),
				    "net_raw");
		assert_true(node_bool(node_get(node_at(s.rows, 0), "unusual"), false));
		end(&s);
	}
}

static void each_attribute_counts(void **state unused_arg)
{
	struct process_facts p[6];
	struct seen s;

	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = right();
	p[0].status.no_new_privs = 0;
	p[1].status.seccomp = SECCOMP_MODE_DISABLED;
	strcpy(p[1].status.name, "b");
	p[2].status.uid[3] = 0;
	p[3].status.gid[2] = 9;
	strcpy(p[3].status.name, "c");
	p[4].odd_threads = 1;
	p[5].status.no_new_privs = -1; /* the kernel does not say */
	strcpy(p[5].status.name, "d");
	begin(&s);
	look(&s, p, ARRAY_SIZE(p), true);
	assert_found(&s, "audit.caps.no_new_privs fail worker: node\n"
			 "audit.caps.seccomp fail worker: b\n"
			 "audit.caps.user fail worker: node\n"
			 "audit.caps.user fail worker: c\n"
			 "audit.caps.threads fail worker: node\n"
			 "audit.caps.no_new_privs fail worker: d\n"
			 "audit.caps.complete inconclusive worker\n");
	end(&s);
}

static void nothing_seen_is_no_pass(void **state unused_arg)
{
	struct seen s;

	begin(&s);
	look(&s, NULL, 0, false);
	assert_found(&s, "audit.caps.complete inconclusive worker\n");
	end(&s);
	begin(&s);
	audit_blind(&s.f, AUDIT_DRIFT, "no engine");
	audit_close(&s.f, AUDIT_DRIFT);
	assert_found(&s, "audit.drift.complete inconclusive drift\n");
	assert_int_equal(s.f.count, 1);
	assert_false(findings_pass(&s.f));
	end(&s);
}

static void subjects_are_told_once_and_bounded(void **state unused_arg)
{
	struct process_facts p = right();
	struct seen s;

	begin(&s);
	p.status.seccomp = 0;
	for (int i = 0; i < 3 * AUDIT_FINDINGS_MAX; i++) {
		snprintf(p.status.name, sizeof(p.status.name), "p%d", i / 2);
		look(&s, &p, 1, false);
	}
	size_t n = 0;
	for (size_t i = 0; i < s.f.count; i++)
		n += strcmp(s.f.items[i].id, "audit.caps.seccomp") == 0;
	assert_int_equal(n, AUDIT_FINDINGS_MAX + 1);
	end(&s);
}

/* ---- egress ---- */

#define EGRESS                                                                                     \
	"version: 1\ntenant: acme\nimage: example/worker:1\negress:\n"                             \
	"  - api.example.com\n"                                                                    \
	"  - { host: old.example.com, expires: 2025-12-31 }\n"                                     \
	"  - { host: soon.example.com, expires: 2026-01-10 }\n"                                    \
	"  - \"*.s3.amazonaws.com\"\n"                                                             \
	"  - \"*.slack.com\"\n"                                                                    \
	"  - { host: intra.example.com, private: true }\n"

static void rules_are_judged_one_by_one(void **state unused_arg)
{
	struct egress_use uses[] = {
		{ .rule = (char *)"tls:443:api.example.com",
		  .hits = 4,
		  .last = NOW - 100 * DAY,
		  .since = NOW - 200 * DAY },
		{ .rule = (char *)"tls:443:*.slack.com",
		  .hits = 1,
		  .last = NOW - 89 * DAY,
		  .since = NOW - 200 * DAY },
	};
	struct egress_denial denials[] = {
		{ .kind = (char *)"dns",
		  .what = (char *)"evil.example",
		  .reason = (char *)"lookup",
		  .count = 3 },
		{ .kind = (char *)"tls",
		  .what = (char *)"x.slack.com",
		  .reason = (char *)"private",
		  .rule = (char *)"tls:443:*.slack.com",
		  .count = 2 },
	};
	const struct egress_state e = { .uses = { uses, ARRAY_SIZE(uses) },
					.denials = { denials, ARRAY_SIZE(denials) } };
	struct tenant_fixture t;
	struct seen s;

	tenant_fixture_make(&t, EGRESS);
	begin(&s);
	audit_egress(&(struct audit_egress_input){ .spec = &t.spec,
						   .state = &e,
						   .now = NOW,
						   .unused_for = 90 * DAY,
						   .expires_within = 14 * DAY },
		     &s.f, s.rows);
	assert_found(&s, "audit.egress.unused warn tls:443:api.example.com\n"
			 "audit.egress.expired fail tls:443:old.example.com\n"
			 "audit.egress.expiring warn tls:443:soon.example.com\n"
			 "audit.egress.shared fail tls:443:*.s3.amazonaws.com\n"
			 "audit.egress.wildcard warn tls:443:*.slack.com\n"
			 "audit.egress.private warn tls:443:intra.example.com\n"
			 "audit.egress.denied warn refusals\n");
	assert_int_equal(node_count(s.rows), 6);
	assert_int_equal(node_int(node_get(node_at(s.rows, 4), "denied"), -1), 2);
	assert_string_equal(node_str(node_get(node_at(s.rows, 0), "last_used"), ""),
			    "2025-09-23T00:00:00Z");
	end(&s);
	begin(&s);
	audit_blind(&s.f, AUDIT_EGRESS, "no manifest");
	end(&s);
	tenant_fixture_free(&t);
}

static void domains_that_anybody_can_use(void **state unused_arg)
{
	static const struct {
		const char *host;
		bool shared;
	} cases[] = {
		{ "*.amazonaws.com", true },
		{ "*.s3.AMAZONAWS.com", true },
		{ "*.github.io", true },
		{ "*.windows.net", true }, /* holds core.windows.net */
		{ "*.slack.com", false },
		{ "*.notamazonaws.com", false },
		{ "s3.amazonaws.com", false },
		{ "*.example.com", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if ((audit_shared_suffix(cases[i].host) != NULL) != cases[i].shared)
			fail_msg("%s", cases[i].host);
}

/* ---- images ---- */

static void images_against_their_names(void **state unused_arg)
{
	struct image_info young = { .created = (char *)"2025-12-01T00:00:00Z", .size = 5 };
	struct image_info old = { .created = (char *)"2025-06-01T00:00:00.5Z" };
	struct image_info timeless = { .created = (char *)"1970-01-01T00:00:00Z" };
	const struct audit_image cases[] = {
		{ ROLE_WORKER, "w:1", "sha256:a", "sha256:a", &young },
		{ ROLE_GATEWAY, "g:1", "sha256:b", "sha256:b", &timeless },
		{ ROLE_WORKER, "w:1", NULL, "sha256:a", NULL },
		{ ROLE_WORKER, "w:1", "sha256:a", "sha256:c", &young },
		{ ROLE_GATEWAY, "g:1", "sha256:b", "sha256:d", &young },
		{ ROLE_WORKER, "w:1", "sha256:a", NULL, &young },
		{ ROLE_GATEWAY, "g:1", "sha256:b", "sha256:b", NULL },
		{ ROLE_WORKER, "w:1", "sha256:a", "sha256:a", &old },
	};
	static const char *const want[] = {
		"",
		"",
		"",
		"audit.images.moved fail worker\n",
		"audit.images.gateway fail gateway\n",
		"audit.images.present fail worker\n",
		"audit.images.present fail gateway\n",
		"audit.images.age warn worker\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seen s;

		begin(&s);
		audit_images(&(struct audit_images_input){ .images = &cases[i],
							   .count = 1,
							   .now = NOW,
							   .old_after = 90 * DAY },
			     &s.f, s.rows);
		assert_found(&s, want[i]);
		assert_int_equal(node_count(s.rows), 1);
		if (i == 1)
			assert_true(node_is_null(node_get(node_at(s.rows, 0), "created")));
		audit_blind(&s.f, AUDIT_IMAGES, "gone");
		end(&s);
	}
}

/* ---- drift ---- */

static void drift(struct tenant_fixture *t, struct seen *s)
{
	struct plan p;
	struct err e = ERR_INIT;

	begin(s);
	assert_ok(plan_build("acme", WANT_RUNNING, &t->desired, &t->state, &p, &e), &e);
	audit_drift(&(struct audit_drift_input){ .desired = &t->desired,
						 .state = &t->state,
						 .plan = &p },
		    &s->f, s->rows);
	plan_free(&p);
	audit_close(&s->f, AUDIT_DRIFT);
}

/* A tenant that is as it should be. */
static void fixture(struct tenant_fixture *t)
{
	tenant_fixture_make(t, NULL);
}

static void fields_are_told_with_both_values(void **state unused_arg)
{
	struct tenant_fixture t;
	struct seen s;

	fixture(&t);
	t.state.worker.spec.pids_limit = 0;
	t.state.gateway.spec.readonly_rootfs = false;
	t.state.network.spec.internal = false;
	drift(&t, &s);
	assert_found(&s, "audit.drift.worker fail HostConfig.PidsLimit\n"
			 "audit.drift.gateway fail HostConfig.ReadonlyRootfs\n"
			 "audit.drift.network fail Internal\n");
	assert_string_equal(node_str(node_get(node_at(s.rows, 0), "live"), ""), "0");
	assert_string_equal(node_str(node_get(node_at(s.rows, 0), "manifest"), ""), "256");
	end(&s);
	tenant_fixture_free(&t);
}

static void what_is_not_there_or_stopped(void **state unused_arg)
{
	struct tenant_fixture t;
	struct seen s;

	fixture(&t);
	t.state.worker.state.running = false;
	drift(&t, &s);
	assert_found(&s, "audit.drift.worker warn State\n");
	assert_true(findings_pass(&s.f));
	end(&s);
	tenant_fixture_free(&t);
	fixture(&t);
	container_info_free(&t.state.worker);
	t.state.worker_present = false;
	t.state.resolv_current = false;
	drift(&t, &s);
	auto_free char *text = found(&s);
	assert_non_null(strstr(text, "audit.drift.worker fail worker\n"));
	assert_non_null(strstr(text, "audit.drift.files fail gateway files\n"));
	end(&s);
	tenant_fixture_free(&t);
}

/* ---- the host ---- */

static void the_log_is_whole_or_not(void **state unused_arg)
{
	static const struct {
		struct audit_host_input in;
		const char *want;
	} cases[] = {
		{ { .records = 7, .tenants = 1 }, "" },
		{ { .records = 0, .tenants = 0 }, "" },
		{ { .records = 0, .tenants = 1 }, "audit.log.chain warn audit log\n" },
		{ { .records = 7, .problem = "line 3" }, "audit.log.chain fail audit log\n" },
		{ { .records = 7, .unfinished = "line 8" }, "audit.log.chain warn audit log\n" },
		{ { .unread = "no" }, "audit.log.chain inconclusive audit log\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seen s;

		begin(&s);
		audit_host(&cases[i].in, &s.f);
		assert_found(&s, cases[i].want);
		assert_int_equal(s.f.count, 1);
		end(&s);
	}
}

static void every_check_was_seen_red(void **state unused_arg)
{
	size_t count;
	const struct check *c = audit_checks(&count);

	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(audit_check_find(c[i].id), &c[i]);
		if (!strlist_has(&red, c[i].id))
			fail_msg("nothing turns %s red", c[i].id);
	}
	assert_null(audit_check_find("audit.none"));
	strlist_free(&red);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_process_is_not_unusual),
		cmocka_unit_test(each_set_counts),
		cmocka_unit_test(each_attribute_counts),
		cmocka_unit_test(nothing_seen_is_no_pass),
		cmocka_unit_test(subjects_are_told_once_and_bounded),
		cmocka_unit_test(rules_are_judged_one_by_one),
		cmocka_unit_test(domains_that_anybody_can_use),
		cmocka_unit_test(images_against_their_names),
		cmocka_unit_test(fields_are_told_with_both_values),
		cmocka_unit_test(what_is_not_there_or_stopped),
		cmocka_unit_test(the_log_is_whole_or_not),
		cmocka_unit_test(every_check_was_seen_red),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
