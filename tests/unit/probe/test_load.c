/* Use of a cgroup on v1 and v2, and the load of a host, with missing and odd files. */
#include "tree.h"

#include "../../../src/probe/usage.h"
#include "base/mem.h"

#define with_tree(fn) cmocka_unit_test_setup_teardown(fn, tree_setup, tree_teardown)

static struct usage_view *open_view(const struct tree *t, const char *lines)
{
	struct target w = { .proc_root = t->proc, .cgroup_root = t->cgroup, .pid = 100 };
	auto_free char *copy = mem_strdup(lines);
	struct usage_view *v = NULL;
	struct err e = ERR_INIT;
	char *state = NULL;

	snprintf(w.id, sizeof(w.id), "%s", ID_A);
	for (char *p = strtok_r(copy, "\n", &state); p; p = strtok_r(NULL, "\n", &state))
		strlist_add(&w.cgroups, p);
	if (usage_open_target(&w, &v, &e))
		assert_int_equal(e.code, ERR_NOT_FOUND);
	strlist_free(&w.cgroups);
	return v;
}

static const char v1_lines[] = "8:pids:/docker/" ID_A "\n4:memory:/docker/" ID_A
			       "\n3:cpu:/docker/" ID_A "\n2:cpuacct:/docker/" ID_A "\n0::/";
static const char v2_lines[] = "0::/system.slice/docker-" ID_A ".scope";

#define V1_MEMORY "cgroup/memory/docker/" ID_A
#define V1_PIDS "cgroup/pids/docker/" ID_A
#define V1_CPU "cgroup/cpu/docker/" ID_A
#define V1_CPUACCT "cgroup/cpuacct/docker/" ID_A
#define V2 "cgroup/system.slice/docker-" ID_A ".scope"

static void v1_is_read_and_the_most_is_kept(void **state)
{
	const struct tree *t = *state;
	auto_usage struct usage_view *v = NULL;
	struct usage_facts f = { 0 };

	tree_write(t, V1_MEMORY "/memory.oom_control",
		   "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
	tree_write(t, V1_MEMORY "/memory.max_usage_in_bytes", "5000\n");
	tree_write(t, V1_MEMORY "/memory.usage_in_bytes", "4000\n");
	tree_write(t, V1_PIDS "/pids.current", "7\n");
	tree_write(t, V1_CPU "/cpu.stat", "nr_periods 30\nnr_throttled 20\nthrottled_time 1\n");
	tree_write(t, V1_CPUACCT "/cpuacct.usage", "1234567\n");
	v = open_view(t, v1_lines);
	assert_non_null(v);
	usage_read(v, &f);
	assert_true(f.seen);
	assert_int_equal(f.oom_kills, 2);
	assert_int_equal(f.memory, 5000);
	assert_int_equal(f.pids, 7);
	assert_int_equal(f.throttled, 20);
	assert_int_equal(f.throttle_periods, 30);
	assert_int_equal(f.cpu_us, 1234);
	tree_write(t, V1_PIDS "/pids.current", "3\n");
	usage_read(v, &f);
	assert_int_equal(f.pids, 7);
	tree_write(t, V1_PIDS "/pids.current", "9\n");
	usage_read(v, &f);
	assert_int_equal(f.pids, 9);
}

static void v2_is_read(void **state)
{
	const struct tree *t = *state;
	auto_usage struct usage_view *v = NULL;
	struct usage_facts f = { 0 };

	tree_write(t, "cgroup/cgroup.controllers", "cpu memory pids\n");
	tree_write(t, V2 "/memory.events",
		   "low 0\nhigh 0\nmax 9\noom 3\noom_kill 3\noom_group_kill 0\n");
	tree_write(t, V2 "/memory.current", "4000\n"); /* an older kernel has no memory.peak */
	tree_write(t, V2 "/pids.peak", "12\n");
	tree_write(t, V2 "/pids.current", "7\n");
	tree_write(t, V2 "/cpu.stat",
		   "usage_usec 777\nuser_usec 1\nnr_periods 4\nnr_throttled 1\n");
	tree_write(t, V2 "/cgroup.procs", "100\n");
	v = open_view(t, v2_lines);
	assert_non_null(v);
	usage_read(v, &f);
	assert_int_equal(f.oom_kills, 3);
	assert_int_equal(f.memory, 4000);
	assert_int_equal(f.pids, 12);
	assert_int_equal(f.cpu_us, 777);
	assert_int_equal(f.throttle_periods, 4);
	assert_false(usage_is_gone(v));
	auto_free char *procs = mem_printf("%s/" V2 "/cgroup.procs", t->path);
	assert_int_equal(unlink(procs), 0);
	assert_true(usage_is_gone(v));
}

static void nothing_to_read_is_nothing_seen(void **state)
{
	const struct tree *t = *state;
	auto_usage struct usage_view *v = NULL;
	struct usage_facts f = { .memory = 5 };

	assert_null(open_view(t, v1_lines));
	assert_null(open_view(t, ""));
	tree_write(t, V1_MEMORY "/x", "");
	tree_write(t, V1_PIDS "/x", "");
	v = open_view(t, v1_lines);
	assert_non_null(v);
	usage_read(v, &f);
	assert_false(f.seen);
	assert_int_equal(f.memory, 5);
}

static int load_of(const struct tree *t, struct host_load *out)
{
	auto_free char *proc = mem_printf("%s/proc", t->path);
	struct err e = ERR_INIT;

	return host_load_read(proc, out, &e);
}

static void the_load_of_a_host_is_read(void **state)
{
	const struct tree *t = *state;
	struct host_load h = { 0 };

	assert_int_equal(load_of(t, &h), -1);
	tree_write(t, "proc/meminfo",
		   "MemTotal:  2048 kB\nMemFree: 1 kB\nMemAvailable:  1024 kB\n");
	assert_int_equal(load_of(t, &h), -1);
	tree_write(t, "proc/loadavg", "3.25 1.00 0.50 2/100 4711\n");
	assert_int_equal(load_of(t, &h), 0);
	assert_int_equal(h.memory_total, 2048 * 1024);
	assert_int_equal(h.memory_available, 1024 * 1024);
	assert_true(h.load > 3.24 && h.load < 3.26);
	assert_true(h.cpus >= 1);
	assert_false(h.pressure_known);
	tree_write(t, "proc/vmstat", "oom_kill_x 9\noom_kill 4\n");
	tree_write(t, "proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=11\n");
	tree_write(t, "proc/pressure/memory",
		   "some avg10=0.00 avg60=0.00 avg300=0.00 total=22\nfull ");
	tree_write(t, "proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=33\n");
	assert_int_equal(load_of(t, &h), 0);
	assert_int_equal(h.oom_kills, 4);
	assert_true(h.pressure_known);
	assert_int_equal(h.cpu_stall_us, 11);
	assert_int_equal(h.memory_stall_us, 22);
	assert_int_equal(h.io_stall_us, 33);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_tree(v1_is_read_and_the_most_is_kept),
		with_tree(v2_is_read),
		with_tree(nothing_to_read_is_nothing_seen),
		with_tree(the_load_of_a_host_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
