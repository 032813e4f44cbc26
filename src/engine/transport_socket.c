/*
 * The unix socket itself. The engine's socket is root on the host, so tenantctl
 * talks to it only when the listener runs as root: SO_PEERCRED (unix(7)) tells
 * the credentials of the process that called listen(2). It is asked on every new
 * connection, because the path can be replaced between two of them.
 */
#include "transport_socket.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/transport.h"

#define DEFAULT_SOCKET "/var/run/docker.sock"

static const char *file_kind(mode_t mode)
{
	if (S_ISREG(mode))
		return "a regular file";
	if (S_ISDIR(mode))
		return "a directory";
	if (S_ISFIFO(mode))
		return "a named pipe";
	return "a device";
}

/* EACCES on connect(2) is nearly always "not in the socket's group": say which one. */
static int denied(const char *path, struct err *e)
{
	struct stat st;
	char owner[64] = "?", group[64] = "?", buf[4096];
	struct passwd pw, *found_pw = NULL;
	struct group gr, *found_gr = NULL;

	(void)err_set(e, ERR_UNREACHABLE, "permission denied on the engine's socket %s", path);
	e->sys_errno = EACCES;
	if (stat(path, &st) < 0)
		return err_hint(e, "a folder on the way to it may not be searched; run as root");
	(void)snprintf(owner, sizeof(owner), "uid %u", (unsigned)st.st_uid);
	(void)snprintf(group, sizeof(group), "gid %u", (unsigned)st.st_gid);
	if (getpwuid_r(st.st_uid, &pw, buf, sizeof(buf), &found_pw) == 0 && found_pw)
		(void)snprintf(owner, sizeof(owner), "%s", pw.pw_name);
	if (getgrgid_r(st.st_gid, &gr, buf, sizeof(buf), &found_gr) == 0 && found_gr)
		(void)snprintf(group, sizeof(group), "%s", gr.gr_name);
	return err_hint(e, "it belongs to %s, group %s, mode %04o; run as root", owner, group,
			(unsigned)(st.st_mode & 07777));
}

static int unreachable(const char *path, int error, struct err *e)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return denied(path, e);
	case ENOENT:
	case ENOTDIR:
		(void)err_set(e, ERR_UNREACHABLE, "no engine: there is no socket %s", path);
		e->sys_errno = error;
		return err_hint(e, "start the engine (systemctl start docker), or name its socket "
				   "with --socket or DOCKER_HOST");
	case ECONNREFUSED:
		(void)err_set(e, ERR_UNREACHABLE, "no engine: nothing listens on %s", path);
		e->sys_errno = error;
		return err_hint(e, "the socket is left over from an engine that ended; start it "
				   "(systemctl start docker)");
	case EAGAIN:
		(void)err_set(e, ERR_UNREACHABLE, "the engine on %s accepts no connection", path);
		e->sys_errno = error;
		return err_hint(e, "it is overloaded or hangs: systemctl status docker");
	default:
		(void)err_sys(e, error, "connect to %s", path);
		e->code = ERR_UNREACHABLE;
		return -1;
	}
}

int socket_check_path(const char *path, struct err *e)
{
	struct sockaddr_un sa;
	struct stat st;

	if (path[0] != '/')
		return err_set(e, ERR_USAGE, "the socket path must be absolute: '%s'", path);
	/* A path that fills sun_path without a NUL would be legal for the kernel, but not for
	 * everybody who prints it back. */
	if (strlen(path) >= sizeof(sa.sun_path))
		return err_set(e, ERR_USAGE,
			       "the socket path has %zu bytes; unix sockets allow %zu: %s",
			       strlen(path), sizeof(sa.sun_path) - 1, path);
	if (stat(path, &st) < 0)
		return unreachable(path, errno, e);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_UNREACHABLE, "%s is %s, not the engine's socket", path,
			       file_kind(st.st_mode));
	return 0;
}

int socket_unreachable(const char *path, int error, struct err *e)
{
	/* What the path is now says more than ECONNREFUSED, the answer of any file. */
	if (socket_check_path(path, e) < 0)
		return -1;
	return unreachable(path, error, e);
}

int socket_check_peer(int fd, const char *path, struct err *e)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return err_sys(e, errno, "ask who listens on %s", path);
	if (cred.uid == 0)
		return 0;
	/* A full backlog answers a non-blocking connect(2) with EAGAIN, which leaves the
	 * socket without a peer. */
	if (cred.pid == 0 && cred.uid == (uid_t)-1)
		return unreachable(path, EAGAIN, e);
	(void)err_set(e, ERR_UNREACHABLE, "the listener on %s runs as uid %u, not as root", path,
		      (unsigned)cred.uid);
	return err_hint(e, "an engine of another user (or something that poses as one) cannot be "
			   "trusted with tenants");
}

bool socket_is_stale(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	/* Between two requests the engine has nothing to say: bytes are a second reply to the
	 * first request, end of file is an engine that restarted. */
	return poll(&p, 1, 0) != 0;
}

int transport_socket_path(const char *option, const char *docker_host, char **out, struct err *e)
{
	static const char prefix[] = "unix://";
	const char *from = option ? "--socket" : "DOCKER_HOST";
	const char *text = option ? option : docker_host;

	if (!text || text[0] == '\0') {
		*out = mem_strdup(DEFAULT_SOCKET);
		return 0;
	}
	if (strncmp(text, prefix, strlen(prefix)) == 0)
		text += strlen(prefix);
	if (strstr(text, "://")) {
		(void)err_set(e, ERR_USAGE, "%s: only unix sockets are accepted, not '%s'", from,
			      text);
		return err_hint(e, "an engine that answers over the network is root for everybody "
				   "who reaches it; run tenantctl on the engine's host");
	}
	if (text[0] != '/')
		return err_set(e, ERR_USAGE, "%s: the socket path must be absolute: '%s'", from,
			       text);
	*out = mem_strdup(text);
	return 0;
}
