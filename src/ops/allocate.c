/*
 * The truth about slots is one allocation.json per tenant; the lock makes
 * "look, choose, write" one step. The file is written before any engine object
 * exists and removed after the last is gone, so a slot is never given out twice.
 */
#include "allocate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/mem.h"
#include "domain/paths.h"
#include "host_routes.h"
#include "ops/observe.h"

#define LOCK_WAIT_MS 30000
#define TENANTS_MAX 16384
#define MODE_PRIVATE 0600
#define MODE_PRIVATE_DIR 0700

int allocate_lock(struct context *c, int *out_fd, struct err *e)
{
	auto_free char *dir = path_of(c->root, PATH_STATE, NULL);
	auto_free char *path = path_of(c->root, PATH_ALLOCATE_LOCK, NULL);

	if (fsio_mkdirs(dir, MODE_PRIVATE_DIR, e))
		return -1;
	return fsio_lock(path, LOCK_WAIT_MS, out_fd, e);
}

struct taken {
	unsigned char *slots; /* one byte per slot */
	int64_t count;
	struct bind_list networks; /* struct network_info */
	struct ipv4_net *routes;
	size_t route_count;
};

static void taken_free(struct taken *t)
{
	free(t->slots);
	network_infos_free(&t->networks);
	free(t->routes);
}

static int port_conflict(const struct allocation *other, const char *name,
			 const struct tenant_spec *spec, struct err *e)
{
	bool same_host = strcmp(other->listen_host, spec->listen_host) == 0 ||
			 strcmp(other->listen_host, "0.0.0.0") == 0 ||
			 strcmp(spec->listen_host, "0.0.0.0") == 0;

	if (!spec->listen_port || !same_host || other->listen_port != spec->listen_port)
		return 0;
	err_set(e, ERR_CONFLICT, "listen: %s:%u is taken by tenant %s", spec->listen_host,
		spec->listen_port, name);
	return err_hint(e, "choose another port, or 'listen: auto'");
}

/* `listen: auto` gives a slot its own port; one that another manifest asks for by number takes the
 * slot out of reach. */
static void mark_auto_port(const struct context *c, const struct allocation *other,
			   const struct tenant_spec *spec, struct taken *t)
{
	int64_t slot = other->listen_port - c->host.port_base;

	if (!spec->listen_port && slot >= 0 && slot < t->count)
		t->slots[slot] = 1;
}

static int mark_tenants(struct context *c, const struct tenant_spec *spec, struct taken *t,
			struct err *e)
{
	auto_free char *dir = path_of(c->root, PATH_TENANTS, NULL);
	auto_strlist struct strlist names = { 0 };

	if (fsio_list(dir, TENANTS_MAX, &names, e))
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		auto_allocation struct allocation a = { 0 };

		if (!tenant_name_is_valid(names.items[i]) ||
		    strcmp(names.items[i], spec->tenant) == 0)
			continue;
		if (observe_allocation(c, names.items[i], &a, e)) {
			if (e->code != ERR_NOT_FOUND)
				return err_wrap(e, "tenant %s", names.items[i]);
			err_clear(e);
			continue;
		}
		if (port_conflict(&a, names.items[i], spec, e))
			return -1;
		if (a.slot < t->count)
			t->slots[a.slot] = 1;
		mark_auto_port(c, &a, spec, t);
	}
	return 0;
}

static bool net_is_ours(const struct network_info *n, const char *tenant)
{
	const char *owner = strmap_get(&n->spec.labels, LABEL_TENANT);
	const char *role = strmap_get(&n->spec.labels, LABEL_ROLE);

	return (owner && strcmp(owner, tenant) == 0) || (role && strcmp(role, ROLE_EGRESS) == 0);
}

