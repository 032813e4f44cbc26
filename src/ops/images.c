/* Looking up, loading and pulling images; all before anything of a tenant exists. */
#include "images.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allocate.h"
#include "base/mem.h"
#include "domain/image_rules.h"
#include "image_look.h"

int image_id_of(struct context *c, const char *ref, char **out, struct err *e)
{
	const char *known = strmap_get(&c->image_ids, ref);
	struct image_info info = { 0 };

	if (known) {
		*out = mem_strdup(known);
		return 0;
	}
	if (client_image_inspect(c->client, ref, &info, e)) {
		if (e->code != ERR_NOT_FOUND)
			return err_wrap(e, "image %s", ref);
		err_clear(e);
		return 0;
	}
	strmap_set(&c->image_ids, ref, info.id);
	*out = mem_strdup(info.id);
	image_info_free(&info);
	return 0;
}

static int load_archive(struct context *c, struct err *e)
{
	auto_fd int fd = open(c->host.gateway_archive, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		err_sys(e, errno, "gateway image %s is not on the engine, and its archive %s",
			c->host.gateway_image, c->host.gateway_archive);
		return err_hint(
			e, "make it with 'make gateway-image install', or set 'gateway_archive' "
			   "in tenantctl.yaml");
	}
	/* Whoever can write it chooses the program that will hold the only way out. */
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)))
		return err_set(
			e, ERR_MANIFEST,
			"archive %s must be a regular file of root's that nobody else may write",
			c->host.gateway_archive);
	return client_image_load(c->client, fd, NULL, NULL, e);
}

int image_load_gateway(struct context *c, struct err *e)
{
	auto_free char *id = NULL;
	auto_fd int lock = -1;

	if (allocate_lock(c, &lock, e) || image_id_of(c, c->host.gateway_image, &id, e))
		return -1;
	if (id)
		return 0; /* another run was first */
	if (load_archive(c, e))
		return err_wrap(e, "load gateway image");
	if (image_id_of(c, c->host.gateway_image, &id, e))
		return -1;
	return id ? 0
		  : err_set(e, ERR_REFUSED, "archive %s does not hold image %s",
			    c->host.gateway_archive, c->host.gateway_image);
}

struct pull_progress {
	struct context *c;
	const char *tenant;
};

static void report_pull(void *arg, const char *status, const char *id, int64_t current,
			int64_t total)
{
	struct pull_progress *p = arg;
	auto_free char *text =
		total > 0 ? mem_printf("pull %s: %s %lld%%", id ? id : "", status ? status : "",
				       (long long)(100 * current / total))
			  : mem_printf("pull: %s", status ? status : "");

	if (p->c->progress)
		p->c->progress(p->c->progress_arg, p->tenant, text, 0, 0);
}

int image_pull_worker(struct context *c, const char *tenant, const char *ref, struct err *e)
{
	struct pull_progress p = { .c = c, .tenant = tenant };

	if (client_image_pull(c->client, ref, report_pull, &p, e)) {
		err_wrap(e, "image %s is not on the engine and cannot be pulled", ref);
		return err_hint(
			e, "load it with 'docker load' or correct 'image' in the manifest; nothing "
			   "was created");
	}
	return 0;
}

static bool is_covered(const struct tenant_spec *spec, const char *path)
{
	if (strcmp(path, spec->workspace.path) == 0 || strcmp(path, "/tmp") == 0)
		return true;
	for (size_t i = 0; i < spec->source.count; i++)
		if (strcmp(path, ((struct source_entry *)spec->source.items)[i].path) == 0)
			return true;
	return false;
}

static int refuse_volumes(const struct tenant_spec *spec, const struct image_info *info,
			  struct err *e)
{
	for (size_t i = 0; i < info->volumes.count; i++) {
		if (is_covered(spec, info->volumes.items[i]))
			continue;
		err_set(e, ERR_REFUSED,
			"image %s declares a volume at %s, which no limit would bound", spec->image,
			info->volumes.items[i]);
		return err_hint(e, "set 'workspace: { path: %s }', or use an image without VOLUME",
				info->volumes.items[i]);
	}
	return 0;
}

/* An engine that does not tell the folders of the layers is no reason to refuse: then the worker's
 * own mounts tell them to its verification, before create has ended. */
static int refuse_traps(struct context *c, const struct tenant_spec *spec,
			const struct image_info *info, struct err *e)
{
	struct image_facts auto_image_facts facts = { 0 };

	image_look(c, info->id, info, NULL, &facts);
	return image_refuse_traps(&facts, spec->image, e);
}

int image_refuse(struct context *c, const struct tenant_spec *spec, const char *in_use,
		 struct err *e)
{
	struct image_info info = { 0 };
	int rc;

	if (client_image_inspect(c->client, spec->image, &info, e))
		return err_wrap(e, "image %s", spec->image);
	rc = refuse_volumes(spec, &info, e);
	if (!rc && !(in_use && strcmp(in_use, info.id) == 0))
		rc = refuse_traps(c, spec, &info, e);
	image_info_free(&info);
	return rc;
}
