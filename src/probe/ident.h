/* Who the processes of a container are. Private to the probe layer. */
#ifndef PROBE_IDENT_H
#define PROBE_IDENT_H

#include "probe/facts.h"
#include "target.h"

/* Reads every process of the container, the first one first. *out_cut: some were left out, or
 * could not be read. The caller owns *out. */
int ident_collect(const struct target *t, const char *(*secret_shape)(const char *, const char *),
		  struct process_facts **out, size_t *out_count, bool *out_cut, struct err *e)
	must_check;

/* A leader that called pthread_exit(3) is a zombie without namespaces while its threads run on: the
 * process is then read through a thread that is alive. The caller closes the thread's folder; -1:
 * none is alive, the process of `dir` has ended. */
int ident_live_thread(int dir) must_check;

/* Of `count` processes the one that the container was made for: not docker-init, but the first
 * one that it started. */
const struct process_facts *ident_workload(const struct process_facts *items, size_t count,
					   pid_t init);

#endif
