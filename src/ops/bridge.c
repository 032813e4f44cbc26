/* Settings below /proc/sys/net are those of the network namespace of whoever opens them. */
#include "bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/fsio.h"
#include "base/mem.h"

int bridge_refuse_strangers(const char *bridge, struct err *e)
{
	auto_free char *path = mem_printf("/proc/sys/net/ipv4/conf/%s/rp_filter", bridge);
	auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || write(fd, "1", 1) != 1)
		return err_sys(e, errno, "set %s", path);
	return 0;
}
