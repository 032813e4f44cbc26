/*
 * The transport over libcurl; no other file knows it. One easy handle keeps one
 * connection alive. libcurl is held to plain HTTP/1.1 on one unix socket: no proxy,
 * no redirect, no TLS, no name lookup. Everything that arrives is counted before
 * it is kept, and after any doubt about where a reply ends the connection is dropped.
 */
#include "engine/transport.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "transport_socket.h"

#define HEADER_BYTES_MAX 65536
#define HEADER_COUNT_MAX 128
#define UPLOAD_BUFFER 262144L

struct curl_transport {
	struct transport base;
	char *path;
	bool allow_any_owner;
	CURL *easy;
	int fd; /* of the kept connection; curl owns it */
	char curl_text[CURL_ERROR_SIZE];
};

/* One request in flight; every callback gets it. */
struct flight {
	struct curl_transport *t;
	const struct engine_request *req;
	struct engine_reply *reply;
	struct err connect_err; /* why the listener is not trusted */
	long connect_errno;	/* why no connection could be made */
	const char *doubt;	/* why the reply cannot be trusted */
	size_t header_bytes, header_count;
	unsigned lengths, encodings; /* Content-Length and Transfer-Encoding headers seen */
	bool body_announced;
	bool sink_stopped, source_failed, idle_over;
	int64_t last_ms; /* when bytes moved last */
	curl_off_t moved;
};

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
	struct flight *f = arg;

	(void)purpose;
	f->t->fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
	return f->t->fd;
}

/* The last moment before a request leaves, on new and on kept connections. Connecting in
 * on_open_socket would be earlier, but libcurl 7.88 forgets that it was told so. */
static int on_prereq(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	struct flight *f = arg;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	if (f->t->allow_any_owner || socket_check_peer(f->t->fd, f->t->path, &f->connect_err) == 0)
		return CURL_PREREQFUNC_OK;
	return CURL_PREREQFUNC_ABORT;
}

static int on_close_socket(void *arg, curl_socket_t fd)
{
	struct curl_transport *t = arg;

	if (t->fd == fd)
		t->fd = -1;
	return close(fd);
}

static bool header_is(const char *line, size_t len, const char *name, const char **out_value,
		      size_t *out_len)
{
	size_t n = strlen(name);

	if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return false;
	for (line += n + 1, len -= n + 1; len > 0 && (*line == ' ' || *line == '\t'); line++)
		len--;
	while (len > 0 && strchr("\r\n \t", line[len - 1]))
		len--;
	*out_value = line;
	*out_len = len;
	return true;
}

static void keep_header(char *slot, size_t size, const char *value, size_t len)
{
	(void)snprintf(slot, size, "%.*s", (int)MIN_OF(len, size - 1), value);
}

static void note_header(struct flight *f, const char *line, size_t len)
{
	const char *value;
	size_t n;

	if (header_is(line, len, "Api-Version", &value, &n))
		keep_header(f->reply->api_version, sizeof(f->reply->api_version), value, n);
	else if (header_is(line, len, "Content-Type", &value, &n))
		keep_header(f->reply->content_type, sizeof(f->reply->content_type), value, n);
	else if (header_is(line, len, "Server", &value, &n))
		keep_header(f->reply->server, sizeof(f->reply->server), value, n);
	else if (header_is(line, len, "Content-Length", &value, &n)) {
		f->lengths++;
		f->body_announced |= n != 1 || *value != '0';
	} else if (header_is(line, len, "Transfer-Encoding", &value, &n)) {
		f->encodings++;
		f->body_announced = true;
	}
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct flight *f = arg;
	size_t len = size * count;

	f->last_ms = clock_monotonic_ms();
	f->header_bytes += len;
	f->header_count++;
	if (f->header_bytes > HEADER_BYTES_MAX || f->header_count > HEADER_COUNT_MAX) {
		f->doubt = "its headers are too long";
		return 0;
	}
	if (memchr(line, '\0', len)) {
		f->doubt = "its headers hold a zero byte";
		return 0;
	}
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		/* A final reply after a 1xx starts over; the counts above do not. */
		f->lengths = f->encodings = 0;
		f->body_announced = false;
	} else {
		note_header(f, line, len);
	}
	/* RFC 9112, 6.3: whoever reads such a reply differently sees another end of it. */
	if (f->lengths > 1 || f->encodings > 1 || (f->lengths && f->encodings)) {
		f->doubt = "its headers disagree about where it ends";
		return 0;
	}
	return len;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct flight *f = arg;
	size_t len = size * count;
	long status = 0;

	(void)curl_easy_getinfo(f->t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (f->req->sink && status >= 200 && status < 300) {
		if (f->req->sink(f->req->sink_arg, data, len) == 0)
			return len;
		f->sink_stopped = true;
		return 0;
	}
	strbuf_add(&f->reply->body, data, len);
	if (f->reply->body.overflow) {
		f->doubt = "its body is larger than 16 MiB";
		return 0;
	}
	return len;
}

