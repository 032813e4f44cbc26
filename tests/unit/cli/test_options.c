/* Words to commands and options: what is taken, and how what is wrong is named. */
#include "cli_fixture.h"

#include "../../../src/cli/options.h"

static const char *const fruits[] = { "apple", "pear", NULL };
static const struct option_def own[] = {
	{ .name = "all", .help = "-" },
	{ .name = "purge", .help = "-" },
	{ .name = "file", .letter = 'f', .placeholder = "FILE", .help = "-" },
	{ .name = "jobs", .letter = 'j', .placeholder = "N", .help = "-" },
	{ .name = "only", .placeholder = "ID", .flags = OPTION_MANY, .help = "-" },
	{ .name = "fruit", .placeholder = "FRUIT", .choices = fruits, .help = "-" },
};
static const struct option_pair pairs[] = { { "all", "" }, { "all", "purge" } };
static const struct command eat = { .name = "eat",
				    .operands = "NAME",
				    .options = own,
				    .option_count = ARRAY_SIZE(own),
				    .exclusive = pairs,
				    .exclusive_count = ARRAY_SIZE(pairs),
				    .max_args = 2 };

struct parsed {
	struct option_values values;
	struct strlist operands;
	struct strlist words; /* values point into it */
	struct err e;
	int used;
};

/* argv of a command line; its words hold no blanks. */
static void split(const char *line, struct strlist *out)
{
	auto_free char *copy = mem_strdup(line);
	char *rest = copy;

	for (char *word; (word = strsep(&rest, " ")) != NULL;)
		strlist_add(out, word);
}

static int read_all(struct parsed *p, const char *line)
{
	*p = (struct parsed){ .e = ERR_INIT };
	split(line, &p->words);
	return options_read((int)p->words.count, p->words.items, &eat, false, &p->values,
			    &p->operands, &p->used, &p->e);
}

static void parsed_free(struct parsed *p)
{
	free(p->values.items);
	strlist_free(&p->operands);
	strlist_free(&p->words);
}

static void takes_options_and_operands_in_any_order(void **state unused_arg)
{
	struct parsed p;

	assert_int_equal(read_all(&p, "eat one -fx --jobs=3 two --only a --only -b -qv"), 0);
	assert_string_equal(option_value(&p.values, "file"), "x");
	assert_string_equal(option_value(&p.values, "jobs"), "3");
	assert_int_equal(option_times(&p.values, "only"), 2);
	assert_true(option_given(&p.values, "quiet"));
	assert_true(option_given(&p.values, "verbose"));
	assert_false(option_given(&p.values, "all"));
	assert_int_equal(p.operands.count, 2);
	assert_string_equal(p.operands.items[1], "two");
	parsed_free(&p);
}

static void two_dashes_end_options(void **state unused_arg)
{
	struct parsed p;

	assert_int_equal(read_all(&p, "eat --all -- --purge -f"), 0);
	assert_false(option_given(&p.values, "purge"));
	assert_int_equal(p.operands.count, 2);
	assert_string_equal(p.operands.items[0], "--purge");
	parsed_free(&p);
}

static void refuses(const char *message, const char *hint, const char *line)
{
	struct parsed p;

	assert_int_equal(read_all(&p, line), -1);
	assert_int_equal(p.e.code, ERR_USAGE);
	assert_holds(p.e.message, message);
	assert_holds(p.e.hint, hint);
	parsed_free(&p);
}

static void names_what_is_wrong(void **state unused_arg)
{
	refuses("unknown option '--fromat'", "--format", "eat --fromat json");
	refuses("unknown option '--purg'", "--purge", "eat --purg");
	refuses("unknown option '--pur'", "--purge", "eat --pur");
	refuses("unknown option '--zzzzzz'", "", "eat --zzzzzz");
	refuses("unknown option '-x'", "", "eat -x");
	refuses("unknown option '-x'", "", "eat -qx");
	refuses("'-f' takes an argument", "", "eat -f");
	refuses("'--file' takes an argument", "", "eat --file");
	refuses("'--all' takes no argument", "", "eat --all=yes");
	refuses("--file is given twice", "", "eat -f a --file b");
	refuses("one of apple, pear, not 'plum'", "", "eat --fruit plum");
	refuses("one of human, json, not 'xml'", "", "eat --format xml");
}

static void global_options_stop_at_the_command(void **state unused_arg)
{
	auto_strlist struct strlist words = { 0 };
	struct option_values v = { 0 };
	struct err e = ERR_INIT;
	int used;

	split("tenantctl --format json -q eat --purge", &words);
	assert_int_equal(options_read(6, words.items, NULL, true, &v, NULL, &used, &e), 0);
	assert_int_equal(used, 4);
	assert_string_equal(option_value(&v, "format"), "json");
	free(v.items);
}

static int check(const char *line, struct err *e)
{
	struct parsed p;
	int rc;

	assert_int_equal(read_all(&p, line), 0);
	*e = (struct err)ERR_INIT;
	rc = options_check(&eat, &p.values, &p.operands, e);
	parsed_free(&p);
	return rc;
}

static void checks_sets_and_counts(void **state unused_arg)
{
	struct err e;

	assert_int_equal(check("eat a b", &e), 0);
	assert_int_equal(check("eat --all", &e), 0);
	assert_int_equal(check("eat --all a", &e), -1);
	assert_holds(e.message, "--all cannot be given together with names");
	assert_int_equal(check("eat --all --purge", &e), -1);
	assert_holds(e.message, "--all cannot be given together with --purge");
	assert_int_equal(check("eat a b c", &e), -1);
	assert_holds(e.message, "too many arguments: 'c'");
	assert_holds(e.hint, "usage: tenantctl eat NAME");
}

static void finds(const char *line, const char *name, int want_words)
{
	auto_strlist struct strlist words = { 0 };
	const struct command *c = NULL;
	struct err e = ERR_INIT;
	int used = 0;

	split(line, &words);
	assert_int_equal(command_find((int)words.count, words.items, &c, &used, &e), 0);
	assert_string_equal(c->name, name);
	assert_int_equal(used, want_words);
}

static void misses(const char *line, const char *message, const char *hint)
{
	auto_strlist struct strlist words = { 0 };
	const struct command *c = NULL;
	struct err e = ERR_INIT;
	int used;

	split(line, &words);
	assert_int_equal(command_find((int)words.count, words.items, &c, &used, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_holds(e.message, message);
	assert_holds(e.hint, hint);
}

static void finds_commands_of_one_and_two_words(void **state unused_arg)
{
	finds("show x", "show", 1);
	finds("seccomp show x", "seccomp show", 2);
	misses("lisst", "unknown command 'lisst'", "tenantctl list");
	misses("seccomp dif", "unknown command 'seccomp dif'", "tenantctl seccomp diff");
	misses("seccomp frobnicate", "unknown command", "one of: list, show, check, diff");
	misses("seccomp", "a sub-command is missing", "one of: list, show, check, diff");
	misses("frobnicate", "unknown command", "tenantctl help");
	/* what scripts ask for is found, and yet no suggestion */
	finds("complete tenants", "complete", 1);
	misses("manuall", "unknown command", "tenantctl help");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_options_and_operands_in_any_order),
		cmocka_unit_test(two_dashes_end_options),
		cmocka_unit_test(names_what_is_wrong),
		cmocka_unit_test(global_options_stop_at_the_command),
		cmocka_unit_test(checks_sets_and_counts),
		cmocka_unit_test(finds_commands_of_one_and_two_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
