/* Drills: what is asked for, what their reports say, and when they turn red. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "domain/checks.h"
#include "domain/drill.h"

#define MIB ((uint64_t)1 << 20)

struct scene {
	struct tenant_spec spec;
	struct drill_subject subject;
	const struct drill *d;
	struct drill_facts f;
	struct finding finding;
};

/* A drill that went as it must, on a host with four processors. */
static void scene_make(struct scene *x, const char *id)
{
	*x = (struct scene){ .d = drill_find(id) };
	assert_non_null(x->d);
	x->spec.resources = (struct resources){ .memory = 128 * MIB,
						.shm = 8 * MIB,
						.tmp = 16 * MIB,
						.workspace = 64 * MIB,
						.disk_rate = 16 * MIB,
						.cpus = 500,
						.pids = 64,
						.nofile = 4096 };
	x->spec.logs = (struct log_spec){ .size = MIB, .files = 2 };
	x->subject = (struct drill_subject){ &x->spec, 64 * MIB, 4 };
	x->d->plan(&x->subject, &x->f.plan);
	x->f.ran = true;
	x->f.cpus = 4;
	x->f.other = "beta";
	x->f.before = (struct latency_facts){ .requests = 50, .p95_us = 2000 };
	x->f.during = (struct latency_facts){ .requests = 50, .p95_us = 9000 };
	x->f.memory_lowest = 1000 * MIB;
	x->f.reached.amount = x->f.plan.limit;
	x->f.twin = (struct usage_facts){ .seen = true,
					  .memory = x->f.plan.limit,
					  .pids = 8,
					  .throttled = 10,
					  .throttle_periods = 20 };
}

static void scene_free(struct scene *x)
{
	drill_facts_free(&x->f);
	free(x->finding.expected);
	free(x->finding.observed);
	free(x->finding.evidence);
}

static void expect_verdict(struct scene *x, enum finding_verdict v, const char *words)
{
	drill_judge(x->d, &x->f, &x->finding);
	if (x->finding.verdict != v ||
	    !strstr(x->finding.observed ? x->finding.observed : x->finding.evidence, words))
		fail_msg("%s: %s: %s (%s)", x->d->id, verdict_name(x->finding.verdict),
			 x->finding.observed, x->finding.evidence);
	assert_non_null(x->finding.expected);
	scene_free(x);
}

/* ---- the table ---- */

static void every_drill_is_in_the_catalogue_and_bounded(void **state unused_arg)
{
	size_t count;
	const struct drill *all = drills_all(&count);

	assert_true(count >= 11);
	for (size_t i = 0; i < count; i++) {
		const struct check *c = check_find(all[i].id);
		struct scene x;

		assert_non_null(c);
		assert_null(c->judge);
		assert_true(all[i].kind && all[i].does && all[i].limit && all[i].unit);
		assert_true(all[i].most_ms <= 60000 && all[i].hold_ms <= all[i].most_ms);
		assert_true(all[i].factor && all[i].floor_ms);
		scene_make(&x, all[i].id);
		assert_true(x.f.plan.limit > 0 && x.f.plan.most > 0);
		assert_string_equal(x.f.plan.skip, "");
		/* what has no limit is held back by the drill itself, not far above it */
		if (strcmp(all[i].kind, "cpu") && strcmp(all[i].kind, "connections"))
			assert_in_range(x.f.plan.most, x.f.plan.limit + 1,
					2 * x.f.plan.limit + 64 * MIB);
		scene_free(&x);
	}
	assert_null(drill_find("drill.no.such"));
}

static void what_can_not_be_tried_is_left_out(void **state unused_arg)
{
	struct scene x;

	scene_make(&x, "drill.fork");
	x.spec.resources.pids = 10000;
	x.d->plan(&x.subject, &x.f.plan);
	expect_verdict(&x, VERDICT_NOT_APPLICABLE, "more processes");
	scene_make(&x, "drill.log");
	x.spec.logs.size = 100 * MIB;
	x.f.plan = (struct drill_plan){ 0 };
	x.d->plan(&x.subject, &x.f.plan);
	expect_verdict(&x, VERDICT_NOT_APPLICABLE, "one file of its log");
}

/* ---- room ---- */

