/*
 * tenantctl-probe: the only program of a worker's twin. Static, so that it needs no file
 * but itself.
 *
 *   tenantctl-probe attack [OPTION VALUE]...
 *
 * makes every attack of its list in a child of its own and prints one JSON line for each,
 * one for each part of the sweep of system calls, and a last one with their number.
 *
 *   tenantctl-probe drill KIND AT-MOST-MS HOLD-MS AMOUNT [PLACE]
 *
 * uses up one thing until it is stopped, and prints how far it came.
 */
#include "attack.h"
#include "modes.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LIMIT_MS = 2000, BUDGET_MS = 15000, STATUS_USAGE = 2, STATUS_BROKEN = 70 };

static const struct row {
	const char *id, *what;
	void (*run)(struct attempt *a);
} rows[] = {
#define ROW(id, what, expected, function) { id, what, attack_##function },
	TWIN_ATTACKS(ROW)
#undef ROW
};

/* ---- one attack ---------------------------------------------------------------------------- */

static void print_text(const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			putchar('?');
		else
			putchar(c);
	}
}

static void print_attempt(const struct row *row, const struct attempt *a)
{
	static const char *const names[] = { [OUTCOME_ERROR] = "error",
					     [OUTCOME_BLOCKED] = "blocked",
					     [OUTCOME_OPEN] = "open",
					     [OUTCOME_NONE] = "none" };

	printf("{\"v\":1,\"id\":\"%s\",\"what\":\"%s\",\"outcome\":\"%s\",\"errno\":%d,\"detail\":"
	       "\"",
	       row->id, row->what, names[a->outcome], a->error);
	print_text(a->detail);
	printf("\"}\n");
	fflush(stdout);
}

struct job {
	const struct row *row;
	struct attempt *attempt;
	struct child child;
	bool started;
};

static void run_job(void *arg)
{
	const struct job *j = arg;

	j->row->run(j->attempt);
}

/* A child that a filter killed for the attempt was stopped; one that never came back proves
 * nothing.
 */
static void finish_job(struct job *j, int64_t budget_end)
{
	struct attempt *a = j->attempt;
	int64_t left = budget_end - now_ms();
	int ended = 0;
	bool in_time;

	if (!j->started) {
		attempt_failed(a);
		say(a, "no child");
		print_attempt(j->row, a);
		return;
	}
	in_time = child_finish(&j->child, (int)(left < LIMIT_MS ? MAX_OF(left, 0) : LIMIT_MS),
			       &ended);
	if (!in_time) {
		a->outcome = OUTCOME_ERROR;
		say(a, "no end in time");
	} else if (ended == SIGSYS) {
		a->outcome = OUTCOME_BLOCKED;
		say(a, "killed by the filter");
	} else if (ended > 0) {
		a->outcome = OUTCOME_ERROR;
		say(a, "ended by signal %d", ended);
	}
	print_attempt(j->row, a);
}

static void start_job(struct job *j, const struct row *row, struct attempt *a,
		      const struct setting *given)
{
	*a = (struct attempt){ .given = given, .outcome = OUTCOME_ERROR };
	*j = (struct job){ .row = row, .attempt = a };
	j->started = child_start(&j->child, run_job, j);
}

/* These wait for answers that do not come: all at once, so that they wait together. */
static bool waits(const struct row *row)
{
	return strcmp(row->id, "twin.net.reach") == 0 || strcmp(row->id, "twin.net.dns") == 0 ||
	       strcmp(row->id, "twin.engine") == 0;
}

/* All that wait, as many at once as the worker's limit of processes leaves room for. */
static void run_waiting(struct job *jobs, struct attempt *shared, const struct setting *given,
			int64_t budget_end)
{
	size_t oldest = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!waits(&rows[i]))
			continue;
		start_job(&jobs[i], &rows[i], &shared[i], given);
		for (; !jobs[i].started && oldest < i; oldest++)
			if (waits(&rows[oldest])) {
				finish_job(&jobs[oldest], budget_end);
				start_job(&jobs[i], &rows[i], &shared[i], given);
			}
	}
	for (; oldest < ARRAY_SIZE(rows); oldest++)
		if (waits(&rows[oldest]))
			finish_job(&jobs[oldest], budget_end);
}

