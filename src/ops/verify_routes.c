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
	bool quick; /* made in a quick look, too: one for each rule of the gateway */
};

#define CONTROL "route.control"
#define FORM "route.refused"
#define TARGET "route.target"
#define CLOSE "Connection: close\r\n"
#define QUICK true
#define FULL false

/* clang-format off */
static const struct route_attempt attempts[] = {
	{ CONTROL, "no such credential", "route", "GET", "/~/", "gateway", "", QUICK },
	{ CONTROL, "by the other name", "route", "GET", "/~/", "proxy:80", "", FULL },

	/* what a request may be */
	{ FORM, "TRACE", "method", "TRACE", "/~/", "gateway", "", QUICK },
	{ FORM, "a path with dot segments", "path", "GET", "/~/../~/", "gateway", "", FULL },
	{ FORM, "encoded dot segments", "path", "GET", "/~/%2e%2E/~/", "gateway", "", QUICK },
	{ FORM, "a hop-by-hop list", "connection", "GET", "/~/", "gateway",
	  "Connection: close, Authorization", QUICK },
	{ FORM, "an upgrade to HTTP/2", "upgrade|connection", "GET", "/~/", "gateway",
	  "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__", QUICK },
	{ FORM, "an upgrade to TLS", "upgrade", "GET", "/~/", "gateway",
	  "Connection: Upgrade\r\nUpgrade: TLS/1.0", QUICK },
	{ FORM, "a header with another's name", "header", "GET", "/~/", "gateway",
	  CLOSE "Content_Length: 7", QUICK },
	{ FORM, "two lengths", "-", "POST", "/~/", "gateway",
	  CLOSE "Content-Length: 0\r\nContent-Length: 7", FULL },
	{ FORM, "a blank before the colon", "-", "GET", "/~/", "gateway", CLOSE "Host : outside", FULL },
	/* What these say is not believed: the answer is that of the path. */
	{ FORM, "X-Forwarded-Host", "route", "GET", "/~/", "gateway",
	  CLOSE "X-Forwarded-Host: metadata.google.internal\r\nForwarded: host=192.0.2.1", FULL },
	{ FORM, "a Host in a folded header", "route", "GET", "/~/", "gateway",
	  CLOSE "X-A: b\r\n\tHost: outside", FULL },
	{ FORM, "X-Original-URL", "route", "GET", "/~/", "gateway",
	  CLOSE "X-Original-URL: /\r\nX-Rewrite-URL: /\r\nX-HTTP-Method-Override: CONNECT", FULL },

	/* where it may lead */
	{ TARGET, "a tunnel to metadata", "method|target|host", "CONNECT", "169.254.169.254:80",
	  "169.254.169.254:80", "", QUICK },
	{ TARGET, "a tunnel to loopback", "method|target|host", "CONNECT", "127.0.0.1:8080",
	  "127.0.0.1:8080", "", FULL },
	{ TARGET, "a tunnel to itself", "method|target|host", "CONNECT", "gateway:443", "gateway:443",
	  "", FULL },
	{ TARGET, "a tunnel to a name", "method|target|host", "CONNECT", "~.undeclared.example:443",
	  "~.undeclared.example:443", "", FULL },
	{ TARGET, "itself as a proxy's target", "target", "GET", "http://gateway/~/", "gateway", "", QUICK },
	{ TARGET, "metadata as a proxy's target", "target|host", "GET", "http://169.254.169.254/~/",
	  "169.254.169.254", "", FULL },
	{ TARGET, "loopback as a proxy's target", "target|host", "GET", "http://127.0.0.1:8080/~/",
	  "127.0.0.1:8080", "", FULL },
	{ TARGET, "loopback over IPv6", "target|host", "GET", "http://[::1]/~/", "[::1]", "", FULL },
	{ TARGET, "a private address", "target|host", "GET", "http://10.0.0.1/~/", "10.0.0.1", "", FULL },
	{ TARGET, "its own egress address", "target|host", "GET", "http://$/~/", "$", "", FULL },
	{ TARGET, "an address as a number", "target|host", "GET", "http://2852039166/~/",
	  "2852039166", "", FULL },
	{ TARGET, "another host", "target|host", "GET", "https://~.undeclared.example/~/",
	  "~.undeclared.example", "", FULL },
	{ TARGET, "target and Host that differ", "target|host", "GET",
	  "http://~.undeclared.example/~/", "gateway", "", FULL },
	{ TARGET, "a target with a user", "target|host", "GET",
	  "http://gateway@~.undeclared.example/~/", "gateway", "", FULL },
	{ TARGET, "metadata by Host", "host", "GET", "/~/", "metadata.google.internal", "", QUICK },
	{ TARGET, "an address by Host", "host", "GET", "/~/", "^", "", FULL },
	{ TARGET, "a Host that begins right", "host", "GET", "/~/", "gateway.~.example", "", FULL },
	{ TARGET, "a Host that ends right", "host", "GET", "/~/", "evil-gateway", "", FULL },
	{ TARGET, "a Host with a user", "host", "GET", "/~/", "gateway@~.example", "", FULL },
	{ TARGET, "a Host with another port", "host", "GET", "/~/", "gateway:8080", "", FULL },
	{ TARGET, "no Host", "host", "GET", "/~/", "", "", FULL },
	{ TARGET, "two Hosts", "host", "GET", "/~/", "gateway",
	  CLOSE "Host: ~.undeclared.example", FULL },
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
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		const struct route_attempt *from = &attempts[i];
		struct http_attempt *a = &out->http[out->http_count];

		if (in->quick && !from->quick)
			continue;
		out->http_count++;
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
