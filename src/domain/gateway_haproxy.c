/*
 * haproxy.cfg: TLS by name, plain TCP by port, and the inbound port. Every
 * destination is resolved here, outside the tenant, once per connection; what the
 * answer is gets judged, and that very address is dialled (no second lookup that a
 * rebinding name could answer differently).
 */
#include "gateway_check.h"

#include "base/mem.h"
#include "domain/egress.h"

/*
 * Sizes: buffers of 16 KiB, so that a request's head and a ClientHello have 15 KiB of room, two for
 * each connection and some: when they run out, HAProxy does not even answer gateway-init. One
 * thread: a tenant's worker does not saturate it, and each thread costs memory in every tenant. A
 * process whose rules were replaced ends with its last connection: what has to end sooner is ended
 * over the socket, by rule. HAProxy's own HTTP client, which nothing uses, would otherwise load
 * every CA of the system.
 */
#define CONNECTIONS_MAX (GATEWAY_MAX_EGRESS + GATEWAY_MAX_INBOUND)
#define BUFFERS (2 * CONNECTIONS_MAX + 64)
static const char global_section[] = "global\n"
				     "\tlog stdout len 4096 format raw local0\n"
				     "\tnbthread 1\n"
				     "\tmaxconn %d\n"
				     "\ttune.bufsize 16384\n"
				     "\ttune.buffers.limit %d\n"
				     "\tstats socket \"${GATEWAY_CLI}\" mode 600 level admin "
				     "expose-fd listeners\n"
				     "\tstats timeout 1h\n"
				     "\thttpclient.ssl.verify none\n"
				     "\n"
				     "defaults\n"
				     "\tmode tcp\n"
				     "\tlog global\n"
				     "\tmaxconn %d\n"
				     "\tretries 0\n"
				     "\toption clitcpka\n"
				     "\toption srvtcpka\n"
				     "\ttimeout connect 10s\n"
				     "\ttimeout client 1h\n"
				     "\ttimeout server 1h\n"
				     "\ttimeout tunnel 1h\n"
				     "\ttimeout client-fin 30s\n"
				     "\ttimeout server-fin 30s\n"
				     "\n"
				     "resolvers outside\n"
				     "\tnameserver engine %s\n"
				     "\taccepted_payload_size 4096\n"
				     "\tresolve_retries 3\n"
				     "\ttimeout resolve 1s\n"
				     "\ttimeout retry 500ms\n"
				     "\thold valid 5s\n"
				     "\thold obsolete 0s\n";

#define LOG_HEAD                                                                                   \
	"\tlog-format '{\"ts\":%%Ts.%%ms,\"event\":\"%s\",\"tenant\":\"%s\",\"client\":\"%%ci\","
#define LOG_TAIL "\"up\":%%U,\"down\":%%B,\"ms\":%%Tt,\"state\":\"%%ts\"}'\n"

/* Decided in order: every refusal sets its reason first, for the log. */
static void add_reason(struct strbuf *b, const char *reason)
{
	strbuf_printf(b, "\ttcp-request content set-var(txn.reason) str(%s)\n", reason);
}

/* A process that was replaced has old rules, and lives on for the connections that it carries. One
 * that was accepted before and says only now what it wants is sent away: the next attempt reaches
 * the new process. What has chosen its rule already, and all of plain TCP, which does so at once,
 * is let on, as it may be allowed; gateway-init ends what is not. */
static void add_stopping(struct strbuf *b)
{
	add_reason(b, "reload");
	strbuf_puts(b, "\ttcp-request content reject if { stopping }\n");
}

static void add_frontend(struct strbuf *b, const struct gateway_config *c, const char *kind,
			 unsigned port)
{
	strbuf_printf(b, "\nfrontend %s_%u\n", kind, port);
	strbuf_printf(b, "\tbind %s:%u\n", c->inner_ip, port);
	/* The kernel takes a packet for any own address on any interface: the bind alone does not
	 * keep the egress side out. */
	strbuf_printf(b, "\ttcp-request connection reject if !{ src %s %s }\n", c->worker_ip,
		      c->twin_ip);
	strbuf_puts(b, "\ttcp-request inspect-delay 5s\n");
	strbuf_puts(b, "\ttcp-request content set-var(txn.verdict) str(denied)\n");
}

/* From a resolved txn.dst to the connection, or to the refusal. `private_ok` is a condition. */
static void add_dial(struct strbuf *b, const struct gateway_config *c, const struct strlist *own,
		     const char *private_ok)
{
	add_reason(b, "unresolved");
	strbuf_puts(b, "\ttcp-request content reject if !{ var(txn.dst) -m found }\n");
	add_reason(b, "address");
	gateway_add_address_acls(b, c, own);
	strbuf_puts(b, "\ttcp-request content reject if never\n");
	strbuf_printf(b, "\ttcp-request content reject if private%s\n", private_ok);
	strbuf_puts(b, "\ttcp-request content set-dst var(txn.dst)\n");
	add_reason(b, "none");
	strbuf_puts(b, "\ttcp-request content set-var(txn.verdict) str(allowed)\n"
		       "\tdefault_backend outside\n");
}

