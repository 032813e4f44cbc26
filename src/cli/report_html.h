/*
 * The parts of the HTML report. It is well-formed XML but for its first line, so that
 * a strict reader can check it; without scripts and style attributes, which its content
 * security policy refuses. Private to cli.
 */
#ifndef CLI_REPORT_HTML_H
#define CLI_REPORT_HTML_H

#include "report.h"

/* Who reaches whom, as a picture with a legend, and in words what is not as it must be. Nothing
 * when no row holds a pair. */
void html_matrix(const struct report *r, struct strbuf *out);
/* A table with a line per tenant, then a section for each; those that did not pass come first. */
void html_tenants(const struct report *r, struct strbuf *out);

/* "pass", "fail", "inconclusive" or "none": the class that colours a state or verdict. */
const char *html_state_class(enum report_state s);
const char *html_verdict_class(enum finding_verdict v);
/* <TAG>TEXT</TAG>, with a class unless it is NULL; the text is escaped. */
void html_element(struct strbuf *out, const char *tag, const char *class, const char *text);

#endif
