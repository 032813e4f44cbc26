/* Reading, writing and recording of contract cases. */
#include "case_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fsio.h"
#include "base/mem.h"

#define CASE_BYTES_MAX ((size_t)4 << 20)

static void escape(struct strbuf *b, const char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char ch = (unsigned char)data[i];

		if (ch < ' ' || ch > '~' || ch == '\\')
			strbuf_printf(b, "\\x%02x", ch);
		else
			strbuf_putc(b, (char)ch);
	}
}

static void unescape(struct strbuf *b, const char *s)
{
	unsigned ch;

	while (*s) {
		if (s[0] == '\\' && sscanf(s, "\\x%2x", &ch) == 1) {
			strbuf_putc(b, (char)ch);
			s += 4;
		} else {
			strbuf_putc(b, *s++);
		}
	}
}

static struct case_exchange *last(struct case_file *c)
{
	return c->count > 0 ? &c->exchanges[c->count - 1] : NULL;
}

static bool take_line(struct case_file *c, const char *key, const char *value)
{
	struct case_exchange *x = last(c);

	if (strcmp(key, "engine") == 0)
		mem_replace(&c->engine, value);
	else if (strcmp(key, "api") == 0)
		mem_replace(&c->api, value);
	else if (strcmp(key, "outcome") == 0)
		mem_replace(&c->outcome, value);
	else if (strcmp(key, "sees") == 0)
		mem_replace(&c->sees, value);
	else if (strcmp(key, "request") == 0 && c->count < CASE_EXCHANGES_MAX) {
		x = &c->exchanges[c->count++];
		x->reply.max = CASE_BYTES_MAX;
		mem_replace(&x->request, value);
	} else if (x && strcmp(key, "body") == 0)
		mem_replace(&x->body, value);
	else if (x && strcmp(key, "type") == 0)
		mem_replace(&x->type, value);
	else if (x && strcmp(key, "status") == 0)
		x->status = atoi(value);
	else if (x && strcmp(key, "reply") == 0)
		unescape(&x->reply, value);
	else
		return false;
	return true;
}

int case_read(const char *path, struct case_file *out, struct err *e)
{
	auto_free char *text = NULL;
	char *line, *rest;
	size_t len;

	if (fsio_read(path, FSIO_ANY, CASE_BYTES_MAX, &text, &len, e) < 0)
		return -1;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *space = strchr(line, ' ');

		if (line[0] == '#')
			continue;
		if (space)
			*space = '\0';
		if (!take_line(out, line, space ? space + 1 : ""))
			return err_set(e, ERR_MANIFEST, "%s: unexpected line '%s'", path, line);
	}
	if (out->count > 0 && out->api && out->outcome)
		return 0;
	return err_set(e, ERR_MANIFEST, "%s: api, request or outcome is missing", path);
}

int case_write(const char *path, const struct case_file *c, struct err *e)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(CASE_BYTES_MAX);
	size_t i;

	strbuf_printf(&b, "engine %s\napi %s\n", c->engine, c->api);
	for (i = 0; i < c->count; i++) {
		const struct case_exchange *x = &c->exchanges[i];

		strbuf_printf(&b, "request %s\n", x->request);
		if (x->body)
			strbuf_printf(&b, "body %s\n", x->body);
		strbuf_printf(&b, "status %d\n", x->status);
		if (x->type && x->type[0])
			strbuf_printf(&b, "type %s\n", x->type);
		if (x->reply.len > 0) {
			strbuf_puts(&b, "reply ");
			escape(&b, x->reply.data, x->reply.len);
			strbuf_putc(&b, '\n');
		}
	}
	strbuf_printf(&b, "outcome %s\n", c->outcome);
	if (c->sees && c->sees[0])
		strbuf_printf(&b, "sees %s\n", c->sees);
	return fsio_write(path, strbuf_str(&b), b.len, 0644, (uid_t)-1, (gid_t)-1, e);
}

void case_free(struct case_file *c)
{
	size_t i;

	for (i = 0; i < c->count; i++) {
		free(c->exchanges[i].request);
		free(c->exchanges[i].body);
		free(c->exchanges[i].type);
		strbuf_free(&c->exchanges[i].reply);
	}
	free(c->engine);
	free(c->api);
	free(c->outcome);
	free(c->sees);
	memset(c, 0, sizeof(*c));
}

struct recorder {
	struct transport base;
	struct transport *inner;
	struct case_file **into;
};

struct tee {
	const struct engine_request *req;
	struct strbuf *copy;
};

static int on_part(void *arg, const char *data, size_t len)
{
	struct tee *t = arg;

	strbuf_add(t->copy, data, len);
	return t->req->sink(t->req->sink_arg, data, len);
}

static int record(struct transport *base, const struct engine_request *req,
		  struct engine_reply *reply, struct err *e)
{
	struct recorder *r = (struct recorder *)base;
	struct case_file *c = *r->into;
	struct engine_request copy = *req;
	struct case_exchange *x;
	struct tee tee = { .req = req };

	if (!c || strcmp(req->path, "/_ping") == 0 || c->count >= CASE_EXCHANGES_MAX)
		return r->inner->ops->perform(r->inner, req, reply, e);
	x = &c->exchanges[c->count++];
	x->reply.max = CASE_BYTES_MAX;
	x->request = mem_printf("%s %s", req->method, req->path);
	mem_replace(&x->body, req->body);
	tee.copy = &x->reply;
	if (req->sink) {
		copy.sink = on_part;
		copy.sink_arg = &tee;
	}
	if (r->inner->ops->perform(r->inner, &copy, reply, e) < 0)
		return -1;
	x->status = reply->status;
	mem_replace(&x->type, reply->content_type);
	strbuf_add(&x->reply, strbuf_str(&reply->body), reply->body.len);
	return 0;
}

static void recorder_close(struct transport *base)
{
	struct recorder *r = (struct recorder *)base;

	r->inner->ops->close(r->inner);
	free(r);
}

struct transport *case_recorder_new(struct transport *inner, struct case_file **into)
{
	static const struct transport_ops ops = { .perform = record, .close = recorder_close };
	struct recorder *r = mem_alloc(sizeof(*r));

	r->base.ops = &ops;
	r->inner = inner;
	r->into = into;
	return &r->base;
}