static void a_short_host_is_refused(void **state unused_arg)
{
	const struct drill_room room = { .memory = 1000 * MIB,
					 .log_disk = 1000 * MIB,
					 .workspace_disk = 1000 * MIB,
					 .load = 3,
					 .cpus = 2 };
	struct drill_plan p = { .memory = 700 * MIB, .log = 700 * MIB, .disk = 700 * MIB };
	struct drill_room r = room;
	char why[DRILL_TEXT_MAX];

	assert_false(drill_is_short(&p, &r, why));
	r.memory = 900 * MIB;
	assert_true(drill_is_short(&p, &r, why));
	assert_string_equal(why, "memory: 900.0 MiB are free, and 956.0 MiB are needed");
	r = room;
	r.log_disk = 900 * MIB;
	assert_true(drill_is_short(&p, &r, why));
	assert_non_null(strstr(why, "logs"));
	r = room;
	r.workspace_disk = 0;
	assert_true(drill_is_short(&p, &r, why));
	assert_non_null(strstr(why, "workspaces"));
	r = room;
	r.load = 2 * DRILL_LOAD_MAX + 1;
	assert_true(drill_is_short(&p, &r, why));
	assert_string_equal(why, "processors: the load is 33.0, and 2 are there");
}

/* ---- reports ---- */

#define GOOD "{\"v\":1,\"id\":\"drill\",\"kind\":\"fork\",\"amount\":62,\"kills\":1,\"errno\":11}\n"

static bool parse(const char *kind, const char *text, struct drill_reached *out)
{
	return drill_parse(kind, text, strlen(text), out);
}

static void a_report_is_found_behind_a_flood(void **state unused_arg)
{
	struct drill_reached r = { 0 };

	assert_true(
		parse("fork", "xxxx\nxx\n\n" GOOD "{\"v\":1,\"id\":\"end\",\"count\":1}\n", &r));
	assert_int_equal(r.amount, 62);
	assert_int_equal(r.kills, 1);
	assert_int_equal(r.sys_errno, EAGAIN);
}

static void what_is_no_report_is_none(void **state unused_arg)
{
	static const char *const bad[] = {
		"",
		"\n\n",
		"{}\n",
		"{\"v\":2,\"id\":\"drill\",\"kind\":\"fork\",\"amount\":62,\"kills\":0,\"errno\":"
		"11}\n",
		"{\"v\":1,\"id\":\"end\",\"kind\":\"fork\",\"amount\":62,\"kills\":0,\"errno\":11}"
		"\n",
		"{\"v\":1,\"id\":\"drill\",\"kind\":\"fork\",\"amount\":-1,\"kills\":0,\"errno\":"
		"11}\n",
		"{\"v\":1,\"id\":\"drill\",\"kind\":\"fork\",\"amount\":\"9\",\"kills\":0,"
		"\"errno\":1}\n",
		"{\"v\":1,\"id\":\"drill\",\"kind\":\"fork\",\"amount\":62,\"kills\":0,\"errno\":"
		"99999}\n",
		"{\"v\":1,\"id\":\"drill\",\"kind\":\"fork\",\"amount\":62,\"kills\":0}\n",
		"{\"v\":1,\"id\":\"drill\",\"kind\":\"fork\",\"amount\":62,\"kills\":0,\"errno\":"
		"11",
		" " GOOD,
	};
	struct drill_reached r = { .amount = 7 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse("fork", bad[i], &r))
			fail_msg("taken: %s", bad[i]);
	assert_false(parse("memory", GOOD, &r));
	assert_int_equal(r.amount, 7);
}

/* ---- verdicts ---- */

