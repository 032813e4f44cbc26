/*
 * What a worker asks of the credential routes that must be refused. No attempt names a
 * credential that exists, so whatever a weakened gateway makes of one, no upstream sees
 * it. Each path holds the tenant's nonce, which no worker knows: that tells these lines
 * of the log from what the agent did.
 */
#include "verify_targets.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "domain/gateway.h"

/* In target, host and headers: ~ is the nonce's beginning, ^ the gateway's address on its own
 * network, $ the one on the egress network. What HAProxy itself refuses has no reason: "-". */
struct route_attempt {
	const char *check, *what, *wanted, *method, *target, *host, *headers;
};

#define CONTROL "route.control"
#define FORM "route.refused"
#define TARGET "route.target"
#define CLOSE "Connection: close\r\n"

/* clang-format off */
static const struct route_attempt attempts[] = {
	{ CONTROL, "no such credential", "route", "GET", "/~/", "gateway", "" },
	{ CONTROL, "by the other name", "route", "GET", "/~/", "proxy:80", "" },

	/* what a request may be */
	{ FORM, "TRACE", "method", "TRACE", "/~/", "gateway", "" },
	{ FORM, "a path with dot segments", "path", "GET", "/~/../~/", "gateway", "" },
	{ FORM, "encoded dot segments", "path", "GET", "/~/%2e%2E/~/", "gateway", "" },
	{ FORM, "a hop-by-hop list", "connection", "GET", "/~/", "gateway",
	  "Connection: close, Authorization" },
	{ FORM, "an upgrade to HTTP/2", "upgrade|connection", "GET", "/~/", "gateway",
	  "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__" },
	{ FORM, "two lengths", "-", "POST", "/~/", "gateway",
	  CLOSE "Content-Length: 0\r\nContent-Length: 7" },
	{ FORM, "a blank before the colon", "-", "GET", "/~/", "gateway", CLOSE "Host : outside" },
	/* What these say is not believed: the answer is that of the path. */
	{ FORM, "X-Forwarded-Host", "route", "GET", "/~/", "gateway",
	  CLOSE "X-Forwarded-Host: metadata.google.internal\r\nForwarded: host=192.0.2.1" },
	{ FORM, "a Host in a folded header", "route", "GET", "/~/", "gateway",
	  CLOSE "X-A: b\r\n\tHost: outside" },
	{ FORM, "X-Original-URL", "route", "GET", "/~/", "gateway",
	  CLOSE "X-Original-URL: /\r\nX-Rewrite-URL: /\r\nX-HTTP-Method-Override: CONNECT" },

	/* where it may lead */
	{ TARGET, "a tunnel to metadata", "method|target|host", "CONNECT", "169.254.169.254:80",
	  "169.254.169.254:80", "" },
	{ TARGET, "a tunnel to loopback", "method|target|host", "CONNECT", "127.0.0.1:8080",
	  "127.0.0.1:8080", "" },
	{ TARGET, "a tunnel to itself", "method|target|host", "CONNECT", "gateway:443", "gateway:443",
	  "" },
	{ TARGET, "a tunnel to a name", "method|target|host", "CONNECT", "~.undeclared.example:443",
	  "~.undeclared.example:443", "" },
	{ TARGET, "itself as a proxy's target", "target", "GET", "http://gateway/~/", "gateway", "" },
	{ TARGET, "metadata as a proxy's target", "target|host", "GET", "http://169.254.169.254/~/",
	  "169.254.169.254", "" },
	{ TARGET, "loopback as a proxy's target", "target|host", "GET", "http://127.0.0.1:8080/~/",
	  "127.0.0.1:8080", "" },
	{ TARGET, "loopback over IPv6", "target|host", "GET", "http://[::1]/~/", "[::1]", "" },
	{ TARGET, "a private address", "target|host", "GET", "http://10.0.0.1/~/", "10.0.0.1", "" },
	{ TARGET, "its own egress address", "target|host", "GET", "http://$/~/", "$", "" },
	{ TARGET, "an address as a number", "target|host", "GET", "http://2852039166/~/",
	  "2852039166", "" },
	{ TARGET, "another host", "target|host", "GET", "https://~.undeclared.example/~/",
	  "~.undeclared.example", "" },
	{ TARGET, "target and Host that differ", "target|host", "GET",
	  "http://~.undeclared.example/~/", "gateway", "" },
	{ TARGET, "a target with a user", "target|host", "GET",
	  "http://gateway@~.undeclared.example/~/", "gateway", "" },
	{ TARGET, "metadata by Host", "host", "GET", "/~/", "metadata.google.internal", "" },
	{ TARGET, "an address by Host", "host", "GET", "/~/", "^", "" },
	{ TARGET, "a Host that begins right", "host", "GET", "/~/", "gateway.~.example", "" },
	{ TARGET, "a Host that ends right", "host", "GET", "/~/", "evil-gateway", "" },
	{ TARGET, "a Host with a user", "host", "GET", "/~/", "gateway@~.example", "" },
	{ TARGET, "a Host with another port", "host", "GET", "/~/", "gateway:8080", "" },
	{ TARGET, "no Host", "host", "GET", "/~/", "", "" },
	{ TARGET, "two Hosts", "host", "GET", "/~/", "gateway",
	  CLOSE "Host: ~.undeclared.example" },
};
/* clang-format on */

static void fill(const struct target_inputs *in, const char *pattern, char *out, size_t size)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(1024);

	for (const char *p = pattern; *p; p++) {
		if (*p == '~')
			strbuf_printf(&b, "%.16s", in->allocation->nonce);
		else if (*p == '^')
			strbuf_puts(&b, in->allocation->gateway_ip);
		else if (*p == '$')
			strbuf_puts(&b, in->allocation->egress_ip);
		else
			strbuf_putc(&b, *p);
	}
	snprintf(out, size, "%s", strbuf_str(&b));
}

void targets_add_routes(const struct target_inputs *in, struct targets *out)
{
	out->http = mem_array(ARRAY_SIZE(attempts), sizeof(*out->http));
	out->http_count = ARRAY_SIZE(attempts);
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		const struct route_attempt *from = &attempts[i];
		struct http_attempt *a = &out->http[i];

		*a = (struct http_attempt){ .port = GATEWAY_ROUTE_PORT,
					    .must_work = !strcmp(from->check, CONTROL),
					    .outcome = HTTP_ERROR };
		snprintf(a->check, sizeof(a->check), "%s", from->check);
		snprintf(a->what, sizeof(a->what), "%s", from->what);
		snprintf(a->wanted, sizeof(a->wanted), "%s", from->wanted);
		snprintf(a->address, sizeof(a->address), "%s", in->allocation->gateway_ip);
		snprintf(a->method, sizeof(a->method), "%s", from->method);
		fill(in, from->target, a->target, sizeof(a->target));
		fill(in, from->host, a->host, sizeof(a->host));
		fill(in, from->headers, a->headers, sizeof(a->headers));
	}
}
