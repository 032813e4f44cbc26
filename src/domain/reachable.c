/*
 * Whatever answered is looked up in what the manifest allows and in what every tenant has.
 * A refusal is an answer too, unless it is the own gateway's: something is there.
 */
#include "domain/reachable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "judge.h"
#include "base/twin_attacks.h"
#include "domain/gateway.h"

#define EMBEDDED_DNS "127.0.0.11"
#define NOTHING "nothing allows it"

const char *reachable_why_name(enum reachable_why w)
{
	static const char *const names[REACHABLE_WHYS] = {
		[REACHABLE_RULE] = "rule",
		[REACHABLE_DESIGN] = "design",
		[REACHABLE_UNEXPECTED] = "unexpected",
	};

	return names[w];
}

void reachables_free(struct reachables *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->items[i].what);
		free(r->items[i].how);
		free(r->items[i].allowed);
	}
	free(r->items);
	*r = (struct reachables){ 0 };
}

/* Takes `what` over. One thing is listed once for each way. */
static void add(struct reachables *r, enum reachable_why why, const char *allowed, char *what,
		const char *how)
{
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->items[i].what, what) && !strcmp(r->items[i].how, how)) {
			free(what);
			return;
		}
	r->items = mem_grow(r->items, r->count + 1, sizeof(*r->items));
	r->items[r->count++] = (struct reachable){
		.what = what, .how = mem_strdup(how), .allowed = mem_strdup(allowed), .why = why
	};
	r->unexpected += why == REACHABLE_UNEXPECTED;
}

/* ---- connections and datagrams ---- */

/* "egress: a.example, *.b.example" for the entries of a port; NULL when there is none. */
static char *entries_of_port(const struct tenant_spec *s, uint16_t port)
{
	const struct egress_entry *g = s->egress.items;
	auto_strbuf struct strbuf b = STRBUF_INIT(4096);

	for (size_t i = 0; i < s->egress.count; i++)
		if (g[i].port == port)
			strbuf_printf(&b, "%s%s", b.len ? ", " : "egress: ", g[i].host);
	return b.len ? mem_strdup(strbuf_str(&b)) : NULL;
}

static void add_gateway_port(const struct reachable_input *in, const struct reach_attempt *a,
			     struct reachables *out)
{
	auto_free char *entries = entries_of_port(in->spec, a->port);
	bool names = a->port == GATEWAY_DNS_PORT;
	bool routes = a->port == GATEWAY_ROUTE_PORT && !a->udp;
	enum reachable_why why = names || routes      ? REACHABLE_DESIGN
				 : entries && !a->udp ? REACHABLE_RULE
						      : REACHABLE_UNEXPECTED;

	add(out, why,
	    names		    ? "the gateway's resolver"
	    : routes		    ? "credential routes"
	    : why == REACHABLE_RULE ? entries
				    : NOTHING,
	    mem_printf("own gateway, port %u", a->port), a->udp ? "UDP" : "TCP");
}

static void add_egress(const struct reach_attempt *a, struct reachables *out)
{
	auto_free char *allowed = mem_printf("egress: %s", a->target);

	add(out, REACHABLE_RULE, allowed, mem_printf("%s:%u", a->target, a->port),
	    a->sni ? "TLS answer through the gateway" : "connection that the gateway took");
}

static void add_reach(const struct reachable_input *in, struct reachables *out)
{
	for (size_t i = 0; i < in->facts->reach_count; i++) {
		const struct reach_attempt *a = &in->facts->reach[i];
		bool own = !strcmp(a->address, in->allocation->gateway_ip);

		if (a->outcome != REACH_OPEN && (own || a->outcome != REACH_REFUSED))
			continue;
		if (!strcmp(a->check, REACHABLE_EGRESS))
			add_egress(a, out);
		else if (own)
			add_gateway_port(in, a, out);
		else
			add(out, REACHABLE_UNEXPECTED, NOTHING,
			    mem_printf("%s, %s port %u", a->target, a->address, a->port),
			    a->outcome == REACH_REFUSED
				    ? a->udp ? "UDP, refused by it" : "TCP, refused by it"
			    : a->udp ? "UDP"
				     : "TCP");
	}
	out->tried += in->facts->reach_count;
}

/* ---- names ---- */

static bool entry_covers(const char *host, const char *name)
{
	size_t len = strlen(name), suffix = strlen(host + (host[0] == '*'));

	if (host[0] != '*')
		return !strcasecmp(host, name);
	return len > suffix && !strcasecmp(name + len - suffix, host + 1);
}

static void add_name(const struct reachable_input *in, const struct dns_attempt *d,
		     struct reachables *out)
{
	const struct egress_entry *g = in->spec->egress.items;
	auto_free char *gateway = mem_printf("tc-%s-gw", in->spec->tenant);
	bool engine = !strcmp(d->server, EMBEDDED_DNS);
	const char *how = engine ? "name, by the engine's resolver" : "name, by the gateway";
	auto_free char *rule = NULL;
	enum reachable_why why = REACHABLE_UNEXPECTED;

