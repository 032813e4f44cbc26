/* What answered, and what allows it: every kind of answer with and without a rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "domain/reachable.h"

enum { MANY = 16 };

static struct egress_entry egress[] = {
	{ .host = (char *)"api.example.com", .port = 443 },
	{ .host = (char *)"*.wild.example.org", .port = 443 },
	{ .host = (char *)"db.example.com", .port = 5432, .protocol = EGRESS_TCP }
};

struct world {
	struct tenant_spec spec;
	struct allocation allocation;
	struct tenant_facts facts;
	struct reach_attempt reach[MANY];
	struct dns_attempt dns[MANY];
	struct http_attempt http[MANY];
	struct proc_mount mounts[MANY];
	struct twin_facts twin;
	struct reachables out;
};

static struct world *world_new(void)
{
	struct world *w = mem_alloc(sizeof(*w));

	w->spec.tenant = (char *)"acme";
	w->spec.workspace.path = (char *)"/workspace";
	w->spec.egress = (struct bind_list){ .items = egress, .count = ARRAY_SIZE(egress) };
	w->allocation.gateway_ip = (char *)"10.231.0.2";
	w->facts.reach = w->reach;
	w->facts.dns = w->dns;
	w->facts.http = w->http;
	w->facts.mounts.items = w->mounts;
	return w;
}

static void world_free(struct world *w)
{
	reachables_free(&w->out);
	strlist_free(&w->facts.sockets);
	free(w);
}

static void build(struct world *w)
{
	const struct reachable_input in = { .spec = &w->spec,
					    .allocation = &w->allocation,
					    .facts = &w->facts,
					    .twin = w->twin.count ? &w->twin : NULL };

	reachable_add(&in, &w->out);
}

static struct reach_attempt *reach(struct world *w, const char *target, const char *address,
				   uint16_t port, enum reach_outcome outcome)
{
	struct reach_attempt *a = &w->reach[w->facts.reach_count++];

	snprintf(a->target, sizeof(a->target), "%s", target);
	snprintf(a->address, sizeof(a->address), "%s", address);
	a->port = port;
	a->outcome = outcome;
	return a;
}

/* The one answer there is. */
static void expect_one(struct world *w, enum reachable_why why, const char *what,
		       const char *allowed)
{
	build(w);
	assert_int_equal(w->out.count, 1);
	assert_string_equal(w->out.items[0].what, what);
	assert_string_equal(w->out.items[0].allowed, allowed);
	assert_string_equal(reachable_why_name(w->out.items[0].why), reachable_why_name(why));
	assert_int_equal(w->out.unexpected, why == REACHABLE_UNEXPECTED);
	world_free(w);
}

static void expect_nothing(struct world *w)
{
	build(w);
	assert_int_equal(w->out.count, 0);
	assert_int_equal(w->out.unexpected, 0);
	assert_true(w->out.tried > 0);
	world_free(w);
}

