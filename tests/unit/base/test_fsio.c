/*
 * Files: every class of file that a manifest or secret may be replaced with is refused
 * without being followed, waited for or read whole; writes are whole or not at all.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "folder.h"

#define MAX_BYTES 1000

static int read_file(const char *path, enum fsio_trust trust, struct err *e)
{
	auto_free char *data = NULL;
	size_t len = 0;

	return fsio_read(path, trust, MAX_BYTES, &data, &len, e);
}

static void good_files_are_read(void **state)
{
	auto_free char *path = in(state, "f");
	auto_free char *data = NULL;
	auto_free char *empty = NULL;
	size_t len = 0;
	struct err e = ERR_INIT;
	put(path, "text", 0600);
	assert_ok(fsio_read(path, FSIO_TRUSTED_SECRET, 4, &data, &len, &e), &e);
	assert_int_equal(len, 4);
	assert_string_equal(data, "text");
	assert_refused(read_file("/nowhere/at/all", FSIO_TRUSTED, &e), &e, ERR_NOT_FOUND,
		       "nowhere");
	put(path, "", 0600);
	assert_ok(fsio_read(path, FSIO_ANY, 4, &empty, &len, &e), &e);
	assert_int_equal(len, 0);
	assert_string_equal(empty, "");
}

static void kinds_other_than_files_are_refused(void **state)
{
	auto_free char *file = in(state, "file");
	auto_free char *link = in(state, "link");
	auto_free char *fifo = in(state, "fifo");
	auto_free char *sock = in(state, "sock");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	put(file, "x", 0600);
	assert_int_equal(symlink(file, link), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", sock);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	const enum fsio_trust trusts[] = { FSIO_ANY, FSIO_TRUSTED, FSIO_TRUSTED_SECRET };
	for (size_t i = 0; i < ARRAY_SIZE(trusts); i++) {
		struct err e = ERR_INIT;
		assert_refused(read_file(link, trusts[i], &e), &e, ERR_MANIFEST, "symbolic link");
		assert_refused(read_file(fifo, trusts[i], &e), &e, ERR_MANIFEST, "not a regular");
		assert_refused(read_file(sock, trusts[i], &e), &e, ERR_MANIFEST, "not a regular");
		assert_refused(read_file("/tmp", trusts[i], &e), &e, ERR_MANIFEST, "not a regular");
		assert_refused(read_file("/dev/null", trusts[i], &e), &e, ERR_MANIFEST,
			       "not a regular");
	}
}

static void big_files_are_refused_unread(void **state)
{
	auto_free char *path = in(state, "f");
	struct err e = ERR_INIT;
	put(path, "", 0600);
	assert_int_equal(truncate(path, (off_t)1 << 40), 0);
	assert_refused(read_file(path, FSIO_TRUSTED, &e), &e, ERR_MANIFEST, "larger than 1000");
	assert_int_equal(truncate(path, MAX_BYTES + 1), 0);
	assert_refused(read_file(path, FSIO_ANY, &e), &e, ERR_MANIFEST, "larger than 1000");
	assert_int_equal(truncate(path, MAX_BYTES), 0);
	assert_ok(read_file(path, FSIO_ANY, &e), &e);
}

static void modes_and_owners_are_judged(void **state)
{
	static const struct {
		mode_t mode;
		const char *trusted, *secret; /* NULL: accepted */
	} cases[] = {
		{ 0600, NULL, NULL },
		{ 0400, NULL, NULL },
		{ 0640, NULL, "readable by group or others (mode 0640)" },
		{ 0604, NULL, "readable by group" },
		{ 0644, NULL, "readable by group" },
		{ 0620, "written by group or others (mode 0620)", "written by group" },
		{ 0602, "written by group", "written by group" },
		{ 0666, "written by group", "written by group" },
	};
	auto_free char *path = in(state, "f");
	put(path, "x", 0600);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_INIT;
		assert_int_equal(chmod(path, cases[i].mode), 0);
		assert_ok(read_file(path, FSIO_ANY, &e), &e);
		int rc = read_file(path, FSIO_TRUSTED, &e);
		if (cases[i].trusted) {
			assert_refused(rc, &e, ERR_MANIFEST, cases[i].trusted);
			assert_ptr_equal(strstr(e.hint, "chmod go-w "), e.hint);
		} else {
			assert_ok(rc, &e);
		}
		rc = read_file(path, FSIO_TRUSTED_SECRET, &e);
		if (cases[i].secret)
			assert_refused(rc, &e, ERR_MANIFEST, cases[i].secret);
		else
			assert_ok(rc, &e);
	}
}