static size_t on_read(char *buf, size_t size, size_t count, void *arg)
{
	struct flight *f = arg;
	long n = f->req->source(f->req->source_arg, buf, size * count);

	if (n >= 0)
		return (size_t)n;
	f->source_failed = true;
	return CURL_READFUNC_ABORT;
}

/* libcurl's own low-speed limit counts in whole seconds and ignores the time before the first
 * byte of a stream; this one sees every byte in both directions. */
static int on_progress(void *arg, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
		       curl_off_t ulnow)
{
	struct flight *f = arg;
	int64_t now = clock_monotonic_ms();

	(void)dltotal;
	(void)ultotal;
	if (dlnow + ulnow != f->moved) {
		f->moved = dlnow + ulnow;
		f->last_ms = now;
	}
	f->idle_over = f->req->idle_ms > 0 && now - f->last_ms > f->req->idle_ms;
	return f->idle_over;
}

static void drop_connection(struct curl_transport *t)
{
	if (t->easy)
		curl_easy_cleanup(t->easy);
	t->easy = NULL;
	t->fd = -1;
}

/* Options that hold for every request on this handle. */
static int new_handle(struct curl_transport *t, struct err *e)
{
	CURL *h = curl_easy_init();
	int bad = 0;

	if (!h)
		return err_set(e, ERR_INTERNAL, "libcurl gave no handle");
	bad |= curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, t->path);
	bad |= curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http");
	bad |= curl_easy_setopt(h, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
	bad |= curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(h, CURLOPT_MAXCONNECTS, 1L);
	bad |= curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
	bad |= curl_easy_setopt(h, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER);
	bad |= curl_easy_setopt(h, CURLOPT_ERRORBUFFER, t->curl_text);
	bad |= curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	bad |= curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, on_prereq);
	bad |= curl_easy_setopt(h, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
	bad |= curl_easy_setopt(h, CURLOPT_CLOSESOCKETDATA, t);
	bad |= curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
	bad |= curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
	bad |= curl_easy_setopt(h, CURLOPT_READFUNCTION, on_read);
	bad |= curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
	t->easy = h;
	if (bad == 0)
		return 0;
	drop_connection(t);
	return err_set(e, ERR_INTERNAL, "this libcurl lacks an option that tenantctl needs");
}

static int set_body(CURL *h, const struct engine_request *req, struct curl_slist **headers)
{
	char type[128];
	int bad = 0;

	/* An empty POST must say so, and libcurl's form type would be refused by the engine. */
	bad |= curl_easy_setopt(h, CURLOPT_POST, 1L);
	bad |= curl_easy_setopt(h, CURLOPT_POSTFIELDS,
				req->source ? NULL : (req->body ? req->body : ""));
	bad |= curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, -1L);
	(void)snprintf(type, sizeof(type), "Content-Type: %s",
		       req->content_type ? req->content_type : "application/json");
	*headers = curl_slist_append(*headers, type);
	if (req->source)
		*headers = curl_slist_append(*headers, "Transfer-Encoding: chunked");
	return bad;
}

static int set_request(struct flight *f, const char *url, struct curl_slist **headers)
{
	CURL *h = f->t->easy;
	const struct engine_request *req = f->req;
	bool head = strcmp(req->method, "HEAD") == 0;
	bool post = strcmp(req->method, "POST") == 0;
	int bad = 0;

	/* No waiting for 100-continue: the engine reads the body anyway. */
	*headers = curl_slist_append(NULL, "Expect:");
	bad |= curl_easy_setopt(h, CURLOPT_NOBODY, head ? 1L : 0L);
	if (post)
		bad |= set_body(h, req, headers);
	else if (!head)
		bad |= curl_easy_setopt(h, CURLOPT_HTTPGET, 1L);
	bad |= curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, post || head ? NULL : req->method);
	bad |= curl_easy_setopt(h, CURLOPT_URL, url);
	bad |= curl_easy_setopt(h, CURLOPT_HTTPHEADER, *headers);
	bad |= curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, req->timeout_ms);
	bad |= curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, req->fresh ? 1L : 0L);
	bad |= curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, f);
	bad |= curl_easy_setopt(h, CURLOPT_PREREQDATA, f);
	bad |= curl_easy_setopt(h, CURLOPT_HEADERDATA, f);
	bad |= curl_easy_setopt(h, CURLOPT_WRITEDATA, f);
	bad |= curl_easy_setopt(h, CURLOPT_READDATA, f);
	bad |= curl_easy_setopt(h, CURLOPT_XFERINFODATA, f);
	return bad;
}

