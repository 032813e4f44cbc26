/*
 * Create requests. The field table writes what was asked for; this file adds what
 * depends on the API version and moves the parts to where the request wants them.
 */
#include "create.h"

#include <string.h>

#include "client_internal.h"
#include "wire.h"

/* A read-only bind must cover the mounts below it. Since API 1.44 the engine can promise that or
 * fail; before, submounts stayed writable, and the only safe form hides them. */
static void add_bind_options(const struct client *c, const struct bind_list *mounts,
			     enum create_kind kind, struct node *array)
{
	const struct engine_mount *m = mounts->items;
	size_t i;

	for (i = 0; i < mounts->count; i++) {
		bool as_seen = kind == CREATE_COPY && m[i].propagation && *m[i].propagation;
		struct node *options;

		if (strcmp(m[i].type ? m[i].type : "", "bind") != 0)
			continue;
		options = node_set_object(node_at(array, i), "BindOptions");
		node_set_str(options, "Propagation", as_seen ? m[i].propagation : "rprivate");
		if (m[i].read_only)
			node_set_bool(options,
				      client_has_api(c, 1, 44) ? "ReadOnlyForceRecursive"
							       : "NonRecursive",
				      true);
	}
}

struct node *create_endpoint(const struct engine_endpoint *endpoint)
{
	struct node *o = node_new_object();

	wire_write(&wire_endpoint, endpoint, WIRE_OBSERVED, o);
	return o;
}

static void add_endpoints(const struct client *c, const struct container_spec *spec,
			  struct node *body)
{
	const struct engine_endpoint *ep = spec->endpoints.items;
	/* Older engines refuse more than one; the caller connects the rest before the start. */
	size_t n = client_has_api(c, 1, 44) ? spec->endpoints.count
					    : MIN_OF(spec->endpoints.count, (size_t)1);
	struct node *map;
	size_t i;

	if (n == 0)
		return;
	map = node_set_object(node_set_object(body, "NetworkingConfig"), "EndpointsConfig");
	for (i = 0; i < n; i++)
		node_set(map, ep[i].network, create_endpoint(&ep[i]));
}

static void add_exposed_ports(const struct container_spec *spec, struct node *body)
{
	const struct engine_port *p = spec->ports.items;
	struct node *map;
	size_t i;

	if (spec->ports.count == 0)
		return;
	map = node_set_object(body, "ExposedPorts");
	for (i = 0; i < spec->ports.count; i++)
		if (!node_get(map, p[i].container_port))
			(void)node_set_object(map, p[i].container_port);
}

static int check_never(const struct container_spec *spec, struct err *e)
{
	size_t i;

	for (i = 0; i < wire_container_spec.count; i++) {
		const struct wire_field *f = &wire_container_spec.fields[i];

		if ((f->flags & WIRE_NEVER) && !wire_is_empty(f, spec))
			return err_set(e, ERR_INTERNAL, "%s is never set by tenantctl", f->path);
	}
	return 0;
}

/* Left out, the engine would fill in its own, which the original does not have. */
static void add_empty_paths(const struct container_spec *spec, struct node *host)
{
	if (spec->masked_paths.count == 0)
		(void)node_set_array(host, "MaskedPaths");
	if (spec->readonly_paths.count == 0)
		(void)node_set_array(host, "ReadonlyPaths");
}

int create_container_body(const struct client *c, const struct container_spec *spec,
			  enum create_kind kind, struct node **out, struct err *e)
{
	auto_node struct node *all = NULL;
	struct node *body;
	const struct node *n;

	if (kind == CREATE_ORDERED && check_never(spec, e) < 0)
		return -1;
	all = container_spec_json(spec, kind == CREATE_ORDERED);
	/* Inspect replies nest Config, create requests have its members at the top. */
	body = node_new_object();
	for (n = node_first(node_get(all, "Config")); n; n = node_next(n))
		node_set(body, node_key(n), node_copy(n));
	node_set(body, "HostConfig", node_copy(node_get(all, "HostConfig")));
	if (kind == CREATE_COPY)
		add_empty_paths(spec, node_get(body, "HostConfig"));
	if (spec->mounts.count > 0)
		add_bind_options(c, &spec->mounts, kind,
				 node_get(node_get(body, "HostConfig"), "Mounts"));
	add_exposed_ports(spec, body);
	add_endpoints(c, spec, body);
	*out = body;
	return 0;
}

struct node *create_network_body(const struct network_spec *spec)
{
	struct node *body = node_new_object();
	struct node *ipam, *pool;

	wire_write(&wire_network_spec, spec, WIRE_POOL, body);
	node_set_str(body, "Driver", "bridge");
	/* Up to engine 24 two networks of one name can come into being without it. */
	node_set_bool(body, "CheckDuplicate", true);
	ipam = node_set_object(body, "IPAM");
	node_set_str(ipam, "Driver", "default");
	pool = node_push_object(node_set_array(ipam, "Config"));
	if (spec->subnet)
		node_set_str(pool, "Subnet", spec->subnet);
	if (spec->gateway)
		node_set_str(pool, "Gateway", spec->gateway);
	if (spec->ip_range)
		node_set_str(pool, "IPRange", spec->ip_range);
	return body;
}
