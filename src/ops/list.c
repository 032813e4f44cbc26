/*
 * list: one call to the engine for all tenants, merged with what the files say. Nothing
 * here inspects single objects: with fifty tenants that would be a hundred calls.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "domain/paths.h"
#include "ops/observe.h"
#include "tenant_row.h"
#include "verify_store.h"

void tenant_rows_free(struct tenant_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct tenant_row *r = &rows[i];

		free(r->tenant);
		free(r->tier);
		free(r->image);
		free(r->image_id);
		free(r->health);
		free(r->listen);
		free(r->verified_at);
		free(r->verified);
	}
	free(rows);
}

/* Where the engine puts a container's memory controller: cgroup v1, v2 with and without systemd.
 * With another cgroup parent it is not found, and the list goes without. */
static int64_t memory_of(const char *id)
{
	static const char *const places[] = {
		"/sys/fs/cgroup/memory/docker/%s/memory.usage_in_bytes",
		"/sys/fs/cgroup/system.slice/docker-%s.scope/memory.current",
		"/sys/fs/cgroup/docker/%s/memory.current",
		"/sys/fs/cgroup/memory/system.slice/docker-%s.scope/memory.usage_in_bytes",
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		size_t before = strcspn(places[i], "%");
		auto_free char *path =
			mem_printf("%.*s%s%s", (int)before, places[i], id, places[i] + before + 2);
		struct err ignored = ERR_INIT;
		char text[32];

		if (fsio_read_at(AT_FDCWD, path, text, sizeof(text), &ignored) > 0)
			return strtoll(text, NULL, 10);
	}
	return -1;
}

/* The engine writes health only into the sentence of the list: "Up 3 minutes (healthy)". */
static char *health_of(const char *status)
{
	static const struct {
		const char *in, *out;
	} words[] = { { "(healthy)", "healthy" },
		      { "(unhealthy)", "unhealthy" },
		      { "(health: starting)", "starting" } };

	for (size_t i = 0; status && i < ARRAY_SIZE(words); i++)
		if (strstr(status, words[i].in))
			return mem_strdup(words[i].out);
	return NULL;
}

static bool is_running(const struct container_row *c)
{
	return c && c->state && strcmp(c->state, "running") == 0;
}

/* Alive or cleanly at rest; restarting, dead, paused and removing are neither. */
static bool is_at_rest(const struct container_row *c)
{
	return c && c->state &&
	       (strcmp(c->state, "exited") == 0 || strcmp(c->state, "created") == 0);
}

enum tenant_status tenant_status_of(const struct container_row *worker,
				    const struct container_row *gateway, bool allocated)
{
	if (!worker && !gateway && !allocated)
		return TENANT_ABSENT;
	if (is_running(worker) && is_running(gateway))
		return TENANT_RUNNING;
	/* a worker that did not verify is stopped while its gateway runs */
	if (is_at_rest(worker) && (is_at_rest(gateway) || is_running(gateway)))
		return TENANT_STOPPED;
	return TENANT_BROKEN;
}

static const struct container_row *find(const struct bind_list *rows, const char *tenant,
					const char *role)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct container_row *c = (const struct container_row *)rows->items + i;
		const char *t = strmap_get(&c->labels, LABEL_TENANT);
		const char *r = strmap_get(&c->labels, LABEL_ROLE);

		if (t && r && strcmp(t, tenant) == 0 && strcmp(r, role) == 0)
			return c;
	}
	return NULL;
}

/* What the manifest says for `key`, or the key's default. */
static char *manifest_word(const struct doc *d, const char *key)
{
	const char *word = node_str(node_get(doc_root(d), key), NULL);

	for (size_t i = 0; !word && i < tenant_table.count; i++)
		if (strcmp(tenant_table.fields[i].key, key) == 0)
			word = tenant_table.fields[i].def;
	return word ? mem_strdup(word) : NULL;
}

/* A few words are wanted, so the manifest is read but not checked, which would take most of the
 * time of a list: a worker runs by what was checked when it was made, and validate says what is
 * wrong now. */
