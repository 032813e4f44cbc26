/*
 * The image that twins of workers run: carried by this program, put onto the engine when
 * it is not there, and known by its content, never by its name. Private to ops.
 */
#ifndef OPS_TWIN_IMAGE_H
#define OPS_TWIN_IMAGE_H

#include "base/compiler.h"
#include "base/err.h"
#include "ops/ops.h"

/* The program in the image, by its whole path. */
#define TWIN_PROGRAM "/tenantctl-probe"

/* Id of the image on the engine, loaded first when the engine holds none with the same content; a
 * foreign image under its tag counts for nothing. Owned by the caller. ERR_REFUSED when the engine
 * has something else after a load. Needs ENGINE_MAY_LOAD. */
int twin_image_id(struct context *c, char **out, struct err *e) must_check;

#endif