/* Who reads this elsewhere than in this container's log has found a leak. */
static size_t print_marker(const struct setting *given)
{
	const struct row row = { .id = "log.marker", .what = "print" };
	struct attempt a = { .given = given, .outcome = OUTCOME_OPEN };

	if (!given->marker)
		return 0;
	say(&a, "%s", given->marker);
	print_attempt(&row, &a);
	return 1;
}

static int attack(const struct setting *given)
{
	const size_t count = ARRAY_SIZE(rows);
	int64_t budget_end = now_ms() + BUDGET_MS;
	struct job jobs[ARRAY_SIZE(rows)];
	struct attempt *shared = mmap(NULL, count * sizeof(*shared), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t lines = count;

	if (shared == MAP_FAILED)
		return STATUS_BROKEN;
	lines += print_marker(given);
	for (size_t i = 0; i < count; i++)
		if (!waits(&rows[i])) {
			start_job(&jobs[i], &rows[i], &shared[i], given);
			finish_job(&jobs[i], budget_end);
		}
	run_waiting(jobs, shared, given, budget_end);
	lines += sweep_syscalls();
	printf("{\"v\":1,\"id\":\"end\",\"count\":%zu}\n", lines);
	return fflush(stdout) == 0 ? 0 : STATUS_BROKEN;
}

/* ---- options ------------------------------------------------------------------------------- */

static bool add_given(const char **list, size_t *count, const char *value)
{
	if (*count == GIVEN_MAX)
		return false;
	list[(*count)++] = value;
	return true;
}

static bool take_number(const char *value, long max, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(value, &end, 10);
	return errno == 0 && end != value && *end == '\0' && *out > 0 && *out <= max;
}

static bool take_option(struct setting *s, const char *option, const char *value)
{
	const struct {
		const char *option;
		const char **slot;
	} texts[] = {
		{ "--workspace", &s->workspace },    { "--gateway", &s->gateway },
		{ "--host-abstract", &s->abstract }, { "--host-shm", &s->shm },
		{ "--host-queue", &s->queue },	     { "--marker", &s->marker },
	};
	long number;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(option, texts[i].option) == 0) {
			*texts[i].slot = value;
			return true;
		}
	if (strcmp(option, "--host-segment") == 0 && take_number(value, INT32_MAX, &number)) {
		s->segment = (int32_t)number;
		return true;
	}
	if (strcmp(option, "--host-port") == 0 && take_number(value, UINT16_MAX, &number)) {
		s->port = (uint16_t)number;
		return true;
	}
	if (strcmp(option, "--host") == 0)
		return add_given(s->hosts, &s->host_count, value);
	if (strcmp(option, "--peer") == 0)
		return add_given(s->peers, &s->peer_count, value);
	if (strcmp(option, "--name") == 0)
		return add_given(s->names, &s->name_count, value);
	return false;
}

int attack_main(int argc, char **argv)
{
	struct setting given = { .workspace = "/workspace" };

	for (int i = 0; i < argc; i += 2)
		if (i + 1 == argc || !take_option(&given, argv[i], argv[i + 1])) {
			fprintf(stderr, "tenantctl-probe: what is %s?\n", argv[i]);
			return STATUS_USAGE;
		}
	return attack(&given);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} modes[] = { { "attack", attack_main }, { "drill", drill_main } };
	struct rlimit none = { 0, 0 };

	if (argc == 2 && strcmp(argv[1], QUIET_WORD) == 0)
		return QUIET_STATUS;
	(void)setrlimit(RLIMIT_CORE, &none); /* children are killed on purpose */
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(modes); i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(argc - 2, argv + 2);
	fprintf(stderr, "usage: tenantctl-probe attack [OPTION VALUE]...\n"
			"       tenantctl-probe drill KIND AT-MOST-MS HOLD-MS AMOUNT [PLACE]\n");
	return STATUS_USAGE;
}
