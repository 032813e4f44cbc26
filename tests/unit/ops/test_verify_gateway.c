/*
 * What verify asks of the routes can never reach an upstream; keys are looked for in
 * every place of the host that it knows, with the control, and never told.
 */
#include "../base/folder.h"

#include "../../../src/ops/verify_gateway.h"
#include "../../../src/ops/verify_secrets.h"
#include "../../../src/ops/verify_targets.h"
#include "../../../src/probe/http.h"
#include "../../support/tenant_fixture.h"
#include "base/fsio.h"
#include "domain/gateway_files.h"
#include "domain/paths.h"

#define KEY "correct horse battery staple"
#define PROVIDED "wrong camel socket paperclip"

static const char manifest[] = "version: 1\n"
			       "tenant: acme\n"
			       "tier: container\n"
			       "image: example/worker:1\n"
			       "listen: 127.0.0.1:8001\n"
			       "credentials:\n"
			       "  - name: ghl\n"
			       "    upstream: https://api.example.net\n"
			       "    inject: [ { header: Authorization, format: \"Bearer {}\" } ]\n"
			       "    secret: ghl\n"
			       "  - name: crm\n"
			       "    upstream: https://crm.example.net\n"
			       "    inject: [ { basic: \"user:{}\" } ]\n"
			       "    command: [ /usr/bin/true ]\n";

/* ---- routes ---- */

static bool holds(const struct http_attempt *a, const char *word)
{
	return strstr(a->target, word) || strstr(a->host, word);
}

static void requests_name_no_credential(void **state)
{
	struct targets t auto_targets = { 0 };
	struct tenant_fixture f;
	size_t controls = 0;

	(void)state;
	tenant_fixture_make(&f, manifest);
	const struct target_inputs in = { .spec = &f.spec, .allocation = &f.allocation };
	auto_free char *path = mem_printf("/%.16s/", f.allocation.nonce);
	targets_add_routes(&in, &t);
	assert_true(t.http_count > 30);
	for (size_t i = 0; i < t.http_count; i++) {
		struct http_attempt *a = &t.http[i];
		char text[HTTP_REQUEST_MAX];

		controls += a->must_work;
		assert_true(http_compose(a, text) > 0);
		assert_true(a->what[0] && a->wanted[0] && a->check[0]);
		assert_null(strpbrk(a->target, "~^$ "));
		assert_null(strpbrk(a->host, "~^$ "));
		assert_false(holds(a, "ghl") || holds(a, "crm"));
		assert_string_equal(a->address, f.allocation.gateway_ip);
		/* a tunnel has no path */
		if (strcmp(a->method, "CONNECT") != 0 && !strstr(a->target, path))
			fail_msg("%s: %s", a->what, a->target);
	}
	assert_int_equal(controls, 2);
	tenant_fixture_free(&f);
}

/* ---- places ---- */

static void places_are_those_of_the_tenant(void **state)
{
	struct gateway_places p auto_gateway_places = { 0 };
	struct tenant_fixture f;
	size_t secrets = 0;

	(void)state;
	tenant_fixture_make(&f, manifest);
	gateway_places_make("/r", &f.spec, &p);
	assert_string_equal(p.set, "/r/run/tenantctl/acme/files/set");
	assert_string_equal(p.state, "/r/run/tenantctl/acme/state");
	for (size_t i = 0; i < p.count; i++) {
		assert_int_equal(strncmp(p.items[i].path, "/r/", 3), 0);
		secrets += p.items[i].role == FILE_SECRET;
	}
	assert_int_equal(secrets, 3); /* as it is, sealed, and what the command printed */
	tenant_fixture_free(&f);
}

/* ---- keys ---- */

static void write_below(const char *root, enum path_kind kind, const char *name, const char *text)
{
	struct err e = ERR_INIT;
	auto_free char *place = path_of(root, kind, "acme");
	auto_free char *path = mem_printf("%s%s%s", place, name ? "/" : "", name ? name : "");
	char *slash = strrchr(path, '/');

	*slash = '\0';
	assert_ok(fsio_mkdirs(path, 0755, &e), &e);
	*slash = '/';
	assert_ok(fsio_write(path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, &e), &e);
}

