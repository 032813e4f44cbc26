/*
 * Plans: from what there is to what there should be. Cases by name, then every combination of
 * things missing, stopped and changed, for the order that keeps a worker behind its gateway.
 */
#include "../../support/tenant_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strbuf.h"

static char *steps_text(const struct plan *p)
{
	struct strbuf out = STRBUF_INIT(4096);
	char *text;

	for (size_t i = 0; i < p->count; i++)
		strbuf_printf(&out, "%s%s %s", i ? ", " : "", step_verb(p->steps[i].kind),
			      step_noun(p->steps[i].kind));
	text = mem_strdup(strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

static void stop_worker(struct tenant_state *s)
{
	s->worker.state.running = false;
}

static void stop_gateway(struct tenant_state *s)
{
	s->gateway.state.running = false;
}

static void lose_worker(struct tenant_state *s)
{
	container_info_free(&s->worker);
	s->worker = (struct container_info){ 0 };
	s->worker_present = false;
}

static void lose_gateway(struct tenant_state *s)
{
	container_info_free(&s->gateway);
	s->gateway = (struct container_info){ 0 };
	s->gateway_present = false;
}

static void lose_network(struct tenant_state *s)
{
	network_info_free(&s->network);
	s->network = (struct network_info){ 0 };
	s->network_present = false;
}

static void lose_egress(struct tenant_state *s)
{
	network_info_free(&s->egress);
	s->egress = (struct network_info){ 0 };
	s->egress_present = false;
}

static void lose_files(struct tenant_state *s)
{
	s->resolv_current = s->set_installed = false;
	mem_replace(&s->set_differs, "not there");
}

static void lose_all(struct tenant_state *s)
{
	tenant_state_free(s);
	lose_files(s);
	s->gateway_image_present = s->worker_image_present = true;
}

static void lose_all_and_images(struct tenant_state *s)
{
	tenant_state_free(s);
	lose_files(s);
}

/* As left by a run that died after it claimed its slot and made its workspace. */
static void half_made(struct tenant_state *s)
{
	lose_worker(s);
	lose_gateway(s);
	lose_network(s);
	s->workspace_mounted = s->workspace_ready = s->files_exist = false;
	lose_files(s);
}

static void only_a_folder(struct tenant_state *s)
{
	lose_all(s);
	s->data_exists = true;
}

static void hand_over_died(struct tenant_state *s)
{
	s->workspace_ready = false;
}

static void reboot(struct tenant_state *s)
{
	stop_worker(s);
	stop_gateway(s);
	s->set_installed = false;
	mem_replace(&s->set_differs, "not there");
	s->workspace_mounted = s->workspace_ready = false;
}

static void drift_worker(struct tenant_state *s)
{
	s->worker.spec.pids_limit = 0;
}

static void drift_gateway(struct tenant_state *s)
{
	s->gateway.spec.memory = 0;
}

static void drift_network(struct tenant_state *s)
{
	s->network.spec.internal = false;
}

static void drift_network_option(struct tenant_state *s)
{
	strmap_set(&s->network.spec.options, "com.docker.network.bridge.inhibit_ipv4", "false");
}

static void new_egress_rule(struct tenant_state *s)
{
	mem_replace(&s->set_differs, "egress rules");
}

static void new_rule_while_stopped(struct tenant_state *s)
{
	new_egress_rule(s);
	stop_gateway(s);
}

static void new_rule_and_gateway(struct tenant_state *s)
{
	new_egress_rule(s);
	drift_gateway(s);
}

static void other_files_mounted(struct tenant_state *s)
{
	s->set_unseen = true;
}

static void lose_resolv(struct tenant_state *s)
{
	s->resolv_current = false;
	new_egress_rule(s);
}

static void other_network_id(struct tenant_state *s)
{
	struct engine_endpoint *p = s->worker.spec.endpoints.items;

	mem_replace(&p->network_id, "the id of a network that was removed");
}

static void other_egress_id(struct tenant_state *s)
{
	struct engine_endpoint *p = s->gateway.spec.endpoints.items;

	mem_replace(&p->network_id, "the id of a network that was removed");
}

static void as_it_is(struct tenant_state *s)
{
	(void)s;
}

#define REPLACE_ALL                                                                                \
	"stop worker, remove worker, remove gateway, remove network, create network, "             \
	"create gateway, start gateway, create worker, start worker, verify isolation"

static const struct plan_case {
	const char *name;
	void (*spoil)(struct tenant_state *s);
	enum plan_want want;
	const char *steps;
} cases[] = {
	{ "nothing differs", as_it_is, WANT_RUNNING, "" },
	{ "nothing there", lose_all, WANT_RUNNING,
	  "allocate subnet, uids and port, create workspace, mount workspace, write gateway files, "
	  "create egress network, create network, create gateway, start gateway, create worker, "
	  "start worker, verify isolation" },
	{ "no images either", lose_all_and_images, WANT_RUNNING,
	  "allocate subnet, uids and port, load gateway image, pull worker image, create "
	  "workspace, "
	  "mount workspace, write gateway files, create egress network, create network, "
	  "create gateway, start gateway, create worker, start worker, verify isolation" },
	{ "half made", half_made, WANT_RUNNING,
	  "mount workspace, write gateway files, create network, create gateway, start gateway, "
	  "create worker, start worker, verify isolation" },
	{ "worker stopped", stop_worker, WANT_RUNNING, "start worker, verify isolation" },
	{ "gateway stopped", stop_gateway, WANT_RUNNING, "start gateway, verify isolation" },
	{ "after a reboot", reboot, WANT_RUNNING,
	  "mount workspace, write gateway files, start gateway, start worker, verify isolation" },
	{ "hand-over not finished", hand_over_died, WANT_RUNNING,
	  "mount workspace, verify isolation" },
	{ "worker gone", lose_worker, WANT_RUNNING,
	  "create worker, start worker, verify isolation" },
	{ "gateway gone", lose_gateway, WANT_RUNNING,
	  "create gateway, start gateway, verify isolation" },
	{ "worker drifted", drift_worker, WANT_RUNNING,
	  "stop worker, remove worker, create worker, start worker, verify isolation" },
	{ "gateway drifted", drift_gateway, WANT_RUNNING,
	  "remove gateway, create gateway, start gateway, verify isolation" },
	{ "new egress rule", new_egress_rule, WANT_RUNNING, "reload gateway, verify isolation" },
	{ "new egress rule while stopped", new_rule_while_stopped, WANT_RUNNING,
	  "write gateway files, start gateway, verify isolation" },
	{ "new egress rule for a gateway that is replaced", new_rule_and_gateway, WANT_RUNNING,
	  "remove gateway, write gateway files, create gateway, start gateway, verify isolation" },
	{ "files of another mount", other_files_mounted, WANT_RUNNING,
	  "remove gateway, create gateway, start gateway, verify isolation" },
	{ "resolv.conf gone and a new rule", lose_resolv, WANT_RUNNING,
	  "write gateway files, reload gateway, verify isolation" },
	{ "network drifted", drift_network, WANT_RUNNING, REPLACE_ALL },
	{ "network option drifted", drift_network_option, WANT_RUNNING, REPLACE_ALL },
	{ "worker on another network", other_network_id, WANT_RUNNING,
	  "stop worker, remove worker, create worker, start worker, verify isolation" },
	{ "egress network gone", lose_egress, WANT_RUNNING,

	  "remove gateway, create egress network, create gateway, start gateway, verify "
	  "isolation" },
	{ "egress network made anew", other_egress_id, WANT_RUNNING,
	  "remove gateway, create gateway, start gateway, verify isolation" },
	{ "network gone", lose_network, WANT_RUNNING,
	  "stop worker, remove worker, remove gateway, create network, create gateway, "
	  "start gateway, create worker, start worker, verify isolation" },
	{ "stop", as_it_is, WANT_STOPPED, "stop worker, stop gateway" },
	{ "stop a stopped one", reboot, WANT_STOPPED, "" },
	{ "stop what is half stopped", stop_worker, WANT_STOPPED, "stop gateway" },
	{ "stop nothing", lose_all, WANT_STOPPED, "" },
	{ "delete", as_it_is, WANT_GONE,
	  "stop worker, remove worker, remove gateway, remove network, unmount workspace, "
	  "remove gateway files, release subnet, uids and port" },
	{ "purge", as_it_is, WANT_PURGED,
	  "stop worker, remove worker, remove gateway, remove network, unmount workspace, "
	  "purge workspace, remove gateway files, release subnet, uids and port" },
	{ "delete what is half made", half_made, WANT_GONE, "release subnet, uids and port" },
	{ "delete nothing", lose_all, WANT_GONE, "" },
	{ "purge a workspace that was never finished", only_a_folder, WANT_PURGED,
	  "purge workspace, release subnet, uids and port" },
	{ "keep it when not purging", only_a_folder, WANT_GONE, "" },
};

static void cases_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct plan_case *c = cases + i;
		struct tenant_fixture f;
		struct plan p = { 0 };
		struct err e = ERR_INIT;

		tenant_fixture_make(&f, NULL);
		c->spoil(&f.state);
		if (plan_build("acme", c->want, &f.desired, &f.state, &p, &e))
			fail_msg("%s: %s", c->name, e.message);
		auto_free char *steps = steps_text(&p);
		if (strcmp(steps, c->steps) != 0)
			fail_msg("%s:\n got: %s\nwant: %s", c->name, steps, c->steps);
		plan_free(&p);
		tenant_fixture_free(&f);
	}
}

