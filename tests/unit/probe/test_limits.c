/* Limits in force on v1, v2 and hybrid hosts, with hostile and missing files. */
#include "tree.h"

#include "../../../src/probe/limits.h"
#include "base/mem.h"

#define UNLIMITED_V1 "9223372036854771712\n"

static void look(const struct tree *t, const char *lines, struct cgroup_facts *out,
		 struct io_facts *out_io)
{
	struct target w = { .proc_root = t->proc, .cgroup_root = t->cgroup, .pid = 100 };
	char *copy = strdup(lines), *state = NULL;

	snprintf(w.id, sizeof(w.id), "%s", ID_A);
	for (char *p = strtok_r(copy, "\n", &state); p; p = strtok_r(NULL, "\n", &state))
		strlist_add(&w.cgroups, p);
	free(copy);
	if (out)
		limits_read(&w, out);
	if (out_io)
		limits_read_io(&w, out_io);
	strlist_free(&w.cgroups);
}

static void measure(const struct tree *t, const char *lines, struct cgroup_facts *out)
{
	look(t, lines, out, NULL);
}

static const char v1_lines[] = "8:pids:/docker/" ID_A "\n4:memory:/docker/" ID_A
			       "\n3:cpu,cpuacct:/docker/" ID_A "/child\n0::/";
static const char v2_lines[] = "0::/system.slice/docker-" ID_A ".scope";

static void write_v1(const struct tree *t)
{
	tree_write(t, "cgroup/memory/memory.limit_in_bytes", UNLIMITED_V1);
	tree_write(t, "cgroup/memory/docker/memory.limit_in_bytes", UNLIMITED_V1);
	tree_write(t, "cgroup/memory/docker/" ID_A "/memory.limit_in_bytes", "67108864\n");
	tree_write(t, "cgroup/memory/docker/" ID_A "/memory.memsw.limit_in_bytes", "67108864\n");
	tree_write(t, "cgroup/memory/docker/" ID_A "/memory.usage_in_bytes", "1000\n");
	tree_write(t, "cgroup/pids/docker/" ID_A "/pids.max", "64\n");
	tree_write(t, "cgroup/pids/docker/" ID_A "/pids.current", "3\n");
	tree_write(t, "cgroup/cpu,cpuacct/docker/" ID_A "/cpu.cfs_quota_us", "50000\n");
	tree_write(t, "cgroup/cpu,cpuacct/docker/" ID_A "/cpu.cfs_period_us", "100000\n");
}

static void test_v1(void **state)
{
	struct cgroup_facts f;

	write_v1(*state);
	measure(*state, v1_lines, &f);
	assert_int_equal(f.version, 1);
	assert_int_equal(f.memory_max, 67108864);
	assert_int_equal(f.memory_swap_max, 67108864);
	assert_true(f.swap_known);
	assert_int_equal(f.memory_current, 1000);
	assert_int_equal(f.pids_max, 64);
	assert_int_equal(f.pids_current, 3);
	assert_int_equal(f.cpu_quota_us, 50000);
	assert_int_equal(f.cpu_period_us, 100000);
	assert_string_equal(f.path, "docker/" ID_A);
}

