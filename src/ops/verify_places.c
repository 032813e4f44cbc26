/*
 * Each running peer's mounts, of its worker and of its gateway. All tenants that are
 * verified in one run compare themselves with what was read once (verify_share).
 */
#include "verify_places.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "probe/probe.h"

/* Any process of the container does, as none of them can make a mount namespace. 0: there is none.
 * False: the container is gone, and with it what it had mounted. */
static bool first_process(const char *head, const char *id, const char *tail, pid_t *out)
{
	auto_free char *path = mem_printf("%s%s%s", head, id, tail);
	FILE *f = fopen(path, "re");
	int pid;

	if (!f)
		return errno != ENOENT;
	if (fscanf(f, "%d", &pid) == 1)
		*out = (pid_t)pid;
	fclose(f);
	return true;
}

static void add_places(const char *head, const char *id, const char *tail, bool gateway,
		       const struct proc_mounts *host, struct mount_places *out)
{
	pid_t pid = 0;

	if (first_process(head, id, tail, &pid))
		probe_places("/proc", pid, gateway, host, out);
}

void peers_places(struct peers *p, const char *head, const char *tail,
		  const struct proc_mounts *host)
{
	for (size_t i = 0; i < p->count; i++) {
		struct peer *x = &p->items[i];

		if (!x->running)
			continue;
		mount_places_free(&x->places);
		probe_places("/proc", x->pid, false, host, &x->places);
		if (x->gateway_id[0])
			add_places(head, x->gateway_id, tail, true, host, &x->places);
	}
}