	for (size_t i = 0; !engine && !rule && i < in->spec->egress.count; i++)
		if (entry_covers(g[i].host, d->name))
			rule = mem_printf("egress: %s", g[i].host);
	if (rule)
		why = REACHABLE_RULE;
	else if (engine ? !strcasecmp(d->name, gateway)
			: !strcasecmp(d->name, "gateway") || !strcasecmp(d->name, "proxy"))
		why = REACHABLE_DESIGN;
	add(out, why,
	    rule		      ? rule
	    : why == REACHABLE_DESIGN ? "the own gateway's name"
				      : NOTHING,
	    mem_strdup(d->name), how);
}

static void add_dns(const struct reachable_input *in, struct reachables *out)
{
	for (size_t i = 0; i < in->facts->dns_count; i++) {
		const struct dns_attempt *d = &in->facts->dns[i];

		if (d->outcome == DNS_ANSWERED || d->outcome == DNS_EMPTY)
			add_name(in, d, out);
	}
	out->tried += in->facts->dns_count;
}

/* ---- credential routes ---- */

static void add_routes(const struct reachable_input *in, struct reachables *out)
{
	for (size_t i = 0; i < in->facts->http_count; i++) {
		const struct http_attempt *h = &in->facts->http[i];
		auto_free char *rule = mem_printf("credential: %s", h->what);
		auto_free char *how = NULL;

		if (strcmp(h->check, REACHABLE_ROUTE) != 0 || h->outcome != HTTP_ANSWERED)
			continue;
		how = h->reason[0] ? mem_printf("HTTP %d by the gateway, %s", h->status, h->reason)
				   : mem_printf("HTTP %d through the gateway", h->status);
		add(out, REACHABLE_RULE, rule, mem_printf("http://gateway/%s/", h->what), how);
	}
	out->tried += in->facts->http_count;
}

/* ---- files and sockets ---- */

/* Kernel file systems that every container has; what may be written there is the checks' matter. */
static bool is_usual(const char *target)
{
	static const char *const usual[] = { "/dev",	    "/dev/pts",	     "/dev/shm",
					     "/dev/mqueue", "/dev/console",  "/proc",
					     "/tmp",	    "/sys/fs/cgroup" };

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (!strcmp(target, usual[i]))
			return true;
	return false;
}

static void add_mounts(const struct reachable_input *in, struct reachables *out)
{
	const char *workspace = in->spec->workspace.path;

	for (size_t i = 0; i < in->facts->mounts.count; i++) {
		const struct proc_mount *m = &in->facts->mounts.items[i];
		bool own = !strcmp(m->target, workspace);

		/* below /dev and /proc: single files of the kernel, masked or bound */
		if (!option_has(m->options, "rw") || option_has(m->super_options, "ro") ||
		    (path_is_below(m->target, "/proc") && strcmp(m->target, "/proc") != 0 &&
		     !strcmp(m->fstype, "tmpfs")))
			continue;
		add(out,
		    own			  ? REACHABLE_RULE
		    : is_usual(m->target) ? REACHABLE_DESIGN
					  : REACHABLE_UNEXPECTED,
		    own			  ? "workspace"
		    : is_usual(m->target) ? "every container's"
					  : NOTHING,
		    mem_strdup(m->target), "mount that is not read-only");
	}
	for (size_t i = 0; i < in->facts->sockets.count; i++) {
		const char *path = in->facts->sockets.items[i];
		bool own = path_is_below(path, workspace) || path_is_below(path, "/tmp");

		add(out, own ? REACHABLE_DESIGN : REACHABLE_UNEXPECTED,
		    own ? "its own place" : NOTHING, mem_strdup(path), "unix socket");
	}
}

/* ---- the twin ---- */

enum want { FAILS, WORKS, KNOWN, HEARD };

/* What the table says of an attack; one that it does not know should have failed. */
static enum want wanted_of(const struct twin_entry *x)
{
#define ROW(id, what, expected, function) { id, what, expected },
	static const struct {
		const char *id, *what;
		enum want expected;
	} attacks[] = { TWIN_ATTACKS(ROW) };
#undef ROW

	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++)
		if (!strcmp(attacks[i].id, x->id) && !strcmp(attacks[i].what, x->what))
			return attacks[i].expected;
	return FAILS;
}

/* Rows of other ids are no attempts. */
static void add_twin(const struct twin_facts *t, struct reachables *out)
{
	/* what works in every tenant, and why */
	static const char *const why[] = {
		[WORKS] = "what every program may do",
		[KNOWN] = "only a setting of the host would refuse it",
		[HEARD] = NULL,
	};

	for (size_t i = 0; i < t->count; i++) {
		const struct twin_entry *x = &t->items[i];
		enum want want = wanted_of(x);
		const char *design = why[want];

		if (strncmp(x->id, "twin.", strlen("twin.")) != 0)
			continue;
		out->tried++;
		if (x->outcome == TWIN_OPEN && (want != HEARD || t->heard))
			add(out, design ? REACHABLE_DESIGN : REACHABLE_UNEXPECTED,
			    design ? design : NOTHING, mem_strdup(x->what), x->id);
	}
}

void reachable_add(const struct reachable_input *in, struct reachables *out)
{
	add_reach(in, out);
	add_dns(in, out);
	add_routes(in, out);
	add_mounts(in, out);
	if (in->twin)
		add_twin(in->twin, out);
}
