/*
 * A real image on a real loop device, and the hand-over of a tree that a tenant filled with
 * links, pipes and depth. Needs root and loop devices; says so where they are missing.
 */
#include "../base/folder.h"

#include <sys/mount.h>
#include <sys/statvfs.h>

#include "../../../src/ops/chown_tree.h"
#include "../../../src/ops/workspace.h"
#include "domain/paths.h"

#define TENANT "acme"
#define UID 1879048192u
#define BYTES ((uint64_t)64 << 20)

static bool can_mount(void)
{
	auto_fd int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	return geteuid() == 0 && control >= 0;
}

static int take_down(void **state)
{
	auto_free char *root = mem_strdup(((struct fixture *)*state)->dir);
	struct err e = ERR_INIT;

	if (workspace_scratch_remove(root, TENANT, &e) || workspace_unmount(root, TENANT, &e))
		print_error("%s\n", e.message);
	return teardown(state);
}

static char *root_of(void **state)
{
	return mem_strdup(((struct fixture *)*state)->dir);
}

static void is_made_mounted_and_gone(void **state)
{
	auto_free char *root = root_of(state);
	auto_free char *mount_point = path_of(root, PATH_WORKSPACE_MOUNT, TENANT);
	auto_free char *data = path_of(root, PATH_WORKSPACE_DATA, TENANT);
	auto_free char *folder = path_of(root, PATH_TENANT_DATA, TENANT);
	struct err e = ERR_INIT;
	struct statvfs fs;
	struct stat st;

	if (!can_mount())
		skip();
	assert_false(workspace_exists(root, TENANT));
	assert_ok(workspace_create(root, TENANT, BYTES, &e), &e);
	assert_true(workspace_exists(root, TENANT));
	assert_false(workspace_is_mounted(root, TENANT));
	assert_false(workspace_is_ready(root, TENANT, UID));
	assert_ok(workspace_mount(root, TENANT, UID, &e), &e);
	assert_true(workspace_is_mounted(root, TENANT));
	assert_true(workspace_is_ready(root, TENANT, UID));
	assert_false(workspace_is_ready(root, TENANT, UID + 2));
	assert_int_equal(statvfs(mount_point, &fs), 0);
	assert_true(fs.f_flag & ST_NOSUID);
	assert_true(fs.f_flag & ST_NODEV);
	assert_true((uint64_t)fs.f_blocks * fs.f_frsize <= BYTES);
	assert_int_equal(stat(mount_point, &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(stat(data, &st), 0);
	assert_int_equal(st.st_uid, UID);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_ok(workspace_mount(root, TENANT, UID, &e), &e); /* again changes nothing */
	assert_ok(workspace_unmount(root, TENANT, &e), &e);
	assert_ok(workspace_unmount(root, TENANT, &e), &e);
	assert_int_equal(access(data, F_OK), -1);
	assert_ok(workspace_purge(root, TENANT, &e), &e);
	assert_int_equal(access(folder, F_OK), -1);
	assert_ok(workspace_purge(root, TENANT, &e), &e);
}

static void what_is_in_it_stays_and_changes_hands(void **state)
{
	auto_free char *root = root_of(state);
	auto_free char *data = path_of(root, PATH_WORKSPACE_DATA, TENANT);
	auto_free char *file = mem_printf("%s/file", data);
	struct err e = ERR_INIT;
	struct stat st;

	if (!can_mount())
		skip();
	assert_ok(workspace_create(root, TENANT, BYTES, &e), &e);
	assert_ok(workspace_mount(root, TENANT, UID, &e), &e);
	put(file, "kept", 0600);
	assert_int_equal(chown(file, UID, UID), 0);
	assert_ok(workspace_unmount(root, TENANT, &e), &e);
	assert_ok(workspace_create(root, TENANT, BYTES * 2, &e), &e); /* what is there stays */
	assert_ok(workspace_mount(root, TENANT, UID + 2, &e), &e);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_uid, UID + 2);
	assert_int_equal(st.st_size, 4);
}

/* What a drill fills has the workspace's size and nothing of its content, and goes without it. */
static void a_scratch_image_is_beside_the_workspace(void **state)
{
	auto_free char *root = root_of(state);
	auto_free char *data = path_of(root, PATH_SCRATCH_DATA, TENANT);
	auto_free char *point = path_of(root, PATH_SCRATCH_MOUNT, TENANT);
	auto_free char *image = path_of(root, PATH_SCRATCH_IMAGE, TENANT);
	auto_free char *own = path_of(root, PATH_WORKSPACE_DATA, TENANT);
	struct err e = ERR_INIT;
	struct statvfs fs;
	struct stat st;

	if (!can_mount())
		skip();
	assert_int_equal(workspace_bytes(root, TENANT), 0);
	assert_ok(workspace_create(root, TENANT, BYTES, &e), &e);
	assert_int_equal(workspace_bytes(root, TENANT), 0); /* not mounted: it bounds nothing */
	assert_ok(workspace_mount(root, TENANT, UID, &e), &e);
	assert_int_equal(workspace_bytes(root, TENANT), BYTES);
	assert_ok(workspace_scratch_make(root, TENANT, BYTES / 2, UID, &e), &e);
	assert_int_equal(statvfs(data, &fs), 0);
	assert_true((uint64_t)fs.f_blocks * fs.f_frsize <= BYTES / 2);
	assert_true(fs.f_flag & ST_NOSUID && fs.f_flag & ST_NODEV);
	assert_int_equal(stat(data, &st), 0);
	assert_int_equal(st.st_uid, UID);
	/* again, as after a run that was killed */
	assert_ok(workspace_scratch_make(root, TENANT, BYTES, UID, &e), &e);
	assert_int_equal(statvfs(data, &fs), 0);
	assert_true((uint64_t)fs.f_blocks * fs.f_frsize > BYTES / 2);
	assert_ok(workspace_scratch_remove(root, TENANT, &e), &e);
	assert_int_equal(access(point, F_OK), -1);
	assert_int_equal(access(image, F_OK), -1);
	assert_int_equal(access(own, F_OK), 0);
	assert_ok(workspace_scratch_remove(root, TENANT, &e), &e);
	assert_ok(workspace_unmount(root, TENANT, &e), &e);
}

static dev_t device_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISBLK(st.st_mode) ? st.st_rdev : 0;
}

