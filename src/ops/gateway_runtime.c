/*
 * The tmpfs of one tenant. Nothing on it is swapped out where the kernel can be told
 * so; where it cannot, swap is as far from a file as one gets. After a reboot it is gone,
 * and the engine cannot start the gateway before it was made again: that is wanted.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
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
#define OPTIONS "size=8m,nr_inodes=512,mode=0711"
#define SEEN_AT "/etc/gateway" /* in the gateway */

static int mount_tmpfs(const char *path, struct err *e)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	/* noswap came with Linux 6.4 */
	if (mount("tenantctl", path, "tmpfs", flags, OPTIONS ",noswap") == 0)
		return 0;
	if (errno == EINVAL && mount("tenantctl", path, "tmpfs", flags, OPTIONS) == 0)
		return 0;
	return err_sys(e, errno, "mount a tmpfs on %s", path);
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
	auto_fd int top = -1;

	if (fsio_mkdirs(path, MODE_TOP, e))
		return -1;
	if (!mount_is_point(path) && mount_tmpfs(path, e))
		return -1;
	top = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (top < 0)
		return err_sys(e, errno, "open %s", path);
	if (make_folder(top, "files", 0, gateway_uid, MODE_FILES, e) ||
	    make_folder(top, "state", gateway_uid, gateway_uid, MODE_STATE, e))
		return err_wrap(e, "%s", path);
	return 0;
}

int gateway_runtime_remove(const char *root, const char *tenant, struct err *e)
{
	auto_free char *path = path_of(root, PATH_RUNTIME, tenant);

	return mount_remove(path, e) || fsio_remove_tree(path, e) ? -1 : 0;
}

bool gateway_runtime_exists(const char *root, const char *tenant)
{
	auto_free char *path = path_of(root, PATH_RUNTIME, tenant);
	struct stat st;

	return lstat(path, &st) == 0;
}

bool gateway_runtime_is_seen(const char *root, const char *tenant, pid_t gateway_pid)
{
	auto_free char *files = path_of(root, PATH_GATEWAY_FILES, tenant);
	struct proc_mounts mounts auto_mounts = { 0 };
	auto_fd int proc = -1, dir = -1;
	struct err ignored = ERR_INIT;
	struct stat st;

	if (lstat(files, &st))
		return false;
	if (proc_open_root("/proc", &proc, &ignored) ||
	    proc_open_pid(proc, gateway_pid, &dir, &ignored) ||
	    proc_read_mounts(dir, &mounts, &ignored))
		return true;
	for (size_t i = 0; i < mounts.count; i++)
		if (strcmp(mounts.items[i].target, SEEN_AT) == 0)
			return makedev(mounts.items[i].major, mounts.items[i].minor) == st.st_dev;
	return true;
}
