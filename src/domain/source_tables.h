/* The tables behind source_of, one for each side of the boundary. Private to domain. */
#ifndef DOMAIN_SOURCE_TABLES_H
#define DOMAIN_SOURCE_TABLES_H

#include <stddef.h>

struct source {
	const char *id;
	const char *text; /* references, the most telling one first, separated by ", " */
};

const struct source *source_worker_all(size_t *out_count);
const struct source *source_network_all(size_t *out_count);
const struct source *source_twin_all(size_t *out_count);
const struct source *source_host_all(size_t *out_count);
const struct source *source_drill_all(size_t *out_count);

#endif
