/*
 * Credential routes in haproxy.cfg: the frontend that takes the worker's plain HTTP, judges
 * what is common to all routes, and logs. Each route's own backend is made in
 * gateway_route_backend.c. What is refused is answered here in words that an agent
 * and its operator can use; nothing of it reaches an upstream.
 */
#include "gateway_routes.h"

#include "domain/egress_route.h"

/* HAProxy takes 64 words a line; several lines of one name are one list. */
#define NAMES_A_LINE 32

/* Control characters, and names with anything but letters, digits and dashes; on a text of lines.
 */
#define ODD_HEADERS "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]|^[a-z0-9-]*+[^a-z0-9:\\r\\n-]"

/*
 * Nagle's algorithm would hold back the small pieces of an event stream. HTTP/2 has no business
 * on this side, prior knowledge or upgrade. The answers to what is not HTTP at all are HAProxy's
 * own, and logged by a format of their own, as no rule has seen the request.
 */
static const char frontend[] = "\nfrontend routes\n"
			       "\tmode http\n"
			       "\tbind %s:%d proto h1\n"
			       "\tmaxconn %d\n"
			       "\toption http-no-delay\n"
			       "\toption dontlognull\n"
			       "\toption disable-h2-upgrade\n"
			       "\ttimeout http-request 10s\n"
			       "\ttimeout http-keep-alive 60s\n"
			       "\ttcp-request connection reject if !{ src %s %s }\n";

/* For the log, where the request is gone already. */
static const char variables[] = "\thttp-request set-var(txn.method) method,bytes(0,24)\n"
				"\thttp-request set-var(txn.path) path,bytes(0,200)\n"
				"\thttp-request set-var(txn.route) path,field(2,/)\n";

/*
 * Most requests are plain in every respect: five looks tell, and the rules below, each of which
 * these conditions are narrower than, need not be tried. `allow` ends the rules of this frontend
 * only.
 */
static const char plain[] =
	"\tacl is_plain_host req.fhdr(host) -m str gateway proxy\n"
	"\tacl is_plain_method method GET POST PUT PATCH DELETE HEAD OPTIONS\n"
	"\tacl is_plain_url url -m reg '^/[a-z0-9-]+(/[A-Za-z0-9_:@,=+-][A-Za-z0-9_.:@,=+-]*)*/?"
	"([?].*)?$'\n"
	"\tacl is_odd req.hdrs -m reg -i '(?m)" ODD_HEADERS "|^(upgrade|transfer-encoding|expect):|"
	"^connection:(?! *(keep-alive|close) *\\r)|^content-length:(?! *[0-9]{1,15} *\\r)'\n"
	"\thttp-request set-var(txn.plain) 'str(\"tenantctl egress check %s gateway %d\")' "
	"if is_plain_method is_plain_host { req.ver 1.1 } is_known is_plain_url !is_odd\n"
	"\tacl is_plain var(txn.plain) -m found\n"
	"\thttp-request allow if is_plain\n";

/*
 * The hint is for an operator, who may paste it: what could mean something to a shell or in JSON is
 * a dot there. Its expressions have no brackets, as one would end the bracket around them.
 */
static const char hint[] =
	"\thttp-request set-var-fmt(txn.hint) 'tenantctl egress check %s gateway %d "
	"%%[method,regsub(\"(?!-)\\W\",\".\",g)] "
	"%%[var(txn.path),regsub(\"(?!/|\\.|:|@|%%|=|\\+|-)\\W\",\".\",g)]'\n";

/* Inside the single quotes of the configuration: the only character that means something. */
static void add_quoted(struct strbuf *b, const char *s)
{
	for (; *s; s++)
		strbuf_printf(b, *s == '\'' ? "'\\%c'" : "%c", *s);
}