/* ---- TLS by name --------------------------------------------------------------------------- */

/* HAProxy takes a comparison with `date` that is false for one that may yet come true, and waits
 * the inspect delay for it; a variable is compared at once. */
static void add_now(struct strbuf *b)
{
	strbuf_puts(b, "\ttcp-request content set-var(txn.now) date\n");
}

/* Later lines win, as in the list of rules. An expired entry is as good as not there, so a wildcard
 * that covers its name still does; it is remembered apart, for the log. */
static void add_name_rule(struct strbuf *b, const struct egress_rule *r, bool *private_rules)
{
	const char *host = r->entry->host;
	bool wildcard = gateway_is_wildcard(host);
	auto_free char *match = mem_printf("str(%s) if { var(txn.sni) -m %s %s }", r->id,
					   wildcard ? "end" : "str", host + wildcard);

	if (r->entry->expires) {
		long long end = r->expires;

		strbuf_printf(b,
			      "\ttcp-request content set-var(txn.past) %s { var(txn.now) -m int ge "
			      "%lld }\n"
			      "\ttcp-request content set-var(txn.rule) %s { var(txn.now) -m int lt "
			      "%lld }\n",
			      match, end, match, end);
	} else {
		strbuf_printf(b, "\ttcp-request content set-var(txn.rule) %s\n", match);
	}
	if (!r->entry->private_ok)
		return;
	strbuf_printf(b, "\tacl private_rule var(txn.rule) -m str %s\n", r->id);
	*private_rules = true;
}

static bool any_expires(const struct egress_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].entry->expires)
			return true;
	return false;
}

static void add_past_rule(struct strbuf *b)
{
	strbuf_puts(b,
		    "\tacl is_past var(txn.past) -m found\n"
		    "\tacl is_ruled var(txn.rule) -m found\n"
		    "\ttcp-request content set-var(txn.reason) str(expired) if !is_ruled is_past\n"
		    "\ttcp-request content set-var(txn.rule) var(txn.past) if !is_ruled is_past\n");
}

static void add_past_refusal(struct strbuf *b)
{
	strbuf_puts(b, "\ttcp-request content reject if { var(txn.reason) -m str expired }\n");
}

/* In the log a rule is a string, and null where there is none. */
static void add_shown_rule(struct strbuf *b)
{
	strbuf_puts(b, "\ttcp-request content set-var(txn.shown) 'str(\\\"),concat(,txn.rule,\\\")'"
		       " if { var(txn.rule) -m found }\n");
}

static void add_tls(struct strbuf *b, const struct gateway_config *c, const struct strlist *own,
		    const struct egress_rule *rules, size_t count)
{
	unsigned port = rules->port;
	bool private_rules = false, expiry = any_expires(rules, count);

	add_frontend(b, c, "tls", port);
	add_stopping(b);
	add_reason(b, "not-tls");
	strbuf_puts(b, "\ttcp-request content reject if !{ req.ssl_hello_type 1 }\n");
	add_reason(b, "no-name");
	strbuf_puts(b, "\ttcp-request content reject if !{ req.ssl_sni -m found }\n"
		       "\ttcp-request content set-var(txn.sni) req.ssl_sni,lower,rtrim(.)\n");
	add_reason(b, "name");
	/* The name is resolved as the client sent it, and may hold any byte (a NUL ends it for a
	 * string match but not for a lookup): only plain names go on. */
	strbuf_puts(b, "\ttcp-request content reject if "
		       "!{ var(txn.sni) -m reg '" GATEWAY_NAME_REGEX "' }\n");
	if (expiry)
		add_now(b);
	for (size_t i = 0; i < count; i++)
		add_name_rule(b, &rules[i], &private_rules);
	if (expiry)
		add_past_rule(b);
	add_shown_rule(b);
	if (expiry)
		add_past_refusal(b);
	strbuf_puts(b, "\ttcp-request content reject if !{ var(txn.rule) -m found }\n"
		       "\ttcp-request content do-resolve(txn.dst,outside,ipv4) var(txn.sni)\n");
	add_dial(b, c, own, private_rules ? " !private_rule" : "");
	strbuf_printf(
		b,
		LOG_HEAD
		"\"port\":%u,\"rule\":%%[var(txn.shown,null)],"
		"\"sni\":%%{+Q}[var(txn.sni,-),bytes(0,255),json],"
		"\"dst\":\"%%[var(txn.dst,-)]\","
		"\"verdict\":\"%%[var(txn.verdict)]\",\"reason\":\"%%[var(txn.reason)]\"," LOG_TAIL,
		"tls", c->tenant, port);
}

