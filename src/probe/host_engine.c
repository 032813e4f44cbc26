/*
 * The engine's own process: arguments, the few variables that weaken it, and where its
 * configuration is. Read from /proc, as the engine does not tell.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "host_read.h"

#define ENGINE_NAME "dockerd"
#define FIREWALL_NAME "firewalld"
#define CONFIG_DEFAULT "/etc/docker/daemon.json"
#define CONFIG_OPTION "--config-file"

enum { CONFIG_MAX = 256 * 1024, PROCESSES_MAX = 1 << 20 };

/* Anybody may call a process what he likes: only root's count. */
static bool is_roots(int proc, pid_t pid, const char *name)
{
	struct proc_status status;
	struct err ignored = ERR_INIT;
	auto_fd int dir = -1;

	return !proc_open_pid(proc, pid, &dir, &ignored) &&
	       !proc_read_status(dir, &status, &ignored) && strcmp(status.name, name) == 0 &&
	       status.uid[1] == 0;
}

static bool has_comm(int proc, const char *pid, const char *name)
{
	auto_free char *path = mem_printf("%s/comm", pid);
	auto_free char *comm = host_read(proc, path, 256, NULL);

	return comm && strcmp(comm, name) == 0;
}

struct process_search {
	pid_t engine;	/* the only one, or 0 */
	size_t engines; /* how many there are */
	bool firewalld;
};

static int search(int proc, struct process_search *out)
{
	int fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!d) {
		mem_close_slot(&fd);
		return -1;
	}
	for (int n = 0; n < PROCESSES_MAX && (entry = readdir(d)) != NULL; n++) {
		const char *name = entry->d_name;
		pid_t pid;

		if (strspn(name, "0123456789") != strlen(name))
			continue;
		pid = (pid_t)strtol(name, NULL, 10);
		if (has_comm(proc, name, ENGINE_NAME) && is_roots(proc, pid, ENGINE_NAME)) {
			out->engine = pid;
			out->engines++;
		} else if (has_comm(proc, name, FIREWALL_NAME)) {
			out->firewalld = true;
		}
	}
	closedir(d);
	return 0;
}

static const char *config_option(const struct strlist *args)
{
	size_t len = strlen(CONFIG_OPTION);

	for (size_t i = 1; i < args->count; i++) {
		const char *a = args->items[i];

		if (strcmp(a, CONFIG_OPTION) == 0 && i + 1 < args->count)
			return args->items[i + 1];
		if (strncmp(a, CONFIG_OPTION "=", len + 1) == 0)
			return a + len + 1;
	}
	return CONFIG_DEFAULT;
}

/* Other variables may hold keys, of a proxy for one, and are none of ours. */
static void keep_variables(const struct strlist *all, struct strmap *out)
{
	for (size_t i = 0; i < all->count; i++) {
		const char *equals = strchr(all->items[i], '=');

		if (!equals || strncmp(all->items[i], "DOCKER_", 7) != 0)
			continue;
		auto_free char *name = mem_strndup(all->items[i], (size_t)(equals - all->items[i]));
		strmap_set(out, name, equals + 1);
	}
}

static void read_process(int root, int proc, struct host_engine *out)
{
	struct strlist variables auto_strlist = { 0 };
	struct err ignored = ERR_INIT;
	auto_fd int dir = -1;

	if (proc_open_pid(proc, out->pid, &dir, &ignored) ||
	    proc_read_strings(dir, "cmdline", &out->args, &ignored) || out->args.count == 0 ||
	    proc_read_strings(dir, "environ", &variables, &ignored))
		return;
	keep_variables(&variables, &out->env);
	for (size_t i = 0; i < variables.count; i++)
		mem_wipe(variables.items[i], strlen(variables.items[i]));
	out->config_path = mem_strdup(config_option(&out->args));
	out->config =
		host_read(root, host_relative(out->config_path), CONFIG_MAX, &out->config_errno);
	if (out->config_errno == ENOENT)
		out->config_errno = 0;
	out->known = true;
}

void host_read_engine(const struct host_request *r, struct host_facts *out)
{
	auto_fd int proc = openat(r->root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct process_search found = { 0 };

	if (proc < 0 || search(proc, &found))
		return;
	out->firewalld = found.firewalld;
	if (r->engine_pid > 0 && is_roots(proc, r->engine_pid, ENGINE_NAME))
		out->engine.pid = r->engine_pid;
	else if (found.engines == 1)
		out->engine.pid = found.engine;
	if (out->engine.pid)
		read_process(r->root, proc, &out->engine);
}
