/* From the manifest's credentials and all sources of secrets to the files that the gateway reads.
 */
#include "../base/folder.h"

#include "base/fsio.h"
#include "domain/paths.h"
#include "ops/gateway_set.h"
#include "ops/secrets.h"

#define TENANT "acme"

static char *root_of(void **state)
{
	return mem_strdup(((struct fixture *)*state)->dir);
}

static void store(void **state, const char *key, const char *text)
{
	auto_free char *root = root_of(state);
	const struct secret s = { .text = (char *)text, .len = strlen(text) };
	struct err e = ERR_INIT;

	assert_ok(secret_write(root, TENANT, key, &s, false, &e), &e);
}

static const char manifest[] = "version: 1\ntenant: acme\nimage: example/worker:1\n"
			       "credentials:\n"
			       "  - name: ghl\n"
			       "    upstream: https://api.example.com\n"
			       "    inject: [ { header: Authorization, format: \"Bearer {}\" },\n"
			       "              { header: X-Version, secret: second } ]\n"
			       "    secret: first\n"
			       "  - name: maps\n"
			       "    upstream: https://maps.example.com\n"
			       "    inject: { query: key }\n"
			       "    command: [ /bin/sh, -c, \"echo x >>COUNT; cat VALUE\" ]\n";

static char *replaced(const char *text, const char *word, const char *by)
{
	const char *at = strstr(text, word);

	assert_non_null(at);
	return mem_printf("%.*s%s%s", (int)(at - text), text, by, at + strlen(word));
}

static size_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (size_t)st.st_size;
}

static void remember(const struct context *c, const struct gateway_keys *k)
{
	auto_free char *dir = path_of(c->root, PATH_RUNTIME, TENANT);
	auto_free char *path = path_of(c->root, PATH_PROVIDED, TENANT);
	struct err e = ERR_INIT;

	assert_ok(fsio_mkdirs(dir, 0711, &e), &e);
	assert_ok(fsio_write(path, k->provided, k->provided_len, 0600, (uid_t)-1, (gid_t)-1, &e),
		  &e);
}

static void keys_are_composed_from_all_sources(void **state)
{
	auto_free char *root = root_of(state);
	auto_free char *count = in(state, "count");
	auto_free char *value = in(state, "value");
	auto_free char *counted = replaced(manifest, "COUNT", count);
	auto_free char *text = replaced(counted, "VALUE", value);
	struct context c = { .root = root };
	auto_spec struct tenant_spec spec = { 0 };
	struct keys_options o = { .source = KEYS_FRESH };
	struct gateway_keys k auto_keys = { 0 };
	struct err e = ERR_INIT;

	assert_ok(manifest_parse(text, strlen(text), "acme.yaml", TENANT, &spec, &e), &e);
	put(value, "a+b-1234\n", 0600);
	assert_refused(gateway_keys_load(&c, &spec, &o, &k, &e), &e, ERR_MANIFEST,
		       "credential ghl: secret first is not set");
	assert_string_equal(e.hint, "tenantctl secret set acme first");
	assert_int_equal(size_of(count), 0);
	store(state, "first", "one-1234");
	store(state, "second", "two-1234");
	err_clear(&e);
	/* nothing is known of the command's value, and it is not run to look */
	o.source = KEYS_LOOK;
	assert_ok(gateway_keys_load(&c, &spec, &o, &k, &e), &e);
	assert_true(k.incomplete);
	assert_string_equal(k.keys, "ghl.0 Bearer one-1234\nghl.1 two-1234\n");
	assert_int_equal(size_of(count), 0);
	gateway_keys_free(&k);
	o.source = KEYS_KEEP;
	assert_ok(gateway_keys_load(&c, &spec, &o, &k, &e), &e);
	assert_false(k.incomplete);
	assert_string_equal(k.keys, "ghl.0 Bearer one-1234\nghl.1 two-1234\nmaps.0 a%2Bb-1234\n");
	assert_int_equal(k.keys_len, strlen(k.keys));
	assert_non_null(strstr(k.echo, "one-1234\n"));
	assert_non_null(strstr(k.echo, "two-1234\n"));
	assert_non_null(strstr(k.echo, "a+b-1234\n"));
	assert_int_equal(size_of(count), 2);
	remember(&c, &k);
	gateway_keys_free(&k);
	/* now it is known, until it is asked for anew */
	put(value, "new-5678\n", 0600);
	assert_ok(gateway_keys_load(&c, &spec, &o, &k, &e), &e);
	assert_non_null(strstr(k.keys, "maps.0 a%2Bb-1234\n"));
	assert_int_equal(size_of(count), 2);
	gateway_keys_free(&k);
	o.rerun = "maps";
	assert_ok(gateway_keys_load(&c, &spec, &o, &k, &e), &e);
	assert_non_null(strstr(k.keys, "maps.0 new-5678\n"));
	assert_null(strstr(k.echo, "a+b-1234"));
	gateway_keys_free(&k);
	/* a value is of the very command that printed it */
	struct credential_entry *maps = (struct credential_entry *)spec.credentials.items + 1;
	strlist_add(&maps->command, "argument");
	o = (struct keys_options){ .source = KEYS_LOOK };
	assert_ok(gateway_keys_load(&c, &spec, &o, &k, &e), &e);
	assert_true(k.incomplete);
	gateway_keys_free(&k);
	/* what is missing may be left out */
	assert_ok(secret_remove(root, TENANT, "first", &e), &e);
	o.missing_ok = true;
	assert_ok(gateway_keys_load(&c, &spec, &o, &k, &e), &e);
	assert_string_equal(k.keys, "ghl.1 two-1234\n");
}

static void no_credentials_are_empty_files(void **state)
{
	static const char plain[] = "version: 1\ntenant: acme\nimage: example/worker:1\n";
	auto_free char *root = root_of(state);
	struct context c = { .root = root };
	auto_spec struct tenant_spec spec = { 0 };
	const struct keys_options o = { .source = KEYS_FRESH };
	struct gateway_keys k auto_keys = { 0 };
	struct err e = ERR_INIT;

	assert_ok(manifest_parse(plain, strlen(plain), "acme.yaml", TENANT, &spec, &e), &e);
	assert_ok(gateway_keys_load(&c, &spec, &o, &k, &e), &e);
	assert_string_equal(k.keys, "");
	assert_string_equal(k.echo, "");
	assert_false(k.incomplete);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(keys_are_composed_from_all_sources),
		WITH_FOLDER(no_credentials_are_empty_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
