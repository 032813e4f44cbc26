/* The input as every file that is read of a host. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsio.h"
#include "probe/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const folders[] = { "proc",	     "proc/net",	   "proc/7",
				       "etc",	     "etc/modprobe.d",	   "sys",
				       "sys/kernel", "sys/kernel/security" };
static const char *const files[] = {
	"proc/swaps",	  "proc/meminfo",  "proc/cgroups",	    "proc/modules",
	"proc/net/route", "proc/net/tcp",  "proc/net/udp",	    "proc/net/protocols",
	"proc/7/comm",	  "proc/7/status", "proc/7/cmdline",	    "proc/7/environ",
	"etc/group",	  "etc/passwd",	   "etc/modprobe.d/x.conf", "sys/kernel/security/lsm",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[] = "/tmp/fuzz-host-XXXXXX";
	struct host_request r = { .socket_path = "/proc/swaps" };
	struct host_facts facts;
	struct err e = ERR_INIT;

	if (!mkdtemp(path))
		abort();
	r.root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (mkdirat(r.root, folders[i], 0700))
			abort();
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int fd = openat(r.root, files[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		if (fd < 0 || write(fd, data, size) != (ssize_t)size)
			abort();
		close(fd);
	}
	probe_host(&r, &facts);
	host_facts_free(&facts);
	close(r.root);
	if (fsio_remove_tree(path, &e))
		abort();
	return 0;
}
