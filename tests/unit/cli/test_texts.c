/* Help, manual and completion come from one table: none may lack a command or an option. */
#include "cli_fixture.h"

#include "../../../src/cli/completion.h"
#include "../../../src/cli/help.h"
#include "../../../src/cli/manual.h"
#include "../../../src/cli/options.h"
#include "domain/checks.h"

#define MAN_FRAME "man/tenantctl.8.in"

static char *manual_page(const char *frame_path)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(STRBUF_TEXT_MAX);
	auto_free char *frame = NULL;
	struct err e = ERR_INIT;
	size_t len;

	if (fsio_read(frame_path, FSIO_ANY, 1 << 20, &frame, &len, &e) ||
	    manual_fill(frame, &out, &e))
		fail_msg("%s", e.message);
	return strbuf_take(&out);
}

/* As roff writes it. */
static char *escaped(const char *s)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(4096);

	for (; *s; s++)
		strbuf_printf(&b, "%s%c", *s == '-' ? "\\" : "", *s);
	return strbuf_take(&b);
}

/* The part of a page that is about `c`. */
static char *section_of(const char *page, const struct command *c)
{
	auto_free char *name = escaped(c->name);
	auto_free char *head = mem_printf("\n.SS tenantctl %s", name);
	const char *from = page, *end;

	/* "list" is not "list ..." of another command */
	while ((from = strstr(from, head)) != NULL && !strchr(" \n", from[strlen(head)]))
		from++;
	if (!from) {
		fail_msg("the manual lacks %s", c->name);
		return NULL;
	}
	end = strstr(from + 1, "\n.S");
	return mem_strndup(from, end ? (size_t)(end - from) : strlen(from));
}

static void the_manual_has_every_command_and_option(void **state unused_arg)
{
	auto_free char *page = manual_page(MAN_FRAME);
	size_t count, globals;
	const struct command *const *all = commands_all(&count);
	const struct option_def *options = global_options(&globals);

	for (size_t i = 0; i < count; i++) {
		if (all[i]->flags & CMD_HIDDEN)
			continue;
		auto_free char *section = section_of(page, all[i]);
		for (size_t k = 0; k < all[i]->option_count; k++) {
			auto_free char *option = escaped(all[i]->options[k].name);
			auto_free char *want = mem_printf("\\-\\-%s", option);
			assert_holds(section, want);
		}
	}
	for (size_t i = 0; i < globals; i++) {
		auto_free char *want = mem_printf("\\-\\-%s", options[i].name);
		assert_holds(page, want);
	}
	for (const struct exit_meaning *m = exit_meanings(); m->text; m++) {
		auto_free char *want = mem_printf(".TP\n.B %d\n%s", m->status, m->text);
		assert_holds(page, want);
	}
	assert_null(strstr(page, "\n@"));
}

static void every_exit_status_has_a_meaning(void **state unused_arg)
{
	for (int code = ERR_NONE; code <= ERR_INTERNAL; code++) {
		int status = err_exit_status((enum err_code)code);
		bool found = false;

		for (const struct exit_meaning *m = exit_meanings(); m->text; m++)
			found = found || m->status == status;
		assert_true(found);
	}
}

static void an_unknown_marker_is_refused(void **state unused_arg)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(4096);
	struct err e = ERR_INIT;

	assert_int_equal(manual_fill("text\n@OPTION@\n", &out, &e), -1);
	assert_holds(e.message, "@OPTION@");
}

