/*
 * Files, as a privileged program must touch them: bounded, never through a symbolic
 * link, never half written. A path that a tenant can write is only ever reached
 * through fsio_open_beneath().
 */
#ifndef BASE_FSIO_H
#define BASE_FSIO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strlist.h"

enum fsio_trust {
	FSIO_ANY,	     /* regular file, size bound */
	FSIO_TRUSTED,	     /* and: owner is root or the caller, not group- or world-writable, no
				symbolic link in any part of the path, every parent likewise
				(sticky /tmp-like parents are allowed) */
	FSIO_TRUSTED_SECRET, /* and: not readable by group or others */
};

/* Opens with O_NOFOLLOW|O_NONBLOCK, checks with fstat that it is a regular file of at most
 * `max` bytes, reads it once. *out is NUL-terminated and owned by the caller; *out_len excludes
 * the NUL. ERR_NOT_FOUND when there is no such file, ERR_MANIFEST when the trust rules refuse it
 * (message says which rule and the chmod/chown that mends it). */
int fsio_read(const char *path, enum fsio_trust trust, size_t max, char **out, size_t *out_len,
	      struct err *e) must_check;

/* Checks the folders above `path` by the trust rules and, unless `trust` is FSIO_ANY, the file
 * itself as fsio_read does, without reading it. ERR_NOT_FOUND when a part is missing. */
int fsio_check(const char *path, enum fsio_trust trust, struct err *e) must_check;

/* Atomic replacement: temporary file in the same folder, write, fchmod, fchown (uid, gid; -1
 * keeps), fsync, rename, fsync of the folder (rename(2): durable only then). */
int fsio_write(const char *path, const void *data, size_t len, mode_t mode, uid_t uid, gid_t gid,
	       struct err *e) must_check;

/* Creates missing folders of `path` (mode for new ones, root-owned); an existing part must be a
 * directory and not a symbolic link. */
int fsio_mkdirs(const char *path, mode_t mode, struct err *e) must_check;

/* Opens `name` below directory fd with openat2(RESOLVE_BENEATH|NO_SYMLINKS|NO_MAGICLINKS|NO_XDEV).
 * Returns the fd through *out. */
int fsio_open_beneath(int dirfd, const char *name, int flags, int *out, struct err *e) must_check;

/* Removes a tree without following links or crossing mounts; a missing path is success. */
int fsio_remove_tree(const char *path, struct err *e) must_check;
/* unlink + fsync of the folder; a missing file is success. */
int fsio_unlink(const char *path, struct err *e) must_check;
/* Removes what killed calls of fsio_write left beside the file. Only while nobody else writes it:
 * the caller holds the lock that guards it. */
int fsio_unlink_left(const char *path, struct err *e) must_check;
/* The same, and the file. */
int fsio_unlink_all(const char *path, struct err *e) must_check;

/* Names in a directory, sorted, without "." and ".."; at most `max`. Missing: empty list. */
int fsio_list(const char *path, size_t max, struct strlist *out, struct err *e) must_check;

/* Appends one record and fsyncs (journals). Creates with `mode`. */
int fsio_append(const char *path, const void *data, size_t len, mode_t mode, struct err *e)
	must_check;

/* Bounded read of a small pseudo file relative to dirfd (proc, cgroup). NUL-terminated in buf,
 * returns the length or -1 with errno kept in e->sys_errno. Longer content is an error. */
ssize_t fsio_read_at(int dirfd, const char *name, char *buf, size_t size, struct err *e) must_check;

/* Reads until the end of the file or until `size` bytes are there, however little the kernel gives
 * at a time: from `offset` on, or from where the descriptor stands (offset < 0). The length, or -1
 * with errno. */
ssize_t fsio_read_fd(int fd, void *buf, size_t size, off_t offset) must_check;

/* Writes all of it, however little the kernel takes at a time. 0, or -1 with errno. */
int fsio_write_fd(int fd, const void *data, size_t len) must_check;

/* Takes an exclusive flock(2) on `path` (created 0600), with re-stat so that a replaced file is
 * noticed. wait_ms: 0 fails at once with ERR_BUSY naming the holder's pid. The lock lives as
 * long as *out_fd; it dies with the process, so it can never be stale. */
int fsio_lock(const char *path, int wait_ms, int *out_fd, struct err *e) must_check;

#endif