/* The link is the same whatever device the kernel took, and it goes with the mount. */
static void a_link_leads_to_the_device(void **state)
{
	auto_free char *root = root_of(state);
	auto_free char *point = path_of(root, PATH_WORKSPACE_MOUNT, TENANT);
	auto_free char *link = path_of(root, PATH_WORKSPACE_DEVICE, TENANT);
	auto_free char *scratch = path_of(root, PATH_SCRATCH_DEVICE, TENANT);
	struct err e = ERR_INIT;
	struct stat st;

	if (!can_mount())
		skip();
	assert_ok(workspace_create(root, TENANT, BYTES, &e), &e);
	assert_int_equal(workspace_link_device(root, TENANT, &e), -1);
	err_clear(&e);
	assert_ok(workspace_mount(root, TENANT, UID, &e), &e);
	assert_int_equal(stat(point, &st), 0);
	assert_ok(workspace_link_device(root, TENANT, &e), &e);
	assert_true(device_of(link) == st.st_dev);
	/* what an earlier mount left is replaced, and never followed */
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink("/dev/null", link), 0);
	assert_ok(workspace_link_device(root, TENANT, &e), &e);
	assert_true(device_of(link) == st.st_dev);
	assert_ok(workspace_scratch_make(root, TENANT, BYTES, UID, &e), &e);
	assert_true(device_of(scratch) != 0 && device_of(scratch) != st.st_dev);
	assert_ok(workspace_scratch_remove(root, TENANT, &e), &e);
	assert_int_equal(lstat(scratch, &st), -1);
	assert_ok(workspace_unmount(root, TENANT, &e), &e);
	assert_int_equal(lstat(link, &st), -1);
}

/* A run that died in mkfs leaves a half-made image under another name. */
static void a_half_made_image_is_no_workspace(void **state)
{
	auto_free char *root = root_of(state);
	auto_free char *folder = path_of(root, PATH_TENANT_DATA, TENANT);
	auto_free char *image = path_of(root, PATH_WORKSPACE_IMAGE, TENANT);
	auto_free char *making = mem_printf("%s.new", image);
	struct err e = ERR_INIT;

	if (!can_mount())
		skip();
	assert_ok(workspace_create(root, TENANT, BYTES, &e), &e);
	assert_int_equal(rename(image, making), 0);
	assert_int_equal(truncate(making, 1000), 0);
	assert_false(workspace_exists(root, TENANT));
	assert_ok(workspace_create(root, TENANT, BYTES, &e), &e);
	assert_ok(workspace_mount(root, TENANT, UID, &e), &e);
	assert_int_equal(access(making, F_OK), -1);
	assert_ok(workspace_purge(root, TENANT, &e), &e);
	assert_int_equal(access(folder, F_OK), -1);
}

