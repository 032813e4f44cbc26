/*
 * What the seccomp command shows: profiles, what one lets through and why not more,
 * and how two profiles, or a profile and a live process, differ. Data only; needs no
 * engine, and no root but for a live process.
 */
#ifndef OPS_SECCOMP_H
#define OPS_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/bind.h"
#include "base/compiler.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/strlist.h"
#include "domain/seccomp.h"

struct seccomp_row { /* one built-in profile */
	char *name;
	char digest[DIGEST_HEX_SIZE];
	size_t allowed;	     /* calls let through always */
	size_t conditional;  /* rules with a condition */
	size_t instructions; /* of the composed program */
};

struct seccomp_report {
	char digest[DIGEST_HEX_SIZE];
	char by_default[48]; /* "errno 1" */
	size_t instructions;
	struct strlist allowed;	    /* sorted */
	struct strlist conditional; /* "socket: arg0 == 0x1 and ... (unix stream)", sorted */
	struct strlist refused;	    /* "mount: why", those of the list that the profile refuses */
	struct strlist let_through; /* of the same list, those that it lets through after all */
	char *json;		    /* as sent to the engine */
};

/* Differences kept of one comparison; the total is counted always. */
#define SECCOMP_DIFF_MAX 256

struct seccomp_diff {
	struct seccomp_difference *items; /* weaker ones first; calls repeat with other arguments */
	size_t count;			  /* in items */
	size_t total;
	size_t filters; /* programs of the live process */
};

/* The built-in profiles; *out holds struct seccomp_row, freed by seccomp_rows_free. */
int ops_seccomp_list(struct bind_list *out, struct err *e) must_check;
void seccomp_rows_free(struct bind_list *rows);

/* `profile` is a built-in name or the absolute path of a file with a trusted owner, as in a
 * manifest. Fails (ERR_MANIFEST) where create would. */
int ops_seccomp_show(const char *profile, struct seccomp_report *out, struct err *e) must_check;
void seccomp_report_free(struct seccomp_report *r);

/* Any readable file, whoever owns it: 0 when create would take its text. */
int ops_seccomp_check(const char *path, struct err *e) must_check;

/* What `b` does other than `a`. */
int ops_seccomp_diff(const char *a, const char *b, struct seccomp_diff *out, struct err *e)
	must_check;
/* What process `pid` runs under, read from the kernel, other than `profile`. */
int ops_seccomp_diff_live(const char *profile, pid_t pid, struct seccomp_diff *out, struct err *e)
	must_check;
void seccomp_diff_free(struct seccomp_diff *d);

#endif
