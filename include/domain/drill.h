/*
 * Drills: loud attacks in a twin that have to be stopped by a limit, while others notice
 * nothing. A const table says what each does, how far it goes at most, what must stop it,
 * and within which bounds others must be served meanwhile. Pure: numbers in, findings out.
 */
#ifndef DOMAIN_DRILL_H
#define DOMAIN_DRILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/strlist.h"
#include "domain/finding.h"
#include "domain/spec.h"
#include "probe/load_facts.h"

#define DRILL_TEXT_MAX 200
/* On a host with less than this beyond what a drill may take, none is begun. */
#define DRILL_RESERVE ((uint64_t)256 << 20)
/* Nor where so many processes for each processor want to run already. */
#define DRILL_LOAD_MAX 16
/* Fewer answers than this before or during a drill say nothing about others. */
#define DRILL_REQUESTS_MIN 10

struct drill_subject { /* whom it is about */
	const struct tenant_spec *spec;
	uint64_t workspace; /* bytes of the workspace's image; 0: it is no image of its own */
	unsigned cpus;	    /* of the host */
};

struct drill_plan {		    /* one drill of one tenant */
	uint64_t limit;		    /* what must stop it, in the kind's own unit */
	uint64_t most;		    /* the drill stops itself here */
	uint64_t memory, log, disk; /* of the host, that it takes at most, bytes */
	uint64_t log_file;	    /* size of one file of the log */
	uint64_t scratch;	    /* size of the image that stands in for the workspace */
	char skip[DRILL_TEXT_MAX];  /* why this tenant can't be drilled so; "" it can */
};

struct drill_reached { /* as the twin's program tells it */
	uint64_t amount, kills;
	int sys_errno; /* that stopped it; 0: none */
};

struct drill_log {		 /* of the twin, on the host's disk, at its greatest */
	uint64_t largest, total; /* bytes of one file and of all */
	unsigned files;
};

struct drill_facts {
	struct drill_plan plan;
	bool ran; /* false: the verdict stands without it, and nothing below is set */
	char trouble[DRILL_TEXT_MAX]; /* why there is no report; "" when there is one */
	struct drill_reached reached;
	struct usage_facts twin;
	uint64_t cpu_milli; /* thousandths of a processor that it used while it ran */
	unsigned cpus;	    /* of the host */
	struct drill_log log;
	const char *other;		     /* who was asked; NULL: no other tenant runs */
	struct latency_facts before, during; /* of that one's gateway */
	bool pressure_known;
	unsigned cpu_stall, memory_stall,
		io_stall;	   /* percent of the time in which some task waited */
	uint64_t memory_lowest;	   /* that the host had left */
	uint64_t killed_elsewhere; /* processes that ended for want of memory outside of the twin */
	struct strlist after;	   /* what is not as before when it is over, a sentence each */
};
void drill_facts_free(struct drill_facts *f);
#define auto_drill_facts cleanup_with(drill_facts_free)

struct drill {
	const char *id;		   /* in the catalogue of checks */
	const char *kind;	   /* for the twin's program */
	const char *place;	   /* folder that it fills; NULL: none; "": the workspace */
	const char *does;	   /* "starts processes until it is refused" */
	const char *limit;	   /* what must stop it */
	unsigned most_ms, hold_ms; /* in all; after it was stopped */
	/* Bounds for others: the 95th of 100 requests takes at most so many times as long as
	 * before, or so many milliseconds, whichever is more. */
	unsigned factor, floor_ms;
	void (*plan)(const struct drill_subject *s, struct drill_plan *out);
	/* Adds what is wrong to `wrong`; writes to `unknown` why nothing is shown. */
	void (*stopped)(const struct drill_facts *f, struct strlist *wrong,
			char unknown[DRILL_TEXT_MAX]);
	const char *unit; /* of the amount: "processes" */
};

/* The table, in the order in which they are run. */
const struct drill *drills_all(size_t *out_count);
/* NULL when there is none of that id. */
const struct drill *drill_find(const char *id);

struct drill_room {				   /* what the host has */
	uint64_t memory, log_disk, workspace_disk; /* bytes that are free */
	double load;
	unsigned cpus;
};
/* True when there is too little for it; `why` says of what. */
bool drill_is_short(const struct drill_plan *p, const struct drill_room *r,
		    char why[DRILL_TEXT_MAX]) must_check;

/* The report of a program that ran as `kind`. False when there is none, or another's. Text is
 * hostile and of any length; only the last report counts. */
bool drill_parse(const char *kind, const char *text, size_t size, struct drill_reached *out)
	must_check;

/* Fills verdict, expected, observed and evidence. */
void drill_judge(const struct drill *d, const struct drill_facts *f, struct finding *out);
/* The bound for the 95th of 100 requests, in microseconds. */
uint64_t drill_latency_bound(const struct drill *d, const struct latency_facts *before);

#endif