static void each_limit_that_holds_passes(void **state unused_arg)
{
	static const struct {
		const char *id;
		int error;
		uint64_t kills;
		const char *says;
	} all[] = {
		{ "drill.fork", EAGAIN, 0, "64 processes, then: " },
		{ "drill.memory", 0, 3, "128.0 MiB, then killed" },
		{ "drill.tmp.bytes", ENOSPC, 0, "16.0 MiB, then: No space" },
		{ "drill.tmp.inodes", ENOSPC, 0, "1024 files, then: No space" },
		{ "drill.shm.bytes", 0, 1, "8.0 MiB, then killed" },
		{ "drill.workspace.bytes", ENOSPC, 0, "64.0 MiB, then" },
		{ "drill.workspace.inodes", ENOSPC, 0, "1024 files" },
		{ "drill.disk", 0, 0, "24.0 MiB in 1.5 s, each way; beta" },
		{ "drill.descriptors", EMFILE, 0, "4096 open files, then: Too many" },
		{ "drill.connections", 0, 0, "2000 connections; beta answered 50 requests" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct scene x;

		scene_make(&x, all[i].id);
		x.f.reached.sys_errno = all[i].error;
		x.f.reached.kills = all[i].kills;
		expect_verdict(&x, VERDICT_PASS, all[i].says);
	}
}

static void each_missing_limit_fails(void **state unused_arg)
{
	static const char *const ids[] = {
		"drill.fork",	     "drill.memory",	       "drill.tmp.bytes",
		"drill.tmp.inodes",  "drill.shm.bytes",	       "drill.workspace.bytes",
		"drill.descriptors", "drill.workspace.inodes",
	};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct scene x;

		scene_make(&x, ids[i]);
		x.f.reached.amount = x.f.plan.most;
		expect_verdict(&x, VERDICT_FAIL, "nothing stopped it: ");
	}
}

static void a_limit_that_is_too_high_fails(void **state unused_arg)
{
	struct scene x;

	scene_make(&x, "drill.fork");
	x.f.reached.sys_errno = EAGAIN;
	x.f.twin.pids = 65;
	expect_verdict(&x, VERDICT_FAIL, "stopped at 65 processes only, where the limit is 64");
	scene_make(&x, "drill.memory");
	x.f.reached.kills = 1;
	x.f.twin.memory = x.f.plan.limit + 1;
	expect_verdict(&x, VERDICT_FAIL, "bytes only");
	scene_make(&x, "drill.tmp.bytes");
	x.f.reached.sys_errno = ENOSPC;
	x.f.reached.amount++;
	expect_verdict(&x, VERDICT_FAIL, "stopped at");
}

static void what_was_not_shown_is_inconclusive(void **state unused_arg)
{
	struct scene x;

	scene_make(&x, "drill.fork");
	x.f.reached.amount = 20;
	expect_verdict(&x, VERDICT_INCONCLUSIVE,
		       "its time was over before it came to the limit (20)");
	scene_make(&x, "drill.tmp.bytes");
	x.f.reached.sys_errno = EACCES;
	expect_verdict(&x, VERDICT_INCONCLUSIVE, "something else: Permission denied");
	scene_make(&x, "drill.memory");
	snprintf(x.f.trouble, sizeof(x.f.trouble), "the twin ended at once");
	expect_verdict(&x, VERDICT_INCONCLUSIVE, "ended at once");
	scene_make(&x, "drill.connections");
	x.f.reached.amount = 3;
	expect_verdict(&x, VERDICT_INCONCLUSIVE, "only 3 connections");
	scene_make(&x, "drill.log");
	x.f.log = (struct drill_log){ .largest = MIB, .total = MIB, .files = 1 };
	x.f.reached.amount = MIB / 2;
	expect_verdict(&x, VERDICT_INCONCLUSIVE, "its time was over");
	scene_make(&x, "drill.log");
	expect_verdict(&x, VERDICT_INCONCLUSIVE, "not found");
}

static void a_workspace_on_the_hosts_disk_fails_without_a_drill(void **state unused_arg)
{
	struct scene x;

	scene_make(&x, "drill.workspace.bytes");
	x.subject.workspace = 0;
	x.f = (struct drill_facts){ 0 };
	x.d->plan(&x.subject, &x.f.plan);
	assert_int_equal(x.f.plan.scratch, 0);
	drill_judge(x.d, &x.f, &x.finding);
	assert_int_equal(x.finding.verdict, VERDICT_FAIL);
	assert_string_equal(x.finding.observed,
			    "the workspace is no file system of its own: nothing bounds it");
	scene_free(&x);
}