#define KEYS "ghl.0 Bearer " KEY "\ncrm.0 Basic dXNlcjp3cm9uZyBjYW1lbCBzb2NrZXQgcGFwZXJjbGlw\n"

static void search(const char *root, struct tenant_facts *out)
{
	struct context c = { .root = (char *)root };
	struct tenant_fixture f;

	tenant_fixture_make(&f, manifest);
	f.state.worker_present = f.state.gateway_present = false; /* no engine here */
	*out = (struct tenant_facts){ 0 };
	verify_secrets(&c, &f.spec, &f.state, out);
	tenant_fixture_free(&f);
}

static void a_clean_host_shows_nothing(void **state)
{
	const char *root = ((struct fixture *)*state)->dir;
	struct tenant_facts t;

	write_below(root, PATH_GATEWAY_SET, GATEWAY_FILE_KEYS, KEYS);
	write_below(root, PATH_GATEWAY_SET, GATEWAY_FILE_ECHO, KEY "\n" PROVIDED "\n");
	write_below(root, PATH_GATEWAY_SET, "haproxy.cfg", "global\n");
	write_below(root, PATH_MANIFEST, NULL, manifest);
	search(root, &t);
	assert_true(t.secrets.searched);
	assert_int_equal(t.secrets.secrets, 2);
	assert_int_equal(t.secrets.missed.count, 0);
	assert_int_equal(t.secrets.exposed.count, 0);
	assert_true(t.secrets.places > 3);
	tenant_facts_free(&t);
}

static void planted_keys_are_found(void **state)
{
	static const struct {
		enum path_kind kind;
		const char *name, *text, *want;
	} cases[] = {
		{ PATH_GATEWAY_SET, "haproxy.cfg", "# " KEY,
		  "gateway files/haproxy.cfg: ghl.0, plain" },
		{ PATH_GATEWAY_SET, "rules", PROVIDED, "gateway files/rules: crm.0, plain" },
		{ PATH_GATEWAY_STATE, "daily", "d3JvbmcgY2FtZWwgc29ja2V0IHBhcGVyY2xpcA",
		  "gateway state/daily: crm.0, base64" },
		{ PATH_TENANT_STATE, "journal.jsonl", "wrong%20camel%20socket%20paperclip",
		  "tenant state/journal.jsonl: crm.0, URL-encoded" },
		{ PATH_MANIFEST, NULL, "# " KEY, "manifest: ghl.0, plain" },
	};
	const char *root = ((struct fixture *)*state)->dir;

	write_below(root, PATH_GATEWAY_SET, GATEWAY_FILE_KEYS, KEYS);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tenant_facts t;

		write_below(root, cases[i].kind, cases[i].name, cases[i].text);
		search(root, &t);
		assert_int_equal(t.secrets.exposed.count, 1);
		assert_string_equal(t.secrets.exposed.items[0], cases[i].want);
		write_below(root, cases[i].kind, cases[i].name, "");
		tenant_facts_free(&t);
	}
}

static void short_and_odd_keys(void **state)
{
	const char *root = ((struct fixture *)*state)->dir;
	struct tenant_facts t;

	write_below(root, PATH_GATEWAY_SET, GATEWAY_FILE_KEYS,
		    "ghl.0 Bearer short\nghl.7 of-no-use-at-all\nnodot a-value-of-nobody\nalone\n");
	search(root, &t);
	assert_true(t.secrets.searched);
	assert_int_equal(t.secrets.secrets, 2);
	assert_int_equal(t.secrets.short_ids.count, 1);
	assert_string_equal(t.secrets.short_ids.items[0], "ghl.0");
	assert_int_equal(t.secrets.missed.count, 0);
	tenant_facts_free(&t);
}

static void without_keys_there_is_no_search(void **state)
{
	struct tenant_facts t;

	search(((struct fixture *)*state)->dir, &t);
	assert_false(t.secrets.searched);
	assert_true(t.secrets.error[0]);
	tenant_facts_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_name_no_credential),
		cmocka_unit_test(places_are_those_of_the_tenant),
		cmocka_unit_test_setup_teardown(a_clean_host_shows_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(planted_keys_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(short_and_odd_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(without_keys_there_is_no_search, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
