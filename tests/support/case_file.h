/*
 * One recorded exchange: what a call sends, what an engine of a given version
 * answered, and what the call then makes of it. Lines of "key value"; bytes outside
 * printable ASCII and the backslash are written as \xHH.
 *
 *	engine 28.5.2          of the recording
 *	api 1.51               negotiated
 *	request POST /v1.51/containers/tc-contract/start
 *	body {"json": ...}     expected request body; missing: none or not compared
 *	status 204
 *	type application/json
 *	reply ...              missing: empty; request, status and reply may repeat
 *	outcome ok             or "<error word> <HTTP status>"
 *	sees ...               what the call returned, in one line
 */
#ifndef TESTS_CASE_FILE_H
#define TESTS_CASE_FILE_H

#include "base/strbuf.h"
#include "engine/transport.h"

#define CASE_EXCHANGES_MAX 8

struct case_exchange {
	char *request, *body, *type;
	int status;
	struct strbuf reply;
};

struct case_file {
	char *engine, *api, *outcome, *sees;
	struct case_exchange exchanges[CASE_EXCHANGES_MAX];
	size_t count;
};

int case_read(const char *path, struct case_file *out, struct err *e) must_check;
int case_write(const char *path, const struct case_file *c, struct err *e) must_check;
void case_free(struct case_file *c);

/* Passes everything on to `inner` (closed with it) and adds each exchange to *into, which may be
 * changed between calls; NULL records nothing. HEAD /_ping is not recorded. */
struct transport *case_recorder_new(struct transport *inner, struct case_file **into) returns_owned;

#endif
