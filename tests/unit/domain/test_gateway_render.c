/*
 * The gateway's two files: what is rendered reads back as exactly the rules that were
 * given, and the programs themselves accept the text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "domain/gateway.h"
#include "gateway_config.h"

#define GOLDEN_DIR "tests/unit/domain/golden/"

/* The golden files are also what tests/e2e/20-gateway.sh runs, so the names are those of
 * tests/support/lab.sh. */
static const struct egress_entry sample[] = {
	{ .host = (char *)"api.example.com", .port = 443, .protocol = EGRESS_TLS },
	{ .host = (char *)"*.wild.example.org", .port = 443, .protocol = EGRESS_TLS },
	{ .host = (char *)"*.eu.wild.example.org", .port = 443, .private_ok = true },
	{ .host = (char *)"db.example.com", .port = 5432, .protocol = EGRESS_TCP },
	{ .host = (char *)"api.example.com", .port = 8443, .protocol = EGRESS_TLS },
	{ .host = (char *)"10.99.0.1", .port = 9000, .protocol = EGRESS_TCP, .private_ok = true },
	{ .host = (char *)"rebind.example.com", .port = 443, .protocol = EGRESS_TLS },
	{ .host = (char *)"inside.example.com", .port = 443, .private_ok = true },
	{ .host = (char *)"loop.example.com", .port = 443, .private_ok = true },
	{ .host = (char *)"metadata.example.com", .port = 443, .private_ok = true },
	{ .host = (char *)"www.example.com", .port = 443, .expires = (char *)"2020-02-29" },
	{ .host = (char *)"a.b.wild.example.org", .port = 443, .expires = (char *)"2020-02-29" },
	{ .host = (char *)"www.example.com", .port = 8443, .expires = (char *)"2199-12-31" },
	{ .host = (char *)"db.example.com",
	  .port = 5433,
	  .protocol = EGRESS_TCP,
	  .expires = (char *)"2020-02-29" },
	{ .host = (char *)"db.example.com",
	  .port = 5434,
	  .protocol = EGRESS_TCP,
	  .expires = (char *)"2199-12-31" },
	{ .host = (char *)"host.example.com", .port = 443, .private_ok = true },
	{ .host = (char *)"host.example.com", .port = 5435, .protocol = EGRESS_TCP },
};

static void render(const struct gateway_config *c, char **out_h, char **out_d)
{
	struct strmap files auto_strmap = { 0 };
	struct err e = ERR_INIT;

	if (gateway_render(c, &files, &e) < 0)
		fail_msg("%s", e.message);
	*out_h = mem_strdup(strmap_get(&files, GATEWAY_FILE_HAPROXY));
	*out_d = mem_strdup(strmap_get(&files, GATEWAY_FILE_DNSMASQ));
}

/* ---- golden -------------------------------------------------------------------------------- */

static void compare_golden(const char *name, const char *text)
{
	auto_free char *path = mem_printf(GOLDEN_DIR "%s", name);
	auto_free char *want = mem_alloc(65536);
	FILE *f = fopen(path, "r");

	if (!f)
		fail_msg("%s cannot be read; run from the top folder", path);
	want[fread(want, 1, 65535, f)] = '\0';
	fclose(f);
	assert_string_equal(text, want);
}

static void test_golden(unused_arg void **state)
{
	struct gateway_config c = config_of(sample, ARRAY_SIZE(sample));
	auto_free char *h = NULL, *d = NULL;

	render(&c, &h, &d);
	compare_golden("gateway-haproxy.cfg", h);
	compare_golden("gateway-dnsmasq.conf", d);
}

/* ---- re-parse ------------------------------------------------------------------------------ */

static size_t count_of(const char *text, const char *needle)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, needle)); at += strlen(needle))
		n++;
	return n;
}

static const char *const haproxy_words[] = {
	"global",
	"defaults",
	"resolvers",
	"frontend",
	"backend",
	"log",
	"nbthread",
	"maxconn",
	"tune.bufsize",
	"tune.buffers.limit",
	"hard-stop-after",
	"mode",
	"retries",
	"option",
	"timeout",
	"nameserver",
	"accepted_payload_size",
	"resolve_retries",
	"hold",
	"bind",
	"tcp-request",
	"acl",
	"default_backend",
	"log-format",
	"server",
};
static const char *const dnsmasq_words[] = {
	"port",
	"listen-address",
	"bind-interfaces",
	"no-resolv",
	"no-poll",
	"no-hosts",
	"no-ident",
	"cache-size",
	"local-ttl",
	"max-tcp-connections",
	"edns-packet-max",
	"log-queries",
	"local",
	"host-record",
	"address",
};

