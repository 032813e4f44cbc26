/* Attacks from inside, by a second container that is what the worker is. */
#include "verify_twin.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "domain/twin_spec.h"
#include "ops/twin.h"
#include "verify_log.h"

/* The probe takes 16 of each. */
#define GIVEN_MAX 16

void twin_view_free(struct twin_view *v)
{
	twin_facts_free(&v->facts);
	container_info_free(&v->container);
	strlist_free(&v->log.found);
	*v = (struct twin_view){ 0 };
}

static void add(struct strlist *l, const char *option, const char *value)
{
	strlist_add(l, option);
	strlist_add(l, value);
}

/* Some of the others, spread over all: each tenant is tried from the worker's own network, too. */
static void add_peers(const struct peers *peers, struct strlist *out)
{
	size_t tried = MIN_OF(peers->count, (size_t)GIVEN_MAX / 2);

	for (size_t i = 0; i < tried; i++) {
		const struct peer *p = &peers->items[i * peers->count / tried];
		auto_free char *name = desired_worker_name(p->tenant);

		add(out, "--peer", p->allocation.worker_ip);
		add(out, "--peer", p->allocation.gateway_ip);
		add(out, "--name", name);
	}
}

static void make_arguments(const struct context *c, const struct tenant_spec *spec,
			   const struct allocation *a, const struct peers *peers,
			   struct strlist *out)
{
	strlist_add(out, "attack");
	add(out, "--workspace", spec->workspace.path);
	add(out, "--gateway", a->gateway_ip);
	for (size_t i = 0, n = 0; i < c->host_addresses.count && n < GIVEN_MAX; i++) {
		const char *address = c->host_addresses.items[i];

		if (strchr(address, ':') || strncmp(address, "127.", 4) == 0)
			continue;
		add(out, "--host", address);
		n++;
	}
	add_peers(peers, out);
}

static void set_trouble(struct twin_view *v, const char *text)
{
	mem_replace(&v->facts.trouble, text);
	v->facts.complete = false;
}

/* What ends the verification itself, and does not only leave a question open. */
static bool is_final(const struct err *e)
{
	return e->code == ERR_PARTIAL || e->code == ERR_BUSY;
}

static int attack(struct context *c, const struct twin_order *o, const struct log_watch *logs,
		  struct twin_view *v, struct err *e)
{
	struct twin_output output auto_twin_output = { 0 };
	struct err removal = ERR_INIT;
	struct twin t;
	int rc;

	if (twin_start(c, o, &t, e))
		return -1;
	rc = twin_wait(c, &t, &output, e);
	log_watch_end(logs, &t.container, &v->log);
	v->container = t.container;
	t.container = (struct container_info){ 0 };
	v->has_container = true;
	if (twin_remove(c, &t, &removal)) {
		*e = removal;
		e->code = ERR_PARTIAL;
		return -1;
	}
	if (rc)
		return -1;
	twin_parse(output.text, output.size, &v->facts);
	v->facts.listened = output.heard >= 0;
	v->facts.heard = output.heard > 0 ? (unsigned)output.heard : 0;
	if (output.trouble)
		set_trouble(v, output.trouble);
	return 0;
}

int verify_twin(struct context *c, const struct tenant_spec *spec, const struct tenant_state *state,
		const struct peers *peers, struct twin_view *out, struct err *e)
{
	struct twin_order o = { .tenant = spec->tenant,
				.worker = &state->worker,
				.allocation = &state->allocation,
				.lures = true };
	struct log_watch logs auto_log_watch = { 0 };
	int rc = 0;

	out->tried = true;
	if (!state->worker_present || !state->worker.state.running) {
		set_trouble(out, "the worker does not run");
		return 0;
	}
	if (c->progress)
		c->progress(c->progress_arg, spec->tenant, "attack from inside", 0, 0);
	log_watch_begin(&state->worker, state->gateway_present ? &state->gateway : NULL, peers,
			&logs);
	make_arguments(c, spec, &state->allocation, peers, &o.arguments);
	add(&o.arguments, "--marker", logs.mark);
	if (attack(c, &o, &logs, out, e)) {
		if (is_final(e)) {
			rc = -1;
		} else {
			set_trouble(out, e->message);
			err_clear(e);
		}
	}
	strlist_free(&o.arguments);
	return rc;
}

static bool is_known(const struct tenant_state *s, const char *id)
{
	return (s->worker_present && strcmp(id, s->worker.id) == 0) ||
	       (s->gateway_present && strcmp(id, s->gateway.id) == 0);
}

static bool is_twin_of(const struct container_info *i, const struct tenant_spec *spec,
		       const struct tenant_state *s)
{
	const char *tenant = strmap_get(&i->spec.labels, LABEL_TENANT);
	const char *role = strmap_get(&i->spec.labels, LABEL_ROLE);
	const char *nonce = strmap_get(&i->spec.labels, LABEL_NONCE);

	return tenant && role && nonce && strcmp(tenant, spec->tenant) == 0 &&
	       strcmp(role, ROLE_TWIN) == 0 && strcmp(nonce, s->allocation.nonce) == 0;
}

char *verify_twin_running(struct context *c, const struct tenant_spec *spec,
			  const struct tenant_state *state)
{
	const struct network_member *m = state->network.members.items;
	struct container_info info = { 0 };
	struct err ignored = ERR_INIT;
	char *id = NULL;

	for (size_t i = 0; state->network_present && i < state->network.members.count && !id; i++) {
		if (!m[i].container_id || is_known(state, m[i].container_id))
			continue;
		if (client_container_inspect(c->client, m[i].container_id, &info, &ignored)) {
			log_debug("%s: member %.12s: %s", spec->tenant, m[i].container_id,
				  ignored.message);
			/* what is gone is no member any more: twins live for a moment */
			if (ignored.code == ERR_NOT_FOUND)
				id = mem_strdup(m[i].container_id);
			continue;
		}
		if (is_twin_of(&info, spec, state))
			id = mem_strdup(info.id);
		container_info_free(&info);
		info = (struct container_info){ 0 };
	}
	return id;
}
