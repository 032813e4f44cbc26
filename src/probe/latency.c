/*
 * How long a gateway takes to answer, asked over and over by a child. What it measures
 * goes through memory that both share, so that the parent looks at any stretch of time
 * without disturbing it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net.h"
#include "probe/load.h"
#include "reach.h"
#include "target.h"

enum {
	SAMPLES_MAX = 1 << 15, /* eleven minutes at the rate below */
	PERIOD_MS = 20,
	TIMEOUT_MS = 1000,
	START_TRIES = 100,
};

struct sample {
	int64_t at_ms;
	uint32_t took_us;
	bool failed;
};

struct board { /* the child writes, the parent reads */
	_Atomic uint32_t count;
	_Atomic int64_t asking_ms; /* since when a request is under way; 0: none is */
	_Atomic bool started;
	struct sample samples[SAMPLES_MAX];
};

struct latency {
	pid_t pid;
	struct board *board;
};

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void ask(const struct http_attempt *request, struct board *b)
{
	struct http_attempt a = *request;
	struct tenant_facts f = { .http = &a, .http_count = 1 };
	int64_t began = now_us();
	uint32_t n = atomic_load(&b->count);

	atomic_store(&b->asking_ms, began / 1000);
	reach_run(&f, TIMEOUT_MS);
	b->samples[n] = (struct sample){ .at_ms = began / 1000,
					 .took_us = (uint32_t)(now_us() - began),
					 .failed = a.outcome != HTTP_ANSWERED };
	atomic_store(&b->count, n + 1);
	atomic_store(&b->asking_ms, 0);
}

static no_return void ask_on(const struct latency_order *o, struct board *b)
{
	int64_t next = clock_monotonic_ms();

	atomic_store(&b->started, true);
	while (atomic_load(&b->count) < SAMPLES_MAX) {
		int64_t left;

		ask(o->request, b);
		next = MAX_OF(next + PERIOD_MS, clock_monotonic_ms());
		left = next - clock_monotonic_ms();
		if (left > 0)
			usleep((useconds_t)left * 1000);
	}
	_exit(0);
}

static no_return void in_child(const struct latency_order *o, int proc_root, int ns, pid_t parent,
			       struct board *b)
{
	struct err e = ERR_INIT;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_IGN); /* of a terminal: the parent ends it in time */
	if (getppid() == parent && net_enter(proc_root, ns, &e) == 0 &&
	    net_drop_privileges(&e) == 0 && getppid() == parent)
		ask_on(o, b);
	_exit(1);
}

/* Until it asks: a child that ended instead could not. */
static int wait_until_started(const struct latency *l, struct err *e)
{
	for (int i = 0; i < START_TRIES; i++) {
		if (atomic_load(&l->board->started))
			return 0;
		if (waitpid(l->pid, NULL, WNOHANG) != 0)
			break;
		usleep(PERIOD_MS * 1000);
	}
	return err_set(e, ERR_SYSTEM, "the worker's network could not be entered");
}

int latency_start(const struct latency_order *o, struct latency **out, struct err *e)
{
	auto_fd int proc_root = -1;
	auto_fd int cgroup_root = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int ns = -1;
	struct target t auto_target = TARGET_INIT;
	auto_latency struct latency *l = mem_alloc(sizeof(*l));
	pid_t self = getpid();

	if (proc_open_root("/proc", &proc_root, e) ||
	    target_open(proc_root, cgroup_root, o->pid, o->container, &t, e) ||
	    net_open_namespace(&t, &ns, e))
		return -1;
	l->board = mmap(NULL, sizeof(*l->board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (l->board == MAP_FAILED) {
		l->board = NULL;
		return err_sys(e, errno, "memory for measurements");
	}
	l->pid = fork();
	if (l->pid == 0)
		in_child(o, proc_root, ns, self, l->board);
	if (l->pid < 0)
		return err_sys(e, errno, "fork");
	if (wait_until_started(l, e))
		return -1;
	*out = take_ptr(l);
	return 0;
}

void latency_stop(struct latency *l)
{
	if (!l)
		return;
	if (l->pid > 0) {
		kill(l->pid, SIGKILL);
		while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (l->board)
		munmap(l->board, sizeof(*l->board));
	free(l);
}

void latency_settle(const struct latency *l, int64_t to_ms)
{
	int64_t until = clock_monotonic_ms() + TIMEOUT_MS + PERIOD_MS;

	while (clock_monotonic_ms() < until) {
		int64_t asking = atomic_load(&l->board->asking_ms);

		if (asking == 0 || asking >= to_ms)
			break;
		usleep(PERIOD_MS * 1000 / 4);
	}
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void latency_between(const struct latency *l, int64_t from_ms, int64_t to_ms,
		     struct latency_facts *out)
{
	int64_t asking = atomic_load(&l->board->asking_ms);
	uint32_t count = MIN_OF(atomic_load(&l->board->count), (uint32_t)SAMPLES_MAX);
	auto_free uint32_t *took = mem_array((size_t)count + 1, sizeof(*took));
	struct latency_facts f = { 0 };

	for (uint32_t i = 0; i < count; i++) {
		const struct sample *s = &l->board->samples[i];

		if (s->at_ms < from_ms || s->at_ms >= to_ms)
			continue;
		took[f.requests++] = s->took_us;
		f.failures += s->failed;
	}
	if (asking && asking >= from_ms && asking < to_ms)
		took[f.requests++] = (uint32_t)(clock_monotonic_ms() - asking) * 1000;
	if (f.requests) {
		qsort(took, f.requests, sizeof(*took), compare);
		f.p50_us = took[f.requests / 2];
		f.p95_us = took[f.requests * 95 / 100];
		f.p99_us = took[f.requests * 99 / 100];
		f.most_us = took[f.requests - 1];
	}
	*out = f;
}
