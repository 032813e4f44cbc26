/* What a change did to one tenant, as JSON and for people. Private to cli. */
#ifndef CLI_RUN_VIEW_H
#define CLI_RUN_VIEW_H

#include "select.h"

/* {"tenant", "steps", "done", "verified", "not_passed", "gone", "kept"} */
struct node *run_result_json(const char *tenant, const struct run_result *r) returns_owned;

/* How the results of one command are shown. */
struct run_view {
	struct node *list;   /* JSON: the results so far */
	const char *did;     /* "created"; NULL: from the steps */
	const char *nothing; /* when there was nothing to do */
	size_t differing;    /* plan: tenants with steps */
	bool plan;	     /* steps are shown as what would be done */
};

/* Sink of run_jobs; arg is a struct run_view. */
void run_view_add(struct invocation *inv, const struct node *result, void *arg);
/* Prints the JSON document, if that was asked for. */
void run_view_end(struct invocation *inv, struct run_view *v);
/* An error inside a result, on standard error. */
void print_result_error(const struct node *error);

/* Why a step is taken, short enough to be read. */
void step_reason(const char *why, struct strbuf *out);

#endif