static void each_help_says_all(void **state unused_arg)
{
	size_t count;
	const struct command *const *all = commands_all(&count);
	auto_strbuf struct strbuf overview = STRBUF_INIT(65536);

	help_overview(&overview);
	for (size_t i = 0; i < count; i++) {
		auto_strbuf struct strbuf text = STRBUF_INIT(65536);

		help_command(all[i], &text);
		assert_holds(strbuf_str(&text), all[i]->summary);
		for (size_t k = 0; k < all[i]->option_count; k++) {
			auto_free char *want = mem_printf("--%s", all[i]->options[k].name);
			assert_holds(strbuf_str(&text), want);
		}
		for (const char *line = strbuf_str(&text); *line;) {
			size_t len = strcspn(line, "\n");

			/* examples are as long as they are */
			if (len > 80 && strncmp(line, "  tenantctl ", 12) != 0)
				fail_msg("%s: too long: %.*s", all[i]->name, (int)len, line);
			line += len + (line[len] == '\n');
		}
		if (!(all[i]->flags & CMD_HIDDEN))
			assert_holds(strbuf_str(&overview), all[i]->summary);
	}
}

/* Rules that main and the texts rely on. */
static void the_table_is_sound(void **state unused_arg)
{
	size_t count;
	const struct command *const *all = commands_all(&count);

	for (size_t i = 0; i < count; i++) {
		const struct command *c = all[i];

		assert_non_null(c->run);
		assert_non_null(c->operands);
		assert_int_not_equal(c->summary[strlen(c->summary) - 1], '.');
		assert_true(c->max_args == -1 || c->max_args >= c->min_args);
		/* whoever changes anything is root and talks to the engine */
		if (c->flags & CMD_CHANGES)
			assert_int_equal(c->flags & (CMD_ROOT | CMD_ENGINE), CMD_ROOT | CMD_ENGINE);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(c->name, all[k]->name);
		for (size_t k = 0; k < c->option_count; k++)
			for (size_t n = 0; n < k; n++) {
				assert_string_not_equal(c->options[k].name, c->options[n].name);
				assert_true(!c->options[k].letter ||
					    c->options[k].letter != c->options[n].letter);
			}
	}
}

static void completion_has_every_word(void **state unused_arg)
{
	static void (*const writers[])(struct strbuf *) = { completion_bash, completion_zsh,
							    completion_fish };
	size_t count;
	const struct command *const *all = commands_all(&count);

	for (size_t w = 0; w < ARRAY_SIZE(writers); w++) {
		auto_strbuf struct strbuf text = STRBUF_INIT(STRBUF_TEXT_MAX);

		writers[w](&text);
		for (size_t i = 0; i < count; i++) {
			const char *last = strrchr(all[i]->name, ' ');

			if (all[i]->flags & CMD_HIDDEN)
				continue;
			assert_holds(strbuf_str(&text), last ? last + 1 : all[i]->name);
			for (size_t k = 0; k < all[i]->option_count; k++)
				assert_holds(strbuf_str(&text), all[i]->options[k].name);
		}
		assert_holds(strbuf_str(&text), "tenantctl complete tenants");
		assert_holds(strbuf_str(&text), "tenantctl complete checks");
		assert_holds(strbuf_str(&text), "human json junit");
		assert_null(strstr(strbuf_str(&text), "manual"));
	}
}

/* "tenantctl apply NAME": whoever follows the advice must find the command. */
static void remedies_name_commands_that_exist(void **state unused_arg)
{
	size_t count;
	const struct check *all = checks_all(&count);

	for (size_t i = 0; i < count; i++)
		for (const char *p = all[i].remedy; (p = strstr(p, "tenantctl ")) != NULL;) {
			const struct command *c;
			struct err e = ERR_INIT;
			int words;

			p += strlen("tenantctl ");
			auto_free char *word = mem_strndup(p, strcspn(p, " ,;:"));
			if (command_find(1, &word, &c, &words, &e))
				fail_msg("%s: %s", all[i].id, e.message);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manual_has_every_command_and_option),
		cmocka_unit_test(every_exit_status_has_a_meaning),
		cmocka_unit_test(an_unknown_marker_is_refused),
		cmocka_unit_test(each_help_says_all),
		cmocka_unit_test(the_table_is_sound),
		cmocka_unit_test(completion_has_every_word),
		cmocka_unit_test(remedies_name_commands_that_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
