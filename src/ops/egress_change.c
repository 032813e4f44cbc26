/*
 * allow and revoke: the manifest's text is edited, written as a whole, and the running
 * gateway is brought to it. When that fails the old text is put back, so that the file
 * never says what the gateway does not do. One hold of the tenant's lock goes around all
 * of that: no start in between takes the old rules, no apply the new ones.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/mem.h"
#include "change.h"
#include "domain/manifest_edit.h"
#include "domain/paths.h"
#include "egress_state.h"
#include "ops/egress.h"

#define MANIFEST_BYTES_MAX ((size_t)256 * 1024)
#define MODE_PRIVATE_DIR 0700

struct edit { /* one change of one manifest, from lock to reload */
	struct context *c;
	const char *tenant;
	char *path, *lock_path;
	int lock;
	struct stat st; /* mode and owner are kept */
	char *text;	/* as it was */
	struct tenant_spec spec;
};

void egress_changed_free(struct egress_changed *r)
{
	strlist_free(&r->rules);
	*r = (struct egress_changed){ 0 };
}

static void edit_end(struct edit *ed)
{
	struct err ignored = ERR_INIT;

	/* while it is held: whoever waits notices that the file is another */
	if (ed->lock >= 0 && fsio_unlink(ed->lock_path, &ignored))
		log_debug("%s", ignored.message);
	mem_close_slot(&ed->lock);
	free(ed->path);
	free(ed->lock_path);
	free(ed->text);
	tenant_spec_free(&ed->spec);
}
#define auto_edit cleanup_with(edit_end)

/* Whoever holds the lock may be at it for minutes. */
static int say_busy(const char *what, struct err *e)
{
	if (e->code != ERR_BUSY)
		return -1;
	err_wrap(e, "%s", what);
	return err_hint(e, "nothing was changed; run the command again when that run is over");
}

static int edit_begin(struct edit *ed, struct context *c, const char *tenant, struct err *e)
{
	auto_free char *locks = path_of(c->root, PATH_LOCKS, NULL);

	*ed = (struct edit){ .c = c,
			     .tenant = tenant,
			     .path = path_of(c->root, PATH_MANIFEST, tenant),
			     .lock_path = path_of(c->root, PATH_MANIFEST_LOCK, tenant),
			     .lock = -1 };
	/* before a lock is made for a tenant that nobody knows */
	if (tenant_manifest(c, tenant, NULL, &ed->spec, NULL, e))
		return -1;
	tenant_spec_free(&ed->spec);
	if (fsio_mkdirs(locks, MODE_PRIVATE_DIR, e))
		return -1;
	if (fsio_lock(ed->lock_path, c->lock_wait_ms, &ed->lock, e))
		return say_busy("its manifest is being edited", e);
	if (tenant_manifest(c, tenant, NULL, &ed->spec, &ed->text, e))
		return -1;
	if (lstat(ed->path, &ed->st))
		return err_sys(e, errno, "%s", ed->path);
	return 0;
}

static int write_manifest(const struct edit *ed, const char *text, struct err *e)
{
	return fsio_write(ed->path, text, strlen(text), ed->st.st_mode & 07777, ed->st.st_uid,
			  ed->st.st_gid, e);
}

/* Only what is still the text that was edited is replaced. */
static int replace_manifest(const struct edit *ed, const char *text, struct err *e)
{
	auto_free char *now = NULL;
	size_t len;

	if (fsio_read(ed->path, FSIO_TRUSTED, MANIFEST_BYTES_MAX, &now, &len, e))
		return -1;
	if (strcmp(now, ed->text) == 0)
		return write_manifest(ed, text, e);
	err_set(e, ERR_CONFLICT, "%s was edited by somebody else meanwhile", ed->path);
	return err_hint(e, "nothing was changed; run the command again");
}

/* Returns -1 with the reason in `e` and what became of the manifest behind it. Only what was
 * written here is taken back: an operator who edits or removes the file takes no lock. */
static int put_back(const struct edit *ed, const char *written, struct err *e)
{
	auto_free char *now = NULL;
	auto_free char *why = mem_strdup(e->message);
	struct err again = ERR_INIT;
	size_t len;
	int rc = fsio_read(ed->path, FSIO_TRUSTED, MANIFEST_BYTES_MAX, &now, &len, &again);

	if (rc && again.code == ERR_NOT_FOUND)
		return err_set(e, e->code,
			       "%s; the manifest was removed by somebody else meanwhile", why);
	if (!rc && strcmp(now, written) != 0)
		return err_set(e, e->code,
			       "%s; the manifest was edited by somebody else meanwhile and is as "
			       "they left it",
			       why);
	if (rc || write_manifest(ed, ed->text, &again))
		return err_set(e, e->code, "%s; AND THE MANIFEST COULD NOT BE PUT BACK (%s)", why,
			       again.message);
	return err_set(e, e->code, "%s; the manifest is as it was", why);
}

