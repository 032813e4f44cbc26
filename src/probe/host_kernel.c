/*
 * What the kernel says of itself: versions, sysctls, cgroups, security modules, CPU
 * flaws, memory. Modules are looked up, never asked for: asking would load them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "host_read.h"

enum { NAMES_MAX = 4096 };

/* Names in a folder below root, without dots, sorted; false when it can't be read. */
static bool list_folder(int root, const char *path, struct strlist *out)
{
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!d) {
		mem_close_slot(&fd);
		return false;
	}
	while ((entry = readdir(d)) != NULL && out->count < NAMES_MAX)
		if (entry->d_name[0] != '.')
			strlist_add(out, entry->d_name);
	closedir(d);
	strlist_sort(out);
	return true;
}

static void read_value(int root, const char *path, const char *name, struct host_value *out)
{
	out->name = mem_strdup(name);
	out->value = host_read(root, path, HOST_SMALL_MAX, &out->sys_errno);
}

static void read_sysctls(const struct host_request *r, struct host_facts *out)
{
	out->sysctls = mem_array(r->sysctl_count + 1, sizeof(*out->sysctls));
	for (size_t i = 0; i < r->sysctl_count; i++) {
		auto_free char *path = host_sysctl_path(r->sysctls[i]);

		read_value(r->root, path, r->sysctls[i], &out->sysctls[out->sysctl_count++]);
	}
}

static void read_route_localnet(int root, struct host_facts *out)
{
	auto_strlist struct strlist names = { 0 };

	out->route_localnet_known = list_folder(root, "proc/sys/net/ipv4/conf", &names);
	for (size_t i = 0; i < names.count; i++) {
		auto_free char *path =
			mem_printf("proc/sys/net/ipv4/conf/%s/route_localnet", names.items[i]);
		auto_free char *value = host_read(root, path, HOST_SMALL_MAX, NULL);

		/* an interface may go away meanwhile, and then lets nothing in */
		if (value && strcmp(value, "0") != 0)
			strlist_add(&out->route_localnet, names.items[i]);
	}
}

static void add_words(const char *text, const char *separators, struct strlist *out)
{
	auto_free char *copy = mem_strdup(text);
	char *save = NULL;

	for (char *w = strtok_r(copy, separators, &save); w; w = strtok_r(NULL, separators, &save))
		if (!strlist_has(out, w))
			strlist_add(out, w);
}

/* "memory\t5\t80\t1": name, hierarchy, groups, enabled. */
static void add_v1_controller(char *line, void *arg)
{
	struct strlist *out = arg;
	char name[64];
	int enabled;

	if (line[0] != '#' && sscanf(line, "%63s %*d %*d %d", name, &enabled) == 2 && enabled)
		strlist_add(out, name);
}

static void read_cgroups(int root, struct host_facts *out)
{
	auto_free char *unified =
		host_read(root, "sys/fs/cgroup/cgroup.controllers", HOST_SMALL_MAX, NULL);
	auto_free char *listed = NULL;

	if (unified) {
		out->cgroup_version = 2;
		add_words(unified, " ", &out->controllers);
		return;
	}
	listed = host_read(root, "proc/cgroups", HOST_SMALL_MAX, NULL);
	if (!listed)
		return;
	host_lines(listed, add_v1_controller, &out->controllers);
	if (faccessat(root, "sys/fs/cgroup/memory", F_OK, 0) == 0 ||
	    faccessat(root, "sys/fs/cgroup/pids", F_OK, 0) == 0)
		out->cgroup_version = 1;
}

static int flag_of(const char *text)
{
	if (!text)
		return -1;
	return text[0] == '1' || text[0] == 'Y';
}

static void read_lsm(int root, struct host_facts *out)
{
	auto_free char *apparmor =
		host_read(root, "sys/module/apparmor/parameters/enabled", HOST_SMALL_MAX, NULL);
	auto_free char *profiles =
		host_read(root, "sys/kernel/security/apparmor/profiles", HOST_FILE_MAX, NULL);
	auto_free char *selinux = host_read(root, "sys/fs/selinux/enforce", HOST_SMALL_MAX, NULL);

	out->lsm = host_read(root, "sys/kernel/security/lsm", HOST_SMALL_MAX, NULL);
	/* securityfs need not be mounted: both modules show elsewhere, too */
	out->lsm_known =
		out->lsm || apparmor || selinux || faccessat(root, "sys/kernel", F_OK, 0) == 0;
	if (!out->lsm && flag_of(apparmor) == 1)
		out->lsm = mem_strdup("apparmor");
	if (!out->lsm && selinux)
		out->lsm = mem_strdup("selinux");
	if (!out->lsm && out->lsm_known)
		out->lsm = mem_strdup("");
	out->selinux_enforcing = flag_of(selinux);
	out->apparmor_profile = !profiles ? -1
					  : strncmp(profiles, "docker-default ", 15) == 0 ||
						    strstr(profiles, "\ndocker-default ") != NULL;
}

