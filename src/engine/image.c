/*
 * Images: inspect, load from an archive, pull. Load and pull answer 200 before
 * they do anything; what counts are the errors and results inside the stream.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "client_internal.h"
#include "stream.h"
#include "wire.h"

int client_image_inspect(struct client *c, const char *ref, struct image_info *out, struct err *e)
{
	struct call call = { .method = "GET", .what = "GET /images/{name}/json" };
	auto_strbuf struct strbuf path = STRBUF_INIT(4096);
	auto_doc struct doc *d = NULL;
	struct image_info info = { 0 };

	if (client_check_image(ref, e) < 0)
		return -1;
	strbuf_puts(&path, "/images/");
	client_encode(&path, ref, "/:@");
	strbuf_puts(&path, "/json");
	call.path = strbuf_str(&path);
	if (client_call_json(c, &call, &d, e) < 0 ||
	    wire_read(&wire_image_info, doc_root(d), call.what, &info, e) < 0)
		return -1;
	*out = info;
	return 0;
}

struct image_transfer {
	struct json_stream stream;
	client_progress progress;
	void *arg;
	bool loaded; /* saw "Loaded image" */
	bool failed;
	struct err err;
};

static int on_status(void *arg, const struct node *object, struct err *e)
{
	struct image_transfer *x = arg;
	const struct node *detail = node_get(object, "progressDetail");
	const char *text = node_str(node_get(object, "stream"), NULL);

	if (node_get(object, "errorDetail") || node_get(object, "error"))
		return err_set(e, ERR_REFUSED, "the engine says: %.700s",
			       node_str(node_get(node_get(object, "errorDetail"), "message"),
					node_str(node_get(object, "error"), "no reason")));
	if (text && strncmp(text, "Loaded image", strlen("Loaded image")) == 0)
		x->loaded = true;
	if (x->progress)
		x->progress(x->arg, text ? text : node_str(node_get(object, "status"), ""),
			    node_str(node_get(object, "id"), ""),
			    node_int(node_get(detail, "current"), 0),
			    node_int(node_get(detail, "total"), 0));
	return 0;
}

static int on_bytes(void *arg, const char *data, size_t len)
{
	struct image_transfer *x = arg;

	x->failed = json_stream_feed(&x->stream, data, len, &x->err) < 0;
	return x->failed;
}

static int transfer(struct client *c, struct call *call, struct image_transfer *x, struct err *e)
{
	int ret;

	json_stream_init(&x->stream, on_status, x);
	call->method = "POST";
	call->needs = ENGINE_MAY_LOAD;
	call->sink = on_bytes;
	call->sink_arg = x;
	call->timeout_ms = TIMEOUT_STREAM_MS;
	call->idle_ms = IDLE_STREAM_MS;
	ret = client_call(c, call, e);
	if (ret == 0 && x->failed) {
		*e = x->err;
		ret = err_wrap(e, "%s", call->what);
	}
	if (ret == 0 && json_stream_end(&x->stream, e) < 0)
		ret = err_wrap(e, "%s", call->what);
	json_stream_free(&x->stream);
	return ret;
}

static long read_archive(void *arg, char *buf, size_t size)
{
	const int *fd = arg;
	ssize_t n;

	do
		n = read(*fd, buf, size);
	while (n < 0 && errno == EINTR);
	return (long)n;
}

int client_image_load(struct client *c, int archive_fd, client_progress progress, void *arg,
		      struct err *e)
{
	struct image_transfer x = { .progress = progress, .arg = arg, .err = ERR_INIT };
	struct call call = { .what = "POST /images/load",
			     .path = "/images/load?quiet=1",
			     .content_type = "application/x-tar",
			     .source = read_archive,
			     .source_arg = &archive_fd };

	if (transfer(c, &call, &x, e) < 0)
		return -1;
	if (x.loaded)
		return 0;
	return err_set(e, ERR_REFUSED, "%s: the engine loaded no image from the archive",
		       call.what);
}

/* Where the tag or digest of a reference begins; NULL without one. */
static const char *reference_end(const char *ref)
{
	const char *at = strchr(ref, '@');
	const char *slash = strrchr(ref, '/');

	return at ? at : strchr(slash ? slash : ref, ':');
}

int client_image_pull(struct client *c, const char *ref, client_progress progress, void *arg,
		      struct err *e)
{
	struct image_transfer x = { .progress = progress, .arg = arg, .err = ERR_INIT };
	struct call call = { .what = "POST /images/create" };
	auto_strbuf struct strbuf path = STRBUF_INIT(4096);
	auto_free char *name = NULL;
	const char *end;

	if (client_check_image(ref, e) < 0)
		return -1;
	end = reference_end(ref);
	name = mem_strndup(ref, end ? (size_t)(end - ref) : strlen(ref));
	/* "name:tag@digest": the digest decides, the tag is decoration. */
	if (end && *end == '@' && reference_end(name))
		*strrchr(name, ':') = '\0';
	strbuf_puts(&path, "/images/create?fromImage=");
	client_encode(&path, name, "");
	/* Without a tag the engine would pull every tag there is. */
	strbuf_puts(&path, "&tag=");
	client_encode(&path, end ? end + 1 : "latest", "");
	call.path = strbuf_str(&path);
	return transfer(c, &call, &x, e);
}
