/*
 * What tenantctl does to itself before it looks at anything: it runs as root, reads
 * text that others wrote, and must be worth as little as possible to whoever finds
 * a hole in it.
 */
#include "confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static int refuse_setuid(struct err *e)
{
	if (getuid() == geteuid() && getgid() == getegid())
		return 0;
	return err_set(e, ERR_REFUSED, "tenantctl must not be installed setuid or setgid");
}

/* A descriptor that is closed would be given to the next file opened, and results would be written
 * into it. Opened the wrong way round, so that using it is still an error. */
static void open_standard_descriptors(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", modes[fd]) != fd)
			abort(); /* no /dev/null: there is no way to say anything */
}

/* The rest (proxies, loader and locale variables) is for other programs. SUDO_UID is a name in the
 * audit log and decides nothing. */
static void clean_environment(void)
{
	static const char *const kept[] = { "TERM", "NO_COLOR", "DOCKER_HOST", "SUDO_UID" };
	char *values[ARRAY_SIZE(kept)];

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		const char *value = getenv(kept[i]);

		values[i] = value ? mem_strdup(value) : NULL;
	}
	clearenv();
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		if (values[i])
			setenv(kept[i], values[i], 1);
		free(values[i]);
	}
}

/* Of what root has, only this: mounts, namespaces and filters of workers (SYS_ADMIN, SYS_PTRACE),
 * files and folders of tenants (CHOWN, DAC_*, FOWNER, FSETID), children that measure as nobody
 * (SETUID, SETGID, SETPCAP, KILL) and their many sockets (SYS_RESOURCE). NET_ADMIN until the
 * command is known: the kernel shows its packet filter to nobody without it. */
static bool is_needed(int cap)
{
	static const int needed[] = { CAP_CHOWN,      CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
				      CAP_FOWNER,     CAP_FSETID,	CAP_KILL,
				      CAP_SETGID,     CAP_SETUID,	CAP_SETPCAP,
				      CAP_SYS_PTRACE, CAP_SYS_ADMIN,	CAP_SYS_RESOURCE,
				      CAP_NET_ADMIN };

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (needed[i] == cap)
			return true;
	return false;
}

static int drop_but(bool (*keeps)(int cap), struct err *e)
{
	if (capng_get_caps_process())
		return err_set(e, ERR_SYSTEM, "read the capabilities of this process");
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (!keeps(cap))
			capng_update(CAPNG_DROP,
				     CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE |
					     CAPNG_BOUNDING_SET,
				     (unsigned)cap);
	if (capng_apply(CAPNG_SELECT_BOTH))
		return err_set(e, ERR_SYSTEM, "give up capabilities");
	return 0;
}

static int drop_capabilities(struct err *e)
{
	if (geteuid() != 0)
		return 0;
	if (drop_but(is_needed, e))
		return -1;
	/* For what is executed, too (mkfs.ext4, systemd-creds, what a manifest names to print a
	 * secret): no setuid file gives anything back. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return err_sys(e, errno, "set no_new_privs");
	return 0;
}

/* RLIMIT_CORE does not stop a core_pattern that is a program; no memory that holds keys may get
 * there. What is executed inherits it (core(5)). A kernel that writes no cores lacks the file. */
static int keep_memory_private(struct err *e)
{
	auto_fd int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
	bool done = fd < 0 ? errno == ENOENT : write(fd, "0", 1) == 1;

	/* who is not root reads no key */
	if (done || geteuid() != 0)
		return 0;
	return err_sys(e, errno, "keep memory out of core dumps");
}

int confine_self(struct err *e)
{
	static const struct rlimit none = { 0, 0 };

	if (refuse_setuid(e))
		return -1;
	open_standard_descriptors();
	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	clean_environment();
	/* a reader that went away is a failed write, reported like a full disk */
	signal(SIGPIPE, SIG_IGN);
	return keep_memory_private(e) || drop_capabilities(e) ? -1 : 0;
}

static bool is_not_of_the_network(int cap)
{
	return cap != CAP_NET_ADMIN;
}

int confine_network(struct err *e)
{
	return geteuid() == 0 ? drop_but(is_not_of_the_network, e) : 0;
}
