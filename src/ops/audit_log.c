/*
 * Appending to the audit log. Nothing is ever cut or written over: what a killed
 * writer left half stays where it is, and a note in the chain accounts for it.
 *
 * The head (number and hash of the last record) is kept in another folder and is
 * written after the record it names: it may lag behind, but a log that ends before
 * its head has lost its end.
 */
#include "ops/audit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit_files.h"
#include "base/bind.h"
#include "base/clock.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "domain/paths.h"

#define APPEND_BYTES_MAX ((size_t)48 << 20)
enum { MODE_PRIVATE = 0600, MODE_PRIVATE_DIR = 0700 };

struct writer { /* where the log stands */
	const char *root;
	struct audit_head head;
	bool has_head;
	int64_t seq; /* of the last record that is there */
	char sha256[DIGEST_HEX_SIZE];
	size_t size;  /* of the file that is written */
	bool partial; /* its last line has no newline */
	struct audit_record note;
	bool noted;
};

/* ---- where the log stands ---- */

/* True when the log ends with the record that the head names. */
static bool ends_with_head(struct writer *w, const struct audit_file *f)
{
	char tail[AUDIT_LINE_MAX + 2], sha256[DIGEST_HEX_SIZE];
	size_t want = MIN_OF(f->size, sizeof(tail) - 1);
	const char *before;

	if (!w->has_head || f->fd < 0 || want < 2 ||
	    pread(f->fd, tail, want, (off_t)(f->size - want)) != (ssize_t)want ||
	    tail[want - 1] != '\n')
		return false;
	want--;
	before = memrchr(tail, '\n', want);
	before = before ? before + 1 : tail;
	digest_of(before, want - (size_t)(before - tail), sha256);
	return strcmp(sha256, w->head.sha256) == 0;
}

static void note_missing(struct writer *w, bool any)
{
	if (!w->has_head && any) {
		w->note.missing_seq = w->seq;
		strlist_add(&w->note.what, "the head that is kept apart was missing");
	} else {
		w->note.missing_seq = w->head.seq;
		mem_replace(&w->note.missing_sha256, w->head.sha256);
		strlist_addf(&w->note.what, "record %" PRId64 " was missing", w->head.seq);
	}
	w->noted = true;
}

static void note_torn(struct writer *w, size_t bytes, const char *sha256)
{
	w->note.torn_bytes = (int64_t)bytes;
	mem_replace(&w->note.torn_sha256, sha256);
	strlist_addf(&w->note.what, "%zu bytes before this are no record", bytes);
	w->noted = true;
}

/* After a kill, a power cut, or a hand: the two newest files, line by line. */
static int look_closely(struct writer *w, const struct audit_file *current, struct err *e)
{
	struct audit_chain chain auto_audit_chain = { .head = w->has_head ? &w->head : NULL };
	struct audit_scan scan = { .chain = &chain, .whole = true };
	struct audit_file older auto_audit_file = { .fd = -1 };
	char torn[DIGEST_HEX_SIZE];
	size_t bytes;
	int rc = 0, number;

	for (number = 1; number <= AUDIT_FILES && older.fd < 0 && !rc; number++)
		rc = audit_file_open(w->root, number, &older, e);
	if (!rc)
		rc = audit_file_scan(&older, number - 1, &scan, e) ||
				     audit_file_scan(current, 0, &scan, e)
			     ? -1
			     : 0;
	free(scan.problem); /* for who reads the log; here only its end counts */
	if (rc)
		return -1;
	w->partial = !scan.whole;
	w->seq = chain.seq;
	memcpy(w->sha256, chain.seq ? chain.sha256 : AUDIT_ORIGIN, DIGEST_HEX_SIZE);
	bytes = chain.torn_bytes;
	if (audit_chain_torn(&chain, torn))
		note_torn(w, bytes, torn);
	if (!w->has_head ? chain.seq > 0 : !chain.head_met && (w->head.seq || chain.seq))
		note_missing(w, chain.seq > 0);
	return 0;
}

static int look(struct writer *w, struct err *e)
{
	struct audit_file current auto_audit_file = { .fd = -1 };

	w->has_head = audit_head_read(w->root, &w->head);
	if (audit_file_open(w->root, 0, &current, e))
		return -1;
	w->size = current.size;
	if (!ends_with_head(w, &current))
		return look_closely(w, &current, e);
	w->seq = w->head.seq;
	memcpy(w->sha256, w->head.sha256, sizeof(w->sha256));
	return 0;
}

/* ---- the head ---- */

static int write_head(struct writer *w, struct err *e)
{
	auto_free char *path = path_of(w->root, PATH_AUDIT_HEAD, NULL);
	char text[AUDIT_HEAD_BYTES + 1];
	auto_fd int fd = -1;

	audit_head_print(&w->head, text);
	if (!w->has_head) {
		w->has_head = true;
		return fsio_write(path, text, AUDIT_HEAD_BYTES, MODE_PRIVATE, (uid_t)-1, (gid_t)-1,
				  e);
	}
	/* In place and not synced: less than a sector is never torn, and it may lag behind. */
	fd = open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || pwrite(fd, text, AUDIT_HEAD_BYTES, 0) != AUDIT_HEAD_BYTES)
		return err_sys(e, errno, "%s", path);
	return 0;
}