/* Names what uses part of `net`, or NULL. */
static const char *used_by(const struct taken *t, const struct ipv4_net *net, const char *tenant)
{
	for (size_t i = 0; i < t->networks.count; i++) {
		const struct network_info *n = (struct network_info *)t->networks.items + i;
		struct err ignored = ERR_INIT;
		struct ipv4_net other;

		if (net_is_ours(n, tenant) || !n->spec.subnet ||
		    ipv4_net_parse(n->spec.subnet, &other, &ignored))
			continue;
		if (ipv4_net_overlaps(net, &other))
			return n->spec.name;
	}
	for (size_t i = 0; i < t->route_count; i++) {
		if (t->routes[i].prefix && ipv4_net_overlaps(net, &t->routes[i]))
			return "a route of the host";
	}
	return NULL;
}

static int gather(struct context *c, const struct tenant_spec *spec, struct taken *t, struct err *e)
{
	t->count = netplan_slots(&c->host);
	if (t->count < 1)
		return err_set(e, ERR_MANIFEST,
			       "host configuration: pool or egress_subnet is too small");
	t->slots = mem_alloc((size_t)t->count);
	if (mark_tenants(c, spec, t, e))
		return -1;
	if (c->client && client_network_list(c->client, NULL, 0, &t->networks, e))
		return -1;
	return host_routes(&t->routes, &t->route_count, e);
}

static int choose(struct context *c, const struct tenant_spec *spec, const struct taken *t,
		  int64_t *out, struct err *e)
{
	const char *blocker = NULL;

	for (int64_t slot = 0; slot < t->count; slot++) {
		struct ipv4_net net;
		const char *user;

		if (t->slots[slot])
			continue;
		if (netplan_slot_net(&c->host, slot, &net, e))
			return -1;
		user = used_by(t, &net, spec->tenant);
		if (!user) {
			*out = slot;
			return 0;
		}
		blocker = user;
	}
	err_set(e, ERR_REFUSED, "no free subnet is left in pool %s%s%s%s", c->host.pool,
		blocker ? " (part of it is used by " : "", blocker ? blocker : "",
		blocker ? ")" : "");
	return err_hint(e,
			"set another 'pool' in tenantctl.yaml, one that no route or network uses");
}

