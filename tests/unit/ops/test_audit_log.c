/* The audit log on a real file system: its chain, and every way in which it can be damaged. */
#include "../base/folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fsio.h"
#include "domain/paths.h"
#include "ops/audit_log.h"

#define LOG_MAX ((size_t)64 << 20)

static void append_one(const char *root, enum audit_event event, const char *what)
{
	struct audit_record r auto_audit_record = { .event = event,
						    .command = mem_strdup("apply"),
						    .tenant = mem_strdup("acme") };
	struct err e = ERR_INIT;

	strlist_add(&r.what, what);
	assert_ok(audit_append(root, &r, 1, &e), &e);
}

static void append_many(const char *root, int count)
{
	for (int i = 0; i < count; i++)
		append_one(root, i % 2 ? AUDIT_END : AUDIT_BEGIN, "create worker tc-acme");
}

static char *log_text(const char *root, size_t *out_len)
{
	auto_free char *path = path_of(root, PATH_AUDIT_LOG, NULL);
	struct err e = ERR_INIT;
	char *text = NULL;

	assert_ok(fsio_read(path, FSIO_ANY, LOG_MAX, &text, out_len, &e), &e);
	return text;
}

static void put_log(const char *root, const char *text, size_t len)
{
	auto_free char *path = path_of(root, PATH_AUDIT_LOG, NULL);
	struct err e = ERR_INIT;

	assert_ok(fsio_write(path, text, len, 0600, (uid_t)-1, (gid_t)-1, &e), &e);
}

static void assert_whole(const char *root, size_t records)
{
	struct audit_state s auto_audit_state = { 0 };
	struct err e = ERR_INIT;

	assert_ok(audit_read(root, NULL, NULL, &s, &e), &e);
	if (s.problem)
		fail_msg("broken: %s", s.problem);
	assert_int_equal(s.records, records);
}

static void assert_broken(const char *root, const char *part)
{
	struct audit_state s auto_audit_state = { 0 };
	struct err e = ERR_INIT;

	assert_ok(audit_read(root, NULL, NULL, &s, &e), &e);
	if (!s.problem)
		fail_msg("whole, and should have: %s", part);
	if (!strstr(s.problem, part))
		fail_msg("'%s' lacks '%s'", s.problem, part);
}

static char *new_root(void **state)
{
	char *root = in(state, "root");

	assert_int_equal(mkdir(root, 0755), 0);
	return root;
}

/* Offset of line `n`, from 1; n one too many: the end. */
static size_t line_at(const char *text, size_t n)
{
	const char *p = text;

	while (--n)
		p = strchr(p, '\n') + 1;
	return (size_t)(p - text);
}

