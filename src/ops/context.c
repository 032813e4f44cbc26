/* The operation context: host configuration first, the engine's socket only when asked for. */
#include <stdlib.h>
#include <string.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "domain/paths.h"
#include "ops/ops.h"
#include "profiles.h"
#include "verify_share.h"

#define CONFIG_BYTES_MAX ((size_t)256 * 1024)
#define TENANTS_MAX 16384
#define LOCK_WAIT_MS 2000

static int read_config(const char *path, bool must_exist, struct host_config *out, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;

	if (fsio_read(path, FSIO_TRUSTED, CONFIG_BYTES_MAX, &text, &len, e)) {
		if (e->code != ERR_NOT_FOUND || must_exist)
			return -1;
		err_clear(e);
		host_config_defaults(out);
		return 0;
	}
	return host_config_parse(text, len, path, out, e);
}

int context_open(const struct context_options *o, struct context *out, struct err *e)
{
	struct context c = { .root = mem_strdup(o->root ? o->root : ""),
			     .lock_wait_ms = LOCK_WAIT_MS };
	auto_free char *config =
		o->config ? mem_strdup(o->config) : path_of(c.root, PATH_CONFIG, NULL);
	size_t len = strlen(c.root);

	while (len && c.root[len - 1] == '/')
		c.root[--len] = '\0';
	if (len && c.root[0] != '/') {
		context_close(&c);
		return err_set(e, ERR_USAGE, "--root takes an absolute path");
	}
	if (read_config(config, o->config != NULL, &c.host, e) ||
	    transport_socket_path(o->socket, getenv("DOCKER_HOST"), &c.socket_path, e)) {
		context_close(&c);
		return -1;
	}
	*out = c;
	return 0;
}

int context_connect(struct context *c, unsigned permissions, struct err *e)
{
	struct transport *t;

	if (transport_open_unix(c->socket_path, c->any_socket_owner, &t, e) ||
	    client_open(t, permissions, &c->client, e))
		return -1;
	return 0;
}

void context_close(struct context *c)
{
	client_close(c->client);
	free(c->root);
	free(c->socket_path);
	host_config_free(&c->host);
	engine_info_free(&c->engine);
	strmap_free(&c->image_ids);
	strlist_free(&c->host_addresses);
	profile_cache_free(c->profiles);
	verify_share_free(c->share);
	*c = (struct context){ 0 };
}

static int add_names(const char *dir, const char *suffix, struct strlist *out, struct err *e)
{
	auto_strlist struct strlist files = { 0 };
	size_t cut = strlen(suffix);

	if (fsio_list(dir, TENANTS_MAX, &files, e))
		return -1;
	for (size_t i = 0; i < files.count; i++) {
		auto_free char *name = mem_strdup(files.items[i]);
		size_t len = strlen(name);

		if (len <= cut || strcmp(name + len - cut, suffix) != 0)
			continue;
		name[len - cut] = '\0';
		if (tenant_name_is_valid(name) && !strlist_has(out, name))
			strlist_add(out, name);
	}
	return 0;
}

int tenants_all(const struct context *c, struct strlist *out, struct err *e)
{
	auto_free char *manifests = path_of(c->root, PATH_MANIFESTS, NULL);
	auto_free char *states = path_of(c->root, PATH_TENANTS, NULL);

	if (add_names(manifests, ".yaml", out, e) || add_names(states, "", out, e))
		return -1;
	strlist_sort(out);
	return 0;
}

int tenant_manifest(const struct context *c, const char *tenant, const char *file,
		    struct tenant_spec *out, char **out_text, struct err *e)
{
	auto_free char *path = file ? mem_strdup(file) : path_of(c->root, PATH_MANIFEST, tenant);
	auto_free char *text = NULL;
	size_t len;

	if (fsio_read(path, FSIO_TRUSTED, CONFIG_BYTES_MAX, &text, &len, e)) {
		if (e->code == ERR_NOT_FOUND) {
			err_set(e, ERR_MANIFEST, "tenant %s has no manifest (%s)", tenant, path);
			err_hint(e, "write one with 'tenantctl init %s'", tenant);
		}
		return -1;
	}
	if (manifest_parse(text, len, path, tenant, out, e))
		return -1;
	if (out_text)
		*out_text = take_ptr(text);
	return 0;
}
