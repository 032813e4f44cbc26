/* What is asked of an engine, live or replayed; see tests/contract/test_contract.c. */
#ifndef TESTS_CONTRACT_STEPS_H
#define TESTS_CONTRACT_STEPS_H

#include "base/strbuf.h"
#include "engine/client.h"

/* Makes its calls and prints what they returned into `sees`. */
typedef int contract_fn(struct client *c, struct strbuf *sees, struct err *e);

struct contract_step {
	const char *name; /* "<call>-<outcome>", the start of the case's file name */
	contract_fn *run;
};

extern const struct contract_step contract_steps[];
extern const size_t contract_step_count;

#endif
