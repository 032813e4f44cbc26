/*
 * Whether the kernel has a module, could load it on request, or never can: loaded ones
 * from /proc/modules, built-in ones and those on the disk from the lists of depmod(8),
 * blocked ones from modprobe.d(5).
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "host_read.h"

enum { FOLDER_FILES_MAX = 256, MODULES_FILE_MAX = 8 * 1024 * 1024 };

/* modprobe(8) takes "-" for "_". */
static bool same_name(const char *word, size_t len, const char *name)
{
	if (strlen(name) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((word[i] == '-' ? '_' : word[i]) != name[i])
			return false;
	return true;
}

/* "kernel/net/ipv4/esp4.ko.xz" or "kernel/net/ipv4/esp4.ko: ..." */
static bool line_is_of(const char *line, const char *name)
{
	size_t end = strcspn(line, ": ");
	const char *base = line, *dot;

	for (const char *p = line; p < line + end; p++)
		if (*p == '/')
			base = p + 1;
	dot = memchr(base, '.', (size_t)(line + end - base));
	return dot && same_name(base, (size_t)(dot - base), name);
}

static bool list_has(const char *text, const char *name)
{
	for (const char *line = text; line && *line;) {
		if (line_is_of(line, name))
			return true;
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return false;
}

/* "esp4 24576 0 - Live 0x0" */
static bool is_loaded(const char *text, const char *name)
{
	for (const char *line = text; line && *line;) {
		if (same_name(line, strcspn(line, " \n"), name))
			return true;
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return false;
}

/* "blacklist" only stops aliases, and a kernel that asks by name gets the module; "install NAME
 * /bin/false" stops both. */
static bool is_blocked(const char *text, const char *name)
{
	for (const char *line = text; line && *line;) {
		const char *p = line + strspn(line, " \t");
		const char *word, *command;

		if (strncmp(p, "install", 7) == 0 && strchr(" \t", p[7])) {
			word = p + 7 + strspn(p + 7, " \t");
			command = word + strcspn(word, " \t\n");
			if (same_name(word, (size_t)(command - word), name)) {
				command += strspn(command, " \t");
				if (strncmp(command, "/bin/false", 10) == 0 ||
				    strncmp(command, "/bin/true", 9) == 0 ||
				    strncmp(command, "/usr/bin/false", 14) == 0 ||
				    strncmp(command, "/usr/bin/true", 13) == 0)
					return true;
			}
		}
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return false;
}

static void add_folder(int root, const char *folder, struct strbuf *out)
{
	int fd = openat(root, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!d) {
		mem_close_slot(&fd);
		return;
	}
	for (int n = 0; n < FOLDER_FILES_MAX && (entry = readdir(d)) != NULL; n++) {
		size_t len = strlen(entry->d_name);

		if (len < 5 || strcmp(entry->d_name + len - 5, ".conf") != 0)
			continue;
		auto_free char *path = mem_printf("%s/%s", folder, entry->d_name);
		auto_free char *text = host_read(root, path, HOST_SMALL_MAX, NULL);
		if (text)
			strbuf_printf(out, "%s\n", text);
	}
	closedir(d);
}

/* The one protocol family that tells of itself without being asked for. */
static bool has_protocol(int root, const char *name)
{
	auto_free char *text = host_read(root, "proc/net/protocols", HOST_SMALL_MAX, NULL);
	size_t len = strlen(name);

	for (const char *line = text; line && *line;) {
		if (strncmp(line, name, len) == 0 && line[len] == ' ')
			return true;
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return false;
}

struct module_lists {
	char *loaded, *builtin, *on_disk;
	struct strbuf blocked;
};

static enum module_state state_of(int root, const struct module_lists *l, enum host_module m)
{
	const char *name = host_module_names[m];

	if (is_loaded(l->loaded, name) || list_has(l->builtin, name))
		return MODULE_LOADED;
	if (list_has(l->on_disk, name))
		return is_blocked(strbuf_str(&l->blocked), name) ? MODULE_BLOCKED
								 : MODULE_AVAILABLE;
	if (l->loaded && l->builtin && l->on_disk)
		return MODULE_ABSENT;
	/* A kernel that can't load modules has what it was built with, and lists its protocols. */
	if (!l->loaded && (m == HOST_MODULE_ALG || m == HOST_MODULE_RXRPC) &&
	    faccessat(root, "proc/net/protocols", R_OK, 0) == 0)
		return has_protocol(root, m == HOST_MODULE_ALG ? "ALG" : "RXRPC") ? MODULE_LOADED
										  : MODULE_ABSENT;
	if (m == HOST_MODULE_BR_NETFILTER &&
	    faccessat(root, "proc/sys/net/bridge/bridge-nf-call-iptables", F_OK, 0) == 0)
		return MODULE_LOADED;
	return MODULE_UNKNOWN;
}

void host_read_modules(const struct host_request *r, struct host_facts *out)
{
	const char *release = out->release && !strchr(out->release, '/') ? out->release : "-";
	auto_free char *builtin = mem_printf("lib/modules/%s/modules.builtin", release);
	auto_free char *on_disk = mem_printf("lib/modules/%s/modules.dep", release);
	struct module_lists l = {
		.loaded = host_read(r->root, "proc/modules", MODULES_FILE_MAX, NULL),
		.builtin = host_read(r->root, builtin, MODULES_FILE_MAX, NULL),
		.on_disk = host_read(r->root, on_disk, MODULES_FILE_MAX, NULL),
		.blocked = STRBUF_INIT(HOST_FILE_MAX),
	};

	add_folder(r->root, "etc/modprobe.d", &l.blocked);
	add_folder(r->root, "usr/lib/modprobe.d", &l.blocked);
	for (int m = 0; m < HOST_MODULES; m++)
		out->modules[m] = state_of(r->root, &l, (enum host_module)m);
	free(l.loaded);
	free(l.builtin);
	free(l.on_disk);
	strbuf_free(&l.blocked);
}
