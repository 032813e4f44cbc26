/*
 * egress-cases: a random configuration, the gateway's files for it, and questions with the
 * answers of the rule model, for a test that asks a running gateway the same.
 *
 *	egress-cases SEED COUNT CA DIR
 *
 * Writes DIR/manifest.yaml, DIR/set/ (a set of files but its `generation`; CA is a
 * file of certificates that the upstreams' are signed with), DIR/names (ADDRESS NAME lines for the
 *internet's DNS) and DIR/cases: a JSON object a line with host, port, kind (what the port is for),
 *method, path, token (how it is sent, "" when it is not) and what is expected: allowed, rule,
 *reason. Addresses are those of tests/support/lab.sh and of tests/e2e/20-gateway.sh; the same
 *arguments give the same files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/doc.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "domain/egress.h"

#define TOKEN SECRET_PLACEHOLDER_PREFIX "0123456789abcdef0123456789abcdef"
#define CREDENTIALS_MAX 8

static const int64_t tls_ports[] = { 443, 8443, 444 };
static const int64_t tcp_ports[] = { 5001, 5002, 5003, 5004, 5005 };
/* What a name may lead to: echo servers, public and private; where nothing may lead; and nowhere
 * at all (""). */
static const char *const addresses[] = { "198.51.100.12", "198.51.100.12",   "198.51.100.12",
					 "10.99.0.2",	  "100.64.0.1",	     "127.0.0.1",
					 "192.0.2.1",	  "169.254.169.254", "10.231.0.3",
					 "10.230.0.9",	  "224.0.0.1",	     "" };

struct world {
	struct tenant_spec spec;
	struct gateway_config config;
	const char *ca_texts[CREDENTIALS_MAX];
	struct strmap names; /* what the internet's DNS answers */
};

static unsigned pick(unsigned n)
{
	return (unsigned)random() % n;
}

static void stop(const struct err *e, const char *what)
{
	fprintf(stderr, "egress-cases: %s: %s\n", what, e->message);
	exit(1);
}

/* Few enough parts that rules and questions meet. */
static char *random_name(void)
{
	static const char *const parts[] = { "a", "b", "long-label" };
	static const char *const tops[] = { "m.example.net", "n.example.org", "o-p.example.com" };
	auto_strbuf struct strbuf b = STRBUF_INIT(512);

	for (unsigned n = pick(3); n > 0; n--)
		strbuf_printf(&b, "%s.", parts[pick(ARRAY_SIZE(parts))]);
	strbuf_puts(&b, tops[pick(ARRAY_SIZE(tops))]);
	return strbuf_take(&b);
}

/* ---- the configuration --------------------------------------------------------------------- */

static void add_times(struct strbuf *b)
{
	static const char *const days[] = { "2020-02-29", "2199-12-31" };

	if (pick(3) == 0)
		strbuf_printf(b, ", expires: %s", days[pick(2)]);
	if (pick(3) == 0)
		strbuf_puts(b, ", private: true");
}

static void add_egress(struct strbuf *b)
{
	struct strlist seen auto_strlist = { 0 };

	strbuf_puts(b, "egress:\n");
	for (unsigned n = 4 + pick(12); n > 0; n--) {
		auto_free char *name = random_name();
		const char *star = pick(3) ? "" : "*.";
		int64_t port = tls_ports[pick(ARRAY_SIZE(tls_ports))];
		auto_free char *key = mem_printf("%s%s:%d", star, name, (int)port);

		if (strlist_has(&seen, key))
			continue;
		strlist_add(&seen, key);
		strbuf_printf(b, "  - { host: \"%s%s\", port: %d", star, name, (int)port);
		add_times(b);
		strbuf_puts(b, " }\n");
	}
	for (size_t i = 0; i < ARRAY_SIZE(tcp_ports); i++) {
		auto_free char *name = random_name();

		if (pick(3) == 0)
			continue;
		strbuf_printf(b, "  - { host: %s, port: %d, protocol: tcp", name,
			      (int)tcp_ports[i]);
		add_times(b);
		strbuf_puts(b, " }\n");
	}
}

static char *random_pattern(void)
{
	static const char *const methods[] = { "GET", "POST", "DELETE", "*", "PATCH", "M-SEARCH" };
	static const char *const parts[] = { "/a", "/b.c", "/x*", "/*", "/$d+e", "/*z", "/v1:run" };
	auto_strbuf struct strbuf b = STRBUF_INIT(512);

	strbuf_printf(&b, "%s ", methods[pick(ARRAY_SIZE(methods))]);
	for (unsigned n = 1 + pick(3); n > 0; n--)
		strbuf_puts(&b, parts[pick(ARRAY_SIZE(parts))]);
	strbuf_puts(&b, pick(3) ? "" : "/*");
	return strbuf_take(&b);
}

