/*
 * Reads the seccomp programs in force for a live process from the kernel, so that
 * nothing that the engine or the process says about them has to be believed.
 */
#ifndef PROBE_SECCOMP_DUMP_H
#define PROBE_SECCOMP_DUMP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/err.h"
#include "probe/facts.h"

#define SECCOMP_DUMP_FILTERS_MAX 32 /* programs per process; more is an error */

/* Programs of process `pid`, newest first; none is *out_count 0. `start_time` (clock ticks, as
 * proc_start_time gives it; 0: any) must be the process's before and after, else ERR_NOT_FOUND.
 * The process is stopped for some tens of microseconds: a system call that a stop signal would
 * interrupt (epoll_wait(2), see signal(7)) may end with EINTR, nothing else changes. It goes on
 * even when we are killed meanwhile. Needs CAP_SYS_ADMIN, CAP_SYS_PTRACE, and a caller without a
 * seccomp filter of its own (the kernel refuses filtered tracers). ERR_BUSY: another tracer holds
 * it. The caller frees *out with seccomp_dump_free. */
int seccomp_dump(int proc_root, pid_t pid, uint64_t start_time, int timeout_ms,
		 struct filter_program **out, size_t *out_count, struct err *e) must_check;
void seccomp_dump_free(struct filter_program *filters, size_t count);

#endif
