/* Asked of the file system itself, so that no table of mounts has to be read and trusted. */
#include "mounts.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include "base/mem.h"

#define UNMOUNT_TRIES 40
#define UNMOUNT_PAUSE_NS 50000000

bool mount_is_point(const char *path)
{
	auto_free char *above = mem_printf("%s/..", path);
	struct stat inner, outer;

	return lstat(path, &inner) == 0 && S_ISDIR(inner.st_mode) && lstat(above, &outer) == 0 &&
	       inner.st_dev != outer.st_dev;
}

int mount_tmpfs(const char *path, unsigned long flags, const char *options, struct err *e)
{
	auto_free char *unswapped = mem_printf("%s,noswap", options);

	/* older kernels do not know noswap */
	if (mount("tenantctl", path, "tmpfs", flags, unswapped) == 0)
		return 0;
	if (errno == EINVAL && mount("tenantctl", path, "tmpfs", flags, options) == 0)
		return 0;
	return err_sys(e, errno, "mount a tmpfs on %s", path);
}

int mount_remove(const char *path, struct err *e)
{
	const struct timespec pause = { .tv_nsec = UNMOUNT_PAUSE_NS };

	/* The engine answers before the last mount namespace of a removed container is gone. */
	for (int i = 0; mount_is_point(path); i++) {
		if (umount2(path, UMOUNT_NOFOLLOW) == 0)
			continue;
		if (errno != EBUSY || i >= UNMOUNT_TRIES)
			return err_sys(e, errno, "unmount %s", path);
		nanosleep(&pause, NULL);
	}
	return 0;
}