/* From now on the rules have their age; that they have not is no failure of the change. */
static void count_rules(struct edit *ed)
{
	auto_spec struct tenant_spec spec = { 0 };
	struct err e = ERR_INIT;
	char id[ENGINE_ID_SIZE];
	bool running;

	if (tenant_manifest(ed->c, ed->tenant, NULL, &spec, NULL, &e) ||
	    egress_find_gateway(ed->c, ed->tenant, id, &running, &e) ||
	    egress_harvest(ed->c, ed->c->client, ed->tenant, id, &spec, NULL, &e))
		log_warn("tenant %s: %s", ed->tenant, e.message);
}

/* Whether a gateway runs is for the reload to say, which looks under the lock. */
static int change_locked(struct edit *ed, const char *text, struct egress_changed *out,
			 struct err *e)
{
	const struct keys_options o = { .source = KEYS_KEEP };
	struct run_result r = { 0 };
	auto_fd int lock = -1;
	int64_t start;
	int rc;

	if (tenant_lock(ed->c, ed->tenant, &lock, e))
		return say_busy("the tenant is busy", e);
	start = clock_monotonic_ms();
	if (replace_manifest(ed, text, e))
		return -1;
	rc = reload_locked(ed->c, ed->tenant, &o, &r, e);
	out->effect = r.plan.tenant ? EGRESS_LIVE : EGRESS_AT_START;
	out->milliseconds = clock_monotonic_ms() - start;
	run_result_free(&r);
	return rc ? put_back(ed, text, e) : 0;
}

static int put_in_force(struct edit *ed, const char *text, struct egress_changed *out,
			struct err *e)
{
	if (change_locked(ed, text, out, e))
		return -1;
	count_rules(ed);
	return 0;
}

/* ---- allow ---- */

static void today(char buf[16])
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(buf, 16, "%Y-%m-%d", &tm);
}

