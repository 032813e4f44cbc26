/*
 * The tmpfs of one tenant, and a second one on its folder "state": what the gateway
 * writes there must not take the room that its next files need. Nothing on them is
 * swapped out where the kernel can be told so; where it cannot, swap is as far from a
 * file as one gets. After a reboot they are gone, and the engine cannot start the gateway
 * before they were made again: that is wanted.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "base/proc.h"
#include "domain/paths.h"
#include "mounts.h"
#include "ops/gateway_set.h"

#define MODE_TOP 0711
#define MODE_FILES 0750
#define MODE_STATE 0700
/* A set, the next one, and what commands printed twice while it is replaced. */
#define OPTIONS "size=12m,nr_inodes=512,mode=0711"
#define STATE_OPTIONS "size=256k,nr_inodes=64,mode=0700"
#define FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define FILES_SEEN_AT "/etc/gateway" /* in the gateway */
#define STATE_SEEN_AT "/var/lib/gateway"

/* One that has nothing mounted on "state" was made when it was smaller. */
static int mount_top(const char *path, const char *state, struct err *e)
{
	if (!mount_is_point(path))
		return mount_tmpfs(path, FLAGS, OPTIONS, e);
	if (!mount_is_point(state) &&
	    mount("tenantctl", path, "tmpfs", FLAGS | MS_REMOUNT, OPTIONS))
		return err_sys(e, errno, "make the tmpfs on %s larger", path);
	return 0;
}

static int make_folder(int top, const char *name, uid_t uid, gid_t gid, mode_t mode, struct err *e)
{
	auto_fd int fd = -1;

	if (mkdirat(top, name, MODE_STATE) && errno != EEXIST)
		return err_sys(e, errno, "create folder %s", name);
	if (fsio_open_beneath(top, name, O_RDONLY | O_DIRECTORY, &fd, e))
		return -1;
	if (fchown(fd, uid, gid) || fchmod(fd, mode))
		return err_sys(e, errno, "set owner and mode of %s", name);
	return 0;
}

int gateway_runtime_make(const char *root, const char *tenant, uid_t gateway_uid, struct err *e)
{
	auto_free char *path = path_of(root, PATH_RUNTIME, tenant);
	auto_free char *state = path_of(root, PATH_GATEWAY_STATE, tenant);
	auto_fd int top = -1;

	if (fsio_mkdirs(path, MODE_TOP, e) || mount_top(path, state, e))
		return -1;
	top = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (top < 0)
		return err_sys(e, errno, "open %s", path);
	if (make_folder(top, "files", 0, gateway_uid, MODE_FILES, e))
		return err_wrap(e, "%s", path);
	if (mount_is_point(state))
		return 0;
	/* what an older kind has there would be hidden and take room */
	if (fsio_remove_tree(state, e) || make_folder(top, "state", 0, 0, MODE_STATE, e))
		return err_wrap(e, "%s", path);
	auto_free char *options = mem_printf(STATE_OPTIONS ",uid=%u,gid=%u", (unsigned)gateway_uid,
					     (unsigned)gateway_uid);
	return mount_tmpfs(state, FLAGS, options, e);
}

bool gateway_runtime_is_whole(const char *root, const char *tenant)
{
	auto_free char *state = path_of(root, PATH_GATEWAY_STATE, tenant);

	return mount_is_point(state);
}

int gateway_runtime_make_room(const char *root, const char *tenant, struct err *e)
{
	auto_free char *state = path_of(root, PATH_GATEWAY_STATE, tenant);
	struct statvfs fs;

	/* What a gateway writes by itself is far less than half of it. */
	if (!mount_is_point(state) || statvfs(state, &fs) ||
	    (fs.f_bfree > fs.f_blocks / 4 && fs.f_ffree > fs.f_files / 4))
		return 0;
	return mount_remove(state, e);
}

int gateway_runtime_remove(const char *root, const char *tenant, struct err *e)
{
	auto_free char *path = path_of(root, PATH_RUNTIME, tenant);
	auto_free char *state = path_of(root, PATH_GATEWAY_STATE, tenant);

	return mount_remove(state, e) || mount_remove(path, e) || fsio_remove_tree(path, e) ? -1
											    : 0;
}

bool gateway_runtime_exists(const char *root, const char *tenant)
{
	auto_free char *path = path_of(root, PATH_RUNTIME, tenant);
	struct stat st;

	return lstat(path, &st) == 0;
}

static bool sees(const struct proc_mounts *mounts, const char *target, dev_t dev)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (strcmp(mounts->items[i].target, target) == 0)
			return makedev(mounts->items[i].major, mounts->items[i].minor) == dev;
	return true;
}

bool gateway_runtime_is_seen(const char *root, const char *tenant, pid_t gateway_pid)
{
	auto_free char *files = path_of(root, PATH_GATEWAY_FILES, tenant);
	auto_free char *state = path_of(root, PATH_GATEWAY_STATE, tenant);
	struct proc_mounts mounts auto_mounts = { 0 };
	auto_fd int proc = -1, dir = -1;
	struct err ignored = ERR_INIT;
	struct stat of_files, of_state;

	if (lstat(files, &of_files) || lstat(state, &of_state) ||
	    of_files.st_dev == of_state.st_dev)
		return false;
	if (proc_open_root("/proc", &proc, &ignored) ||
	    proc_open_pid(proc, gateway_pid, &dir, &ignored) ||
	    proc_read_mounts(dir, &mounts, &ignored))
		return true;
	return sees(&mounts, FILES_SEEN_AT, of_files.st_dev) &&
	       sees(&mounts, STATE_SEEN_AT, of_state.st_dev);
}
