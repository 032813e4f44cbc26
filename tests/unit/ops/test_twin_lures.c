/* What lies in wait for a twin is there while it is wanted, and never after. */
#include "../../../src/ops/twin_lures.h"

#include <arpa/inet.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../base/folder.h"

static const char *given(const struct strlist *options, const char *option)
{
	for (size_t i = 0; i + 1 < options->count; i += 2)
		if (strcmp(options->items[i], option) == 0)
			return options->items[i + 1];
	return NULL;
}

static bool connects(int family, const struct sockaddr *a, socklen_t len)
{
	auto_fd int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, a, len) == 0;
}

static bool abstract_answers(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "%s", name);
	return connects(AF_UNIX, (struct sockaddr *)&a,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)));
}

static bool port_answers(const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)strtol(port, NULL, 10)),
				 .sin_addr = { htonl(INADDR_LOOPBACK) } };

	return connects(AF_INET, (struct sockaddr *)&a, sizeof(a));
}

static bool memory_is_there(const char *name)
{
	auto_fd int fd = shm_open(name, O_RDWR, 0);

	return fd >= 0;
}

static bool queue_is_there(const char *name)
{
	mqd_t q = mq_open(name, O_RDWR);

	if (q != (mqd_t)-1)
		(void)mq_close(q);
	return q != (mqd_t)-1;
}

static bool segment_is_there(const char *key)
{
	return shmget((key_t)strtol(key, NULL, 10), 0, 0) >= 0;
}

static void expect(const struct strlist *o, bool there)
{
	assert_int_equal(abstract_answers(given(o, "--host-abstract")), there);
	assert_int_equal(port_answers(given(o, "--host-port")), there);
	assert_int_equal(memory_is_there(given(o, "--host-shm")), there);
	assert_int_equal(segment_is_there(given(o, "--host-segment")), there);
	/* a kernel may have no queues */
	if (given(o, "--host-queue"))
		assert_int_equal(queue_is_there(given(o, "--host-queue")), there);
}

static void test_there_and_gone(void **state)
{
	struct fixture *f = *state;
	struct strlist options auto_strlist = { 0 };
	struct twin_lures l = TWIN_LURES_NONE;

	twin_lures_make(f->dir, "acme", &l, &options);
	expect(&options, true);
	twin_lures_free(&l);
	expect(&options, false);
}

/* A run that was killed closes its sockets, and leaves what has a name; another tenant's stay. */
static void test_left_ones(void **state)
{
	struct fixture *f = *state;
	struct strlist options auto_strlist = { 0 };
	struct strlist others auto_strlist = { 0 };
	struct twin_lures l = TWIN_LURES_NONE, other = TWIN_LURES_NONE;

	twin_lures_make(f->dir, "acme", &l, &options);
	twin_lures_make(f->dir, "beta", &other, &others);
	close(l.abstract);
	close(l.listener);
	l.abstract = l.listener = -1;
	assert_true(memory_is_there(given(&options, "--host-shm")));
	twin_lures_remove(f->dir, "acme");
	expect(&options, false);
	expect(&others, true);
	twin_lures_free(&other);
	twin_lures_free(&l);
}

/* Whoever shares the host's namespaces may open them: a tenant's uid, too. */
static void test_open_to_anybody(void **state)
{
	struct fixture *f = *state;
	struct strlist options auto_strlist = { 0 };
	struct twin_lures l = TWIN_LURES_NONE;
	struct stat st;

	umask(077);
	twin_lures_make(f->dir, "acme", &l, &options);
	auto_fd int fd = shm_open(given(&options, "--host-shm"), O_RDONLY, 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	twin_lures_free(&l);
	umask(022);
}

/* Names that are known beforehand could be taken, and there would be nothing to look for. */
static void test_name_taken(void **state)
{
	struct fixture *f = *state;
	struct strlist before auto_strlist = { 0 };
	struct strlist after auto_strlist = { 0 };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct twin_lures l = TWIN_LURES_NONE;
	auto_fd int stranger = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int len;

	twin_lures_make(f->dir, "acme", &l, &before);
	twin_lures_free(&l);
	len = snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "%s",
		       given(&before, "--host-abstract"));
	assert_int_equal(
		bind(stranger, (struct sockaddr *)&a,
		     (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1 + (socklen_t)len),
		0);
	twin_lures_make(f->dir, "acme", &l, &after);
	assert_non_null(given(&after, "--host-abstract"));
	twin_lures_free(&l);
}

/* Nobody accepts, and a full queue drops whoever comes next, which looks like a firewall. */
static void test_strangers_at_the_port(void **state)
{
	struct fixture *f = *state;
	struct strlist options auto_strlist = { 0 };
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct twin_lures l = TWIN_LURES_NONE;
	int strangers[16];

	twin_lures_make(f->dir, "acme", &l, &options);
	a.sin_port = htons((uint16_t)strtol(given(&options, "--host-port"), NULL, 10));
	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++) {
		struct pollfd p = { .events = POLLOUT };

		strangers[i] = p.fd =
			socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(p.fd, (struct sockaddr *)&a, sizeof(a));
		assert_int_equal(poll(&p, 1, 900), 1); /* a SYN is sent again after 1 s */
		assert_int_equal(p.revents, POLLOUT);
	}
	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++)
		close(strangers[i]);
	twin_lures_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_there_and_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(test_open_to_anybody, setup, teardown),
		cmocka_unit_test_setup_teardown(test_name_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_strangers_at_the_port, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