static bool is_expired(const struct egress_entry *r)
{
	char day[16];

	today(day);
	return r->expires && strcmp(r->expires, day) <= 0;
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static const struct egress_entry *find_entry(const struct tenant_spec *s,
					     const struct egress_entry *like, size_t *out_index)
{
	const struct egress_entry *r = s->egress.items;

	for (size_t i = 0; i < s->egress.count; i++)
		if (r[i].port == like->port && r[i].protocol == like->protocol &&
		    strcmp(r[i].host, like->host) == 0) {
			*out_index = i;
			return &r[i];
		}
	return NULL;
}

/* Something else allows it: its rule is the answer. */
static int covered(struct edit *ed, const struct egress_entry *entry, struct egress_changed *out,
		   bool *out_covered, struct err *e)
{
	const struct egress_query q = { .host = entry->host,
					.port = entry->port,
					.now = (int64_t)time(NULL) };
	struct egress_decision d = { 0 };
	const struct egress_entry *r = ed->spec.egress.items;

	*out_covered = false;
	if (entry->protocol != EGRESS_TLS || entry->host[0] == '*')
		return 0;
	if (egress_check_spec(ed->c, &ed->spec, &q, &d, e))
		return -1;
	for (size_t i = 0; d.allowed && i < ed->spec.egress.count; i++) {
		auto_free char *id = egress_rule_id(&r[i]);

		if (strcmp(id, d.rule) != 0 || (entry->private_ok && !r[i].private_ok))
			continue;
		strlist_add(&out->rules, id);
		*out_covered = true;
		return 0;
	}
	return 0;
}

/* The entry as it will be: what is not given is kept, but for a date that is over. */
static struct egress_entry merge(const struct egress_entry *old, const struct egress_entry *given)
{
	struct egress_entry r = *old;

	r.private_ok = old->private_ok || given->private_ok;
	r.expires = given->expires ? given->expires : is_expired(old) ? NULL : old->expires;
	r.reason = given->reason ? given->reason : old->reason;
	return r;
}

static bool same_entry(const struct egress_entry *a, const struct egress_entry *b)
{
	return a->private_ok == b->private_ok && same_text(a->expires, b->expires) &&
	       same_text(a->reason, b->reason);
}

int ops_egress_allow(struct context *c, const char *tenant, const struct egress_entry *entry,
		     struct egress_changed *out, struct err *e)
{
	struct edit ed auto_edit = { .lock = -1 };
	const struct egress_entry *old;
	struct egress_entry merged;
	auto_free char *text = NULL;
	auto_free char *id = egress_rule_id(entry);
	bool enough = false;
	size_t index;
	int rc;

	if (edit_begin(&ed, c, tenant, e))
		return -1;
	old = find_entry(&ed.spec, entry, &index);
	if (old) {
		merged = merge(old, entry);
		out->replaced = !same_entry(&merged, old);
		enough = !out->replaced;
		if (enough)
			strlist_add(&out->rules, id);
	} else if (covered(&ed, entry, out, &enough, e)) {
		return -1;
	}
	if (enough)
		return 0;
	rc = old ? manifest_egress_replace(ed.text, strlen(ed.text), ed.path, index, &merged, &text,
					   e)
		 : manifest_egress_add(ed.text, strlen(ed.text), ed.path, entry, &text, e);
	if (rc || put_in_force(&ed, text, out, e))
		return -1;
	strlist_add(&out->rules, id);
	return 0;
}

/* ---- revoke ---- */

static int drop_entries(struct edit *ed, const bool *drop, struct egress_changed *out,
			struct err *e)
{
	const struct egress_entry *r = ed->spec.egress.items;
	auto_free char *text = NULL;

	if (manifest_egress_remove(ed->text, strlen(ed->text), ed->path, drop, &text, e) ||
	    put_in_force(ed, text, out, e))
		return -1;
	for (size_t i = 0; i < ed->spec.egress.count; i++) {
		auto_free char *id = egress_rule_id(&r[i]);

		if (drop[i])
			strlist_add(&out->rules, id);
	}
	return 0;
}

static int nothing_to_revoke(struct edit *ed, const char *host, int64_t port, struct err *e)
{
	const struct egress_entry entry = { .host = (char *)host, .port = port ? port : 443 };
	const struct egress_entry *r = ed->spec.egress.items;
	struct egress_changed by = { 0 };
	bool is_covered;

	for (size_t i = 0; i < ed->spec.egress.count; i++) {
		if (strcmp(r[i].host, host) != 0)
			continue;
		err_set(e, ERR_NOT_FOUND, "there is no entry for %s with port %lld", host,
			(long long)port);
		return err_hint(e, "there is one with --port %lld", (long long)r[i].port);
	}
	if (covered(ed, &entry, &by, &is_covered, e))
		return -1;
	err_set(e, ERR_NOT_FOUND, "there is no entry for %s", host);
	if (is_covered)
		err_hint(e, "it is allowed by %s: that is what can be revoked", by.rules.items[0]);
	else
		err_hint(e, "'tenantctl egress show %s' lists the entries", ed->tenant);
	egress_changed_free(&by);
	return -1;
}

/* What is to go: the entries of a host, and of one port if it is given, or those of `rules`. */
struct selection {
	const char *host;
	int64_t port; /* 0: any */
	const struct strlist *rules;
};

static bool is_selected(const struct selection *s, const struct egress_entry *r)
{
	auto_free char *id = NULL;

	if (s->host)
		return strcmp(r->host, s->host) == 0 && (!s->port || r->port == s->port);
	id = egress_rule_id(r);
	return strlist_has(s->rules, id);
}

/* *out_any: there was one. */
static int drop_selected(struct edit *ed, const struct selection *s, bool *out_any,
			 struct egress_changed *out, struct err *e)
{
	const struct egress_entry *r = ed->spec.egress.items;
	auto_free bool *drop = mem_array(ed->spec.egress.count + 1, sizeof(*drop));

	*out_any = false;
	for (size_t i = 0; i < ed->spec.egress.count; i++) {
		drop[i] = is_selected(s, &r[i]);
		*out_any |= drop[i];
	}
	return *out_any ? drop_entries(ed, drop, out, e) : 0;
}

int ops_egress_revoke(struct context *c, const char *tenant, const char *host, int64_t port,
		      struct egress_changed *out, struct err *e)
{
	const struct selection s = { .host = host, .port = port };
	struct edit ed auto_edit = { .lock = -1 };
	bool any;

	if (edit_begin(&ed, c, tenant, e) || drop_selected(&ed, &s, &any, out, e))
		return -1;
	return any ? 0 : nothing_to_revoke(&ed, host, port, e);
}

int ops_egress_remove(struct context *c, const char *tenant, const struct strlist *rules,
		      struct egress_changed *out, struct err *e)
{
	const struct selection s = { .rules = rules };
	struct edit ed auto_edit = { .lock = -1 };
	bool any;

	return edit_begin(&ed, c, tenant, e) || drop_selected(&ed, &s, &any, out, e) ? -1 : 0;
}
