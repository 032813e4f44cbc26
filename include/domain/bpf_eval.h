/*
 * An interpreter for the kernel's seccomp dialect of classic BPF. It answers what
 * a filter read from a live process would do with a call, without making the call.
 */
#ifndef DOMAIN_BPF_EVAL_H
#define DOMAIN_BPF_EVAL_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/err.h"
#include "probe/facts.h"

#define BPF_PROGRAM_MAX 4096 /* BPF_MAXINSNS of the kernel */

/* Called for each conditional jump on a word loaded from the call's data: `offset` is that
 * word's place in struct seccomp_data, `k` the constant it is compared with (already shaped so
 * that giving the word this value changes or confirms the branch). */
struct bpf_trace {
	void (*compare)(void *arg, unsigned offset, uint32_t k);
	void *arg;
};

/* Accepts exactly what seccomp(2) accepts of a program (bpf_check_classic and
 * seccomp_check_filter in the kernel): known opcodes, loads inside struct seccomp_data and
 * aligned, jumps inside and forward, scratch words written before they are read, no division by
 * a zero constant, a return at the end. ERR_PROTOCOL names the instruction. */
int bpf_check(const struct filter_program *p, struct err *e) must_check;

/* Runs a program that bpf_check accepted; returns the raw SECCOMP_RET_* value. Terminates always:
 * classic BPF jumps forward only. `trace` may be NULL. */
uint32_t bpf_run(const struct filter_program *p, const struct seccomp_data *call,
		 const struct bpf_trace *trace);

/* What the kernel does with several filters (newest first): all are run, the strictest action
 * wins, and among equals the one installed last. No filter at all allows. */
uint32_t bpf_stack_run(const struct filter_program *filters, size_t count,
		       const struct seccomp_data *call, const struct bpf_trace *trace);

/* True when two results mean the same to a process: same action and, for ERRNO, the same
 * number (which the kernel cuts to 4095). */
bool bpf_action_equal(uint32_t a, uint32_t b);

/* "allow", "errno 38", "kill-process", ...; text in buf. */
const char *bpf_action_text(uint32_t action, char *buf, size_t size);

#endif