static void test_ancestors(void **state)
{
	const struct tree *t = *state;
	struct cgroup_facts f;

	write_v1(t);
	tree_write(t, "cgroup/memory/docker/memory.limit_in_bytes", "1000000\n");
	tree_write(t, "cgroup/pids/docker/pids.max", "max\n");
	tree_write(t, "cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "30000\n");
	tree_write(t, "cgroup/cpu,cpuacct/docker/cpu.cfs_period_us", "200000\n");
	measure(t, v1_lines, &f);
	assert_int_equal(f.memory_max, 1000000);
	assert_int_equal(f.pids_max, 64);
	assert_int_equal(f.cpu_quota_us, 30000);
	assert_int_equal(f.cpu_period_us, 200000);
	/* the same quota in a longer period is less, in a shorter one more */
	tree_write(t, "cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "50000\n");
	tree_write(t, "cgroup/cpu,cpuacct/docker/cpu.cfs_period_us", "50000\n");
	measure(t, v1_lines, &f);
	assert_int_equal(f.cpu_period_us, 100000);
}

static void test_v2(void **state)
{
	const struct tree *t = *state;
	struct cgroup_facts f;
	char name[256];
	static const char *const files[][2] = {
		{ "memory.max", "1048576\n" },	{ "memory.swap.max", "0\n" },
		{ "memory.current", "4096\n" }, { "pids.max", "max\n" },
		{ "pids.current", "1\n" },	{ "cpu.max", "150000 100000\n" },
	};

	tree_write(t, "cgroup/cgroup.controllers", "cpu memory pids\n");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(name, sizeof(name), "cgroup/system.slice/docker-" ID_A ".scope/%s",
			 files[i][0]);
		tree_write(t, name, files[i][1]);
	}
	tree_write(t, "cgroup/system.slice/cpu.max", "max 100000\n");
	tree_write(t, "cgroup/system.slice/pids.max", "500\n");
	measure(t, v2_lines, &f);
	assert_int_equal(f.version, 2);
	assert_int_equal(f.memory_max, 1048576);
	assert_int_equal(f.memory_swap_max, 0);
	assert_true(f.swap_known);
	assert_int_equal(f.pids_max, 500);
	assert_int_equal(f.cpu_quota_us, 150000);
	tree_write(t, "cgroup/system.slice/docker-" ID_A ".scope/cpu.max", "max 100000\n");
	measure(t, v2_lines, &f);
	assert_int_equal(f.cpu_quota_us, -1);
}

/* Controllers on v1, processes on both: an empty unified hierarchy changes nothing. */
static void test_hybrid(void **state)
{
	const struct tree *t = *state;
	struct cgroup_facts f;

	write_v1(t);
	tree_write(t, "cgroup/unified/cgroup.controllers", "\n");
	tree_write(t, "cgroup/unified/docker/" ID_A "/pids.max", "7\n");
	measure(t, "4:memory:/docker/" ID_A "\n0::/docker/" ID_A, &f);
	assert_int_equal(f.version, 1);
	assert_int_equal(f.memory_max, 67108864);
	assert_int_equal(f.pids_max, 7); /* pids is on v2 here */
	assert_int_equal(f.cpu_quota_us, -1);
}

static void test_hostile_numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t want;
	} cases[] = {
		{ "99999999999999999999999999\n", UINT64_MAX },
		{ "18446744073709551615\n", UINT64_MAX },
		{ "-1\n", UINT64_MAX },
		{ "", UINT64_MAX },
		{ "maximum\n", UINT64_MAX },
		{ "12abc\n", UINT64_MAX },
		{ "\x80\xff\n", UINT64_MAX },
		{ " 12\n", UINT64_MAX },
		{ "0x10\n", UINT64_MAX },
		{ "12", 12 },
		{ "0\n", 0 },
	};
	const struct tree *t = *state;
	struct cgroup_facts f;
	char huge[9000];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_write(t, "cgroup/memory/docker/" ID_A "/memory.limit_in_bytes", cases[i].text);
		measure(t, v1_lines, &f);
		if (f.memory_max != cases[i].want)
			fail_msg("'%s': %llu", cases[i].text, (unsigned long long)f.memory_max);
	}
	memset(huge, '1', sizeof(huge));
	tree_bytes(t, "cgroup/memory/docker/" ID_A "/memory.limit_in_bytes", huge, sizeof(huge));
	measure(t, v1_lines, &f);
	assert_true(f.memory_max == UINT64_MAX);
}

static void test_not_its_own(void **state)
{
	struct cgroup_facts f;

	write_v1(*state);
	measure(*state, "4:memory:/docker/" ID_B "\n8:pids:/\n", &f);
	assert_int_equal(f.version, 0);
	assert_true(f.memory_max == UINT64_MAX && f.pids_max == UINT64_MAX);
	assert_false(f.swap_known);
}

/* A link in the place of a folder leads nowhere. */
static void test_link(void **state)
{
	const struct tree *t = *state;
	struct cgroup_facts f;
	char link[256], to[256];

	write_v1(t);
	tree_write(t, "elsewhere/pids.max", "5\n");
	tree_remove(t, "cgroup/pids/docker/" ID_A);
	snprintf(link, sizeof(link), "%s/cgroup/pids/docker/" ID_A, t->path);
	snprintf(to, sizeof(to), "%s/elsewhere", t->path);
	assert_int_equal(symlink(to, link), 0);
	measure(t, v1_lines, &f);
	assert_true(f.pids_max == UINT64_MAX);
}

