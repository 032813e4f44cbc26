/* Keys planted in fake trees are found by place, id and form; what is hostile is survived. */
#include "tree.h"

#include <sys/stat.h>

#include "base/mem.h"
#include "probe/exposure.h"

#define KEY "q8Zt4Lw7Vx2Rn9Bd5Kc3"
#define KEY_HEX "71385a74344c77375678325266e3942643" /* not quite */

struct world {
	struct needles *needles;
	struct strlist ids;
	struct tenant_facts facts;
	struct exposure x;
};

static void make(struct world *w)
{
	*w = (struct world){ .needles = needles_new() };
	strlist_add(&w->ids, "ghl.0");
	needles_add(w->needles, KEY, strlen(KEY), 0);
	w->x = (struct exposure){ .needles = w->needles, .ids = &w->ids, .out = &w->facts.secrets };
}

static void end(struct world *w)
{
	needles_free(w->needles);
	strlist_free(&w->ids);
	tenant_facts_free(&w->facts);
}

static void test_texts(void **state)
{
	struct world w;

	(void)state;
	make(&w);
	exposure_text(&w.x, "label", "nothing here", 12);
	exposure_text(&w.x, "label", KEY_HEX, strlen(KEY_HEX));
	assert_int_equal(w.facts.secrets.exposed.count, 0);
	exposure_text(&w.x, "label", "x=" KEY, strlen("x=" KEY));
	assert_int_equal(w.facts.secrets.exposed.count, 1);
	assert_string_equal(w.facts.secrets.exposed.items[0], "label: ghl.0, plain");
	assert_int_equal(w.facts.secrets.places, 3);
	for (int i = 0; i < 40; i++)
		exposure_text(&w.x, "label", KEY, strlen(KEY));
	assert_int_equal(w.facts.secrets.exposed.count + w.facts.secrets.exposed_more, 41);
	assert_true(w.facts.secrets.exposed.count < 41);
	end(&w);
}

static void test_processes(void **state)
{
	static const char args[] = "curl\0-H\0Authorization: " KEY "\0";
	static const char environment[] = "A=b\0KEY=" KEY "\0";
	const struct tree *t = *state;
	struct world w;
	char proc[128];

	make(&w);
	w.facts.processes = mem_array(1, sizeof(*w.facts.processes));
	w.facts.processes[0].pid = 101;
	w.facts.process_count = 1;
	tree_bytes(t, "proc/100/cmdline", args, sizeof(args));
	tree_bytes(t, "proc/100/environ", environment, sizeof(environment)); /* not a tenant's */
	tree_bytes(t, "proc/101/cmdline", "sh", 2);
	tree_bytes(t, "proc/101/environ", environment, sizeof(environment));
	tree_write(t, "proc/version", KEY); /* no process */
	tree_mkdir(t, "proc/102");	    /* gone meanwhile */
	snprintf(proc, sizeof(proc), "%s/proc", t->path);
	exposure_processes(&w.x, proc, &w.facts);
	assert_int_equal(w.facts.secrets.exposed.count, 2);
	for (size_t i = 0; i < 2; i++) {
		const char *s = w.facts.secrets.exposed.items[i];

		assert_true(!strcmp(s, "cmdline of process 100: ghl.0, plain") ||
			    !strcmp(s, "environ of worker process 101: ghl.0, plain"));
	}
	assert_int_equal(w.facts.secrets.unread.count, 0);
	end(&w);
}

static void test_no_processes(void **state)
{
	struct world w;

	(void)state;
	make(&w);
	exposure_processes(&w.x, "/nonexistent", &w.facts);
	assert_int_equal(w.facts.secrets.unread.count, 1);
	end(&w);
}

