/* What the journal says after a run that ended, one that died at any step, and after damage. */
#include "../base/folder.h"

#include "../../../src/ops/journal.h"
#include "base/fsio.h"
#include "domain/paths.h"

static void two_steps(struct plan *p)
{
	*p = (struct plan){ .tenant = mem_strdup("acme"), .count = 2 };
	p->steps = mem_array(2, sizeof(*p->steps));
	for (int i = 0; i < 2; i++)
		p->steps[i] = (struct step){ .kind = i ? STEP_VERIFY : STEP_WORKER_START,
					     .object = mem_strdup("tc-acme"),
					     .why = mem_strdup("because"),
					     .undo = STEP_KINDS,
					     .after = i - 1 };
}

static void assert_unfinished(const char *root, const char *want)
{
	auto_free char *text = journal_unfinished(root, "acme");

	if (!want) {
		assert_null(text);
		return;
	}
	assert_non_null(text);
	assert_string_equal(text, want);
}

static void a_run_is_unfinished_until_it_ends(void **state)
{
	auto_free char *root = in(state, "root");
	struct err e = ERR_INIT;
	struct plan p;

	two_steps(&p);
	assert_int_equal(mkdir(root, 0755), 0);
	assert_unfinished(root, NULL);
	assert_ok(journal_begin(root, "create", &p, &e), &e);
	assert_unfinished(root, "create, stopped after 0 of 2 steps");
	assert_ok(journal_step(root, &p, 0, &e), &e);
	assert_unfinished(root, "create, stopped after 1 of 2 steps");
	assert_ok(journal_step(root, &p, 1, &e), &e);
	assert_unfinished(root, "create, stopped after 2 of 2 steps");
	assert_ok(journal_end(root, &p, "done", &e), &e);
	assert_unfinished(root, NULL);
	/* The next run starts a new one. */
	assert_ok(journal_begin(root, "apply", &p, &e), &e);
	assert_unfinished(root, "apply, stopped after 0 of 2 steps");
	plan_free(&p);
}

static void the_file_is_private_and_whole_lines(void **state)
{
	auto_free char *root = in(state, "root");
	auto_free char *path = path_of(root, PATH_JOURNAL, "acme");
	auto_free char *text = NULL;
	struct err e = ERR_INIT;
	struct plan p;
	struct stat st;
	size_t len;

	two_steps(&p);
	assert_int_equal(mkdir(root, 0755), 0);
	assert_ok(journal_begin(root, "create", &p, &e), &e);
	assert_ok(journal_step(root, &p, 0, &e), &e);
	assert_ok(journal_end(root, &p, "failed: \"a\nb\"", &e), &e);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_ok(fsio_read(path, FSIO_ANY, 65536, &text, &len, &e), &e);
	size_t lines = 0;
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 3); /* a line break in a message does not make another */
	assert_int_equal(text[len - 1], '\n');
	plan_free(&p);
}

static void a_cut_or_damaged_journal_is_unfinished(void **state)
{
	static const char *const damaged[] = { "", "\n", "[]\n", "{\"event\":\"beg", "\xff\xfe\n" };
	auto_free char *root = in(state, "root");
	auto_free char *path = path_of(root, PATH_JOURNAL, "acme");
	struct err e = ERR_INIT;
	struct plan p;

	two_steps(&p);
	assert_int_equal(mkdir(root, 0755), 0);
	assert_ok(journal_begin(root, "create", &p, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		put(path, damaged[i], 0600);
		auto_free char *text = journal_unfinished(root, "acme");
		if (!text)
			fail_msg("case %zu reads as finished", i);
	}
	plan_free(&p);
}

/* The release step takes the folder away with the journal in it: what follows is not an error. */
static void steps_after_the_release_are_not_written(void **state)
{
	auto_free char *root = in(state, "root");
	auto_free char *dir = path_of(root, PATH_TENANT_STATE, "acme");
	struct err e = ERR_INIT;
	struct plan p;

	two_steps(&p);
	assert_int_equal(mkdir(root, 0755), 0);
	assert_ok(journal_begin(root, "delete", &p, &e), &e);
	assert_ok(fsio_remove_tree(dir, &e), &e);
	assert_ok(journal_step(root, &p, 1, &e), &e);
	assert_ok(journal_end(root, &p, "done", &e), &e);
	assert_int_equal(access(dir, F_OK), -1);
	plan_free(&p);
}

static void a_link_is_not_followed(void **state)
{
	auto_free char *root = in(state, "root");
	auto_free char *path = path_of(root, PATH_JOURNAL, "acme");
	auto_free char *target = in(state, "target");
	struct err e = ERR_INIT;
	struct plan p;
	struct stat st;

	two_steps(&p);
	assert_int_equal(mkdir(root, 0755), 0);
	assert_ok(journal_begin(root, "create", &p, &e), &e);
	put(target, "", 0600);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(journal_step(root, &p, 0, &e), -1);
	assert_int_equal(stat(target, &st), 0);
	assert_int_equal(st.st_size, 0);
	plan_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(a_run_is_unfinished_until_it_ends),
		WITH_FOLDER(the_file_is_private_and_whole_lines),
		WITH_FOLDER(a_cut_or_damaged_journal_is_unfinished),
		WITH_FOLDER(steps_after_the_release_are_not_written),
		WITH_FOLDER(a_link_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