static void foreign_owners_are_refused(void **state)
{
	auto_free char *path = in(state, "f");
	struct err e = ERR_INIT;
	if (geteuid() != 0)
		skip(); /* only root can give a file away */
	put(path, "x", 0600);
	assert_int_equal(chown(path, 12345, 12345), 0);
	assert_refused(read_file(path, FSIO_TRUSTED, &e), &e, ERR_MANIFEST, "belongs to uid 12345");
	assert_ok(read_file(path, FSIO_ANY, &e), &e);
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(chown(((struct fixture *)*state)->dir, 12345, 0), 0);
	assert_refused(read_file(path, FSIO_TRUSTED, &e), &e, ERR_MANIFEST, "folder on the way");
	assert_int_equal(chown(((struct fixture *)*state)->dir, 0, 0), 0);
	assert_ok(read_file(path, FSIO_TRUSTED, &e), &e);
}

static void folders_on_the_way_are_judged(void **state)
{
	auto_free char *sub = in(state, "sub");
	auto_free char *path = in(state, "sub/f");
	auto_free char *link = in(state, "link");
	auto_free char *through = in(state, "link/f");
	auto_free char *dots = in(state, "sub/../sub/./f");
	struct err e = ERR_INIT;
	assert_int_equal(mkdir(sub, 0755), 0);
	put(path, "x", 0600);
	assert_int_equal(symlink("sub", link), 0);
	assert_ok(read_file(path, FSIO_TRUSTED, &e), &e);
	assert_ok(read_file(dots, FSIO_TRUSTED, &e), &e);
	assert_refused(read_file(through, FSIO_TRUSTED, &e), &e, ERR_MANIFEST, "symbolic link");
	assert_int_equal(chmod(sub, 0777), 0);
	assert_refused(read_file(path, FSIO_TRUSTED, &e), &e, ERR_MANIFEST, "(mode 0777)");
	assert_int_equal(chmod(sub, 0775), 0);
	assert_refused(read_file(path, FSIO_TRUSTED, &e), &e, ERR_MANIFEST, "(mode 0775)");
	assert_int_equal(chmod(sub, 01777), 0);
	assert_ok(read_file(path, FSIO_TRUSTED, &e), &e);
}

static void folders_above_a_relative_path_are_judged(void **state)
{
	auto_free char *sub = in(state, "sub");
	auto_free char *path = in(state, "sub/f");
	auto_fd int back = open(".", O_RDONLY | O_DIRECTORY);
	struct err e = ERR_INIT;
	assert_int_equal(mkdir(sub, 0755), 0);
	put(path, "x", 0600);
	assert_int_equal(chdir(sub), 0);
	int good = read_file("f", FSIO_TRUSTED, &e);
	assert_int_equal(chmod("..", 0777), 0);
	struct err refused = ERR_INIT;
	int bad = read_file("f", FSIO_TRUSTED, &refused);
	assert_int_equal(fchdir(back), 0);
	assert_ok(good, &e);
	assert_refused(bad, &refused, ERR_MANIFEST, "(mode 0777)");
}

static void hard_linked_secrets_are_refused(void **state)
{
	auto_free char *path = in(state, "f");
	auto_free char *other = in(state, "g");
	struct err e = ERR_INIT;
	put(path, "x", 0600);
	assert_int_equal(link(path, other), 0);
	assert_ok(read_file(path, FSIO_TRUSTED, &e), &e);
	assert_refused(read_file(path, FSIO_TRUSTED_SECRET, &e), &e, ERR_MANIFEST, "2 hard links");
}

struct race {
	const char *path;
	atomic_bool stop;
};

static void *rewrite(void *arg)
{
	struct race *r = arg;

	while (!atomic_load(&r->stop)) {
		FILE *f = fopen(r->path, "w");
		for (int i = 0; f && i < 900; i++)
			fputc('a', f);
		if (f)
			fclose(f);
		sched_yield();
	}
	return NULL;
}

/* Content that changes during the read is either refused or one consistent length. */
static void changing_files_are_never_mixed(void **state)
{
	auto_free char *path = in(state, "f");
	struct race race = { .path = path };
	pthread_t thread;
	put(path, "", 0600);
	assert_int_equal(pthread_create(&thread, NULL, rewrite, &race), 0);
	for (int i = 0; i < 300; i++) {
		auto_free char *data = NULL;
		size_t len = 0;
		struct err e = ERR_INIT;
		if (fsio_read(path, FSIO_TRUSTED, MAX_BYTES, &data, &len, &e))
			assert_refused(-1, &e, ERR_MANIFEST, "changed while it was read");
		else
			assert_int_equal(strlen(data), len);
	}
	atomic_store(&race.stop, true);
	pthread_join(thread, NULL);
}

