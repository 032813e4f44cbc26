/*
 * Each kind of drill: its limit comes from the manifest, and where it stops by itself lies
 * a little above, so that a missing limit shows and the host still stands.
 */
#include "drill_kinds.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bind.h"
#include "base/mem.h"

#define MIB ((uint64_t)1 << 20)
#define PROCESSES_MAX 4096u /* also what a drill without a limit starts */
#define PROCESS_BYTES ((uint64_t)64 << 10)
#define FILE_BYTES ((uint64_t)2 << 10) /* of kernel memory */
#define FILES_MAX ((uint64_t)200000)   /* that can be made in the time there is */
#define LOG_MAX (128 * MIB)
#define CONNECTIONS 2000u
#define CONNECTIONS_BYTES (64 * MIB)
#define CONNECTIONS_MIN 32u /* fewer are no flood */
#define SPINNERS_MAX 256u
#define DESCRIPTORS_MAX ((uint64_t)1 << 20)
/* As the worker's /tmp is made: see desired_containers.c. */
#define TMP_BYTES_PER_INODE 16384u
#define TMP_INODES_MIN 1024u
/* As the workspace is made, and no more than can be filled in the time there is. */
#define IMAGE_BYTES_PER_INODE 65536u
#define INODES_IMAGE_MAX ((uint64_t)2 << 30)
#define IMAGE_INODE_BYTES 512u
#define STORM_MAX (512 * MIB)  /* each way, where no rate is ordered */
#define STORM_DISK (128 * MIB) /* the image's own tables, and one small file */

static uint64_t above(uint64_t limit, uint64_t least)
{
	return limit + MAX_OF(limit / 4, least);
}

static void skip(struct drill_plan *p, const char *what, uint64_t most)
{
	snprintf(p->skip, sizeof(p->skip),
		 "the manifest allows more %s than a drill uses (%" PRIu64 ")", what, most);
}

static void size_text(uint64_t bytes, char out[32])
{
	bind_format_size(bytes, out, 32);
}

/* ---- plans ---- */

void drill_plan_fork(const struct drill_subject *s, struct drill_plan *out)
{
	out->limit = (uint64_t)s->spec->resources.pids;
	out->most = MIN_OF(above(out->limit, 64), (uint64_t)PROCESSES_MAX);
	out->memory = out->most * PROCESS_BYTES;
	if (out->most <= out->limit)
		skip(out, "processes", PROCESSES_MAX);
}

void drill_plan_memory(const struct drill_subject *s, struct drill_plan *out)
{
	out->limit = s->spec->resources.memory;
	out->most = above(out->limit, 64 * MIB);
	out->memory = out->most;
}

static void plan_fill(uint64_t limit, struct drill_plan *out)
{
	out->limit = limit;
	out->most = above(limit, 16 * MIB);
	out->memory = out->most;
}

void drill_plan_tmp_bytes(const struct drill_subject *s, struct drill_plan *out)
{
	plan_fill(s->spec->resources.tmp, out);
}

void drill_plan_shm_bytes(const struct drill_subject *s, struct drill_plan *out)
{
	plan_fill(s->spec->resources.shm, out);
}

static void plan_files(uint64_t limit, struct drill_plan *out)
{
	out->limit = limit;
	out->most = above(limit, 1024);
	if (out->most > FILES_MAX)
		skip(out, "files", FILES_MAX);
}

void drill_plan_tmp_inodes(const struct drill_subject *s, struct drill_plan *out)
{
	plan_files(MAX_OF(s->spec->resources.tmp / TMP_BYTES_PER_INODE, (uint64_t)TMP_INODES_MIN),
		   out);
	out->memory = out->most * FILE_BYTES;
}

/* Blocks are reserved and not written: of the image little more than the file system's own tables
 * gets to the disk. */
void drill_plan_workspace_bytes(const struct drill_subject *s, struct drill_plan *out)
{
	out->limit = s->spec->resources.workspace;
	out->most = above(out->limit, 64 * MIB);
	out->scratch = s->workspace;
	out->disk = MIN_OF(out->limit, 64 * MIB + out->limit / 256);
}

