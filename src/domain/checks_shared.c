/*
 * What tenants have in common although no namespace parts it: the kernel's cache of files,
 * and the engine that writes everybody's log.
 */
#include "checks_judges.h"

#include <inttypes.h>

#include "base/mem.h"
#include "judge.h"

/* Where nothing could be compared, the file system said why. */
static void judge_nothing_compared(const struct cache_facts *c, struct finding *f)
{
	if (c->refused.count > 0)
		judge_skip(f, "the file system does not let files be read past the page cache: %s",
			   c->refused.items[0]);
	else
		judge_skip(f, "no process has a file of a read-only mount mapped");
}

void judge_fs_pagecache(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct cache_facts *cache;

	judge_expect(f, "files that worker and gateway run are in memory as they are on the disk");
	if (!have_worker_process(in, f))
		return;
	cache = &in->facts->cache;
	if (!cache->looked) {
		judge_skip(f, "the quick verification reads files past the page cache only when "
			      "asked for this check");
		return;
	}
	if (cache->files == 0) {
		judge_nothing_compared(cache, f);
		return;
	}
	for (size_t i = 0; i < cache->altered.count; i++)
		complain(&c, "%s differs from the disk", cache->altered.items[i]);
	judge_evidence(
		f, "pages of %zu mapped files, %" PRIu64 " KiB of each read twice; refused: %zu",
		cache->files, cache->bytes / 1024, cache->refused.count);
	judge_complaints(f, &c, "the same in %zu files", cache->files);
}
