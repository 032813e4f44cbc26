/* Drills: the frame of each, and those that use up processes, memory, processors and logs. */
#include "drill.h"
#include "modes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	TIME_MAX_MS = 60000,
	/* The host opens the twin's cgroup before it begins, and reads it once more before it goes
	 * away with its last process. */
	SETTLE_MS = 150,
	HOLD_STEP_MS = 20,
	MEMORY_STEP = 4 << 20,
	PROCESSES_MAX = 1 << 16,
	SPINNERS_MAX = 256,
	DESCRIPTORS_MAX = 1 << 20,
	LINE_BYTES = 1000,
};

int64_t drill_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void drill_pause_ms(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

void drill_stopped(struct drill_run *r, int error)
{
	if (!r->stopped)
		r->end_ms = MIN_OF(r->end_ms, drill_now_ms() + r->hold_ms);
	r->stopped = true;
	if (error)
		r->error = error;
}

void drill_hold(struct drill_run *r)
{
	if (r->amount >= r->most)
		drill_stopped(r, 0);
	while (!drill_is_over(r))
		drill_pause_ms(HOLD_STEP_MS);
}

/* A child that does nothing. It must not outlive its parent, which may be killed. */
static void sit(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		pause();
	_exit(0);
}

static void reap(pid_t *pids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		kill(pids[i], SIGKILL);
	for (size_t i = 0; i < count; i++)
		while (waitpid(pids[i], NULL, 0) < 0 && errno == EINTR)
			;
}

static void fork_bomb(struct drill_run *r)
{
	size_t most = MIN_OF(r->most, (uint64_t)PROCESSES_MAX), count = 0;
	pid_t self = getpid();
	pid_t *pids = mmap(NULL, most * sizeof(*pids), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pids == MAP_FAILED) {
		r->error = errno;
		return;
	}
	while (!drill_is_over(r) && count < most) {
		pid_t pid = fork();

		if (pid == 0)
			sit(self);
		if (pid > 0) {
			pids[count++] = pid;
			r->amount = count;
		} else {
			drill_stopped(r, errno);
			drill_pause_ms(1);
		}
	}
	drill_hold(r);
	reap(pids, count);
}

/* Every page is written: what is only reserved costs nothing. */
static void hog_memory(struct drill_run *r)
{
	uint64_t have = 0;
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	/* The kernel shall take this process, not the one that reports (proc(5)). */
	if (fd >= 0 && write(fd, "1000", 4) != 4)
		r->error = errno;
	while (have < r->most && !drill_is_over(r)) {
		char *p = mmap(NULL, MEMORY_STEP, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (p == MAP_FAILED) {
			drill_stopped(r, errno);
			break;
		}
		for (size_t i = 0; i < MEMORY_STEP; i += 4096)
			p[i] = 1;
		have += MEMORY_STEP;
		r->amount = MAX_OF(r->amount, have);
	}
	drill_hold(r);
}

static void spin(struct drill_run *r)
{
	pid_t pids[SPINNERS_MAX], self = getpid();
	size_t count = 0;

	while (count < MIN_OF(r->most, (uint64_t)SPINNERS_MAX)) {
		pid_t pid = fork();

		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while (getppid() == self && !drill_is_over(r))
				;
			_exit(0);
		}
		if (pid < 0) {
			r->error = errno;
			break;
		}
		pids[count++] = pid;
	}
	r->amount = count;
	drill_stopped(r, r->error);
	drill_hold(r);
	reap(pids, count);
}

/* Standard output is the engine's log. */
static void flood_log(struct drill_run *r)
{
	char line[LINE_BYTES];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	while (r->amount < r->most && !drill_is_over(r)) {
		ssize_t n = write(STDOUT_FILENO, line, sizeof(line));

		if (n < 0) {
			drill_stopped(r, errno);
			break;
		}
		r->amount += (uint64_t)n;
	}
	drill_hold(r);
}

static void use_descriptors(struct drill_run *r)
{
	while (!drill_is_over(r) && r->amount < MIN_OF(r->most, (uint64_t)DESCRIPTORS_MAX)) {
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) {
			r->amount++;
		} else {
			drill_stopped(r, errno);
			drill_pause_ms(1);
		}
	}
	drill_hold(r);
}

const struct drill_kind drill_kinds[] = {
	{ "fork", fork_bomb, NULL, false },
	{ "memory", hog_memory, NULL, true },
	{ "bytes", fill_bytes, fill_clear, true },
	{ "inodes", fill_inodes, fill_clear, true },
	{ "cpu", spin, NULL, false },
	{ "log", flood_log, NULL, false },
	{ "descriptors", use_descriptors, NULL, true },
	{ "connections", flood_connections, NULL, true },
	{ "disk", storm_disk, NULL, false },
};
const size_t drill_kind_count = ARRAY_SIZE(drill_kinds);

/* Its memory and descriptors are gone with it. Whoever is killed comes back until the time is over.
 */
static void run_in_child(const struct drill_kind *k, struct drill_run *r)
{
	do {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			k->run(r);
			_exit(0);
		}
		if (pid < 0) {
			r->error = errno;
			return;
		}
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (k->clear)
			k->clear(r);
		if (!WIFSIGNALED(status))
			return;
		r->kills++;
		drill_stopped(r, 0);
	} while (!drill_is_over(r));
}

static bool parse_number(const char *text, uint64_t most, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *out <= most;
}

static const struct drill_kind *kind_of(const char *name)
{
	for (size_t i = 0; i < drill_kind_count; i++)
		if (!strcmp(drill_kinds[i].name, name))
			return &drill_kinds[i];
	return NULL;
}

int drill_main(int argc, char **argv)
{
	const struct drill_kind *k = argc >= 4 ? kind_of(argv[0]) : NULL;
	struct drill_run *r;
	uint64_t ms, hold, most;

	if (!k || !parse_number(argv[1], TIME_MAX_MS, &ms) ||
	    !parse_number(argv[2], TIME_MAX_MS, &hold) || !parse_number(argv[3], UINT64_MAX, &most))
		return 2;
	r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r == MAP_FAILED)
		return 70;
	drill_pause_ms(SETTLE_MS);
	*r = (struct drill_run){ .end_ms = drill_now_ms() + (int64_t)ms,
				 .hold_ms = (int64_t)hold,
				 .most = most,
				 .place = argc > 4 ? argv[4] : "" };
	if (k->in_child)
		run_in_child(k, r);
	else
		k->run(r);
	printf("\n{\"v\":1,\"id\":\"drill\",\"kind\":\"%s\",\"amount\":%llu,\"kills\":%llu,"
	       "\"errno\":%d}"
	       "\n{\"v\":1,\"id\":\"end\",\"count\":1}\n",
	       k->name, (unsigned long long)r->amount, (unsigned long long)r->kills, r->error);
	if (fflush(stdout))
		return 70;
	drill_pause_ms(SETTLE_MS);
	return 0;
}