static void a_link_in_the_way_is_refused(void **state)
{
	auto_free char *root = root_of(state);
	auto_free char *mount_point = path_of(root, PATH_WORKSPACE_MOUNT, TENANT);
	auto_free char *data = path_of(root, PATH_WORKSPACE_DATA, TENANT);
	auto_free char *outside = in(state, "outside");
	struct err e = ERR_INIT;
	struct stat st;

	if (!can_mount())
		skip();
	assert_int_equal(mkdir(outside, 0755), 0);
	assert_ok(workspace_create(root, TENANT, BYTES, &e), &e);
	assert_int_equal(symlink(outside, mount_point), 0);
	assert_int_equal(workspace_mount(root, TENANT, UID, &e), -1);
	assert_int_equal(unlink(mount_point), 0);
	err_clear(&e);
	assert_ok(workspace_mount(root, TENANT, UID, &e), &e);
	assert_int_equal(rmdir(data), 0);
	assert_int_equal(symlink(outside, data), 0);
	assert_false(workspace_is_ready(root, TENANT, UID));
	assert_int_equal(workspace_mount(root, TENANT, UID, &e), -1);
	assert_int_equal(stat(outside, &st), 0);
	assert_int_equal(st.st_uid, 0);
}

/* ---- the hand-over ---- */

static void hostile_trees_change_hands_and_nothing_else(void **state)
{
	auto_free char *tree = in(state, "tree");
	auto_free char *outside = in(state, "outside");
	auto_free char *link = in(state, "tree/link");
	auto_free char *up = in(state, "tree/up");
	auto_free char *fifo = in(state, "tree/fifo");
	auto_free char *program = in(state, "tree/sub/program");
	auto_free char *sub = in(state, "tree/sub");
	struct err e = ERR_INIT;
	struct stat st;

	if (geteuid() != 0)
		skip();
	put(outside, "x", 0600);
	assert_int_equal(mkdir(tree, 0700), 0);
	assert_int_equal(mkdir(sub, 0700), 0);
	put(program, "x", 04755);
	assert_int_equal(symlink(outside, link), 0);
	assert_int_equal(symlink("..", up), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	auto_fd int top = open(((struct fixture *)*state)->dir, O_PATH | O_DIRECTORY);
	assert_ok(chown_tree(top, "tree", UID, &e), &e);
	const char *const inside[] = { tree, sub, program, link, up, fifo };
	for (size_t i = 0; i < ARRAY_SIZE(inside); i++) {
		assert_int_equal(lstat(inside[i], &st), 0);
		assert_int_equal(st.st_uid, UID);
		assert_int_equal(st.st_gid, UID);
	}
	assert_int_equal(lstat(program, &st), 0);
	assert_int_equal(st.st_mode & 06000, 0); /* a set-user-ID program is handed over as none */
	assert_int_equal(stat(outside, &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(stat(((struct fixture *)*state)->dir, &st), 0);
	assert_int_equal(st.st_uid, 0);
}

static void too_deep_a_tree_is_refused_and_not_handed_over(void **state)
{
	auto_free char *tree = in(state, "tree");
	struct err e = ERR_INIT;
	struct stat st;

	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir(tree, 0700), 0);
	int fd = open(tree, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 600; i++) {
		assert_int_equal(mkdirat(fd, "d", 0700), 0);
		int next = openat(fd, "d", O_RDONLY | O_DIRECTORY);
		close(fd);
		fd = next;
	}
	close(fd);
	auto_fd int top = open(((struct fixture *)*state)->dir, O_PATH | O_DIRECTORY);
	assert_refused(chown_tree(top, "tree", UID, &e), &e, ERR_REFUSED, "deeper");
	/* The top comes last: the next mount tries again instead of taking it for done. */
	assert_int_equal(stat(tree, &st), 0);
	assert_int_equal(st.st_uid, 0);
}

static void another_file_system_is_left_alone(void **state)
{
	auto_free char *tree = in(state, "tree");
	auto_free char *inner = in(state, "tree/inner");
	struct err e = ERR_INIT;
	struct stat st;

	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir(tree, 0700), 0);
	assert_int_equal(mkdir(inner, 0700), 0);
	if (mount("none", inner, "tmpfs", 0, NULL))
		skip();
	auto_free char *file = mem_printf("%s/file", inner);
	put(file, "x", 0600);
	auto_fd int top = open(((struct fixture *)*state)->dir, O_PATH | O_DIRECTORY);
	int rc = chown_tree(top, "tree", UID, &e);
	int looked = stat(file, &st);
	assert_int_equal(umount(inner), 0);
	assert_int_equal(looked, 0);
	assert_int_equal(rc, -1);
	assert_int_equal(st.st_uid, 0);
}

#define WITH_MOUNT(fn) cmocka_unit_test_setup_teardown(fn, setup, take_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MOUNT(is_made_mounted_and_gone),
		WITH_MOUNT(what_is_in_it_stays_and_changes_hands),
		WITH_MOUNT(a_scratch_image_is_beside_the_workspace),
		WITH_MOUNT(a_link_leads_to_the_device),
		WITH_MOUNT(a_half_made_image_is_no_workspace),
		WITH_MOUNT(a_link_in_the_way_is_refused),
		WITH_FOLDER(hostile_trees_change_hands_and_nothing_else),
		WITH_FOLDER(too_deep_a_tree_is_refused_and_not_handed_over),
		WITH_FOLDER(another_file_system_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
