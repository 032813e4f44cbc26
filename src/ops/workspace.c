/*
 * Image, loop device, mount. The mounted root belongs to root; the tenant only ever
 * owns data/ inside it, so the folder that the engine binds cannot be swapped by a
 * tenant, and while nothing is mounted it does not exist and the worker can't start.
 */
#include "workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/child.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "chown_tree.h"
#include "domain/paths.h"
#include "mounts.h"

#define MKFS_PATH "/usr/sbin/mkfs.ext4"
#define MKFS_TIMEOUT_MS 60000
#define LOOP_TRIES 64
#define MODE_DIR 0711
#define MODE_TENANT_DIR 0700
#define MODE_IMAGE 0600

bool workspace_exists(const char *root, const char *tenant)
{
	auto_free char *image = path_of(root, PATH_WORKSPACE_IMAGE, tenant);
	struct stat st;

	return lstat(image, &st) == 0 && S_ISREG(st.st_mode);
}

bool workspace_is_mounted(const char *root, const char *tenant)
{
	auto_free char *mount_point = path_of(root, PATH_WORKSPACE_MOUNT, tenant);

	return mount_is_point(mount_point);
}

bool workspace_is_ready(const char *root, const char *tenant, uid_t uid)
{
	auto_free char *data = path_of(root, PATH_WORKSPACE_DATA, tenant);
	struct stat st;

	return lstat(data, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == uid;
}

/* No reserved blocks, lazy tables, a small journal: 10 ms for 10 GiB, and the file stays sparse. */
static int make_file_system(const char *path, struct err *e)
{
	static const char options[] = "lazy_itable_init=1,lazy_journal_init=1,nodiscard";
	const char *const argv[] = { MKFS_PATH, "-q",	  "-F", "-m",	 "0",  "-E", options,
				     "-J",	"size=4", "-i", "65536", path, NULL };
	struct strbuf out = STRBUF_INIT(4096);
	int rc = child_exec(argv, MKFS_TIMEOUT_MS, &out, e);

	strbuf_free(&out);
	return rc ? err_hint(e, "mkfs.ext4 comes with the package e2fsprogs") : 0;
}

static int make_image(const char *root, const char *tenant, const char *image, uint64_t bytes,
		      struct err *e)
{
	auto_free char *served = path_of(root, PATH_SERVED, NULL);
	auto_free char *dir = path_of(root, PATH_TENANT_DATA, tenant);
	auto_free char *making = mem_printf("%s.new", image);
	auto_fd int fd = -1;

	if (fsio_mkdirs(served, MODE_DIR, e) || fsio_mkdirs(dir, MODE_TENANT_DIR, e))
		return -1;
	fd = open(making, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, MODE_IMAGE);
	if (fd < 0)
		return err_sys(e, errno, "create %s", making);
	if (ftruncate(fd, (off_t)bytes))
		return err_sys(e, errno, "size %s", making);
	if (make_file_system(making, e))
		return -1;
	if (fsync(fd) || rename(making, image))
		return err_sys(e, errno, "finish %s", image);
	return 0;
}

int workspace_create(const char *root, const char *tenant, uint64_t bytes, struct err *e)
{
	auto_free char *image = path_of(root, PATH_WORKSPACE_IMAGE, tenant);

	return workspace_exists(root, tenant) ? 0 : make_image(root, tenant, image, bytes, e);
}

/* Binds a free loop device to the image in one call (LOOP_CONFIGURE, Linux 5.8); another process
 * may take the device between the two calls, which is EBUSY: then the next one is tried. */
static int attach_loop(const char *image, char device[32], int *out_fd, struct err *e)
{
	auto_fd int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	auto_fd int file = open(image, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct loop_config config = { .info.lo_flags = LO_FLAGS_AUTOCLEAR };

	if (control < 0)
		return err_sys(e, errno, "open /dev/loop-control");
	if (file < 0)
		return err_sys(e, errno, "open %s", image);
	config.fd = (unsigned)file;
	snprintf((char *)config.info.lo_file_name, sizeof(config.info.lo_file_name), "%s", image);
	for (int i = 0; i < LOOP_TRIES; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		int fd;

		if (number < 0)
			return err_sys(e, errno, "find a free loop device");
		snprintf(device, 32, "/dev/loop%d", number);
		fd = open(device, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, errno, "open %s", device);
		if (ioctl(fd, LOOP_CONFIGURE, &config) == 0) {
			*out_fd = fd;
			return 0;
		}
		close(fd);
		if (errno != EBUSY)
			return err_sys(e, errno, "bind %s to %s", device, image);
	}
	return err_set(e, ERR_REFUSED, "no loop device is free after %d tries", LOOP_TRIES);
}

static int prepare_data(const char *mount_point, uid_t uid, struct err *e)
{
	auto_fd int top = open(mount_point, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (top < 0)
		return err_sys(e, errno, "open %s", mount_point);
	if (mkdirat(top, "data", MODE_TENANT_DIR) && errno != EEXIST)
		return err_sys(e, errno, "create %s/data", mount_point);
	if (fstatat(top, "data", &st, AT_SYMLINK_NOFOLLOW))
		return err_sys(e, errno, "look at %s/data", mount_point);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_REFUSED, "%s/data is not a directory", mount_point);
	return st.st_uid == uid ? 0 : chown_tree(top, "data", uid, e);
}

static int mount_image(const char *image, const char *mount_point, uid_t uid, struct err *e)
{
	auto_fd int loop = -1;
	char device[32];

	if (!mount_is_point(mount_point)) {
		if (fsio_mkdirs(mount_point, MODE_TENANT_DIR, e) ||
		    attach_loop(image, device, &loop, e))
			return -1;
		/* AUTOCLEAR lets the device go with the last user: this fd, then the mount. */
		if (mount(device, mount_point, "ext4", MS_NOSUID | MS_NODEV, NULL))
			return err_sys(e, errno, "mount %s on %s", image, mount_point);
	}
	return prepare_data(mount_point, uid, e);
}

int workspace_mount(const char *root, const char *tenant, uid_t uid, struct err *e)
{
	auto_free char *image = path_of(root, PATH_WORKSPACE_IMAGE, tenant);
	auto_free char *mount_point = path_of(root, PATH_WORKSPACE_MOUNT, tenant);

	return mount_image(image, mount_point, uid, e);
}

/* The name that the kernel has for a device: sysfs tells it by number (sysfs(5)), and the node of
 * that name has to be of that number. */
static int device_node(dev_t dev, char out[64], struct err *e)
{
	auto_free char *link = mem_printf("/sys/dev/block/%u:%u", major(dev), minor(dev));
	char target[256];
	ssize_t n = readlink(link, target, sizeof(target) - 1);
	const char *name;
	struct stat st;

	if (n < 0)
		return err_sys(e, errno, "find the device %u:%u", major(dev), minor(dev));
	target[n] = '\0';
	name = strrchr(target, '/');
	snprintf(out, 64, "/dev/%.58s", name ? name + 1 : target);
	if (stat(out, &st) || !S_ISBLK(st.st_mode) || st.st_rdev != dev)
		return err_set(e, ERR_REFUSED, "%s is not the device %u:%u", out, major(dev),
			       minor(dev));
	return 0;
}

static int link_device(const char *mount_point, const char *path, struct err *e)
{
	auto_free char *making = mem_printf("%s.new", path);
	char node[64];
	struct stat st;

	if (lstat(mount_point, &st))
		return err_sys(e, errno, "look at %s", mount_point);
	if (device_node(st.st_dev, node, e) || fsio_unlink(making, e))
		return -1;
	if (symlink(node, making) || rename(making, path))
		return err_sys(e, errno, "link %s to %s", path, node);
	return 0;
}

int workspace_link_device(const char *root, const char *tenant, struct err *e)
{
	auto_free char *mount_point = path_of(root, PATH_WORKSPACE_MOUNT, tenant);
	auto_free char *path = path_of(root, PATH_WORKSPACE_DEVICE, tenant);

	return link_device(mount_point, path, e);
}

int workspace_unmount(const char *root, const char *tenant, struct err *e)
{
	auto_free char *mount_point = path_of(root, PATH_WORKSPACE_MOUNT, tenant);
	auto_free char *device = path_of(root, PATH_WORKSPACE_DEVICE, tenant);

	return mount_remove(mount_point, e) || fsio_unlink(device, e) ? -1 : 0;
}

int workspace_purge(const char *root, const char *tenant, struct err *e)
{
	auto_free char *dir = path_of(root, PATH_TENANT_DATA, tenant);

	return workspace_unmount(root, tenant, e) || fsio_remove_tree(dir, e) ? -1 : 0;
}

/* ---- what a drill fills instead ---- */

uint64_t workspace_bytes(const char *root, const char *tenant)
{
	auto_free char *image = path_of(root, PATH_WORKSPACE_IMAGE, tenant);
	struct stat st;

	return workspace_is_mounted(root, tenant) && lstat(image, &st) == 0 && S_ISREG(st.st_mode)
		       ? (uint64_t)st.st_size
		       : 0;
}

int workspace_scratch_make(const char *root, const char *tenant, uint64_t bytes, uid_t uid,
			   struct err *e)
{
	auto_free char *image = path_of(root, PATH_SCRATCH_IMAGE, tenant);
	auto_free char *mount_point = path_of(root, PATH_SCRATCH_MOUNT, tenant);
	auto_free char *device = path_of(root, PATH_SCRATCH_DEVICE, tenant);

	return workspace_scratch_remove(root, tenant, e) ||
			       make_image(root, tenant, image, bytes, e) ||
			       mount_image(image, mount_point, uid, e) ||
			       link_device(mount_point, device, e)
		       ? -1
		       : 0;
}

int workspace_scratch_remove(const char *root, const char *tenant, struct err *e)
{
	auto_free char *image = path_of(root, PATH_SCRATCH_IMAGE, tenant);
	auto_free char *making = mem_printf("%s.new", image);
	auto_free char *mount_point = path_of(root, PATH_SCRATCH_MOUNT, tenant);
	auto_free char *device = path_of(root, PATH_SCRATCH_DEVICE, tenant);

	if (mount_remove(mount_point, e))
		return -1;
	if (rmdir(mount_point) && errno != ENOENT)
		return err_sys(e, errno, "remove %s", mount_point);
	return fsio_unlink(device, e) || fsio_unlink(image, e) || fsio_unlink(making, e) ? -1 : 0;
}
