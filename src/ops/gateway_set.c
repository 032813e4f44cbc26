/*
 * Sets are folders: "set" is what counts, "next" is offered to a running gateway,
 * "next.tmp" is being made or was not answered. Folders change places in one call, and
 * whatever is left beside "set" tells the next run that one was cut short.
 */
#include "ops/gateway_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/mem.h"
#include "domain/gateway_files.h"
#include "domain/paths.h"
#include "domain/secret_value.h"

#define SET "set"
#define NEXT "next"
#define MAKING "next.tmp"
#define STATUS "status"
#define STATUS_MAX 1024
#define GENERATION_LINE_MAX 256
#define MODE_SET 0750
#define MODE_FILE 0440
#define MODE_PROVIDED 0600
#define ANSWER_MS 10000
#define REMIND_MS 3000 /* a gateway that was just starting may have missed the first signal */
#define PAUSE_NS 10000000

static bool exists(const char *root, enum path_kind kind, const char *tenant)
{
	auto_free char *path = path_of(root, kind, tenant);
	struct stat st;

	return lstat(path, &st) == 0;
}

/* ---- looking ---- */

static bool text_is(const char *have, size_t len, const char *want, size_t want_len)
{
	return len == want_len && (!len || memcmp(have, want, len) == 0);
}

/* One file of the installed set: into `have`, or compared with the keys. False when it cannot be
 * read. */
static bool take_file(const struct gateway_set *s, const char *dir, const char *name,
		      struct strmap *have, size_t *same_keys)
{
	auto_free char *path = mem_printf("%s/%s", dir, name);
	struct err ignored = ERR_INIT;
	const struct gateway_keys *k = s->keys;
	char *text = NULL;
	size_t len = 0;

	if (strcmp(name, GATEWAY_FILE_GENERATION) == 0)
		return true;
	if (fsio_read(path, FSIO_ANY, GATEWAY_FILE_BYTES, &text, &len, &ignored))
		return false;
	if (strcmp(name, GATEWAY_FILE_KEYS) == 0)
		*same_keys += text_is(text, len, k->keys, k->keys_len);
	else if (strcmp(name, GATEWAY_FILE_ECHO) == 0)
		*same_keys += text_is(text, len, k->echo, k->echo_len);
	else
		strmap_set(have, name, text);
	mem_wipe_free(text, len);
	return true;
}

/* What commands printed is known for the commands that the manifest has now. */
static bool provided_is_current(const struct gateway_set *s)
{
	auto_free char *path = path_of(s->root, PATH_PROVIDED, s->tenant);
	struct err ignored = ERR_INIT;
	char *text = NULL;
	size_t len = 0;
	bool same;

	if (fsio_read(path, FSIO_ANY, GATEWAY_FILE_BYTES, &text, &len, &ignored))
		return !s->keys->provided_len;
	same = text_is(text, len, s->keys->provided, s->keys->provided_len);
	mem_wipe_free(text, len);
	return same;
}

char *gateway_set_difference(const struct gateway_set *s)
{
	auto_free char *dir = path_of(s->root, PATH_GATEWAY_SET, s->tenant);
	auto_strlist struct strlist names = { 0 };
	struct strmap have auto_strmap = { 0 };
	struct err ignored = ERR_INIT;
	size_t same_keys = 0;

	if (!exists(s->root, PATH_GATEWAY_SET, s->tenant))
		return mem_strdup("not there");
	if (exists(s->root, PATH_GATEWAY_NEXT, s->tenant) ||
	    exists(s->root, PATH_GATEWAY_MAKING, s->tenant))
		return mem_strdup("an earlier change was not finished");
	if (!gateway_runtime_is_whole(s->root, s->tenant))
		return mem_strdup("the gateway's own folder is not apart");
	if (fsio_list(dir, GATEWAY_SET_FILES, &names, &ignored))
		return mem_strdup("unreadable");
	for (size_t i = 0; i < names.count; i++)
		if (!take_file(s, dir, names.items[i], &have, &same_keys))
			return mem_strdup("unreadable");
	return gateway_files_difference(
		&have, s->files, s->keys->incomplete || same_keys != 2 || !provided_is_current(s));
}

/* ---- writing ---- */

static int put_file(int dir, const char *name, const char *text, size_t len, gid_t gid,
		    struct err *e)
{
	auto_fd int fd = -1;

	if (!*name || strchr(name, '/'))
		return err_set(e, ERR_INTERNAL, "'%s' is no name of a gateway's file", name);
	if (len > GATEWAY_FILE_BYTES)
		return err_set(e, ERR_MANIFEST, "the gateway's file %s would be larger than 1 MiB",
			       name);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd < 0)
		return err_sys(e, errno, "create the gateway's file %s", name);
	if (fsio_write_fd(fd, text, len) || fchown(fd, 0, gid) || fchmod(fd, MODE_FILE))
		return err_sys(e, errno, "write the gateway's file %s", name);
	return 0;
}