static int transfer_failed(const struct flight *f, CURLcode rc, struct err *e)
{
	const char *text = f->t->curl_text[0] ? f->t->curl_text : curl_easy_strerror(rc);

	if (f->doubt)
		return err_set(e, ERR_PROTOCOL, "the engine's reply is refused: %s", f->doubt);
	if (f->connect_err.code != ERR_NONE) {
		*e = f->connect_err;
		return -1;
	}
	if (f->source_failed)
		return err_set(e, ERR_SYSTEM, "reading the data to send failed");
	if (f->idle_over)
		return err_set(e, ERR_TIMEOUT, "the engine was silent for %ld s",
			       f->req->idle_ms / 1000);
	switch (rc) {
	case CURLE_COULDNT_CONNECT:
		return socket_unreachable(f->t->path, (int)f->connect_errno, e);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(e, ERR_TIMEOUT, "no whole reply from the engine within %ld ms",
			       f->req->timeout_ms);
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return err_set(e, ERR_PROTOCOL, "the engine closed the connection before replying");
	case CURLE_PARTIAL_FILE:
		return err_set(e, ERR_PROTOCOL, "the engine's reply is cut off");
	default:
		return err_set(e, ERR_PROTOCOL, "the engine's reply is not sound HTTP: %s", text);
	}
}

/* What libcurl lets pass and a client of the engine should not. */
static const char *doubt_of(const struct flight *f, long status, long version)
{
	if (version != CURL_HTTP_VERSION_1_1)
		return "it is not HTTP/1.1";
	if (status < 200 || status > 599)
		return "its status is not a final one";
	if ((status == 204 || status == 304) && f->body_announced)
		return "it announces a body that its status forbids";
	return NULL;
}

static int finish(struct flight *f, CURLcode rc, struct err *e)
{
	long status = 0, version = 0;

	(void)curl_easy_getinfo(f->t->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(f->t->easy, CURLINFO_HTTP_VERSION, &version);
	(void)curl_easy_getinfo(f->t->easy, CURLINFO_OS_ERRNO, &f->connect_errno);
	if (rc == CURLE_OK || f->sink_stopped)
		f->doubt = doubt_of(f, status, version);
	if (rc != CURLE_OK || f->doubt)
		drop_connection(f->t);
	if ((rc != CURLE_OK && !f->sink_stopped) || f->doubt) {
		strbuf_reset(&f->reply->body);
		return transfer_failed(f, rc, e);
	}
	f->reply->status = (int)status;
	return 0;
}

static void reply_reset(struct engine_reply *r)
{
	strbuf_reset(&r->body);
	r->body.max = STRBUF_TEXT_MAX;
	r->body.overflow = false;
	r->status = 0;
	r->api_version[0] = r->content_type[0] = r->server[0] = '\0';
}

static int curl_perform(struct transport *base, const struct engine_request *req,
			struct engine_reply *reply, struct err *e)
{
	struct curl_transport *t = (struct curl_transport *)base;
	struct flight f = { .t = t, .req = req, .reply = reply, .last_ms = clock_monotonic_ms() };
	auto_free char *url = mem_printf("http://engine%s", req->path);
	struct curl_slist *headers = NULL;
	int ret;

	reply_reset(reply);
	if (t->easy && t->fd >= 0 && (req->fresh || socket_is_stale(t->fd)))
		drop_connection(t);
	if (!t->easy && new_handle(t, e) < 0)
		return -1;
	t->curl_text[0] = '\0';
	if (set_request(&f, url, &headers) == 0)
		ret = finish(&f, curl_easy_perform(t->easy), e);
	else
		ret = err_set(e, ERR_INTERNAL, "libcurl refused an option");
	if (t->easy)
		(void)curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	return ret;
}

static void curl_close(struct transport *base)
{
	struct curl_transport *t = (struct curl_transport *)base;

	drop_connection(t);
	curl_global_cleanup();
	free(t->path);
	free(t);
}

int transport_open_unix(const char *socket_path, bool allow_any_owner, struct transport **out,
			struct err *e)
{
	static const struct transport_ops ops = { .perform = curl_perform, .close = curl_close };
	struct curl_transport *t;

	if (socket_check_path(socket_path, e) < 0)
		return -1;
	/* Counted by libcurl, thread-safe since 7.84. Without TLS there is nothing to set up,
	 * and curl_easy_init would otherwise load all of it. */
	if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK)
		return err_set(e, ERR_INTERNAL, "libcurl does not start");
	t = mem_alloc(sizeof(*t));
	t->base.ops = &ops;
	t->path = mem_strdup(socket_path);
	t->allow_any_owner = allow_any_owner;
	t->fd = -1;
	*out = &t->base;
	return 0;
}

void engine_reply_free(struct engine_reply *r)
{
	strbuf_free(&r->body);
}
