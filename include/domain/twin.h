/*
 * What a twin's probe said. The twin runs what a worker could run, so its output is as
 * hostile as a worker's: bounded in every way, and one line that is not as agreed makes
 * all of it worthless as a proof. Nothing here says what should have happened.
 *
 * One JSON object a line:
 *   {"v":1,"id":"twin.mount","what":"fsopen","outcome":"blocked","errno":1,"detail":""}
 *   {"v":1,"id":"sweep","what":"native","from":0,"results":"2601ff"}
 *   {"v":1,"id":"end","count":2}
 * The last one counts those before it, and nothing may follow.
 */
#ifndef DOMAIN_TWIN_H
#define DOMAIN_TWIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/twin_sweep.h"

enum twin_outcome {
	TWIN_BLOCKED, /* refused, or nothing happened */
	TWIN_OPEN,    /* it worked */
	TWIN_NONE,    /* not possible on this kernel: says nothing */
	TWIN_ERROR,   /* the attempt itself went wrong: says nothing */
	TWIN_OUTCOMES,
};
#define TWIN_ID_MAX 48
#define TWIN_WHAT_MAX 64
#define TWIN_DETAIL_MAX 256

struct twin_entry {
	char id[TWIN_ID_MAX], what[TWIN_WHAT_MAX]; /* both together are unique */
	enum twin_outcome outcome;
	int sys_errno;		      /* as the kernel refused; 0: by what did not happen */
	char detail[TWIN_DETAIL_MAX]; /* control bytes are escaped */
};

struct twin_facts {
	bool complete; /* the last line was there, and everything as agreed */
	char *trouble; /* why it is not complete; NULL when it is */
	struct twin_entry *items;
	size_t count;
	unsigned char calls[TWIN_ABIS][TWIN_CALLS]; /* enum twin_call */
	/* Not of the output: whether the host listened for datagrams of the twin, and how many
	 * came.
	 */
	bool listened;
	unsigned heard;
};

/* A longer output is refused as a whole. */
#define TWIN_OUTPUT_MAX ((size_t)1 << 20)
#define TWIN_LINE_MAX 1000 /* without its newline */
#define TWIN_ENTRIES_MAX 2048

/* Never fails: what is not as agreed becomes *out's trouble, and the entries before it are kept.
 * The caller frees *out. */
void twin_parse(const char *text, size_t size, struct twin_facts *out);
void twin_facts_free(struct twin_facts *f);
#define auto_twin_facts cleanup_with(twin_facts_free)

/* NULL when there is none. */
const struct twin_entry *twin_find(const struct twin_facts *f, const char *id, const char *what);
const char *twin_outcome_name(enum twin_outcome o);
const char *twin_abi_name(enum twin_abi abi);

#endif