/* ---- plain TCP and inbound ----------------------------------------------------------------- */

static void add_tcp(struct strbuf *b, const struct gateway_config *c, const struct strlist *own,
		    const struct egress_rule *rule)
{
	const struct egress_entry *r = rule->entry;
	unsigned port = rule->port;

	add_frontend(b, c, "tcp", port);
	strbuf_printf(b, "\ttcp-request content set-var(txn.rule) str(%s)\n", rule->id);
	if (r->expires) {
		add_now(b);
		add_reason(b, "expired");
		strbuf_printf(b,
			      "\ttcp-request content reject if { var(txn.now) -m int ge %lld }\n",
			      (long long)rule->expires);
	}
	if (gateway_is_ipv4(r->host))
		strbuf_printf(b, "\ttcp-request content set-var(txn.dst) ipv4(%s)\n", r->host);
	else
		strbuf_printf(b, "\ttcp-request content do-resolve(txn.dst,outside,ipv4) str(%s)\n",
			      r->host);
	add_dial(b, c, own, r->private_ok ? " never" : "");
	strbuf_printf(
		b,
		LOG_HEAD
		"\"port\":%u,\"rule\":\"%s\",\"host\":\"%s\","
		"\"dst\":\"%%[var(txn.dst,-)]\","
		"\"verdict\":\"%%[var(txn.verdict)]\",\"reason\":\"%%[var(txn.reason)]\"," LOG_TAIL,
		"tcp", c->tenant, port, rule->id, r->host);
}

static void add_inbound(struct strbuf *b, const struct gateway_config *c)
{
	strbuf_printf(b, "\nfrontend inbound\n\tbind %s:%u\n\tmaxconn %d\n", c->egress_ip,
		      c->inbound_port, GATEWAY_MAX_INBOUND);
	/* Connections to the published port come from the bridge's address when they were made on
	 * the host; other tenants' gateways share the network and have no business here. */
	strbuf_printf(b, "\tacl host_side src %s\n", c->egress_host_ip);
	if (c->inbound_loopback_only) {
		strbuf_puts(b, "\ttcp-request connection reject if !host_side\n");
	} else {
		strbuf_printf(b, "\tacl own_side src %s %s\n", c->pool, c->egress_subnet);
		strbuf_puts(b, "\ttcp-request connection reject if own_side !host_side\n");
	}
	strbuf_puts(b, "\tdefault_backend worker\n");
	strbuf_printf(b, LOG_HEAD "\"port\":%u," LOG_TAIL, "inbound", c->tenant, c->inbound_port);
	strbuf_printf(b, "\nbackend worker\n\ttimeout connect 2s\n\tserver worker %s:%u\n",
		      c->worker_ip, c->worker_port);
}

/* Each rule has a server of its own, so that the connections of one rule can be ended. Port 0 and
 * address 0 mean: where the connection is going, that is, set-dst's address. Weight 0: a server is
 * reached through its rule only, so a connection whose server was taken out of service goes
 * nowhere instead of through another one. */
static void add_outside(struct strbuf *b, const struct egress_rules *rules)
{
	strbuf_puts(b, "\nbackend outside\n");
	for (size_t i = 0; i < rules->count; i++)
		if (rules->items[i].kind != RULE_ROUTE)
			strbuf_printf(b, "\tuse-server r%zu if { var(txn.rule) -m str %s }\n",
				      rules->items[i].index, rules->items[i].id);
	for (size_t i = 0; i < rules->count; i++)
		if (rules->items[i].kind != RULE_ROUTE)
			strbuf_printf(b, "\tserver r%zu 0.0.0.0:0 weight 0\n",
				      rules->items[i].index);
}

/* One frontend for each port: the TLS rules of one port stand together. */
static void add_frontends(struct strbuf *b, const struct gateway_config *c,
			  const struct strlist *own, const struct egress_rules *rules)
{
	for (size_t i = 0, n; i < rules->count; i += n) {
		const struct egress_rule *r = &rules->items[i];

		for (n = 1; r->kind == RULE_TLS && i + n < rules->count; n++)
			if (r[n].kind != RULE_TLS || r[n].port != r->port)
				break;
		if (r->kind == RULE_TLS)
			add_tls(b, c, own, r, n);
		else if (r->kind == RULE_TCP)
			add_tcp(b, c, own, r);
	}
}

void gateway_add_haproxy(struct strbuf *b, const struct gateway_config *c)
{
	struct strlist own auto_strlist = { 0 };
	struct egress_rules rules auto_rules = { 0 };

	gateway_own_addresses(c, &own);
	egress_rules_make(c, &rules);
	strbuf_printf(b, global_section, CONNECTIONS_MAX, BUFFERS, GATEWAY_MAX_EGRESS, c->resolver);
	add_frontends(b, c, &own, &rules);
	add_outside(b, &rules);
	gateway_add_routes(b, c, &own);
	add_inbound(b, c);
}
