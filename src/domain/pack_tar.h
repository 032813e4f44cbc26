/* The frame of a pack: ustar (POSIX.1-1988), plain files only. Private to domain. */
#ifndef DOMAIN_PACK_TAR_H
#define DOMAIN_PACK_TAR_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strbuf.h"

void tar_put(const char *name, const char *data, size_t len, struct strbuf *out);
void tar_end(struct strbuf *out);

struct tar_entry {
	char name[101];
	const char *data; /* NULL: the end */
	size_t len;
};
/* The entry at *at, which is moved behind it. ERR_CHECK for every byte that tar_put and tar_end do
 * not write: there is no room in the frame for anything that the sums do not cover. */
int tar_next(const char *text, size_t len, size_t *at, struct tar_entry *out, struct err *e)
	must_check;

#endif