static void processors_are_judged_by_time_and_quota(void **state unused_arg)
{
	struct scene x;

	scene_make(&x, "drill.cpu");
	x.f.reached.amount = 4;
	x.f.cpu_milli = 520;
	expect_verdict(&x, VERDICT_PASS, "4 spinning processes");
	scene_make(&x, "drill.cpu");
	x.f.reached.amount = 4;
	x.f.cpu_milli = 3900;
	expect_verdict(&x, VERDICT_FAIL, "it used 3.900 processors");
	scene_make(&x, "drill.cpu");
	x.f.reached.amount = 4;
	x.f.twin.throttle_periods = 0; /* on a busy host it gets little even so */
	expect_verdict(&x, VERDICT_FAIL, "nothing limits its time");
	scene_make(&x, "drill.cpu");
	x.f.reached.amount = 4;
	x.f.plan.limit = 4000; /* all there are */
	x.f.twin.throttle_periods = 0;
	expect_verdict(&x, VERDICT_PASS, "4 spinning");
	scene_make(&x, "drill.cpu");
	x.f.reached.amount = 2;
	x.f.reached.sys_errno = EAGAIN;
	expect_verdict(&x, VERDICT_INCONCLUSIVE, "something else");
}

static void disks_are_judged_by_the_rate(void **state unused_arg)
{
	struct scene x;

	scene_make(&x, "drill.disk");
	x.f.reached.amount = x.f.plan.most; /* twice the rate: nothing held it */
	expect_verdict(&x, VERDICT_FAIL,
		       "48.0 MiB in half of its time, where the rate allows 24.0");
	scene_make(&x, "drill.disk");
	x.f.reached.amount = MIB; /* a slow disk */
	expect_verdict(&x, VERDICT_PASS, "1.0 MiB in 1.5 s");
	scene_make(&x, "drill.disk");
	x.f.reached.amount = 0;
	expect_verdict(&x, VERDICT_INCONCLUSIVE, "its time was over");
	scene_make(&x, "drill.disk");
	x.f.reached.sys_errno = ENOSPC;
	expect_verdict(&x, VERDICT_INCONCLUSIVE, "something else: No space");
	/* not ordered: it is seen what it does to others */
	scene_make(&x, "drill.disk");
	x.spec.resources.disk_rate = 0;
	x.d->plan(&x.subject, &x.f.plan);
	x.f.reached.amount = x.f.plan.most;
	expect_verdict(&x, VERDICT_PASS, "512.0 MiB in 1.5 s");
	scene_make(&x, "drill.disk");
	x.spec.resources.disk_rate = 0;
	x.d->plan(&x.subject, &x.f.plan);
	x.f.reached.amount = x.f.plan.most;
	x.f.during.p95_us = 500000;
	expect_verdict(&x, VERDICT_FAIL, "beta answered within 500.0 ms");
	/* more than there is time for */
	scene_make(&x, "drill.disk");
	x.spec.resources.disk_rate = 1024 * MIB;
	x.d->plan(&x.subject, &x.f.plan);
	expect_verdict(&x, VERDICT_NOT_APPLICABLE, "allows more bytes in the time of its disk's");
	scene_make(&x, "drill.disk");
	x.spec.resources.disk_rate = MIB; /* the least that can be ordered */
	x.d->plan(&x.subject, &x.f.plan);
	assert_string_equal(x.f.plan.skip, "");
	x.f.reached.amount = x.f.plan.most;
	expect_verdict(&x, VERDICT_FAIL, "3.0 MiB in half");
	scene_make(&x, "drill.disk");
	x.f.plan.scratch = 0;
	expect_verdict(&x, VERDICT_FAIL, "no device of its own");
}

static void logs_are_judged_by_their_files(void **state unused_arg)
{
	struct scene x;

	scene_make(&x, "drill.log");
	x.f.reached.amount = 3 * MIB;
	x.f.log = (struct drill_log){ .largest = MIB, .total = 2 * MIB, .files = 2 };
	expect_verdict(&x, VERDICT_PASS, "3.0 MiB; beta answered");
	scene_make(&x, "drill.log");
	x.f.reached.amount = 3 * MIB;
	x.f.log = (struct drill_log){ .largest = 4 * MIB, .total = 4 * MIB, .files = 1 };
	expect_verdict(&x, VERDICT_FAIL, "one file of its log grew to");
	scene_make(&x, "drill.log");
	x.f.reached.amount = 3 * MIB;
	x.f.log = (struct drill_log){ .largest = MIB, .total = 4 * MIB, .files = 4 };
	expect_verdict(&x, VERDICT_FAIL, "its log took");
}

