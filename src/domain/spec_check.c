/*
 * Rules that a table row cannot say: across fields, or with a reason of their own.
 * Each refusal carries the position and path of the key that has to change.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bind.h"
#include "domain/netplan.h"
#include "domain/seccomp.h"
#include "spec_rules.h"

static int check_image(const struct tenant_spec *s, const struct doc *d, struct err *e)
{
	const char *problem = image_problem(s->image);

	if (!problem)
		return 0;
	doc_error(d, "image", e, "%s", problem);
	err_hint(e, "'docker image inspect' prints the digest under RepoDigests");
	return -1;
}

static int check_words(const struct strlist *words, const char *path, const struct doc *d,
		       struct err *e)
{
	char where[64];

	for (size_t i = 0; i < words->count; i++) {
		const char *shape = secret_known_shape(words->items[i]);
		snprintf(where, sizeof(where), "%s[%zu]", path, i);
		if (i == 0 && words->items[i][0] == '\0')
			return doc_error(d, where, e, "expected the name of a program");
		if (shape)
			return doc_error(d, where, e,
					 "looks like %s: everyone who may list processes or "
					 "inspect the container can read a command line",
					 shape);
	}
	return 0;
}

/* Addresses that no socket can be bound to. */
static bool is_bindable(uint32_t ip)
{
	return ip == 0 || (ip >> 24 != 0 && ip >> 28 < 14);
}

static int check_listen(struct tenant_spec *s, const struct doc *d, struct err *e)
{
	const char *colon = strrchr(s->listen, ':');
	struct err ignored = ERR_INIT;
	uint32_t ip = 0;
	int64_t port = 0;

	snprintf(s->listen_host, sizeof(s->listen_host), "127.0.0.1");
	s->listen_port = 0;
	if (!colon) /* auto */
		return 0;
	snprintf(s->listen_host, sizeof(s->listen_host), "%.*s", (int)(colon - s->listen),
		 s->listen);
	if (ipv4_parse(s->listen_host, &ip, &ignored) || !is_bindable(ip))
		return doc_error(d, "listen", e, "'%s' is not an IPv4 address of a host",
				 s->listen_host);
	if (bind_parse_int(colon + 1, 1, UINT16_MAX, &port, &ignored))
		return doc_error(d, "listen", e, "port '%s': expected 1 to 65535", colon + 1);
	s->listen_port = (uint16_t)port;
	return 0;
}

/* tmpfs pages are charged to the worker's memory: a larger file system would end in a kill instead
 * of "no space left". */
static int check_in_memory(const struct tenant_spec *s, uint64_t size, const char *path,
			   const struct doc *d, struct err *e)
{
	char have[32], limit[32];

	if (size <= s->resources.memory)
		return 0;
	bind_format_size(size, have, sizeof(have));
	bind_format_size(s->resources.memory, limit, sizeof(limit));
	return doc_error(d, path, e, "%s%s is more than resources.memory, %s", have,
			 doc_find(d, path) ? "" : " (the default)", limit);
}

static int check_resources(const struct tenant_spec *s, const struct doc *d, struct err *e)
{
	if (check_in_memory(s, s->resources.shm, "resources.shm", d, e))
		return -1;
	return check_in_memory(s, s->resources.tmp, "resources.tmp", d, e);
}

static int check_seccomp(const struct tenant_spec *s, const struct doc *d, struct err *e)
{
	const char *const *names = seccomp_builtin_names();
	size_t count = 0;

	if (s->seccomp[0] == '/') {
		const char *problem = path_problem(s->seccomp);
		return problem ? doc_error(d, "seccomp", e, "%s", problem) : 0;
	}
	for (; names[count]; count++) {
		if (strcmp(names[count], s->seccomp) == 0)
			return 0;
	}
	const char *near = strlist_nearest(s->seccomp, names, count);
	if (near)
		return doc_error(d, "seccomp", e, "no built-in profile '%.64s'; did you mean '%s'?",
				 s->seccomp, near);
	return doc_error(d, "seccomp", e,
			 "no built-in profile '%.64s': expected ai-worker, another built-in "
			 "profile or the absolute path of a file",
			 s->seccomp);
}

static int check_name(const struct tenant_spec *s, const struct doc *d, struct err *e)
{
	struct err why = ERR_INIT;

	if (tenant_name_check(s->tenant, ERR_MANIFEST, &why))
		return doc_error(d, "tenant", e, "%s", why.message);
	return 0;
}

int spec_check(struct tenant_spec *s, const struct doc *d, struct err *e)
{
	if (check_name(s, d, e) || check_image(s, d, e) ||
	    check_words(&s->command, "command", d, e) || check_listen(s, d, e) ||
	    check_resources(s, d, e) || spec_check_mounts(s, d, e) ||
	    spec_check_environment(s, d, e) || check_seccomp(s, d, e) ||
	    spec_check_egress(s, d, e) || spec_check_credentials(s, d, e) ||
	    check_words(&s->health.command, "health.command", d, e))
		return -1;
	return 0;
}
