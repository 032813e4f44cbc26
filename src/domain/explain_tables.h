/* The tables behind explain_check, one for each side of the boundary. Private to domain. */
#ifndef DOMAIN_EXPLAIN_TABLES_H
#define DOMAIN_EXPLAIN_TABLES_H

#include "domain/explain.h"

const struct explanation *explain_worker_all(size_t *out_count);
const struct explanation *explain_network_all(size_t *out_count);
const struct explanation *explain_twin_all(size_t *out_count);
const struct explanation *explain_drill_all(size_t *out_count);

#endif
