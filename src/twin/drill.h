/*
 * The loud attacks of a drill: each uses up one thing until the kernel stops it, holds on
 * to it until its time is over, and says how far it came. The program bounds itself in
 * time and amount, so that a host on which the limit is missing survives the drill.
 */
#ifndef TWIN_DRILL_H
#define TWIN_DRILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct drill_run {	   /* shared with the child that does it */
	int64_t end_ms;	   /* CLOCK_MONOTONIC; comes nearer when the most is reached */
	int64_t hold_ms;   /* that long the most is held */
	uint64_t most;	   /* never more of it than this */
	const char *place; /* a folder or an address, where the kind has one */
	uint64_t amount;   /* of it, at once, at most */
	uint64_t kills;	   /* how often the kernel killed the child that had it */
	bool stopped;	   /* the most is reached */
	int error;	   /* errno that stopped it; 0: nothing did */
};

struct drill_kind {
	const char *name;
	void (*run)(struct drill_run *r);
	/* Takes back what a child left that was killed; NULL: nothing is left. */
	void (*clear)(const struct drill_run *r);
	bool in_child;
};

extern const struct drill_kind drill_kinds[];
extern const size_t drill_kind_count;

void fill_bytes(struct drill_run *r);
void fill_inodes(struct drill_run *r);
void fill_clear(const struct drill_run *r);
void flood_connections(struct drill_run *r);
/* The amount is of one direction: bytes in half of the time. */
void storm_disk(struct drill_run *r);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t drill_now_ms(void);
static inline bool drill_is_over(const struct drill_run *r)
{
	return drill_now_ms() >= r->end_ms;
}
void drill_pause_ms(int ms);
/* Nothing more is to be had, for this reason (0: it is as much as was asked for). */
void drill_stopped(struct drill_run *r, int error);
/* Holds it until the time is over. */
void drill_hold(struct drill_run *r);

#endif
