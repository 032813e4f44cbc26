/*
 * Both directions of the twin's likeness: making it, and proving afterwards, from the
 * engine's own description of both, that nothing else differs.
 */
#include "domain/twin_spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "domain/desired.h"

#define SHOWN_MAX 120

char *twin_name(const char *tenant)
{
	return mem_printf("tc-%s-twin", tenant);
}

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static void keep_labels(const struct twin_inputs *in, struct strmap *labels)
{
	strmap_free(labels);
	strmap_set(labels, LABEL_TENANT, in->tenant);
	strmap_set(labels, LABEL_ROLE, ROLE_TWIN);
	strmap_set(labels, LABEL_NONCE, in->allocation->nonce);
}

/* It runs once, and nobody looks after it. */
static void set_life(struct container_spec *s)
{
	struct engine_health none = { 0 };

	mem_replace(&s->restart_policy, "no");
	s->restart_max = 0;
	s->auto_remove = false;
	strlist_free(&s->health.test);
	s->health = none;
	strlist_add(&s->health.test, "NONE");
}

/* Engines add a container's own short id to its aliases, and would give it to the twin. */
static void drop_own_alias(struct strlist *aliases, const char *id)
{
	auto_strlist struct strlist kept = { 0 };

	for (size_t i = 0; i < aliases->count; i++)
		if (strncmp(aliases->items[i], id, strlen(aliases->items[i])) != 0)
			strlist_add(&kept, aliases->items[i]);
	strlist_free(aliases);
	strlist_copy(aliases, &kept);
}

/* Its own address where the worker has the tenant's; elsewhere the engine chooses. */
static void set_addresses(const struct twin_inputs *in, struct container_spec *s)
{
	struct engine_endpoint *p = s->endpoints.items;

	for (size_t i = 0; i < s->endpoints.count; i++) {
		bool own = same_text(p[i].ipv4, in->allocation->worker_ip);

		mem_replace(&p[i].ipv4, own ? in->allocation->twin_ip : NULL);
		drop_own_alias(&p[i].aliases, in->worker->id);
	}
	while (s->ports.count > 0) { /* one host port has one owner */
		struct engine_port *port = (struct engine_port *)s->ports.items + --s->ports.count;

		free(port->container_port);
		free(port->host_ip);
		free(port->host_port);
	}
}

static void set_workspace(const struct twin_inputs *in, struct container_spec *s)
{
	struct engine_mount *m = s->mounts.items;

	for (size_t i = 0; i < s->mounts.count; i++)
		if (same_text(m[i].source, in->workspace))
			mem_replace(&m[i].source, in->scratch);
}

static void set_device(const struct twin_inputs *in, struct bind_list *rates)
{
	struct engine_device_rate *r = rates->items;

	for (size_t i = 0; i < rates->count; i++)
		if (in->scratch_device && same_text(r[i].path, in->device))
			mem_replace(&r[i].path, in->scratch_device);
}

/* A host name is refused beside somebody else's, and is then what the engine reports of that. */
static void drop_borrowed_name(struct container_spec *s)
{
	if (same_text(s->uts_mode, "host") ||
	    (s->network_mode && strncmp(s->network_mode, "container:", 10) == 0))
		mem_replace(&s->hostname, NULL);
}

void twin_spec_make(const struct twin_inputs *in, struct container_spec *out)
{
	struct container_spec s = { 0 };

	container_spec_copy(&s, &in->worker->spec);
	mem_replace(&s.image, in->image_id);
	strlist_free(&s.entrypoint);
	strlist_free(&s.cmd);
	strlist_add(&s.entrypoint, in->program);
	if (in->arguments)
		strlist_copy(&s.cmd, in->arguments);
	keep_labels(in, &s.labels);
	set_life(&s);
	set_addresses(in, &s);
	set_workspace(in, &s);
	set_device(in, &s.read_rates);
	set_device(in, &s.write_rates);
	drop_borrowed_name(&s);
	/* Known by their number only: the comparison tells. */
	s.device_count = 0;
	*out = s;
}

/* ---- comparison ---- */

/* What differs by design, or is the engine's own note. */
static const char *const excused[] = {
	"Image",	 "Entrypoint", "Cmd",	       "Labels", "Healthcheck", /* Config */
	"RestartPolicy", "AutoRemove", "PortBindings",				/* HostConfig */
};

