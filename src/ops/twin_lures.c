/* Each is worth nothing to anybody: empty, and gone with the twin. */
#include "twin_lures.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/mem.h"

#define MODE_ANYBODY 0666
/* Tells a segment of ours from another that has the same key by chance. */
#define SEGMENT_BYTES 8191
#define NAME_DIGITS 16
#define KEY_DIGITS 7
#define HEARD_MAX 1000
#define PORT_TRIES 8

/* The same for each run of one tenant, so that the next one finds what a killed one left. */
static char *common_name(const char *root, const char *tenant)
{
	struct digest_state *d = digest_new();
	char hex[DIGEST_HEX_SIZE];

	digest_field(d, "root", root);
	digest_field(d, "tenant", tenant);
	digest_finish(d, hex);
	return mem_printf("/tenantctl-%.*s", NAME_DIGITS, hex);
}

static key_t key_of(const char *name)
{
	const char *digits = name + strlen("/tenantctl-");
	auto_free char *cut = mem_strndup(digits, KEY_DIGITS);

	return (key_t)strtol(cut, NULL, 16) + 1; /* 0 is IPC_PRIVATE */
}

static void remove_segment(const char *name)
{
	struct shmid_ds ds;
	int id = shmget(key_of(name), 0, 0);

	if (id >= 0 && shmctl(id, IPC_STAT, &ds) == 0 && ds.shm_segsz == SEGMENT_BYTES)
		(void)shmctl(id, IPC_RMID, NULL);
}

static void remove_named(const char *name)
{
	(void)shm_unlink(name);
	(void)mq_unlink(name);
	remove_segment(name);
}

void twin_lures_remove(const char *root, const char *tenant)
{
	auto_free char *name = common_name(root, tenant);

	remove_named(name);
}

static void add_option(struct strlist *options, const char *option, const char *value)
{
	strlist_add(options, option);
	strlist_add(options, value);
}

static void add_number(struct strlist *options, const char *option, long value)
{
	strlist_add(options, option);
	strlist_addf(options, "%ld", value);
}

/* An abstract name goes with its socket, so that nothing is left to be found again, and anybody on
 * the host could take one that is known beforehand: then there would be nothing to look for. */
static char *choose_mark(const char *name)
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return mem_strdup(name + 1);
	return mem_printf("%s-%016llx", name + 1, (unsigned long long)random);
}

static void make_abstract(struct twin_lures *l, struct strlist *options)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	const char *name = l->mark;
	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));

	snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "%s", name);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) || listen(fd, SOMAXCONN))
		return;
	l->abstract = fd;
	fd = -1;
	add_option(options, "--host-abstract", name);
}

static int bound(int type, const struct sockaddr_in *a)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)a, sizeof(*a)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Anybody may send to an open port: only what has the mark in it is the twin's. */
int twin_lures_heard(const struct twin_lures *l)
{
	char text[128];
	size_t wanted = strlen(l->mark);
	int heard = 0;

	if (l->datagrams < 0)
		return -1;
	for (int i = 0; i < HEARD_MAX; i++) {
		ssize_t n = recv(l->datagrams, text, sizeof(text), 0);

		if (n < 0)
			break;
		heard += (size_t)n == wanted && memcmp(text, l->mark, wanted) == 0;
	}
	return heard;
}

/* Both at one port, which the kernel chooses for the first and another may have of the second.
 * Nobody accepts: with a short queue, others who connect would make it silent for the twin. */
static bool try_listeners(struct twin_lures *l, struct strlist *options)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	auto_fd int stream = bound(SOCK_STREAM, &a);
	socklen_t len = sizeof(a);

	if (stream < 0 || listen(stream, SOMAXCONN) ||
	    getsockname(stream, (struct sockaddr *)&a, &len))
		return false;
	l->datagrams = bound(SOCK_DGRAM | SOCK_NONBLOCK, &a);
	if (l->datagrams < 0)
		return false;
	l->listener = stream;
	stream = -1;
	add_number(options, "--host-port", ntohs(a.sin_port));
	return true;
}

static void make_listeners(struct twin_lures *l, struct strlist *options)
{
	for (int i = 0; i < PORT_TRIES; i++)
		if (try_listeners(l, options))
			return;
}

static void make_memory(const struct twin_lures *l, struct strlist *options)
{
	auto_fd int fd = shm_open(l->name, O_RDWR | O_CREAT | O_EXCL, MODE_ANYBODY);

	if (fd >= 0 && fchmod(fd, MODE_ANYBODY) == 0)
		add_option(options, "--host-shm", l->name);
}

static void make_queue(const struct twin_lures *l, struct strlist *options)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 1 };
	mqd_t q = mq_open(l->name, O_RDWR | O_CREAT | O_EXCL, MODE_ANYBODY, &attr);

	if (q == (mqd_t)-1)
		return;
	/* on Linux a queue's descriptor is a file's (mq_overview(7)) */
	if (fchmod(q, MODE_ANYBODY) == 0)
		add_option(options, "--host-queue", l->name);
	(void)mq_close(q);
}

static void make_segment(const struct twin_lures *l, struct strlist *options)
{
	key_t key = key_of(l->name);

	if (shmget(key, SEGMENT_BYTES, IPC_CREAT | IPC_EXCL | MODE_ANYBODY) >= 0)
		add_number(options, "--host-segment", key);
}

void twin_lures_make(const char *root, const char *tenant, struct twin_lures *out,
		     struct strlist *options)
{
	struct twin_lures l = TWIN_LURES_NONE;

	l.name = common_name(root, tenant);
	l.mark = choose_mark(l.name);
	remove_named(l.name);
	make_abstract(&l, options);
	make_listeners(&l, options);
	make_memory(&l, options);
	make_queue(&l, options);
	make_segment(&l, options);
	*out = l;
}

void twin_lures_free(struct twin_lures *l)
{
	if (l->name)
		remove_named(l->name);
	if (l->abstract >= 0)
		close(l->abstract);
	if (l->listener >= 0)
		close(l->listener);
	if (l->datagrams >= 0)
		close(l->datagrams);
	free(l->name);
	free(l->mark);
	*l = (struct twin_lures)TWIN_LURES_NONE;
}