/* Client libraries of AI vendors show `error` and nothing else. */
void gateway_add_json(struct strbuf *b, const struct gateway_config *c, const char *error,
		      const char *reason, const char *message)
{
	strbuf_printf(b, "'{\"error\":\"%s: ", error);
	add_quoted(b, message);
	strbuf_printf(b, "\",\"reason\":\"%s\",\"message\":\"", reason);
	add_quoted(b, message);
	strbuf_printf(b, "\",\"tenant\":\"%s\"", c->tenant);
}

void gateway_add_refusal(struct strbuf *b, const struct gateway_config *c,
			 const struct gateway_refusal *r)
{
	strbuf_printf(b,
		      "\thttp-request set-var(txn.reason) str(%s) if %s\n"
		      "\thttp-request return status %d content-type application/json lf-string ",
		      r->reason, r->condition, r->status);
	gateway_add_json(b, c, "refused", r->reason, r->message);
	/* One of the two is there; what only few requests need is put together for these only. */
	strbuf_puts(b, ",\"hint\":\"%[var(txn.hint)]%[var(txn.plain),concat(\" \",txn.method),"
		       "concat(\" \",txn.path)]\"}'\\n");
	if (r->retry_after)
		strbuf_printf(b, " hdr Retry-After %s", r->retry_after);
	strbuf_puts(b, " if { var(txn.reason) -m found }\n");
}

/* Conditions of one reason are ORed. */
static const struct gateway_refusal refusals[] = {
	{ .reason = "host",
	  .message = "the request must be for host gateway or proxy",
	  .condition = "!{ req.fhdr(host),lower -m str gateway gateway. gateway:80 gateway.:80 "
		       "proxy proxy. proxy:80 proxy.:80 }" },
	/* An absolute target is passed on as it is, and the host in it with it. */
	{ .reason = "target",
	  .message = "the request line must be METHOD /NAME/... HTTP/1.1",
	  .condition = "!{ url -m beg / } || !{ req.ver -m str 1.0 1.1 }" },
	{ .reason = "method",
	  .message = "this method is never let through",
	  .condition = "!{ method -m reg '^[A-Z-]{1,24}$' } || { method TRACE CONNECT }" },
	{ .reason = "upgrade",
	  .message = "no upgrade but that to a websocket is let through",
	  .condition = "{ req.fhdr_cnt(upgrade) gt 1 } || { req.fhdr_cnt(upgrade) gt 0 } "
		       "!{ req.fhdr(upgrade),lower -m str websocket }" },
	/* A list of hop-by-hop names would make the upstream drop the injected header. */
	{ .reason = "connection",
	  .message = "the Connection header may say close, keep-alive and upgrade only",
	  .condition = "{ req.fhdr_cnt(connection) gt 1 } || { req.fhdr_cnt(connection) gt 0 } "
		       "!{ req.fhdr(connection),lower -m reg "
		       "'^(close|keep-alive|upgrade)([ \t]*,[ \t]*(close|keep-alive|upgrade))*$' "
		       "}" },
	/* Many programs take a '_' in a name for '-'. A length that does not fit 64 bits is taken
	 * for what is left of it, and passed on as it was. HTTP/1.0 knows no chunks. */
	{ .reason = "header",
	  .message = "a header has a name or value that programs read differently",
	  .condition = "{ req.hdrs -m reg -i '(?m)" ODD_HEADERS "' } || "
		       "{ req.fhdr_cnt(content-length) gt 0 } "
		       "!{ req.fhdr(content-length) -m reg '^[0-9]{1,15}$' } || "
		       "{ req.fhdr_cnt(transfer-encoding) gt 0 } "
		       "!{ req.fhdr(transfer-encoding),lower -m str chunked } || "
		       "{ req.fhdr_cnt(transfer-encoding) gt 0 } { req.ver 1.0 }" },
	{ .reason = "path",
	  .message = "the path has a part that is, or decodes to, '.' or '..'",
	  .condition = "{ path -m reg -i '" ROUTE_DOT_REGEX "' }" },
};

/*
 * A process that was replaced has old rules, keys and counts, and lives on for the connections that
 * it carries: what they ask for from now on is for the new one. What is left to do after this rule
 * does not wait.
 */