static void foreign_objects_stop_a_plan(void **state)
{
	static const enum plan_want wants[] = { WANT_STOPPED, WANT_GONE, WANT_PURGED };
	struct tenant_fixture f;
	struct plan p = { 0 };
	struct err e = ERR_INIT;

	(void)state;
	tenant_fixture_make(&f, NULL);
	lose_worker(&f.state);
	strlist_add(&f.state.foreign, "container tc-acme exists and is not this tenant's");
	assert_int_equal(plan_build("acme", WANT_RUNNING, &f.desired, &f.state, &p, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.message, "container tc-acme"));
	assert_null(p.steps);
	/* What takes away acts on what is ours and leaves the rest. */
	for (size_t i = 0; i < ARRAY_SIZE(wants); i++) {
		assert_int_equal(plan_build("acme", wants[i], NULL, &f.state, &p, &e), 0);
		for (size_t k = 0; k < p.count; k++)
			assert_true(p.steps[k].kind != STEP_WORKER_REMOVE &&
				    p.steps[k].kind != STEP_WORKER_STOP);
		plan_free(&p);
	}
	tenant_fixture_free(&f);
}

/* ---- order, over every combination ---- */

static const struct {
	void (*spoil)(struct tenant_state *s);
} spoilers[] = {
	{ lose_worker },     { stop_worker },	{ drift_worker }, { lose_gateway },
	{ stop_gateway },    { drift_gateway }, { lose_network }, { drift_network },
	{ new_egress_rule }, { lose_egress },
};