/* ---- disks ---- */

static const char io_lines[] = "7:blkio:/docker/" ID_A "\n0::/";
#define V1_IO "cgroup/blkio/docker/" ID_A "/blkio.throttle."
#define V2_IO "cgroup/system.slice/docker-" ID_A ".scope/io.max"

static void expect_rate(const struct io_facts *f, size_t i, unsigned minor, uint64_t read,
			uint64_t write)
{
	assert_true(i < f->count);
	assert_int_equal(f->rates[i].major, 7);
	assert_int_equal(f->rates[i].minor, minor);
	assert_true(f->rates[i].read == read);
	assert_true(f->rates[i].write == write);
}

static void test_rates_v1(void **state)
{
	const struct tree *t = *state;
	struct io_facts f;

	look(t, io_lines, NULL, &f);
	assert_int_equal(f.version, 0);
	tree_write(t, V1_IO "read_bps_device", "7:5 1048576\n7:6 2\n");
	look(t, io_lines, NULL, &f);
	assert_int_equal(f.version, 0); /* half of it is nothing to rely on */
	tree_write(t, V1_IO "write_bps_device", "7:6 3\n7:7 4\n");
	look(t, io_lines, NULL, &f);
	assert_int_equal(f.version, 1);
	assert_int_equal(f.count, 3);
	expect_rate(&f, 0, 5, 1048576, UINT64_MAX);
	expect_rate(&f, 1, 6, 2, 3);
	expect_rate(&f, 2, 7, UINT64_MAX, 4);
	tree_write(t, V1_IO "read_bps_device", "");
	tree_write(t, V1_IO "write_bps_device", "");
	look(t, io_lines, NULL, &f);
	assert_int_equal(f.version, 1);
	assert_int_equal(f.count, 0);
}

static void test_rates_v2(void **state)
{
	const struct tree *t = *state;
	struct io_facts f;

	tree_write(t, "cgroup/cgroup.controllers", "cpu io memory pids\n");
	tree_write(t, "cgroup/system.slice/docker-" ID_A ".scope/memory.max", "max\n");
	look(t, v2_lines, NULL, &f);
	assert_int_equal(f.version, 0); /* the controller is not on for it */
	tree_write(t, V2_IO, "7:5 rbps=1 wbps=max riops=max wiops=max\n7:6 rbps=max wbps=2\n");
	look(t, v2_lines, NULL, &f);
	assert_int_equal(f.version, 2);
	assert_int_equal(f.count, 2);
	expect_rate(&f, 0, 5, 1, UINT64_MAX);
	expect_rate(&f, 1, 6, UINT64_MAX, 2);
}

static void test_odd_rates(void **state)
{
	static const char *const odd[] = { "7:5",    "7:5 \n",	 "7:5 x\n",  "7 5 1\n",
					   ":5 1\n", "7:-5 1\n", "7:5 -1\n", "\xff\n\n" };
	const struct tree *t = *state;
	struct io_facts f;
	char many[64 * 12] = "";

	tree_write(t, V1_IO "write_bps_device", "");
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		tree_write(t, V1_IO "read_bps_device", odd[i]);
		look(t, io_lines, NULL, &f);
		assert_int_equal(f.version, 1);
		for (size_t k = 0; k < f.count; k++)
			assert_true(f.rates[k].read == UINT64_MAX);
	}
	for (size_t i = 0; i < 64; i++)
		snprintf(many + strlen(many), 12, "7:%zu 1\n", i);
	tree_write(t, V1_IO "read_bps_device", many);
	look(t, io_lines, NULL, &f);
	assert_int_equal(f.count, IO_RATES_MAX);
}

#define with_tree(fn) cmocka_unit_test_setup_teardown(fn, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_tree(test_v1),
		with_tree(test_ancestors),
		with_tree(test_v2),
		with_tree(test_hybrid),
		with_tree(test_hostile_numbers),
		with_tree(test_not_its_own),
		with_tree(test_link),
		with_tree(test_rates_v1),
		with_tree(test_rates_v2),
		with_tree(test_odd_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
