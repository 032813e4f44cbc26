/* One JSON object a line. Begin replaces the file, so it stays as small as one operation. */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/doc.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "domain/paths.h"

#define JOURNAL_BYTES_MAX ((size_t)1 << 20)
#define MODE_PRIVATE 0600
#define MODE_PRIVATE_DIR 0700

int journal_begin(const char *root, const char *operation, const struct plan *p, struct err *e)
{
	auto_free char *dir = path_of(root, PATH_TENANT_STATE, p->tenant);
	auto_free char *path = path_of(root, PATH_JOURNAL, p->tenant);
	auto_node struct node *json = plan_json(p);
	auto_free char *text = NULL, *line = NULL;

	node_set_str(json, "event", "begin");
	node_set_str(json, "operation", operation);
	text = node_print(json, false);
	line = mem_printf("%s\n", text);
	return fsio_mkdirs(dir, MODE_PRIVATE_DIR, e) ||
			       fsio_write(path, line, strlen(line), MODE_PRIVATE, 0, 0, e)
		       ? err_wrap(e, "journal")
		       : 0;
}

/* Without fsync: a crash of this process loses nothing, and after a power cut the labels of the
 * objects decide; a sync per step would double the time of a create. */
static int append(const char *root, const struct plan *p, const char *line, struct err *e)
{
	auto_free char *path = path_of(root, PATH_JOURNAL, p->tenant);
	auto_fd int fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	size_t len = strlen(line);

	if (fd < 0)
		/* The release step takes the journal away with the rest of the state. */
		return errno == ENOENT ? 0 : err_sys(e, errno, "open %s", path);
	if (write(fd, line, len) != (ssize_t)len)
		return err_sys(e, errno, "write %s", path);
	return 0;
}

int journal_step(const char *root, const struct plan *p, size_t step, struct err *e)
{
	auto_free char *line = mem_printf("{\"event\":\"step\",\"index\":%zu}\n", step);

	return append(root, p, line, e);
}

int journal_end(const char *root, const struct plan *p, const char *result, struct err *e)
{
	auto_node struct node *json = node_new_object();
	auto_free char *text = NULL, *line = NULL;

	node_set_str(json, "event", "end");
	node_set_str(json, "result", result);
	text = node_print(json, false);
	line = mem_printf("%s\n", text);
	return append(root, p, line, e);
}

char *journal_unfinished(const char *root, const char *tenant)
{
	static const struct doc_limits limits = DOC_LIMITS_MANIFEST;
	auto_free char *path = path_of(root, PATH_JOURNAL, tenant);
	auto_free char *text = NULL;
	auto_doc struct doc *d = NULL;
	struct err ignored = ERR_INIT;
	size_t len, done = 0;
	char *save = NULL, *first;

	if (fsio_read(path, FSIO_TRUSTED, JOURNAL_BYTES_MAX, &text, &len, &ignored))
		return NULL;
	first = strtok_r(text, "\n", &save);
	if (!first || doc_parse_json(first, strlen(first), path, &limits, &d, &ignored))
		return mem_strdup("an operation whose journal cannot be read");
	for (char *l = strtok_r(NULL, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (strstr(l, "\"event\":\"end\""))
			return NULL;
		done++;
	}
	return mem_printf("%s, stopped after %zu of %zu steps",
			  node_str(node_get(doc_root(d), "operation"), "operation"), done,
			  node_count(node_get(doc_root(d), "steps")));
}
