/* The file of a history: modes, damage, links, two writers, and no folder to write to. */
#include "../base/folder.h"

#include <sys/wait.h>

#include "base/fsio.h"
#include "base/log.h"
#include "domain/paths.h"
#include "ops/history.h"

struct place {
	struct context c;
	char *file, *aside;
};

static void begin(void **state, struct place *p)
{
	struct err e = ERR_INIT;

	*p = (struct place){ .c.root = in(state, "root") };
	auto_free char *dir = path_of(p->c.root, PATH_TENANT_STATE, "acme");
	assert_ok(fsio_mkdirs(p->c.root, 0755, &e), &e);
	assert_ok(fsio_mkdirs(dir, 0700, &e), &e);
	p->file = path_of(p->c.root, PATH_HISTORY, "acme");
	p->aside = mem_printf("%s.damaged", p->file);
	log_set_level(LOG_ERROR);
}

static void end(struct place *p)
{
	free(p->c.root);
	free(p->file);
	free(p->aside);
}

static int add(struct place *p, const char *at, struct err *e)
{
	struct finding pass = { .id = "cap.bounding", .verdict = VERDICT_PASS };
	struct verify_result r = { .tenant = (char *)"acme",
				   .at = (char *)at,
				   .findings = { .items = &pass, .count = 1 } };

	return history_add(&p->c, &r, e);
}

static size_t count(struct place *p)
{
	auto_history struct history h = { 0 };
	struct err e = ERR_INIT;

	assert_ok(history_read(&p->c, "acme", &h, &e), &e);
	for (size_t i = 0; i < h.count; i++)
		assert_string_equal(h.items[i].verdict, "pass");
	return h.count;
}

static void results_add_up(void **state)
{
	struct err e = ERR_INIT;
	struct place p;
	struct stat st;

	begin(state, &p);
	assert_int_equal(count(&p), 0);
	assert_ok(add(&p, "a", &e), &e);
	assert_ok(add(&p, "b", &e), &e);
	assert_int_equal(count(&p), 2);
	assert_int_equal(stat(p.file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	end(&p);
}

static void damage_is_put_aside(void **state)
{
	static const char *const kinds[] = { "garbage\n", "{\"version\":1}\n", "cut" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		auto_history struct history h = { 0 };
		struct err e = ERR_INIT;
		struct place p;
		auto_free char *kept = NULL;
		size_t len;

		begin(state, &p);
		put(p.file, kinds[i], 0600);
		assert_int_equal(history_read(&p.c, "acme", &h, &e), -1);
		assert_int_equal(e.code, ERR_PROTOCOL);
		assert_int_equal(access(p.aside, F_OK), i ? 0 : -1); /* reading changes nothing */
		err_clear(&e);
		assert_ok(add(&p, "a", &e), &e);
		assert_int_equal(count(&p), 1);
		assert_ok(fsio_read(p.aside, FSIO_ANY, 4096, &kept, &len, &e), &e);
		assert_string_equal(kept, kinds[i]);
		end(&p);
	}
}

/* Who else could write it, could write anything: such a file is damaged, and a link is not
 * followed. */
static void what_others_can_write_is_not_read(void **state)
{
	auto_history struct history h = { 0 };
	auto_free char *target = in(state, "target");
	struct err e = ERR_INIT;
	struct place p;
	struct stat st;

	begin(state, &p);
	assert_ok(add(&p, "a", &e), &e);
	assert_int_equal(chmod(p.file, 0666), 0);
	assert_int_equal(history_read(&p.c, "acme", &h, &e), -1);
	assert_int_equal(e.code, ERR_MANIFEST);
	err_clear(&e);
	assert_ok(add(&p, "b", &e), &e);
	assert_int_equal(count(&p), 1);
	put(target, "mine", 0600);
	assert_int_equal(unlink(p.file), 0);
	assert_int_equal(symlink(target, p.file), 0);
	assert_ok(add(&p, "c", &e), &e);
	assert_int_equal(count(&p), 1);
	assert_int_equal(lstat(p.file, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(stat(target, &st), 0);
	assert_int_equal(st.st_size, 4);
	end(&p);
}

static void two_writers_lose_nothing(void **state)
{
	struct err e = ERR_INIT;
	struct place p;
	int status;

	begin(state, &p);
	pid_t child = fork();
	for (int i = 0; i < 20; i++)
		if (add(&p, "x", &e))
			break;
	if (!child)
		_exit(e.code ? 1 : 0);
	assert_int_equal(e.code, 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(count(&p), 40);
	end(&p);
}

static void without_a_folder_it_fails(void **state)
{
	struct err e = ERR_INIT;
	struct place p;

	begin(state, &p);
	auto_free char *dir = path_of(p.c.root, PATH_TENANT_STATE, "acme");
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(add(&p, "a", &e), -1);
	assert_int_equal(access(dir, F_OK), -1);
	end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(results_add_up),
		WITH_FOLDER(damage_is_put_aside),
		WITH_FOLDER(what_others_can_write_is_not_read),
		WITH_FOLDER(two_writers_lose_nothing),
		WITH_FOLDER(without_a_folder_it_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