/* Every line begins with a word that the renderer has business to write. */
static void check_words(const char *text, const char *const *words, size_t count, const char *ends)
{
	for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		size_t len, i;

		at += *at == '\t';
		len = strcspn(at, ends);
		for (i = 0; len > 0 && i < count; i++)
			if (strlen(words[i]) == len && memcmp(at, words[i], len) == 0)
				break;
		if (len > 0 && i == count)
			fail_msg("unexpected line: %.60s", at);
	}
}

static void check_rule_lines(const struct gateway_config *c, const char *h, const char *d)
{
	for (size_t i = 0; i < c->egress_count; i++) {
		const struct egress_entry *r = &c->egress[i];
		bool wildcard = r->host[0] == '*';
		auto_free char *rule =
			mem_printf("set-var(txn.rule) int(%zu) if { var(txn.sni) -m %s %s }\n", i,
				   wildcard ? "end" : "str", r->host + wildcard);
		auto_free char *bind = mem_printf("\tbind %s:%d\n", c->inner_ip, (int)r->port);
		auto_free char *name =
			wildcard ? mem_printf("\naddress=/%s/%s\nlocal=/%s/\n", r->host,
					      c->inner_ip, r->host)
				 : mem_printf("\nhost-record=%s,%s\n", r->host, c->inner_ip);

		assert_int_equal(count_of(h, rule), r->protocol == EGRESS_TLS);
		assert_int_equal(count_of(h, bind), 1);
		/* Once, even for a name with several ports; an address needs no record. */
		assert_int_equal(count_of(d, name), r->host[0] > '9' || wildcard);
	}
}

static void check_rendered(const struct gateway_config *c, const char *h, const char *d)
{
	size_t frontends = count_of(h, "\nfrontend ");

	check_words(h, haproxy_words, ARRAY_SIZE(haproxy_words), " \n");
	check_words(d, dnsmasq_words, ARRAY_SIZE(dnsmasq_words), "=\n");
	check_rule_lines(c, h, d);
	/* One bind each; all but the inbound one judge the client and the address. */
	assert_int_equal(count_of(h, "\tbind "), frontends);
	assert_int_equal(count_of(h, "\tbind 10.230.0.2:8080\n"), 1);
	assert_int_equal(count_of(h, "reject if !{ src 10.231.0.3 }\n"), frontends - 1);
	assert_int_equal(count_of(h, "reject if never\n"), frontends - 1);
	assert_int_equal(count_of(h, "reject if private"), frontends - 1);
	assert_int_equal(count_of(h, "set-dst "), frontends - 1);
	assert_int_equal(count_of(d, "local=/#/\n"), 1);
	assert_null(strstr(d, "server="));
}

/* A refusal must come before the connection is led anywhere. */
static void test_order(unused_arg void **state)
{
	struct gateway_config c = config_of(sample, 2);
	auto_free char *h = NULL, *d = NULL;
	const char *hello, *name, *resolve, *never, *dial;

	render(&c, &h, &d);
	hello = strstr(h, "reject if !{ req.ssl_hello_type 1 }");
	name = strstr(h, "reject if !{ var(txn.rule) -m found }");
	resolve = strstr(h, "do-resolve(");
	never = strstr(h, "reject if never");
	dial = strstr(h, "set-dst var(txn.dst)");
	assert_true(hello && hello < name && name < resolve && resolve < never && never < dial);
}

/* The longest wildcard wins over shorter ones, and an exact name over all. */
static void test_specificity(unused_arg void **state)
{
	static const struct egress_entry rules[] = {
		{ .host = (char *)"a.eu.slack.com", .port = 443 },
		{ .host = (char *)"*.eu.slack.com", .port = 443 },
		{ .host = (char *)"*.com", .port = 443, .private_ok = true },
	};
	struct gateway_config c = config_of(rules, ARRAY_SIZE(rules));
	auto_free char *h = NULL, *d = NULL;
	const char *exact, *longer, *shorter;

	render(&c, &h, &d);
	check_rendered(&c, h, d);
	exact = strstr(h, "int(0) if");
	longer = strstr(h, "int(1) if");
	shorter = strstr(h, "int(2) if");
	assert_true(shorter && shorter < longer && longer < exact);
	assert_non_null(strstr(h, "acl private_rule var(txn.rule) -m int 2\n"));
	assert_non_null(strstr(h, "reject if private !private_rule\n"));
}

