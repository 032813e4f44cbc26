/* Places of a container, from a table of mounts and a tree that a tenant arranged. */
#include "tree.h"

#include <sys/sysmacros.h>

#include "../../../src/probe/places.h"
#include "base/mem.h"
#include "probe/probe.h"

static const struct places_of nobody = { .proc_root = -1 };

static struct proc_mount row(const char *root, const char *target, const char *options)
{
	return (struct proc_mount){ .root = (char *)root,
				    .target = (char *)target,
				    .options = (char *)options,
				    .fstype = (char *)"ext4",
				    .super_options = (char *)"rw,errors=continue",
				    .major = 8,
				    .minor = 1 };
}

static int open_root(const struct tree *t)
{
	auto_free char *path = mem_printf("%s/root", t->path);
	int fd;

	tree_mkdir(t, "root");
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void device_path_and_inode_are_noted(void **state)
{
	const struct tree *t = *state;
	struct mount_places p = { 0 };
	struct proc_mount rows[] = { row("/data", "/workspace", "rw,nosuid"),
				     row("/srv/skills", "/source", "ro,relatime"),
				     row("/", "/whole", "rw"), row("/", "/proc", "rw") };
	auto_free char *folder = mem_printf("%s/root/workspace", t->path);
	struct stat st;
	auto_fd int root = open_root(t);

	rows[2].super_options = (char *)"ro";
	rows[3].fstype = (char *)"proc";
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		rows[i].minor = i + 1;
	tree_mkdir(t, "root/workspace");
	places_add(&(struct proc_mounts){ rows, 4 }, root, &nobody, &p);
	assert_int_equal(p.count, 3);
	assert_string_equal(p.error, "");
	assert_int_equal(stat(folder, &st), 0);
	assert_true(p.items[0].dev == makedev(8, 1) && p.items[0].writable);
	assert_string_equal(p.items[0].root, "/data");
	assert_string_equal(p.items[0].target, "/workspace");
	assert_true(p.items[0].ino == st.st_ino && p.items[0].inode_dev == st.st_dev);
	assert_false(p.items[1].writable);
	assert_int_equal(p.items[1].ino, 0); /* not there */
	assert_false(p.items[2].writable);
	assert_int_equal(p.items[2].ino, 0); /* not asked for */
	mount_places_free(&p);
}

/* A link is followed inside only, and not at the end at all. */
static void links_lead_nowhere(void **state)
{
	const struct tree *t = *state;
	struct mount_places p = { 0 };
	struct proc_mount rows[] = { row("/data", "/link", "rw"), row("/data", "/up/etc", "rw") };
	auto_free char *link = mem_printf("%s/root/link", t->path);
	auto_free char *up = mem_printf("%s/root/up", t->path);
	struct stat etc, own;
	auto_fd int root = open_root(t);

	rows[1].minor = 2;
	assert_int_equal(symlink("/etc", link) | symlink("../../../..", up), 0);
	assert_int_equal(stat("/etc", &etc) | lstat(link, &own), 0);
	places_add(&(struct proc_mounts){ rows, 2 }, root, &nobody, &p);
	assert_true(p.items[0].ino == own.st_ino);
	assert_false(p.items[1].ino == etc.st_ino && p.items[1].inode_dev == etc.st_dev);
	mount_places_free(&p);
}

/* A number of a loop device that does not exist: nothing can be said of what is behind it. */
static void an_unknown_image_is_told(void **state)
{
	const struct tree *t = *state;
	struct mount_places p = { 0 };
	struct proc_mount m = row("/", "/workspace", "rw");
	struct proc_mounts host = { NULL, 0 };
	auto_fd int root = open_root(t);

	m.major = 7;
	m.minor = 1048575;
	places_add(&(struct proc_mounts){ &m, 1 }, root,
		   &(struct places_of){ .proc_root = -1, .host = &host }, &p);
	assert_int_equal(p.count, 1);
	assert_non_null(strstr(p.error, "/workspace"));
	mount_places_free(&p);

	places_add(&(struct proc_mounts){ &m, 1 }, root, &nobody, &p);
	assert_non_null(strstr(p.error, "/workspace"));
	mount_places_free(&p);
}

/* Whoever is in the mount namespace of this process is no container. */
static void the_host_is_not_a_container(void **state unused_arg)
{
	struct mount_places p = { 0 };
	struct proc_mounts own = { NULL, 0 };
	struct err e = ERR_INIT;

	probe_places("/proc", getpid(), false, NULL, &p);
	assert_int_equal(p.count, 0);
	assert_non_null(strstr(p.error, "worker"));
	mount_places_free(&p);
	probe_places("/proc", 0, true, NULL, &p);
	assert_non_null(strstr(p.error, "gateway"));
	mount_places_free(&p);
	assert_ok(probe_own_mounts("/proc", &own, &e), &e);
	assert_true(own.count > 0);
	proc_mounts_free(&own);
}

#define with_tree(fn) cmocka_unit_test_setup_teardown(fn, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_tree(device_path_and_inode_are_noted),
		with_tree(links_lead_nowhere),
		with_tree(an_unknown_image_is_told),
		cmocka_unit_test(the_host_is_not_a_container),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
