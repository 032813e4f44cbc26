/* One look at the host: the parts are read by the files beside this one. */
#include "probe/host_facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "host_read.h"

const char *const host_module_names[HOST_MODULES] = {
	[HOST_MODULE_ALG] = "algif_aead",
	[HOST_MODULE_ESP4] = "esp4",
	[HOST_MODULE_ESP6] = "esp6",
	[HOST_MODULE_RXRPC] = "rxrpc",
	[HOST_MODULE_OPENVSWITCH] = "openvswitch",
	[HOST_MODULE_BR_NETFILTER] = "br_netfilter",
};

char *host_read(int root, const char *path, size_t max, int *out_errno)
{
	auto_free char *buf = mem_alloc(max);
	struct err e = ERR_INIT;
	ssize_t n = fsio_read_at(root, path, buf, max, &e);

	if (out_errno)
		*out_errno = n < 0 ? e.sys_errno : 0;
	if (n < 0)
		return NULL;
	/* A NUL would end the text early, and what is behind it would never be judged. */
	if (memchr(buf, '\0', (size_t)n)) {
		if (out_errno)
			*out_errno = EILSEQ;
		return NULL;
	}
	while (n > 0 && buf[n - 1] == '\n')
		buf[--n] = '\0';
	return mem_strndup(buf, (size_t)n);
}

void host_lines(char *text, void (*fn)(char *line, void *arg), void *arg)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		fn(line, arg);
}

const char *host_relative(const char *path)
{
	path += strspn(path, "/");
	return *path ? path : ".";
}

char *host_sysctl_path(const char *name)
{
	char *path = mem_printf("proc/sys/%s", name);

	for (char *p = path; *p; p++)
		if (*p == '.')
			*p = '/';
	return path;
}

int host_socket_peer(const char *path, pid_t *out, struct err *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct ucred peer;
	socklen_t len = sizeof(peer);
	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(addr.sun_path))
		return err_set(e, ERR_USAGE, "%s: longer than a socket's path can be", path);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return err_sys(e, errno, "%s", path);
	*out = peer.pid;
	return 0;
}

static void read_clock(struct host_facts *out)
{
	struct timex t = { 0 };
	char byte;
	int state = adjtimex(&t);
	ssize_t n = getrandom(&byte, sizeof(byte), GRND_NONBLOCK);

	out->clock_synced = state < 0 ? -1 : state != TIME_ERROR && !(t.status & STA_UNSYNC);
	out->entropy_ready = n == (ssize_t)sizeof(byte) ? 1 : errno == EAGAIN ? 0 : -1;
}

void probe_host(const struct host_request *r, struct host_facts *out)
{
	*out = (struct host_facts){ .apparmor_profile = -1,
				    .selinux_enforcing = -1,
				    .memory_total = -1,
				    .memory_available = -1,
				    .firewalld = -1 };
	host_read_kernel(r, out);
	host_read_modules(r, out);
	host_read_places(r, out);
	host_read_engine(r, out);
	read_clock(out);
}

static void free_values(struct host_value *v, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(v[i].name);
		free(v[i].value);
	}
	free(v);
}

static void free_engine(struct host_engine *g)
{
	strlist_free(&g->args);
	strmap_free(&g->env);
	free(g->config_path);
	free(g->config);
}

void host_facts_free(struct host_facts *f)
{
	free(f->release);
	free(f->version);
	free(f->signature);
	free_values(f->sysctls, f->sysctl_count);
	strlist_free(&f->route_localnet);
	strlist_free(&f->controllers);
	free(f->lsm);
	free(f->ksm);
	strlist_free(&f->swaps);
	strlist_free(&f->clear_swaps);
	free_values(f->cpu.vulnerabilities, f->cpu.vulnerability_count);
	free(f->cpu.smt);
	free(f->cpu.nested[0]);
	free(f->cpu.nested[1]);
	free(f->socket.path);
	free(f->socket_group);
	strlist_free(&f->socket_members);
	for (size_t i = 0; i < f->folder_count; i++)
		free(f->folders[i].path);
	free(f->folders);
	for (size_t i = 0; i < f->disk_count; i++)
		free(f->disks[i].path);
	free(f->disks);
	free_engine(&f->engine);
	free(f->ports);
	free(f->routes);
	*f = (struct host_facts){ 0 };
}

const struct host_value *host_sysctl(const struct host_facts *f, const char *name)
{
	for (size_t i = 0; i < f->sysctl_count; i++)
		if (strcmp(f->sysctls[i].name, name) == 0)
			return &f->sysctls[i];
	return NULL;
}

const struct host_path *host_folder(const struct host_facts *f, const char *path)
{
	for (size_t i = 0; i < f->folder_count; i++)
		if (strcmp(f->folders[i].path, path) == 0)
			return &f->folders[i];
	return NULL;
}
