/*
 * The life of a twin on the engine. The lock file is made before anything else and
 * removed after everything else, so that whatever a killed run left has a trace that
 * outlives a reboot.
 */
#include "ops/twin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/mem.h"
#include "domain/desired.h"
#include "domain/paths.h"
#include "domain/twin.h"
#include "domain/twin_spec.h"
#include "mounts.h"
#include "twin_image.h"
#include "twin_lures.h"
#include "workspace.h"

#define MODE_PRIVATE_DIR 0700
#define MODE_RUNTIME 0711
/* A twin's own time, and that of the one before it. */
#define LOCK_WAIT_MS 90000
#define EVICT_WAIT_MS 10000
#define SLICE_MS 1000L
#define STDERR_SHOWN 200
/* What attacks write there is little; a drill fills an image of its own. */
#define SCRATCH_OPTIONS "size=16m,nr_inodes=1024,mode=0700,uid=%lld,gid=%lld"

static void held_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

bool twin_is_asked_to_end(void)
{
	sigset_t held, pending;

	held_signals(&held);
	if (sigpending(&pending))
		return false;
	return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
	       sigismember(&pending, SIGHUP) == 1;
}

/* ---- the lock ---- */

static bool has_traces(const struct context *c, const char *tenant)
{
	auto_free char *path = path_of(c->root, PATH_TWIN_LOCK, tenant);
	struct stat st;

	return lstat(path, &st) == 0;
}

static int take_lock(const struct context *c, const char *tenant, int wait_ms, int *out_fd,
		     struct err *e)
{
	auto_free char *dir = path_of(c->root, PATH_LOCKS, NULL);
	auto_free char *path = path_of(c->root, PATH_TWIN_LOCK, tenant);

	return fsio_mkdirs(dir, MODE_PRIVATE_DIR, e) || fsio_lock(path, wait_ms, out_fd, e) ? -1
											    : 0;
}

/* Whoever waits for it notices that the file was replaced. */
static int drop_lock(const struct context *c, const char *tenant, int *fd, struct err *e)
{
	auto_free char *path = path_of(c->root, PATH_TWIN_LOCK, tenant);
	int rc = fsio_unlink(path, e);

	close(*fd);
	*fd = -1;
	return rc;
}

/* ---- the scratch folder ---- */

static int make_scratch(const struct context *c, const struct twin_order *o, struct err *e)
{
	uid_t uid = (uid_t)o->allocation->worker_uid;
	auto_free char *path = path_of(c->root, PATH_TWIN_SCRATCH, o->tenant);
	auto_free char *options = mem_printf(SCRATCH_OPTIONS, (long long)o->allocation->worker_uid,
					     (long long)o->allocation->worker_uid);

	if (o->image_bytes)
		return workspace_scratch_make(c->root, o->tenant, o->image_bytes, uid, e);
	if (fsio_mkdirs(path, MODE_RUNTIME, e))
		return -1;
	/* as the worker's own, whose programs may be executed */
	return mount_tmpfs(path, MS_NOSUID | MS_NODEV, options, e);
}

static int remove_scratch(const struct context *c, const char *tenant, struct err *e)
{
	auto_free char *path = path_of(c->root, PATH_TWIN_SCRATCH, tenant);

	if (mount_remove(path, e))
		return -1;
	if (rmdir(path) && errno != ENOENT)
		return err_sys(e, errno, "remove %s", path);
	return workspace_scratch_remove(c->root, tenant, e);
}

/* ---- what is left ---- */

static bool is_twin_of(const struct strmap *labels, const char *tenant)
{
	const char *owner = strmap_get(labels, LABEL_TENANT);
	const char *role = strmap_get(labels, LABEL_ROLE);

	return owner && role && strcmp(owner, tenant) == 0 && strcmp(role, ROLE_TWIN) == 0;
}

/* With the lock held: nobody makes one. */
static int remove_containers(struct context *c, const char *tenant, struct err *e)
{
	auto_free char *label = mem_printf(LABEL_TENANT "=%s", tenant);
	const char *const filters[] = { label, LABEL_ROLE "=" ROLE_TWIN };
	struct bind_list rows = { 0 };
	int rc;

	rc = client_container_list(c->client, filters, ARRAY_SIZE(filters), &rows, e);
	for (size_t i = 0; i < rows.count && !rc; i++) {
		const struct container_row *row = (struct container_row *)rows.items + i;

		/* the filter is the engine's word only */
		if (is_twin_of(&row->labels, tenant))
			rc = client_container_remove(c->client, row->id, e);
	}
	container_rows_free(&rows);
	return rc;
}

static int remove_left(struct context *c, const char *tenant, struct err *e)
{
	twin_lures_remove(c->root, tenant);
	return remove_containers(c, tenant, e) || remove_scratch(c, tenant, e) ? -1 : 0;
}

