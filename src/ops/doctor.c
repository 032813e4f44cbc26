/*
 * doctor: gathers facts of the host, of the engine when one answers, and of what the
 * last verifications measured, and has them judged. Nothing is changed by looking.
 */
#include "ops/doctor.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "doctor_gather.h"
#include "domain/paths.h"
#include "probe/host.h"

#define LABEL_PACKAGES "dev.tenantctl.packages" /* scripts/build-gateway-image writes it */

struct run { /* everything that was gathered before it is judged */
	struct host_facts host;
	struct daemon_config daemon;
	bool daemon_known;
	struct err daemon_error, engine_error;
	struct engine_version version;
	bool engine_known;
	struct images images;
	struct foreign_container *foreign;
	size_t foreign_count;
	struct err foreign_error;
	struct firewall firewall;
	bool firewall_known;
	struct err firewall_error;
	struct strlist bridges;
	bool egress_bridge;
	struct behaviour behaviour;
	struct places places;
	char *served;
	uint64_t promised;
};

static void run_free(struct run *r)
{
	host_facts_free(&r->host);
	daemon_config_free(&r->daemon);
	engine_version_free(&r->version);
	images_free(&r->images);
	foreign_free(r->foreign, r->foreign_count);
	firewall_free(&r->firewall);
	strlist_free(&r->bridges);
	behaviour_free(&r->behaviour);
	places_free(&r->places);
	free(r->served);
}
#define auto_run cleanup_with(run_free)

/* An engine that does not answer is a finding, not an error. */
static void ask_engine(struct context *c, const struct strlist *tenants, struct run *r)
{
	struct err *e = &r->engine_error;

	if ((!c->client && context_connect(c, ENGINE_READ, e)) ||
	    (!c->engine.server_version && client_info(c->client, &c->engine, e)) ||
	    client_version(c->client, &r->version, e))
		return;
	r->engine_known = true;
	doctor_runtime_versions(&c->engine);
	if (doctor_foreign(c, tenants, &r->foreign, &r->foreign_count, &r->foreign_error) == 0 &&
	    doctor_images(c, tenants, &r->images, &r->foreign_error) == 0)
		err_clear(&r->foreign_error);
}

static void read_daemon(struct run *r)
{
	const struct host_engine *g = &r->host.engine;

	if (!g->known)
		err_set(&r->daemon_error, ERR_NOT_FOUND,
			"no process, or more than one, is called dockerd");
	else if (g->config_errno)
		err_sys(&r->daemon_error, g->config_errno, "%s", g->config_path);
	else if (daemon_config_read(g->config, &g->args, &r->daemon, &r->daemon_error) == 0)
		r->daemon_known = true;
}

static int measure_host(struct context *c, struct run *r, struct err *e)
{
	auto_strlist struct strlist folders = { 0 };
	const char *const fixed[] = { "/var/lib/containerd", "/run/containerd" };
	auto_free char *state = path_of(c->root, PATH_STATE, NULL);
	auto_free const char **sysctls = mem_array(doctor_sysctl_count(), sizeof(*sysctls));
	const char *disks[] = { r->served, state, c->engine.docker_root };
	auto_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct err ignored = ERR_INIT;
	struct host_request q = { .root = root,
				  .sysctls = sysctls,
				  .sysctl_count = doctor_sysctl_count(),
				  .disks = disks,
				  .disk_count = r->engine_known ? 3 : 2,
				  .socket_path = c->socket_path };

	if (root < 0)
		return err_set(e, ERR_SYSTEM, "/ cannot be opened");
	for (size_t i = 0; i < q.sysctl_count; i++)
		sysctls[i] = doctor_sysctl_name(i);
	for (size_t i = 0; i < r->places.count; i++)
		strlist_add(&folders, r->places.items[i].path);
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		strlist_add(&folders, fixed[i]);
	if (r->engine_known)
		strlist_add(&folders, c->engine.docker_root);
	q.folders = (const char *const *)folders.items;
	q.folder_count = folders.count;
	if (host_socket_peer(c->socket_path, &q.engine_pid, &ignored))
		q.engine_pid = 0;
	probe_host(&q, &r->host);
	return 0;
}

static struct doctor_input input_of(const struct context *c, const struct run *r)
{
	return (struct doctor_input){
		.host = &r->host,
		.config = &c->host,
		.daemon = r->daemon_known ? &r->daemon : NULL,
		.daemon_error = r->daemon_error.message,
		.engine = r->engine_known ? &c->engine : NULL,
		.version = r->engine_known ? &r->version : NULL,
		.engine_error = r->engine_error.message,
		.gateway_packages = strmap_get(&r->images.gateway_info.labels, LABEL_PACKAGES),
		.gateway_layers = r->images.gateway_info.layers,
		.used = r->images.used,
		.used_count = r->images.used_count,
		.foreign = r->foreign,
		.foreign_count = r->foreign_count,
		.foreign_error = r->foreign_error.code ? r->foreign_error.message : NULL,
		.firewall = r->firewall_known ? &r->firewall : NULL,
		.firewall_error = r->firewall_error.message,
		.bridges = r->bridges,
		.egress_bridge = r->egress_bridge,
		.behaviour = &r->behaviour,
		.places = r->places.items,
		.place_count = r->places.count,
		.served = r->served,
		.now = time(NULL),
		.promised = r->promised,
	};
}

int ops_doctor(struct context *c, const struct strlist *only, struct verify_result *out,
	       struct doctor_fixes *fixes, struct err *e)
{
	auto_strlist struct strlist tenants = { 0 };
	struct run r auto_run = { 0 };
	int64_t start = clock_monotonic_ms();
	struct doctor_input in;

	if (tenants_all(c, &tenants, e))
		return -1;
	r.served = path_of(c->root, PATH_SERVED, NULL);
	doctor_places(c, &tenants, &r.places);
	doctor_behaviour(c, &tenants, &r.behaviour);
	r.promised = doctor_promised(c, &tenants);
	ask_engine(c, &tenants, &r);
	if (measure_host(c, &r, e))
		return -1;
	read_daemon(&r);
	doctor_bridges(c, &tenants, &r.bridges, &r.egress_bridge);
	r.firewall_known = !doctor_firewall(&r.firewall, &r.firewall_error);
	in = input_of(c, &r);
	*out = (struct verify_result){ .tenant = mem_strdup(DOCTOR_SUBJECT),
				       .at = clock_utc_text(),
				       .partial = only && only->count > 0 };
	doctor_run(&in, only, &out->findings);
	doctor_fixes(&in, only, fixes);
	out->seconds = (double)(clock_monotonic_ms() - start) / 1000;
	return 0;
}