static void add_allow(struct strbuf *b)
{
	struct strlist patterns auto_strlist = { 0 };

	while (patterns.count < 1 + pick(3)) {
		auto_free char *one = random_pattern();

		if (!strlist_has(&patterns, one))
			strlist_add(&patterns, one);
	}
	strbuf_puts(b, "    allow: [");
	for (size_t i = 0; i < patterns.count; i++)
		strbuf_printf(b, "%s\"%s\"", i ? ", " : "", patterns.items[i]);
	strbuf_puts(b, "]\n");
}

/* The internet has certificates for these: public, private, loopback, and none at all. */
static void add_credentials(struct strbuf *b, const char *ca)
{
	static const char *const upstreams[] = { "u1.wild.example.org", "u2.wild.example.org:8443",
						 "inside.example.com", "loop.example.com",
						 "missing.example.com" };
	static const char *const injects[] = { "{ header: Authorization, format: \"Bearer {}\" }",
					       "{ header: X-Api-Key }", "{ query: key }",
					       "{ basic: \"api:{}\" }" };

	strbuf_puts(b, "credentials:\n");
	for (unsigned i = 0, n = 2 + pick(4); i < n; i++) {
		strbuf_printf(b,
			      "  - name: c%u\n    upstream: https://%s\n    inject: %s\n"
			      "    secret: s%u\n    ca: %s\n",
			      i, upstreams[pick(ARRAY_SIZE(upstreams))],
			      injects[pick(ARRAY_SIZE(injects))], i, ca);
		if (pick(2))
			strbuf_puts(b, "    private: true\n");
		if (pick(3) == 0)
			strbuf_puts(b, "    token: required\n");
		if (pick(4))
			add_allow(b);
	}
}

static char *random_manifest(const char *ca)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(STRBUF_TEXT_MAX);

	strbuf_puts(&b, "version: 1\ntenant: acme-dental\nimage: a:1\n"
			"environment: { API_KEY: placeholder }\n");
	add_egress(&b);
	add_credentials(&b, ca);
	return strbuf_take(&b);
}

static void make_config(struct world *w, const char *ca_text)
{
	static char *own_items[] = { (char *)"192.0.2.1", (char *)"10.230.0.1", NULL };
	static const struct strlist own = { .items = own_items, .count = 2 };

	for (size_t i = 0; i < ARRAY_SIZE(w->ca_texts); i++)
		w->ca_texts[i] = ca_text;
	w->config = (struct gateway_config){
		.tenant = w->spec.tenant,
		.inner_ip = "10.231.0.2",
		.worker_ip = "10.231.0.3",
		.twin_ip = "10.231.0.4",
		.worker_port = 18789,
		.egress_ip = "10.230.0.2",
		.egress_host_ip = "10.230.0.1",
		.inbound_port = 8080,
		.inbound_loopback_only = true,
		.resolver = "127.0.0.11:53",
		.pool = "10.231.0.0/16",
		.egress_subnet = "10.230.0.0/16",
		.host_addresses = &own,
		.egress = w->spec.egress.items,
		.egress_count = w->spec.egress.count,
		.credentials = w->spec.credentials.items,
		.credential_count = w->spec.credentials.count,
		.ca_texts = w->ca_texts,
		.token = TOKEN,
	};
}

/* ---- questions ----------------------------------------------------------------------------- */