static void others_must_not_notice(void **state unused_arg)
{
	struct scene x;

	scene_make(&x, "drill.fork");
	x.f.reached.sys_errno = EAGAIN;
	x.f.during.p95_us = 101000;
	expect_verdict(&x, VERDICT_FAIL,
		       "beta answered within 101.0 ms (p95) instead of 2.0 before");
	scene_make(&x, "drill.fork");
	x.f.reached.sys_errno = EAGAIN;
	x.f.before.p95_us = 20000; /* ten times as long is allowed */
	x.f.during.p95_us = 199000;
	expect_verdict(&x, VERDICT_PASS, "64 processes");
	scene_make(&x, "drill.fork");
	x.f.reached.sys_errno = EAGAIN;
	x.f.during.failures = 2;
	expect_verdict(&x, VERDICT_FAIL, "beta: 2 of 50 requests were not answered");
	scene_make(&x, "drill.fork");
	x.f.reached.sys_errno = EAGAIN;
	x.f.during.requests = x.f.during.failures = 2; /* there is no time for more then */
	expect_verdict(&x, VERDICT_FAIL, "beta: 2 of 2 requests were not answered");
	scene_make(&x, "drill.fork");
	x.f.reached.sys_errno = EAGAIN;
	x.f.killed_elsewhere = 1;
	expect_verdict(&x, VERDICT_FAIL, "1 processes outside of the twin were killed");
	scene_make(&x, "drill.fork");
	x.f.reached.sys_errno = EAGAIN;
	x.f.memory_lowest = 10 * MIB;
	expect_verdict(&x, VERDICT_FAIL, "the host had only 10.0 MiB of memory left");
	scene_make(&x, "drill.fork");
	x.f.reached.sys_errno = EAGAIN;
	strlist_add(&x.f.after, "the worker ended");
	expect_verdict(&x, VERDICT_FAIL, "the worker ended");
}

static void who_was_not_asked_shows_nothing(void **state unused_arg)
{
	struct scene x;

	scene_make(&x, "drill.fork");
	x.f.reached.sys_errno = EAGAIN;
	x.f.during.requests = 3;
	expect_verdict(&x, VERDICT_INCONCLUSIVE, "asked too seldom");
	scene_make(&x, "drill.fork");
	x.f.reached.sys_errno = EAGAIN;
	x.f.before.failures = 1;
	expect_verdict(&x, VERDICT_INCONCLUSIVE, "did not answer even before");
	/* what was seen to be wrong stands */
	scene_make(&x, "drill.fork");
	x.f.reached.amount = x.f.plan.most;
	x.f.before.failures = 1;
	expect_verdict(&x, VERDICT_FAIL, "nothing stopped it");
}

static void alone_on_a_host_its_own_gateway_is_asked(void **state unused_arg)
{
	struct scene x;

	scene_make(&x, "drill.fork");
	x.f.reached.sys_errno = EAGAIN;
	x.f.other = NULL;
	expect_verdict(&x, VERDICT_PASS, "its own gateway answered 50 requests");
	/* but not while it is flooded */
	scene_make(&x, "drill.connections");
	x.f.other = NULL;
	x.f.during.failures = 50;
	expect_verdict(&x, VERDICT_PASS, "no other tenant runs that could be asked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_drill_is_in_the_catalogue_and_bounded),
		cmocka_unit_test(what_can_not_be_tried_is_left_out),
		cmocka_unit_test(a_short_host_is_refused),
		cmocka_unit_test(a_report_is_found_behind_a_flood),
		cmocka_unit_test(what_is_no_report_is_none),
		cmocka_unit_test(each_limit_that_holds_passes),
		cmocka_unit_test(each_missing_limit_fails),
		cmocka_unit_test(a_limit_that_is_too_high_fails),
		cmocka_unit_test(what_was_not_shown_is_inconclusive),
		cmocka_unit_test(a_workspace_on_the_hosts_disk_fails_without_a_drill),
		cmocka_unit_test(processors_are_judged_by_time_and_quota),
		cmocka_unit_test(disks_are_judged_by_the_rate),
		cmocka_unit_test(logs_are_judged_by_their_files),
		cmocka_unit_test(others_must_not_notice),
		cmocka_unit_test(who_was_not_asked_shows_nothing),
		cmocka_unit_test(alone_on_a_host_its_own_gateway_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
