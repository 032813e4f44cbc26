/*
 * An image's id is a digest of its layers, so what one walk found is true for good. One
 * walk at a time: of fifty tenants that are made at once from a new image, the first one
 * walks and the others read what it wrote.
 */
#include "image_look.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/mem.h"
#include "domain/image_record.h"
#include "domain/image_rules.h"
#include "domain/paths.h"
#include "probe/layers.h"

#define LOCK_WAIT_MS 120000
#define MODE_PRIVATE_DIR 0700
#define MODE_RECORD 0600
#define LAYERS_MAX 512

static const struct layer_rules rules = { image_is_read, image_secret };
static const struct layer_limits limits = { .entries = 3000000,
					    .bytes = (uint64_t)1 << 30,
					    .seconds = 300 };

static bool read_record(const char *path, const char *id, struct image_facts *out)
{
	auto_free char *text = NULL;
	struct err e = ERR_INIT;
	size_t len;

	if (!fsio_read(path, FSIO_TRUSTED, IMAGE_RECORD_BYTES_MAX, &text, &len, &e) &&
	    !image_record_parse(text, len, id, out, &e))
		return true;
	if (e.code != ERR_NOT_FOUND)
		log_debug("%s: %s; the image is looked at again", path, e.message);
	return false;
}

/* What failed for a reason of the moment is tried again. */
static bool is_final(const struct image_facts *f)
{
	return f->looked && !f->unread[0] && strcmp(f->cut, LAYERS_TOOK_TOO_LONG) != 0;
}

/* A record that cannot be kept costs the next look a walk. */
static void write_record(const char *path, const char *id, const struct image_facts *f)
{
	auto_free char *text = image_record_print(f, id);
	struct err e = ERR_INIT;

	if (fsio_write(path, text, strlen(text), MODE_RECORD, (uid_t)-1, (gid_t)-1, &e))
		log_warn("what image %.19s holds is not kept: %s", id, e.message);
}

/* ---- folders ---- */

static const struct proc_mount *root_of(const struct proc_mounts *mounts)
{
	for (size_t i = mounts ? mounts->count : 0; i > 0; i--)
		if (strcmp(mounts->items[i - 1].target, "/") == 0)
			return &mounts->items[i - 1];
	return NULL;
}

static bool add_told(const char *root, const char *name, struct strlist *out)
{
	auto_free char *real = name[0] == '/' ? realpath(name, NULL) : NULL;
	size_t len = strlen(root);

	if (!real || strncmp(real, root, len) != 0 || real[len] != '/')
		return false;
	strlist_add(out, real);
	return true;
}

/* The engine's word leads nowhere but below its own folder. */
static bool told_folders(struct context *c, const struct image_info *info, struct strlist *out)
{
	auto_strlist struct strlist lower = { 0 };
	auto_free char *names = info->lower_dirs ? mem_strdup(info->lower_dirs) : NULL;
	struct err ignored = ERR_INIT;
	char *state = NULL;

	if ((!c->engine.server_version && client_info(c->client, &c->engine, &ignored)) ||
	    !c->engine.docker_root)
		return false;
	for (char *name = names ? strtok_r(names, ":", &state) : NULL; name;
	     name = strtok_r(NULL, ":", &state))
		strlist_add(&lower, name);
	for (size_t i = lower.count; i > 0; i--)
		if (!add_told(c->engine.docker_root, lower.items[i - 1], out))
			return false;
	return lower.count < LAYERS_MAX && add_told(c->engine.docker_root, info->upper_dir, out);
}

static void no_folders(const struct context *c, const struct proc_mount *root,
		       struct image_facts *out)
{
	out->no_folders = root && strcmp(root->fstype, "overlay") != 0;
	if (out->no_folders)
		snprintf(out->error, sizeof(out->error),
			 "the storage driver %.40s has no folder for each layer",
			 c->engine.storage_driver ? c->engine.storage_driver : "");
	else
		snprintf(out->error, sizeof(out->error), "%s",
			 root ? "the mount of its root names no folders that are there"
			      : "the engine does not tell where they are, and no container runs");
}

static bool folders_of(struct context *c, const struct image_info *info,
		       const struct proc_mounts *mounts, struct strlist *out,
		       struct image_facts *facts)
{
	const struct proc_mount *root = root_of(mounts);

	if (info->upper_dir && info->upper_dir[0]) {
		if (told_folders(c, info, out))
			return true;
		snprintf(facts->error, sizeof(facts->error),
			 "the engine names folders that cannot be those of layers");
		return false;
	}
	if (layers_of_mount(root, out))
		return true;
	no_folders(c, root, facts);
	return false;
}

/* ---- the look ---- */

static void walk(struct context *c, const struct image_info *info, const struct proc_mounts *mounts,
		 struct image_facts *out)
{
	auto_strlist struct strlist folders = { 0 };
	auto_free char *at = clock_utc_text();
	const char *problem = image_user_problem(info->user);

	if (!folders_of(c, info, mounts, &folders, out))
		return;
	layers_walk(&folders, &rules, &limits, out);
	snprintf(out->at, sizeof(out->at), "%s", at);
	if (problem)
		image_facts_add(out, IMAGE_USER, 0, info->user, problem);
}

static int prepare_lock(const char *dir, int *out_fd, struct err *e)
{
	auto_free char *path = mem_printf("%s/lock", dir);

	return fsio_mkdirs(dir, MODE_PRIVATE_DIR, e) || fsio_lock(path, LOCK_WAIT_MS, out_fd, e)
		       ? -1
		       : 0;
}

void image_look(struct context *c, const char *id, const struct image_info *info,
		const struct proc_mounts *mounts, struct image_facts *out)
{
	auto_free char *dir = path_of(c->root, PATH_IMAGES, NULL);
	/* Nothing but the digits of a digest becomes part of a path. */
	bool named = id && image_is_id(id);
	auto_free char *path = named ? mem_printf("%s/%s.json", dir, id + strlen("sha256:")) : NULL;
	struct image_info asked = { 0 };
	struct err e = ERR_INIT;
	auto_fd int lock = -1;

	if (!named) {
		snprintf(out->error, sizeof(out->error), "the engine names no id of it");
		return;
	}
	if (read_record(path, id, out))
		return;
	if (prepare_lock(dir, &lock, &e) ||
	    (!info && client_image_inspect(c->client, id, &asked, &e))) {
		snprintf(out->error, sizeof(out->error), "%.190s", e.message);
		return;
	}
	if (!read_record(path, id, out)) {
		walk(c, info ? info : &asked, mounts, out);
		if (is_final(out))
			write_record(path, id, out);
	}
	image_info_free(&asked);
}
