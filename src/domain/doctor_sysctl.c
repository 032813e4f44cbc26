/*
 * Sysctls that keep unprivileged code from learning of, or reaching into, the kernel
 * and other processes. Each row says what may be repaired by itself: only values that
 * no well-behaved program depends on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "doctor_judges.h"

struct sysctl_rule {
	const char *name, *id, *title, *why;
	long min, max;	    /* values that are right */
	const char *fix;    /* the one that is set; NULL: left to the operator */
	const char *absent; /* what it means when the kernel has none; NULL: nothing to say */
	const char *remedy; /* where nothing is set by itself */
	enum finding_severity severity;
};

#define REMEDY "tenantctl doctor --fix sets and keeps it"

/* clang-format off */
static const struct sysctl_rule rules[] = {
	{ "kernel.dmesg_restrict", "doctor.sysctl.dmesg_restrict",
	  "only root reads the kernel's messages", "they hold addresses and names of other tenants",
	  1, 1, "1", NULL, NULL, SEVERITY_LOW },
	{ "kernel.kptr_restrict", "doctor.sysctl.kptr_restrict",
	  "the kernel's addresses are hidden", "an exploit needs them",
	  1, 2, "1", NULL, NULL, SEVERITY_LOW },
	{ "kernel.yama.ptrace_scope", "doctor.sysctl.ptrace_scope",
	  "a process traces only its own children", "keys are read from a neighbour's memory",
	  1, 3, "1", "the kernel has no Yama: a process may trace all of its uid",
	  "use a kernel with Yama; tenants have uids of their own", SEVERITY_LOW },
	{ "kernel.unprivileged_bpf_disabled", "doctor.sysctl.unprivileged_bpf",
	  "only root loads BPF programs", "the verifier is a favourite of exploits",
	  1, 2, "2", NULL, NULL, SEVERITY_MEDIUM }, /* 1 could not be taken back before a reboot */
	{ "kernel.perf_event_paranoid", "doctor.sysctl.perf_event",
	  "only root measures the kernel", "counters are side channels and an attack surface",
	  2, 9, "2", NULL, NULL, SEVERITY_LOW },
	{ "kernel.io_uring_disabled", "doctor.sysctl.io_uring",
	  "io_uring is off", "its flaws gave away the kernel more than once",
	  2, 2, NULL, NULL, "sysctl kernel.io_uring_disabled=2 unless other software of the host "
	  "needs it; workers' filters refuse it anyway", SEVERITY_LOW },
	{ "kernel.randomize_va_space", "doctor.sysctl.randomize",
	  "addresses of programs are random", "an exploit needs them",
	  2, 2, "2", NULL, NULL, SEVERITY_MEDIUM },
	{ "fs.protected_symlinks", "doctor.sysctl.protected_symlinks",
	  "links in shared folders lead nobody astray", "root follows a link that a tenant made",
	  1, 1, "1", NULL, NULL, SEVERITY_MEDIUM },
	{ "fs.protected_hardlinks", "doctor.sysctl.protected_hardlinks",
	  "nobody links to files he may not write", "a kept link outlives an update of a program",
	  1, 1, "1", NULL, NULL, SEVERITY_MEDIUM },
	{ "fs.protected_fifos", "doctor.sysctl.protected_fifos",
	  "pipes in shared folders are not opened by mistake", "root writes to a pipe of a tenant",
	  1, 2, "1", NULL, NULL, SEVERITY_LOW },
	{ "fs.protected_regular", "doctor.sysctl.protected_regular",
	  "files in shared folders are not opened by mistake", "root writes to a file of a tenant",
	  1, 2, "1", NULL, NULL, SEVERITY_LOW },
	{ "fs.suid_dumpable", "doctor.sysctl.suid_dumpable",
	  "privileged programs leave no core files", "a core file holds their keys",
	  0, 0, "0", NULL, NULL, SEVERITY_LOW },
	{ "dev.tty.legacy_tiocsti", "doctor.sysctl.tiocsti",
	  "nobody types into a terminal of another", "a command is typed into the operator's shell",
	  0, 0, "0", NULL, NULL, SEVERITY_LOW },
};
/* clang-format on */

/* Looked at by other judges. */
static const char *const more[] = { "kernel.core_pattern", "net.bridge.bridge-nf-call-iptables" };

size_t doctor_sysctl_count(void)
{
	return ARRAY_SIZE(rules) + ARRAY_SIZE(more);
}

