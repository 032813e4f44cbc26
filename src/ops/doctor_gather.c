/* Reads what tenantctl itself keeps, for doctor. */
#include "doctor_gather.h"

#include <string.h>
#include <sys/stat.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "domain/paths.h"

#define RESULT_BYTES_MAX ((size_t)64 * 1024)
#define BLOCK 512 /* unit of st_blocks, stat(2) */

static void add_place(struct places *out, char *path, mode_t allowed)
{
	out->items = mem_grow(out->items, out->count + 1, sizeof(*out->items));
	out->items[out->count++] = (struct doctor_place){ .path = path, .allowed = allowed };
}

void doctor_places(const struct context *c, const struct strlist *tenants, struct places *out)
{
	add_place(out, mem_printf("%s/etc/tenantctl", c->root), 0755);
	add_place(out, path_of(c->root, PATH_MANIFESTS, NULL), 0755);
	add_place(out, mem_printf("%s/etc/tenantctl/secrets", c->root), 0700);
	add_place(out, path_of(c->root, PATH_STATE, NULL), 0700);
	add_place(out, path_of(c->root, PATH_TENANTS, NULL), 0700);
	add_place(out, path_of(c->root, PATH_LOCKS, NULL), 0700);
	/* the engine's mounts pass through it */
	add_place(out, path_of(c->root, PATH_SERVED, NULL), 0711);
	for (size_t i = 0; i < tenants->count; i++) {
		add_place(out, path_of(c->root, PATH_TENANT_STATE, tenants->items[i]), 0700);
		add_place(out, path_of(c->root, PATH_TENANT_DATA, tenants->items[i]), 0700);
	}
}

void places_free(struct places *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->items[i].path);
	free(p->items);
	*p = (struct places){ 0 };
}

static void add_result(const char *path, struct behaviour *out)
{
	static const struct doc_limits limits = DOC_LIMITS_MANIFEST;
	auto_free char *text = NULL;
	auto_doc struct doc *d = NULL;
	struct err ignored = ERR_INIT;
	const struct node *root, *ids;
	const char *at;
	size_t len;

	if (fsio_read(path, FSIO_TRUSTED, RESULT_BYTES_MAX, &text, &len, &ignored) ||
	    doc_parse_json(text, len, path, &limits, &d, &ignored))
		return;
	root = doc_root(d);
	ids = node_get(root, "not_passed");
	at = node_str(node_get(root, "at"), NULL);
	if (!at || !node_is_array(ids) || node_bool(node_get(root, "partial"), true))
		return;
	for (const struct node *n = node_first(ids); n; n = node_next(n))
		if (!strlist_has(&out->failed, node_str(n, "?")))
			strlist_add(&out->failed, node_str(n, "?"));
	/* times of this form are in the order of their text */
	if (!out->oldest || strcmp(at, out->oldest) < 0)
		mem_replace(&out->oldest, at);
	out->verified++;
}

void doctor_behaviour(const struct context *c, const struct strlist *tenants, struct behaviour *out)
{
	for (size_t i = 0; i < tenants->count; i++) {
		auto_free char *state = path_of(c->root, PATH_ALLOCATION, tenants->items[i]);
		auto_free char *result = path_of(c->root, PATH_LAST_VERIFY, tenants->items[i]);
		struct stat st;

		if (lstat(state, &st))
			continue; /* a manifest only */
		out->tenants++;
		add_result(result, out);
	}
}

uint64_t doctor_promised(const struct context *c, const struct strlist *tenants)
{
	uint64_t promised = 0;

	for (size_t i = 0; i < tenants->count; i++) {
		auto_free char *image = path_of(c->root, PATH_WORKSPACE_IMAGE, tenants->items[i]);
		struct stat st;

		if (lstat(image, &st) || !S_ISREG(st.st_mode) || st.st_size < 0)
			continue;
		if (st.st_size > st.st_blocks * BLOCK)
			promised += (uint64_t)(st.st_size - st.st_blocks * BLOCK);
	}
	return promised;
}