static void writes_replace_whole_files(void **state)
{
	auto_free char *path = in(state, "f");
	auto_free char *missing = in(state, "none/f");
	auto_free char *link = in(state, "link");
	struct stat st;
	struct err e = ERR_INIT;
	put(path, "old", 0644);
	auto_fd int held = open(path, O_RDONLY);
	assert_ok(fsio_write(path, "new", 3, 0640, (uid_t)-1, (gid_t)-1, &e), &e);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_size, 3);
	char old[8] = "";
	assert_int_equal(read(held, old, sizeof(old)), 3); /* an open reader keeps what it had */
	assert_string_equal(old, "old");
	assert_refused(fsio_write(missing, "x", 1, 0600, (uid_t)-1, (gid_t)-1, &e), &e,
		       ERR_NOT_FOUND, "none");
	assert_int_equal(symlink("f", link), 0);
	assert_ok(fsio_write(link, "own", 3, 0600, (uid_t)-1, (gid_t)-1, &e), &e);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISREG(st.st_mode)); /* replaced, not followed */
	auto_strlist struct strlist names = { NULL, 0 };
	assert_ok(fsio_list(((struct fixture *)*state)->dir, 10, &names, &e), &e);
	assert_int_equal(names.count, 2); /* no temporary file is left */
}

static void lists_are_sorted_and_bounded(void **state)
{
	auto_free char *b = in(state, "b");
	auto_free char *a = in(state, "a");
	auto_free char *none = in(state, "none");
	auto_strlist struct strlist names = { NULL, 0 };
	struct err e = ERR_INIT;
	put(b, "", 0600);
	put(a, "", 0600);
	assert_ok(fsio_list(((struct fixture *)*state)->dir, 2, &names, &e), &e);
	assert_int_equal(names.count, 2);
	assert_string_equal(names.items[0], "a");
	assert_refused(fsio_list(((struct fixture *)*state)->dir, 1, &names, &e), &e, ERR_MANIFEST,
		       "more than 1 entries");
	assert_ok(fsio_list(none, 1, &names, &e), &e);
	assert_int_equal(names.count, 0);
}

static void records_are_appended(void **state)
{
	auto_free char *path = in(state, "journal");
	auto_free char *link = in(state, "link");
	auto_free char *data = NULL;
	size_t len = 0;
	struct err e = ERR_INIT;
	assert_ok(fsio_append(path, "one\n", 4, 0600, &e), &e);
	assert_ok(fsio_append(path, "two\n", 4, 0600, &e), &e);
	assert_ok(fsio_read(path, FSIO_TRUSTED_SECRET, 100, &data, &len, &e), &e);
	assert_string_equal(data, "one\ntwo\n");
	assert_int_equal(symlink("journal", link), 0);
	assert_refused(fsio_append(link, "x", 1, 0600, &e), &e, ERR_MANIFEST, "symbolic link");
	assert_ok(fsio_unlink(path, &e), &e);
	assert_ok(fsio_unlink(path, &e), &e);
	assert_int_equal(access(path, F_OK), -1);
}

static void folders_are_made(void **state)
{
	auto_free char *deep = in(state, "a/b//c");
	auto_free char *link = in(state, "link");
	auto_free char *through = in(state, "link/x");
	auto_free char *file = in(state, "file");
	auto_free char *below = in(state, "file/x");
	struct stat st;
	struct err e = ERR_INIT;
	umask(077);
	assert_ok(fsio_mkdirs(deep, 0751, &e), &e);
	umask(022);
	assert_ok(fsio_mkdirs(deep, 0700, &e), &e);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0751);
	assert_int_equal(symlink("a", link), 0);
	assert_refused(fsio_mkdirs(through, 0700, &e), &e, ERR_MANIFEST, "symbolic link");
	put(file, "", 0600);
	assert_int_equal(fsio_mkdirs(below, 0700, &e), -1);
	assert_int_equal(e.sys_errno, ENOTDIR);
}