static void test_file_tail(void **state)
{
	const struct tree *t = *state;
	struct world w;
	static const char key[] = KEY;
	char path[128], *text = mem_alloc(8192);

	make(&w);
	memset(text, 'x', 8192);
	memcpy(text + 100, key, sizeof(key) - 1);
	tree_bytes(t, "log", text, 8192);
	snprintf(path, sizeof(path), "%s/log", t->path);
	exposure_file(&w.x, "log", path, 4096);
	assert_int_equal(w.facts.secrets.exposed.count, 0); /* before the tail */
	exposure_file(&w.x, "log", path, 1 << 20);
	assert_int_equal(w.facts.secrets.exposed.count, 1);
	snprintf(path, sizeof(path), "%s/missing", t->path);
	exposure_file(&w.x, "log", path, 4096);
	exposure_file(&w.x, "log", t->path, 4096); /* a folder */
	assert_int_equal(w.facts.secrets.unread.count, 0);
	free(text);
	end(&w);
}

/* Where there must be a log, not having seen one is not the same as a clean one. */
static void test_logs(void **state)
{
	const struct tree *t = *state;
	struct world w;
	char path[128], link_path[128];

	make(&w);
	tree_write(t, "container.log", "x " KEY);
	snprintf(path, sizeof(path), "%s/container.log", t->path);
	exposure_log(&w.x, "log", path, 4096);
	assert_int_equal(w.facts.secrets.exposed.count, 1);
	assert_int_equal(w.facts.secrets.unread.count, 0);
	snprintf(link_path, sizeof(link_path), "%s/link.log", t->path);
	assert_int_equal(symlink("container.log", link_path), 0);
	exposure_log(&w.x, "linked log", link_path, 4096);
	exposure_log(&w.x, "folder log", t->path, 4096);
	snprintf(path, sizeof(path), "%s/missing", t->path);
	exposure_log(&w.x, "missing log", path, 4096);
	assert_int_equal(w.facts.secrets.places, 1);
	assert_int_equal(w.facts.secrets.unread.count, 3);
	assert_string_equal(w.facts.secrets.unread.items[2],
			    "missing log: No such file or directory");
	end(&w);
}

static void test_folders(void **state)
{
	static const char *const skip[] = { "keys", NULL };
	const struct tree *t = *state;
	struct world w;
	char path[256];

	make(&w);
	tree_write(t, "set/keys", KEY);
	tree_write(t, "set/deep/er/file", "cThadDR... " KEY);
	tree_write(t, "outside", KEY);
	snprintf(path, sizeof(path), "%s/set/link", t->path);
	assert_int_equal(symlink("../outside", path), 0);
	snprintf(path, sizeof(path), "%s/set/pipe", t->path);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof(path), "%s/set", t->path);
	exposure_folder(&w.x, "set", path, skip);
	assert_int_equal(w.facts.secrets.exposed.count, 1);
	assert_string_equal(w.facts.secrets.exposed.items[0], "set/deep/er/file: ghl.0, plain");
	assert_int_equal(w.facts.secrets.unread.count, 0);
	snprintf(path, sizeof(path), "%s/missing", t->path);
	exposure_folder(&w.x, "missing", path, NULL);
	assert_int_equal(w.facts.secrets.unread.count, 0);
	end(&w);
}

static void test_folder_bounds(void **state)
{
	const struct tree *t = *state;
	struct world w;
	char path[256];

	make(&w);
	tree_mkdir(t, "set/1/2/3/4/5/6/7/8");
	snprintf(path, sizeof(path), "%s/set", t->path);
	exposure_folder(&w.x, "set", path, NULL);
	assert_int_equal(w.facts.secrets.unread.count, 1);
	for (int i = 0; i < 600; i++) {
		snprintf(path, sizeof(path), "many/f%d", i);
		tree_write(t, path, "");
	}
	snprintf(path, sizeof(path), "%s/many", t->path);
	exposure_folder(&w.x, "many", path, NULL);
	assert_int_equal(w.facts.secrets.unread.count, 2);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test_setup_teardown(test_processes, tree_setup, tree_teardown),
		cmocka_unit_test(test_no_processes),
		cmocka_unit_test_setup_teardown(test_file_tail, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_logs, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_folders, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_folder_bounds, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