/* The number of seconds is given here as date(1) tells it. */
static void test_expiry(unused_arg void **state)
{
	static const struct {
		const char *day, *end;
	} cases[] = { { "1970-01-01", "0" },
		      { "2000-02-29", "951782400" },
		      { "2026-12-31", "1798675200" },
		      { "2038-01-20", "2147558400" },
		      { "9999-12-31", "253402214400" } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct egress_entry rules[] = {
			{ .host = (char *)"a.b", .port = 443, .expires = (char *)cases[i].day },
			{ .host = (char *)"c.d",
			  .port = 5,
			  .protocol = EGRESS_TCP,
			  .expires = (char *)cases[i].day },
			{ .host = (char *)"e.f", .port = 6, .protocol = EGRESS_TCP },
			{ .host = (char *)"g.h", .port = 444 },
		};
		struct gateway_config c = config_of(rules, ARRAY_SIZE(rules));
		auto_free char *past = mem_printf(" { var(txn.now) -m int ge %s }\n", cases[i].end);
		auto_free char *live =
			mem_printf("set-var(txn.rule) int(0) if { var(txn.sni) -m str "
				   "a.b } { var(txn.now) -m int lt %s }\n",
				   cases[i].end);
		auto_free char *refuse =
			mem_printf("reject if { var(txn.now) -m int ge %s }\n", cases[i].end);
		auto_free char *h = NULL, *d = NULL;

		render(&c, &h, &d);
		assert_int_equal(count_of(h, past), 2);
		assert_int_equal(count_of(h, live), 1);
		assert_int_equal(count_of(h, refuse), 1);
		assert_true(strstr(h, refuse) <
			    strstr(h, "do-resolve(txn.dst,outside,ipv4) str(c.d)"));
		assert_int_equal(count_of(h, "reject if { var(txn.reason) -m str expired }\n"), 1);
		/* Compared directly, it would hold up connections that are allowed. */
		assert_int_equal(count_of(h, "date"), 2);
		assert_int_equal(count_of(h, "set-var(txn.now) date\n"), 2);
	}
}

/* ---- the host's own addresses -------------------------------------------------------------- */

static char *render_with(const struct gateway_config *base, char **addresses, size_t count)
{
	const struct strlist l = { .items = addresses, .count = count };
	struct gateway_config c = *base;
	auto_free char *d = NULL;
	char *h = NULL;

	c.host_addresses = &l;
	render(&c, &h, &d);
	return h;
}

#define RENDER_WITH(c, ...)                                                                        \
	render_with(c, (char *[]){ __VA_ARGS__ },                                                  \
		    sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *))

/* The acl is refused before private_ok is asked, on every way out. */
static void test_host_address_is_never_opened(unused_arg void **state)
{
	static const struct egress_entry rules[] = {
		{ .host = (char *)"a.b", .port = 443, .private_ok = true },
		{ .host = (char *)"c.d", .port = 444 },
		{ .host = (char *)"e.f", .port = 5, .protocol = EGRESS_TCP, .private_ok = true },
	};
	struct gateway_config c = config_of(rules, ARRAY_SIZE(rules));
	auto_free char *h = RENDER_WITH(&c, (char *)"203.0.113.77");

	assert_int_equal(count_of(h, "\tacl never var(txn.dst) -m ip 203.0.113.77\n"), 3);
	assert_int_equal(count_of(h, "\ttcp-request content reject if never\n"
				     "\ttcp-request content reject if private"),
			 3);
}

static void test_host_addresses_are_a_set(unused_arg void **state)
{
	struct gateway_config c = config_of(sample, ARRAY_SIZE(sample));
	auto_free char *one = RENDER_WITH(&c, (char *)"9.9.9.9", (char *)"203.0.113.77");
	auto_free char *other = RENDER_WITH(&c, (char *)"203.0.113.77", (char *)"9.9.9.9",
					    (char *)"203.0.113.77", (char *)"9.9.9.9");

	assert_non_null(strstr(one, "acl never var(txn.dst) -m ip 9.9.9.9 203.0.113.77\n"));
	assert_string_equal(one, other);
}

/* Else every bridge or tunnel would be a change of every gateway. */
static void test_refused_ranges_are_left_out(unused_arg void **state)
{
	static char *refused[] = {
		(char *)"0.0.0.0",	   (char *)"127.0.0.1",
		(char *)"169.254.10.20",   (char *)"168.63.129.16",
		(char *)"100.100.100.200", (char *)"224.0.0.1",
		(char *)"255.255.255.255", (char *)"10.0.0.1",
		(char *)"172.17.0.1",	   (char *)"172.31.255.255",
		(char *)"192.168.1.5",	   (char *)"100.127.0.1",
		(char *)"198.19.0.1",	   (char *)"44.1.2.3",
		(char *)"45.0.0.1",	   (char *)"::1",
		(char *)"2001:db8::1",	   (char *)"fe80::1",
	};
	struct gateway_config c = config_of(sample, ARRAY_SIZE(sample));
	auto_free char *none = NULL, *all = NULL, *edges = NULL;

	c.pool = "44.0.0.0/14";
	c.egress_subnet = "45.0.0.0/24";
	none = render_with(&c, NULL, 0);
	all = render_with(&c, refused, ARRAY_SIZE(refused));
	assert_string_equal(none, all);
	edges = RENDER_WITH(&c, (char *)"11.0.0.0", (char *)"172.32.0.0", (char *)"44.4.0.0",
			    (char *)"45.0.1.0", (char *)"9.255.255.255");
	assert_non_null(
		strstr(edges, " -m ip 9.255.255.255 11.0.0.0 44.4.0.0 45.0.1.0 172.32.0.0\n"));
}