static long index_of(const struct plan *p, enum step_kind kind)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->steps[i].kind == kind)
			return (long)i;
	return -1;
}

/* Both there: in this order. */
static void assert_order(const struct plan *p, enum step_kind first, enum step_kind then)
{
	long a = index_of(p, first), b = index_of(p, then);

	if (a < 0 || b < 0 || a < b)
		return;
	auto_free char *steps = steps_text(p);
	fail_msg("'%s %s' after '%s %s' in: %s", step_verb(first), step_noun(first),
		 step_verb(then), step_noun(then), steps);
}

static void assert_sound(const struct plan *p, const struct tenant_state *s)
{
	static const enum step_kind order[][2] = {
		{ STEP_WORKER_STOP, STEP_WORKER_REMOVE },
		{ STEP_WORKER_REMOVE, STEP_GATEWAY_REMOVE },
		{ STEP_WORKER_REMOVE, STEP_NETWORK_REMOVE },
		{ STEP_WORKER_STOP, STEP_GATEWAY_STOP },
		{ STEP_GATEWAY_REMOVE, STEP_NETWORK_REMOVE },
		{ STEP_NETWORK_REMOVE, STEP_NETWORK_CREATE },
		{ STEP_WORKER_REMOVE, STEP_WORKER_CREATE },
		{ STEP_GATEWAY_REMOVE, STEP_GATEWAY_CREATE },
		{ STEP_NETWORK_CREATE, STEP_GATEWAY_CREATE },
		{ STEP_NETWORK_CREATE, STEP_WORKER_CREATE },
		{ STEP_EGRESS_CREATE, STEP_GATEWAY_CREATE },
		{ STEP_FILES_WRITE, STEP_GATEWAY_START },
		{ STEP_FILES_WRITE, STEP_GATEWAY_RELOAD },
		{ STEP_GATEWAY_RELOAD, STEP_WORKER_START },
		{ STEP_GATEWAY_CREATE, STEP_GATEWAY_START },
		{ STEP_WORKER_CREATE, STEP_WORKER_START },
		{ STEP_GATEWAY_START, STEP_WORKER_START },
		{ STEP_WORKSPACE_MOUNT, STEP_WORKER_START },
		{ STEP_ALLOCATE, STEP_WORKSPACE_CREATE },
		{ STEP_NETWORK_REMOVE, STEP_WORKSPACE_UNMOUNT },
		{ STEP_WORKSPACE_UNMOUNT, STEP_WORKSPACE_PURGE },
		{ STEP_WORKSPACE_PURGE, STEP_RELEASE },
		{ STEP_FILES_REMOVE, STEP_RELEASE },
	};
	int seen[STEP_KINDS] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		assert_order(p, order[i][0], order[i][1]);
	for (size_t i = 0; i < p->count; i++) {
		assert_int_equal(++seen[p->steps[i].kind], 1);
		assert_true(p->steps[i].after < (int)i);
		assert_non_null(p->steps[i].why);
	}
	/* The worker's last start waits for all before it, whatever runs beside. */
	if (seen[STEP_WORKER_START])
		assert_int_equal(p->steps[index_of(p, STEP_WORKER_START)].after,
				 index_of(p, STEP_WORKER_START) - 1);
	/* What starts finds its files; nobody is asked who does not run. */
	if (seen[STEP_GATEWAY_RELOAD])
		assert_true(!seen[STEP_GATEWAY_START] && s->gateway.state.running);
	if (seen[STEP_NETWORK_REMOVE] && s->worker_present)
		assert_true(seen[STEP_WORKER_REMOVE]);
	if (seen[STEP_NETWORK_CREATE])
		assert_true(seen[STEP_WORKER_CREATE] && seen[STEP_GATEWAY_CREATE]);
}

