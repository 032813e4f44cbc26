/* Images that worker and gateway run on, against what their names lead to now. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "domain/audit.h"

enum { DAY = 86400 };

/* Seconds since 1970 of an image's RFC 3339 time; 0 when it is none, or one that reproducible
 * builds write (1970, or the zero time of the year 1). */
static int64_t created_at(const struct image_info *info)
{
	struct tm tm = { 0 };
	time_t t;

	if (!info || !info->created || !strptime(info->created, "%Y-%m-%dT%H:%M:%S", &tm))
		return 0;
	t = timegm(&tm);
	return t > DAY ? t : 0;
}

static bool is_gateway(const struct audit_image *x)
{
	return strcmp(x->role, ROLE_GATEWAY) == 0;
}

/* Why the row is marked, or NULL. */
static const char *judge_image(const struct audit_images_input *in, const struct audit_image *x,
			       struct findings *f)
{
	const char *moved = is_gateway(x) ? "audit.images.gateway" : "audit.images.moved";
	int64_t created = created_at(x->info);
	const char *mark = NULL;

	if (!x->in_use)
		return "no container";
	if (created && in->now - created > in->old_after) {
		mark = "old";
		audit_add(f, "audit.images.age", VERDICT_WARN, x->role, "%s was made %lld days ago",
			  x->ref, (long long)((in->now - created) / DAY));
	}
	if (!x->tag) {
		mark = "tag gone";
		audit_add(f, "audit.images.present", VERDICT_FAIL, x->role,
			  "%s is not on the engine", x->ref);
	} else if (strcmp(x->tag, x->in_use) != 0) {
		mark = is_gateway(x) ? "old gateway" : "tag moved";
		audit_add(f, moved, VERDICT_FAIL, x->role, "%s leads to %.19s, in use is %.19s",
			  x->ref, x->tag, x->in_use);
	}
	if (!x->info) {
		mark = "image gone";
		audit_add(f, "audit.images.present", VERDICT_FAIL, x->role,
			  "image %.19s, which it runs on, is not on the engine", x->in_use);
	}
	return mark;
}

void audit_images(const struct audit_images_input *in, struct findings *f, struct node *rows)
{
	for (size_t i = 0; i < in->count; i++) {
		const struct audit_image *x = &in->images[i];
		const char *mark = judge_image(in, x, f);
		struct node *row = node_push_object(rows);

		node_set_str(row, "role", x->role);
		node_set_str(row, "image", x->ref);
		node_set_str(row, "in_use", x->in_use);
		node_set_str(row, "tag", x->tag);
		node_set_str(row, "created", created_at(x->info) ? x->info->created : NULL);
		if (x->info)
			node_set_int(row, "size", x->info->size);
		else
			node_set_str(row, "size", NULL);
		node_set_str(row, "note", mark);
	}
}
