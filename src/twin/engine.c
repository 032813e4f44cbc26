/* Ways to an engine: its sockets, wherever they are mounted, and its ports. */
#include "attack.h"
#include "wire.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { DEPTH_MAX = 5, ENTRIES_MAX = 4000 };

struct walk {
	struct attempt *a;
	size_t entries, sockets;
};

/* Whoever listens counts, whatever it speaks: nothing of the twin's own does. A refusal for want of
 * permission says that somebody is there. */
static void try_socket(struct walk *w, const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_usec = 200000 };
	char reply[64] = "";
	int fd;

	w->sockets++;
	if (strlen(path) >= sizeof(to.sun_path))
		return;
	strncpy(to.sun_path, path, sizeof(to.sun_path) - 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		w->a->error = errno;
		if (errno == EACCES || errno == EPERM || errno == EPROTOTYPE || errno == EAGAIN) {
			w->a->outcome = OUTCOME_OPEN;
			say(w->a, "%s: %s ", path, strerror(errno));
		}
		close(fd);
		return;
	}
	w->a->outcome = OUTCOME_OPEN;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (send(fd, "GET /_ping HTTP/1.0\r\n\r\n", 23, MSG_NOSIGNAL) > 0 &&
	    recv(fd, reply, sizeof(reply) - 1, 0) > 0)
		reply[strcspn(reply, "\r\n")] = '\0';
	say(w->a, "%s: connected %s ", path, reply);
	close(fd);
}

static void walk_folder(struct walk *w, const char *path, int depth)
{
	DIR *d = depth < DEPTH_MAX ? opendir(path) : NULL;
	struct dirent *e;

	while (d && w->entries < ENTRIES_MAX && (e = readdir(d))) {
		char name[512];
		int len = snprintf(name, sizeof(name), "%s/%s", depth ? path : "", e->d_name);

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || len < 0 ||
		    (size_t)len >= sizeof(name) || strcmp(name, "/proc") == 0 ||
		    strcmp(name, "/sys") == 0)
			continue;
		w->entries++;
		if (e->d_type == DT_SOCK)
			try_socket(w, name);
		else if (e->d_type == DT_DIR)
			walk_folder(w, name, depth + 1);
	}
	if (d)
		closedir(d);
}

/* Mounts are listed, however deep or hidden they are. */
static void walk_mounts(struct walk *w)
{
	char text[32768], *line, *rest = text;

	if (!read_text("/proc/self/mountinfo", text, sizeof(text)))
		return;
	while ((line = strsep(&rest, "\n")) && *line) {
		char *target = NULL;
		struct stat st;

		for (int field = 0; field < 5; field++)
			target = strsep(&line, " ");
		if (target && stat(target, &st) == 0 && S_ISSOCK(st.st_mode))
			try_socket(w, target);
	}
}

void attack_engine_sockets(struct attempt *a)
{
	struct walk w = { .a = a };

	a->outcome = OUTCOME_BLOCKED;
	walk_folder(&w, "/", 0);
	walk_mounts(&w);
	say(a, "%zu sockets, %zu entries", w.sockets, w.entries);
}

void attack_engine_ports(struct attempt *a)
{
	static const uint16_t ports[] = { 2375, 2376, 2377, 4243, 10250 };
	struct target targets[TARGETS_MAX];
	size_t count = 0;

	for (size_t p = 0; p < ARRAY_SIZE(ports); p++) {
		if (a->given->gateway)
			targets[count++] =
				(struct target){ .address = a->given->gateway, .port = ports[p] };
		for (size_t h = 0; h < a->given->host_count && count < TARGETS_MAX; h++)
			targets[count++] =
				(struct target){ .address = a->given->hosts[h], .port = ports[p] };
	}
	a->outcome = count ? OUTCOME_BLOCKED : OUTCOME_NONE;
	connect_all(targets, count, NULL);
	for (size_t i = 0; i < count; i++) {
		a->error = targets[i].error;
		if (!targets[i].connected)
			continue;
		a->outcome = OUTCOME_OPEN;
		say(a, "%s:%u ", targets[i].address, targets[i].port);
	}
}
