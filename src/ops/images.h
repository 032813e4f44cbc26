/* Images a tenant needs. Private to ops. */
#ifndef OPS_IMAGES_H
#define OPS_IMAGES_H

#include "base/compiler.h"
#include "base/err.h"
#include "ops/ops.h"

/* The id the engine has for `ref`; *out stays NULL when it has none. Owned by the caller. */
int image_id_of(struct context *c, const char *ref, char **out, struct err *e) must_check;

/* Loads the gateway image from its archive when the engine has none; one run at a time does it. */
int image_load_gateway(struct context *c, struct err *e) must_check;

/* Pulls the worker's image. ERR_REFUSED with what the engine said and what to do. */
int image_pull_worker(struct context *c, const char *tenant, const char *ref, struct err *e)
	must_check;

/* ERR_REFUSED for a worker's image that must not be used: its VOLUME becomes a writable folder
 * outside of every limit, unless something of the manifest's is mounted there; what is in its
 * layers must not get to a runtime (see domain/image_rules.h). A worker that was made from it is
 * judged by its verification instead: `in_use` is its image's id, or NULL. */
int image_refuse(struct context *c, const struct tenant_spec *spec, const char *in_use,
		 struct err *e) must_check;

#endif
