/* What the good tenant and its sibling have of the host's file systems. */
#include "checks_fixture.h"

#include <string.h>
#include <sys/sysmacros.h>

#include "base/mem.h"

static void put(struct mount_places *l, const char *target, const char *root,
		const struct mount_place *from)
{
	struct mount_place *p;

	l->items = mem_grow(l->items, l->count + 1, sizeof(*l->items));
	p = &l->items[l->count++];
	*p = *from;
	p->inode_dev = from->dev;
	p->root = mem_strdup(root);
	p->target = mem_strdup(target);
}
#define PUT(l, target, root, ...) put(l, target, root, &(struct mount_place){ __VA_ARGS__ })

/* Each workspace is a file system on a loop device; the rest is on the host's disk. */
static void make_of(struct mount_places *l, const char *tenant, unsigned number)
{
	const dev_t own = makedev(0, number), loop = makedev(7, number), disk = makedev(8, 1);
	auto_free char *image = mem_printf("/srv/tenants/%s/workspace.img", tenant);
	auto_free char *files = mem_printf("/var/lib/tenantctl/tenants/%s/gateway", tenant);
	auto_free char *state = mem_printf("/var/lib/tenantctl/tenants/%s/state", tenant);

	PUT(l, "/tmp", "/", .dev = own, .writable = true);
	PUT(l, "/workspace", "/data", .dev = loop, .ino = 12, .writable = true);
	PUT(l, "/workspace", image, .dev = disk, .ino = 100 + number, .writable = true,
	    .image = true);
	PUT(l, "/source/skills", "/srv/shared/skills", .dev = disk, .ino = 50);
	PUT(l, "/etc/gateway", files, .dev = disk, .ino = 200 + number, .gateway = true);
	PUT(l, "/var/lib/gateway", state, .dev = disk, .ino = 300 + number, .writable = true,
	    .gateway = true);
	mount_places_sort(l);
}

void fixture_make_places(struct fixture *x)
{
	make_of(&x->facts.places, "acme", 1);
	make_of(&x->other_places, "beta", 2);
	x->sibling.places = &x->other_places;
}

struct mount_place *fixture_mounted(struct mount_places *l, const char *target, bool image)
{
	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->items[i].target, target) && l->items[i].image == image)
			return &l->items[i];
	fail_msg("nothing at %s", target);
	return NULL;
}
