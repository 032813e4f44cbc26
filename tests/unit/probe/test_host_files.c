/* The gateway's files in fake trees: good ones, odd ones, and a status that lies. */
#include "tree.h"

#include <errno.h>

#include "../../../src/probe/host_files.h"
#include "../../../src/probe/listeners.h"
#include "base/digest.h"
#include "base/mem.h"

static void look(const struct tree *t, struct gateway_files_facts *f)
{
	auto_free char *set = mem_printf("%s/files/set", t->path);
	auto_free char *next = mem_printf("%s/files/next", t->path);
	auto_free char *making = mem_printf("%s/files/next.tmp", t->path);
	auto_free char *said = mem_printf("%s/state", t->path);
	auto_free char *keys = mem_printf("%s/files/set/keys", t->path);
	const struct file_place places[] = { { FILE_SET, set }, { FILE_KEYS, keys } };
	const struct probe_request r = { .places = places,
					 .place_count = ARRAY_SIZE(places),
					 .gateway_set = set,
					 .gateway_next = { next, making },
					 .gateway_state = said };

	*f = (struct gateway_files_facts){ 0 };
	host_files_read(&r, f);
}

static void done(struct gateway_files_facts *f)
{
	struct tenant_facts all = { .gateway_files = *f };

	tenant_facts_free(&all);
}

static void test_a_set(void **state)
{
	const struct tree *t = *state;
	struct gateway_files_facts f;
	char digest[DIGEST_HEX_SIZE];

	tree_write(t, "files/set/haproxy.cfg", "global\n");
	tree_write(t, "files/set/keys", "ghl.0 Bearer sk-1\nother.1 x y z\nnovalue\n\n");
	tree_write(t, "files/set/generation", "0123-45 a b\nmore\n");
	tree_write(t, "state/status", "generation 0123-45\nresult loaded\n");
	look(t, &f);
	assert_string_equal(f.error, "");
	assert_int_equal(f.member_count, 3);
	assert_string_equal(f.members[0].path, "generation");
	assert_string_equal(f.members[1].path, "haproxy.cfg");
	digest_of("global\n", 7, digest);
	assert_string_equal(f.members[1].digest, digest);
	assert_int_equal(f.key_ids.count, 3);
	assert_string_equal(f.key_ids.items[0], "ghl.0");
	assert_string_equal(f.key_ids.items[1], "other.1");
	assert_string_equal(f.key_ids.items[2], "novalue");
	assert_string_equal(f.generation, "0123-45 a b");
	assert_string_equal(f.loaded, "0123-45");
	assert_int_equal(f.leftovers.count, 0);
	assert_int_equal(f.place_count, 2);
	assert_int_equal(f.places[1].role, FILE_KEYS);
	assert_int_equal(f.places[1].links, 1);
	assert_true(S_ISREG(f.places[1].mode));
	done(&f);
}

/* As large as a file of the gateway's may be, and one byte more. */
static void test_large_members(void **state)
{
	const struct tree *t = *state;
	struct gateway_files_facts f;
	char *text = mem_alloc((1 << 20) + 1), digest[DIGEST_HEX_SIZE];

	memset(text, 'x', (1 << 20) + 1);
	tree_bytes(t, "files/set/a", text, 1 << 20);
	tree_bytes(t, "files/set/b", text, (1 << 20) + 1);
	look(t, &f);
	assert_int_equal(f.member_count, 2);
	digest_of(text, 1 << 20, digest);
	assert_string_equal(f.members[0].digest, digest);
	assert_string_equal(f.members[1].digest, "");
	free(text);
	done(&f);
}

static void test_odd_members(void **state)
{
	const struct tree *t = *state;
	struct gateway_files_facts f;
	char path[256], *big = mem_alloc(2 << 20);

	tree_mkdir(t, "files/set/folder");
	tree_bytes(t, "files/set/large", big, 2 << 20);
	free(big);
	snprintf(path, sizeof(path), "%s/files/set/link", t->path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof(path), "%s/files/set/pipe", t->path);
	assert_int_equal(mkfifo(path, 0600), 0);
	look(t, &f);
	assert_int_equal(f.member_count, 4);
	for (size_t i = 0; i < f.member_count; i++)
		assert_string_equal(f.members[i].digest, ""); /* none of them was read */
	assert_int_equal(f.places[1].sys_errno, ENOENT);
	done(&f);
}

static void test_too_many(void **state)
{
	const struct tree *t = *state;
	struct gateway_files_facts f;
	char name[64];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "files/set/f%d", i);
		tree_write(t, name, "");
	}
	look(t, &f);
	assert_true(f.error[0]);
	done(&f);
}

static void test_nothing_there(void **state)
{
	struct gateway_files_facts f;

	look(*state, &f);
	assert_true(f.error[0]);
	assert_int_equal(f.member_count, 0);
	assert_string_equal(f.loaded, "");
	done(&f);
}