/* One address for each name, whoever asks first. "": it has none. */
static const char *address_of(struct world *w, const char *host)
{
	auto_free char *name = mem_strndup(host, strcspn(host, ":"));
	const char *known;

	for (size_t len = strlen(name); len > 0 && name[len - 1] == '.'; len--)
		name[len - 1] = '\0';
	for (char *at = name; *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	known = strmap_get(&w->names, name);
	if (known)
		return known;
	strmap_set(&w->names, name, addresses[pick(ARRAY_SIZE(addresses))]);
	return strmap_get(&w->names, name);
}

static const struct egress_entry *some_entry(const struct world *w)
{
	const struct egress_entry *r = w->spec.egress.items;

	return r + pick((unsigned)w->spec.egress.count);
}

/* A name that the entry means, or nearly. The caller owns it. */
static char *name_like(const char *host)
{
	static const char *const heads[] = { "x", "a.b", "x_y", "a", "b.long-label" };
	bool wildcard = strncmp(host, "*.", 2) == 0;

	if (wildcard && pick(6))
		return mem_printf("%s.%s", heads[pick(ARRAY_SIZE(heads))], host + 2);
	if (pick(8) == 0)
		return mem_printf("x.%s", host + (wildcard ? 2 : 0));
	return mem_printf("%s%s", host + (wildcard ? 2 : 0), pick(12) ? "" : ".");
}

static void ask_connection(struct world *w, struct egress_query *q, char **host)
{
	static const char *const odd[] = { "gateway",	"proxy",   "10.231.0.2", "198.51.100.10",
					   "localhost", "example", "a..example", ".m.example.net" };
	static const int64_t others[] = { 445, 8079 };
	const struct egress_entry *r = some_entry(w);

	q->port = pick(3)   ? r->port
		  : pick(2) ? tls_ports[pick(ARRAY_SIZE(tls_ports))]
		  : pick(4) ? tcp_ports[pick(ARRAY_SIZE(tcp_ports))]
			    : others[pick(ARRAY_SIZE(others))];
	*host = pick(12) == 0  ? mem_strdup(odd[pick(ARRAY_SIZE(odd))])
		: pick(8) == 0 ? random_name()
			       : name_like(r->host);
	if (pick(8) == 0 && **host >= 'a' && **host <= 'z')
		**host = (char)(**host - 'a' + 'A');
	q->host = *host;
	q->address = address_of(w, q->host);
	/* plain TCP goes to the entry's host */
	r = w->spec.egress.items;
	for (size_t i = 0; i < w->spec.egress.count; i++)
		if (r[i].protocol == EGRESS_TCP && r[i].port == q->port)
			q->address = address_of(w, r[i].host);
}

/* A path that a pattern of the route means, or nearly. */
static void add_path(struct strbuf *b, const char *pattern)
{
	static const char *const fills[] = { "q", "a", "bc", "0-9", "z" };
	static const char *const spoils[] = { "/../a",	       "/%2e%2E/b",  "/x%2fy",
					      "//a",	       "/a;b",	     "/.",
					      "/%252e%252e/a", "/%00",	     "/\\a",
					      "/%zz",	       "/%25%32%65", "/%2541",
					      "/%e0%80%ae",    "/100%25",    "" };

	for (const char *at = pattern; *at; at++) {
		if (*at == '*')
			strbuf_puts(b, pick(6) ? fills[pick(ARRAY_SIZE(fills))]
					       : (pick(2) ? "" : "y/y"));
		else if (pick(25) == 0)
			strbuf_putc(b, "aZ.%/"[pick(5)]);
		else
			strbuf_putc(b, *at);
	}
	if (pick(10) == 0)
		strbuf_puts(b, spoils[pick(ARRAY_SIZE(spoils))]);
	if (pick(5) == 0)
		strbuf_puts(b, "?x=/../%2f;&y=1");
}

/* Returns how the worker has to send its token. */
static const char *ask_request(struct world *w, struct egress_query *q, char **method, char **path)
{
	static const char *const hosts[] = {
		"gateway",    "gateway", "proxy",	  "Gateway.",
		"gateway:80", "PROXY",	 "a.example.com", "10.231.0.2"
	};
	static const char *const methods[] = { "GET",	  "POST",  "DELETE", "PUT",
					       "OPTIONS", "TRACE", "HEAD",   "PATCH" };
	const struct credential_entry *r = w->spec.credentials.items;
	auto_strbuf struct strbuf b = STRBUF_INIT(4096);
	const char *pattern = "* /any/thing", *space, *upstream;

	r += pick((unsigned)w->spec.credentials.count);
	if (r->allow.count && pick(8))
		pattern = r->allow.items[pick((unsigned)r->allow.count)];
	space = strchr(pattern, ' ');
	*method = *pattern != '*' && pick(4) ? mem_strndup(pattern, (size_t)(space - pattern))
					     : mem_strdup(methods[pick(ARRAY_SIZE(methods))]);
	if (pick(12) == 0)
		strbuf_puts(&b, pick(2) ? "/nobody" : "/");
	else
		strbuf_printf(&b, "/%s", r->name);
	if (pick(15))
		add_path(&b, space + 1);
	*path = strbuf_take(&b);
	q->host = hosts[pick(ARRAY_SIZE(hosts))];
	q->port = GATEWAY_ROUTE_PORT;
	q->method = *method;
	q->path = *path;
	q->has_token = pick(2);
	upstream = r->upstream_host;
	if (strstr(upstream, ".wild."))
		q->address = "198.51.100.10";
	else if (strncmp(upstream, "inside", 6) == 0)
		q->address = "10.99.0.1";
	else
		q->address = strncmp(upstream, "loop", 4) == 0 ? "127.0.0.1" : "";
	const struct inject_entry *inject = r->inject.items;
	return inject->header ? inject->header : inject->query ? "query" : "basic";
}

/* What the port is for: "none", "tls" or "tcp". */
static const char *kind_of(const struct world *w, int64_t port)
{
	const struct egress_entry *r = w->spec.egress.items;

	for (size_t i = 0; i < w->spec.egress.count; i++)
		if (r[i].port == port)
			return r[i].protocol == EGRESS_TCP ? "tcp" : "tls";
	return "none";
}

static void add_case(struct world *w, bool request, struct strbuf *out)
{
	struct egress_query q = { .now = time(NULL) };
	auto_free char *host = NULL, *method = NULL, *path = NULL, *text = NULL;
	auto_node struct node *n = node_new_object();
	const char *carried = NULL;
	struct egress_decision d;

	if (request)
		carried = ask_request(w, &q, &method, &path);
	else
		ask_connection(w, &q, &host);
	egress_decide(&w->config, &q, &d);
	node_set_str(n, "host", q.host);
	node_set_int(n, "port", q.port);
	node_set_str(n, "kind", request ? "route" : kind_of(w, q.port));
	if (request) {
		node_set_str(n, "method", q.method);
		node_set_str(n, "path", q.path);
		node_set_str(n, "token", q.has_token ? carried : "");
	}
	node_set_str(n, "address", q.address);
	node_set_bool(n, "allowed", d.allowed);
	node_set_str(n, "rule", d.rule);
	node_set_str(n, "reason", d.reason);
	text = node_print(n, false);
	strbuf_printf(out, "%s\n", text);
}

/* ---- files --------------------------------------------------------------------------------- */

static void write_file(const char *dir, const char *name, const char *text)
{
	auto_free char *path = mem_printf("%s/%s", dir, name);
	struct err e = ERR_INIT;

	if (fsio_write(path, text, strlen(text), 0644, getuid(), getgid(), &e))
		stop(&e, path);
}

/* The internet repeats what it gets, parameters included: no pattern may match that. */
static void write_keys(const struct world *w, const char *set)
{
	auto_strbuf struct strbuf keys = STRBUF_INIT(STRBUF_TEXT_MAX);

	for (size_t i = 0; i < w->spec.credentials.count; i++)
		strbuf_printf(&keys, "c%zu.0 key-of-c%zu\n", i, i);
	write_file(set, "keys", strbuf_str(&keys));
	write_file(set, "echo", "no answer holds this\n");
}

static void write_set(const struct world *w, const char *dir)
{
	auto_free char *set = mem_printf("%s/set", dir);
	struct strmap files auto_strmap = { 0 };
	struct err e = ERR_INIT;

	if (gateway_render(&w->config, &files, &e) || fsio_mkdirs(set, 0755, &e))
		stop(&e, "render");
	for (size_t i = 0; i < files.count; i++)
		write_file(set, files.entries[i].key, files.entries[i].value);
	write_keys(w, set);
}

static void write_names(const struct world *w, const char *dir)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(STRBUF_TEXT_MAX);

	for (size_t i = 0; i < w->names.count; i++)
		if (*w->names.entries[i].value)
			strbuf_printf(&b, "%s %s\n", w->names.entries[i].value,
				      w->names.entries[i].key);
	write_file(dir, "names", strbuf_str(&b));
}

