/*
 * Processes of worker and gateway: five capability sets, user, no_new_privs, seccomp.
 * Expected is nothing in any set; verify's checks say so of the worker alone and as one
 * verdict, here each process is listed.
 */
#include <linux/seccomp.h>
#include <string.h>

#include "base/mem.h"
#include "checks_judges.h"
#include "domain/audit.h"

static const char *const set_names[PROC_CAP_SETS] = {
	[PROC_CAP_INH] = "inheritable", [PROC_CAP_PRM] = "permitted", [PROC_CAP_EFF] = "effective",
	[PROC_CAP_BND] = "bounding",	[PROC_CAP_AMB] = "ambient",
};
/* the order in which people read them */
static const enum proc_capset set_order[PROC_CAP_SETS] = { PROC_CAP_EFF, PROC_CAP_PRM, PROC_CAP_INH,
							   PROC_CAP_BND, PROC_CAP_AMB };

static const char *seccomp_name(int mode)
{
	switch (mode) {
	case SECCOMP_MODE_DISABLED:
		return "off";
	case SECCOMP_MODE_STRICT:
		return "strict";
	case SECCOMP_MODE_FILTER:
		return "filter";
	default:
		return "unknown";
	}
}

static bool holds_only(const struct proc_status *s, int64_t uid)
{
	for (size_t i = 0; i < ARRAY_SIZE(s->uid); i++)
		if (s->uid[i] != (uint32_t)uid || s->gid[i] != (uint32_t)uid)
			return false;
	return true;
}

static void judge_sets(const struct process_facts *p, const char *subject, struct findings *f)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(1024);

	for (size_t i = 0; i < PROC_CAP_SETS; i++) {
		enum proc_capset set = set_order[i];

		if (!p->status.caps[set])
			continue;
		strbuf_printf(&text, "%s%s ", text.len ? "; " : "", set_names[set]);
		add_cap_names(&text, p->status.caps[set]);
	}
	if (text.len)
		audit_add(f, "audit.caps.sets", VERDICT_FAIL, subject, "process %d: %s",
			  (int)p->pid, strbuf_str(&text));
}

static void judge_process(const struct audit_container *c, const struct process_facts *p,
			  struct findings *f)
{
	const struct proc_status *s = &p->status;
	auto_free char *subject = mem_printf("%s: %s", c->role, s->name);

	judge_sets(p, subject, f);
	if (s->no_new_privs != 1)
		audit_add(f, "audit.caps.no_new_privs", VERDICT_FAIL, subject,
			  "process %d: NoNewPrivs %d", (int)p->pid, s->no_new_privs);
	if (s->seccomp != SECCOMP_MODE_FILTER)
		audit_add(f, "audit.caps.seccomp", VERDICT_FAIL, subject,
			  "process %d: seccomp is %s", (int)p->pid, seccomp_name(s->seccomp));
	if (!holds_only(s, c->uid))
		audit_add(f, "audit.caps.user", VERDICT_FAIL, subject,
			  "process %d runs as %u:%u (effective %u:%u), not as %lld", (int)p->pid,
			  s->uid[0], s->gid[0], s->uid[1], s->gid[1], (long long)c->uid);
	if (p->odd_threads)
		audit_add(f, "audit.caps.threads", VERDICT_FAIL, subject,
			  "process %d: %u of %d threads differ", (int)p->pid, p->odd_threads,
			  s->threads);
}

static void put_row(const struct audit_container *c, const struct process_facts *p, bool unusual,
		    struct node *rows)
{
	const struct proc_status *s = &p->status;
	auto_free char *user = mem_printf("%u:%u", s->uid[1], s->gid[1]);
	struct node *row = node_push_object(rows);

	node_set_str(row, "role", c->role);
	node_set_int(row, "pid", p->pid);
	node_set_str(row, "program", s->name);
	node_set_str(row, "user", user);
	for (size_t i = 0; i < PROC_CAP_SETS; i++) {
		auto_strbuf struct strbuf names = STRBUF_INIT(1024);

		add_cap_names(&names, s->caps[set_order[i]]);
		node_set_str(row, set_names[set_order[i]], strbuf_str(&names));
	}
	node_set_bool(row, "no_new_privs", s->no_new_privs == 1);
	node_set_str(row, "seccomp", seccomp_name(s->seccomp));
	node_set_int(row, "threads", s->threads);
	node_set_int(row, "odd_threads", p->odd_threads);
	node_set_bool(row, "unusual", unusual);
}

static bool is_unusual(const struct audit_container *c, const struct process_facts *p)
{
	struct findings f = { 0 };
	bool unusual;

	judge_process(c, p, &f);
	unusual = f.count > 0;
	findings_free(&f);
	return unusual;
}

void audit_caps(const struct audit_container *containers, size_t count, struct findings *f,
		struct node *rows)
{
	for (size_t i = 0; i < count; i++) {
		const struct audit_container *c = &containers[i];

		for (size_t k = 0; k < c->count; k++) {
			judge_process(c, &c->processes[k], f);
			put_row(c, &c->processes[k], is_unusual(c, &c->processes[k]), rows);
		}
		if (c->cut)
			audit_add(f, "audit.caps.complete", VERDICT_INCONCLUSIVE, c->role,
				  "some processes could not be looked at");
		else if (c->running && c->count == 0)
			audit_add(f, "audit.caps.complete", VERDICT_INCONCLUSIVE, c->role,
				  "it runs, and no process of it could be looked at");
	}
}
