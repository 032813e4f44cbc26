/*
 * Reports of any number of tenants about which everything is as it should be, made
 * from the checks' good tenant, for tests to spoil.
 */
#ifndef TEST_REPORT_FIXTURE_H
#define TEST_REPORT_FIXTURE_H

#include "../../src/cli/report.h"

/* Bytes that mean something to a terminal, XML, HTML, JSON, YAML, TAP or SARIF, or that no reader
 * takes, or that hide or turn what is around them. */
#define HOSTILE                                                                                    \
	"]]><script a='1'>&\"\033[31m\x01 \xef\xbf\xbe \xff\n# skip: {0} [x](y:z) \\u0000 "        \
	"\xe2\x80\xae \xf3\xa0\x81\x81</style><!--"

struct report_fixture {
	struct verify_result *results;
	struct report_row *rows;
	struct report report;
};

/* Tenants "acme", "beta" and so on, each seeing all others blocked. */
void report_fixture_make(struct report_fixture *x, size_t tenants);
void report_fixture_free(struct report_fixture *x);

/* For mutations. */
struct finding *report_fixture_finding(struct report_fixture *x, size_t tenant, const char *id);
void report_fixture_set(struct report_fixture *x, size_t tenant, const char *id,
			enum finding_verdict verdict, const char *observed);
void report_fixture_pair(struct report_fixture *x, size_t from, size_t to, enum cell_kind kind,
			 enum cell_state observed);
/* Keeps only the findings whose id is among `ids`, which NULL ends. */
void report_fixture_keep(struct report_fixture *x, const char *const *ids);
/* As if the tenant could not be verified. */
void report_fixture_lose(struct report_fixture *x, size_t tenant, const char *error);

#endif
