/*
 * Each running peer's mounts, of its worker and of its gateway. All tenants that are
 * verified in one run compare themselves with what was read once (verify_share).
 */
#include "verify_places.h"

#include <stdio.h>

#include "base/mem.h"
#include "probe/probe.h"

/* 0: none. Any process of the container does, as none of them can make a mount namespace; one that
 * ended before its mounts were read leaves an error there. */
static pid_t first_process(const char *head, const char *id, const char *tail)
{
	auto_free char *path = mem_printf("%s%s%s", head, id, tail);
	FILE *f = fopen(path, "re");
	int pid;

	if (!f)
		return 0;
	if (fscanf(f, "%d", &pid) != 1)
		pid = 0;
	fclose(f);
	return (pid_t)pid;
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
			probe_places("/proc", first_process(head, x->gateway_id, tail), true, host,
				     &x->places);
	}
}
