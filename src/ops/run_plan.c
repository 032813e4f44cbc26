/*
 * The runner. Steps run in order; a step that only waits for an earlier one may run
 * beside the steps between (creating the worker beside creating and starting the
 * gateway). Signals are held back while a step runs, so that no step is cut in two.
 */
#include "run_plan.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "guard.h"
#include "journal.h"

struct lane { /* one step that runs beside the others */
	struct run *run;
	struct client *client;
	size_t step; /* SIZE_MAX: none */
	pthread_t thread;
	struct err error;
	int rc;
};

static void signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

static bool interrupted(void)
{
	const struct timespec now = { 0 };
	sigset_t set;

	signals(&set);
	return sigtimedwait(&set, NULL, &now) > 0;
}

static void report(struct run *r, size_t step)
{
	const struct plan *p = &r->result->plan;
	auto_free char *text =
		mem_printf("%s %s", step_verb(p->steps[step].kind), step_noun(p->steps[step].kind));

	if (r->c->progress)
		r->c->progress(r->c->progress_arg, r->tenant, text, r->result->done, p->count);
}

static int note_done(struct run *r, size_t step, struct err *e)
{
	r->result->done++;
	return journal_step(r->c->root, &r->result->plan, step, e);
}

static int wrap_step(struct run *r, size_t step, struct err *e)
{
	const struct step *s = r->result->plan.steps + step;

	return err_wrap(e, "%s %s %s", step_verb(s->kind), step_noun(s->kind), s->object);
}

static void *lane_main(void *arg)
{
	struct lane *l = arg;

	l->rc = run_step(l->run, l->client, l->run->result->plan.steps[l->step].kind, &l->error);
	return NULL;
}

/* The step after `now` that waits only for what is done before `now`, or SIZE_MAX. */
static size_t find_beside(const struct plan *p, size_t now)
{
	for (size_t i = now + 1; i < p->count; i++) {
		if (p->steps[i].after < (int)now && p->steps[i].after < (int)i - 1)
			return i;
	}
	return SIZE_MAX;
}

/* Without a second connection the step just runs in its turn. */
static void lane_start(struct lane *l, struct run *r, size_t now)
{
	struct transport *t;
	struct err ignored = ERR_INIT;

	l->step = find_beside(&r->result->plan, now);
	if (l->step == SIZE_MAX)
		return;
	if (transport_open_unix(r->c->socket_path, r->c->any_socket_owner, &t, &ignored) ||
	    client_open(t, ENGINE_MAY_CHANGE, &l->client, &ignored)) {
		l->step = SIZE_MAX;
		return;
	}
	l->run = r;
	l->error = (struct err)ERR_INIT;
	if (pthread_create(&l->thread, NULL, lane_main, l)) {
		client_close(l->client);
		l->client = NULL;
		l->step = SIZE_MAX;
	}
}

static int lane_join(struct lane *l, struct err *e)
{
	size_t step = l->step;

	if (step == SIZE_MAX)
		return 0;
	pthread_join(l->thread, NULL);
	client_close(l->client);
	l->client = NULL;
	l->step = SIZE_MAX;
	if (l->rc) {
		*e = l->error;
		return wrap_step(l->run, step, e);
	}
	return note_done(l->run, step, e);
}

/* A worker that was started must be verified: a guard sees to it, even if we are killed.
 * Verification itself stops what it finds wrong. */
static int run_guarded(struct run *r, struct guard *guard, enum step_kind kind, struct err *e)
{
	int rc;

	if (kind == STEP_WORKER_START && guard_start(r->c, r->worker_id, guard, e))
		return -1;
	rc = run_step(r, r->c->client, kind, e);
	if (kind == STEP_VERIFY)
		guard_release(guard);
	return rc;
}

