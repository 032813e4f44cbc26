/* Opening and going through the files of the audit log. */
#include "audit_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "domain/paths.h"
#include "ops/audit_log.h"

/* One write may go over the size at which a file is closed: a line for every tenant of a host. */
#define FILE_BYTES_MAX ((size_t)64 << 20)

char *audit_file_path(const char *root, int number)
{
	auto_free char *first = path_of(root, PATH_AUDIT_LOG, NULL);

	return number ? mem_printf("%s.%d", first, number) : take_ptr(first);
}

void audit_file_close(struct audit_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/* Folders above /var/log/tenantctl may belong to a group of the system's own logger: moving ours
 * away is noticed by the head, which lies elsewhere. */
int audit_file_open(const char *root, int number, struct audit_file *out, struct err *e)
{
	auto_free char *path = audit_file_path(root, number);
	auto_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	*out = (struct audit_file){ .fd = -1 };
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, errno, "%s", path);
	if (fstat(fd, &st))
		return err_sys(e, errno, "%s", path);
	if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH))) {
		err_set(e, ERR_MANIFEST, "%s: not a file that root alone can write", path);
		return err_hint(e, "find out who changed it; then chown root and chmod 0600");
	}
	if (st.st_size < 0 || (size_t)st.st_size > FILE_BYTES_MAX)
		return err_set(e, ERR_MANIFEST, "%s: larger than %zu bytes", path, FILE_BYTES_MAX);
	*out = (struct audit_file){ .fd = fd, .size = (size_t)st.st_size };
	fd = -1;
	return 0;
}

static int read_all(const struct audit_file *f, int number, char **out, struct err *e)
{
	auto_free char *data = mem_alloc(f->size + 1);
	ssize_t n = fsio_read_fd(f->fd, data, f->size, 0);

	if (n < 0)
		return err_sys(e, errno, "audit log %d", number);
	if ((size_t)n < f->size)
		return err_set(e, ERR_CHECK, "audit log: a file was cut while it was read");
	*out = take_ptr(data);
	return 0;
}

static void scan_line(struct audit_scan *s, const char *place, const char *text, size_t len)
{
	struct audit_record r auto_audit_record = { 0 };
	struct err e = ERR_INIT;

	if (audit_chain_add(s->chain, place, text, len, &r, &e) && !s->problem)
		s->problem = mem_strdup(e.message);
	if (!r.seq)
		return;
	s->records++;
	if (s->line)
		s->line(s->arg, &(struct audit_log_line){ .record = &r,
							  .text = text,
							  .len = len,
							  .sha256 = s->chain->sha256 });
}

int audit_file_scan(const struct audit_file *f, int number, struct audit_scan *s, struct err *e)
{
	auto_free char *data = NULL;
	size_t at = 0, line = 0;

	if (f->fd < 0)
		return 0;
	if (read_all(f, number, &data, e))
		return -1;
	while (at < f->size) {
		const char *end = memchr(data + at, '\n', f->size - at);
		size_t len = end ? (size_t)(end - data) - at : f->size - at;
		char suffix[16] = "", place[64];

		if (number)
			snprintf(suffix, sizeof(suffix), ".%d", number);
		snprintf(place, sizeof(place), "audit.jsonl%s:%zu", suffix, ++line);
		scan_line(s, place, data + at, len);
		at += len + 1;
		s->whole = end != NULL;
	}
	return 0;
}

bool audit_head_read(const char *root, struct audit_head *out)
{
	auto_free char *path = path_of(root, PATH_AUDIT_HEAD, NULL);
	auto_free char *text = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	return !fsio_read(path, FSIO_TRUSTED, AUDIT_HEAD_BYTES, &text, &len, &ignored) &&
	       audit_head_parse(text, len, out);
}
