/*
 * logs: one tenant's stream only. The container is recognised by label before a byte of
 * it is shown: a name proves nothing.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
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

/* "2026-01-02T15:04:05.000000000Z": of one length, so that its order is that of the bytes. */
enum { STAMP_LEN = 30 };

struct follower {
	const struct logs_options *o;
	bool ended; /* by the sink */
	/* Of the message that is being read: its time, as far as it was seen. */
	char stamp[STAMP_LEN + 1];
	size_t stamp_len;
	bool stamped;		   /* it is complete: what follows is the message */
	char shown[STAMP_LEN + 1]; /* of the last message; "" none */
	char after[STAMP_LEN + 1]; /* messages up to this time were shown before */
};

static void to_sink(struct follower *f, const struct log_line *line)
{
	f->ended = f->o->sink(f->o->sink_arg, line) != 0;
}

/* Takes the time off the message; *line is left with what follows it. False: none of it is here. */
static bool past_stamp(struct follower *f, struct log_line *line)
{
	if (line->begins) {
		f->stamp_len = 0;
		f->stamped = false;
	}
	while (!f->stamped && line->len > 0) {
		char ch = *line->data++;

		line->len--;
		if (ch == ' ' || f->stamp_len == STAMP_LEN)
			f->stamped = true;
		else
			f->stamp[f->stamp_len++] = ch;
		f->stamp[f->stamp_len] = '\0';
		if (f->stamped)
			memcpy(f->shown, f->stamp, sizeof(f->shown));
	}
	return f->stamped && line->len > 0;
}

static int pass_stamped(void *arg, const struct log_line *line)
{
	struct follower *f = arg;
	struct log_line message = *line;

	if (past_stamp(f, &message) && strcmp(f->stamp, f->after) > 0)
		to_sink(f, &message);
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

/* What was written since: all of a new container's log, or what follows the last message of the
 * same one. Its start is no mark: the engine notes it a moment after the first line may be there.
 */
static int read_again(struct context *c, const struct container_info *info, bool same,
		      struct follower *f, struct err *e)
{
	if (same)
		memcpy(f->after, f->shown, sizeof(f->after));
	else
		f->after[0] = '\0';
	return client_container_logs_follow(c->client, info->id, info->spec.tty,
					    f->after[0] ? f->after : NULL, -1, pass_stamped, f, e);
}

static int follow(struct context *c, const char *tenant, struct follower *f,
		  struct container_info *info, struct err *e)
{
	auto_free char *began = clock_utc_nano_text();

	/* the engine's clock: it is on this host */
	if (f->o->tail >= 0)
		snprintf(f->shown, sizeof(f->shown), "%s", began);
	if (client_container_logs_follow(c->client, info->id, info->spec.tty, NULL, f->o->tail,
					 pass_stamped, f, e))
		return -1;
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

static int pass_on(void *arg, const struct log_line *line)
{
	to_sink(arg, line);
	return ((struct follower *)arg)->ended;
}

int ops_logs(struct context *c, const char *tenant, const struct logs_options *o, struct err *e)
{
	struct follower f = { .o = o };
	struct container_info info = { 0 };
	int rc;

	if (find(c, tenant, o->gateway, &info, e))
		return -1;
	if (o->follow)
		rc = follow(c, tenant, &f, &info, e);
	else
		rc = client_container_logs(c->client, info.id, info.spec.tty, o->tail, pass_on, &f,
					   e);
	container_info_free(&info);
	return rc;
}
