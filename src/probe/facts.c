/*
 * Names and release of the fact structs. Everything in them was copied out of the
 * kernel, so nothing here can fail.
 */
#include "probe/facts.h"

#include <stdlib.h>

#include "base/mem.h"
#include "probe/seccomp_dump.h"

const char *const ns_names[NS_KINDS] = {
	[NS_MNT] = "mnt", [NS_PID] = "pid",	  [NS_NET] = "net",   [NS_IPC] = "ipc",
	[NS_UTS] = "uts", [NS_CGROUP] = "cgroup", [NS_USER] = "user", [NS_TIME] = "time",
};

const char *const image_find_names[IMAGE_FINDS] = {
	[IMAGE_SETUID] = "setuid",	   [IMAGE_SETGID] = "setgid", [IMAGE_FILECAP] = "filecap",
	[IMAGE_DEVICE] = "device",	   [IMAGE_PLACE] = "place",   [IMAGE_USER] = "user",
	[IMAGE_CREDENTIAL] = "credential",
};

void image_facts_free(struct image_facts *f)
{
	for (size_t i = 0; i < f->find_count; i++) {
		free(f->finds[i].path);
		free(f->finds[i].what);
	}
	free(f->finds);
	*f = (struct image_facts){ 0 };
}

void processes_free(struct process_facts *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		strlist_free(&items[i].secret_variables);
		strlist_free(&items[i].handles);
	}
	free(items);
}

static void gateway_files_free(struct gateway_files_facts *g)
{
	free(g->places);
	free(g->members);
	strlist_free(&g->leftovers);
	strlist_free(&g->key_ids);
}

static void secrets_free(struct secret_facts *s)
{
	strlist_free(&s->short_ids);
	strlist_free(&s->missed);
	strlist_free(&s->exposed);
	strlist_free(&s->unread);
}

static int by_device(const void *a, const void *b)
{
	const struct mount_place *x = a, *y = b;

	return x->dev < y->dev ? -1 : x->dev > y->dev;
}

void mount_places_sort(struct mount_places *p)
{
	if (p->count > 0)
		qsort(p->items, p->count, sizeof(*p->items), by_device);
}

void mount_places_free(struct mount_places *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->items[i].root);
		free(p->items[i].target);
	}
	free(p->items);
	*p = (struct mount_places){ 0 };
}

void tenant_facts_free(struct tenant_facts *f)
{
	processes_free(f->processes, f->process_count);
	processes_free(f->gateway_processes, f->gateway_process_count);
	proc_mounts_free(&f->mounts);
	seccomp_dump_free(f->filters, f->filter_count);
	for (size_t i = 0; i < f->interface_count; i++)
		strlist_free(&f->interfaces[i].addresses);
	free(f->interfaces);
	free(f->routes);
	free(f->reach);
	free(f->dns);
	free(f->http);
	proc_mounts_free(&f->gateway_mounts);
	free(f->gateway_listeners.ports);
	strlist_free(&f->gateway_listeners.unix_paths);
	gateway_files_free(&f->gateway_files);
	secrets_free(&f->secrets);
	strlist_free(&f->unmasked_paths);
	strlist_free(&f->sockets);
	strlist_free(&f->devices);
	strlist_free(&f->uid_elsewhere);
	strlist_free(&f->bridge_addresses);
	free(f->gateway_reach);
	strlist_free(&f->cache.altered);
	strlist_free(&f->cache.refused);
	mount_places_free(&f->places);
	image_facts_free(&f->worker_image);
	image_facts_free(&f->gateway_image);
	*f = (struct tenant_facts){ 0 };
}
