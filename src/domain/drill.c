/* The table of drills, and the judgement that is the same for all: whether others noticed. */
#include "domain/drill.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "drill_kinds.h"
#include "judge.h"

#define REPORT_LINE_MAX 512
#define FACTOR 10
#define FLOOR_MS 100

/* clang-format off */
static const struct drill table[] = {
	{ "drill.fork", "fork", NULL,
	  "starts processes until no more are to be had", "the limit of processes, the cgroup's or the user's",
	  10000, 1000, FACTOR, FLOOR_MS, drill_plan_fork, drill_stopped_fork, "processes" },
	{ "drill.memory", "memory", NULL,
	  "writes to ever more memory", "the cgroup's limit of memory, by killing",
	  40000, 500, FACTOR, FLOOR_MS, drill_plan_memory, drill_stopped_memory, "bytes" },
	{ "drill.cpu", "cpu", NULL,
	  "spins on every processor of the host", "the cgroup's share of processor time",
	  1500, 1500, FACTOR, FLOOR_MS, drill_plan_cpu, drill_stopped_cpu, "spinning processes" },
	{ "drill.tmp.bytes", "bytes", "/tmp",
	  "fills /tmp with bytes", "the size of that tmpfs",
	  20000, 500, FACTOR, FLOOR_MS, drill_plan_tmp_bytes, drill_stopped_fill, "bytes" },
	{ "drill.tmp.inodes", "inodes", "/tmp",
	  "fills /tmp with files", "that tmpfs' number of files",
	  20000, 500, FACTOR, FLOOR_MS, drill_plan_tmp_inodes, drill_stopped_fill, "files" },
	{ "drill.shm.bytes", "bytes", "/dev/shm",
	  "fills the shared memory with bytes", "the size of that tmpfs",
	  20000, 500, FACTOR, FLOOR_MS, drill_plan_shm_bytes, drill_stopped_fill, "bytes" },
	{ "drill.workspace.bytes", "bytes", "",
	  "fills an image made like the workspace's with bytes", "the size of that image",
	  20000, 500, FACTOR, FLOOR_MS, drill_plan_workspace_bytes, drill_stopped_workspace, "bytes" },
	{ "drill.workspace.inodes", "inodes", "",
	  "fills an image made like the workspace's with files", "that image's number of files",
	  20000, 500, FACTOR, FLOOR_MS, drill_plan_workspace_inodes, drill_stopped_workspace,
	  "files" },
	{ "drill.disk", "disk", "",
	  "writes to, then reads from an image made like the workspace's, past the page cache",
	  "the rate that is ordered for its device", DRILL_DISK_MS, 0, FACTOR, FLOOR_MS,
	  drill_plan_disk, drill_stopped_disk, "bytes in 1.5 s, each way" },
	{ "drill.log", "log", NULL,
	  "writes lines to its log as fast as the engine takes them", "size and number of log files",
	  20000, 300, FACTOR, FLOOR_MS, drill_plan_log, drill_stopped_log, "bytes" },
	{ "drill.descriptors", "descriptors", NULL,
	  "opens files until no more are to be had", "the limit of open files",
	  10000, 500, FACTOR, FLOOR_MS, drill_plan_descriptors, drill_stopped_descriptors,
	  "open files" },
	{ "drill.connections", "connections", NULL,
	  "opens connections to its own gateway and says nothing on them",
	  "nothing: the gateway goes on, and others notice nothing",
	  6000, 1500, FACTOR, FLOOR_MS, drill_plan_connections, drill_stopped_connections,
	  "connections" },
};
/* clang-format on */

const struct drill *drills_all(size_t *out_count)
{
	*out_count = ARRAY_SIZE(table);
	return table;
}

const struct drill *drill_find(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (!strcmp(table[i].id, id))
			return &table[i];
	return NULL;
}

void drill_facts_free(struct drill_facts *f)
{
	strlist_free(&f->after);
}

/* Near enough for people: "124.0 MiB". */
static void size_text(uint64_t bytes, char out[32])
{
	if (bytes >= (uint64_t)1 << 30)
		snprintf(out, 32, "%.1f GiB", (double)bytes / (double)(1 << 30));
	else
		snprintf(out, 32, "%.1f MiB", (double)bytes / (double)(1 << 20));
}

/* ---- before ---- */

