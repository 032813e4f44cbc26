/* Shared by the readers of /proc. */
#ifndef BASE_PROC_INTERNAL_H
#define BASE_PROC_INTERNAL_H

#include "base/err.h"

int proc_malformed(struct err *e, const char *name);

#endif
