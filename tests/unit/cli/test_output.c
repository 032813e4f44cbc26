/* Tables, ages, sizes, escaping and what happens when the reader is gone. */
#include "cli_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "../../../src/cli/progress.h"
#include "../../../src/cli/run_view.h"
#include "../../../src/cli/table.h"

static const struct column columns[] = {
	{ "NAME", "name", COLUMN_TEXT, false }, { "IMAGE", "image", COLUMN_TEXT, true },
	{ "SIZE", "size", COLUMN_SIZE, false }, { "AGE", "created", COLUMN_AGE, false },
	{ "OK", NULL, COLUMN_BOOL, false },	{ NULL, "count", COLUMN_COUNT, false },
};

static void fill(struct table *t)
{
	struct cell *c;

	table_init(t, columns, ARRAY_SIZE(columns));
	c = table_row(t);
	cell_text(&c[0], "acme");
	cell_text(&c[1], "example/worker:1.0");
	c[2].number = 1536 * 1024;
	c[3].number = FIXTURE_NOW - 3 * 3600;
	c[4].number = 1;
	c[5].number = 7;
	c = table_row(t);
	cell_text(&c[0], "b\033[2J\xc3\xa9");
	c[2].number = -1;
}

static void a_table_lines_up(void **state unused_arg)
{
	struct output o = fixture_output(false);
	struct table t auto_table = { 0 };

	fill(&t);
	table_print(&t, &o);
	auto_free char *text = fixture_text(&o);
	/* the accented letter is two bytes and one column */
	assert_string_equal(text, "NAME       IMAGE                  SIZE  AGE  OK\n"
				  "acme       example/worker:1.0  1.5 MiB  3 h  yes\n"
				  "b\\x1B[2J\xc3\xa9  -                         -    -  no\n");
}

static void only_a_terminal_cuts(void **state unused_arg)
{
	struct output o = fixture_output(false);
	struct table t auto_table = { 0 };

	fill(&t);
	o.width = 44;
	table_print(&t, &o);
	auto_free char *text = fixture_text(&o);
	assert_holds(text, "acme       example/worke~  1.5 MiB");
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		assert_in_range(strlen(line), 1, 44 + 1); /* one letter of two bytes */
}

static void a_table_is_data_too(void **state unused_arg)
{
	struct output o = fixture_output(true);
	struct table t auto_table = { 0 };
	struct node *root = output_document();

	fill(&t);
	node_set(root, "rows", table_json(&t));
	output_json(&o, root);
	auto_free char *text = fixture_text(&o);
	assert_holds(text, "\"schema\": 1");
	assert_holds(text, "\"size\": 1572864");
	assert_holds(text, "\"created\": \"2025-12-31T21:00:00Z\"");
	assert_holds(text, "\"count\": 7");
	assert_holds(text, "\"image\": null");
	assert_holds(text, "\"size\": null");
	assert_null(strstr(text, "\"OK\""));
	assert_null(strchr(text, '\033'));
}

static void ages_and_sizes(void **state unused_arg)
{
	static const struct {
		int64_t age;
		const char *text;
	} ages[] = { { 0, "0 s" },    { 119, "119 s" },	  { 120, "2 m" },    { 7199, "119 m" },
		     { 7200, "2 h" }, { 172799, "47 h" }, { 172800, "2 d" }, { -5, "0 s" } };
	static const struct {
		int64_t bytes;
		const char *text;
	} sizes[] = { { 0, "0 B" },
		      { 1023, "1023 B" },
		      { 1024, "1.0 KiB" },
		      { (int64_t)3 << 40, "3.0 TiB" },
		      { (int64_t)3 << 50, "3072.0 TiB" },
		      { -1, "-" } };
	char buf[32];

	for (size_t i = 0; i < ARRAY_SIZE(ages); i++) {
		output_age(FIXTURE_NOW, FIXTURE_NOW - ages[i].age, buf, sizeof(buf));
		assert_string_equal(buf, ages[i].text);
	}
	output_age(FIXTURE_NOW, 0, buf, sizeof(buf));
	assert_string_equal(buf, "-");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		output_size(sizes[i].bytes, buf, sizeof(buf));
		assert_string_equal(buf, sizes[i].text);
	}
	assert_int_equal(output_parse_time("2026-01-01T00:00:00.123456789Z"), FIXTURE_NOW);
	assert_int_equal(output_parse_time("yesterday"), 0);
	assert_int_equal(output_parse_time(NULL), 0);
}

static void reasons_stay_short(void **state unused_arg)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(4096);
	auto_free char *digest = mem_alloc(300);

	step_reason("HostConfig.Memory: expected 1, observed 2, and 3 more", &b);
	assert_string_equal(strbuf_str(&b),
			    "HostConfig.Memory: expected 1, observed 2, and 3 more");
	strbuf_reset(&b);
	memset(digest, 'a', 299);
	auto_free char *why =
		mem_printf("Config.Labels: expected %s, observed x, and 2 more", digest);
	step_reason(why, &b);
	assert_string_equal(strbuf_str(&b), "Config.Labels differs, and 2 more");
	strbuf_reset(&b);
	step_reason(digest, &b);
	assert_in_range(b.len, 50, 110);
}

static void a_full_disk_is_an_error(void **state unused_arg)
{
	FILE *full = fopen("/dev/full", "w");
	struct err e = ERR_INIT;
	struct output o;

	assert_non_null(full);
	output_open(&o, full, false, NULL, NULL);
	output_text(&o, "x\n");
	assert_int_equal(output_close(&o, &e), -1);
	assert_int_equal(e.code, ERR_SYSTEM);
	assert_holds(e.message, "No space left");
}

static void a_reader_that_left_is_an_error(void **state unused_arg)
{
	struct err e = ERR_INIT;
	struct output o;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	output_open(&o, fdopen(fds[1], "w"), false, NULL, NULL);
	output_text(&o, "x\n");
	assert_int_equal(output_flush(&o, &e), -1);
	assert_holds(e.message, "Broken pipe");
	/* what went wrong once stays an error */
	assert_int_equal(output_close(&o, &e), -1);
}

static void colors_follow_the_option(void **state unused_arg)
{
	static const struct {
		const char *option, *no_color;
		bool color;
	} cases[] = { { NULL, NULL, false },
		      { "auto", NULL, false },
		      { "always", "1", true },
		      { "never", NULL, false } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		FILE *f = tmpfile();
		struct output o;

		output_open(&o, f, false, cases[i].option, cases[i].no_color);
		assert_int_equal(o.color, cases[i].color);
		assert_int_equal(*output_color(&o, COLOR_BAD) != '\0', cases[i].color);
		fclose(f);
	}
}

static void progress_is_plain_off_a_terminal(void **state unused_arg)
{
	FILE *f = tmpfile();
	struct progress p;
	char text[256] = "";

	progress_open(&p, fileno(f), false);
	progress_step(&p, "acme", "create\033 gateway", 1, 2);
	progress_end(&p, "acme");
	progress_close(&p);
	progress_open(&p, fileno(f), true);
	progress_step(&p, "acme", "not seen", 1, 2);
	progress_close(&p);
	rewind(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	assert_string_equal(text, "acme: create\\x1B gateway\n");
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_lines_up),
		cmocka_unit_test(only_a_terminal_cuts),
		cmocka_unit_test(a_table_is_data_too),
		cmocka_unit_test(ages_and_sizes),
		cmocka_unit_test(reasons_stay_short),
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(a_reader_that_left_is_an_error),
		cmocka_unit_test(colors_follow_the_option),
		cmocka_unit_test(progress_is_plain_off_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
