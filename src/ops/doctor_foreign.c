/*
 * Containers that share the engine with tenants. Labels can be given by anybody who
 * may start a container, so a container is tenantctl's only if its name is, too.
 */
#include <string.h>

#include "base/mem.h"
#include "doctor_gather.h"
#include "domain/desired.h"
#include "domain/paths.h"
#include "domain/twin_spec.h"

enum { FOREIGN_MAX = 512 };

bool doctor_is_own(const struct container_row *row, const struct strlist *tenants)
{
	const char *tenant = strmap_get(&row->labels, LABEL_TENANT);

	if (!tenant || !strmap_get(&row->labels, LABEL_NONCE) || !strlist_has(tenants, tenant))
		return false;
	auto_free char *worker = desired_worker_name(tenant);
	auto_free char *gateway = desired_gateway_name(tenant);
	auto_free char *twin = twin_name(tenant);
	return strcmp(row->name, worker) == 0 || strcmp(row->name, gateway) == 0 ||
	       strcmp(row->name, twin) == 0;
}

static bool covers(const char *path, const char *what)
{
	size_t len = strlen(path);

	while (len && path[len - 1] == '/')
		len--;
	return strncmp(path, what, len) == 0 && (what[len] == '\0' || what[len] == '/');
}

static void look_at_source(const struct context *c, const char *source, struct foreign_container *x)
{
	static const enum path_kind kinds[] = { PATH_STATE, PATH_SERVED, PATH_MANIFESTS };
	static const char *const sockets[] = { "/var/run/docker.sock", "/run/docker.sock" };

	x->engine_socket = x->engine_socket || covers(source, c->socket_path);
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++)
		x->engine_socket = x->engine_socket || covers(source, sockets[i]);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		auto_free char *path = path_of(c->root, kinds[i], NULL);

		if ((covers(source, path) || covers(path, source)) &&
		    !strlist_has(&x->tenant_mounts, source))
			strlist_add(&x->tenant_mounts, source);
	}
}

static void look_at_mounts(const struct context *c, const struct container_spec *s,
			   struct foreign_container *x)
{
	const struct engine_mount *m = s->mounts.items;

	for (size_t i = 0; i < s->mounts.count; i++)
		if (strcmp(m[i].type, "bind") == 0)
			look_at_source(c, m[i].source, x);
	for (size_t i = 0; i < s->binds.count; i++) {
		auto_free char *source =
			mem_strndup(s->binds.items[i], strcspn(s->binds.items[i], ":"));

		if (source[0] == '/') /* else the name of a volume */
			look_at_source(c, source, x);
	}
}

/* Those that lead out of a container by themselves. */
static void look_at_capabilities(const struct strlist *added, struct foreign_container *x)
{
	static const char *const ways[] = { "ALL",	  "SYS_ADMIN", "SYS_MODULE",
					    "SYS_PTRACE", "SYS_RAWIO", "DAC_READ_SEARCH",
					    "BPF",	  "MAC_ADMIN" };

	for (size_t i = 0; i < added->count; i++) {
		const char *name = added->items[i];

		name += strncmp(name, "CAP_", 4) == 0 ? 4 : 0;
		for (size_t k = 0; k < ARRAY_SIZE(ways); k++)
			if (strcmp(name, ways[k]) == 0)
				strlist_add(&x->capabilities, name);
	}
}

static void look_at_networks(const struct container_spec *s, const struct strlist *tenants,
			     struct foreign_container *x)
{
	const struct engine_endpoint *ep = s->endpoints.items;

	for (size_t i = 0; i < s->endpoints.count; i++) {
		const char *name = ep[i].network;

		if (strcmp(name, EGRESS_NETWORK_NAME) == 0 ||
		    (strncmp(name, "tc-", 3) == 0 && strlist_has(tenants, name + 3)))
			strlist_add(&x->tenant_networks, name);
	}
}

static bool is_host(const char *mode)
{
	return mode && strcmp(mode, "host") == 0;
}

/* One that is stopped can be started at any time, and many are at the next boot. */
static char *name_of(const struct container_row *row)
{
	return strcmp(row->state, "running") == 0 ? mem_strdup(row->name)
						  : mem_printf("%s (%s)", row->name, row->state);
}

static int look_at_container(struct context *c, const struct container_row *row,
			     const struct strlist *tenants, struct foreign_container *out,
			     struct err *e)
{
	struct container_info info;
	const struct container_spec *s = &info.spec;

	if (client_container_inspect(c->client, row->id, &info, e))
		return -1;
	*out = (struct foreign_container){ .name = name_of(row),
					   .privileged = s->privileged,
					   .host_pid = is_host(s->pid_mode),
					   .host_network = is_host(s->network_mode),
					   .host_ipc = is_host(s->ipc_mode) };
	look_at_mounts(c, s, out);
	look_at_capabilities(&s->cap_add, out);
	look_at_networks(s, tenants, out);
	container_info_free(&info);
	return 0;
}

static int look_at_all(struct context *c, const struct bind_list *rows,
		       const struct strlist *tenants, struct foreign_container *out,
		       size_t *out_count, struct err *e)
{
	const struct container_row *row = rows->items;

	for (size_t i = 0; i < rows->count; i++) {
		if (doctor_is_own(&row[i], tenants))
			continue;
		if (*out_count == FOREIGN_MAX)
			return err_set(e, ERR_REFUSED, "there are more than %d", FOREIGN_MAX);
		if (look_at_container(c, &row[i], tenants, &out[*out_count], e) == 0)
			++*out_count;
		else if (e->code == ERR_NOT_FOUND)
			err_clear(e); /* it ended meanwhile */
		else
			return -1;
	}
	return 0;
}

int doctor_foreign(struct context *c, const struct strlist *tenants, struct foreign_container **out,
		   size_t *out_count, struct err *e)
{
	struct foreign_container *found;
	struct bind_list rows = { 0 };
	size_t count = 0;
	int rc;

	if (client_container_list(c->client, NULL, 0, &rows, e))
		return -1;
	found = mem_array(FOREIGN_MAX, sizeof(*found));
	rc = look_at_all(c, &rows, tenants, found, &count, e);
	container_rows_free(&rows);
	if (rc) {
		foreign_free(found, count);
		return -1;
	}
	*out = found;
	*out_count = count;
	return 0;
}
