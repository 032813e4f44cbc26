/*
 * The file of a tenant's history. It is written as a whole (temporary file, rename), so
 * that no crash leaves half a line; a lock of its own keeps two verifications from losing
 * each other's.
 */
#include "ops/history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/fsio.h"
#include "base/log.h"
#include "base/mem.h"
#include "domain/paths.h"
#include "ops/report.h"

#define LOCK_WAIT_MS 5000
#define MODE_STATE 0600
#define DAMAGED_SUFFIX ".damaged"

/* 0: the lines in *out_text (NULL: there are none yet). */
static int read_lines(const char *path, char **out_text, size_t *out_len, struct history *out,
		      struct err *e)
{
	auto_free char *text = NULL;
	size_t len;

	*out_text = NULL;
	*out_len = 0;
	if (fsio_read(path, FSIO_TRUSTED, HISTORY_BYTES_MAX, &text, &len, e)) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		return 0;
	}
	if (history_parse(text, len, path, out, e))
		return -1;
	*out_text = take_ptr(text);
	*out_len = len;
	return 0;
}

static int set_aside(const char *path, const struct err *why, struct err *e)
{
	auto_free char *aside = mem_printf("%s" DAMAGED_SUFFIX, path);

	if (rename(path, aside))
		return err_sys(e, errno, "%s: rename", path);
	log_warn("%s; it is kept as %s, and the history begins anew", why->message, aside);
	return 0;
}

int history_add(const struct context *c, const struct verify_result *r, struct err *e)
{
	auto_free char *path = path_of(c->root, PATH_HISTORY, r->tenant);
	auto_free char *lock_path = path_of(c->root, PATH_HISTORY_LOCK, r->tenant);
	auto_strbuf struct strbuf all = STRBUF_INIT(2 * HISTORY_BYTES_MAX);
	auto_history struct history before = { 0 };
	auto_free char *text = NULL;
	auto_free char *line = NULL;
	auto_fd int lock = -1;
	struct utsname kernel = { 0 };
	struct err damage = ERR_INIT;
	size_t len;

	uname(&kernel); /* fails for a bad address only */
	line = history_line(&(struct history_record){ .at = r->at,
						      .verdict = verify_verdict(r),
						      .engine = c->engine.server_version,
						      .kernel = kernel.release,
						      .seconds = r->seconds,
						      .quick = r->quick,
						      .findings = &r->findings });
	if (fsio_lock(lock_path, LOCK_WAIT_MS, &lock, e))
		return -1;
	if (read_lines(path, &text, &len, &before, &damage) && set_aside(path, &damage, e))
		return -1;
	history_append(text ? text : "", len, line, &all);
	return fsio_write(path, strbuf_str(&all), all.len, MODE_STATE, (uid_t)-1, (gid_t)-1, e);
}

int history_read(const struct context *c, const char *tenant, struct history *out, struct err *e)
{
	auto_free char *path = path_of(c->root, PATH_HISTORY, tenant);
	auto_free char *text = NULL;
	struct history h = { 0 };
	size_t len;

	if (read_lines(path, &text, &len, &h, e))
		return err_hint(
			e, "the next verification keeps it as %s" DAMAGED_SUFFIX " and begins anew",
			path);
	*out = h;
	return 0;
}
