/*
 * Marks in log files: found where they came later, in a file begun anew, at the end of a
 * long one; not found in what was there before; and files that are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../src/ops/verify_log.h"
#include "base/mem.h"

#define OWN "1111111111111111111111111111111111111111111111111111111111111111"
#define PEER "2222222222222222222222222222222222222222222222222222222222222222"
#define TWIN "3333333333333333333333333333333333333333333333333333333333333333"

static char dir[] = "build/verify-log.XXXXXX";

static char *path_of_log(const char *id)
{
	return mem_printf("%s/%s/%s-json.log", dir, id, id);
}

static void append(const char *id, const char *text, const char *how)
{
	auto_free char *path = path_of_log(id);
	FILE *f = fopen(path, how);

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static struct container_info container(const char *id)
{
	struct container_info c = { .spec.log_driver = mem_strdup("json-file") };
	auto_free char *relative = path_of_log(id);
	char *here = realpath(".", NULL);

	snprintf(c.id, sizeof(c.id), "%s", id);
	c.log_path = mem_printf("%s/%s", here, relative);
	free(here);
	return c;
}

static int setup(void **state)
{
	static const char *const ids[] = { OWN, PEER, TWIN };

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		auto_free char *folder = mem_printf("%s/%s", dir, ids[i]);

		mkdir(folder, 0700);
		append(ids[i], "before\n", "w");
	}
	return 0;
}

static int teardown(void **state)
{
	static const char *const ids[] = { OWN, PEER, TWIN };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		auto_free char *folder = mem_printf("%s/%s", dir, ids[i]);
		auto_free char *path = path_of_log(ids[i]);

		unlink(path);
		rmdir(folder);
	}
	return rmdir(dir);
}

/* What `change` does between the two looks, and what is said then. */
static void look(void (*change)(const char *mark), bool own, const char *found)
{
	struct container_info worker = container(OWN), twin = container(TWIN);
	struct peer peer = { .tenant = (char *)"beta", .worker_id = PEER };
	const struct peers peers = { .items = &peer, .count = 1 };
	struct log_watch w auto_log_watch = { 0 };
	struct log_facts facts;

	log_watch_begin(&worker, NULL, &peers, &w);
	assert_int_equal(strlen(w.mark), LOG_MARK_SIZE - 1);
	change(w.mark);
	log_watch_end(&w, &twin, &facts);
	assert_true(facts.looked);
	assert_int_equal(facts.own, own);
	assert_int_equal(facts.found.count, found ? 1 : 0);
	if (found)
		assert_string_equal(facts.found.items[0], found);
	strlist_free(&facts.found);
	container_info_free(&worker);
	container_info_free(&twin);
}

static void nothing(const char *mark)
{
	(void)mark;
}

static void to_twin(const char *mark)
{
	append(TWIN, mark, "a");
	append(PEER, "something else\n", "a");
}

static void to_both(const char *mark)
{
	append(TWIN, mark, "a");
	append(PEER, mark, "a");
}

static void to_new_file(const char *mark)
{
	append(PEER, "a long line, so that the next file is shorter\n", "a");
	append(PEER, mark, "w");
}

static void to_own_worker(const char *mark)
{
	append(OWN, mark, "a");
}

static void behind_much(const char *mark)
{
	for (int i = 0; i < 20000; i++)
		append(PEER,
		       "{\"log\":\"sixty-four bytes of another agent's words, again and again\"}\n",
		       "a");
	append(PEER, mark, "a");
}

static void test_marks(void **state)
{
	(void)state;
	look(nothing, false, NULL);
	look(to_twin, true, NULL);
	look(to_both, true, "beta worker");
	look(nothing, false, NULL); /* another mark each time: the old ones do not count */
	look(to_own_worker, false, "own worker");
	look(to_new_file, false, "beta worker");
	look(behind_much, false, "beta worker");
}

static void test_no_files(void **state)
{
	struct container_info worker = container(OWN);
	struct log_watch w = { 0 };
	const struct peers none = { 0 };
	struct log_facts facts;

	(void)state;
	mem_replace(&worker.spec.log_driver, "local");
	log_watch_begin(&worker, NULL, &none, &w);
	log_watch_end(&w, &worker, &facts);
	assert_false(facts.looked);
	log_watch_free(&w);
	mem_replace(&worker.spec.log_driver, "json-file");
	mem_replace(&worker.log_path,
		    "/somewhere/else.log"); /* nobody else's can be told from it */
	log_watch_begin(&worker, NULL, &none, &w);
	log_watch_end(&w, &worker, &facts);
	assert_false(facts.looked);
	log_watch_free(&w);
	container_info_free(&worker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_no_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
