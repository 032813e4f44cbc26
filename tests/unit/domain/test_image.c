/* Which files of an image are credentials, which are not, and records of what was found. */
#include "../base/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "domain/image_record.h"
#include "domain/image_rules.h"
#include "probe/layers.h"

#define ID "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define OTHER_ID "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define GITHUB                                                                                     \
	"gh"                                                                                       \
	"p_"                                                                                       \
	"q7Rk2ZfLm9XcVb4TnY8sWd3Hj6Gp1Ae5Uo0i"
#define PEM_BODY "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"

struct text_case {
	const char *path, *text, *what; /* what NULL: none */
};

static const struct text_case cases[] = {
	/* by name */
	{ "/root/.netrc", "machine x login y password zQ81kk\n", "a password for a server" },
	{ "/root/.netrc", "machine x login y\n", NULL },
	{ "/root/.npmrc", "//r/:_authToken=2f6c9a71\n", "an npm token" },
	{ "/root/.npmrc", "//r/:_authToken=${NPM_TOKEN}\n", NULL },
	{ "/root/.npmrc", "_auth = aGk6cHc=\n", "an npm password" },
	{ "/root/.npmrc", "fund=false\n", NULL },
	{ "/usr/lib/node_modules/x/.npmrc", "_authToken=2f6c9a71", "an npm token" },
	{ "/root/.docker/config.json", "{\"auths\":{\"r\":{\"auth\":\"dXNlcjpwdw==\"}}}",
	  "a registry password" },
	{ "/root/.docker/config.json", "{\"auths\":{\"r\":{}}}", NULL },
	{ "/root/.docker/config.json", "{\"auths\":{\"r\":{\"auth\":\"\"}}}", NULL },
	{ "/root/.aws/credentials", "[default]\naws_secret_access_key = wJalrXUtnFEMIK7MDENG\n",
	  "an AWS key" },
	{ "/root/.git-credentials", "https://me:9fQ2mm@git.host\n", "a password of a repository" },
	{ "/home/x/.vault-token", "hvs.CAESIJ", "a Vault token" },
	{ "/home/x/.kube/config", "users:\n- user:\n    token: eyJx9\n", "a cluster token" },
	/* variables */
	{ "/app/.env", "DEBUG=1\nAPI_TOKEN=a81Kd02Lq9\n", "a key" },
	{ "/app/.env.production", "export DB_PASSWORD='correct horse'\n", "a password" },
	{ "/app/.env", "DB_PASSWORD=\nAPI_TOKEN=${TOKEN}\n# PASSWORD=abc\n", NULL },
	{ "/app/.env", "DB_PASSWORD=changeme\n", NULL },
	{ "/app/.env.example", "DB_PASSWORD=hunter22\n", NULL },
	{ "/app/node_modules/x/.env", "DB_PASSWORD=hunter22\n", NULL },
	/* shapes */
	{ "/app/config.js", "const token = '" GITHUB "';", "a GitHub token" },
	{ "/app/x",
	  "AKIA"
	  "QZ7R3MT5KD2WXB4N",
	  "an AWS key" },
	{ "/app/x",
	  "AKIA"
	  "IOSFODNN7EXAMPLE",
	  NULL },
	{ "/app/x",
	  "sk-"
	  "proj-b7Rk2ZfLm9XcVb4TnY8sWd3H",
	  "an OpenAI key" },
	{ "/app/style.css", ".sk-fading-circle .sk-circle12-before-and-after { }", NULL },
	{ "/app/x.js", "npm_config_registry_of_the_whole_company_1", NULL },
	{ "/app/x",
	  "gh"
	  "p_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	  NULL },
	{ "/app/x", "a" GITHUB, NULL },
	{ "/app/node_modules/x/readme", GITHUB, NULL },
	{ "/app/jwt", "eyJhbGciOiJIUzI1NiIsInR5cCI6.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2ln",
	  "a JSON Web Token" },
	{ "/app/b64", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9IkpXVCJ9", NULL },
	/* private keys */
	{ "/etc/ssl/private/x.key", "-----BEGIN PRIVATE KEY-----\n" PEM_BODY "\n",
	  "a private key" },
	{ "/id_rsa", "x\n-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\n",
	  "a private key" },
	{ "/app/key.json", "{\"k\":\"-----BEGIN PRIVATE KEY-----\\n" PEM_BODY "\\n\"}",
	  "a private key" },
	{ "/app/pem.js", "if (s.includes('-----BEGIN PRIVATE KEY-----')) return;", NULL },
	{ "/etc/ssl/cert.pem", "-----BEGIN CERTIFICATE-----\n" PEM_BODY "\n", NULL },
	{ "/app/pub", "-----BEGIN PUBLIC KEY-----\n" PEM_BODY "\n", NULL },
	/* URLs */
	{ "/app/config.yml", "url: postgres://app:9fQ2mm@db/x\n", "a URL with a password" },
	{ "/app/config.yml", "url: postgres://app:${PW}@db/x\n", NULL },
	{ "/app/config.yml", "url: http://user:password@host/\n", NULL },
	{ "/app/README.md", "try postgres://app:9fQ2mm@db/x\n", NULL },
	{ "/app/config.yml", "http://host:80/a@b and http://x\n", NULL },
	{ "/etc/motd", "", NULL },
};

static void text_is_told_apart(void **state unused_arg)
{
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct text_case *c = &cases[i];
		const char *what = image_secret(c->path, c->text);

		if (!what != !c->what || (what && strcmp(what, c->what) != 0)) {
			print_error("%s: %.40s: %s\n", c->path, c->text, what ? what : "none");
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void packages_are_left_out(void **state unused_arg)
{
	assert_true(image_is_read("/app/index.js"));
	assert_true(image_is_read("/etc/shadow"));
	assert_true(image_is_read("/usr/local/bin/run"));
	assert_true(image_is_read("/usr/share/x/.netrc"));
	assert_false(image_is_read("/usr/share/doc/x"));
	assert_false(image_is_read("/app/node_modules/a/b.js"));
	assert_false(image_is_read("/usr/local/lib/python3.11/test/key.pem"));
}

static void users_that_cannot_be_are_refused(void **state unused_arg)
{
	static const char *const good[] = { NULL,	 "",	 "0",	       "node",
					    "1000:1000", "a:99", "2147483647", "0000000000001",
					    ":" };
	static const char *const bad[] = { "2147483648", "4294967296", "1:4294967295",
					   "99999999999999999999", "node:2147483648" };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_null(image_user_problem(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!image_user_problem(bad[i]))
			fail_msg("%s passes", bad[i]);
}

static void traps_are_refused_with_what_to_do(void **state unused_arg)
{
	struct image_facts auto_image_facts f = { 0 };
	struct err e = ERR_INIT;

	image_facts_add(&f, IMAGE_SETUID, 1, "/bin/su", "mode 4755");
	image_facts_add(&f, IMAGE_CREDENTIAL, 1, "/.netrc", "a password for a server");
	assert_int_equal(image_refuse_traps(&f, "x/y:1", &e), 0);
	image_facts_add(&f, IMAGE_DEVICE, 2, "/dev/cuse", "char 10:203");
	assert_int_equal(image_refuse_traps(&f, "x/y:1", &e), -1);
	assert_int_equal(e.code, ERR_REFUSED);
	assert_string_equal(e.message,
			    "image x/y:1, layer 2: /dev/cuse is a device node (char 10:203)");
	assert_non_null(strstr(e.hint, "without it"));
	image_facts_free(&f);
	image_facts_add(&f, IMAGE_PLACE, 1, "/proc", "a symbolic link to /etc");
	assert_int_equal(image_refuse_traps(&f, "x", &e), -1);
	assert_string_equal(e.message, "image x, layer 1: /proc is a symbolic link to /etc");
	image_facts_free(&f);
	image_facts_add(&f, IMAGE_USER, 0, "4294967296", "is a number that no user has");
	assert_int_equal(image_refuse_traps(&f, "x", &e), -1);
	assert_string_equal(e.message, "image x: USER 4294967296 is a number that no user has");
}

/* ---- records ---- */

static void fill(struct image_facts *f)
{
	f->looked = true;
	f->layers = 3;
	f->entries = 100000;
	f->files_read = 77;
	strcpy(f->at, "2026-01-01T00:00:00Z");
	strcpy(f->unread, "layer 1 /x: Input/output error");
	image_facts_add(f, IMAGE_SETUID, 1, "/bin/\x1b[0m\xff", "mode 4755");
	image_facts_add(f, IMAGE_USER, 0, "4294967296", "is a number that no user has");
	f->more[IMAGE_SETUID] = 9;
}

static void a_record_reads_back(void **state unused_arg)
{
	struct image_facts auto_image_facts f = { 0 }, g auto_image_facts = { 0 };
	auto_free char *text = NULL, *again = NULL;
	struct err e = ERR_INIT;

	fill(&f);
	text = image_record_print(&f, ID);
	assert_ok(image_record_parse(text, strlen(text), ID, &g, &e), &e);
	assert_true(g.looked);
	assert_int_equal(g.find_count, 2);
	assert_string_equal(g.finds[0].path, "/bin/\\x1B[0m\\xFF");
	assert_int_equal(g.more[IMAGE_SETUID], 9);
	assert_string_equal(g.unread, f.unread);
	again = image_record_print(&g, ID);
	assert_string_equal(text, again);
}

static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	assert_non_null(at);
	return mem_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void damaged_records_are_refused(void **state unused_arg)
{
	static const char *const changes[][2] = {
		{ "\"version\":1", "\"version\":2" },
		{ "\"rules\":", "\"rules\":9" },
		{ ID, OTHER_ID },
		{ "\"layers\":3", "\"layers\":0" },
		{ "\"layers\":3", "\"layers\":-3" },
		{ "\"layers\":3", "\"layers\":99999999" },
		{ "\"layers\":3", "\"layers\":1.5" },
		{ "\"entries\":100000", "\"entries\":\"many\"" },
		{ "\"kind\":\"setuid\"", "\"kind\":\"harmless\"" },
		{ "\"kind\":\"setuid\"", "\"kind\":null" },
		{ "\"path\":", "\"pth\":" },
		{ "\"finds\":[", "\"finds\":[null," },
		{ "\"more\":{", "\"more\":[],\"less\":{" },
		{ "\"cut\":\"\"", "\"cut\":\"01234567890123456789012345678901234567890123456789"
				  "01234567890123456789012345678901234567890123456789\"" },
		{ "}", "}}" },
	};
	struct image_facts auto_image_facts f = { 0 }, g = { 0 };
	auto_free char *text = NULL;
	struct err e = ERR_INIT;

	fill(&f);
	text = image_record_print(&f, ID);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		auto_free char *bad = replaced(text, changes[i][0], changes[i][1]);

		if (!image_record_parse(bad, strlen(bad), ID, &g, &e))
			fail_msg("accepted: %s", changes[i][1]);
		assert_false(g.looked);
	}
	for (size_t len = 0; len < strlen(text); len++)
		assert_int_equal(image_record_parse(text, len, ID, &g, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_told_apart),
		cmocka_unit_test(packages_are_left_out),
		cmocka_unit_test(users_that_cannot_be_are_refused),
		cmocka_unit_test(traps_are_refused_with_what_to_do),
		cmocka_unit_test(a_record_reads_back),
		cmocka_unit_test(damaged_records_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
