/*
 * Read-only look at one tenant. Objects are fetched by their exact names and then
 * recognised by labels and nonce: a name proves nothing.
 */
#include "ops/observe.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "domain/paths.h"
#include "images.h"
#include "journal.h"
#include "ops/gateway_set.h"
#include "probe/probe.h"
#include "profiles.h"
#include "verify_share.h"
#include "workspace.h"

#define ALLOCATION_BYTES_MAX ((size_t)16 * 1024)
#define CA_BYTES_MAX ((size_t)512 * 1024)

int observe_allocation(const struct context *c, const char *tenant, struct allocation *out,
		       struct err *e)
{
	static const struct doc_limits limits = DOC_LIMITS_MANIFEST;
	auto_free char *path = path_of(c->root, PATH_ALLOCATION, tenant);
	auto_doc struct doc *d = NULL;
	auto_free char *text = NULL;
	size_t len;

	if (fsio_read(path, FSIO_TRUSTED, ALLOCATION_BYTES_MAX, &text, &len, e) &&
	    e->code == ERR_NOT_FOUND)
		return -1;
	*out = (struct allocation){ 0 };
	if (!text || doc_parse_json(text, len, path, &limits, &d, e) ||
	    bind_read(&allocation_table, BIND_TOLERANT, d, doc_root(d), "", out, e))
		return err_hint(e,
				"the tenant's state is damaged; 'tenantctl delete %s' removes what "
				"carries its label and keeps the workspace",
				tenant);
	return 0;
}

/* 1 present, 0 absent, -1 error. */
static int found(int rc, struct err *e)
{
	if (!rc)
		return 1;
	if (e->code != ERR_NOT_FOUND)
		return -1;
	err_clear(e);
	return 0;
}

static bool label_is(const struct strmap *labels, const char *key, const char *want)
{
	const char *have = strmap_get(labels, key);

	return have && want && strcmp(have, want) == 0;
}

/* Ours: the label names this tenant and role and, where there is an allocation, its nonce. Without
 * an allocation nothing can be adopted, but delete may remove what carries the label. */
static bool is_ours(const struct strmap *labels, const char *tenant, const char *role,
		    const struct tenant_state *s, const char *what, struct strlist *foreign)
{
	if (!label_is(labels, LABEL_TENANT, tenant) || !label_is(labels, LABEL_ROLE, role)) {
		strlist_addf(foreign, "%s exists and is not this tenant's (no matching label)",
			     what);
		return false;
	}
	if (!s->allocated)
		strlist_addf(foreign, "%s is left from an earlier creation of this tenant", what);
	else if (!label_is(labels, LABEL_NONCE, s->allocation.nonce))
		strlist_addf(foreign, "%s is from another creation of this tenant", what);
	return true;
}

static int observe_container(struct context *c, const char *tenant, const char *name,
			     const char *role, struct tenant_state *s, struct container_info *out,
			     bool *out_present, struct err *e)
{
	struct container_info info = { 0 };
	auto_free char *what = mem_printf("container %s", name);
	int rc = found(client_container_inspect(c->client, name, &info, e), e);

	if (rc <= 0)
		return rc;
	if (strcmp(info.name, name) != 0 ||
	    !is_ours(&info.spec.labels, tenant, role, s, what, &s->foreign)) {
		container_info_free(&info);
		return 0;
	}
	*out = info;
	*out_present = true;
	return 0;
}

static int observe_networks(struct context *c, const char *tenant, struct tenant_state *s,
			    struct err *e)
{
	auto_free char *name = desired_worker_name(tenant);
	auto_free char *what = mem_printf("network %s", name);
	struct network_info net = { 0 };
	int rc = found(client_network_inspect(c->client, name, &net, e), e);

	if (rc < 0)
		return -1;
	if (rc && strcmp(net.spec.name, name) == 0 &&
	    is_ours(&net.spec.labels, tenant, ROLE_NETWORK, s, what, &s->foreign)) {
		s->network = net;
		s->network_present = true;
	} else {
		network_info_free(&net);
	}
	net = (struct network_info){ 0 };
	rc = verify_share_take_egress(c->share, &net)
		     ? 1
		     : found(client_network_inspect(c->client, EGRESS_NETWORK_NAME, &net, e), e);
	if (rc < 0)
		return -1;
	if (rc && !label_is(&net.spec.labels, LABEL_ROLE, ROLE_EGRESS)) {
		strlist_add(&s->foreign, "network " EGRESS_NETWORK_NAME
					 " exists and carries no label of tenantctl");
		network_info_free(&net);
	} else if (rc) {
		s->egress = net;
		s->egress_present = true;
	}
	return 0;
}

