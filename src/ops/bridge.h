/* The host side of a tenant's network. */
#ifndef OPS_BRIDGE_H
#define OPS_BRIDGE_H

#include "base/err.h"

/* Makes the kernel drop what comes in on `bridge` from addresses that no route of it leads to
 * (rp_filter). The bridge has no address, so that is everything: without it, datagrams to the
 * broadcast address and to 224.0.0.1 are handed to services of the host that listen on all
 * addresses (fib_validate_source() in the kernel's net/ipv4/fib_frontend.c). A bridge that is not
 * in this network namespace is no error: verify says that it is not seen. */
int bridge_refuse_strangers(const char *bridge, struct err *e) must_check;

#endif
