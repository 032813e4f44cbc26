/*
 * logs: one tenant's stream only. The container is recognised by label before a byte of
 * it is shown: a name proves nothing.
 */
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "domain/desired.h"
#include "ops/ops.h"

/* How long a follower waits for a container to come back, and how often it looks. */
enum { RETURN_WAIT_MS = 30000, RETURN_POLL_MS = 250 };

static int find(struct context *c, const char *tenant, bool gateway, struct container_info *out,
		struct err *e)
{
	auto_free char *name = gateway ? desired_gateway_name(tenant) : desired_worker_name(tenant);
	struct container_info info = { 0 };
	const char *owner;

	if (client_container_inspect(c->client, name, &info, e)) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_set(e, ERR_NOT_FOUND, "there is no container %s", name);
		return err_hint(e, "'tenantctl list' shows what there is");
	}
	owner = strmap_get(&info.spec.labels, LABEL_TENANT);
	if (!owner || strcmp(owner, tenant) != 0) {
		container_info_free(&info);
		return err_set(e, ERR_CONFLICT, "container %s is not this tenant's", name);
	}
	*out = info;
	return 0;
}

struct follower {
	const struct logs_options *o;
	bool ended; /* by the sink */
};

static int pass_on(void *arg, const struct log_line *line)
{
	struct follower *f = arg;

	f->ended = f->o->sink(f->o->sink_arg, line) != 0;
	return f->ended;
}

/* Waits until the container runs, or until another has taken its place. *out_again is false when it
 * did not come back in time. */
static int wait_return(struct context *c, const char *tenant, const struct logs_options *o,
		       struct container_info *info, bool *out_again, struct err *e)
{
	static const struct timespec pause = { .tv_nsec = RETURN_POLL_MS * 1000000L };
	auto_free char *started = mem_strdup(info->state.started_at ? info->state.started_at : "");

	*out_again = false;
	for (int waited = 0; waited < RETURN_WAIT_MS; waited += RETURN_POLL_MS) {
		struct container_info now = { 0 };
		bool returned;

		if (find(c, tenant, o->gateway, &now, e)) {
			if (e->code != ERR_NOT_FOUND)
				return -1;
			err_clear(e); /* apply is making a new one */
		} else {
			returned = now.state.running &&
				   (strcmp(now.id, info->id) != 0 ||
				    strcmp(now.state.started_at ? now.state.started_at : "",
					   started) != 0);
			container_info_free(info);
			*info = now;
			if (returned) {
				*out_again = true;
				return 0;
			}
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* What was written since the container came back: all of a new container's log, or that of the
 * same one from its start on. */
static int read_again(struct context *c, const struct container_info *info, bool same,
		      struct follower *f, struct err *e)
{
	if (same && info->state.started_at)
		return client_container_logs_since(c->client, info->id, info->spec.tty,
						   info->state.started_at, pass_on, f, e);
	return client_container_logs(c->client, info->id, info->spec.tty, true, -1, pass_on, f, e);
}

static int follow_on(struct context *c, const char *tenant, struct follower *f,
		     struct container_info *info, struct err *e)
{
	while (!f->ended) {
		char before[ENGINE_ID_SIZE];
		bool again;

		memcpy(before, info->id, sizeof(before));
		if (wait_return(c, tenant, f->o, info, &again, e))
			return -1;
		if (!again)
			return 0;
		log_info("tenant %s: started again", tenant);
		if (read_again(c, info, strcmp(before, info->id) == 0, f, e))
			return -1;
	}
	return 0;
}

int ops_logs(struct context *c, const char *tenant, const struct logs_options *o, struct err *e)
{
	struct follower f = { .o = o };
	struct container_info info = { 0 };
	int rc;

	if (find(c, tenant, o->gateway, &info, e))
		return -1;
	rc = client_container_logs(c->client, info.id, info.spec.tty, o->follow, o->tail, pass_on,
				   &f, e);
	if (!rc && o->follow)
		rc = follow_on(c, tenant, &f, &info, e);
	container_info_free(&info);
	return rc;
}