void drill_plan_workspace_inodes(const struct drill_subject *s, struct drill_plan *out)
{
	uint64_t wanted = MIN_OF(s->spec->resources.workspace, INODES_IMAGE_MAX);

	plan_files(wanted / IMAGE_BYTES_PER_INODE, out);
	out->scratch = MIN_OF(s->workspace, INODES_IMAGE_MAX);
	out->disk = 64 * MIB + out->most * IMAGE_INODE_BYTES;
}

/* The kernel lets some through at once when a slice of its time begins (blk-throttle.c). */
static uint64_t storm_tolerance(uint64_t limit)
{
	return limit + limit / 4 + MIB;
}

/* Without an order it is still to be seen what a storm does to others. */
void drill_plan_disk(const struct drill_subject *s, struct drill_plan *out)
{
	out->limit = s->spec->resources.disk_rate / 1000 * (DRILL_DISK_MS / 2);
	out->most = out->limit ? MIN_OF(2 * out->limit, STORM_MAX) : STORM_MAX;
	out->scratch = MIN_OF(s->workspace, INODES_IMAGE_MAX);
	out->disk = STORM_DISK;
	if (out->limit && out->most <= storm_tolerance(out->limit))
		skip(out, "bytes in the time of its disk's storm", STORM_MAX);
}

void drill_plan_cpu(const struct drill_subject *s, struct drill_plan *out)
{
	out->limit = (uint64_t)s->spec->resources.cpus;
	out->most = MIN_OF(s->cpus, SPINNERS_MAX);
}

void drill_plan_log(const struct drill_subject *s, struct drill_plan *out)
{
	uint64_t size = s->spec->logs.size, whole = size * (uint64_t)s->spec->logs.files;

	out->limit = whole;
	out->log_file = size;
	out->most = MIN_OF(whole + size, LOG_MAX);
	/* Each line has the time and marks of its own in the file. */
	out->log = out->most + out->most / 4;
	if (out->most < 2 * size)
		skip(out, "bytes in one file of its log", LOG_MAX);
}

void drill_plan_descriptors(const struct drill_subject *s, struct drill_plan *out)
{
	out->limit = (uint64_t)s->spec->resources.nofile;
	out->most = above(out->limit, 1024);
	out->memory = out->most * FILE_BYTES;
	if (out->most > DESCRIPTORS_MAX)
		skip(out, "open files", DESCRIPTORS_MAX);
}

void drill_plan_connections(const struct drill_subject *s, struct drill_plan *out)
{
	int64_t files = s->spec->resources.nofile;

	out->limit = CONNECTIONS;
	/* Its own files are open, too. */
	out->most = (uint64_t)MAX_OF(MIN_OF((int64_t)CONNECTIONS, files - 16), (int64_t)1);
	out->memory = CONNECTIONS_BYTES;
}

/* ---- what has to come of them ---- */

static void unclear(const struct drill_facts *f, char unknown[DRILL_TEXT_MAX])
{
	if (f->reached.sys_errno)
		snprintf(unknown, DRILL_TEXT_MAX, "it was stopped by something else: %s",
			 strerror(f->reached.sys_errno));
	else
		snprintf(unknown, DRILL_TEXT_MAX,
			 "its time was over before it came to the limit (%" PRIu64 ")",
			 f->reached.amount);
}

/* The whole of what the drill asks for was had. */
static bool unlimited(const struct drill_facts *f, struct strlist *wrong, const char *what)
{
	if (f->reached.amount < f->plan.most)
		return false;
	strlist_addf(wrong, "nothing stopped it: %" PRIu64 " %s, where the limit is %" PRIu64,
		     f->reached.amount, what, f->plan.limit);
	return true;
}

static void above_limit(const struct drill_facts *f, struct strlist *wrong, uint64_t amount,
			const char *what)
{
	if (amount > f->plan.limit)
		strlist_addf(wrong, "stopped at %" PRIu64 " %s only, where the limit is %" PRIu64,
			     amount, what, f->plan.limit);
}