const char *doctor_sysctl_name(size_t i)
{
	return i < ARRAY_SIZE(rules) ? rules[i].name : more[i - ARRAY_SIZE(rules)];
}

size_t sysctl_rule_count(void)
{
	return ARRAY_SIZE(rules);
}

void sysctl_rule_head(size_t i, struct finding *f)
{
	f->id = rules[i].id;
	f->title = rules[i].title;
	f->remedy = rules[i].fix ? REMEDY : rules[i].remedy;
	f->group = GROUP_HOST;
	f->severity = rules[i].severity;
}

static bool read_number(const char *text, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(text, &end, 10);
	return end != text && *end == '\0' && errno == 0;
}

static bool is_right(const struct sysctl_rule *r, long value)
{
	return value >= r->min && value <= r->max;
}

void sysctl_rule_judge(size_t i, const struct doctor_input *in, struct finding *f)
{
	const struct sysctl_rule *r = &rules[i];
	const struct host_value *v = host_sysctl(in->host, r->name);
	long value;

	if (r->min == r->max)
		judge_expect(f, "%s is %ld: %s", r->name, r->min, r->why);
	else
		judge_expect(f, "%s is %ld to %ld: %s", r->name, r->min, r->max, r->why);
	judge_evidence(f, "sysctl %s", r->name);
	if (v && !v->value && v->sys_errno == ENOENT && r->absent) {
		judge_warn(f, "%s", r->absent);
		f->remedy = r->remedy;
	} else if (v && !v->value && v->sys_errno == ENOENT) {
		judge_skip(f, "the kernel has no %s", r->name);
	} else if (!v || !v->value) {
		judge_unknown(f, "could not be read: %s", v ? strerror(v->sys_errno) : "not asked");
	} else if (!read_number(v->value, &value)) {
		judge_unknown(f, "'%.40s' is no number", v->value);
	} else if (is_right(r, value)) {
		judge_pass(f, "%ld", value);
	} else {
		judge_warn(f, "%s is %ld", r->name, value);
	}
}

static struct doctor_fix *add_fix(struct doctor_fixes *out)
{
	out->items = mem_grow(out->items, out->count + 1, sizeof(*out->items));
	out->items[out->count] = (struct doctor_fix){ 0 };
	return &out->items[out->count++];
}

static void fix_sysctls(const struct doctor_input *in, const struct strlist *only,
			struct doctor_fixes *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct host_value *v = host_sysctl(in->host, rules[i].name);
		struct doctor_fix *fix;
		long value;

		if (!rules[i].fix || !doctor_selects(only, rules[i].id) || !v || !v->value ||
		    !read_number(v->value, &value) || is_right(&rules[i], value))
			continue;
		fix = add_fix(out);
		*fix = (struct doctor_fix){ .kind = FIX_SYSCTL,
					    .check = rules[i].id,
					    .target = mem_strdup(rules[i].name),
					    .before = mem_strdup(v->value),
					    .after = mem_strdup(rules[i].fix) };
	}
}

static void fix_places(const struct doctor_input *in, const struct strlist *only,
		       struct doctor_fixes *out)
{
	static const char id[] = "doctor.state.folders";

	for (size_t i = 0; i < in->place_count; i++) {
		const struct doctor_place *p = &in->places[i];
		const struct host_path *h = host_folder(in->host, p->path);
		struct doctor_fix *fix;

		if (!doctor_selects(only, id))
			return;
		/* A link, or a folder of somebody else, is nothing to be mended by itself. */
		if (!h || !h->exists || !h->is_folder || h->is_link || h->uid != 0 ||
		    !place_excess(p, h))
			continue;
		fix = add_fix(out);
		fix->kind = FIX_MODE;
		fix->check = id;
		fix->target = mem_strdup(p->path);
		fix->mode = h->mode & ~place_excess(p, h);
		fix->before = mem_printf("%04o", (unsigned)h->mode);
		fix->after = mem_printf("%04o", (unsigned)fix->mode);
	}
}

void doctor_fixes(const struct doctor_input *in, const struct strlist *only,
		  struct doctor_fixes *out)
{
	*out = (struct doctor_fixes){ 0 };
	fix_sysctls(in, only, out);
	fix_places(in, only, out);
}

void doctor_fixes_free(struct doctor_fixes *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->items[i].target);
		free(f->items[i].before);
		free(f->items[i].after);
	}
	free(f->items);
	*f = (struct doctor_fixes){ 0 };
}