static int check_size(const struct gateway_set *s, struct err *e)
{
	size_t bytes = s->keys->keys_len + s->keys->echo_len;

	for (size_t i = 0; i < s->files->count; i++)
		bytes += strlen(s->files->entries[i].value);
	if (bytes > GATEWAY_SET_BYTES || s->files->count + 3 > GATEWAY_SET_FILES)
		return err_set(e, ERR_MANIFEST,
			       "the gateway's files would be more than a gateway takes (%zu bytes "
			       "in %zu files)",
			       bytes, s->files->count + 3);
	return 0;
}

static int put_files(const struct gateway_set *s, int dir, const char *line, struct err *e)
{
	gid_t gid = s->gateway_uid;
	auto_free char *generation = mem_printf("%s\n", line);

	for (size_t i = 0; i < s->files->count; i++) {
		const struct strmap_entry *f = s->files->entries + i;

		if (put_file(dir, f->key, f->value, strlen(f->value), gid, e))
			return -1;
	}
	if (put_file(dir, GATEWAY_FILE_KEYS, s->keys->keys, s->keys->keys_len, gid, e) ||
	    put_file(dir, GATEWAY_FILE_ECHO, s->keys->echo, s->keys->echo_len, gid, e) ||
	    put_file(dir, GATEWAY_FILE_GENERATION, generation, strlen(generation), gid, e))
		return -1;
	return 0;
}

static int remove_folder(const struct gateway_set *s, enum path_kind kind, struct err *e)
{
	auto_free char *path = path_of(s->root, kind, s->tenant);

	return fsio_remove_tree(path, e);
}

/* The value of a command counts from here on, also when the gateway then refuses the set for some
 * other reason. */
static int put_provided(const struct gateway_set *s, struct err *e)
{
	auto_free char *path = path_of(s->root, PATH_PROVIDED, s->tenant);

	if (!s->keys->provided_len)
		return fsio_unlink(path, e);
	return fsio_write(path, s->keys->provided, s->keys->provided_len, MODE_PROVIDED, 0, 0, e);
}

/* Makes MAKING complete. *out_files is the folder of all sets; `generation` gets the set's id. */
static int make_set(const struct gateway_set *s, int *out_files, char generation[GENERATION_SIZE],
		    struct err *e)
{
	auto_free char *path = path_of(s->root, PATH_GATEWAY_FILES, s->tenant);
	char salt[GENERATION_SALT_SIZE];
	auto_fd int files = -1, dir = -1;
	unsigned random;

	if (check_size(s, e) || gateway_runtime_make(s->root, s->tenant, s->gateway_uid, e) ||
	    put_provided(s, e) || remove_folder(s, PATH_GATEWAY_NEXT, e) ||
	    remove_folder(s, PATH_GATEWAY_MAKING, e))
		return -1;
	/* Up to 256 bytes are never cut short (getrandom(2)). */
	while (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		;
	snprintf(salt, sizeof(salt), "%08x", random);
	auto_free char *line = gateway_generation_line(s->files, salt);
	files = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (files < 0)
		return err_sys(e, errno, "open %s", path);
	if (mkdirat(files, MAKING, 0700))
		return err_sys(e, errno, "create %s/" MAKING, path);
	if (fsio_open_beneath(files, MAKING, O_RDONLY | O_DIRECTORY, &dir, e) ||
	    put_files(s, dir, line, e))
		return err_wrap(e, "%s", path);
	if (fchown(dir, 0, s->gateway_uid) || fchmod(dir, MODE_SET))
		return err_sys(e, errno, "set owner and mode of %s/" MAKING, path);
	snprintf(generation, GENERATION_SIZE, "%.*s", (int)strcspn(line, " "), line);
	*out_files = files;
	files = -1;
	return 0;
}

/* `name` becomes the set; what was the set, if anything, is then found under `name`. */
static int become_set(int files, const char *name, struct err *e)
{
	if (renameat2(files, name, files, SET, RENAME_EXCHANGE) == 0)
		return 0;
	if (errno == ENOENT && renameat(files, name, files, SET) == 0)
		return 0;
	return err_sys(e, errno, "put the gateway's files in place");
}

int gateway_set_install(const struct gateway_set *s, struct err *e)
{
	char generation[GENERATION_SIZE];
	auto_fd int files = -1;

	if (gateway_runtime_make_room(s->root, s->tenant, e) ||
	    make_set(s, &files, generation, e) || become_set(files, MAKING, e))
		return -1;
	return remove_folder(s, PATH_GATEWAY_MAKING, e);
}

/* ---- asking a running gateway ---- */

/* The folder belongs to the gateway: what is in it may be a link, a pipe, a flood. */
static enum gateway_result look_at_status(int state, const char *generation,
					  char error[GATEWAY_ERROR_MAX + 1])
{
	char text[STATUS_MAX];
	struct err ignored = ERR_INIT;
	auto_fd int fd = -1;
	struct stat st;
	ssize_t n;

	if (fsio_open_beneath(state, STATUS, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd, &ignored) ||
	    fstat(fd, &st) || !S_ISREG(st.st_mode))
		return GATEWAY_SAID_NOTHING;
	n = read(fd, text, sizeof(text));
	return n > 0 ? gateway_status_read(text, (size_t)n, generation, error)
		     : GATEWAY_SAID_NOTHING;
}

/* A gateway holds its keys; what it says must not bring one to a terminal or a log. */
static void mask(const struct gateway_keys *k, char *text)
{
	const char *line = k->echo;

	while (line && *line) {
		size_t len = strcspn(line, "\n");
		char *form = mem_strndup(line, len);

		secret_mask(text, form);
		mem_wipe_free(form, len);
		line += len + (line[len] == '\n');
	}
}

/* Waits until the gateway says that it runs on `generation`, and reminds it. */
static int ask(struct client *client, const struct gateway_set *s, const char *gateway_id,
	       int state, const char *generation, struct err *e)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	int64_t start = clock_monotonic_ms(), remind = start;
	char said[GATEWAY_ERROR_MAX + 1];

