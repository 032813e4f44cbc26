/*
 * The audit log: what was changed and what was proved, by whom, when. Records are only
 * ever appended; see domain/audit_record.h for the chain between them.
 */
#ifndef OPS_AUDIT_LOG_H
#define OPS_AUDIT_LOG_H

#include "base/compiler.h"
#include "base/err.h"
#include "domain/audit_record.h"

/* Appends all with one write and one sync. Fills seq, time, pid, prev and who runs this; the texts
 * that are missing are the caller's to set, and his to free. Notes first what is wrong with the
 * log. On failure nothing was appended. */
int audit_append(const char *root, struct audit_record *records, size_t count, struct err *e)
	must_check;

struct audit_log_line {
	const struct audit_record *record;
	const char *text; /* as it stands in the log; `len` bytes */
	size_t len;
	const char *sha256;
};

struct audit_state { /* of the log as a whole */
	size_t records;
	int64_t first, last;	      /* their numbers; 0: there is none */
	char sha256[DIGEST_HEX_SIZE]; /* of the last line */
	char *problem;		      /* the first place where the chain is broken; NULL: nowhere */
	char *unfinished;	      /* place of bytes at the end that are no record; or NULL */
};
void audit_state_free(struct audit_state *s);
#define auto_audit_state cleanup_with(audit_state_free)

/* Hands over every record, oldest first, and checks the chain over all files. What a writer appends
 * meanwhile is left out. `line` may be NULL. */
int audit_read(const char *root, void (*line)(void *arg, const struct audit_log_line *l), void *arg,
	       struct audit_state *out, struct err *e) must_check;

#endif
