/*
 * One credential route in haproxy.cfg, from the request line to the last header of the
 * answer. In this order: what the route lets through, where its upstream is now, whether
 * there is a key and room for one more request; then the worker's own copies of what
 * is injected go, and the key comes. Keys are looked up by id in a map and are
 * never part of this text.
 */
#include "gateway_routes.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "domain/egress_route.h"

/* Bodies that are held until they were searched for the key: they fit into a buffer. */
#define ECHO_BODY_MAX 7168
#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"
/* For how long the address of an upstream is taken to be the same. */
#define ADDRESS_SECONDS 5
/* Idle connections to one upstream; each costs some 40 KiB. */
#define IDLE_CONNECTIONS 32

static const struct inject_entry *inject_at(const struct credential_entry *r, size_t i)
{
	return &((const struct inject_entry *)r->inject.items)[i];
}

/* The header that an entry sets, NULL for a parameter of the query. */
static const char *header_of(const struct inject_entry *e)
{
	return e->basic ? "authorization" : e->header;
}

static void refuse(struct strbuf *b, const struct gateway_config *c, const char *reason, int status,
		   const char *message, const char *condition)
{
	const struct gateway_refusal r = {
		.reason = reason, .status = status, .message = message, .condition = condition
	};

	gateway_add_refusal(b, c, &r);
}

/* ---- what the route lets through ----------------------------------------------------------- */

static void add_pattern(struct strbuf *b, const char *text)
{
	struct route_pattern p;

	/* Checked before; what is no pattern allows nothing. */
	if (route_pattern_parse(text, &p))
		return;
	strbuf_puts(b, "\thttp-request set-var(txn.listed) bool(true) if ");
	if (strcmp(p.method, "*") != 0)
		strbuf_printf(b, "{ method %s } ", p.method);
	if (p.match == ROUTE_PARTS) {
		strbuf_puts(b, "{ path -m reg '");
		route_pattern_regex(&p, b);
		strbuf_puts(b, "' }\n");
	} else {
		strbuf_printf(b, "{ path -m %s '%.*s' }\n", p.match == ROUTE_BELOW ? "beg" : "str",
			      (int)p.len, p.path);
	}
}

static void add_allow(struct strbuf *b, const struct gateway_config *c,
		      const struct credential_entry *r)
{
	auto_free char *message = mem_printf(
		"no allow entry of credential '%s' matches this method and path", r->name);

	if (r->allow.count == 0)
		return;
	refuse(b, c, "path", 403,
	       "the path has an empty part, or a character or encoding that "
	       "programs read differently",
	       "{ path -m reg -i '" ROUTE_ODD_REGEX "' }");
	for (size_t i = 0; i < r->allow.count; i++)
		add_pattern(b, r->allow.items[i]);
	refuse(b, c, "rule", 403, message, "!{ var(txn.listed) -m found }");
}

static void add_token(struct strbuf *b, const struct gateway_config *c,
		      const struct credential_entry *r)
{
	if (r->token != TOKEN_REQUIRED)
		return;
	for (size_t i = 0; i < r->inject.count; i++) {
		const struct inject_entry *e = inject_at(r, i);

		if (e->query)
			strbuf_printf(b, "\tacl has_token url_param(%s) -m sub %s\n", e->query,
				      c->token);
		else
			strbuf_printf(b, "\tacl has_token req.fhdr(%s) -m sub %s\n", header_of(e),
				      c->token);
		if (e->basic)
			strbuf_printf(b,
				      "\tacl has_token 'req.fhdr(authorization),word(2,\" \"),"
				      "b64dec' -m sub %s\n",
				      c->token);
	}
	refuse(b, c, "token", 403,
	       "the request must carry the tenant's placeholder where the key goes", "!has_token");
}

/* An escape in a parameter's name would hide the worker's copy of one. */
static void add_query_check(struct strbuf *b, const struct gateway_config *c,
			    const struct credential_entry *r)
{
	for (size_t i = 0; i < r->inject.count; i++) {
		if (!inject_at(r, i)->query)
			continue;
		refuse(b, c, "target", 403, "names of query parameters must be plain here",
		       "{ query -m reg '(^|[&;])[^=&;]*[%+]' }");
		return;
	}
}

