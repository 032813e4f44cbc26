/*
 * What stands in an evidence pack. A client must not learn other clients' names, nor
 * anybody a secret: values of variables and arguments of programs that print secrets
 * are left out here, as the manifest alone cannot tell which of them matter.
 */
#include "pack_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/mem.h"
#include "domain/egress.h"
#include "ops/report.h"
#include "ops/seccomp.h"

#define MASKED "(not shown)"
enum { RECORDS_MAX = 2000 };

/* ---- policy.yaml ---- */

static void mask_environment(struct tenant_spec *s)
{
	for (size_t i = 0; i < s->environment.count; i++)
		if (!variable_is_placeholder(s, &s->environment.entries[i]))
			mem_replace(&s->environment.entries[i].value, MASKED);
}

static void mask_arguments(struct strlist *command)
{
	for (size_t i = 1; i < command->count; i++)
		mem_replace(&command->items[i], MASKED);
}

static void mask_slot(char **slot, const struct pack_names *n)
{
	auto_free char *masked = pack_mask(n, *slot);

	mem_replace(slot, masked);
}

char *pack_policy(struct pack_view *v, const struct pack_names *n)
{
	struct tenant_spec *s = &v->tenant.spec;

	mask_environment(s);
	for (size_t i = 0; i < s->credentials.count; i++)
		mask_arguments(&((struct credential_entry *)s->credentials.items)[i].command);
	for (size_t i = 0; i < s->source.count; i++)
		mask_slot(&((struct source_entry *)s->source.items)[i].host, n);
	for (size_t i = 0; i < s->egress.count; i++)
		mask_slot(&((struct egress_entry *)s->egress.items)[i].reason, n);
	return manifest_resolved(s);
}

/* `names` may be NULL: texts of our own. */
static void put_list(struct node *n, const char *key, const struct strlist *l,
		     const struct pack_names *names)
{
	struct node *array = node_set_array(n, key);

	for (size_t i = 0; i < l->count; i++) {
		auto_free char *masked = names ? pack_mask(names, l->items[i]) : NULL;

		node_push_str(array, masked ? masked : l->items[i]);
	}
}

/* ---- seccomp.json ---- */

char *pack_seccomp(const struct pack_view *v)
{
	auto_node struct node *n = node_new_object();
	const struct seccomp_report *r = v->seccomp;

	node_set_str(n, "profile", v->tenant.spec.seccomp);
	node_set_str(n, "sha256", r->digest);
	node_set_str(n, "everything_else", r->by_default);
	put_list(n, "allowed", &r->allowed, NULL);
	put_list(n, "allowed_on_condition", &r->conditional, NULL);
	put_list(n, "left_out_on_purpose", &r->refused, NULL);
	return node_print(n, true);
}

/* ---- records.json ---- */

struct collector {
	const char *tenant;
	const struct pack_names *names;
	struct node *items[RECORDS_MAX]; /* a ring of the last ones */
	size_t count;
	struct node *verified; /* the last verification, or NULL */
};

static void put_masked(struct node *n, const char *key, const char *text,
		       const struct pack_names *names)
{
	auto_free char *masked = pack_mask(names, text);

	if (masked)
		node_set_str(n, key, masked);
}

static struct node *record_node(const struct audit_log_line *l, const struct pack_names *names)
{
	const struct audit_record *r = l->record;
	struct node *n = node_new_object();

	node_set_int(n, "seq", r->seq);
	node_set_str(n, "time", r->time);
	node_set_str(n, "event", audit_event_name((enum audit_event)r->event));
	if (r->command)
		node_set_str(n, "command", r->command);
	if (r->of)
		node_set_int(n, "of", r->of);
	if (r->result)
		node_set_str(n, "result", r->result);
	put_masked(n, "error", r->error, names);
	put_list(n, "what", &r->what, names);
	if (r->manifest)
		node_set_str(n, "manifest_sha256", r->manifest);
	node_set_str(n, "line_sha256", l->sha256);
	return n;
}

static void collect(void *arg, const struct audit_log_line *l)
{
	const struct audit_record *r = l->record;
	struct collector *c = arg;
	struct node **slot =
		r->event == AUDIT_VERIFY ? &c->verified : &c->items[c->count % RECORDS_MAX];

	if (!r->tenant || strcmp(r->tenant, c->tenant) != 0)
		return;
	c->count += r->event != AUDIT_VERIFY;
	node_free(*slot);
	*slot = record_node(l, c->names);
}

int pack_read_records(const struct context *c, const char *tenant, const struct pack_names *n,
		      struct pack_view *v, struct err *e)
{
	auto_free struct collector *all = mem_alloc(sizeof(*all));
	int rc;

	all->tenant = tenant;
	all->names = n;
	v->records = node_new_array();
	rc = audit_read(c->root, collect, all, &v->log, e);
	for (size_t i = all->count - MIN_OF(all->count, (size_t)RECORDS_MAX); i < all->count; i++)
		node_push(v->records, all->items[i % RECORDS_MAX]);
	node_push(v->records, all->verified);
	return rc;
}

/* What the log says of its own state may name a line, and no tenant. */
static void put_log(struct node *parent, const struct audit_state *s)
{
	struct node *n = node_set_object(parent, "audit_log");

	node_set_int(n, "records", (int64_t)s->records);
	node_set_int(n, "first", s->first);
	node_set_int(n, "last", s->last);
	node_set_str(n, "head_sha256", s->last ? s->sha256 : NULL);
	node_set_bool(n, "whole", !s->problem);
	if (s->problem)
		node_set_str(n, "problem", s->problem);
}

