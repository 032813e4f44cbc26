/* Reading the audit log: opened while no one writes, read while others may. */
#include <stdlib.h>
#include <string.h>

#include "audit_files.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "domain/paths.h"
#include "ops/audit_log.h"

void audit_state_free(struct audit_state *s)
{
	free(s->problem);
	free(s->unfinished);
	*s = (struct audit_state){ 0 };
}

struct opened { /* by number */
	struct audit_file files[AUDIT_FILES + 1];
	struct audit_head head;
	bool has_head;
};

static void opened_close(struct opened *o)
{
	for (int n = 0; n <= AUDIT_FILES; n++)
		audit_file_close(&o->files[n]);
}
#define auto_opened cleanup_with(opened_close)

/* What is opened stays what it is: files only grow, and rotation only renames. */
static int open_all(const char *root, struct opened *o, struct err *e)
{
	auto_free char *lock_path = path_of(root, PATH_AUDIT_LOCK, NULL);
	auto_fd int lock = -1;

	/* Without the folder of the lock nothing was ever recorded. */
	if (fsio_lock(lock_path, AUDIT_LOCK_WAIT_MS, &lock, e)) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
	}
	for (int n = 0; n <= AUDIT_FILES; n++)
		if (audit_file_open(root, n, &o->files[n], e))
			return -1;
	o->has_head = audit_head_read(root, &o->head);
	return 0;
}

int audit_read(const char *root, void (*line)(void *arg, const struct audit_log_line *l), void *arg,
	       struct audit_state *out, struct err *e)
{
	struct opened o auto_opened = { 0 };
	struct audit_chain chain auto_audit_chain = { 0 };
	struct audit_scan scan = { .chain = &chain, .line = line, .arg = arg };
	struct audit_state state = { 0 };
	struct err broken = ERR_INIT;

	for (int n = 0; n <= AUDIT_FILES; n++)
		o.files[n].fd = -1;
	if (open_all(root, &o, e))
		return -1;
	chain.head = o.has_head ? &o.head : NULL;
	for (int n = AUDIT_FILES; n >= 0; n--)
		if (audit_file_scan(&o.files[n], n, &scan, e)) {
			free(scan.problem);
			return -1;
		}
	state = (struct audit_state){ .records = scan.records,
				      .first = chain.first,
				      .last = chain.seq,
				      .problem = scan.problem };
	memcpy(state.sha256, chain.sha256, sizeof(state.sha256));
	if (!state.problem && audit_chain_end(&chain, &broken))
		state.problem = mem_strdup(broken.message);
	if (chain.torn)
		state.unfinished = mem_strdup(chain.torn_at);
	*out = state;
	return 0;
}