void gateway_add_stopping(struct strbuf *b, const struct gateway_config *c)
{
	static const struct gateway_refusal stopping = {
		.reason = "reload",
		.status = 503,
		.message = "the gateway has just taken new rules, try again",
		.condition = "{ stopping }",
		.retry_after = "1",
	};

	gateway_add_refusal(b, c, &stopping);
}

static void add_known(struct strbuf *b, const struct gateway_config *c)
{
	for (size_t i = 0; i < c->credential_count; i++)
		strbuf_printf(b, "%s %s%s",
			      i % NAMES_A_LINE ? "" : "\tacl is_known var(txn.route) -m str",
			      c->credentials[i].name,
			      (i + 1) % NAMES_A_LINE && i + 1 < c->credential_count ? "" : "\n");
	if (c->credential_count)
		strbuf_printf(b, plain, c->tenant, GATEWAY_ROUTE_PORT);
}

static void add_unknown(struct strbuf *b, const struct gateway_config *c)
{
	static const struct gateway_refusal unknown = {
		.reason = "route",
		.message = "no credential is named '%[var(txn.route),bytes(0,64),json]'",
		.status = 403,
		.condition = "!is_known",
	}, none = {
		.reason = "route",
		.message = "this tenant has no credentials",
		.status = 403,
		.condition = "TRUE",
	};

	gateway_add_refusal(b, c, c->credential_count ? &unknown : &none);
	if (c->credential_count)
		strbuf_puts(b, "\tuse_backend route_%[var(txn.route)]\n");
}

#define LOG_HEAD "'{\"ts\":%%Ts.%%ms,\"event\":\"route\",\"tenant\":\"%s\",\"client\":\"%%ci\","
#define LOG_TAIL "\"up\":%%U,\"down\":%%B,"

static void add_logs(struct strbuf *b, const struct gateway_config *c)
{
	strbuf_printf(b,
		      "\tlog-format " LOG_HEAD "\"rule\":%%[var(txn.shown,null)],"
		      "\"method\":%%{+Q}[var(txn.method,-),json],"
		      "\"path\":%%{+Q}[var(txn.path,-),json],\"status\":%%ST,"
		      "\"verdict\":\"%%[var(txn.verdict,denied)]\","
		      "\"reason\":\"%%[var(txn.reason,malformed)]\"," LOG_TAIL
		      "\"ms\":%%Ta,\"state\":\"%%tsc\",\"dst\":\"%%[var(txn.dst,-)]\"}'\n",
		      c->tenant);
	strbuf_printf(b,
		      "\terror-log-format " LOG_HEAD "\"rule\":null,\"method\":null,"
		      "\"path\":null,\"status\":%%ST,\"verdict\":\"denied\","
		      "\"reason\":\"malformed\"," LOG_TAIL
		      "\"ms\":%%Tt,\"state\":\"%%tsc\",\"dst\":\"-\"}'\n",
		      c->tenant);
}

void gateway_add_routes(struct strbuf *b, const struct gateway_config *c, const struct strlist *own)
{
	strbuf_printf(b, frontend, c->inner_ip, GATEWAY_ROUTE_PORT, GATEWAY_MAX_REQUESTS,
		      c->worker_ip, c->twin_ip);
	strbuf_puts(b, variables);
	gateway_add_stopping(b, c);
	add_known(b, c);
	strbuf_printf(b, hint, c->tenant, GATEWAY_ROUTE_PORT);
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct gateway_refusal r = refusals[i];

		r.status = 403;
		gateway_add_refusal(b, c, &r);
	}
	add_unknown(b, c);
	add_logs(b, c);
	/* Days since 1970 in the key: a new day starts at 0 by itself. */
	strbuf_puts(b, "\nbackend daily\n"
		       "\tstick-table type string len 64 size 1k expire 2d store gpc0\n");
	for (size_t i = 0; i < c->credential_count; i++)
		gateway_add_route_backend(b, c, own, &c->credentials[i]);
}
