/*
 * The twin is made of what the worker is, and every setting in which it differs all the
 * same is named: each field of the engine's table is changed in turn.
 */
#include "../../support/checks_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "../../../src/engine/wire.h"
#include "base/mem.h"
#include "domain/twin.h"
#include "domain/twin_spec.h"

#define PROBE_IMAGE "sha256:3333333333333333333333333333333333333333333333333333333333333333"
#define TWIN_ID "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define SCRATCH "/run/tenantctl/acme/twin"
#define WORKSPACE "/srv/tenants/acme/workspace/data"

struct pair {
	struct fixture x;
	struct container_info twin;
	struct twin_facts facts;
};

static void make_twin(struct pair *p)
{
	struct strlist arguments auto_strlist = { 0 };
	struct twin_inputs in = { .tenant = "acme",
				  .worker = &p->x.worker,
				  .allocation = &p->x.allocation,
				  .image_id = PROBE_IMAGE,
				  .program = "/tenantctl-probe",
				  .arguments = &arguments,
				  .workspace = WORKSPACE,
				  .scratch = SCRATCH };

	strlist_add(&arguments, "attack");
	strcpy(p->twin.id, TWIN_ID);
	twin_spec_make(&in, &p->twin.spec);
	p->x.in.twin = &p->facts;
	p->x.in.twin_container = &p->twin;
}

static void pair_free(struct pair *p)
{
	container_info_free(&p->twin);
	fixture_free(&p->x);
}

/* Of the one check; its observation goes to `out`, which may be NULL. */
static enum finding_verdict judged(struct pair *p, struct strbuf *out)
{
	struct strlist only auto_strlist = { 0 };
	enum finding_verdict verdict;
	struct findings f;

	strlist_add(&only, "twin.fidelity");
	checks_run(&p->x.in, &only, &f);
	assert_int_equal(f.count, 1);
	verdict = f.items[0].verdict;
	if (out)
		strbuf_puts(out, f.items[0].observed);
	findings_free(&f);
	return verdict;
}

static const struct engine_mount *mount_of(const struct container_spec *s, const char *target)
{
	const struct engine_mount *m = s->mounts.items;

	for (size_t i = 0; i < s->mounts.count; i++)
		if (!strcmp(m[i].target, target))
			return &m[i];
	fail_msg("no mount at %s", target);
	return NULL;
}

static void test_made_as_the_worker(void **state unused_arg)
{
	struct pair p = { 0 };
	const struct container_spec *s = &p.twin.spec;
	const struct engine_endpoint *ep;

	fixture_make(&p.x);
	make_twin(&p);
	assert_int_equal(judged(&p, NULL), VERDICT_PASS);
	assert_string_equal(s->image, PROBE_IMAGE);
	assert_int_equal(s->entrypoint.count, 1);
	assert_string_equal(s->entrypoint.items[0], "/tenantctl-probe");
	assert_string_equal(s->cmd.items[0], "attack");
	assert_string_equal(s->user, p.x.worker.spec.user);
	assert_string_equal(s->restart_policy, "no");
	assert_string_equal(s->health.test.items[0], "NONE");
	assert_string_equal(mount_of(s, "/workspace")->source, SCRATCH);
	assert_string_equal(mount_of(s, "/source/skills")->source, "/srv/shared/skills");
	assert_true(mount_of(s, "/source/skills")->read_only);
	assert_int_equal(s->endpoints.count, 1);
	ep = s->endpoints.items;
	assert_string_equal(ep->network, "tc-acme");
	assert_string_equal(ep->ipv4, p.x.allocation.twin_ip);
	assert_string_equal(strmap_get(&s->labels, LABEL_ROLE), "twin");
	assert_string_equal(strmap_get(&s->labels, LABEL_TENANT), "acme");
	assert_string_equal(strmap_get(&s->labels, LABEL_NONCE), p.x.allocation.nonce);
	assert_null(strmap_get(&s->labels, LABEL_SPEC));
	pair_free(&p);
}

