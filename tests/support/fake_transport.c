/* In-process transports: faults in front of another transport, and scripted replies. */
#include "fake_transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void set_reply(struct engine_reply *r, int status, const char *body)
{
	strbuf_reset(&r->body);
	r->body.max = STRBUF_TEXT_MAX;
	r->body.overflow = false;
	r->status = status;
	(void)snprintf(r->content_type, sizeof(r->content_type), "application/json");
	strbuf_puts(&r->body, body);
}

static int bad_json(const struct engine_request *req, struct engine_reply *reply)
{
	static const char half[] = "{\"Id\": \"";

	set_reply(reply, strcmp(req->method, "GET") == 0 ? 200 : 201, req->sink ? "" : half);
	if (req->sink)
		(void)req->sink(req->sink_arg, half, strlen(half));
	return 0;
}

static int apply_fault(const struct fault_transport *f, const struct engine_request *req,
		       struct engine_reply *reply, struct err *e)
{
	err_clear(e);
	switch (f->kind) {
	case FAULT_REFUSED:
		return err_set(e, ERR_UNREACHABLE, "no engine: nothing listens (injected)");
	case FAULT_TIMEOUT:
		return err_set(e, ERR_TIMEOUT, "no whole reply from the engine (injected)");
	case FAULT_CLOSED:
		return err_set(e, ERR_PROTOCOL, "the engine closed the connection (injected)");
	case FAULT_CUT_BODY:
		return err_set(e, ERR_PROTOCOL, "the engine's reply is cut off (injected)");
	case FAULT_BAD_JSON:
		return bad_json(req, reply);
	case FAULT_409:
		set_reply(reply, 409, "{\"message\":\"conflict (injected)\"}");
		return 0;
	case FAULT_500:
		set_reply(reply, 500, "{\"message\":\"server error (injected)\"}");
		return 0;
	case FAULT_NONE:
	case FAULT_KINDS:
		break;
	}
	return err_set(e, ERR_INTERNAL, "no such fault");
}

static int fault_perform(struct transport *base, const struct engine_request *req,
			 struct engine_reply *reply, struct err *e)
{
	struct fault_transport *f = (struct fault_transport *)base;
	bool now;

	f->calls++;
	if (f->counter)
		(*f->counter)++;
	if (f->log)
		strlist_addf(f->log, "%s %s", req->method, req->path);
	now = f->at > 0 && f->kind != FAULT_NONE &&
	      (f->calls == f->at || (f->forever && f->calls > f->at));
	if (!now)
		return f->inner->ops->perform(f->inner, req, reply, e);
	if (f->phase == FAULT_AFTER && f->kind != FAULT_REFUSED) {
		/* What the engine says does not matter: the caller never learns it. */
		if (f->inner->ops->perform(f->inner, req, reply, e) < 0)
			err_clear(e);
	}
	return apply_fault(f, req, reply, e);
}

static void fault_close(struct transport *base)
{
	struct fault_transport *f = (struct fault_transport *)base;

	f->inner->ops->close(f->inner);
	free(f);
}

struct fault_transport *fault_transport_new(struct transport *inner)
{
	static const struct transport_ops ops = { .perform = fault_perform, .close = fault_close };
	struct fault_transport *f = mem_alloc(sizeof(*f));

	f->base.ops = &ops;
	f->inner = inner;
	return f;
}

void fault_at(struct fault_transport *f, unsigned call, enum fault_kind kind,
	      enum fault_phase phase)
{
	f->at = call;
	f->kind = kind;
	f->phase = phase;
}

const char *fault_name(enum fault_kind kind)
{
	static const char *const names[FAULT_KINDS] = { "none",	    "refused",	"timeout", "closed",
							"cut-body", "bad-json", "409",	   "500" };

	return kind < FAULT_KINDS ? names[kind] : "?";
}

struct script_transport {
	struct transport base;
	char api[16];
	const struct script_step *steps;
	size_t count;
	size_t *used;
};

static bool step_matches(const struct script_step *s, const struct engine_request *req)
{
	auto_free char *line = mem_printf("%s %s", req->method, req->path);
	size_t len = strlen(s->request);

	if (len > 0 && s->request[len - 1] == '*')
		return strncmp(line, s->request, len - 1) == 0;
	return strcmp(line, s->request) == 0;
}

static int script_perform(struct transport *base, const struct engine_request *req,
			  struct engine_reply *reply, struct err *e)
{
	struct script_transport *t = (struct script_transport *)base;
	const struct script_step *s;

	set_reply(reply, 200, "");
	if (strcmp(req->path, "/_ping") == 0) {
		(void)snprintf(reply->api_version, sizeof(reply->api_version), "%s", t->api);
		(void)snprintf(reply->server, sizeof(reply->server), "Docker/0 (script)");
		return 0;
	}
	if (*t->used >= t->count)
		return err_set(e, ERR_INTERNAL, "script: %s %s comes after the last step",
			       req->method, req->path);
	s = &t->steps[*t->used];
	if (!step_matches(s, req))
		return err_set(e, ERR_INTERNAL, "script: %s %s, but step %zu is %s", req->method,
			       req->path, *t->used + 1, s->request);
	(*t->used)++;
	set_reply(reply, s->status, s->body ? s->body : "");
	if (req->sink && s->status < 300 && s->body) {
		(void)req->sink(req->sink_arg, s->body, strlen(s->body));
		strbuf_reset(&reply->body);
	}
	return 0;
}

static void script_close(struct transport *base)
{
	free(base);
}

struct transport *script_transport_new(const char *api, const struct script_step *steps,
				       size_t count, size_t *out_used)
{
	static const struct transport_ops ops = { .perform = script_perform,
						  .close = script_close };
	struct script_transport *t = mem_alloc(sizeof(*t));

	t->base.ops = &ops;
	(void)snprintf(t->api, sizeof(t->api), "%s", api);
	t->steps = steps;
	t->count = count;
	t->used = out_used;
	*out_used = 0;
	return &t->base;
}
