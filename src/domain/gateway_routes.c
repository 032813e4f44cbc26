/*
 * Credential routes: plain HTTP from the worker. What is not configured is refused in
 * words that a program can read.
 */
#include "gateway_check.h"

static const char frontend[] = "\nfrontend routes\n"
			       "\tmode http\n"
			       "\tbind %s:%d proto h1\n"
			       "\ttcp-request connection reject if !{ src %s }\n"
			       "\ttimeout client 1h\n"
			       "\thttp-request return status 403 content-type application/json "
			       "string '{\"error\":\"refused\",\"reason\":\"route\"}'\n";

void gateway_add_routes(struct strbuf *b, const struct gateway_config *c,
			const struct strlist *own unused_arg)
{
	strbuf_printf(b, frontend, c->inner_ip, GATEWAY_ROUTE_PORT, c->worker_ip);
}