/* A worker that somebody weakened has a twin that is as weak. */
static void test_weak_as_the_worker(void **state unused_arg)
{
	struct pair p = { 0 };
	struct container_spec *w = &p.x.worker.spec;

	fixture_make(&p.x);
	strlist_add(&w->cap_add, "SYS_ADMIN");
	strlist_free(&w->security_opt);
	strlist_free(&w->masked_paths);
	strlist_add(&w->binds, "/:/host");
	w->privileged = true;
	w->memory = 0;
	mem_replace(&w->pid_mode, "host");
	mem_replace(&w->user, "0");
	make_twin(&p);
	assert_int_equal(judged(&p, NULL), VERDICT_PASS);
	assert_true(strlist_has(&p.twin.spec.cap_add, "SYS_ADMIN"));
	assert_true(strlist_has(&p.twin.spec.binds, "/:/host"));
	assert_int_equal(p.twin.spec.security_opt.count, 0);
	assert_int_equal(p.twin.spec.masked_paths.count, 0);
	assert_true(p.twin.spec.privileged);
	assert_string_equal(p.twin.spec.pid_mode, "host");
	pair_free(&p);
}

/* An image in the place of the workspace has a device of its own. */
static void test_as_slow_as_the_worker(void **state unused_arg)
{
	struct fixture x;
	struct container_spec as_seen = { 0 }, own = { 0 };
	const struct engine_device_rate *r;
	struct twin_inputs in = { .tenant = "acme",
				  .worker = &x.worker,
				  .allocation = &x.allocation,
				  .image_id = PROBE_IMAGE,
				  .program = "/tenantctl-probe",
				  .workspace = WORKSPACE,
				  .scratch = SCRATCH,
				  .device = "/srv/tenants/acme/workspace.device" };

	fixture_make(&x);
	in.allocation = &x.allocation;
	twin_spec_make(&in, &as_seen);
	assert_int_equal(as_seen.read_rates.count, 1);
	r = as_seen.read_rates.items;
	assert_string_equal(r->path, in.device);
	assert_int_equal(r->rate, 32 << 20);
	in.scratch_device = "/srv/tenants/acme/drill.device";
	twin_spec_make(&in, &own);
	r = own.write_rates.items;
	assert_string_equal(r->path, in.scratch_device);
	assert_int_equal(r->rate, 32 << 20);
	container_spec_free(&as_seen);
	container_spec_free(&own);
	fixture_free(&x);
}

static void test_what_cannot_be_shared(void **state unused_arg)
{
	struct pair p = { 0 };
	struct container_spec *w = &p.x.worker.spec;
	struct engine_endpoint *ep;
	struct engine_port *port;

	fixture_make(&p.x);
	ep = mem_grow(w->endpoints.items, 2, sizeof(*ep));
	ep[1] = (struct engine_endpoint){ .network = mem_strdup("other"),
					  .ipv4 = mem_strdup("10.9.9.9") };
	strlist_add(&ep[0].aliases, "aaaaaaaaaaaa"); /* the worker's short id */
	strlist_add(&ep[0].aliases, "agent");
	w->endpoints = (struct bind_list){ .items = ep, .count = 2 };
	port = mem_alloc(sizeof(*port));
	*port = (struct engine_port){ .container_port = mem_strdup("22/tcp"),
				      .host_ip = mem_strdup("0.0.0.0"),
				      .host_port = mem_strdup("2222") };
	w->ports = (struct bind_list){ .items = port, .count = 1 };
	w->auto_remove = true;
	mem_replace(&w->uts_mode, "host");
	make_twin(&p);
	ep = p.twin.spec.endpoints.items;
	assert_int_equal(p.twin.spec.endpoints.count, 2);
	assert_string_equal(ep[0].ipv4, p.x.allocation.twin_ip);
	assert_int_equal(ep[0].aliases.count, 1);
	assert_string_equal(ep[0].aliases.items[0], "agent");
	assert_null(ep[1].ipv4);
	assert_int_equal(p.twin.spec.ports.count, 0);
	assert_false(p.twin.spec.auto_remove);
	assert_null(p.twin.spec.hostname);
	assert_int_equal(judged(&p, NULL), VERDICT_PASS);
	pair_free(&p);
}

/* ---- each field in turn ---- */

static void change_rows(const struct wire_field *f, struct bind_list *rows)
{
	const struct wire_field *first = f->sub->fields;
	char *row;

	rows->items = mem_grow(rows->items, rows->count + 1, f->sub->size);
	row = (char *)rows->items + rows->count++ * f->sub->size;
	memset(row, 0, f->sub->size);
	if (first->kind == WIRE_STRING)
		*(char **)(row + first->offset) = mem_strdup("changed");
	if (f->sub->has_key)
		*wire_key(f->sub, row) = mem_strdup("changed");
}

