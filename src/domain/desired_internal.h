/* The two containers of a tenant, built by desired_containers.c for desired.c. */
#ifndef DOMAIN_DESIRED_INTERNAL_H
#define DOMAIN_DESIRED_INTERNAL_H

#include "domain/desired.h"

/* Fill everything but the labels. */
void desired_worker(const struct desired_inputs *in, struct container_spec *c);
void desired_gateway(const struct desired_inputs *in, struct container_spec *c);

#endif
