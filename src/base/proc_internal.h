/* Shared by the readers of /proc. */
#ifndef BASE_PROC_INTERNAL_H
#define BASE_PROC_INTERNAL_H

#include "base/err.h"
#include "base/strbuf.h"

/* Reads a file of /proc; one longer than the buffer's maximum is an error. */
int proc_slurp(int dir, const char *name, struct strbuf *out, struct err *e) must_check;
int proc_malformed(struct err *e, const char *name);

#endif