static int remove_with_lock(struct context *c, const char *tenant, int wait_ms, struct err *e)
{
	auto_fd int lock = -1;

	if (!has_traces(c, tenant))
		return 0;
	if (take_lock(c, tenant, wait_ms, &lock, e))
		return -1;
	if (remove_left(c, tenant, e) || drop_lock(c, tenant, &lock, e))
		return err_wrap(e, "remove the twin that an earlier run left");
	return 0;
}

int twin_remove_stale(struct context *c, const char *tenant, struct err *e)
{
	if (!remove_with_lock(c, tenant, 0, e))
		return 0;
	if (e->code != ERR_BUSY)
		return -1;
	err_clear(e);
	return 0;
}

int twin_evict(struct context *c, const char *tenant, struct err *e)
{
	if (!remove_with_lock(c, tenant, EVICT_WAIT_MS, e))
		return 0;
	return e->code == ERR_BUSY ? err_hint(e, "a verification of the tenant is running") : -1;
}

/* ---- start ---- */

/* After an answer that was lost there is no id, and labels tell what is the twin. */
static int remove_container(struct context *c, const struct twin *t, struct err *e)
{
	return t->id[0] ? client_container_remove(c->client, t->id, e)
			: remove_containers(c, t->tenant, e);
}

int twin_remove(struct context *c, struct twin *t, struct err *e)
{
	int rc = remove_container(c, t, e);

	if (!rc && t->has_scratch)
		rc = remove_scratch(c, t->tenant, e);
	if (!rc)
		rc = drop_lock(c, t->tenant, &t->lock, e);
	if (rc) {
		err_wrap(e, "remove the twin");
		err_hint(e, "'tenantctl verify %s', run again, removes it", t->tenant);
	}
	if (t->lock >= 0)
		close(t->lock);
	if (t->lures)
		twin_lures_free(t->lures);
	free(t->lures);
	sigset_t mask = t->old_mask;
	container_info_free(&t->container);
	free(t->tenant);
	*t = (struct twin){ .lock = -1 };
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return rc;
}

static int create_named(struct context *c, const struct container_spec *spec, const char *name,
			struct twin *t, struct err *e)
{
	if (client_container_create_copy(c->client, name, spec, t->id, e))
		return -1;
	/* API 1.44 takes all networks at creation; before, all but the first are connected now. */
	for (size_t i = 1; i < spec->endpoints.count && !client_has_api(c->client, 1, 44); i++) {
		const struct engine_endpoint *p =
			(struct engine_endpoint *)spec->endpoints.items + i;

		if (client_network_connect(c->client, p->network, t->id, p, e))
			return -1;
	}
	return 0;
}

/* A twin whose trace was removed by hand is known by its labels; another's container stays. */
static int create(struct context *c, const struct container_spec *spec, struct twin *t,
		  struct err *e)
{
	auto_free char *name = twin_name(t->tenant);

	if (!create_named(c, spec, name, t, e))
		return 0;
	if (e->code != ERR_CONFLICT || t->id[0])
		return -1;
	err_clear(e);
	return remove_containers(c, t->tenant, e) || create_named(c, spec, name, t, e) ? -1 : 0;
}

static int start(struct context *c, const struct twin_order *o, struct twin *t, struct err *e)
{
	struct strlist arguments auto_strlist = { 0 };
	auto_free char *image = NULL;
	auto_free char *workspace = path_of(c->root, PATH_WORKSPACE_DATA, o->tenant);
	auto_free char *scratch =
		path_of(c->root, o->image_bytes ? PATH_SCRATCH_DATA : PATH_TWIN_SCRATCH, o->tenant);
	auto_free char *device = path_of(c->root, PATH_WORKSPACE_DEVICE, o->tenant);
	auto_free char *scratch_device = path_of(c->root, PATH_SCRATCH_DEVICE, o->tenant);
	struct twin_inputs in = { .tenant = o->tenant,
				  .worker = o->worker,
				  .allocation = o->allocation,
				  .program = TWIN_PROGRAM,
				  .arguments = &arguments,
				  .workspace = workspace,
				  .scratch = scratch,
				  .device = device,
				  .scratch_device = o->image_bytes ? scratch_device : NULL };
	struct container_spec spec = { 0 };
	int rc;

	if (twin_image_id(c, &image, e))
		return -1;
	strlist_copy(&arguments, &o->arguments);
	if (o->lures) {
		t->lures = mem_alloc(sizeof(*t->lures));
		twin_lures_make(c->root, o->tenant, t->lures, &arguments);
	}
	t->has_scratch = true;
	if (make_scratch(c, o, e))
		return -1;
	in.image_id = image;
	twin_spec_make(&in, &spec);
	strmap_set(&spec.labels, LABEL_VERSION, TENANTCTL_VERSION);
	rc = create(c, &spec, t, e) || client_container_start(c->client, t->id, e) ||
	     client_container_inspect(c->client, t->id, &t->container, e);
	container_spec_free(&spec);
	if (rc)
		return -1;
	t->pid = t->container.state.running ? (pid_t)t->container.state.pid : 0;
	return 0;
}

