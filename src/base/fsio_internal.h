/* Reaching a file by its folder: shared by the fsio_*.c files. */
#ifndef BASE_FSIO_INTERNAL_H
#define BASE_FSIO_INTERNAL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Opens the folder that holds `path`, part by part and never through a symbolic link. With
 * `trusted`, every folder on the way must pass the trust rules. *out_name points to the last
 * part within `path`. ERR_NOT_FOUND when a part is missing. */
int fsio_open_parent(const char *path, bool trusted, int *out_fd, const char **out_name,
		     struct err *e) must_check;

/* The error for a failed open of `path`: ERR_NOT_FOUND, ERR_MANIFEST for a symbolic link, else
 * ERR_SYSTEM. Returns -1. */
int fsio_open_error(struct err *e, int saved_errno, const char *path);

#endif
