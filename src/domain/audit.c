/* The audit's catalogue, and how findings are added one by one. */
#include "domain/audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define TEXT_MAX 1024
#define APPLY "tenantctl apply NAME puts it back as ordered"
#define REVIEW "tenantctl egress revoke NAME HOST, or tenantctl egress review NAME --apply"

/* clang-format off */
static const struct check table[] = {
	{ .id = "audit.caps.sets", .title = "no process holds a capability in any of its sets",
	  .remedy = APPLY, .group = GROUP_HOST, .severity = SEVERITY_CRITICAL },
	{ .id = "audit.caps.no_new_privs", .title = "every process has no_new_privs",
	  .remedy = APPLY, .group = GROUP_HOST, .severity = SEVERITY_CRITICAL },
	{ .id = "audit.caps.seccomp", .title = "every process runs behind a seccomp filter",
	  .remedy = APPLY, .group = GROUP_HOST, .severity = SEVERITY_CRITICAL },
	{ .id = "audit.caps.user", .title = "every process runs as the user of its container",
	  .remedy = APPLY, .group = GROUP_INJECTION, .severity = SEVERITY_HIGH },
	{ .id = "audit.caps.threads", .title = "no thread differs from its process",
	  .remedy = APPLY, .group = GROUP_HOST, .severity = SEVERITY_CRITICAL },
	{ .id = "audit.caps.complete", .title = "every process was looked at",
	  .remedy = "look at the processes by hand, or lower resources.pids",
	  .group = GROUP_HOST, .severity = SEVERITY_MEDIUM },

	{ .id = "audit.egress.expired", .title = "no rule is past its date",
	  .remedy = REVIEW, .group = GROUP_NETWORK, .severity = SEVERITY_LOW },
	{ .id = "audit.egress.shared", .title = "no wildcard covers names that anybody can rent",
	  .remedy = "allow the full names instead", .group = GROUP_NETWORK, .severity = SEVERITY_HIGH },
	{ .id = "audit.egress.wildcard", .title = "rules name hosts, not whole domains",
	  .remedy = "allow the full names instead", .group = GROUP_NETWORK, .severity = SEVERITY_LOW },
	{ .id = "audit.egress.private", .title = "no rule opens private addresses",
	  .remedy = "make sure that the host's own network may be reached so",
	  .group = GROUP_NETWORK, .severity = SEVERITY_MEDIUM },
	{ .id = "audit.egress.unused", .title = "every rule is used",
	  .remedy = REVIEW, .group = GROUP_NETWORK, .severity = SEVERITY_LOW },
	{ .id = "audit.egress.expiring", .title = "no rule is about to expire",
	  .remedy = "tenantctl egress allow NAME HOST --expires DATE, if it is still needed",
	  .group = GROUP_NETWORK, .severity = SEVERITY_LOW },
	{ .id = "audit.egress.denied", .title = "nothing was refused",
	  .remedy = "tenantctl egress denied NAME says what, and what can be done",
	  .group = GROUP_NETWORK, .severity = SEVERITY_LOW },
	{ .id = "audit.egress.complete", .title = "rules and counters could be read",
	  .remedy = "tenantctl validate NAME", .group = GROUP_NETWORK, .severity = SEVERITY_MEDIUM },

	{ .id = "audit.images.moved", .title = "the worker runs the image that its tag leads to",
	  .remedy = "tenantctl plan NAME shows what apply would replace",
	  .group = GROUP_CONFIG, .severity = SEVERITY_MEDIUM },
	{ .id = "audit.images.gateway", .title = "the gateway runs the host's gateway image",
	  .remedy = "tenantctl apply NAME", .group = GROUP_CONFIG, .severity = SEVERITY_MEDIUM },
	{ .id = "audit.images.present", .title = "the engine has the images in use",
	  .remedy = "load or pull the image again: the container cannot be made anew",
	  .group = GROUP_CONFIG, .severity = SEVERITY_MEDIUM },
	{ .id = "audit.images.age", .title = "no image is old",
	  .remedy = "look for a newer image; name it in the manifest, then tenantctl apply NAME",
	  .group = GROUP_CONFIG, .severity = SEVERITY_LOW },
	{ .id = "audit.images.complete", .title = "the images could be looked at",
	  .remedy = "tenantctl show NAME", .group = GROUP_CONFIG, .severity = SEVERITY_MEDIUM },

	{ .id = "audit.drift.worker", .title = "the worker is as its manifest has it",
	  .remedy = APPLY, .group = GROUP_CONFIG, .severity = SEVERITY_HIGH },
	{ .id = "audit.drift.gateway", .title = "the gateway is as its manifest has it",
	  .remedy = APPLY, .group = GROUP_CONFIG, .severity = SEVERITY_HIGH },
	{ .id = "audit.drift.network", .title = "the network is as it was ordered",
	  .remedy = APPLY, .group = GROUP_CONFIG, .severity = SEVERITY_HIGH },
	{ .id = "audit.drift.files", .title = "files and workspace are as they must be",
	  .remedy = APPLY, .group = GROUP_CONFIG, .severity = SEVERITY_MEDIUM },
	{ .id = "audit.drift.complete", .title = "manifest and host could be compared",
	  .remedy = "tenantctl plan NAME", .group = GROUP_CONFIG, .severity = SEVERITY_MEDIUM },

	{ .id = "audit.log.chain", .title = "the audit log is whole",
	  .remedy = "keep a copy of the log; tenantctl audit log shows the place",
	  .group = GROUP_HOST, .severity = SEVERITY_HIGH },
};
/* clang-format on */