static bool is_excused(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(excused); i++)
		if (strcmp(key, excused[i]) == 0)
			return true;
	return false;
}

static char *shown(const struct node *n)
{
	auto_free char *text = n ? node_print(n, false) : mem_strdup("nothing");

	if (strlen(text) > SHOWN_MAX)
		return mem_printf("%.*s... (%zu bytes)", SHOWN_MAX, text, strlen(text));
	return take_ptr(text);
}

static void compare_member(const char *part, const char *key, const struct node *worker,
			   const struct node *twin, struct strlist *out)
{
	auto_free char *a = worker ? node_print(worker, false) : mem_strdup("");
	auto_free char *b = twin ? node_print(twin, false) : mem_strdup("");

	if (strcmp(a, b) == 0)
		return;
	/* Values of variables are never shown: an operator may have put a key there. */
	if (strcmp(key, "Env") == 0) {
		strlist_addf(out, "%s.%s: the twin has other variables", part, key);
		return;
	}
	auto_free char *of_worker = shown(worker);
	auto_free char *of_twin = shown(twin);
	strlist_addf(out, "%s.%s: worker %s, twin %s", part, key, of_worker, of_twin);
}

/* Both come from one table, in one order: values are equal when they print equally. */
static void compare_part(const char *part, const struct node *worker, const struct node *twin,
			 struct strlist *out)
{
	const struct node *n;

	for (n = node_first(worker); n; n = node_next(n))
		if (!is_excused(node_key(n)))
			compare_member(part, node_key(n), n, node_get(twin, node_key(n)), out);
	for (n = node_first(twin); n; n = node_next(n))
		if (!is_excused(node_key(n)) && !node_get(worker, node_key(n)))
			compare_member(part, node_key(n), NULL, n, out);
}

static void compare_networks(const struct container_spec *worker, const struct container_spec *twin,
			     struct strlist *out)
{
	auto_strlist struct strlist a = { 0 };
	auto_strlist struct strlist b = { 0 };
	const struct engine_endpoint *p = worker->endpoints.items, *q = twin->endpoints.items;

	for (size_t i = 0; i < worker->endpoints.count; i++)
		strlist_add(&a, p[i].network);
	for (size_t i = 0; i < twin->endpoints.count; i++)
		strlist_add(&b, q[i].network);
	for (size_t i = 0; i < a.count; i++)
		if (!strlist_has(&b, a.items[i]))
			strlist_addf(out, "NetworkSettings.Networks: the twin is not on %s",
				     a.items[i]);
	for (size_t i = 0; i < b.count; i++)
		if (!strlist_has(&a, b.items[i]))
			strlist_addf(out, "NetworkSettings.Networks: only the twin is on %s",
				     b.items[i]);
}

/* The one mount that is the twin's own, with the worker's name: then the lists are alike. */
static void excuse_workspace(const struct container_spec *worker, struct container_spec *twin,
			     const char *workspace)
{
	const struct engine_mount *w = worker->mounts.items;
	struct engine_mount *t = twin->mounts.items;

	for (size_t i = 0; i < worker->mounts.count && i < twin->mounts.count; i++)
		if (same_text(w[i].source, workspace) && same_text(w[i].target, t[i].target))
			mem_replace(&t[i].source, workspace);
}

void twin_spec_compare(const struct container_info *worker, const struct container_info *twin,
		       const char *workspace, struct strlist *out)
{
	static const char *const parts[] = { "Config", "HostConfig" };
	struct container_spec own = { 0 }, other = { 0 };
	auto_node struct node *a = NULL;
	auto_node struct node *b = NULL;

	container_spec_copy(&own, &worker->spec);
	container_spec_copy(&other, &twin->spec);
	drop_borrowed_name(&own);
	drop_borrowed_name(&other);
	excuse_workspace(&own, &other, workspace);
	a = container_spec_json(&own, false);
	b = container_spec_json(&other, false);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		compare_part(parts[i], node_get(a, parts[i]), node_get(b, parts[i]), out);
	compare_networks(&own, &other, out);
	container_spec_free(&own);
	container_spec_free(&other);
}
