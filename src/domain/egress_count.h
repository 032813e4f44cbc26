/* Adding to the counters of egress.json. Private to domain. */
#ifndef DOMAIN_EGRESS_COUNT_H
#define DOMAIN_EGRESS_COUNT_H

#include "domain/egress_log.h"

/* Adds what is positive, up to what JSON can hold exactly. */
void count_add(int64_t *sum, int64_t more);
void count_use(struct egress_state *s, const char *rule, int64_t at, int64_t up, int64_t down);
/* `like` says which group; its counts are not looked at. */
void count_denial(struct egress_state *s, const struct egress_denial *like, int64_t at);

#endif