static void add_body_limit(struct strbuf *b, const struct gateway_config *c,
			   const struct credential_entry *r)
{
	auto_free char *message = NULL, *condition = NULL;

	if (r->limit.body == 0)
		return;
	message =
		mem_printf("the body is larger than %llu bytes", (unsigned long long)r->limit.body);
	condition = mem_printf("{ req.body_size gt %llu }", (unsigned long long)r->limit.body);
	refuse(b, c, "length", 411, "the length of the body must be said beforehand",
	       "{ req.fhdr_cnt(transfer-encoding) gt 0 }");
	refuse(b, c, "body", 413, message, condition);
}

/* ---- where to, and with what --------------------------------------------------------------- */

/*
 * HAProxy forgets an answer with the last request that waits for it, and would ask anew for each
 * one. What was judged and found good is kept here for some seconds.
 */
static void add_dial(struct strbuf *b, const struct gateway_config *c, const struct strlist *own,
		     const struct credential_entry *r)
{
	auto_free char *unresolved = mem_printf("%s has no address", r->upstream_host);
	auto_free char *address =
		mem_printf("%s leads to an address that is never dialled", r->upstream_host);
	size_t index = (size_t)(r - c->credentials);

	strbuf_printf(b,
		      "\thttp-request set-var(txn.dst) var(proc.dst_%zu) "
		      "if { date,sub(proc.at_%zu) -m int 0:%d }\n"
		      "\tacl is_kept var(txn.dst) -m found\n"
		      "\thttp-request set-var(txn.found) bool(true) if !is_kept\n"
		      "\tacl is_new var(txn.found) -m found\n"
		      "\thttp-request do-resolve(txn.dst,outside,ipv4) str(%s) if is_new\n",
		      index, index, ADDRESS_SECONDS, r->upstream_host);
	refuse(b, c, "unresolved", 502, unresolved, "!{ var(txn.dst) -m found }");
	gateway_add_address_acls(b, c, own);
	refuse(b, c, "address", 403, address,
	       r->private_ok ? "is_new never" : "is_new never || is_new private");
	strbuf_printf(b,
		      "\thttp-request set-var(proc.dst_%zu) var(txn.dst) if is_new\n"
		      "\thttp-request set-var(proc.at_%zu) date if is_new\n"
		      "\thttp-request set-dst var(txn.dst)\n",
		      index, index);
}

static void add_key_check(struct strbuf *b, const struct gateway_config *c,
			  const struct credential_entry *r)
{
	auto_free char *message = mem_printf("no key is loaded for credential '%s'", r->name);
	auto_strbuf struct strbuf condition = STRBUF_INIT(STRBUF_TEXT_MAX);

	for (size_t i = 0; i < r->inject.count; i++)
		strbuf_printf(&condition, "%s!{ str(%s.%zu),map(keys) -m found }", i ? " || " : "",
			      r->name, i);
	refuse(b, c, "key", 503, message, strbuf_str(&condition));
}

