/* Manual pages: a page's frame with what tables know filled in. Private to cli. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "base/err.h"
#include "base/strbuf.h"

/* Copies `frame`, with each marker line (@COMMANDS@, @OPTIONS@, @EXIT@, @KEYS@) replaced. ERR_USAGE
 * for a marker that is not known. */
int manual_fill(const char *frame, struct strbuf *out, struct err *e) must_check;

#endif
