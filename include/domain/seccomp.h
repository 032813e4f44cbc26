/*
 * Seccomp profiles: read from the engine's own JSON format (built in or a file),
 * checked strictly, composed by libseccomp to the program a worker must run under,
 * and compared with the program the kernel holds for a live process. Reads and
 * evaluates only: nothing here installs a filter.
 */
#ifndef DOMAIN_SECCOMP_H
#define DOMAIN_SECCOMP_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bind.h"
#include "base/compiler.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/strlist.h"
#include "probe/facts.h"

#define SECCOMP_PROFILE_MAX (256 * 1024) /* bytes of a profile's text */
#define SECCOMP_CALLS_END 512		 /* numbers below this are compared one by one */

struct seccomp_cond {		  /* on one argument of a call */
	int64_t index;		  /* 0..5 */
	int64_t value, value_two; /* SCMP_CMP_MASKED_EQ: mask and value */
	int op;			  /* index into the operators of seccomp_json.c */
};

struct seccomp_gate { /* where a rule applies; workers hold no capability, so `caps` never match */
	struct strlist caps, arches;
	char *min_kernel;
};

struct seccomp_rule {
	struct strlist names;
	int action;	       /* enum seccomp_action */
	int64_t errno_ret;     /* SCMP_ACT_ERRNO only */
	struct bind_list args; /* struct seccomp_cond; all must hold */
	char *comment;
	struct seccomp_gate includes, excludes;
};

enum seccomp_action { /* as the engine's format names them */
		      SECCOMP_DO_ALLOW,
		      SECCOMP_DO_ERRNO,
		      SECCOMP_DO_KILL, /* the thread, as the kernel's oldest action does */
		      SECCOMP_DO_KILL_THREAD,
		      SECCOMP_DO_KILL_PROCESS,
		      SECCOMP_DO_TRAP,
		      SECCOMP_DO_LOG,
};

struct seccomp_arch {
	char *architecture;
	struct strlist sub_architectures;
};

struct seccomp_profile {
	int default_action; /* enum seccomp_action */
	int64_t default_errno;
	struct strlist architectures; /* this, or arch_map */
	struct bind_list arch_map;    /* struct seccomp_arch */
	struct strlist flags;
	struct bind_list rules; /* struct seccomp_rule; only those that apply here */
};

/* What libseccomp made of a profile for this machine's own architecture. */
struct seccomp_program {
	struct filter_program filter;
	uint32_t arch;		 /* AUDIT_ARCH_* */
	uint32_t default_action; /* SECCOMP_RET_* */
	uint32_t last_named;	 /* largest call number that the profile names */
	char digest[DIGEST_HEX_SIZE];
};

/* Names of the built-in profiles, NULL-terminated. */
const char *const *seccomp_builtin_names(void);
/* The shipped text of a built-in profile, or NULL. */
const char *seccomp_builtin_text(const char *name);

/* Reads a profile. Refused with ERR_MANIFEST, position and key path: unknown keys, actions,
 * operators and calls (unknown to libseccomp), a missing defaultAction or one that lets calls
 * through, 32-bit and x32 architectures, rules that the runtime would read in another way than
 * they look, comparisons that the upper half of a register gets around, a profile under which the
 * runtime could not start a container. `name` is for messages. The caller owns *out. */
int seccomp_profile_parse(const char *text, size_t len, const char *name,
			  struct seccomp_profile **out, struct err *e) must_check;
/* A built-in profile by name; ERR_NOT_FOUND with the names there are. */
int seccomp_profile_builtin(const char *name, struct seccomp_profile **out, struct err *e)
	must_check;
void seccomp_profile_free(struct seccomp_profile *p);
static inline void seccomp_profile_free_slot(struct seccomp_profile **p)
{
	seccomp_profile_free(*p);
}
#define auto_seccomp_profile cleanup_with(seccomp_profile_free_slot)

/* Text for the engine's SecurityOpt: one line, fixed order, no comments. Owned by the caller. */
char *seccomp_profile_json(const struct seccomp_profile *p) returns_owned;
/* Over the canonical text, the architecture and libseccomp's version: all that shapes a program. */
void seccomp_profile_digest(const struct seccomp_profile *p, char out[DIGEST_HEX_SIZE]);

/* Composes with libseccomp. Pure: no filter is installed. Costs a few milliseconds, so callers
 * keep the result per digest. */
int seccomp_compose(const struct seccomp_profile *p, struct seccomp_program *out, struct err *e)
	must_check;
void seccomp_program_free(struct seccomp_program *p);
#define auto_seccomp_program cleanup_with(seccomp_program_free)

/* ERR_MANIFEST naming the calls that runc, and docker-init after it, make behind the filter and
 * that the program refuses. Part of seccomp_profile_parse. */
int seccomp_check_start(const struct seccomp_program *p, const char *name, struct err *e)
	must_check;

/* What is left out of ai-worker on purpose. */
struct seccomp_refusal {
	const char *name; /* a system call */
	const char *reason;
	bool conditional; /* some uses pass an argument rule; the reason is about the others */
};
const struct seccomp_refusal *seccomp_refused(size_t *out_count);

/* For people: calls let through always; calls let through on a condition ("socket: arg0 & 0x... ==
 * ..., ..."). Sorted. Both lists are added to. */
void seccomp_profile_describe(const struct seccomp_profile *p, struct strlist *allowed,
			      struct strlist *conditional);

struct seccomp_difference {
	char call[48]; /* "ioctl", "x32 0x40000001", "i386 11" */
	struct seccomp_data data;
	uint32_t expected, observed; /* SECCOMP_RET_* */
	bool weaker; /* refused by the profile, let through by the process; else the process is only
			stricter, as one that filtered itself further is */
};

/* Evaluates both for every call number below SECCOMP_CALLS_END of the own ABI, x32 and the 32-bit
 * ABI, for a table of arguments that matter, and for arguments found by following every
 * comparison that either side makes. `observed` is newest first, as in struct tenant_facts; no
 * filter at all allows everything. Of each call at most four differences
 * count. *out_count is how many there are, of which the first `max` are stored, weaker ones first,
 * then own ABI first. A refusal with ENOSYS of a number above the profile's last
 * is no difference: runc puts that in front of every filter (since 1.0.0-rc93). ERR_PROTOCOL when
 * an observed program is one that the kernel would not have accepted. */
int seccomp_compare(const struct seccomp_program *expected, const struct filter_program *observed,
		    size_t observed_count, struct seccomp_difference *out, size_t max,
		    size_t *out_count, struct err *e) must_check;

/* Programs of a process that were compared before, without a difference. */
struct seccomp_known {
	const struct seccomp_program *expected;
	const struct filter_program *observed;
	size_t observed_count;
};
/* The very same programs, instruction by instruction, against the same profile: comparing them
 * again would find the same. NULL knows none. */
bool seccomp_is_known(const struct seccomp_known *k, const struct seccomp_program *expected,
		      const struct filter_program *observed, size_t observed_count);

/* "ioctl(0x1, 0x5412, ...): expected errno 1, observed allow" into buf. */
const char *seccomp_difference_text(const struct seccomp_difference *d, char *buf, size_t size);

#endif
