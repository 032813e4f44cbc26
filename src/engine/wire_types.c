/*
 * What engine/types.h promises about its structs: freeing and printing them, both
 * driven by the tables.
 */
#include "wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void container_spec_free(struct container_spec *s)
{
	wire_free(&wire_container_spec, s);
}

void container_spec_copy(struct container_spec *dst, const struct container_spec *src)
{
	wire_free(&wire_container_spec, dst);
	wire_copy(&wire_container_spec, dst, src);
}

void container_info_free(struct container_info *c)
{
	wire_free(&wire_container_info, c);
	wire_free(&wire_container_spec, &c->spec);
}

void container_rows_free(struct bind_list *rows)
{
	wire_free_rows(&wire_container_row, rows);
}

void network_spec_free(struct network_spec *s)
{
	wire_free(&wire_network_spec, s);
}

void network_info_free(struct network_info *n)
{
	wire_free(&wire_network_info, n);
	wire_free(&wire_network_spec, &n->spec);
}

void network_infos_free(struct bind_list *l)
{
	struct network_info *infos = l->items;
	size_t i;

	for (i = 0; i < l->count; i++)
		network_info_free(&infos[i]);
	free(infos);
	*l = (struct bind_list){ 0 };
}

void image_info_free(struct image_info *i)
{
	wire_free(&wire_image_info, i);
}

void engine_info_free(struct engine_info *i)
{
	struct engine_runtime *r = i->runtime_details.items;

	for (size_t k = 0; k < i->runtime_details.count; k++)
		free(r[k].version);
	wire_free(&wire_engine_info, i);
}

void engine_version_free(struct engine_version *v)
{
	wire_free(&wire_engine_version, v);
}

const char *engine_component_version(const struct engine_version *v, const char *name)
{
	const struct engine_component *c = v->components.items;

	for (size_t i = 0; i < v->components.count; i++)
		if (strcmp(c[i].name, name) == 0)
			return c[i].version[0] ? c[i].version : NULL;
	return NULL;
}

struct node *container_spec_json(const struct container_spec *s, bool settable_only)
{
	struct node *root = node_new_object();

	wire_write(&wire_container_spec, s, settable_only ? WIRE_OBSERVED | WIRE_NEVER : 0, root);
	return root;
}

void wire_mounts_weaken(const struct node *inspect, struct container_spec *spec)
{
	const struct node *list = wire_find(inspect, "HostConfig.Mounts");
	struct engine_mount *m = spec->mounts.items;
	size_t i;

	for (i = 0; i < spec->mounts.count; i++)
		if (node_bool(wire_find(node_at(list, i), "BindOptions.ReadOnlyNonRecursive"),
			      false))
			m[i].read_only = false;
}

void wire_differs(struct spec_differences *out, const char *field, const char *expected,
		  const char *observed, const char *fmt, ...)
{
	struct spec_difference *d;
	va_list ap;
	int len;

	out->items = mem_grow(out->items, out->count + 1, sizeof(*out->items));
	d = &out->items[out->count++];
	*d = (struct spec_difference){ .field = mem_strdup(field),
				       .expected = mem_strdup(expected),
				       .observed = mem_strdup(observed) };
	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	d->text = mem_alloc((size_t)MAX_OF(len, 0) + 1);
	va_start(ap, fmt);
	vsnprintf(d->text, (size_t)MAX_OF(len, 0) + 1, fmt, ap);
	va_end(ap);
}

void spec_differences_free(struct spec_differences *d)
{
	for (size_t i = 0; i < d->count; i++) {
		free(d->items[i].field);
		free(d->items[i].expected);
		free(d->items[i].observed);
		free(d->items[i].text);
	}
	free(d->items);
	*d = (struct spec_differences){ 0 };
}

size_t container_spec_diff(const struct container_spec *expected,
			   const struct container_spec *observed, struct strlist *out)
{
	struct spec_differences d auto_spec_differences = { 0 };

	container_spec_differences(expected, observed, &d);
	for (size_t i = 0; i < d.count; i++)
		strlist_add(out, d.items[i].text);
	return d.count;
}