static const struct part_names {
	const char *name, *rows;
} parts[AUDIT_PARTS] = {
	[AUDIT_CAPS] = { "caps", "processes" },
	[AUDIT_EGRESS] = { "egress", "rules" },
	[AUDIT_IMAGES] = { "images", "images" },
	[AUDIT_DRIFT] = { "drift", "differences" },
};

const char *audit_part_name(enum audit_part p)
{
	return parts[p].name;
}

const char *audit_rows_name(enum audit_part p)
{
	return parts[p].rows;
}

const struct check *audit_checks(size_t *out_count)
{
	*out_count = ARRAY_SIZE(table);
	return table;
}

const struct check *audit_check_find(const char *id)
{
	for (size_t i = 0; id && i < ARRAY_SIZE(table); i++)
		if (!strcmp(table[i].id, id))
			return &table[i];
	return NULL;
}

static struct finding *push(struct findings *f, const struct check *c, enum finding_verdict verdict)
{
	struct finding *x;

	f->items = mem_grow(f->items, f->count + 1, sizeof(*f->items));
	x = &f->items[f->count++];
	*x = check_finding(c, verdict);
	x->expected = mem_strdup(c->title);
	return x;
}

/* How many findings of the check there are; *out_same: one of them is about the subject. */
static size_t count_of(const struct findings *f, const char *id, const char *subject,
		       bool *out_same)
{
	size_t n = 0;

	*out_same = false;
	for (size_t i = 0; i < f->count; i++) {
		if (strcmp(f->items[i].id, id) != 0)
			continue;
		n++;
		if (subject && f->items[i].evidence && !strcmp(f->items[i].evidence, subject))
			*out_same = true;
	}
	return n;
}

void audit_add(struct findings *f, const char *id, enum finding_verdict verdict,
	       const char *subject, const char *fmt, ...)
{
	const struct check *c = audit_check_find(id);
	struct finding *x;
	char text[TEXT_MAX];
	bool same;
	size_t n = count_of(f, id, subject, &same);
	va_list ap;

	if (!c || same || n > AUDIT_FINDINGS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	x = push(f, c, verdict);
	x->evidence = mem_strdup(n == AUDIT_FINDINGS_MAX ? "others" : subject);
	x->observed =
		mem_strdup(n == AUDIT_FINDINGS_MAX ? "there are more than can be listed" : text);
}

void audit_host(const struct audit_host_input *in, struct findings *f)
{
	static const char id[] = "audit.log.chain", log[] = "audit log";
	struct finding *x;

	if (in->unread)
		audit_add(f, id, VERDICT_INCONCLUSIVE, log, "%s", in->unread);
	else if (in->problem)
		audit_add(f, id, VERDICT_FAIL, log, "%s", in->problem);
	else if (in->unfinished)
		audit_add(f, id, VERDICT_WARN, log, "no record: %s", in->unfinished);
	else if (in->records == 0 && in->tenants > 0)
		audit_add(f, id, VERDICT_WARN, log,
			  "there is no record, although there are tenants: it was taken away, or "
			  "is older than they are");
	else {
		x = push(f, audit_check_find(id), VERDICT_PASS);
		x->observed = mem_printf("%zu records, each with the digest of the one before",
					 in->records);
	}
}

static bool is_of(const char *id, enum audit_part p)
{
	const char *name = id + strlen("audit.");
	size_t len = strlen(parts[p].name);

	return strncmp(name, parts[p].name, len) == 0 && name[len] == '.';
}

void audit_blind(struct findings *f, enum audit_part p, const char *why)
{
	auto_free char *id = mem_printf("audit.%s.complete", parts[p].name);

	audit_add(f, id, VERDICT_INCONCLUSIVE, parts[p].name, "%s", why);
}

static bool is_blind(const struct findings *f, enum audit_part p)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].verdict == VERDICT_INCONCLUSIVE && is_of(f->items[i].id, p) &&
		    f->items[i].evidence && !strcmp(f->items[i].evidence, parts[p].name))
			return true;
	return false;
}

void audit_close(struct findings *f, enum audit_part p)
{
	bool blind = is_blind(f, p), same;

	for (size_t i = 0; i < ARRAY_SIZE(table) && !blind; i++) {
		struct finding *x;

		if (!is_of(table[i].id, p) || count_of(f, table[i].id, NULL, &same))
			continue;
		x = push(f, &table[i], VERDICT_PASS);
		x->observed = mem_strdup("nothing unusual");
	}
}
