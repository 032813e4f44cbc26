/* What the engine would say of a tenant that is just as it should be. */
#include "tenant_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

#define WORKER_ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define GATEWAY_ID "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define NETWORK_ID "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static const char plain[] = "version: 1\n"
			    "tenant: acme\n"
			    "image: example/worker:1\n"
			    "egress: [api.example.com]\n";

static void check(int rc, const struct err *e)
{
	if (rc)
		fail_msg("%s", e->message);
}

static void make_state(struct tenant_fixture *f)
{
	struct tenant_state *s = &f->state;
	struct desired_tenant made;
	struct err e = ERR_INIT;

	check(desired_build(&f->in, &made, &e), &e);
	check(netplan_allocate(&f->host, &f->spec, 5, &s->allocation, &e), &e);
	s->allocation.nonce = mem_strdup(f->allocation.nonce);
	s->allocated = s->workspace_exists = s->workspace_mounted = s->workspace_ready = true;
	s->files_exist = s->resolv_current = s->set_installed = true;
	s->gateway_image_present = s->worker_image_present = true;
	s->egress_present = s->network_present = s->gateway_present = s->worker_present = true;
	s->egress.spec = made.egress;
	s->network.spec = made.network;
	s->gateway.spec = made.gateway;
	s->worker.spec = made.worker;
	made.egress = made.network = (struct network_spec){ 0 };
	made.gateway = made.worker = (struct container_spec){ 0 };
	desired_free(&made);
	strcpy(s->network.id, NETWORK_ID);
	strcpy(s->gateway.id, GATEWAY_ID);
	strcpy(s->worker.id, WORKER_ID);
	s->gateway.state.running = s->worker.state.running = true;
}

void tenant_fixture_make(struct tenant_fixture *f, const char *manifest)
{
	struct err e = ERR_INIT;

	*f = (struct tenant_fixture){ 0 };
	manifest = manifest ? manifest : plain;
	host_config_defaults(&f->host);
	check(manifest_parse(manifest, strlen(manifest), "acme.yaml", "acme", &f->spec, &e), &e);
	check(netplan_allocate(&f->host, &f->spec, 5, &f->allocation, &e), &e);
	f->allocation.nonce = mem_strdup("0123456789abcdef0123456789abcdef");
	f->in = (struct desired_inputs){ .spec = &f->spec,
					 .host = &f->host,
					 .allocation = &f->allocation,
					 .root = "",
					 .worker_image_id = "sha256:1111",
					 .gateway_image_id = "sha256:2222",
					 .worker_seccomp = "{\"worker\":1}",
					 .gateway_seccomp = "{\"gateway\":1}",
					 .cpus = 2 };
	check(desired_build(&f->in, &f->desired, &e), &e);
	make_state(f);
}

void tenant_fixture_free(struct tenant_fixture *f)
{
	tenant_state_free(&f->state);
	desired_free(&f->desired);
	allocation_free(&f->allocation);
	tenant_spec_free(&f->spec);
	host_config_free(&f->host);
}
