/*
 * A tenant's tmpfs in a folder of the test's own, with a set of files and keys to put there. Needs
 * root to mount it: host_up says false where it cannot.
 */
#ifndef TESTS_UNIT_OPS_GATEWAY_HOST_H
#define TESTS_UNIT_OPS_GATEWAY_HOST_H

#include "../base/folder.h"

#include <errno.h>

#include "base/fsio.h"
#include "domain/paths.h"
#include "ops/gateway_set.h"

#define TENANT "acme"
#define UID 1879048193u
#define SECRET "one-1234-secret"

struct host {
	char *root;
	struct strmap files;
	struct gateway_keys keys;
	struct gateway_set set;
	bool mounted;
};

static inline bool host_up(void **state, struct host *h)
{
	struct err e = ERR_INIT;

	*h = (struct host){ .root = mem_strdup(((struct fixture *)*state)->dir) };
	strmap_set(&h->files, "dnsmasq.conf", "local=/#/\n");
	strmap_set(&h->files, "haproxy.cfg", "global\n");
	strmap_set(&h->files, "rules", "tls 443 api.example.com - 0 outside/r0\n");
	h->keys = (struct gateway_keys){ .keys = mem_strdup("ghl.0 " SECRET "\n"),
					 .echo = mem_strdup(SECRET "\n"),
					 .provided = mem_strdup("") };
	h->keys.keys_len = strlen(h->keys.keys);
	h->keys.echo_len = strlen(h->keys.echo);
	h->set = (struct gateway_set){ .root = h->root,
				       .tenant = TENANT,
				       .gateway_uid = UID,
				       .files = &h->files,
				       .keys = &h->keys };
	h->mounted = geteuid() == 0 && gateway_runtime_make(h->root, TENANT, UID, &e) == 0;
	return h->mounted;
}

static inline void host_down(struct host *h)
{
	struct err e = ERR_INIT;

	if (h->mounted && gateway_runtime_remove(h->root, TENANT, &e))
		print_error("%s\n", e.message);
	strmap_free(&h->files);
	gateway_keys_free(&h->keys);
	free(h->root);
}
#define auto_host cleanup_with(host_down)

static inline char *at(const struct host *h, enum path_kind kind, const char *name)
{
	auto_free char *dir = path_of(h->root, kind, TENANT);

	return mem_printf("%s/%s", dir, name);
}

static inline void set_key(struct host *h, const char *key)
{
	free(h->keys.keys);
	h->keys.keys = mem_printf("ghl.0 %s\n", key);
	h->keys.keys_len = strlen(h->keys.keys);
}

static inline void assert_differs(const struct host *h, const char *want)
{
	auto_free char *have = gateway_set_difference(&h->set);

	if (!want && have)
		fail_msg("differs: %s", have);
	if (want)
		assert_string_equal(have ? have : "nothing", want);
}

static inline void assert_file(const struct host *h, const char *name, const char *want)
{
	auto_free char *path = at(h, PATH_GATEWAY_SET, name);
	auto_free char *text = NULL;
	struct err e = ERR_INIT;
	struct stat st;
	size_t len;

	assert_ok(fsio_read(path, FSIO_ANY, 65536, &text, &len, &e), &e);
	if (want)
		assert_string_equal(text, want);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0440);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_gid, UID);
	assert_int_equal(st.st_nlink, 1);
}

/* Takes all the room that is left where it is. */
static inline void fill(const char *path)
{
	static const char block[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static inline bool is_there(const struct host *h, enum path_kind kind)
{
	auto_free char *path = path_of(h->root, kind, TENANT);
	struct stat st;

	return lstat(path, &st) == 0;
}

#endif
