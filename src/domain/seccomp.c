/*
 * Built-in profiles, their digest, and composition with libseccomp. Composing ends
 * in bytes: nothing is loaded here, the engine's runtime does that for a worker.
 */
#include "domain/seccomp.h"

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "domain/bpf_eval.h"
#include "seccomp_profiles.h"
#include "seccomp_internal.h"

static void release_slot(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}
#define auto_ctx cleanup_with(release_slot)

const char *const *seccomp_builtin_names(void)
{
	return embedded_names;
}

const char *seccomp_builtin_text(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(embedded_profiles); i++)
		if (strcmp(embedded_profiles[i].name, name) == 0)
			return embedded_profiles[i].text;
	return NULL;
}

int seccomp_profile_builtin(const char *name, struct seccomp_profile **out, struct err *e)
{
	const char *text = seccomp_builtin_text(name);
	auto_strbuf struct strbuf known = STRBUF_INIT(ERR_HINT_MAX);
	char title[64];

	for (size_t i = 0; embedded_names[i]; i++)
		strbuf_printf(&known, "%s%s", i ? ", " : "", embedded_names[i]);
	if (!text) {
		err_set(e, ERR_NOT_FOUND, "no built-in seccomp profile is called %.64s", name);
		return err_hint(e, "built in: %s; or give the path of a file", strbuf_str(&known));
	}
	snprintf(title, sizeof(title), "profile %.48s", name);
	return seccomp_profile_parse(text, strlen(text), title, out, e);
}

void seccomp_profile_digest(const struct seccomp_profile *p, char out[DIGEST_HEX_SIZE])
{
	const struct scmp_version *v = seccomp_version();
	auto_free char *text = seccomp_profile_json(p);
	auto_free char *library = mem_printf("%u.%u.%u", v->major, v->minor, v->micro);
	auto_free char *arch = mem_printf("%x", seccomp_arch_native());
	struct digest_state *s = digest_new();

	digest_field(s, "profile", text);
	digest_field(s, "libseccomp", library);
	digest_field(s, "arch", arch);
	digest_finish(s, out);
}

uint32_t seccomp_action_value(int action, int64_t errno_ret)
{
	switch (action) {
	case SECCOMP_DO_ALLOW:
		return SECCOMP_RET_ALLOW;
	case SECCOMP_DO_ERRNO:
		return SECCOMP_RET_ERRNO | ((uint32_t)errno_ret & SECCOMP_RET_DATA);
	case SECCOMP_DO_KILL_PROCESS:
		return SECCOMP_RET_KILL_PROCESS;
	case SECCOMP_DO_TRAP:
		return SECCOMP_RET_TRAP;
	case SECCOMP_DO_LOG:
		return SECCOMP_RET_LOG;
	default: /* SECCOMP_DO_KILL, SECCOMP_DO_KILL_THREAD */
		return SECCOMP_RET_KILL_THREAD;
	}
}

static enum scmp_compare compare_of(int op)
{
	static const enum scmp_compare ops[] = {
		[OP_NE] = SCMP_CMP_NE,
		[OP_LT] = SCMP_CMP_LT,
		[OP_LE] = SCMP_CMP_LE,
		[OP_EQ] = SCMP_CMP_EQ,
		[OP_GE] = SCMP_CMP_GE,
		[OP_GT] = SCMP_CMP_GT,
		[OP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};
	return ops[op];
}

static int add_call(scmp_filter_ctx ctx, const struct seccomp_rule *r, const char *name,
		    struct err *e)
{
	struct scmp_arg_cmp args[6];
	int nr = seccomp_syscall_resolve_name(name);
	int rc;