static bool is_less(uint64_t have, uint64_t takes, const char *what, char why[DRILL_TEXT_MAX])
{
	char has[32], needs[32];

	if (have >= takes + DRILL_RESERVE)
		return false;
	size_text(have, has);
	size_text(takes + DRILL_RESERVE, needs);
	snprintf(why, DRILL_TEXT_MAX, "%s: %s are free, and %s are needed", what, has, needs);
	return true;
}

bool drill_is_short(const struct drill_plan *p, const struct drill_room *r,
		    char why[DRILL_TEXT_MAX])
{
	if (is_less(r->memory, p->memory, "memory", why) ||
	    is_less(r->log_disk, p->log, "disk for the engine's logs", why) ||
	    is_less(r->workspace_disk, p->disk, "disk for workspaces", why))
		return true;
	if (r->load <= (double)DRILL_LOAD_MAX * r->cpus)
		return false;
	snprintf(why, DRILL_TEXT_MAX, "processors: the load is %.1f, and %u are there", r->load,
		 r->cpus);
	return true;
}

/* ---- the report ---- */

static bool get_number(const struct node *root, const char *key, uint64_t *out)
{
	int64_t n = node_int(node_get(root, key), -1);

	*out = (uint64_t)n;
	return n >= 0;
}

static bool parse_line(const char *kind, const char *line, size_t len, struct drill_reached *out)
{
	static const struct doc_limits limits = { .bytes = REPORT_LINE_MAX,
						  .depth = 2,
						  .nodes = 16 };
	auto_doc struct doc *d = NULL;
	struct err ignored = ERR_INIT;
	struct drill_reached r = { 0 };
	const struct node *root;
	uint64_t number;

	if (len == 0 || len > REPORT_LINE_MAX || *line != '{' ||
	    doc_parse_json(line, len, "report", &limits, &d, &ignored))
		return false;
	root = doc_root(d);
	if (node_int(node_get(root, "v"), 0) != 1 ||
	    strcmp(node_str(node_get(root, "id"), ""), "drill") != 0 ||
	    strcmp(node_str(node_get(root, "kind"), ""), kind) != 0 ||
	    !get_number(root, "amount", &r.amount) || !get_number(root, "kills", &r.kills) ||
	    !get_number(root, "errno", &number) || number > 4095)
		return false;
	r.sys_errno = (int)number;
	*out = r;
	return true;
}

bool drill_parse(const char *kind, const char *text, size_t size, struct drill_reached *out)
{
	bool found = false;

	while (size > 0) {
		const char *newline = memchr(text, '\n', size);
		size_t len = newline ? (size_t)(newline - text) : size;

		found |= parse_line(kind, text, len, out);
		text += newline ? len + 1 : len;
		size -= newline ? len + 1 : len;
	}
	return found;
}

/* ---- judgement ---- */

uint64_t drill_latency_bound(const struct drill *d, const struct latency_facts *before)
{
	return MAX_OF((uint64_t)before->p95_us * d->factor, (uint64_t)d->floor_ms * 1000);
}

/* Without another tenant the own gateway stands for it; the flood that is aimed at it is no
 * test of it then. */
static bool is_measured(const struct drill *d, const struct drill_facts *f)
{
	return f->other || strcmp(d->kind, "connections") != 0;
}

static void judge_others(const struct drill *d, const struct drill_facts *f, struct complaints *c,
			 char unknown[DRILL_TEXT_MAX])
{
	const char *who = f->other ? f->other : "its own gateway";
	uint64_t bound = drill_latency_bound(d, &f->before);

	if (!is_measured(d, f))
		return;
	if (f->before.failures) {
		snprintf(unknown, DRILL_TEXT_MAX, "%s did not answer even before", who);
		return;
	}
	/* each that is not answered takes the time of fifty others */
	if (f->before.requests < DRILL_REQUESTS_MIN ||
	    (f->during.requests < DRILL_REQUESTS_MIN && !f->during.failures)) {
		snprintf(unknown, DRILL_TEXT_MAX, "%s was asked too seldom to say anything", who);
		return;
	}
	if (f->during.failures)
		complain(c, "%s: %u of %u requests were not answered", who, f->during.failures,
			 f->during.requests);
	if (f->during.p95_us > bound)
		complain(c, "%s answered within %.1f ms (p95) instead of %.1f before", who,
			 f->during.p95_us / 1e3, f->before.p95_us / 1e3);
}

