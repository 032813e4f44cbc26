/* The file of the last audit: read with bounds, written as a whole. */
#include "ops/audit_last.h"

#include <string.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "domain/paths.h"

#define MODE_STATE 0600
#define MODE_FOLDER 0700

int audit_last_read(const struct context *c, struct audit_items *out, struct err *e)
{
	auto_free char *path = path_of(c->root, PATH_AUDIT, NULL);
	auto_free char *text = NULL;
	size_t len;

	if (fsio_read(path, FSIO_TRUSTED, AUDIT_ITEMS_BYTES_MAX, &text, &len, e)) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		*out = (struct audit_items){ 0 };
		return 0;
	}
	return audit_items_parse(text, len, path, out, e);
}

int audit_last_write(const struct context *c, const struct audit_items *a, struct err *e)
{
	auto_free char *folder = path_of(c->root, PATH_STATE, NULL);
	auto_free char *path = path_of(c->root, PATH_AUDIT, NULL);
	auto_free char *text = audit_items_text(a);

	if (fsio_mkdirs(folder, MODE_FOLDER, e) ||
	    fsio_write(path, text, strlen(text), MODE_STATE, (uid_t)-1, (gid_t)-1, e))
		return err_wrap(e, "keep the audit");
	return 0;
}