static void test_leftovers(void **state)
{
	const struct tree *t = *state;
	struct gateway_files_facts f;

	tree_mkdir(t, "files/set");
	tree_mkdir(t, "files/next");
	tree_mkdir(t, "files/next.tmp");
	look(t, &f);
	assert_int_equal(f.leftovers.count, 2);
	done(&f);
}

static const struct {
	const char *text, *loaded;
	bool refused;
} statuses[] = {
	{ "", "", false },
	{ "generation a-1\nresult loaded\n", "a-1", false },
	{ "generation a-1\nresult loaded", "a-1", false },
	{ "result loaded\ngeneration a-1\n", "a-1", false },
	{ "generation a-1\nresult refused\nerror line 3\n", "", true },
	{ "generation a-1\nresult loadedX\n", "", false },
	{ "result loaded\n", "", false },
	{ "generation aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
	  "result loaded\n",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	{ "\n\n\ngarbage\n", "", false },
};

static void test_statuses(void **state)
{
	const struct tree *t = *state;

	tree_mkdir(t, "files/set");
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct gateway_files_facts f;

		tree_write(t, "state/status", statuses[i].text);
		look(t, &f);
		assert_string_equal(f.loaded, statuses[i].loaded);
		assert_int_equal(f.refused, statuses[i].refused);
		done(&f);
	}
}

/* The gateway's user owns the folder: what it puts there must not be followed, nor waited for. */
static void test_hostile_status(void **state)
{
	const struct tree *t = *state;
	struct gateway_files_facts f;
	char path[256];

	tree_mkdir(t, "files/set");
	tree_mkdir(t, "state");
	tree_write(t, "elsewhere", "generation a-1\nresult loaded\n");
	snprintf(path, sizeof(path), "%s/state/status", t->path);
	assert_int_equal(symlink("../elsewhere", path), 0);
	look(t, &f);
	assert_string_equal(f.loaded, "");
	done(&f);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	look(t, &f);
	assert_string_equal(f.loaded, "");
	done(&f);
}

/* ---- sockets ---- */

#define TCP_HEAD "  sl  local_address rem_address   st tx_queue rx_queue\n"

/* Names that are blanks, or lines of their own, hide no socket. */
static void test_sockets(void **state)
{
	static const char *const names[] = {
		"/run/gateway/g1/cli", "@abstract name", "   ", "\n", "/run/gateway/hidden",
		"/run/gateway/x",      "/../../tmp/evil"
	};
	const struct tree *t = *state;
	struct tenant_facts f = { 0 };
	int dir;

	tree_write(t, "proc/100/net/tcp",
		   TCP_HEAD "   0: 0200E70A:0050 00000000:0000 0A 0\n"
			    "   1: 0200E70A:0050 0300E70A:9999 01 0\n");
	tree_write(t, "proc/100/net/udp",
		   TCP_HEAD "   0: 0200E70A:0035 00000000:0000 07 0\n"
			    "   1: 0200E70A:8235 0B00007F:0035 01 0\n");
	tree_write(t, "proc/100/net/unix",
		   "Num       RefCount Protocol Flags    Type St Inode Path\n"
		   "ffff8880: 00000002 00000000 00010000 0001 01 12345 /run/gateway/g1/cli\n"
		   "ffff8881: 00000003 00000000 00000000 0001 03 12346\n"
		   "ffff8882: 00000002 00000000 00010000 0001 01 12347 @abstract name\n"
		   "ffff8883: 00000003 00000000 00000000 0001 03 12348 /run/gateway/g1/cli\n"
		   "ffff8884: 00000002 00000000 00010000 0001 01 12349    \n"
		   "ffff8885: 00000002 00000000 00010000 0001 01 12350 \n"
		   "/run/gateway/hidden\n"
		   "ffff8886: 00000002 00000000 00010000 0001 01     7 /run/gateway/x\n"
		   "/../../tmp/evil\n");
	dir = openat(t->proc, "100", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	listeners_read_ports(dir, &f.gateway_listeners);
	listeners_read_unix(dir, &f.gateway_listeners);
	close(dir);
	assert_string_equal(f.gateway_listeners.error, "");
	assert_int_equal(f.gateway_listeners.port_count, 2);
	assert_string_equal(f.gateway_listeners.ports[0].address, "10.231.0.2");
	assert_int_equal(f.gateway_listeners.ports[0].port, 80);
	assert_true(f.gateway_listeners.ports[1].udp);
	assert_int_equal(f.gateway_listeners.unix_paths.count, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(f.gateway_listeners.unix_paths.items[i], names[i]);
	assert_false(f.gateway_listeners.cut);
	tenant_facts_free(&f);
}

static void test_no_sockets(void **state)
{
	const struct tree *t = *state;
	struct tenant_facts f = { 0 };

	listeners_read_ports(t->proc, &f.gateway_listeners);
	assert_true(f.gateway_listeners.error[0]);
	tenant_facts_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_set, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_large_members, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_odd_members, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_too_many, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_nothing_there, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_leftovers, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_statuses, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_hostile_status, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_sockets, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_no_sockets, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
