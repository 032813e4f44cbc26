/*
 * Files, folders, disks and networks of the host: who may open the engine's socket,
 * who may read tenants' state, how much room there is, what listens, which networks
 * are routed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "host_read.h"
#include "probe/probe.h"

enum { PORTS_MAX = 4096, ROUTES_MAX = 16384, MEMBERS_MAX = 256 };

static void read_path(int root, const char *path, struct host_path *out)
{
	struct stat st;

	out->path = mem_strdup(path);
	if (fstatat(root, host_relative(path), &st, AT_SYMLINK_NOFOLLOW) < 0) {
		out->sys_errno = errno == ENOENT ? 0 : errno;
		return;
	}
	out->exists = true;
	out->is_link = S_ISLNK(st.st_mode);
	/* what is behind a link is what the mode is about; that there is one is told apart */
	if (out->is_link && fstatat(root, host_relative(path), &st, 0) < 0)
		out->sys_errno = errno;
	out->is_socket = S_ISSOCK(st.st_mode);
	out->is_folder = S_ISDIR(st.st_mode);
	out->uid = st.st_uid;
	out->gid = st.st_gid;
	out->mode = st.st_mode & 07777;
}

struct group_search {
	gid_t gid;
	char *name;
	struct strlist *members;
};

static void add_member(struct strlist *members, const char *name)
{
	if (*name && members->count < MEMBERS_MAX && !strlist_has(members, name))
		strlist_add(members, name);
}

/* "docker:x:106:alice,bob" */
static void read_group_line(char *line, void *arg)
{
	struct group_search *s = arg;
	char *save = NULL, *name = line, *p = strchr(line, ':');
	unsigned gid;

	if (!p || sscanf(p, ":%*[^:]:%u:", &gid) != 1 || gid != s->gid)
		return;
	*p = '\0';
	mem_replace(&s->name, name);
	p = strrchr(p + 1, ':');
	for (char *m = p ? strtok_r(p + 1, ",", &save) : NULL; m; m = strtok_r(NULL, ",", &save))
		add_member(s->members, m);
}

/* "alice:x:1000:106:..." is a member, too: it is her own group. */
static void read_user_line(char *line, void *arg)
{
	struct group_search *s = arg;
	char *p = strchr(line, ':');
	unsigned uid, gid;

	if (!p || sscanf(p, ":%*[^:]:%u:%u:", &uid, &gid) != 2 || gid != s->gid || uid == 0)
		return;
	*p = '\0';
	add_member(s->members, line);
}

static void read_socket(const struct host_request *r, struct host_facts *out)
{
	auto_free char *groups = host_read(r->root, "etc/group", HOST_FILE_MAX, NULL);
	auto_free char *users = host_read(r->root, "etc/passwd", HOST_FILE_MAX, NULL);
	struct group_search s = { .members = &out->socket_members };

	if (!r->socket_path)
		return;
	read_path(r->root, r->socket_path, &out->socket);
	if (!out->socket.exists || !groups || !users)
		return;
	s.gid = out->socket.gid;
	host_lines(groups, read_group_line, &s);
	/* everybody's group of root is root itself */
	if (s.gid != 0)
		host_lines(users, read_user_line, &s);
	out->socket_group = s.name;
	out->members_known = true;
}

static void parent_of(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash && slash != path)
		*slash = '\0';
	else
		memcpy(path, ".", sizeof("."));
}

/* The mount that holds `path`: the longest target that it lies below, the last one mounted. */
static const struct proc_mount *mount_of(const struct proc_mounts *m, const char *path)
{
	const struct proc_mount *best = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < m->count; i++) {
		const char *target = m->items[i].target;
		size_t len = strlen(target);

		if (strncmp(path, target, len) != 0 || len < longest)
			continue;
		if (path[len] != '\0' && path[len] != '/' && strcmp(target, "/") != 0)
			continue;
		best = &m->items[i];
		longest = len;
	}
	return best;
}

static void read_disk(int root, const struct proc_mounts *mounts, const char *path,
		      struct host_disk *out)
{
	auto_free char *place = mem_strdup(host_relative(path));
	const struct proc_mount *m = mount_of(mounts, path);
	struct stat st, top;
	struct statvfs vfs;
	auto_fd int fd = -1;

	out->path = mem_strdup(path);
	while ((fd = openat(root, place, O_PATH | O_CLOEXEC)) < 0 && errno == ENOENT &&
	       strcmp(place, ".") != 0)
		parent_of(place);
	if (fd < 0 || fstat(fd, &st) < 0 || fstat(root, &top) < 0 || fstatvfs(fd, &vfs) < 0)
		return;
	out->known = true;
	out->is_root = st.st_dev == top.st_dev;
	out->size = (uint64_t)vfs.f_blocks * vfs.f_frsize;
	out->free = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	out->inodes = vfs.f_files;
	out->inodes_free = vfs.f_favail;
	if (!m)
		return;
	snprintf(out->fstype, sizeof(out->fstype), "%s", m->fstype);
	out->project_quota = strstr(m->super_options, "prjquota") != NULL ||
			     strstr(m->super_options, "pquota") != NULL;
}

static void read_disks(const struct host_request *r, struct host_facts *out)
{
	struct proc_mounts mounts auto_mounts = { 0 };
	struct err ignored = ERR_INIT;
	auto_fd int self = openat(r->root, "proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (self >= 0 && proc_read_mounts(self, &mounts, &ignored))
		mounts = (struct proc_mounts){ 0 };
	out->disks = mem_array(r->disk_count + 1, sizeof(*out->disks));
	for (size_t i = 0; i < r->disk_count; i++)
		read_disk(r->root, &mounts, r->disks[i], &out->disks[out->disk_count++]);
}

static void read_route_line(char *line, void *arg)
{
	struct host_facts *out = arg;
	struct host_route route = { 0 };
	unsigned base, mask;

	if (out->route_count >= ROUTES_MAX ||
	    sscanf(line, "%15s %8x %*8x %*x %*d %*d %*d %8x", route.interface, &base, &mask) != 3)
		return;
	route.base = ntohl(base);
	route.mask = ntohl(mask);
	out->routes = mem_grow(out->routes, out->route_count + 1, sizeof(*out->routes));
	out->routes[out->route_count++] = route;
}

static void read_network(int root, struct host_facts *out)
{
	auto_free char *routes = host_read(root, "proc/net/route", HOST_FILE_MAX, NULL);
	auto_fd int proc = openat(root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err ignored = ERR_INIT;

	out->routes_known = routes != NULL;
	if (routes)
		host_lines(routes, read_route_line, out);
	out->ports = mem_array(PORTS_MAX, sizeof(*out->ports));
	out->ports_known =
		proc >= 0 &&
		host_ports_of(proc, out->ports, PORTS_MAX, &out->port_count, &ignored) == 0 &&
		out->port_count < PORTS_MAX; /* what did not fit was not seen */
}

void host_read_places(const struct host_request *r, struct host_facts *out)
{
	read_socket(r, out);
	out->folders = mem_array(r->folder_count + 1, sizeof(*out->folders));
	for (size_t i = 0; i < r->folder_count; i++)
		read_path(r->root, r->folders[i], &out->folders[out->folder_count++]);
	read_disks(r, out);
	read_network(r->root, out);
}