static void read_cpu(int root, struct host_cpu *out)
{
	static const char folder[] = "sys/devices/system/cpu/vulnerabilities";
	auto_strlist struct strlist names = { 0 };

	(void)list_folder(root, folder, &names);
	out->vulnerabilities = mem_array(names.count + 1, sizeof(*out->vulnerabilities));
	for (size_t i = 0; i < names.count; i++) {
		auto_free char *path = mem_printf("%s/%s", folder, names.items[i]);

		read_value(root, path, names.items[i],
			   &out->vulnerabilities[out->vulnerability_count++]);
	}
	out->smt = host_read(root, "sys/devices/system/cpu/smt/control", HOST_SMALL_MAX, NULL);
	out->nested[0] =
		host_read(root, "sys/module/kvm_intel/parameters/nested", HOST_SMALL_MAX, NULL);
	out->nested[1] =
		host_read(root, "sys/module/kvm_amd/parameters/nested", HOST_SMALL_MAX, NULL);
}

static void add_swap(char *line, void *arg)
{
	struct strlist *out = arg;

	if (strncmp(line, "Filename", 8) != 0)
		strlist_addf(out, "%.*s", (int)strcspn(line, " \t"), line);
}

/* The device mapper serves plain volumes, too: dm-crypt(5) is known by its uuid. */
static bool is_clear(int root, const char *device)
{
	static const char dev[] = "/dev/";
	const char *name = device + strlen(dev);

	if (strncmp(device, dev, strlen(dev)) != 0 || strchr(name, '/'))
		return true;
	if (strncmp(name, "zram", 4) == 0)
		return false;
	auto_free char *path = mem_printf("sys/block/%s/dm/uuid", name);
	auto_free char *uuid = host_read(root, path, HOST_SMALL_MAX, NULL);
	return !uuid || strncmp(uuid, "CRYPT-", 6) != 0;
}

static void read_memory_line(char *line, void *arg)
{
	struct host_facts *out = arg;
	long long kib;

	if (sscanf(line, "MemTotal: %lld kB", &kib) == 1 && kib >= 0 && kib < INT64_MAX / 1024)
		out->memory_total = kib * 1024;
	else if (sscanf(line, "MemAvailable: %lld kB", &kib) == 1 && kib >= 0 &&
		 kib < INT64_MAX / 1024)
		out->memory_available = kib * 1024;
}

static void read_memory(int root, struct host_facts *out)
{
	auto_free char *swaps = host_read(root, "proc/swaps", HOST_SMALL_MAX, NULL);
	auto_free char *memory = host_read(root, "proc/meminfo", HOST_SMALL_MAX, NULL);

	out->swaps_known = swaps != NULL;
	if (swaps)
		host_lines(swaps, add_swap, &out->swaps);
	for (size_t i = 0; i < out->swaps.count; i++)
		if (is_clear(root, out->swaps.items[i]))
			strlist_add(&out->clear_swaps, out->swaps.items[i]);
	if (memory)
		host_lines(memory, read_memory_line, out);
	out->ksm = host_read(root, "sys/kernel/mm/ksm/run", HOST_SMALL_MAX, NULL);
	out->ksm_known = out->ksm || (faccessat(root, "sys/kernel/mm", F_OK, 0) == 0 &&
				      faccessat(root, "sys/kernel/mm/ksm", F_OK, 0) != 0);
}

void host_read_kernel(const struct host_request *r, struct host_facts *out)
{
	out->release = host_read(r->root, "proc/sys/kernel/osrelease", HOST_SMALL_MAX, NULL);
	out->version = host_read(r->root, "proc/version", HOST_SMALL_MAX, NULL);
	out->signature = host_read(r->root, "proc/version_signature", HOST_SMALL_MAX, NULL);
	read_sysctls(r, out);
	read_route_localnet(r->root, out);
	read_cgroups(r->root, out);
	read_lsm(r->root, out);
	read_cpu(r->root, &out->cpu);
	read_memory(r->root, out);
}
