/*
 * A look at what the layers of an image hold, on the host and without a container: each
 * layer is a folder of its own, so that a file which a later layer deletes is seen, too.
 * What is in there was made by whoever built the image: links are never followed, pipes
 * and devices never opened, and entries, depth, bytes and time are bounded.
 */
#ifndef PROBE_LAYERS_H
#define PROBE_LAYERS_H

#include "probe/facts.h"

/* What counts is for others to say (domain/image_rules.h). Paths begin with "/". */
struct layer_rules {
	/* Whether the text of a regular file is looked at. */
	bool (*is_read)(const char *path);
	/* Which credential the text holds, or NULL. `text` ends in a NUL and has no other; of a
	 * large file it is one piece. */
	const char *(*secret)(const char *path, const char *text);
};

struct layer_limits {
	uint64_t entries, bytes; /* bytes: of text that is read */
	int seconds;
};

/* out->cut of a walk that another one, at another time, may end. */
#define LAYERS_TOOK_TOO_LONG "the walk took too long"

/* Fills *out from `folders`, the lowest layer first. A bound that was hit is named in out->cut, a
 * place that could not be looked into in out->unread. With no folder that can be opened,
 * out->looked stays false and out->error says why. */
void layers_walk(const struct strlist *folders, const struct layer_rules *rules,
		 const struct layer_limits *limits, struct image_facts *out);

/* Adds a find, or counts it when there are enough of its kind. `path` may hold any bytes. */
void image_facts_add(struct image_facts *f, enum image_find_kind kind, unsigned layer,
		     const char *path, const char *what);

/* Folders of the read-only layers of a root that is an overlay, the lowest first, from the options
 * of its mount. False: it is none, or the options name no folders. */
bool layers_of_mount(const struct proc_mount *root, struct strlist *out);

#endif
