/*
 * Text from outside on its way into a report: no byte of it may act, neither on a
 * terminal nor in a document. Private to cli.
 */
#ifndef CLI_REPORT_TEXT_H
#define CLI_REPORT_TEXT_H

#include "base/strbuf.h"

/* Control bytes and invalid UTF-8 as \xHH; characters that are invisible or turn the direction of
 * writing as \u{HEX}: with them a line reads as another one. NULL is nothing. */
void report_safe(struct strbuf *out, const char *text);
/* The same, for text and quoted attributes of XML and HTML. */
void report_markup(struct strbuf *out, const char *text);
/* As one JSON string with its quotes, which YAML reads, too. */
void report_quoted(struct strbuf *out, const char *text);

#endif