/* The kernel's own count is of the whole cgroup. */
DRILL_STOPPED(drill_stopped_fork)
{
	if (unlimited(f, wrong, "processes"))
		return;
	above_limit(f, wrong, MAX_OF(f->reached.amount, f->twin.pids), "processes");
	if (f->reached.sys_errno != EAGAIN)
		unclear(f, unknown);
}

DRILL_STOPPED(drill_stopped_memory)
{
	if (unlimited(f, wrong, "bytes"))
		return;
	above_limit(f, wrong, f->twin.memory, "bytes");
	if (f->reached.kills == 0 && f->reached.sys_errno != ENOMEM)
		unclear(f, unknown);
}

/* What fills memory may meet that limit first. */
DRILL_STOPPED(drill_stopped_fill)
{
	if (unlimited(f, wrong, "of it"))
		return;
	above_limit(f, wrong, f->reached.amount, "of it");
	if (f->reached.kills == 0 && f->reached.sys_errno != ENOSPC)
		unclear(f, unknown);
}

DRILL_STOPPED(drill_stopped_workspace)
{
	if (f->plan.scratch == 0)
		strlist_add(wrong, "the workspace is no file system of its own: nothing bounds it");
	else
		drill_stopped_fill(f, wrong, unknown);
}

/* A disk that is slower than the rate shows no more than that it was not passed. One that moved
 * nothing was not tried. */
DRILL_STOPPED(drill_stopped_disk)
{
	uint64_t limit = f->plan.limit;

	if (f->plan.scratch == 0)
		strlist_add(wrong, "the workspace has no device of its own: nothing bounds it");
	else if (f->reached.amount == 0 || f->reached.sys_errno)
		unclear(f, unknown);
	else if (limit && f->reached.amount > storm_tolerance(limit))
		strlist_addf(wrong, "%.1f MiB in half of its time, where the rate allows %.1f",
			     (double)f->reached.amount / (double)MIB, (double)limit / (double)MIB);
}

DRILL_STOPPED(drill_stopped_cpu)
{
	uint64_t most = f->plan.limit + f->plan.limit / 4 + 50;

	if (f->reached.amount < f->plan.most) {
		unclear(f, unknown);
		return;
	}
	if (f->cpu_milli > most)
		strlist_addf(wrong, "it used %" PRIu64 ".%03" PRIu64 " processors",
			     f->cpu_milli / 1000, f->cpu_milli % 1000);
	/* Periods are counted where there is a quota only. On a busy host it may get less than its
	 * share, so that it is never throttled. */
	if (f->plan.limit < (uint64_t)f->cpus * 1000 && f->twin.throttle_periods == 0)
		strlist_add(wrong, "nothing limits its time on the processors");
}

/* Rotation happens when a line goes beyond the size; the local driver's compressed files are
 * smaller. */
DRILL_STOPPED(drill_stopped_log)
{
	const uint64_t margin = MIB;
	char text[32];

	if (f->log.files == 0) {
		snprintf(unknown, DRILL_TEXT_MAX, "its log was not found on the host's disk");
		return;
	}
	if (f->log.largest > f->plan.log_file + margin) {
		size_text(f->log.largest, text);
		strlist_addf(wrong, "one file of its log grew to %s", text);
	}
	if (f->log.total > f->plan.limit + margin) {
		size_text(f->log.total, text);
		strlist_addf(wrong, "its log took %s of the host's disk", text);
	}
	if (f->reached.amount <= f->plan.log_file)
		unclear(f, unknown);
}

DRILL_STOPPED(drill_stopped_descriptors)
{
	if (unlimited(f, wrong, "open files"))
		return;
	above_limit(f, wrong, f->reached.amount, "open files");
	if (f->reached.sys_errno != EMFILE)
		unclear(f, unknown);
}

DRILL_STOPPED(drill_stopped_connections)
{
	(void)wrong; /* what it does to the gateways is judged for all drills alike */
	if (f->reached.amount < MIN_OF(f->plan.most, (uint64_t)CONNECTIONS_MIN))
		snprintf(unknown, DRILL_TEXT_MAX, "only %" PRIu64 " connections were taken",
			 f->reached.amount);
}