static void fill_from_manifest(const struct context *c, struct tenant_row *row)
{
	static const struct doc_limits limits = DOC_LIMITS_MANIFEST;
	auto_free char *path = path_of(c->root, PATH_MANIFEST, row->tenant);
	auto_free char *text = NULL;
	auto_doc struct doc *d = NULL;
	struct err why = ERR_INIT;
	size_t len;

	row->has_manifest = true;
	if (fsio_read(path, FSIO_TRUSTED, limits.bytes, &text, &len, &why)) {
		row->has_manifest = why.code != ERR_NOT_FOUND;
		return;
	}
	if (doc_parse_yaml(text, len, path, &limits, &d, &why) || !node_is_object(doc_root(d)))
		return;
	row->image = manifest_word(d, "image");
	row->tier = manifest_word(d, "tier");
	row->listen = manifest_word(d, "listen");
	row->egress = (int64_t)node_count(node_get(doc_root(d), "egress"));
	row->credentials = (int64_t)node_count(node_get(doc_root(d), "credentials"));
}

static int fill_from_allocation(const struct context *c, struct tenant_row *row,
				bool *out_allocated, struct err *e)
{
	auto_allocation struct allocation a = { 0 };

	if (observe_allocation(c, row->tenant, &a, e)) {
		/* a damaged file is for show and delete; the list shows the rest */
		*out_allocated = e->code != ERR_NOT_FOUND;
		if (e->code == ERR_SYSTEM)
			return -1;
		err_clear(e);
		return 0;
	}
	*out_allocated = true;
	free(row->listen);
	row->listen = mem_printf("%s:%lld", a.listen_host, (long long)a.listen_port);
	return 0;
}

int tenant_row_fill(const struct context *c, const char *tenant, const struct container_row *worker,
		    const struct container_row *gateway, struct tenant_row *out, struct err *e)
{
	struct tenant_row row = { .tenant = mem_strdup(tenant), .memory = -1 };
	bool allocated;

	fill_from_manifest(c, &row);
	if (fill_from_allocation(c, &row, &allocated, e)) {
		struct tenant_row *failed = mem_array(1, sizeof(*failed));

		*failed = row;
		tenant_rows_free(failed, 1);
		return -1;
	}
	row.status = tenant_status_of(worker, gateway, allocated);
	verify_last(c, tenant, &row.verified_at, &row.verified);
	if (worker) {
		const char *tier = strmap_get(&worker->labels, LABEL_TIER);

		/* what runs counts, not what the manifest would like */
		if (tier)
			mem_replace(&row.tier, tier);
		row.image_id = worker->image_id ? mem_strdup(worker->image_id) : NULL;
		if (!row.image && worker->image)
			row.image = mem_strdup(worker->image);
		row.health = health_of(worker->status);
		row.created = worker->created;
		if (is_running(worker))
			row.memory = memory_of(worker->id);
	}
	*out = row;
	return 0;
}

/* Objects that carry our label though nothing on disk knows the tenant: what is left must be seen.
 */
static void add_labelled(const struct bind_list *rows, struct strlist *names)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct container_row *c = (const struct container_row *)rows->items + i;
		const char *tenant = strmap_get(&c->labels, LABEL_TENANT);

		if (tenant && tenant_name_is_valid(tenant) && !strlist_has(names, tenant))
			strlist_add(names, tenant);
	}
	strlist_sort(names);
}

int ops_list(struct context *c, struct tenant_row **out, size_t *out_count, struct err *e)
{
	static const char *const filters[] = { LABEL_TENANT };
	auto_strlist struct strlist names = { 0 };
	struct bind_list containers = { 0 };
	struct tenant_row *rows;
	size_t count = 0;

	if (tenants_all(c, &names, e) ||
	    client_container_list(c->client, filters, ARRAY_SIZE(filters), &containers, e))
		return -1;
	add_labelled(&containers, &names);
	rows = mem_array(names.count + 1, sizeof(*rows));
	for (; count < names.count; count++) {
		const char *tenant = names.items[count];

		if (tenant_row_fill(c, tenant, find(&containers, tenant, ROLE_WORKER),
				    find(&containers, tenant, ROLE_GATEWAY), &rows[count], e)) {
			tenant_rows_free(rows, count);
			container_rows_free(&containers);
			return -1;
		}
	}
	container_rows_free(&containers);
	*out = rows;
	*out_count = count;
	return 0;
}