	if (nr < 0)
		return 0; /* a call of another architecture: open(2) on aarch64 */
	for (size_t i = 0; i < r->args.count; i++) {
		const struct seccomp_cond *c = seccomp_cond_at(r, i);

		args[i] = (struct scmp_arg_cmp){ .arg = (unsigned)c->index,
						 .op = compare_of(c->op),
						 .datum_a = (scmp_datum_t)c->value,
						 .datum_b = (scmp_datum_t)c->value_two };
	}
	rc = seccomp_rule_add_array(ctx, seccomp_action_value(r->action, r->errno_ret), nr,
				    (unsigned)r->args.count, args);
	if (rc < 0 && rc != -EEXIST)
		return err_set(e, ERR_MANIFEST, "seccomp rule for %s: %s", name, strerror(-rc));
	return 0;
}

static int add_rules(scmp_filter_ctx ctx, const struct seccomp_profile *p, uint32_t by_default,
		     uint32_t *last, struct err *e)
{
	for (size_t i = 0; i < p->rules.count; i++) {
		const struct seccomp_rule *r = seccomp_rule_at(p, i);
		/* as the runtime does: libseccomp takes a rule equal to the default for an error */
		bool redundant = seccomp_action_value(r->action, r->errno_ret) == by_default;

		for (size_t k = 0; k < r->names.count; k++) {
			int nr = seccomp_syscall_resolve_name(r->names.items[k]);

			*last = MAX_OF(*last, nr > 0 ? (uint32_t)nr : 0);
			if (!redundant && add_call(ctx, r, r->names.items[k], e) < 0)
				return -1;
		}
	}
	return 0;
}

/* libseccomp writes programs to a descriptor only; a memory file keeps it off every disk. */
static int export_filter(scmp_filter_ctx ctx, struct filter_program *out, struct err *e)
{
	auto_fd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	auto_free struct sock_filter *code = NULL;
	off_t size;
	int rc;

	if (fd < 0)
		return err_sys(e, errno, "memfd_create");
	rc = seccomp_export_bpf(ctx, fd);
	if (rc < 0)
		return err_set(e, ERR_INTERNAL, "seccomp_export_bpf: %s", strerror(-rc));
	size = lseek(fd, 0, SEEK_END);
	if (size <= 0 || size % (off_t)sizeof(*code) != 0 ||
	    size > (off_t)(BPF_PROGRAM_MAX * sizeof(*code)))
		return err_set(e, ERR_MANIFEST,
			       "the seccomp filter would have %lld bytes; the kernel takes %d "
			       "instructions",
			       (long long)size, BPF_PROGRAM_MAX);
	code = mem_alloc((size_t)size);
	if (pread(fd, code, (size_t)size, 0) != size)
		return err_sys(e, errno, "reading the composed seccomp filter");
	out->count = (size_t)size / sizeof(*code);
	out->code = take_ptr(code);
	return 0;
}

int seccomp_compose(const struct seccomp_profile *p, struct seccomp_program *out, struct err *e)
{
	uint32_t by_default = seccomp_action_value(p->default_action, p->default_errno);
	auto_ctx scmp_filter_ctx ctx = seccomp_init(by_default);
	auto_seccomp_program struct seccomp_program made = { .arch = seccomp_arch_native(),
							     .default_action = by_default };

	if (!ctx)
		return err_set(e, ERR_INTERNAL, "libseccomp gives no filter context");
	/* A binary tree over call numbers: same meaning, and evaluated in 10 steps, not 300. */
	if (seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0)
		return err_set(e, ERR_INTERNAL, "libseccomp older than 2.5 has no binary tree");
	if (add_rules(ctx, p, by_default, &made.last_named, e) < 0 ||
	    export_filter(ctx, &made.filter, e) < 0 || bpf_check(&made.filter, e) < 0)
		return -1;
	seccomp_profile_digest(p, made.digest);
	*out = made;
	made.filter.code = NULL;
	return 0;
}

void seccomp_program_free(struct seccomp_program *p)
{
	free(p->filter.code);
	*p = (struct seccomp_program){ 0 };
}

/* With no-new-privileges runc turns the filter on as its last act, so that little is left to do:
 * open the start fifo, mark descriptors close-on-exec, execve; then docker-init makes itself the
 * foreground group and waits for its child. Found by taking calls away one at a time until a
 * container of runc 1.1 failed to start; the second part is what Go's scheduler and signals may
 * need at any moment of that. */
static const struct start_call {
	const char *name;
	uint64_t args[2];
} start_calls[] = {
	{ "arch_prctl", { 0x1002 } }, /* ARCH_SET_FS; x86_64 only */
	{ "close", { 3 } },
	{ "execve", { 0 } },
	{ "exit_group", { 0 } },
	{ "fstatfs", { 3 } },
	{ "getdents64", { 3 } },
	{ "mmap", { 0 } },
	{ "mprotect", { 0 } },
	{ "openat", { 3 } },
	{ "rt_sigaction", { 15 } },
	{ "rt_sigprocmask", { 0 } },
	{ "rt_sigtimedwait", { 0 } },
	{ "setpgid", { 0 } },
	{ "wait4", { 0 } },
	{ "write", { 3 } },
	{ "clone", { 0x1200011 } }, /* fork(3) of glibc: CHILD_CLEARTID, CHILD_SETTID, SIGCHLD */
	{ "clone", { 0x50f00 } },   /* a thread of Go */
	{ "futex", { 0, 128 } },    /* FUTEX_WAIT | PRIVATE */
	{ "futex", { 0, 129 } },    /* FUTEX_WAKE | PRIVATE */
	{ "ioctl", { 0, 0x5410 } }, /* TIOCSPGRP: docker-init ends on anything but ENOTTY, ENXIO */
	{ "fcntl", { 3 } },
	{ "madvise", { 0 } },
	{ "munmap", { 0 } },
	{ "nanosleep", { 0 } },
	{ "read", { 3 } },
	{ "rt_sigreturn", { 0 } },
	{ "sched_yield", { 0 } },
	{ "sigaltstack", { 0 } },
	{ "tgkill", { 0 } },
	{ "getpid", { 0 } },
	{ "gettid", { 0 } },
};

int seccomp_check_start(const struct seccomp_program *p, const char *name, struct err *e)
{
	char missing[400] = "";
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(start_calls); i++) {
		const struct start_call *c = &start_calls[i];
		int nr = seccomp_syscall_resolve_name(c->name);
		struct seccomp_data data = { .nr = nr, .arch = p->arch };
		uint32_t action;

		if (nr < 0)
			continue;
		data.args[0] = c->args[0];
		data.args[1] = c->args[1];
		action = bpf_run(&p->filter, &data, NULL);
		if (action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG &&
		    len < sizeof(missing))
			len += (size_t)snprintf(missing + len, sizeof(missing) - len, "%s%s",
						len ? ", " : "", c->name);
	}
	if (len == 0)
		return 0;
	return err_set(e, ERR_MANIFEST,
		       "%s: no container would start under it: the runtime and docker-init need %s",
		       name, missing);
}
