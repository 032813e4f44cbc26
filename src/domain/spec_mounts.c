/*
 * Rules for what is mounted into a worker: its workspace and read-only material of
 * the host. A source decides which part of the host a tenant sees, so the places
 * that would undo the boundary are refused by name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/paths.h"
#include "spec_rules.h"

static const char *const inside_reserved[] = { "/proc", "/sys", "/dev",	   "/etc",
					       "/tmp",	"/run", "/source", "/var/run" };

/* On the host: kernel interfaces, sockets, credentials, and every container's files. */
static const char *const host_reserved[] = {
	"/proc",
	"/sys",
	"/dev",
	"/run",
	"/var/run",
	"/etc",
	"/root",
	"/boot",
	"/var/lib/docker",
	"/var/lib/containerd",
	"/var/lib/containers",
	"/var/lib/kubelet",
	"/var/log",
	"/var/spool",
};
static const char *const host_sockets[] = { "docker.sock", "containerd.sock", "podman.sock",
					    "crio.sock" };

const char *path_problem(const char *path)
{
	if (path[0] != '/')
		return "expected an absolute path";
	for (const char *at = path; *at; at += 1 + strcspn(at + 1, "/")) {
		size_t len = strcspn(at + 1, "/");
		if (len == 0 && path[1] != '\0')
			return "expected a path without '//' and without '/' at its end";
		if ((len == 1 && at[1] == '.') || (len == 2 && at[1] == '.' && at[2] == '.'))
			return "expected a path without '.' and '..'";
	}
	return NULL;
}

bool path_is_within(const char *path, const char *top)
{
	size_t len = strlen(top);

	return strncmp(path, top, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static bool overlap(const char *a, const char *b)
{
	return path_is_within(a, b) || path_is_within(b, a);
}

static int check_workspace(const struct tenant_spec *s, const struct doc *d, struct err *e)
{
	const char *path = s->workspace.path;
	const char *problem = path_problem(path);

	if (problem)
		return doc_error(d, "workspace.path", e, "%s", problem);
	if (strcmp(path, "/") == 0)
		return doc_error(d, "workspace.path", e, "the worker's root is read-only");
	for (size_t i = 0; i < ARRAY_SIZE(inside_reserved); i++) {
		if (path_is_within(path, inside_reserved[i]))
			return doc_error(d, "workspace.path", e, "%s and what is below is kept",
					 inside_reserved[i]);
	}
	return 0;
}

/* The reserved place that `path` is in or contains, or NULL. Owned by the caller. */
static char *reserved_place(const char *path)
{
	static const enum path_kind own[] = { PATH_STATE, PATH_SERVED };

	for (size_t i = 0; i < ARRAY_SIZE(host_reserved); i++) {
		if (overlap(path, host_reserved[i]))
			return mem_strdup(host_reserved[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		auto_free char *place = path_of("", own[i], NULL);
		if (overlap(path, place))
			return take_ptr(place);
	}
	return NULL;
}

static int check_host_path(const char *path, const char *where, const struct doc *d, struct err *e)
{
	const char *problem = path_problem(path);
	const char *base = strrchr(path, '/');

	if (problem)
		return doc_error(d, where, e, "%s", problem);
	if (strcmp(path, "/") == 0)
		return doc_error(d, where, e, "this is the whole host");
	auto_free char *place = reserved_place(path);
	if (place)
		return doc_error(d, where, e, "it %s %s, which a tenant must not see",
				 path_is_within(path, place) ? "is in" : "contains", place);
	for (size_t i = 0; base && i < ARRAY_SIZE(host_sockets); i++) {
		if (strcmp(base + 1, host_sockets[i]) == 0)
			return doc_error(
				d, where, e,
				"whoever can reach an engine's socket is root on the host");
	}
	return 0;
}

/* A mount point below another source would have to be made in the host's folder. */
static int check_targets(const struct tenant_spec *s, size_t i, const char *where,
			 const struct doc *d, struct err *e)
{
	const char *path = LIST_AT(source_entry, &s->source, i)->path;

	for (size_t j = 0; j < i; j++) {
		const char *other = LIST_AT(source_entry, &s->source, j)->path;
		if (strcmp(path, other) == 0)
			return doc_error(d, where, e, "source[%zu] is mounted there already", j);
		if (overlap(path, other))
			return doc_error(d, where, e,
					 "one of it and source[%zu].path is in the other", j);
	}
	return 0;
}

int spec_check_mounts(const struct tenant_spec *s, const struct doc *d, struct err *e)
{
	char where[64];

	if (check_workspace(s, d, e))
		return -1;
	for (size_t i = 0; i < s->source.count; i++) {
		const struct source_entry *entry = LIST_AT(source_entry, &s->source, i);
		const char *problem = path_problem(entry->path);
		snprintf(where, sizeof(where), "source[%zu].host", i);
		if (check_host_path(entry->host, where, d, e))
			return -1;
		snprintf(where, sizeof(where), "source[%zu].path", i);
		if (problem)
			return doc_error(d, where, e, "%s", problem);
		if (check_targets(s, i, where, d, e))
			return -1;
	}
	return 0;
}
