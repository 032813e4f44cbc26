/* Masked paths and sockets in trees that a tenant arranged. */
#include "tree.h"

#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "../../../src/probe/mounts.h"
#include "base/mem.h"

enum { TENANT = 7000 };

static int open_root(const struct tree *t)
{
	char path[128];

	tree_mkdir(t, "root");
	snprintf(path, sizeof(path), "%s/root", t->path);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void make_link(const struct tree *t, const char *name, const char *to)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", t->path, name);
	assert_int_equal(symlink(to, path), 0);
}

static void make_socket(const struct tree *t, const char *name, uid_t owner)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s", t->path, name);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
	if (owner != geteuid())
		assert_int_equal(chown(a.sun_path, owner, owner), 0);
}

static void test_masked(void **state)
{
	const struct tree *t = *state;
	struct strlist l = { 0 };
	auto_fd int root = open_root(t);
	char path[256];

	tree_mkdir(t, "root/proc/acpi"); /* empty: covered */
	tree_mkdir(t, "root/sys/firmware");
	mounts_unmasked(root, &l);
	assert_int_equal(l.count, 0);

	tree_write(t, "root/sys/firmware/acpi/tables", "");
	tree_write(t, "root/proc/kcore", "");
	tree_write(t, "root/proc/keys", "key");
	tree_write(t, "root/sys/devices/virtual/block/loop0/loop/backing_file", "other");
	mounts_unmasked(root, &l);
	assert_int_equal(l.count, 4);
	assert_true(strlist_has(&l, "/sys/devices/virtual/block"));
	assert_true(strlist_has(&l, "/sys/firmware"));
	assert_true(strlist_has(&l, "/proc/kcore"));
	assert_true(strlist_has(&l, "/proc/keys"));
	strlist_free(&l);

	snprintf(path, sizeof(path), "%s/root/proc/timer_list", t->path);
	if (mknod(path, S_IFCHR | 0666, makedev(1, 5)) < 0) {
		print_message("SKIP: no device can be made here\n");
		skip();
	}
	mounts_unmasked(root, &l); /* /dev/zero does not cover */
	assert_true(strlist_has(&l, "/proc/timer_list"));
	strlist_free(&l);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mknod(path, S_IFCHR | 0666, makedev(1, 3)), 0);
	mounts_unmasked(root, &l);
	assert_false(strlist_has(&l, "/proc/timer_list"));
	strlist_free(&l);
}

/* Links are resolved inside of the tree: neither ".." nor "/" leads out of it. */
static void test_links_stay_inside(void **state)
{
	const struct tree *t = *state;
	struct strlist l = { 0 };
	auto_fd int root = open_root(t);

	tree_mkdir(t, "root/proc");
	make_link(t, "root/proc/kcore", "/etc/passwd");
	make_link(t, "root/proc/keys", "../../../../../../etc/passwd");
	make_link(t, "root/proc/acpi", "acpi"); /* a loop: not known to be covered */
	mounts_unmasked(root, &l);
	assert_int_equal(l.count, 1);
	assert_string_equal(l.items[0], "/proc/acpi");
	strlist_free(&l);
}

static void look(const struct tree *t, char *target, char *fstype, struct strlist *out)
{
	struct proc_mount m = { .target = target, .fstype = fstype };
	const struct proc_mounts all = { .items = &m, .count = 1 };
	auto_fd int root = open_root(t);

	strlist_free(out);
	mounts_sockets(root, &all, TENANT, out);
}

static void test_sockets(void **state)
{
	const struct tree *t = *state;
	struct strlist l = { 0 };
	char run[] = "/run", work[] = "/work", direct[] = "/d.sock", ext4[] = "ext4";
	char fuse[] = "fuse.sshfs", nfs[] = "nfs4", top[] = "/";

	if (geteuid() != 0) {
		print_message("SKIP: owners can only be set by root\n");
		skip();
	}
	tree_mkdir(t, "root/run/containerd");
	tree_mkdir(t, "root/work");
	make_socket(t, "root/run/docker.sock", 0);
	make_socket(t, "root/run/containerd/containerd.sock", 0);
	make_socket(t, "root/work/mine", TENANT);
	make_socket(t, "root/work/other", TENANT + 1);
	make_socket(t, "root/d.sock", TENANT);
	look(t, run, ext4, &l);
	assert_int_equal(l.count, 2);
	assert_true(strlist_has(&l, "/run/docker.sock"));
	assert_true(strlist_has(&l, "/run/containerd/containerd.sock"));
	look(t, work, ext4, &l);
	assert_int_equal(l.count, 1);
	assert_string_equal(l.items[0], "/work/other");
	look(t, direct, ext4, &l); /* mounted as such: whoever made it */
	assert_int_equal(l.count, 1);
	/* what may hang is not touched */
	look(t, run, fuse, &l);
	assert_int_equal(l.count, 0);
	look(t, run, nfs, &l);
	assert_int_equal(l.count, 0);
	look(t, top, ext4, &l);
	assert_int_equal(l.count, 0);
	strlist_free(&l);
}

static void test_sockets_behind_links(void **state)
{
	const struct tree *t = *state;
	struct strlist l = { 0 };
	char work[] = "/work", gone[] = "/gone", ext4[] = "ext4", outside[128];

	make_socket(t, "outside.sock", geteuid());
	tree_mkdir(t, "root/work/containerd");
	snprintf(outside, sizeof(outside), "%s/outside.sock", t->path);
	make_link(t, "root/work/docker.sock", outside);
	make_link(t, "root/work/containerd/containerd.sock", "../../../outside.sock");
	look(t, work, ext4, &l);
	assert_int_equal(l.count, 0);
	look(t, gone, ext4, &l);
	assert_int_equal(l.count, 0);
	strlist_free(&l);
}

static void test_many_entries(void **state)
{
	const struct tree *t = *state;
	struct strlist l = { 0 };
	char work[] = "/work", ext4[] = "ext4", name[64];

	for (int i = 0; i < 300; i++) {
		tree_mkdir(t, "root/work");
		snprintf(name, sizeof(name), "root/work/%d", i);
		make_socket(t, name, geteuid());
	}
	look(t, work, ext4, &l);
	assert_int_equal(l.count, 128);
	strlist_free(&l);
}

#define with_tree(fn) cmocka_unit_test_setup_teardown(fn, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_tree(test_masked),	      with_tree(test_links_stay_inside),
		with_tree(test_sockets),      with_tree(test_sockets_behind_links),
		with_tree(test_many_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