static void judge_host(const struct drill_facts *f, struct complaints *c)
{
	char text[32];

	if (f->killed_elsewhere)
		complain(c,
			 "%" PRIu64 " processes outside of the twin were killed for want of memory",
			 f->killed_elsewhere);
	size_text(f->memory_lowest, text);
	if (f->memory_lowest < DRILL_RESERVE / 2)
		complain(c, "the host had only %s of memory left", text);
	for (size_t i = 0; i < f->after.count; i++)
		complain(c, "%s", f->after.items[i]);
}

static void put_evidence(const struct drill_facts *f, struct finding *out)
{
	char memory[32], lowest[32], pressure[80] = "pressure is not told by this kernel";

	size_text(f->twin.memory, memory);
	size_text(f->memory_lowest, lowest);
	if (f->pressure_known)
		snprintf(pressure, sizeof(pressure),
			 "pressure of cpu %u %%, memory %u %%, io %u %%", f->cpu_stall,
			 f->memory_stall, f->io_stall);
	judge_evidence(out,
		       "the twin's cgroup: %s of memory, %" PRIu64 " processes, %" PRIu64
		       " killed, %" PRIu64 " periods throttled; the host: at least %s of memory "
		       "free, %s",
		       memory, f->twin.pids, f->twin.oom_kills, f->twin.throttled, lowest,
		       pressure);
}

static void expect(const struct drill *d, const struct drill_facts *f, struct finding *out)
{
	if (is_measured(d, f))
		judge_expect(out, "%s: stopped by %s; %s answers within %.0f ms (p95)", d->does,
			     d->limit, f->other ? f->other : "its own gateway",
			     (double)drill_latency_bound(d, &f->before) / 1e3);
	else
		judge_expect(out, "%s: stopped by %s", d->does, d->limit);
}

static void conclude(const struct drill *d, const struct drill_facts *f, struct complaints *c,
		     struct finding *out)
{
	char end[64] = "", others[DRILL_TEXT_MAX], amount[64], size[32];

	if (f->reached.kills)
		snprintf(end, sizeof(end), ", then killed");
	else if (f->reached.sys_errno)
		snprintf(end, sizeof(end), ", then: %s", strerror(f->reached.sys_errno));
	if (is_measured(d, f))
		snprintf(others, sizeof(others),
			 "%s answered %u requests within %.1f ms (p95; %.1f before)%s",
			 f->other ? f->other : "its own gateway", f->during.requests,
			 f->during.p95_us / 1e3, f->before.p95_us / 1e3,
			 f->other ? "" : "; no other tenant runs that could be asked");
	else
		snprintf(others, sizeof(others), "no other tenant runs that could be asked");
	size_text(f->reached.amount, size);
	if (!strncmp(d->unit, "bytes", strlen("bytes")))
		snprintf(amount, sizeof(amount), "%s%s", size, d->unit + strlen("bytes"));
	else
		snprintf(amount, sizeof(amount), "%" PRIu64 " %s", f->reached.amount, d->unit);
	judge_complaints(out, c, "%s%s; %s", amount, end, others);
}

/* What was seen to be wrong stands, whatever else could not be seen. */
void drill_judge(const struct drill *d, const struct drill_facts *f, struct finding *out)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	auto_strlist struct strlist wrong = { 0 };
	char unknown[DRILL_TEXT_MAX] = "", unasked[DRILL_TEXT_MAX] = "";

	expect(d, f, out);
	if (f->plan.skip[0]) {
		judge_skip(out, "%s", f->plan.skip);
		return;
	}
	if (f->ran)
		put_evidence(f, out);
	if (f->trouble[0])
		snprintf(unknown, sizeof(unknown), "%s", f->trouble);
	else
		d->stopped(f, &wrong, unknown);
	for (size_t i = 0; i < wrong.count; i++)
		complain(&c, "%s", wrong.items[i]);
	if (f->ran) {
		judge_host(f, &c);
		judge_others(d, f, &c, unasked);
	}
	if (c.count == 0 && (unknown[0] || unasked[0]))
		judge_unknown(out, "%s", unknown[0] ? unknown : unasked);
	else
		conclude(d, f, &c, out);
}
