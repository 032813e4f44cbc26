/* The files of the audit log, shared by who writes and who reads them. Private to ops. */
#ifndef OPS_AUDIT_FILES_H
#define OPS_AUDIT_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/err.h"
#include "domain/audit_record.h"

enum {
	AUDIT_FILES = 16, /* that are kept besides the one that is written */
	AUDIT_LOCK_WAIT_MS = 10000,
};
#define AUDIT_FILE_MAX ((size_t)8 << 20) /* from here on another file is begun */

/* 0: the one that is written; 1 is the newest of the others. The caller owns it. */
char *audit_file_path(const char *root, int number) returns_owned;

struct audit_file {
	int fd; /* -1: there is none */
	size_t size;
};
/* Refuses (ERR_MANIFEST) what is not a file that root or the caller alone can write. */
int audit_file_open(const char *root, int number, struct audit_file *out, struct err *e) must_check;
void audit_file_close(struct audit_file *f);
#define auto_audit_file cleanup_with(audit_file_close)

/* Hands the lines of a file to `chain`, and each record to `line`; *out_whole: the last one ends in
 * a newline. `problem` gets the first place that breaks the chain, unless it holds one. */
struct audit_log_line;
struct audit_scan {
	struct audit_chain *chain;
	void (*line)(void *arg, const struct audit_log_line *l); /* may be NULL */
	void *arg;
	size_t records;
	char *problem; /* owned */
	bool whole;
};
int audit_file_scan(const struct audit_file *f, int number, struct audit_scan *s, struct err *e)
	must_check;

/* False when there is none that can be read. */
bool audit_head_read(const char *root, struct audit_head *out);

#endif