char *pack_records(const struct pack_view *v)
{
	auto_node struct node *n = node_new_object();

	put_log(n, &v->log);
	node_set(n, "records", node_copy(v->records));
	return node_print(n, true);
}

/* ---- summary.json ---- */

static void put_findings(struct node *root, const struct verify_result *r)
{
	struct node *checks = node_set_object(root, "checks");
	struct node *bad = node_set_array(root, "not_passed");

	for (int v = 0; v < VERDICTS; v++)
		node_set_int(checks, verdict_name((enum finding_verdict)v),
			     (int64_t)findings_count(&r->findings, (enum finding_verdict)v));
	for (size_t i = 0; i < r->findings.count; i++) {
		const struct finding *f = &r->findings.items[i];
		struct node *n;

		if (f->verdict != VERDICT_FAIL && f->verdict != VERDICT_INCONCLUSIVE)
			continue;
		n = node_push_object(bad);
		node_set_str(n, "id", f->id);
		node_set_str(n, "verdict", verdict_name(f->verdict));
		node_set_str(n, "title", f->title);
	}
}

static void put_host(struct node *root, const struct context *c, const struct pack_view *v)
{
	struct node *host = node_set_object(root, "host");
	struct node *engine, *list;
	struct utsname u;

	uname(&u); /* fails for a bad address only */
	node_set_str(host, "kernel", u.release);
	node_set_str(host, "machine", u.machine);
	engine = node_set_object(host, "engine");
	node_set_str(engine, "version", c->engine.server_version);
	node_set_str(engine, "api", v->version.api);
	node_set_str(engine, "storage_driver", c->engine.storage_driver);
	node_set_str(engine, "cgroup_version", c->engine.cgroup_version);
	node_set_str(engine, "runtime",
		     v->tenant.state.worker_present && v->tenant.state.worker.spec.runtime
			     ? v->tenant.state.worker.spec.runtime
			     : c->engine.default_runtime);
	put_list(engine, "security_options", &c->engine.security_options, NULL);
	list = node_set_array(engine, "components");
	for (size_t i = 0; i < v->version.components.count; i++) {
		const struct engine_component *x =
			(struct engine_component *)v->version.components.items + i;
		struct node *n = node_push_object(list);

		node_set_str(n, "name", x->name);
		node_set_str(n, "version", x->version);
	}
}

/* An image may be tagged for other tenants, too. */
static int put_container(struct node *root, const char *key, struct context *c,
			 const struct pack_names *names, bool present,
			 const struct container_info *i, struct err *e)
{
	struct image_info image = { 0 };
	struct node *n;

	if (!present) {
		node_set_str(root, key, NULL);
		return 0;
	}
	if (client_image_inspect(c->client, i->image_id, &image, e))
		return -1;
	n = node_set_object(root, key);
	node_set_str(n, "container", i->id);
	node_set_str(n, "status", i->state.status);
	node_set_str(n, "started_at", i->state.started_at);
	node_set_str(n, "image_id", i->image_id);
	node_set_str(n, "image_created", image.created);
	put_list(n, "image_tags", &image.repo_tags, names);
	put_list(n, "image_digests", &image.repo_digests, names);
	image_info_free(&image);
	return 0;
}

static void put_rules(struct node *root, const struct tenant_spec *s)
{
	struct node *list = node_set_array(root, "egress");

	for (size_t i = 0; i < s->egress.count; i++) {
		auto_free char *id = egress_rule_id((struct egress_entry *)s->egress.items + i);

		node_push_str(list, id);
	}
	list = node_set_array(root, "credentials");
	for (size_t i = 0; i < s->credentials.count; i++) {
		auto_free char *id =
			credential_rule_id((struct credential_entry *)s->credentials.items + i);

		node_push_str(list, id);
	}
}

int pack_summary(struct context *c, const struct pack_order *o, const struct pack_view *v,
		 char **out, struct err *e)
{
	auto_node struct node *root = node_new_object();
	const struct tenant_state *s = &v->tenant.state;
	const struct verify_result *r = o->result;
	char fingerprint[DIGEST_HEX_SIZE];

	if (o->key)
		ed25519_fingerprint(o->key, fingerprint);
	node_set_str(root, "format", PACK_FORMAT);
	node_set_int(root, "version", PACK_VERSION);
	node_set_str(root, "tenant", r->tenant);
	node_set_str(root, "at", r->at);
	node_set_str(root, "tool", "tenantctl " TENANTCTL_VERSION);
	node_set_str(root, "verdict", verify_verdict(r));
	node_set_bool(root, "quick", r->quick);
	put_findings(root, r);
	node_set_str(root, "tier", v->tenant.row.tier);
	node_set_int(root, "other_tenants", (int64_t)o->names->names.count - 1);
	put_host(root, c, v);
	if (put_container(root, "worker", c, o->names, s->worker_present, &s->worker, e) ||
	    put_container(root, "gateway", c, o->names, s->gateway_present, &s->gateway, e))
		return -1;
	node_set_str(root, "manifest_sha256", v->manifest_sha256);
	node_set_str(root, "seccomp_sha256", v->seccomp->digest);
	put_rules(root, &v->tenant.spec);
	put_log(root, &v->log);
	node_set_str(root, "public_key_sha256", o->key ? fingerprint : NULL);
	*out = node_print(root, true);
	return 0;
}
