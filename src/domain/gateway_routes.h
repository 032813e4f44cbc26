/* What the two parts of the credential routes' configuration share. */
#ifndef DOMAIN_GATEWAY_ROUTES_H
#define DOMAIN_GATEWAY_ROUTES_H

#include "gateway_check.h"

struct gateway_refusal {
	const char *reason;    /* as in the log */
	const char *message;   /* HAProxy log-format text, inside a JSON string */
	const char *condition; /* of HAProxy */
	int status;
	const char *retry_after; /* HAProxy log-format text, or NULL */
};

/* The beginning of a JSON object, in a single quote that is not closed yet. */
void gateway_add_json(struct strbuf *b, const struct gateway_config *c, const char *error,
		      const char *reason, const char *message);

/* An answer with a JSON body, on a condition. */
void gateway_add_refusal(struct strbuf *b, const struct gateway_config *c,
			 const struct gateway_refusal *r);

/* The answer of a process that was replaced, with the reason "reload". */
void gateway_add_stopping(struct strbuf *b, const struct gateway_config *c);

/* "backend route_NAME" and its only server, "upstream". */
void gateway_add_route_backend(struct strbuf *b, const struct gateway_config *c,
			       const struct strlist *own, const struct credential_entry *r);

#endif