	for (int64_t now = start; now < start + ANSWER_MS; now = clock_monotonic_ms()) {
		if (now >= remind) {
			if (client_container_kill(client, gateway_id, "HUP", e))
				return -1;
			remind = now + REMIND_MS;
		}
		switch (look_at_status(state, generation, said)) {
		case GATEWAY_LOADED:
			return 0;
		case GATEWAY_REFUSED:
			mask(s->keys, said);
			return err_set(e, ERR_REFUSED,
				       "the gateway refused the new configuration and goes on with "
				       "the old one: %s",
				       *said ? said : "it gave no reason");
		case GATEWAY_SAID_NOTHING:
			nanosleep(&pause, NULL);
		}
	}
	err_set(e, ERR_TIMEOUT, "the gateway did not answer within %d s", ANSWER_MS / 1000);
	return err_hint(e, "'tenantctl logs %s --gateway' shows what it does", s->tenant);
}

/* Refused: nothing of it stays. Otherwise nobody knows whether the gateway took it, and what is
 * left under another name, which the gateway does not look at, keeps that from being forgotten. */
static void withdraw(const struct gateway_set *s, int files, bool refused)
{
	struct err ignored = ERR_INIT;

	if (renameat(files, NEXT, files, MAKING) == 0 && refused &&
	    remove_folder(s, PATH_GATEWAY_MAKING, &ignored))
		return; /* what is left is tried again */
}

/* Its last word was about a set that is gone; what counts, and what verify looks for, is that it
 * says of the set that is there that it runs on it. Without `next` the signal makes it take that
 * one. */
static void reassure(struct client *client, const struct gateway_set *s, const char *gateway_id,
		     int state)
{
	auto_free char *dir = path_of(s->root, PATH_GATEWAY_SET, s->tenant);
	auto_free char *path = mem_printf("%s/" GATEWAY_FILE_GENERATION, dir);
	struct err ignored = ERR_INIT;
	auto_free char *line = NULL;
	size_t len = 0;

	if (fsio_read(path, FSIO_ANY, GENERATION_LINE_MAX, &line, &len, &ignored))
		return;
	line[strcspn(line, " \n")] = '\0';
	if (ask(client, s, gateway_id, state, line, &ignored))
		log_debug("%s: %s", s->tenant, ignored.message);
}

/* A gateway that was started again just before the folders changed places has taken the old set. */
static int settle(struct client *client, const struct gateway_set *s, const char *gateway_id,
		  int state, const char *generation, struct err *e)
{
	char said[GATEWAY_ERROR_MAX + 1];

	if (look_at_status(state, generation, said) == GATEWAY_LOADED)
		return 0;
	return ask(client, s, gateway_id, state, generation, e);
}

int gateway_set_reload(struct client *client, const struct gateway_set *s, const char *gateway_id,
		       struct err *e)
{
	auto_free char *path = path_of(s->root, PATH_GATEWAY_STATE, s->tenant);
	char generation[GENERATION_SIZE];
	auto_fd int files = -1, state = -1;

	if (make_set(s, &files, generation, e))
		return -1;
	state = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (state < 0)
		return err_sys(e, errno, "open %s", path);
	if (renameat(files, MAKING, files, NEXT))
		return err_sys(e, errno, "offer the gateway's new files");
	if (ask(client, s, gateway_id, state, generation, e)) {
		bool refused = e->code == ERR_REFUSED && !e->status;

		withdraw(s, files, refused);
		if (refused)
			reassure(client, s, gateway_id, state);
		return -1;
	}
	if (become_set(files, NEXT, e) || remove_folder(s, PATH_GATEWAY_NEXT, e))
		return -1;
	return settle(client, s, gateway_id, state, generation, e);
}