/* Only what is let through counts, so the counters move after all that may refuse. */
static void add_limits(struct strbuf *b, const struct gateway_config *c,
		       const struct credential_entry *r)
{
	const struct route_limit *l = &r->limit;
	int64_t burst = l->burst == 0 && l->rate_seconds == 1 ? 2 * l->rate_count : l->burst;
	auto_free char *over_burst = NULL, *over_rate = NULL, *over_day = NULL;
	struct gateway_refusal rate = { .reason = "rate", .status = 429 };
	static const struct gateway_refusal unready = {
		.reason = "reload",
		.status = 503,
		.message = "the gateway has just started, try again",
		.condition = "!{ str(ready),in_table(daily) -m bool }",
		.retry_after = "1",
	};

	if (burst || l->rate_count)
		strbuf_puts(b, "\thttp-request track-sc0 int(1)\n");
	if (burst) {
		over_burst = mem_printf("{ sc_gpc1_rate(0) ge %lld }", (long long)burst);
		rate.condition = over_burst;
		rate.message = "too many requests within a second";
		rate.retry_after = "1";
		gateway_add_refusal(b, c, &rate);
	}
	if (l->rate_count) {
		long long most = (long long)l->rate_count * (l->rate_seconds == 1 ? 10 : 1);

		over_rate = mem_printf("{ sc_gpc0_rate(0) ge %lld }", most);
		rate.condition = over_rate;
		rate.message = "too many requests";
		rate.retry_after = l->rate_seconds == 1 ? "1" : l->rate_seconds == 60 ? "10" : "60";
		gateway_add_refusal(b, c, &rate);
	}
	if (l->daily) {
		/* What was counted before is told over the socket, and `ready` last of all. */
		gateway_add_refusal(b, c, &unready);
		over_day = mem_printf("{ sc_get_gpc0(1) ge %lld }", (long long)l->daily);
		strbuf_printf(b,
			      "\thttp-request set-var-fmt(txn.day) %s:%%[date,div(86400)]\n"
			      "\thttp-request track-sc1 var(txn.day) table daily\n",
			      r->name);
		rate = (struct gateway_refusal){
			.reason = "daily",
			.status = 429,
			.condition = over_day,
			.message = "no more requests today (UTC)",
			.retry_after = "%[date,mod(86400),neg,add(86400)]",
		};
		gateway_add_refusal(b, c, &rate);
		strbuf_puts(b, "\thttp-request sc-inc-gpc0(1)\n");
	}
	if (l->rate_count)
		strbuf_puts(b, "\thttp-request sc-inc-gpc0(0)\n");
	if (burst)
		strbuf_puts(b, "\thttp-request sc-inc-gpc1(0)\n");
}

static void add_counters(struct strbuf *b, const struct route_limit *l)
{
	long long seconds = l->rate_seconds == 1 ? 10 : l->rate_seconds ? l->rate_seconds : 10;

	if (l->rate_count || l->burst)
		strbuf_printf(b,
			      "\tstick-table type integer size 10 expire 2h "
			      "store gpc0,gpc0_rate(%llds),gpc1,gpc1_rate(1s)\n",
			      seconds);
}

/* ---- the request on its way out ------------------------------------------------------------ */

/*
 * Names that never leave as the worker wrote them: other credentials than the route's, what says
 * where a request came from, what asks for another method or path than the one that was judged,
 * what belongs to this connection, and encodings in which an answer could not be searched.
 */
#define DROPPED_HEADERS                                                                            \
	"authorization|proxy-authorization|x-forwarded-.*|forwarded|via|x-real-ip|x-tenant|"       \
	"x-(http-)?method(-override)?|x-original-url|x-rewrite-url|accept-encoding|"               \
	"accept-charset|te|trailer|keep-alive|proxy-connection|http2-settings|expect"

static void add_names(struct strbuf *b, const struct credential_entry *r)
{
	for (size_t i = 0; i < r->inject.count; i++) {
		const char *name = header_of(inject_at(r, i));

		strbuf_puts(b, name ? "|" : "");
		for (; name && *name; name++)
			strbuf_putc(b, *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name);
	}
}

/* The worker's copy of the parameter, in any case, with and without a value; then ours at the end,
 * where the last one of a name usually wins. */
