/* Files that a container runs, as its processes see them and as they are on the disk. Private to
 * the probe layer. */
#ifndef PROBE_PAGECACHE_H
#define PROBE_PAGECACHE_H

#include "probe/facts.h"
#include "target.h"

/* Compares samples of every file that a process of the container has mapped from a read-only mount:
 * read through the page cache, and past it. Adds to *out; `who` goes in front of names. */
void pagecache_read(const struct target *t, const struct process_facts *processes, size_t count,
		    const char *who, struct cache_facts *out);

/* The comparison of one file: both descriptors are of the same file, `direct` with O_DIRECT. At
 * most `budget` bytes are read of each and taken from it. 1: they differ, at *out_at; 0: they do
 * not, -1: reading past the cache is refused, with errno. */
int pagecache_differs(int cached, int direct, off_t size, uint64_t *budget, off_t *out_at);

#endif
