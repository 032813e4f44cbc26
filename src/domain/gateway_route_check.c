/* The last check of credentials before text is rendered; see gateway_check.c. */
#include "gateway_check.h"

int gateway_check_routes(const struct gateway_config *c, struct err *e)
{
	if (c->credential_count > GATEWAY_MAX_CREDENTIALS)
		return err_set(e, ERR_INTERNAL, "gateway: %zu credentials", c->credential_count);
	return 0;
}
