/*
 * The page cache is one for all containers, and the files of an image's layers are in it
 * once for all tenants that use them. Flaws of the kernel have let a process write into
 * the cached pages of files that it may only read (CVE-2022-0847, CVE-2026-31431): the
 * disk keeps the truth, and everybody runs the lie. So both are read and compared.
 *
 * What is compared is chosen by the kernel's list of mapped files. Nothing is looked up
 * by name: a link of map_files leads to the very file, wherever it is mounted.
 */
#include "pagecache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"

enum {
	CHUNK = 64 * 1024,
	ALIGN = 4096, /* of O_DIRECT; enough for every block device with pages of that size */
	CHUNKS_OF_FILE = 64,
	CONTAINER_BYTES = 16 << 20,
	FILES_MAX = 64,
	LINKS_MAX = 4096, /* that are looked at, of one process */
	PROCESSES_MAX = 32,
	NAMED_MAX = 16,
};

struct search {
	struct cache_facts *out;
	const char *who;
	uint64_t budget;
	struct stat seen[FILES_MAX];
	size_t seen_count;
};

/* ---- one file ---- */

static ssize_t read_chunk(int fd, unsigned char *buf, off_t at)
{
	ssize_t n;

	do
		n = pread(fd, buf, CHUNK, at);
	while (n < 0 && errno == EINTR);
	return n;
}

/* 1, 0 or -1 as pagecache_differs. */
static int chunk_differs(int cached, int direct, off_t at, unsigned char *a, unsigned char *b)
{
	ssize_t have = read_chunk(cached, a, at), want = read_chunk(direct, b, at);

	if (want < 0 || have < 0)
		return -1;
	return have != want || memcmp(a, b, (size_t)have) != 0;
}

/* Large files are sampled all over, at their beginning and then at other places each time. */
static off_t place_of(off_t size, size_t i)
{
	off_t part = size / CHUNKS_OF_FILE, room = part - CHUNK;
	uint32_t random = 0;

	if (size <= (off_t)CHUNK * CHUNKS_OF_FILE)
		return (off_t)i * CHUNK;
	if (i > 0 && getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = 0;
	return ((off_t)i * part + (room > 0 ? random % room : 0)) / ALIGN * ALIGN;
}

int pagecache_differs(int cached, int direct, off_t size, uint64_t *budget, off_t *out_at)
{
	void *a = NULL, *b = NULL;
	int rc = 0;

	if (posix_memalign(&a, ALIGN, CHUNK) != 0 || posix_memalign(&b, ALIGN, CHUNK) != 0)
		mem_exhausted();
	for (size_t i = 0; rc == 0 && i < CHUNKS_OF_FILE && *budget >= CHUNK; i++) {
		off_t at = place_of(size, i);

		if (at >= size)
			break;
		*budget -= CHUNK;
		rc = chunk_differs(cached, direct, at, a, b);
		if (rc == 1) /* nobody may write there, but be sure that nobody did */
			rc = chunk_differs(cached, direct, at, a, b);
		if (rc == 1)
			*out_at = at;
	}
	free(a);
	free(b);
	return rc;
}

/* ---- which files ---- */

static bool is_new(struct search *s, const struct stat *st)
{
	for (size_t i = 0; i < s->seen_count; i++)
		if (s->seen[i].st_dev == st->st_dev && s->seen[i].st_ino == st->st_ino)
			return false;
	if (s->seen_count == FILES_MAX)
		return false;
	s->seen[s->seen_count++] = *st;
	return true;
}

/* A file that nobody in the container may write, of a file system of the kernel's own. Only an
 * O_PATH descriptor is asked: opening a device does things. */
static bool is_sample(int path_fd, struct stat *out)
{
	struct statvfs fs;
	struct statfs type;

	return fstat(path_fd, out) == 0 && S_ISREG(out->st_mode) && out->st_size > 0 &&
	       fstatvfs(path_fd, &fs) == 0 && (fs.f_flag & ST_RDONLY) &&
	       fstatfs(path_fd, &type) == 0 && type.f_type != FUSE_SUPER_MAGIC;
}

static int reopen(int path_fd, int flags)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", path_fd);
	return open(link, flags | O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

static void compare(struct search *s, int path_fd, const struct stat *st, const char *name)
{
	auto_fd int cached = reopen(path_fd, 0);
	auto_fd int direct = reopen(path_fd, O_DIRECT);
	uint64_t before = s->budget;
	off_t at = 0;
	int rc = cached < 0 || direct < 0
			 ? -1
			 : pagecache_differs(cached, direct, st->st_size, &s->budget, &at);

	if (rc < 0) {
		s->budget = before;
		if (s->out->refused.count < NAMED_MAX)
			strlist_addf(&s->out->refused, "%s %.200s: %s", s->who, name,
				     strerror(errno));
		return;
	}
	s->out->files++;
	s->out->bytes += before - s->budget;
	if (rc > 0 && s->out->altered.count < NAMED_MAX)
		strlist_addf(&s->out->altered, "%s %.200s at %lld", s->who, name, (long long)at);
}

static void look_at(struct search *s, int dir, const char *link)
{
	char name[256];
	ssize_t len = readlinkat(dir, link, name, sizeof(name) - 1);
	auto_fd int fd = openat(dir, link, O_PATH | O_CLOEXEC);
	struct stat st;

	if (len < 0 || fd < 0 || !is_sample(fd, &st) || !is_new(s, &st))
		return;
	name[len] = '\0';
	compare(s, fd, &st, name);
}

static void look_at_process(struct search *s, int proc_root, pid_t pid)
{
	char path[64];
	struct dirent *d;
	DIR *links;
	auto_fd int process = -1;
	int fd;

	snprintf(path, sizeof(path), "%d", (int)pid);
	process = openat(proc_root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return;
	look_at(s, process, "exe");
	fd = openat(process, "map_files", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	links = fd < 0 ? NULL : fdopendir(fd);
	if (!links) {
		mem_close_slot(&fd);
		return;
	}
	for (size_t i = 0; i < LINKS_MAX && s->budget >= CHUNK && (d = readdir(links)); i++)
		if (d->d_name[0] != '.')
			look_at(s, dirfd(links), d->d_name);
	closedir(links);
}

void pagecache_read(const struct target *t, const struct process_facts *processes, size_t count,
		    const char *who, struct cache_facts *out)
{
	struct search *s = mem_alloc(sizeof(*s));

	s->out = out;
	s->who = who;
	s->budget = CONTAINER_BYTES;
	out->looked = true;
	for (size_t i = 0; i < count && i < PROCESSES_MAX && s->budget >= CHUNK; i++)
		look_at_process(s, t->proc_root, processes[i].pid);
	free(s);
}