int main(int argc, char **argv)
{
	auto_strbuf struct strbuf cases = STRBUF_INIT(STRBUF_TEXT_MAX);
	struct world w = { 0 };
	struct err e = ERR_INIT;
	char *ca_text = NULL;
	size_t len;

	if (argc != 5) {
		fprintf(stderr, "usage: egress-cases SEED COUNT CA DIR\n");
		return 2;
	}
	srandom((unsigned)strtoul(argv[1], NULL, 10));
	if (fsio_mkdirs(argv[4], 0755, &e) ||
	    fsio_read(argv[3], FSIO_ANY, 1 << 20, &ca_text, &len, &e))
		stop(&e, "prepare");
	auto_free char *manifest = random_manifest(argv[3]);
	write_file(argv[4], "manifest.yaml", manifest);
	if (manifest_parse(manifest, strlen(manifest), "manifest.yaml", NULL, &w.spec, &e))
		stop(&e, "manifest");
	make_config(&w, ca_text);
	write_set(&w, argv[4]);
	for (long n = strtol(argv[2], NULL, 10); n > 0; n--)
		add_case(&w, n % 2, &cases);
	write_file(argv[4], "cases", strbuf_str(&cases));
	write_names(&w, argv[4]);
	strmap_free(&w.names);
	tenant_spec_free(&w.spec);
	free(ca_text);
	return 0;
}