static void locks_exclude(void **state)
{
	auto_free char *path = in(state, "lock");
	struct err e = ERR_INIT;
	int first = -1, status = -1;
	assert_ok(fsio_lock(path, 0, &first, &e), &e);
	char pid_text[32];
	snprintf(pid_text, sizeof(pid_text), "(pid %ld)", (long)getpid());
	int second = -1;
	assert_refused(fsio_lock(path, 0, &second, &e), &e, ERR_BUSY, pid_text);
	assert_refused(fsio_lock(path, 120, &second, &e), &e, ERR_BUSY, pid_text);
	assert_int_equal(second, -1);
	assert_int_equal(unlink(path), 0);
	assert_ok(fsio_lock(path, 0, &second, &e), &e); /* a new file is a new lock */
	close(second);
	close(first);
	pid_t pid = fork(); /* a holder that dies without unlocking */
	if (pid == 0)
		_exit(fsio_lock(path, 0, &first, &e) ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_ok(fsio_lock(path, 0, &second, &e), &e);
	close(second);
}

static void small_files_are_read_at(void **state)
{
	auto_free char *path = in(state, "f");
	char buf[8];
	struct err e = ERR_INIT;
	put(path, "1234567", 0600);
	auto_fd int dir = open(((struct fixture *)*state)->dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(fsio_read_at(dir, "f", buf, sizeof(buf), &e), 7);
	assert_string_equal(buf, "1234567");
	put(path, "12345678", 0600);
	assert_int_equal(fsio_read_at(dir, "f", buf, sizeof(buf), &e), -1);
	assert_int_equal(e.sys_errno, EFBIG);
	assert_int_equal(fsio_read_at(dir, "none", buf, sizeof(buf), &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(e.sys_errno, ENOENT);
}

static void killed_writes_leave_nothing(void **state)
{
	static const char *const kept[] = { ".file.0123456789abcde", ".file.0123456789abcdefg",
					    ".file.0123456789ABCDEF", ".other.0123456789abcdef",
					    "file.0123456789abcdef" };
	auto_free char *path = in(state, "file");
	auto_free char *left = in(state, ".file.0123456789abcdef");
	auto_free char *nowhere = in(state, "none/file");
	struct err e = ERR_INIT;

	put(path, "x", 0600);
	put(left, "half", 0600);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		auto_free char *other = in(state, kept[i]);
		put(other, "x", 0600);
	}
	assert_ok(fsio_unlink_left(path, &e), &e);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(access(left, F_OK), -1);
	put(left, "half", 0600);
	assert_ok(fsio_unlink_all(path, &e), &e);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(left, F_OK), -1);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		auto_free char *other = in(state, kept[i]);
		assert_int_equal(access(other, F_OK), 0);
	}
	assert_ok(fsio_unlink_all(path, &e), &e);
	assert_ok(fsio_unlink_all(nowhere, &e), &e);
}

static void files_are_judged_unread(void **state)
{
	auto_free char *path = in(state, "file");
	auto_free char *link = in(state, "link");
	auto_free char *none = in(state, "none");
	struct err e = ERR_INIT;
	put(path, "x", 0600);
	assert_ok(fsio_check(path, FSIO_TRUSTED_SECRET, &e), &e);
	put(path, "x", 0644);
	assert_ok(fsio_check(path, FSIO_TRUSTED, &e), &e);
	assert_refused(fsio_check(path, FSIO_TRUSTED_SECRET, &e), &e, ERR_MANIFEST, "mode 0644");
	assert_int_equal(symlink(path, link), 0);
	assert_refused(fsio_check(link, FSIO_TRUSTED, &e), &e, ERR_MANIFEST, "not a regular file");
	assert_refused(fsio_check(none, FSIO_TRUSTED, &e), &e, ERR_NOT_FOUND, "none");
	assert_int_equal(chmod(((struct fixture *)*state)->dir, 0777), 0);
	assert_refused(fsio_check(none, FSIO_ANY, &e), &e, ERR_MANIFEST, "a folder on the way");
	assert_int_equal(chmod(((struct fixture *)*state)->dir, 0700), 0);
	err_clear(&e);
	assert_ok(fsio_check(none, FSIO_ANY, &e), &e); /* the folders alone */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(good_files_are_read),
		WITH_FOLDER(kinds_other_than_files_are_refused),
		WITH_FOLDER(big_files_are_refused_unread),
		WITH_FOLDER(modes_and_owners_are_judged),
		WITH_FOLDER(foreign_owners_are_refused),
		WITH_FOLDER(folders_on_the_way_are_judged),
		WITH_FOLDER(folders_above_a_relative_path_are_judged),
		WITH_FOLDER(hard_linked_secrets_are_refused),
		WITH_FOLDER(changing_files_are_never_mixed),
		WITH_FOLDER(writes_replace_whole_files),
		WITH_FOLDER(lists_are_sorted_and_bounded),
		WITH_FOLDER(records_are_appended),
		WITH_FOLDER(folders_are_made),
		WITH_FOLDER(locks_exclude),
		WITH_FOLDER(small_files_are_read_at),
		WITH_FOLDER(killed_writes_leave_nothing),
		WITH_FOLDER(files_are_judged_unread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