static void make_many(struct strlist *l, size_t count)
{
	for (size_t i = 0; i < count; i++)
		strlist_addf(l, "203.0.113.%zu", 100 + i);
}

/* HAProxy takes 64 words a line; test_programs_accept has it read as many. */
static void test_many_host_addresses(unused_arg void **state)
{
	struct strlist many auto_strlist = { 0 };
	struct gateway_config c = config_of(sample, 1);
	auto_free char *h = NULL;

	make_many(&many, 100);
	for (size_t n = 1; n <= many.count; n++) {
		free(take_ptr(h));
		h = render_with(&c, many.items, n);
		assert_int_equal(count_of(h, "acl never "), 1 + (n + 15) / 16);
		assert_int_equal(count_of(h, " 203.0.113."), n);
	}
}

static void test_inbound_source(unused_arg void **state)
{
	struct gateway_config c = config_of(sample, 0);
	auto_free char *loopback = NULL, *open = NULL, *d = NULL, *d2 = NULL;

	render(&c, &loopback, &d);
	assert_non_null(strstr(loopback, "acl host_side src 10.230.0.1\n"
					 "\ttcp-request connection reject if !host_side\n"));
	c.inbound_loopback_only = false;
	render(&c, &open, &d2);
	assert_non_null(strstr(open, "reject if own_side !host_side\n"));
	assert_null(strstr(open, "reject if !host_side\n"));
	assert_string_equal(d, d2);
}

static void test_random(unused_arg void **state)
{
	srandom(7);
	for (int round = 0; round < 200; round++) {
		static char names[12][64];
		struct egress_entry rules[12];
		size_t count = (size_t)random() % 12;
		struct gateway_config c = config_of(rules, count);
		auto_free char *h = NULL, *d = NULL;

		for (size_t i = 0; i < count; i++) {
			bool tcp = random() % 3 == 0, wildcard = !tcp && random() % 2;

			snprintf(names[i], sizeof(names[i]), "%sx%ld.h%zu-%ld.example",
				 wildcard ? "*." : "", random() % 100, i, random() % 1000);
			rules[i] = (struct egress_entry){ .host = names[i],
							  .port = tcp ? 1000 + (int)i
								      : 443 + random() % 3,
							  .protocol = tcp ? EGRESS_TCP : EGRESS_TLS,
							  .private_ok = random() % 2 };
		}
		render(&c, &h, &d);
		check_rendered(&c, h, d);
	}
}

/* ---- the programs themselves --------------------------------------------------------------- */

static int run_quiet(const char *const argv[])
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *write_temp(const char *text)
{
	char *path = mem_strdup("/tmp/test-gateway-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return path;
}

static void test_programs_accept(unused_arg void **state)
{
	struct strlist many auto_strlist = { 0 };
	struct gateway_config c = config_of(sample, ARRAY_SIZE(sample));
	auto_free char *h = NULL, *d = NULL, *hpath = NULL, *dpath = NULL, *darg = NULL;

	if (access("/usr/sbin/haproxy", X_OK) || access("/usr/sbin/dnsmasq", X_OK)) {
		print_message("haproxy or dnsmasq is not installed\n");
		skip();
	}
	make_many(&many, 100);
	for (int loopback = 0; loopback < 2; loopback++) {
		c.host_addresses = loopback ? &many : NULL;
		c.inbound_loopback_only = loopback;
		render(&c, &h, &d);
		hpath = write_temp(h);
		dpath = write_temp(d);
		darg = mem_printf("--conf-file=%s", dpath);
		/* -dW: a warning is a failure, too. */
		assert_int_equal(run_quiet((const char *const[]){ "/usr/sbin/haproxy", "-c", "-q",
								  "-dW", "-f", hpath, NULL }),
				 0);
		assert_int_equal(run_quiet((const char *const[]){ "/usr/sbin/dnsmasq", "--test",
								  darg, NULL }),
				 0);
		unlink(hpath);
		unlink(dpath);
		free(take_ptr(h));
		free(take_ptr(d));
		free(take_ptr(hpath));
		free(take_ptr(dpath));
		free(take_ptr(darg));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_specificity),
		cmocka_unit_test(test_inbound_source),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_programs_accept),
		cmocka_unit_test(test_host_address_is_never_opened),
		cmocka_unit_test(test_host_addresses_are_a_set),
		cmocka_unit_test(test_refused_ranges_are_left_out),
		cmocka_unit_test(test_many_host_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