static void change(const struct wire_field *f, struct container_spec *s)
{
	void *slot = (char *)s + f->offset;

	switch (f->kind) {
	case WIRE_STRING:
		mem_replace(slot, "changed");
		return;
	case WIRE_INT:
	case WIRE_COUNT:
		*(int64_t *)slot += 7;
		return;
	case WIRE_BOOL:
		*(bool *)slot = !*(bool *)slot;
		return;
	case WIRE_LIST:
		strlist_add(slot, "changed");
		return;
	case WIRE_MAP:
		strmap_set(slot, "changed", "1");
		return;
	case WIRE_OBJECTS:
	case WIRE_OBJECT_MAP:
	case WIRE_OBJECT_LISTS:
		change_rows(f, slot);
		return;
	case WIRE_NAME:
	case WIRE_ID:
	case WIRE_KEYS:
		fail_msg("%s: a kind that no spec has", f->path);
	}
}

static bool may_differ(const char *path)
{
	static const char *const by_design[] = {
		"Config.Image",		 "Config.Entrypoint",	    "Config.Cmd",
		"Config.Labels",	 "Config.Healthcheck.",	    "HostConfig.RestartPolicy.",
		"HostConfig.AutoRemove", "HostConfig.PortBindings",
	};

	for (size_t i = 0; i < ARRAY_SIZE(by_design); i++)
		if (!strncmp(path, by_design[i], strlen(by_design[i])))
			return true;
	return false;
}

static void expect_noticed(const struct wire_field *f, bool of_worker)
{
	struct strbuf said auto_strbuf = STRBUF_INIT(65536);
	struct pair p = { 0 };
	enum finding_verdict verdict;
	const char *dot = strchr(f->path, '.');
	size_t len = (size_t)(dot - f->path) + 1 + strcspn(dot + 1, ".");
	auto_free char *name = mem_strndup(f->path, len);

	fixture_make(&p.x);
	make_twin(&p);
	change(f, of_worker ? &p.x.worker.spec : &p.twin.spec);
	verdict = judged(&p, &said);
	if (verdict != (may_differ(f->path) ? VERDICT_PASS : VERDICT_FAIL))
		fail_msg("%s: %s: %s", f->path, verdict_name(verdict), strbuf_str(&said));
	if (verdict == VERDICT_FAIL && !strstr(strbuf_str(&said), name))
		fail_msg("'%s' does not name %s", strbuf_str(&said), name);
	pair_free(&p);
}

static void test_each_field_that_differs_is_named(void **state unused_arg)
{
	for (size_t i = 0; i < wire_container_spec.count; i++) {
		expect_noticed(&wire_container_spec.fields[i], false);
		expect_noticed(&wire_container_spec.fields[i], true);
	}
}

static void test_variables_stay_hidden(void **state unused_arg)
{
	struct strbuf said auto_strbuf = STRBUF_INIT(65536);
	struct pair p = { 0 };

	fixture_make(&p.x);
	make_twin(&p);
	strlist_add(&p.twin.spec.env, "KEY=hunter2hunter2");
	assert_int_equal(judged(&p, &said), VERDICT_FAIL);
	assert_null(strstr(strbuf_str(&said), "hunter2"));
	pair_free(&p);
}

/* Devices can't be copied, as their number is all that is known: that is said. */
static void test_devices_are_a_difference(void **state unused_arg)
{
	struct pair p = { 0 };

	fixture_make(&p.x);
	p.x.worker.spec.device_count = 1;
	make_twin(&p);
	assert_int_equal(p.twin.spec.device_count, 0);
	assert_int_equal(judged(&p, NULL), VERDICT_FAIL);
	pair_free(&p);
}

static void test_no_twin(void **state unused_arg)
{
	struct strbuf said auto_strbuf = STRBUF_INIT(65536);
	struct pair p = { 0 };

	fixture_make(&p.x);
	assert_int_equal(judged(&p, NULL), VERDICT_NOT_APPLICABLE);
	p.facts.trouble = (char *)"no memory for it";
	p.x.in.twin = &p.facts;
	assert_int_equal(judged(&p, &said), VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(strbuf_str(&said), "no memory for it"));
	make_twin(&p);
	p.x.in.worker = NULL;
	assert_int_equal(judged(&p, NULL), VERDICT_INCONCLUSIVE);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_as_the_worker),
		cmocka_unit_test(test_weak_as_the_worker),
		cmocka_unit_test(test_as_slow_as_the_worker),
		cmocka_unit_test(test_what_cannot_be_shared),
		cmocka_unit_test(test_each_field_that_differs_is_named),
		cmocka_unit_test(test_variables_stay_hidden),
		cmocka_unit_test(test_devices_are_a_difference),
		cmocka_unit_test(test_no_twin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