int twin_start(struct context *c, const struct twin_order *o, struct twin *out, struct err *e)
{
	struct twin t = { .lock = -1, .limit_s = o->limit_s ? o->limit_s : TWIN_LIMIT_S };
	bool traces = has_traces(c, o->tenant);
	struct err left = ERR_INIT;
	sigset_t set;

	if (take_lock(c, o->tenant, LOCK_WAIT_MS, &t.lock, e))
		return -1;
	held_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, &t.old_mask);
	t.tenant = mem_strdup(o->tenant);
	if (!(traces && remove_left(c, o->tenant, e)) && !start(c, o, &t, e)) {
		*out = t;
		return 0;
	}
	if (twin_remove(c, &t, &left)) {
		auto_free char *was = mem_strdup(e->message);

		err_set(e, ERR_PARTIAL, "%s; and then: %s", was, left.message);
		return err_hint(e, "%s", left.hint);
	}
	return -1;
}

/* ---- end ---- */

void twin_output_free(struct twin_output *o)
{
	free(o->text);
	free(o->trouble);
	*o = (struct twin_output){ 0 };
}

struct collected {
	struct strbuf text, error;
};

static int collect(void *arg, const struct log_line *line)
{
	struct collected *x = arg;

	strbuf_add(line->stream == 2 ? &x->error : &x->text, line->data, line->len);
	return x->text.overflow;
}

/* 1 ended, 0 not within the limit, -1 error. */
static int wait_end(struct context *c, const struct twin *t, int64_t *out_status, struct err *e)
{
	int64_t deadline = clock_monotonic_ms() + (int64_t)t->limit_s * 1000;

	while (clock_monotonic_ms() < deadline) {
		if (twin_is_asked_to_end())
			return err_set(e, ERR_PARTIAL, "interrupted while its twin ran");
		if (!client_container_wait(c->client, t->id, SLICE_MS, out_status, e))
			return 1;
		if (e->code != ERR_TIMEOUT)
			return -1;
		err_clear(e);
	}
	return 0;
}

static char *describe_end(struct context *c, const struct twin *t, int64_t status,
			  struct strbuf *error)
{
	auto_strbuf struct strbuf said = STRBUF_INIT(4 * STDERR_SHOWN + 1);
	struct container_info info = { 0 };
	struct err ignored = ERR_INIT;
	bool oom = false;

	if (!client_container_inspect(c->client, t->id, &info, &ignored))
		oom = info.state.oom_killed;
	container_info_free(&info);
	if (oom)
		return mem_strdup("the twin ran out of memory");
	if (status == 128 + SIGKILL)
		return mem_strdup("the twin's program was killed");
	strbuf_escape(&said, strbuf_str(error), MIN_OF(error->len, (size_t)STDERR_SHOWN));
	return mem_printf("the twin's program ended with status %lld%s%s", (long long)status,
			  said.len ? ": " : "", strbuf_str(&said));
}

int twin_wait(struct context *c, struct twin *t, struct twin_output *out, struct err *e)
{
	struct collected x = { STRBUF_INIT(TWIN_OUTPUT_MAX), STRBUF_INIT(TWIN_OUTPUT_MAX) };
	struct twin_output o = { .heard = -1 };
	struct err ignored = ERR_INIT;
	int64_t status = 0;
	int ended = wait_end(c, t, &status, e), rc;

	if (ended < 0)
		return -1;
	if (!ended) {
		o.trouble = mem_printf("the twin did not end within %u s", t->limit_s);
		if (client_container_kill(c->client, t->id, "SIGKILL", &ignored))
			log_debug("%s: kill the twin: %s", t->tenant, ignored.message);
	}
	rc = client_container_logs(c->client, t->id, t->container.spec.tty, -1, collect, &x, e);
	if (!rc) {
		if (ended && status != 0)
			o.trouble = describe_end(c, t, status, &x.error);
		else if (x.text.overflow && !o.trouble)
			o.trouble = mem_strdup("the twin printed more than it may");
		o.size = x.text.len;
		o.text = strbuf_take(&x.text);
		o.heard = t->lures ? twin_lures_heard(t->lures) : -1;
		*out = o;
		o = (struct twin_output){ 0 };
	}
	twin_output_free(&o);
	strbuf_free(&x.text);
	strbuf_free(&x.error);
	return rc;
}
