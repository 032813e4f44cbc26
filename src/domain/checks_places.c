/*
 * What two tenants have in common of the host's file systems. A manifest names paths of
 * the host, and two paths may lead to one place; here the places themselves are compared.
 */
#include "checks_judges.h"

#include <string.h>

#include "base/mem.h"
#include "judge.h"

struct comparison {
	struct complaints complaints;
	size_t others, tenants;
	size_t readonly; /* in common, and neither can write it */
};

/* As path_is_below, but of two paths of one file system, where "/" is above all. */
static bool contains(const char *outer, const char *inner)
{
	return !strcmp(outer, "/") || path_is_below(inner, outer);
}

/* Of places on one device. NULL: nothing in common. */
static const char *relation(const struct mount_place *own, const struct mount_place *other)
{
	if (own->ino && own->ino == other->ino && own->inode_dev == other->inode_dev)
		return "is";
	if (!own->root[0] || !other->root[0])
		return NULL;
	if (!strcmp(own->root, other->root))
		return "is";
	if (contains(other->root, own->root))
		return "is in";
	return contains(own->root, other->root) ? "contains" : NULL;
}

static const char *part_of(const struct mount_place *p)
{
	if (p->image)
		return p->gateway ? "the image of the gateway's " : "the image of ";
	return p->gateway ? "the gateway's " : "";
}

static void compare(const struct mount_place *own, const struct mount_place *other,
		    const char *tenant, struct comparison *c)
{
	const char *how = relation(own, other);

	if (!how)
		return;
	if (!own->writable && !other->writable) {
		c->readonly++;
		return;
	}
	complain(&c->complaints, "%s%s %s %s's %s%s, and %s can write it", part_of(own),
		 own->target, how, tenant, part_of(other), other->target,
		 own->writable && other->writable ? "both"
		 : own->writable		  ? "this one"
						  : "that one");
}

/* Both are in the order of their devices. */
static void compare_all(const struct mount_places *own, const struct sibling *s,
			struct comparison *c)
{
	const struct mount_place *other = s->places->items, *end = other + s->places->count;

	c->tenants++;
	c->others += s->places->count;
	for (size_t i = 0; i < own->count; i++) {
		while (other < end && other->dev < own->items[i].dev)
			other++;
		for (const struct mount_place *p = other; p < end && p->dev == own->items[i].dev;
		     p++)
			compare(&own->items[i], p, s->tenant, c);
	}
}

/* Whose list has gaps, and why; a running container without any mount was not looked at. */
static bool is_complete(const struct mount_places *p, const char *whose, struct finding *f)
{
	if (p && p->count > 0 && !p->error[0])
		return true;
	judge_unknown(f, "%s: %s", whose,
		      p && p->error[0] ? p->error : "its mounts were not looked at");
	return false;
}

static bool all_complete(const struct check_input *in, struct finding *f)
{
	if (!is_complete(&in->facts->places, "this tenant", f))
		return false;
	for (size_t i = 0; i < in->sibling_count; i++)
		if (in->siblings[i].running &&
		    !is_complete(in->siblings[i].places, in->siblings[i].tenant, f))
			return false;
	return true;
}

void judge_fs_mounts_shared(const struct check_input *in, struct finding *f)
{
	struct comparison c = { .complaints = COMPLAINTS_INIT };

	judge_expect(f, "nothing in common with another tenant that either of them can write");
	if (!have_mounts(in, f))
		return;
	for (size_t i = 0; i < in->sibling_count; i++)
		if (in->siblings[i].running && in->siblings[i].places)
			compare_all(&in->facts->places, &in->siblings[i], &c);
	judge_evidence(f, "device, path and inode of %zu places against %zu of other tenants",
		       in->facts->places.count, c.others);
	if (c.complaints.count > 0)
		judge_complaints(f, &c.complaints, "none");
	else if (all_complete(in, f)) {
		if (c.tenants == 0)
			judge_skip(f, "no other tenant runs");
		else
			judge_pass(f,
				   "nothing of %zu running tenants; the same and read-only for "
				   "both: %zu",
				   c.tenants, c.readonly);
	}
	complaints_free(&c.complaints);
}