static int observe(struct context *c, const char *tenant, bool damage_is_absence,
		   struct tenant_state *out, struct err *e)
{
	auto_free char *worker = desired_worker_name(tenant);
	auto_free char *gateway = desired_gateway_name(tenant);
	auto_free char *files = path_of(c->root, PATH_TENANT_STATE, tenant);
	auto_free char *data = path_of(c->root, PATH_TENANT_DATA, tenant);
	struct tenant_state s = { 0 };
	struct stat st;

	int rc = found(observe_allocation(c, tenant, &s.allocation, e), e);
	if (rc < 0 && !damage_is_absence)
		goto fail;
	err_clear(e);
	s.allocated = rc > 0;
	s.workspace_exists = workspace_exists(c->root, tenant);
	s.workspace_mounted = workspace_is_mounted(c->root, tenant);
	s.workspace_ready = s.allocated && s.workspace_mounted &&
			    workspace_is_ready(c->root, tenant, (uid_t)s.allocation.worker_uid);
	s.data_exists = lstat(data, &st) == 0;
	s.files_exist = lstat(files, &st) == 0 || gateway_runtime_exists(c->root, tenant);
	s.unfinished = journal_unfinished(c->root, tenant);
	if (observe_networks(c, tenant, &s, e) ||
	    observe_container(c, tenant, gateway, ROLE_GATEWAY, &s, &s.gateway, &s.gateway_present,
			      e) ||
	    observe_container(c, tenant, worker, ROLE_WORKER, &s, &s.worker, &s.worker_present, e))
		goto fail;
	s.set_unseen = s.gateway_present && s.gateway.state.running &&
		       !gateway_runtime_is_seen(c->root, tenant, (pid_t)s.gateway.state.pid);
	*out = s;
	return 0;
fail:
	tenant_state_free(&s);
	return -1;
}

int observe_tenant(struct context *c, const char *tenant, struct tenant_state *out, struct err *e)
{
	return observe(c, tenant, false, out, e);
}

int observe_created(struct context *c, const char *tenant, struct tenant_state *out, struct err *e)
{
	if (observe_tenant(c, tenant, out, e))
		return -1;
	if (out->allocated)
		return 0;
	tenant_state_free(out);
	err_set(e, ERR_NOT_FOUND, "tenant %s is not created", tenant);
	return err_hint(e, "tenantctl create %s", tenant);
}

int observe_remains(struct context *c, const char *tenant, struct tenant_state *out, struct err *e)
{
	return observe(c, tenant, true, out, e);
}

int observe_host_addresses(struct context *c, struct err *e)
{
	return c->host_addresses.count ? 0 : probe_host_addresses(&c->host_addresses, e);
}

/* What `ca` of each credential names, read by the rules of a manifest. */
static int read_cas(const struct tenant_spec *spec, struct strlist *texts, const char ***out,
		    struct err *e)
{
	const char **list = mem_array(spec->credentials.count, sizeof(*list));

	for (size_t i = 0; i < spec->credentials.count; i++) {
		const struct credential_entry *cred =
			(struct credential_entry *)spec->credentials.items + i;
		auto_free char *text = NULL;
		size_t len;

		if (!cred->ca)
			continue;
		if (fsio_read(cred->ca, FSIO_TRUSTED, CA_BYTES_MAX, &text, &len, e)) {
			free(list);
			if (e->code == ERR_NOT_FOUND)
				e->code = ERR_MANIFEST;
			return err_wrap(e, "credential %s: ca", cred->name);
		}
		strlist_add(texts, text);
		list[i] = texts->items[texts->count - 1];
	}
	*out = list;
	return 0;
}

int desired_for(struct context *c, const struct tenant_spec *spec,
		const struct allocation *allocation, struct desired_tenant *out, struct err *e)
{
	auto_free char *worker_image = NULL, *gateway_image = NULL;
	auto_strlist struct strlist ca_texts = { 0 };
	auto_free const char **cas = NULL;
	const struct profile *worker, *gateway;
	struct desired_inputs in;

	if (image_id_of(c, spec->image, &worker_image, e) ||
	    image_id_of(c, c->host.gateway_image, &gateway_image, e) ||
	    profile_use(c, spec->seccomp, &worker, e) || profile_use(c, "gateway", &gateway, e) ||
	    observe_host_addresses(c, e) || read_cas(spec, &ca_texts, &cas, e))
		return -1;
	in = (struct desired_inputs){
		.spec = spec,
		.host = &c->host,
		.allocation = allocation,
		.root = c->root,
		.worker_image_id = worker_image ? worker_image : spec->image,
		.gateway_image_id = gateway_image ? gateway_image : c->host.gateway_image,
		.worker_seccomp = worker->text,
		.gateway_seccomp = gateway->text,
		/* gateway_mode_ipv4=isolated came with 28.0, which speaks API 1.48. */
		.isolated_gateway_mode = client_has_api(c->client, 1, 48),
		.host_addresses = &c->host_addresses,
		.ca_texts = cas,
		.cpus = sysconf(_SC_NPROCESSORS_CONF),
	};
	return desired_build(&in, out, e);
}