static void order_holds_in_every_combination(void **state)
{
	(void)state;
	for (unsigned mask = 0; mask < 1u << ARRAY_SIZE(spoilers); mask++) {
		struct tenant_fixture f;

		tenant_fixture_make(&f, NULL);
		for (size_t i = 0; i < ARRAY_SIZE(spoilers); i++)
			if (mask & 1u << i)
				spoilers[i].spoil(&f.state);
		for (int want = WANT_RUNNING; want <= WANT_PURGED; want++) {
			struct plan p = { 0 };
			struct err e = ERR_INIT;

			assert_int_equal(plan_build("acme", (enum plan_want)want, &f.desired,
						    &f.state, &p, &e),
					 0);
			assert_sound(&p, &f.state);
			if (want == WANT_RUNNING && p.count)
				assert_int_equal(p.steps[p.count - 1].kind, STEP_VERIFY);
			plan_free(&p);
		}
		tenant_fixture_free(&f);
	}
}

/* What a fresh creation did can be taken back: every step that makes something names its reverse.
 */
static void creation_can_be_taken_back(void **state)
{
	struct tenant_fixture f;
	struct plan p = { 0 };
	struct err e = ERR_INIT;

	(void)state;
	tenant_fixture_make(&f, NULL);
	lose_all(&f.state);
	assert_int_equal(plan_build("acme", WANT_RUNNING, &f.desired, &f.state, &p, &e), 0);
	for (size_t i = 0; i < p.count; i++)
		if (p.steps[i].kind != STEP_VERIFY && p.steps[i].kind != STEP_EGRESS_CREATE)
			assert_int_not_equal(p.steps[i].undo, STEP_KINDS);
	plan_free(&p);
	tenant_fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_by_name),
		cmocka_unit_test(foreign_objects_stop_a_plan),
		cmocka_unit_test(order_holds_in_every_combination),
		cmocka_unit_test(creation_can_be_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