static void add_query(struct strbuf *b, const struct credential_entry *r, size_t i)
{
	auto_strbuf struct strbuf name = STRBUF_INIT(STRBUF_TEXT_MAX);

	for (const char *s = inject_at(r, i)->query; *s; s++)
		strbuf_printf(&name, *s == '.' ? "[%c]" : "%c", *s);
	strbuf_printf(b,
		      "\thttp-request set-var(txn.query) 'query,regsub(\""
		      "(^|[&;])%s(=[^&;]*)?(?=[&;]|$)\",\"\\1\",gi),regsub(\"^[&;]+\",\"\")'\n"
		      "\tacl has_query_%zu var(txn.query) -m len gt 0\n"
		      "\thttp-request set-query %%[var(txn.query)]&%s=%%[str(%s.%zu),map(keys)] "
		      "if has_query_%zu\n"
		      "\thttp-request set-query %s=%%[str(%s.%zu),map(keys)] if !has_query_%zu\n",
		      strbuf_str(&name), i, inject_at(r, i)->query, r->name, i, i,
		      inject_at(r, i)->query, r->name, i, i);
}

static void add_inject(struct strbuf *b, const struct gateway_config *c,
		       const struct credential_entry *r)
{
	/* The worker is asked for its body before the request goes out, so that the upstream has
	 * nothing to say before its answer. */
	strbuf_puts(b, "\thttp-request wait-for-body time 30s at-least 1 if "
		       "{ req.fhdr_cnt(expect) gt 0 }\n");
	gateway_add_stopping(b, c);
	strbuf_puts(b, "\thttp-request del-header '^(" DROPPED_HEADERS);
	add_names(b, r);
	strbuf_puts(b, ")$' -m reg\n");
	strbuf_printf(b, "\thttp-request set-header Host %s", r->upstream_host);
	if (r->upstream_port != 443)
		strbuf_printf(b, ":%u", r->upstream_port);
	strbuf_puts(b, "\n");
	for (size_t i = 0; i < r->inject.count; i++) {
		const struct inject_entry *e = inject_at(r, i);

		if (e->query)
			add_query(b, r, i);
		else
			strbuf_printf(b, "\thttp-request set-header %s %%[str(%s.%zu),map(keys)]\n",
				      header_of(e), r->name, i);
	}
	strbuf_puts(b, "\thttp-request set-var(txn.verdict) str(allowed)\n"
		       "\thttp-request set-var(txn.reason) str(none)\n");
}

/* ---- the answer ---------------------------------------------------------------------------- */

/*
 * What is withheld is only noted first, and answered behind what ends the rules of most answers:
 * what is there to be compared costs each answer time.
 */
#define WITHHOLD "\thttp-response set-var(txn.withheld) "

static void add_withheld(struct strbuf *b, const struct gateway_config *c, const char *reason,
			 const char *message)
{
	strbuf_puts(b, "\thttp-response return status 502 content-type application/json string ");
	gateway_add_json(b, c, "refused", reason, message);
	strbuf_printf(b, "}'\\n if { var(txn.withheld) -m str %s }\n", reason);
}

/*
 * The phrase beside a status is the upstream's own text and in no fetch of HAProxy's: those of
 * known statuses are set anew.
 */
static void add_phrases(struct strbuf *b)
{
	static const int known[] = { 101, 201, 202, 204, 206, 301, 302, 303, 304, 307,
				     308, 400, 401, 402, 403, 404, 405, 406, 409, 410,
				     413, 415, 422, 429, 500, 501, 502, 503, 504, 529 };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		strbuf_printf(b, "\thttp-response set-status %d if { status %d }\n", known[i],
			      known[i]);
}

static void add_searches(struct strbuf *b)
{
	strbuf_puts(b, WITHHOLD "str(echo) if { res.hdrs -m sub -f echo }\n");
	/* Answers that are searched as a whole could be fetched in parts that have each a piece of
	 * the key; several parts in one answer, and parts of what has no known length, may be such
	 * ones. */
	strbuf_puts(b, WITHHOLD "str(range) if { status 206 } "
				"!{ res.fhdr(content-range) -m reg '/[1-9][0-9]{4,}$' }\n");
	/* A body of unknown length may be a stream of events, which begins when it begins. The type
	 * tells nothing: many upstreams take it from the worker's Accept. */
	strbuf_printf(b,
		      "\tacl is_searched status 400:599\n"
		      "\tacl is_searched res.hdr_val(content-length) 1:%d\n"
		      "\thttp-response wait-for-body time 10s if is_searched\n" WITHHOLD
		      "str(echo) if is_searched { res.body -m sub -f echo }\n",
		      ECHO_BODY_MAX);
}

