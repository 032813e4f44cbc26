/* The audit of a tenant whose engine is played: what is not there, damaged, or not answered. */
#include "egress_player.h"

#include "ops/audit.h"

static const struct audit_options everything = { .parts = (1U << AUDIT_PARTS) - 1,
						 .now = 1767225600,
						 .unused_for = 86400,
						 .expires_within = 86400,
						 .old_after = 86400 };

static void allocate(const struct context *c)
{
	auto_free char *path = path_of(c->root, PATH_ALLOCATION, "acme");
	auto_allocation struct allocation a = { 0 };
	auto_spec struct tenant_spec spec = { 0 };
	struct err e = ERR_INIT;

	assert_ok(tenant_manifest(c, "acme", NULL, &spec, NULL, &e), &e);
	assert_ok(netplan_allocate(&c->host, &spec, 1, &a, &e), &e);
	a.nonce = mem_strdup("0123456789abcdef0123456789abcdef");
	auto_node struct node *n = bind_write(&allocation_table, &a);
	auto_free char *text = node_print(n, true);
	put(path, text, 0600);
}

static void what_is_not_created_has_no_audit(void **state)
{
	struct audit_result r;
	struct err e = ERR_INIT;
	struct context c;
	struct player p;

	begin(state, &c, &p);
	assert_int_equal(ops_audit(&c, "acme", &everything, &r, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	auto_free char *path = path_of(c.root, PATH_ALLOCATION, "acme");
	put(path, "garbage", 0600);
	err_clear(&e);
	assert_int_equal(ops_audit(&c, "acme", &everything, &r, &e), -1);
	assert_int_equal(e.code, ERR_PROTOCOL);
	assert_non_null(strstr(e.hint, "tenantctl delete acme"));
	context_close(&c);
}

/* Containers that are gone have no processes; what the manifest says is judged all the same. */
static void parts_do_not_hide_each_other(void **state)
{
	struct verify_result back = { 0 };
	struct audit_result r;
	struct err e = ERR_INIT;
	struct context c;
	struct player p;

	begin(state, &c, &p);
	allocate(&c);
	assert_ok(ops_audit(&c, "acme", &everything, &r, &e), &e);
	assert_int_equal(node_count(r.rows[AUDIT_CAPS]), 0);
	assert_int_equal(node_count(r.rows[AUDIT_EGRESS]), 3);
	assert_int_equal(node_count(r.rows[AUDIT_IMAGES]), 2);
	assert_false(findings_pass(&r.base.findings));
	bool expired = false;
	for (size_t i = 0; i < r.base.findings.count; i++) {
		const struct finding *f = &r.base.findings.items[i];

		expired |= !strcmp(f->id, "audit.egress.expired") && f->verdict == VERDICT_FAIL &&
			   !strcmp(f->evidence, "tls:443:old.example.com");
		if (!strncmp(f->id, "audit.caps.", 11))
			assert_int_equal(f->verdict, VERDICT_PASS);
	}
	assert_true(expired);
	/* what a child hands to its parent reads back */
	auto_node struct node *n = audit_result_json(&r);
	assert_ok(audit_result_read(n, &back, &e), &e);
	assert_int_equal(back.findings.count, r.base.findings.count);
	verify_result_free(&back);
	audit_result_free(&r);
	context_close(&c);
}

static void a_refused_manifest_leaves_the_processes(void **state)
{
	struct audit_result r;
	struct err e = ERR_INIT;
	struct context c;
	struct player p;

	begin(state, &c, &p);
	allocate(&c);
	auto_free char *path = path_of(c.root, PATH_MANIFEST, "acme");
	put(path, "tenant: [", 0640);
	assert_ok(ops_audit(&c, "acme", &everything, &r, &e), &e);
	size_t blind = 0;
	for (size_t i = 0; i < r.base.findings.count; i++)
		blind += r.base.findings.items[i].verdict == VERDICT_INCONCLUSIVE;
	assert_int_equal(blind, 3); /* egress, images, drift */
	audit_result_free(&r);
	context_close(&c);
}

static void hostile_results_are_refused(void **state unused_arg)
{
	static const char *const bad[] = {
		"{}",
		"{\"tenant\":\"a\",\"at\":\"b\",\"findings\":{}}",
		"{\"tenant\":\"a\",\"at\":\"b\",\"findings\":[{\"id\":\"audit.none\","
		"\"verdict\":\"pass\"}]}",
		"{\"tenant\":\"a\",\"findings\":[]}",
	};
	static const struct doc_limits limits = DOC_LIMITS_REPLY;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct verify_result r = { 0 };
		auto_doc struct doc *d = NULL;
		struct err e = ERR_INIT;

		assert_ok(doc_parse_json(bad[i], strlen(bad[i]), "r", &limits, &d, &e), &e);
		assert_int_equal(audit_result_read(doc_root(d), &r, &e), -1);
		assert_int_equal(e.code, ERR_PROTOCOL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(what_is_not_created_has_no_audit),
		WITH_FOLDER(parts_do_not_hide_each_other),
		WITH_FOLDER(a_refused_manifest_leaves_the_processes),
		WITH_FOLDER(hostile_results_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