static void test_gateway(void **state)
{
	static const struct {
		uint16_t port;
		bool udp;
		enum reachable_why why;
		const char *allowed;
	} cases[] = {
		{ 53, false, REACHABLE_DESIGN, "the gateway's resolver" },
		{ 53, true, REACHABLE_DESIGN, "the gateway's resolver" },
		{ 80, false, REACHABLE_DESIGN, "credential routes" },
		{ 80, true, REACHABLE_UNEXPECTED, "nothing allows it" },
		{ 443, false, REACHABLE_RULE, "egress: api.example.com, *.wild.example.org" },
		{ 443, true, REACHABLE_UNEXPECTED, "nothing allows it" },
		{ 5432, false, REACHABLE_RULE, "egress: db.example.com" },
		{ 8404, false, REACHABLE_UNEXPECTED, "nothing allows it" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world *w = world_new();
		char what[64];

		reach(w, "own gateway", "10.231.0.2", cases[i].port, REACH_OPEN)->udp =
			cases[i].udp;
		snprintf(what, sizeof(what), "own gateway, port %u", cases[i].port);
		expect_one(w, cases[i].why, what, cases[i].allowed);
	}
	struct world *w = world_new();
	reach(w, "own gateway", "10.231.0.2", 22, REACH_REFUSED);
	reach(w, "own gateway", "10.231.0.2", 23, REACH_TIMEOUT);
	expect_nothing(w);
}

static void test_others(void **state)
{
	struct world *w = world_new();

	(void)state;
	reach(w, "beta worker", "10.231.0.11", 8080, REACH_OPEN);
	expect_one(w, REACHABLE_UNEXPECTED, "beta worker, 10.231.0.11 port 8080",
		   "nothing allows it");
	w = world_new(); /* a refusal comes from somebody */
	reach(w, "host", "172.17.0.1", 22, REACH_REFUSED);
	expect_one(w, REACHABLE_UNEXPECTED, "host, 172.17.0.1 port 22", "nothing allows it");
	w = world_new();
	reach(w, "internet", "1.1.1.1", 443, REACH_TIMEOUT);
	reach(w, "internet", "1.1.1.1", 53, REACH_UNREACHABLE);
	reach(w, "internet", "1.1.1.1", 80, REACH_ERROR);
	expect_nothing(w);
}

static void test_allowed_hosts(void **state)
{
	struct world *w = world_new();
	struct reach_attempt *a = reach(w, "api.example.com", "10.231.0.2", 443, REACH_OPEN);

	(void)state;
	snprintf(a->check, sizeof(a->check), REACHABLE_EGRESS);
	a->sni = "api.example.com";
	expect_one(w, REACHABLE_RULE, "api.example.com:443", "egress: api.example.com");
	w = world_new(); /* allowed, but nobody answers */
	a = reach(w, "api.example.com", "10.231.0.2", 443, REACH_REFUSED);
	snprintf(a->check, sizeof(a->check), REACHABLE_EGRESS);
	expect_nothing(w);
}

static void test_names(void **state)
{
	static const struct {
		const char *server, *name;
		enum dns_outcome outcome;
		enum reachable_why why;
		const char *allowed; /* NULL: no answer */
	} cases[] = {
		{ "10.231.0.2", "gateway", DNS_ANSWERED, REACHABLE_DESIGN,
		  "the own gateway's name" },
		{ "10.231.0.2", "API.example.com", DNS_ANSWERED, REACHABLE_RULE,
		  "egress: api.example.com" },
		{ "10.231.0.2", "probe.wild.example.org", DNS_EMPTY, REACHABLE_RULE,
		  "egress: *.wild.example.org" },
		{ "10.231.0.2", "wild.example.org", DNS_ANSWERED, REACHABLE_UNEXPECTED,
		  "nothing allows it" },
		{ "10.231.0.2", "evilapi.example.com", DNS_ANSWERED, REACHABLE_UNEXPECTED,
		  "nothing allows it" },
		{ "127.0.0.11", "api.example.com", DNS_ANSWERED, REACHABLE_UNEXPECTED,
		  "nothing allows it" },
		{ "127.0.0.11", "tc-acme-gw", DNS_ANSWERED, REACHABLE_DESIGN,
		  "the own gateway's name" },
		{ "127.0.0.11", "tc-beta", DNS_ANSWERED, REACHABLE_UNEXPECTED,
		  "nothing allows it" },
		{ "127.0.0.11", "tc-beta", DNS_NXDOMAIN, REACHABLE_UNEXPECTED, NULL },
		{ "127.0.0.11", "tc-beta", DNS_TIMEOUT, REACHABLE_UNEXPECTED, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world *w = world_new();
		struct dns_attempt *d = &w->dns[w->facts.dns_count++];

		snprintf(d->server, sizeof(d->server), "%s", cases[i].server);
		snprintf(d->name, sizeof(d->name), "%s", cases[i].name);
		d->outcome = cases[i].outcome;
		if (cases[i].allowed)
			expect_one(w, cases[i].why, cases[i].name, cases[i].allowed);
		else
			expect_nothing(w);
	}
}

static void test_routes(void **state)
{
	struct world *w = world_new();
	struct http_attempt *h = &w->http[w->facts.http_count++];

	(void)state;
	snprintf(h->check, sizeof(h->check), REACHABLE_ROUTE);
	snprintf(h->what, sizeof(h->what), "crm");
	h->outcome = HTTP_ANSWERED;
	h->status = 200;
	expect_one(w, REACHABLE_RULE, "http://gateway/crm/", "credential: crm");
	w = world_new(); /* what verify asks for in order to be refused */
	h = &w->http[w->facts.http_count++];
	snprintf(h->check, sizeof(h->check), "route.target");
	h->outcome = HTTP_ANSWERED;
	expect_nothing(w);
}

static void mount_is(struct world *w, const char *target, const char *options, const char *super)
{
	w->mounts[w->facts.mounts.count++] = (struct proc_mount){ .target = (char *)target,
								  .options = (char *)options,
								  .super_options = (char *)super,
								  .fstype = (char *)"ext4" };
	w->out.tried++; /* of this test, for expect_nothing */
}

static void test_places(void **state)
{
	struct world *w = world_new();

	(void)state;
	mount_is(w, "/workspace", "rw,nosuid", "rw");
	expect_one(w, REACHABLE_RULE, "/workspace", "workspace");
	w = world_new();
	mount_is(w, "/hostetc", "rw", "rw");
	expect_one(w, REACHABLE_UNEXPECTED, "/hostetc", "nothing allows it");
	w = world_new();
	mount_is(w, "/source/skills", "ro,nosuid", "rw");
	mount_is(w, "/", "ro", "rw");
	mount_is(w, "/x", "rw", "ro");
	expect_nothing(w);
	w = world_new();
	strlist_add(&w->facts.sockets, "/run/docker.sock");
	expect_one(w, REACHABLE_UNEXPECTED, "/run/docker.sock", "nothing allows it");
	w = world_new();
	strlist_add(&w->facts.sockets, "/workspace/agent.sock");
	expect_one(w, REACHABLE_DESIGN, "/workspace/agent.sock", "its own place");
}

static void test_twin(void **state)
{
	struct twin_entry items[] = {
		{ .id = "twin.control", .what = "write to /tmp", .outcome = TWIN_OPEN },
		{ .id = "twin.mount", .what = "fsopen", .outcome = TWIN_BLOCKED },
		{ .id = "twin.kernel", .what = "bpf", .outcome = TWIN_OPEN },
		{ .id = "twin.noexec",
		  .what = "execve from nameless memory",
		  .outcome = TWIN_OPEN },
		{ .id = "twin.noexec", .what = "execve from /tmp", .outcome = TWIN_OPEN },
		{ .id = "log.marker", .what = "print", .outcome = TWIN_OPEN },
	};
	struct world *w = world_new();

	(void)state;
	w->twin = (struct twin_facts){ .items = items, .count = ARRAY_SIZE(items) };
	build(w);
	assert_int_equal(w->out.count, 4);
	assert_int_equal(w->out.unexpected, 2);
	assert_string_equal(w->out.items[1].what, "bpf");
	assert_int_equal(w->out.items[1].why, REACHABLE_UNEXPECTED);
	assert_int_equal(w->out.items[2].why, REACHABLE_DESIGN);
	assert_string_equal(w->out.items[3].what, "execve from /tmp");
	assert_int_equal(w->out.tried, 5);
	world_free(w);
}

static void test_once(void **state)
{
	struct world *w = world_new();

	(void)state;
	reach(w, "own gateway", "10.231.0.2", 53, REACH_OPEN);
	reach(w, "own gateway", "10.231.0.2", 53, REACH_OPEN);
	expect_one(w, REACHABLE_DESIGN, "own gateway, port 53", "the gateway's resolver");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gateway),	      cmocka_unit_test(test_others),
		cmocka_unit_test(test_allowed_hosts), cmocka_unit_test(test_names),
		cmocka_unit_test(test_routes),	      cmocka_unit_test(test_places),
		cmocka_unit_test(test_twin),	      cmocka_unit_test(test_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
