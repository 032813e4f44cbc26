/*
 * A change on its way through the audit log: it is recorded before it begins, so that
 * none is ever made that the log does not know, and when it ended. Private to cli.
 */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include "command.h"

struct record {
	const struct context *c;
	const char *command, *tenant; /* tenant: NULL for the host */
	int64_t begin;		      /* number of the record of its begin */
	bool unrecorded;	      /* the log could not be written, and it began anyway */
	struct strlist what;	      /* for the end; may be added to until then */
};

/* Fails when it cannot be recorded: then nothing may be changed. A command that only takes away
 * begins all the same, loudly: who stops a hostile worker must not have to mend a log first. `what`
 * may be NULL. */
int record_begin(struct record *r, const struct invocation *inv, const char *tenant,
		 const char *what, struct err *e) must_check;
/* `rc` and `e` are how the change went. Returns rc, or -1 with `e` when the end of a change that
 * was made cannot be recorded. */
int record_end(struct record *r, int rc, struct err *e) must_check;

/* What a tenant's result (of run_result_json and its like) says was changed. */
void record_result(struct record *r, const struct node *result);

/* Records an evidence pack by its digest. */
int record_pack(const struct invocation *inv, const char *tenant, const char *digest, struct err *e)
	must_check;
/* Records a verification of several tenants at once. */
struct report;
int record_proofs(const struct invocation *inv, const struct report *r, struct err *e) must_check;

#endif
