/*
 * Looks for a tenant's keys where they must not be: processes, files, texts of the
 * engine. What is found is named by its place, the key's id and the form it was found
 * in; no value is ever copied.
 */
#ifndef PROBE_EXPOSURE_H
#define PROBE_EXPOSURE_H

#include <stddef.h>

#include "base/needles.h"
#include "probe/facts.h"

struct exposure {
	const struct needles *needles;
	const struct strlist *ids; /* by tag */
	struct secret_facts *out;
};

void exposure_text(const struct exposure *x, const char *place, const void *text, size_t len);

/* The last `max` bytes of the file, which is never followed if it is a link; what is not a regular
 * file is left alone. One that is not there holds nothing. */
void exposure_file(const struct exposure *x, const char *place, const char *path, size_t max);

/* The same, of a file that must be there: a missing one, and one that is no regular file, was not
 * looked into. */
void exposure_log(const struct exposure *x, const char *place, const char *path, size_t max);

/* Files of the folder and the folders below it, but for those named in `skip` (NULL-terminated).
 * For folders that somebody else may write: nothing is followed, other file systems are not
 * entered, and what goes over the bounds counts as not looked into. */
void exposure_folder(const struct exposure *x, const char *place, const char *path,
		     const char *const skip[]);

/* Arguments of every process of the host, and the environment of those that *f lists. */
void exposure_processes(const struct exposure *x, const char *proc_path,
			const struct tenant_facts *f);

#endif