/* Before the first record, so that a log without a head is one that lost it. */
static int begin_head(struct writer *w, struct err *e)
{
	if (w->has_head || w->seq)
		return 0;
	memcpy(w->head.sha256, w->sha256, sizeof(w->sha256));
	return write_head(w, e);
}

/* ---- rotation ---- */

/* The last record of the file that goes, for the head to remember; unreadable: what it said. */
static int count_dropped(struct writer *w, struct err *e)
{
	struct audit_chain chain auto_audit_chain = { 0 };
	struct audit_scan scan = { .chain = &chain };
	struct audit_file oldest auto_audit_file = { .fd = -1 };
	int rc = audit_file_open(w->root, AUDIT_FILES, &oldest, e) ||
				 audit_file_scan(&oldest, AUDIT_FILES, &scan, e)
			 ? -1
			 : 0;

	free(scan.problem);
	if (rc || oldest.fd < 0)
		return rc;
	w->head.dropped = MIN_OF(MAX_OF(w->head.dropped, chain.seq), w->head.seq);
	return write_head(w, e);
}

/* Every rename on its own leaves files in their order; the reader takes those that it finds. */
static int rotate(struct writer *w, struct err *e)
{
	if (count_dropped(w, e))
		return -1;
	for (int n = AUDIT_FILES - 1; n >= 0; n--) {
		auto_free char *from = audit_file_path(w->root, n);
		auto_free char *to = audit_file_path(w->root, n + 1);

		if (rename(from, to) && errno != ENOENT)
			return err_sys(e, errno, "rename %s", from);
	}
	w->size = 0;
	w->partial = false;
	return 0;
}

/* ---- the records ---- */

/* A small file of /proc that holds one number. */
static int64_t read_number(const char *path)
{
	auto_fd int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct err ignored = ERR_INIT;
	char text[32];

	if (fsio_read_at(fd, path, text, sizeof(text), &ignored) <= 0)
		return AUDIT_NO_UID;
	return (int64_t)strtoll(text, NULL, 10);
}

static int64_t sudo_uid(void)
{
	const char *text = getenv("SUDO_UID");
	int64_t uid = AUDIT_NO_UID;
	struct err ignored = ERR_INIT;

	return text && bind_parse_int(text, 0, AUDIT_NO_UID, &uid, &ignored) ? AUDIT_NO_UID : uid;
}

static void add_line(struct writer *w, struct audit_record *r, struct strbuf *out)
{
	auto_free char *line = NULL;

	r->seq = MAX_OF(w->seq, r->missing_seq) + 1;
	mem_replace(&r->prev, w->sha256);
	if (!r->time)
		r->time = clock_utc_text();
	r->uid = getuid();
	r->login_uid = read_number("proc/self/loginuid");
	r->sudo_uid = sudo_uid();
	r->pid = getpid();
	line = audit_record_line(r, w->sha256);
	w->seq = r->seq;
	strbuf_puts(out, line);
	strbuf_putc(out, '\n');
}

static int append(struct writer *w, struct audit_record *records, size_t count, struct err *e)
{
	auto_free char *path = audit_file_path(w->root, 0);
	auto_strbuf struct strbuf text = STRBUF_INIT(APPEND_BYTES_MAX);

	if (w->noted)
		add_line(w, &w->note, &text);
	for (size_t i = 0; i < count; i++)
		add_line(w, &records[i], &text);
	if (text.overflow)
		return err_set(e, ERR_INTERNAL, "too many records at once");
	if (w->size && w->size + text.len > AUDIT_FILE_MAX && rotate(w, e))
		return -1;
	/* the half line stays a line of its own */
	auto_free char *all = mem_printf("%s%s", w->partial ? "\n" : "", strbuf_str(&text));
	if (fsio_append(path, all, strlen(all), MODE_PRIVATE, e))
		return -1;
	w->head.seq = w->seq;
	memcpy(w->head.sha256, w->sha256, sizeof(w->sha256));
	return write_head(w, e);
}

int audit_append(const char *root, struct audit_record *records, size_t count, struct err *e)
{
	auto_free char *logs = path_of(root, PATH_AUDIT_LOGS, NULL);
	auto_free char *state = path_of(root, PATH_STATE, NULL);
	auto_free char *lock_path = path_of(root, PATH_AUDIT_LOCK, NULL);
	struct writer w = { .root = root, .note = { .event = AUDIT_NOTE } };
	auto_fd int lock = -1;
	int rc;

	if (fsio_mkdirs(logs, MODE_PRIVATE_DIR, e) || fsio_mkdirs(state, MODE_PRIVATE_DIR, e) ||
	    fsio_lock(lock_path, AUDIT_LOCK_WAIT_MS, &lock, e))
		return -1;
	rc = look(&w, e) || begin_head(&w, e) || append(&w, records, count, e) ? -1 : 0;
	audit_record_free(&w.note);
	return rc;
}