static void new_nonce(char out[NONCE_SIZE])
{
	unsigned char raw[(NONCE_SIZE - 1) / 2];

	/* Up to 256 bytes are never cut short (getrandom(2)). */
	while (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		;
	for (size_t i = 0; i < sizeof(raw); i++)
		snprintf(out + 2 * i, 3, "%02x", raw[i]);
}

/* Worth nothing anywhere but at the tenant's own gateway. */
static char *new_token(void)
{
	char random[NONCE_SIZE];

	new_nonce(random);
	return mem_printf("%s%s", SECRET_PLACEHOLDER_PREFIX, random);
}

static int store(struct context *c, const char *tenant, const struct allocation *a, struct err *e)
{
	auto_free char *dir = path_of(c->root, PATH_TENANT_STATE, tenant);
	auto_free char *path = path_of(c->root, PATH_ALLOCATION, tenant);
	auto_node struct node *json = bind_write(&allocation_table, a);
	auto_free char *text = node_print(json, true);

	if (fsio_mkdirs(dir, MODE_PRIVATE_DIR, e))
		return -1;
	return fsio_write(path, text, strlen(text), MODE_PRIVATE, 0, 0, e);
}

int allocate_claim(struct context *c, const struct tenant_spec *spec, bool dry,
		   struct allocation *out, struct err *e)
{
	auto_allocation struct allocation a = { 0 };
	struct taken taken = { 0 };
	char nonce[NONCE_SIZE];
	auto_fd int lock = -1;
	int64_t slot = 0;
	int rc = -1;

	if (!dry && allocate_lock(c, &lock, e))
		return -1;
	if (gather(c, spec, &taken, e) || choose(c, spec, &taken, &slot, e) ||
	    netplan_allocate(&c->host, spec, slot, &a, e))
		goto out;
	new_nonce(nonce);
	a.nonce = mem_strdup(nonce);
	a.token = new_token();
	a.created = clock_utc_text();
	if (!dry && store(c, spec->tenant, &a, e))
		goto out;
	*out = a;
	a = (struct allocation){ 0 };
	rc = 0;
out:
	taken_free(&taken);
	return rc;
}

int allocate_update_listen(struct context *c, const struct tenant_spec *spec, struct allocation *a,
			   struct err *e)
{
	struct taken taken = { 0 };
	auto_fd int lock = -1;
	int rc = -1;

	if (!spec->listen_port ||
	    (spec->listen_port == a->listen_port && strcmp(spec->listen_host, a->listen_host) == 0))
		return 0;
	if (allocate_lock(c, &lock, e))
		return -1;
	taken.count = netplan_slots(&c->host);
	taken.slots = mem_alloc((size_t)MAX_OF(taken.count, 1));
	if (!mark_tenants(c, spec, &taken, e)) {
		mem_replace(&a->listen_host, spec->listen_host);
		a->listen_port = spec->listen_port;
		rc = store(c, spec->tenant, a, e);
	}
	taken_free(&taken);
	return rc;
}

int allocate_give_token(struct context *c, const char *tenant, bool dry, struct allocation *a,
			struct err *e)
{
	if (a->token && *a->token)
		return 0;
	free(a->token);
	a->token = new_token();
	return dry ? 0 : store(c, tenant, a, e);
}

/* Engines before 23 may count an endpoint of a container that is long gone, after a crash, and show
 * nothing of it; then only their restart lets go of the network. It is nobody's by now, the next
 * tenant's gateway uses it, and the next deletion tries again: no reason to fail. */
static int remove_egress(struct context *c, const struct network_info *net, struct err *e)
{
	if (!client_network_remove(c->client, net->id, e))
		return 0;
	if (!client_network_is_held(e))
		return -1;
	log_warn("network %s of the gateways stays, though no tenant is left: %s; restart the "
		 "engine and run 'docker network rm %s', or leave it to the next tenant",
		 EGRESS_NETWORK_NAME, e->message, EGRESS_NETWORK_NAME);
	err_clear(e);
	return 0;
}

static int remove_egress_if_unused(struct context *c, struct err *e)
{
	auto_free char *dir = path_of(c->root, PATH_TENANTS, NULL);
	auto_strlist struct strlist names = { 0 };
	struct network_info net = { 0 };
	const char *role;
	int rc = 0;

	if (fsio_list(dir, TENANTS_MAX, &names, e))
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		auto_allocation struct allocation a = { 0 };
		struct err ignored = ERR_INIT;

		if (tenant_name_is_valid(names.items[i]) &&
		    (!observe_allocation(c, names.items[i], &a, &ignored) ||
		     ignored.code != ERR_NOT_FOUND))
			return 0;
	}
	if (client_network_inspect(c->client, EGRESS_NETWORK_NAME, &net, e)) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		return 0;
	}
	role = strmap_get(&net.spec.labels, LABEL_ROLE);
	if (role && strcmp(role, ROLE_EGRESS) == 0 && !net.members.count)
		rc = remove_egress(c, &net, e);
	network_info_free(&net);
	return rc;
}

int allocate_release(struct context *c, const char *tenant, struct err *e)
{
	auto_free char *dir = path_of(c->root, PATH_TENANT_STATE, tenant);
	auto_free char *path = path_of(c->root, PATH_ALLOCATION, tenant);
	auto_fd int lock = -1;

	if (allocate_lock(c, &lock, e))
		return -1;
	/* The slot is free from here on. The folder goes last: while it is there, a run that died
	 * in between is found unfinished, and the shared network is looked at again. */
	if (fsio_unlink(path, e) || remove_egress_if_unused(c, e))
		return -1;
	return fsio_remove_tree(dir, e);
}
