/*
 * Harvest: what a gateway logged becomes numbers in the tenant's state, before its log is
 * rotated away or its container removed. Readers and runs of other commands may do it at
 * the same time, so a lock of its own guards the file.
 */
#include "egress_state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/fsio.h"
#include "base/log.h"
#include "base/mem.h"
#include "domain/egress.h"
#include "domain/paths.h"
#include "ops/observe.h"

#define STATE_BYTES_MAX ((size_t)8 << 20)
#define LOCK_WAIT_MS 30000 /* a first harvest reads the whole log */
#define MODE_STATE 0600

/* A file that cannot be understood is no reason to stop: counting begins anew. */
static int read_state(const char *path, struct egress_state *out, char **out_text, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;

	*out = (struct egress_state){ 0 };
	if (fsio_read(path, FSIO_TRUSTED, STATE_BYTES_MAX, &text, &len, e)) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		return 0;
	}
	if (egress_state_parse(text, len, path, out, e)) {
		log_warn("%s; counting begins anew", e->message);
		err_clear(e);
		return 0;
	}
	*out_text = take_ptr(text);
	return 0;
}

static int write_state(const char *path, struct egress_state *s, const char *before, struct err *e)
{
	auto_free char *text = egress_state_text(s);

	if (before && strcmp(text, before) == 0)
		return 0;
	s->harvested = (int64_t)time(NULL);
	free(text);
	text = egress_state_text(s);
	return fsio_write(path, text, strlen(text), MODE_STATE, (uid_t)-1, (gid_t)-1, e);
}

static void rule_ids(const struct tenant_spec *spec, struct strlist *out)
{
	const struct egress_entry *entries = spec->egress.items;
	const struct credential_entry *credentials = spec->credentials.items;

	for (size_t i = 0; i < spec->egress.count; i++) {
		auto_free char *id = egress_rule_id(&entries[i]);
		strlist_add(out, id);
	}
	for (size_t i = 0; i < spec->credentials.count; i++) {
		auto_free char *id = credential_rule_id(&credentials[i]);
		strlist_add(out, id);
	}
}

static int on_chunk(void *arg, const struct log_line *line)
{
	egress_reader_feed(arg, line->stream, line->data, line->len);
	return 0;
}

/* *out_gone: there is no such container any more, and `s` is spoiled: its mark, which keeps lines
 * of the container that is there now from being counted twice, was given up. */
static int read_log(const struct context *c, struct client *client, const char *tenant,
		    const char *gateway_id, struct egress_state *s, bool *out_gone, struct err *e)
{
	auto_allocation struct allocation a = { 0 };
	struct egress_reader r;
	int rc;

	if (observe_allocation(c, tenant, &a, e))
		err_clear(e); /* damaged or gone: all lines count */
	egress_reader_begin(&r, s,
			    &(struct egress_owner){ .tenant = tenant,
						    .container = gateway_id,
						    .nonce = a.nonce,
						    .twin = a.twin_ip });
	rc = client_container_logs_stamped(client, gateway_id, false, egress_reader_since(&r),
					   on_chunk, &r, e);
	egress_reader_end(&r);
	*out_gone = rc && e->code == ERR_NOT_FOUND; /* removed meanwhile, by somebody else */
	if (!*out_gone)
		return rc;
	err_clear(e);
	return 0;
}

static bool has_state(const struct context *c, const char *tenant)
{
	auto_free char *dir = path_of(c->root, PATH_TENANT_STATE, tenant);
	struct stat st;

	return lstat(dir, &st) == 0;
}

int egress_harvest(struct context *c, struct client *client, const char *tenant,
		   const char *gateway_id, const struct tenant_spec *spec, struct egress_state *out,
		   struct err *e)
{
	auto_free char *path = path_of(c->root, PATH_EGRESS, tenant);
	auto_free char *lock_path = path_of(c->root, PATH_EGRESS_LOCK, tenant);
	auto_egress_state struct egress_state s = { 0 };
	auto_strlist struct strlist rules = { 0 };
	auto_free char *before = NULL;
	auto_fd int lock = -1;
	bool gone = false;

	if (!has_state(c, tenant)) {
		if (out)
			*out = (struct egress_state){ 0 };
		return 0;
	}
	if (fsio_lock(lock_path, LOCK_WAIT_MS, &lock, e) || read_state(path, &s, &before, e) ||
	    (*gateway_id && read_log(c, client, tenant, gateway_id, &s, &gone, e)))
		return err_wrap(e, "egress counters");
	if (gone) {
		egress_state_free(&s);
		free(take_ptr(before));
		if (read_state(path, &s, &before, e))
			return err_wrap(e, "egress counters");
	}
	if (spec) {
		rule_ids(spec, &rules);
		egress_state_rules(&s, &rules, (int64_t)time(NULL));
	}
	if (write_state(path, &s, before, e))
		return err_wrap(e, "egress counters");
	if (out) {
		*out = s;
		s = (struct egress_state){ 0 };
	}
	return 0;
}

void egress_harvest_step(struct run *r, struct client *client, enum step_kind kind)
{
	struct err e = ERR_INIT;

	if (kind != STEP_GATEWAY_STOP && kind != STEP_GATEWAY_REMOVE && kind != STEP_VERIFY)
		return;
	if (egress_harvest(r->c, client, r->tenant, r->gateway_id, r->spec, NULL, &e))
		log_warn("tenant %s: %s", r->tenant, e.message);
}