static void add_answer(struct strbuf *b, const struct gateway_config *c,
		       const struct credential_entry *r)
{
	strbuf_puts(b, "\thttp-response set-var(txn.answered) bool(true) if { status 502:504 }\n"
		       "\thttp-response del-header authorization\n"
		       "\thttp-response del-header proxy-authorization\n");
	for (size_t i = 0; i < r->inject.count; i++) {
		const char *name = header_of(inject_at(r, i));

		if (name && strcasecmp(name, "authorization") != 0 &&
		    strcasecmp(name, "proxy-authorization") != 0)
			strbuf_printf(b, "\thttp-response del-header %s\n", name);
	}
	add_searches(b);
	strbuf_puts(b, "\tacl is_withheld var(txn.withheld) -m found\n"
		       "\thttp-response set-status 200 if { status 200 } !is_withheld\n"
		       "\thttp-response allow if { status 200 } !is_withheld\n"
		       "\thttp-response set-var(txn.reason) var(txn.withheld) if is_withheld\n"
		       "\thttp-response set-var(txn.verdict) str(denied) if is_withheld\n");
	add_withheld(b, c, "echo", "the upstream's answer repeats the key");
	add_withheld(b, c, "range", "a part of a short answer is not searched: ask for all of it");
	add_phrases(b);
}

/* HAProxy's own answers for an upstream that cannot be reached, does not verify, or ends early. */
static void add_errors(struct strbuf *b, const struct gateway_config *c,
		       const struct credential_entry *r)
{
	static const int statuses[] = { 502, 503, 504 };

	auto_free char *message = mem_printf(
		"%s does not answer, or not with a certificate that verifies", r->upstream_host);

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		strbuf_printf(b, "\thttp-error status %d content-type application/json string ",
			      statuses[i]);
		gateway_add_json(b, c, "failed", "upstream", message);
		strbuf_puts(b, "}'\\n\n");
	}
	strbuf_puts(b, "\tacl is_failed var(txn.verdict) -m str allowed\n"
		       "\tacl is_answered var(txn.answered) -m found\n"
		       "\thttp-after-response set-var(txn.reason) str(upstream) "
		       "if { status 502:504 } is_failed !is_answered\n"
		       "\thttp-after-response set-status 502 if { status 503 } "
		       "is_failed !is_answered\n");
}

void gateway_add_route_backend(struct strbuf *b, const struct gateway_config *c,
			       const struct strlist *own, const struct credential_entry *r)
{
	strbuf_printf(b,
		      "\nbackend route_%s\n"
		      "\tmode http\n"
		      "\toption http-no-delay\n"
		      "\thttp-reuse always\n",
		      r->name);
	add_counters(b, &r->limit);
	strbuf_printf(b,
		      "\thttp-request set-var(txn.shown) 'str(\\\"route:%s\\\")'\n"
		      "\thttp-request set-path /%%[path,regsub(^/[^/]*/?,)]\n",
		      r->name);
	add_allow(b, c, r);
	add_token(b, c, r);
	add_query_check(b, c, r);
	add_body_limit(b, c, r);
	add_dial(b, c, own, r);
	add_key_check(b, c, r);
	add_limits(b, c, r);
	add_inject(b, c, r);
	add_answer(b, c, r);
	add_errors(b, c, r);
	strbuf_printf(b,
		      "\tserver upstream 0.0.0.0:%u ssl verify required ca-file %s%s%s "
		      "verifyhost %s sni str(%s) ssl-min-ver TLSv1.2 alpn h2,http/1.1 ws h1 "
		      "pool-max-conn %d\n",
		      r->upstream_port, r->ca ? "ca-" : "", r->ca ? r->name : SYSTEM_CA,
		      r->ca ? ".pem" : "", r->upstream_host, r->upstream_host, IDLE_CONNECTIONS);
}
