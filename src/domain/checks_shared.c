/*
 * What tenants have in common although no namespace parts it: the kernel's cache of files,
 * the network that their gateways share, and the engine that writes everybody's log.
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

static bool any_sibling_runs(const struct check_input *in)
{
	for (size_t i = 0; i < in->sibling_count; i++)
		if (in->siblings[i].running)
			return true;
	return false;
}

void judge_gateway_peers(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "no connection from this gateway to another one");
	if (!have_gateway_process(in, f))
		return;
	if (!any_sibling_runs(in)) {
		judge_skip(f, "no other tenant runs");
		return;
	}
	if (in->facts->gateway_reach_count == 0) {
		judge_skip(f, "no other gateway near by answers the host, so nothing can be shown");
		return;
	}
	for (size_t i = 0; i < in->facts->gateway_reach_count; i++) {
		const struct reach_attempt *a = &in->facts->gateway_reach[i];

		if (a->outcome == REACH_ERROR) {
			judge_unknown(f, "%s could not be tried", a->target);
			return;
		}
		if (a->outcome == REACH_OPEN || a->outcome == REACH_REFUSED)
			complain(&c, "%s (%s port %u) %s", a->target, a->address, a->port,
				 a->outcome == REACH_OPEN ? "takes connections" : "answers");
	}
	judge_evidence(f, "%zu tried from the gateway's network; each answers the host",
		       in->facts->gateway_reach_count);
	judge_complaints(f, &c, "%zu others do not answer", in->facts->gateway_reach_count);
}

void judge_log_separate(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct log_facts *log = in->log;

	judge_expect(f, "what the twin prints is in its own log and in no other one");
	if (!log) {
		if (in->twin)
			judge_unknown(f, "the twin could not be made");
		else
			judge_skip(f, "the quick verification makes no twin");
		return;
	}
	if (!log->looked) {
		judge_skip(f, "the engine keeps no log files of its own that can be read");
		return;
	}
	for (size_t i = 0; i < log->found.count; i++)
		complain(&c, "the log of %s has it, too", log->found.items[i]);
	judge_evidence(f, "%zu log files of other containers were searched", log->files);
	if (c.count == 0 && !log->own)
		judge_unknown(
			f, "what the twin printed is not in its own log, so the search is blind");
	else
		judge_complaints(f, &c, "in its own log, and in none of %zu others", log->files);
}
