/*
 * Reads the engine's log files themselves: what the engine says of them would be its own
 * word. Paths differ in the container's id only. Content is never shown, only searched.
 */
#include "verify_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define NEWS_MAX ((size_t)1 << 20) /* of one file; the last of it counts */
#define DRIVER "json-file"

struct watched_log {
	char *who, *path;
	off_t size; /* before the twin was made */
};

static void choose_mark(char out[LOG_MARK_SIZE])
{
	unsigned char raw[(LOG_MARK_SIZE - 1) / 2];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		memset(raw, 0xa5, sizeof(raw)); /* not secret, only unlike everything else */
	for (size_t i = 0; i < sizeof(raw); i++)
		snprintf(out + 2 * i, 3, "%02x", raw[i]);
}

/* The path of `like`'s log with another container's id in its place. NULL when it has none. */
static char *path_for(const struct container_info *like, const char *id)
{
	size_t len = strlen(like->id);
	auto_strbuf struct strbuf b = STRBUF_INIT(4096);
	const char *p = like->log_path, *hit;
	bool any = false;

	for (; p && (hit = strstr(p, like->id)) != NULL; p = hit + len) {
		strbuf_add(&b, p, (size_t)(hit - p));
		strbuf_puts(&b, id);
		any = true;
	}
	if (!any || like->log_path[0] != '/')
		return NULL;
	strbuf_puts(&b, p);
	return mem_strdup(strbuf_str(&b));
}

static int open_log(const char *path, struct stat *out)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, out) < 0 || !S_ISREG(out->st_mode)) {
		mem_close_slot(&fd);
		return -1;
	}
	return fd;
}

static void watch(struct log_watch *w, const struct container_info *like, const char *id,
		  const char *tenant, const char *what)
{
	char *path = path_for(like, id);
	struct stat st;
	auto_fd int fd = -1;

	if (!path)
		return;
	fd = open_log(path, &st);
	w->items = mem_grow(w->items, w->count + 1, sizeof(*w->items));
	w->items[w->count++] = (struct watched_log){ .who = mem_printf("%s %s", tenant, what),
						     .path = path,
						     .size = fd < 0 ? 0 : st.st_size };
}

void log_watch_begin(const struct container_info *worker, const struct container_info *gateway,
		     const struct peers *peers, struct log_watch *out)
{
	*out = (struct log_watch){ .possible = worker->spec.log_driver && worker->log_path &&
					       !strcmp(worker->spec.log_driver, DRIVER) &&
					       strstr(worker->log_path, worker->id) };
	choose_mark(out->mark);
	if (!out->possible)
		return;
	watch(out, worker, worker->id, "own", "worker");
	if (gateway)
		watch(out, worker, gateway->id, "own", "gateway");
	for (size_t i = 0; i < peers->count; i++) {
		const struct peer *p = &peers->items[i];

		if (p->worker_id[0])
			watch(out, worker, p->worker_id, p->tenant, "worker");
		if (p->gateway_id[0])
			watch(out, worker, p->gateway_id, p->tenant, "gateway");
	}
}

/* 1: the mark is in what came after `from`, 0: it is not, -1: there is no file. One that became
 * shorter was begun anew. */
static int has_mark(const char *path, off_t from, const char *mark)
{
	struct stat st;
	auto_fd int fd = open_log(path, &st);
	auto_free char *text = NULL;
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -1;
	if (st.st_size < from)
		from = 0;
	if (st.st_size - from > (off_t)NEWS_MAX)
		from = st.st_size - (off_t)NEWS_MAX;
	text = mem_alloc(NEWS_MAX);
	while (len < NEWS_MAX && n > 0) {
		n = pread(fd, text + len, NEWS_MAX - len, from + (off_t)len);
		len += n > 0 ? (size_t)n : 0;
	}
	return memmem(text, len, mark, strlen(mark)) != NULL;
}

void log_watch_end(const struct log_watch *w, const struct container_info *twin,
		   struct log_facts *out)
{
	*out = (struct log_facts){ .looked = w->possible };
	if (!w->possible || !twin->log_path)
		return;
	out->own = has_mark(twin->log_path, 0, w->mark) == 1;
	for (size_t i = 0; i < w->count; i++) {
		int found = has_mark(w->items[i].path, w->items[i].size, w->mark);

		out->files += found >= 0;
		if (found == 1)
			strlist_add(&out->found, w->items[i].who);
	}
}

void log_watch_free(struct log_watch *w)
{
	for (size_t i = 0; i < w->count; i++) {
		free(w->items[i].who);
		free(w->items[i].path);
	}
	free(w->items);
	*w = (struct log_watch){ 0 };
}
