/*
 * Whether what one tenant prints stays in its own log: a mark that its twin prints is looked
 * for in the log files of everybody else. Private to ops.
 */
#ifndef OPS_VERIFY_LOG_H
#define OPS_VERIFY_LOG_H

#include "domain/checks.h"
#include "engine/types.h"
#include "verify_peers.h"

#define LOG_MARK_SIZE 33 /* 32 hex digits */

struct log_watch {
	char mark[LOG_MARK_SIZE];
	struct watched_log *items;
	size_t count;
	bool possible; /* the engine writes files that can be read */
};

/* Before the twin is made: chooses a mark, and notes how long the logs of every other container of
 * ours are: `worker`, the tenant's gateway, and those of `peers`. */
void log_watch_begin(const struct container_info *worker, const struct container_info *gateway,
		     const struct peers *peers, struct log_watch *out);

/* While the twin's container is still there: looks for the mark in its log and in what the others
 * got meanwhile. */
void log_watch_end(const struct log_watch *w, const struct container_info *twin,
		   struct log_facts *out);

void log_watch_free(struct log_watch *w);
#define auto_log_watch cleanup_with(log_watch_free)

#endif
