/*
 * Records of the audit log: one JSON line each, and each names the SHA-256 of the line
 * before it, so that none can be changed, taken out or moved without all later ones.
 * Nothing here reads or writes files.
 */
#ifndef DOMAIN_AUDIT_RECORD_H
#define DOMAIN_AUDIT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/strlist.h"

#define AUDIT_LINE_MAX ((size_t)8192)
#define AUDIT_NO_UID ((int64_t)4294967295) /* as the kernel says it in /proc/PID/loginuid */
/* What the first record of all names as the line before it. */
#define AUDIT_ORIGIN "0000000000000000000000000000000000000000000000000000000000000000"

enum audit_event {
	AUDIT_BEGIN,  /* a change is about to be made; without its end it was interrupted */
	AUDIT_END,    /* what came of it */
	AUDIT_VERIFY, /* a verification: nothing was changed */
	AUDIT_PACK,   /* evidence was written that is to be handed on */
	AUDIT_NOTE,   /* what was wrong with the log when it was written */
	AUDIT_EVENTS,
};
const char *audit_event_name(enum audit_event event);

struct audit_record {
	int64_t seq; /* from 1 */
	char *time;  /* RFC 3339, UTC */
	int event;   /* enum audit_event */
	char *command, *tenant;
	int64_t uid, login_uid, sudo_uid; /* of who ran it; AUDIT_NO_UID: not known */
	int64_t pid;
	int64_t of;	     /* an end: seq of its begin */
	char *result;	     /* "done", "pass", or the error's code */
	char *error;	     /* its message */
	struct strlist what; /* in short, what was changed */
	char *manifest;	     /* SHA-256 of the tenant's manifest as it was then */
	/* A note: bytes between the last record and this one that are none. */
	int64_t torn_bytes;
	char *torn_sha256;
	/* A note: the record that had to be in the log and was not. Without a hash: the head that
	 * is kept apart was gone. */
	int64_t missing_seq;
	char *missing_sha256;
	char *prev; /* SHA-256 of the line of the record before, without its newline */
};
void audit_record_free(struct audit_record *r);
#define auto_audit_record cleanup_with(audit_record_free)

/* The line, without a newline; `sha256` gets its digest. Control bytes and what is not UTF-8 are
 * escaped, and long texts cut, so that it is shorter than AUDIT_LINE_MAX. The caller owns it. */
char *audit_record_line(const struct audit_record *r, char sha256[DIGEST_HEX_SIZE]) returns_owned;

/* ERR_CHECK for anything that is no record. */
int audit_record_parse(const char *line, size_t len, struct audit_record *out, struct err *e)
	must_check;

/* What is kept apart of the log, so that a log whose end was cut off is noticed. */
struct audit_head {
	int64_t seq;		      /* of the last record; 0: none yet */
	char sha256[DIGEST_HEX_SIZE]; /* of its line */
	int64_t dropped;	      /* seq of the last record that rotation removed */
};
#define AUDIT_HEAD_BYTES 107 /* always, so that it is replaced by one write in place */
void audit_head_print(const struct audit_head *h, char out[AUDIT_HEAD_BYTES + 1]);
/* False when it is none. */
bool audit_head_parse(const char *text, size_t len, struct audit_head *out);

/* Lines are handed over in the order of the log. */
struct audit_chain {
	int64_t first, seq; /* of the first and the last record; 0: none yet */
	char sha256[DIGEST_HEX_SIZE];
	const struct audit_head *head; /* to be met on the way; may be NULL */
	bool head_met;
	/* lines since the last record that are none */
	size_t torn_bytes;
	struct digest_state *torn;
	char torn_at[64];
};
/* `place` is what messages call the line ("audit.jsonl:12"). *out is filled when the line is a
 * record, whether or not it continues the chain, and zeroed otherwise. -1 (ERR_CHECK): it breaks
 * the chain, which goes on from it; a line that is no record only does so when the next record does
 * not account for it. */
int audit_chain_add(struct audit_chain *c, const char *place, const char *line, size_t len,
		    struct audit_record *out, struct err *e) must_check;
/* After the last line: nothing may be missing at either end. */
int audit_chain_end(const struct audit_chain *c, struct err *e) must_check;
/* Ends the digest of what is no record. False when there is nothing such. */
bool audit_chain_torn(struct audit_chain *c, char sha256[DIGEST_HEX_SIZE]);
void audit_chain_free(struct audit_chain *c);
#define auto_audit_chain cleanup_with(audit_chain_free)

#endif