static void lines_name_the_hash_of_the_line_before(void **state)
{
	auto_free char *root = new_root(state);
	auto_free char *path = path_of(root, PATH_AUDIT_LOG, NULL);
	auto_free char *folder = path_of(root, PATH_AUDIT_LOGS, NULL);
	auto_free char *text = NULL;
	char sha256[DIGEST_HEX_SIZE];
	struct stat st;
	size_t len, second;

	assert_whole(root, 0);
	append_many(root, 2);
	assert_whole(root, 2);
	text = log_text(root, &len);
	assert_non_null(strstr(text, "\"prev\":\"" AUDIT_ORIGIN "\""));
	second = line_at(text, 2);
	digest_of(text, second - 1, sha256);
	assert_non_null(strstr(text + second, sha256));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

/* ---- damage ---- */

static void every_byte_counts(void **state)
{
	auto_free char *root = new_root(state);
	auto_free char *text = NULL;
	size_t len;

	append_many(root, 4);
	text = log_text(root, &len);
	for (size_t i = 0; i < len; i++) {
		struct audit_state s auto_audit_state = { 0 };
		struct err e = ERR_INIT;

		text[i] ^= 1;
		put_log(root, text, len);
		text[i] ^= 1;
		assert_ok(audit_read(root, NULL, NULL, &s, &e), &e);
		/* the last newline alone: the record is complete, and the next one ends its line */
		if (!s.problem && i != len - 1)
			fail_msg("byte %zu of %zu was changed and nobody noticed", i, len);
	}
	put_log(root, text, len);
	assert_whole(root, 4);
}

static void lines_cannot_be_moved_or_taken_out(void **state)
{
	auto_free char *root = new_root(state);
	auto_free char *text = NULL;
	size_t len, a, b, c;

	append_many(root, 5);
	text = log_text(root, &len);
	a = line_at(text, 2);
	b = line_at(text, 3);
	c = line_at(text, 4);
	auto_free char *without = mem_printf("%.*s%s", (int)a, text, text + b);
	put_log(root, without, strlen(without));
	assert_broken(root, "audit.jsonl:2: record 3 does not follow");
	auto_free char *swapped = mem_printf("%.*s%.*s%.*s%s", (int)a, text, (int)(c - b), text + b,
					     (int)(b - a), text + a, text + c);
	put_log(root, swapped, strlen(swapped));
	assert_broken(root, "audit.jsonl:2: record 3 does not follow");
	auto_free char *twice =
		mem_printf("%.*s%.*s%s", (int)b, text, (int)(b - a), text + a, text + b);
	put_log(root, twice, strlen(twice));
	assert_broken(root, "audit.jsonl:3: record 2 does not follow");
	auto_free char *put_in = mem_printf("%.*sa line\n%s", (int)b, text, text + b);
	put_log(root, put_in, strlen(put_in));
	assert_broken(root, "audit.jsonl:3: not a record");
	put_log(root, text + a, len - a);
	assert_broken(root, "the log begins with record 2 instead of 1");
}

static void a_cut_end_is_seen_and_stays_seen(void **state)
{
	auto_free char *root = new_root(state);
	auto_free char *text = NULL;
	size_t len;

	append_many(root, 4);
	text = log_text(root, &len);
	put_log(root, text, line_at(text, 4));
	assert_broken(root, "ends with record 3, but record 4 was written");
	/* the next command notes it for ever, and goes on */
	append_many(root, 2);
	assert_broken(root, "audit.jsonl:4: when record 5 was written, the log had lost its end");
}

static void a_log_that_is_gone_is_seen(void **state)
{
	auto_free char *root = new_root(state);
	auto_free char *path = path_of(root, PATH_AUDIT_LOG, NULL);

	append_many(root, 3);
	assert_int_equal(unlink(path), 0);
	assert_broken(root, "ends with record 0, but record 3 was written");
	append_many(root, 1);
	assert_broken(root, "audit.jsonl:1");
}

static void a_head_that_is_gone_is_seen(void **state)
{
	auto_free char *root = new_root(state);
	auto_free char *head = path_of(root, PATH_AUDIT_HEAD, NULL);

	append_many(root, 3);
	assert_int_equal(unlink(head), 0);
	assert_broken(root, "the head that is kept apart from the log is missing");
	append_many(root, 1);
	assert_broken(root, "audit.jsonl:4: when record 4 was written, the head");
}

/* Another chain of the same length in place of the true one. */
static void a_log_made_anew_is_seen(void **state)
{
	auto_free char *root = new_root(state);
	auto_free char *forged_root = in(state, "forged");
	auto_free char *text = NULL;
	size_t len;

	append_many(root, 4);
	assert_int_equal(mkdir(forged_root, 0755), 0);
	append_one(forged_root, AUDIT_BEGIN, "another story");
	append_many(forged_root, 4);
	text = log_text(forged_root, &len);
	put_log(root, text, len);
	assert_broken(root, "record 4 is not the one that was written");
}

/* ---- kills and power cuts ---- */

static void half_a_line_is_kept_and_noted(void **state)
{
	auto_free char *root = new_root(state);
	auto_free char *head_path = path_of(root, PATH_AUDIT_HEAD, NULL);
	auto_free char *text = NULL, *head = NULL;
	struct err e = ERR_INIT;
	size_t len, after_len, head_len;

	append_many(root, 3);
	text = log_text(root, &len);
	assert_ok(fsio_read(head_path, FSIO_ANY, 4096, &head, &head_len, &e), &e);
	/* what a killed writer leaves: the first bytes of its record, whose head was never written
	 */
	for (size_t half = 1; half < 160; half += 53) {
		auto_free char *torn = mem_printf("%s%.*s", text, (int)half, text);
		auto_free char *after = NULL;

		put_log(root, torn, strlen(torn));
		assert_ok(fsio_write(head_path, head, head_len, 0600, (uid_t)-1, (gid_t)-1, &e),
			  &e);
		assert_whole(root, 3);
		append_one(root, AUDIT_BEGIN, "goes on");
		assert_whole(root, 5);
		after = log_text(root, &after_len);
		assert_memory_equal(after, torn, strlen(torn));
		assert_non_null(strstr(after, "\"event\":\"note\""));
		/* what was noted counts, too */
		after[len] ^= 1;
		put_log(root, after, after_len);
		assert_broken(root, "audit.jsonl:4: not a record");
	}
}

static void a_complete_line_without_newline_is_a_record(void **state)
{
	auto_free char *root = new_root(state);
	auto_free char *text = NULL;
	size_t len;

	append_many(root, 3);
	text = log_text(root, &len);
	put_log(root, text, len - 1);
	append_one(root, AUDIT_BEGIN, "goes on");
	assert_whole(root, 4);
}

/* Killed between the record and its head. */
static void a_head_may_lag(void **state)
{
	auto_free char *root = new_root(state);
	auto_free char *path = path_of(root, PATH_AUDIT_HEAD, NULL);
	auto_free char *head = NULL;
	struct err e = ERR_INIT;
	size_t len;

	append_many(root, 2);
	assert_ok(fsio_read(path, FSIO_ANY, 4096, &head, &len, &e), &e);
	append_many(root, 2);
	assert_ok(fsio_write(path, head, len, 0600, (uid_t)-1, (gid_t)-1, &e), &e);
	assert_whole(root, 4);
	append_many(root, 1);
	assert_whole(root, 5);
}

static void eight_writers_and_a_kill_keep_one_chain(void **state)
{
	enum { WRITERS = 8, EACH = 20 };
	auto_free char *root = new_root(state);
	pid_t pids[WRITERS];
	struct audit_state s auto_audit_state = { 0 };
	struct err e = ERR_INIT;

	for (int i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			append_many(root, i ? EACH : 1000000); /* the first is killed */
			_exit(0);
		}
	}
	for (int i = 1; i < WRITERS; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	kill(pids[0], SIGKILL);
	waitpid(pids[0], NULL, 0);
	append_many(root, 1);
	assert_ok(audit_read(root, NULL, NULL, &s, &e), &e);
	if (s.problem)
		fail_msg("%s", s.problem);
	assert_true(s.records >= (WRITERS - 1) * EACH + 1);
	assert_int_equal(s.first, 1);
}

/* ---- rotation ---- */

/* A file is full at 8 MiB. Zeros behind the last record, as a power cut leaves them, make it so,
 * and the note about them is in the next file. */
static void fill_file(const char *root)
{
	auto_free char *path = path_of(root, PATH_AUDIT_LOG, NULL);

	assert_int_equal(truncate(path, (off_t)8 << 20), 0);
}

static void the_chain_goes_on_over_files(void **state)
{
	enum { FILES = 20, KEPT = 17 }; /* 16 and the one that is written */
	auto_free char *root = new_root(state);
	auto_free char *log = path_of(root, PATH_AUDIT_LOG, NULL);
	struct audit_state s auto_audit_state = { 0 };
	struct err e = ERR_INIT;

	for (int i = 0; i < FILES; i++) {
		if (i)
			fill_file(root);
		append_many(root, 2);
	}
	assert_ok(audit_read(root, NULL, NULL, &s, &e), &e);
	if (s.problem)
		fail_msg("%s", s.problem);
	/* two records each, and a note but in the first one */
	assert_int_equal(s.records, KEPT * 3);
	assert_int_equal(s.first, (FILES - KEPT) * 3);
	/* a file in the middle, and the oldest one */
	auto_free char *middle = mem_printf("%s.5", log);
	auto_free char *aside = mem_printf("%s.aside", log);
	assert_int_equal(rename(middle, aside), 0);
	assert_broken(root, "audit.jsonl.");
	assert_int_equal(rename(aside, middle), 0);
	assert_whole(root, KEPT * 3);
	auto_free char *oldest = mem_printf("%s.16", log);
	assert_int_equal(unlink(oldest), 0);
	assert_broken(root, "its beginning was removed");
}

static void many_records_are_one_write(void **state)
{
	enum { COUNT = 600 };
	auto_free char *root = new_root(state);
	struct audit_record *r = mem_array(COUNT, sizeof(*r));
	struct err e = ERR_INIT;

	append_many(root, 1);
	for (size_t i = 0; i < COUNT; i++)
		r[i] = (struct audit_record){ .event = AUDIT_VERIFY, .result = mem_strdup("pass") };
	assert_ok(audit_append(root, r, COUNT, &e), &e);
	assert_int_equal(r[COUNT - 1].seq, COUNT + 1);
	for (size_t i = 0; i < COUNT; i++)
		audit_record_free(&r[i]);
	free(r);
	assert_whole(root, COUNT + 1);
}

/* ---- refusals ---- */

static void what_cannot_be_written_is_an_error(void **state)
{
	auto_free char *root = new_root(state);
	auto_free char *path = path_of(root, PATH_AUDIT_LOG, NULL);
	auto_free char *elsewhere = in(state, "elsewhere");
	struct audit_record r auto_audit_record = { .event = AUDIT_BEGIN };
	struct err e = ERR_INIT;

	append_many(root, 1);
	assert_int_equal(rename(path, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, path), 0);
	assert_int_equal(audit_append(root, &r, 1, &e), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rename(elsewhere, path), 0);
	assert_int_equal(chmod(path, 0666), 0);
	assert_refused(audit_append(root, &r, 1, &e), &e, ERR_MANIFEST, "root alone can write");
	assert_int_equal(chmod(path, 0600), 0);
	assert_whole(root, 1);
}

static void hostile_text_stays_one_short_line(void **state)
{
	auto_free char *root = new_root(state);
	auto_free char *text = NULL;
	char bad[3000];
	size_t len;

	memset(bad, '\xff', sizeof(bad) - 1);
	bad[sizeof(bad) - 1] = '\0';
	struct audit_record r auto_audit_record = { .event = AUDIT_END,
						    .command = mem_strdup(bad),
						    .tenant = mem_strdup("a\nb\033[2J"),
						    .result = mem_strdup(bad),
						    .error = mem_strdup(bad) };
	struct err e = ERR_INIT;
	for (int i = 0; i < 100; i++)
		strlist_add(&r.what, bad);
	assert_ok(audit_append(root, &r, 1, &e), &e);
	assert_whole(root, 1);
	text = log_text(root, &len);
	assert_true(len < AUDIT_LINE_MAX);
	assert_ptr_equal(strchr(text, '\n'), text + len - 1);
	assert_null(strchr(text, '\033'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(lines_name_the_hash_of_the_line_before),
		WITH_FOLDER(every_byte_counts),
		WITH_FOLDER(lines_cannot_be_moved_or_taken_out),
		WITH_FOLDER(a_cut_end_is_seen_and_stays_seen),
		WITH_FOLDER(a_log_that_is_gone_is_seen),
		WITH_FOLDER(a_head_that_is_gone_is_seen),
		WITH_FOLDER(a_log_made_anew_is_seen),
		WITH_FOLDER(half_a_line_is_kept_and_noted),
		WITH_FOLDER(a_complete_line_without_newline_is_a_record),
		WITH_FOLDER(a_head_may_lag),
		WITH_FOLDER(eight_writers_and_a_kill_keep_one_chain),
		WITH_FOLDER(the_chain_goes_on_over_files),
		WITH_FOLDER(many_records_are_one_write),
		WITH_FOLDER(what_cannot_be_written_is_an_error),
		WITH_FOLDER(hostile_text_stays_one_short_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