static int run_forward(struct run *r, struct err *e)
{
	struct plan *p = &r->result->plan;
	struct lane lane = { .step = SIZE_MAX };
	struct guard guard = { 0 };
	struct err lane_error = ERR_INIT;
	int rc = 0;

	for (size_t i = 0; i < p->count && !rc; i++) {
		if (interrupted()) {
			rc = err_set(e, ERR_PARTIAL, "interrupted before '%s %s'",
				     step_verb(p->steps[i].kind), step_noun(p->steps[i].kind));
			break;
		}
		if (i == lane.step) {
			rc = lane_join(&lane, e);
			continue;
		}
		if (lane.step == SIZE_MAX)
			lane_start(&lane, r, i);
		report(r, i);
		rc = run_guarded(r, &guard, p->steps[i].kind, e);
		if (rc)
			wrap_step(r, i, e);
		else
			rc = note_done(r, i, e);
	}
	guard_fire(&guard); /* does nothing after a verification */
	/* A failure elsewhere: the lane's own outcome is in the journal and found by the next look.
	 */
	if (lane_join(&lane, &lane_error))
		log_debug("%s: %s", r->tenant, lane_error.message);
	return rc;
}

/* Also the step that failed is taken back: it may have acted before its answer was lost. Every undo
 * accepts that there is nothing to undo. */
static int run_back(struct run *r, struct err *e)
{
	struct plan *p = &r->result->plan;
	struct err undo_error = ERR_INIT;
	bool complete = true;

	for (size_t i = p->count; i-- > 0;) {
		enum step_kind undo = p->steps[i].undo;

		/* What is left keeps its numbers, and with them the nonce that it is known by. */
		if (undo == STEP_KINDS || (undo == STEP_RELEASE && !complete))
			continue;
		err_clear(&undo_error);
		if (run_step(r, r->c->client, undo, &undo_error)) {
			log_debug("%s: undo: %s", r->tenant, undo_error.message);
			complete = false;
		}
	}
	if (complete) {
		r->result->done = 0;
		return 0;
	}
	e->code = ERR_PARTIAL;
	return err_hint(
		e,
		"not everything could be taken back (%s); 'tenantctl delete %s' removes the "
		"rest, 'tenantctl create %s' completes it",
		undo_error.message, r->tenant, r->tenant);
}

/* A gateway that refused its new files, with nothing done before: all is as it was. */
static bool is_refused_reload(const struct run *r, const struct err *e)
{
	return e->code == ERR_REFUSED && !r->result->done && !r->state->unfinished &&
	       r->result->plan.steps[0].kind == STEP_GATEWAY_RELOAD;
}

static int conclude_failure(struct run *r, struct err *e)
{
	struct err ignored = ERR_INIT;
	auto_free char *text = mem_printf("failed: %s", e->message);
	/* What a run that died had asked for was made while this one looked. */
	bool overtaken = e->code == ERR_CONFLICT && r->state->unfinished;

	/* A worker that did not verify stays, stopped, so that one can see why. */
	if (e->code == ERR_CHECK || is_refused_reload(r, e)) {
		if (journal_end(r->c->root, &r->result->plan, text, &ignored))
			log_debug("%s: %s", r->tenant, ignored.message);
		return -1;
	}
	if (r->undo && e->code != ERR_PARTIAL && e->code != ERR_UNREACHABLE)
		return run_back(r, e), -1;
	if (r->result->done || overtaken || e->code == ERR_PARTIAL || e->code == ERR_UNREACHABLE) {
		bool unreachable = e->code == ERR_UNREACHABLE && !r->result->done;

		if (!unreachable)
			e->code = ERR_PARTIAL;
		err_hint(e,
			 "run 'tenantctl %s %s' again to complete it, or 'tenantctl delete %s'%s%s",
			 strcmp(r->operation, "delete") == 0 ? "delete" : "apply", r->tenant,
			 r->tenant, e->hint[0] ? "; " : "", e->hint);
	}
	return -1;
}

static void copy_id(char out[ENGINE_ID_SIZE], const char *id)
{
	memcpy(out, id, ENGINE_ID_SIZE);
}

int run_plan(struct run *r, struct err *e)
{
	struct plan *p = &r->result->plan;
	sigset_t set, old;
	int rc;

	copy_id(r->worker_id, r->state->worker.id);
	copy_id(r->gateway_id, r->state->gateway.id);
	copy_id(r->network_id, r->state->network.id);
	signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	rc = journal_begin(r->c->root, r->operation, p, e);
	if (!rc) {
		rc = run_forward(r, e);
		rc = rc ? conclude_failure(r, e) : journal_end(r->c->root, p, "done", e);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}
