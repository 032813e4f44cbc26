/*
 * Networks. Names are not unique on engines up to 24 and are not held by the
 * containers that use them, so callers work with the ids returned here.
 */
#include <string.h>

#include "base/mem.h"
#include "client_internal.h"
#include "create.h"
#include "wire.h"

static int read_info(const struct node *n, const char *what, struct network_info *out,
		     struct err *e)
{
	struct network_info info = { 0 };

	if (wire_read(&wire_network_info, n, what, &info, e) < 0 ||
	    wire_read(&wire_network_spec, n, what, &info.spec, e) < 0) {
		network_info_free(&info);
		return -1;
	}
	*out = info;
	return 0;
}

int client_network_list(struct client *c, const char *const *label_filters, size_t count,
			struct bind_list *out, struct err *e)
{
	auto_strbuf struct strbuf path = STRBUF_INIT(65536);
	struct call call = { .method = "GET", .what = "GET /networks" };
	auto_doc struct doc *d = NULL;
	struct bind_list list = { 0 };
	struct network_info *infos;
	const struct node *n;

	strbuf_puts(&path, "/networks?");
	client_label_query(&path, label_filters, count);
	call.path = strbuf_str(&path);
	if (client_call_json(c, &call, &d, e) < 0)
		return -1;
	if (!node_is_array(doc_root(d)))
		return err_set(e, ERR_PROTOCOL, "%s: expected a list", call.what);
	infos = mem_array(node_count(doc_root(d)) + 1, sizeof(*infos));
	list.items = infos;
	for (n = node_first(doc_root(d)); n; n = node_next(n)) {
		if (read_info(n, call.what, &infos[list.count], e) < 0) {
			network_infos_free(&list);
			return -1;
		}
		list.count++;
	}
	*out = list;
	return 0;
}

int client_network_inspect(struct client *c, const char *ref, struct network_info *out,
			   struct err *e)
{
	struct call call = { .method = "GET", .what = "GET /networks/{id}" };
	auto_free char *path = NULL;
	auto_doc struct doc *d = NULL;
	struct network_info info;

	if (client_check_ref(ref, "network", e) < 0)
		return -1;
	path = mem_printf("/networks/%s", ref);
	call.path = path;
	if (client_call_json(c, &call, &d, e) < 0 ||
	    read_info(doc_root(d), call.what, &info, e) < 0)
		return -1;
	/* As with containers: an id prefix finds foreign networks. */
	if (strcmp(info.id, ref) != 0 && strcmp(info.spec.name, ref) != 0) {
		network_info_free(&info);
		(void)err_set(e, ERR_NOT_FOUND, "%s: no network has the name or id '%s'", call.what,
			      ref);
		e->status = 404;
		return -1;
	}
	*out = info;
	return 0;
}

int client_network_create(struct client *c, const struct network_spec *spec,
			  char out_id[ENGINE_ID_SIZE], struct err *e)
{
	struct call call = { .method = "POST",
			     .path = "/networks/create",
			     .what = "POST /networks/create",
			     .needs = ENGINE_MAY_CHANGE };
	auto_node struct node *body = NULL;
	auto_doc struct doc *d = NULL;

	if (client_check_ref(spec->name, "network", e) < 0)
		return -1;
	body = create_network_body(spec);
	call.body = body;
	if (client_call_json(c, &call, &d, e) < 0)
		return -1;
	return wire_read_id(doc_root(d), call.what, out_id, e);
}

static bool already_apart(const struct engine_reply *r)
{
	return r->status == 404 ||
	       ((r->status == 500 || r->status == 403) && client_says(r, "is not connected"));
}

static int attach(struct client *c, const char *network, const char *verb, struct call *call,
		  struct err *e)
{
	auto_free char *path = NULL;

	if (client_check_ref(network, "network", e) < 0)
		return -1;
	path = mem_printf("/networks/%s/%s", network, verb);
	call->method = "POST";
	call->path = path;
	call->needs = ENGINE_MAY_CHANGE;
	return client_call(c, call, e);
}

int client_network_connect(struct client *c, const char *network, const char *container,
			   const struct engine_endpoint *endpoint, struct err *e)
{
	auto_node struct node *body = node_new_object();
	struct call call = { .what = "POST /networks/{id}/connect", .body = body };

	if (client_check_ref(container, "container", e) < 0)
		return -1;
	node_set_str(body, "Container", container);
	node_set(body, "EndpointConfig", create_endpoint(endpoint));
	return attach(c, network, "connect", &call, e);
}

int client_network_disconnect(struct client *c, const char *network, const char *container,
			      struct err *e)
{
	auto_node struct node *body = node_new_object();
	struct call call = { .what = "POST /networks/{id}/disconnect",
			     .body = body,
			     .accepts = already_apart };

	if (client_check_ref(container, "container", e) < 0)
		return -1;
	node_set_str(body, "Container", container);
	/* Force also clears an endpoint whose container is gone since an engine crash. */
	node_set_bool(body, "Force", true);
	return attach(c, network, "disconnect", &call, e);
}

static bool accept_404(const struct engine_reply *r)
{
	return r->status == 404;
}

int client_network_remove(struct client *c, const char *ref, struct err *e)
{
	struct call call = { .method = "DELETE",
			     .what = "DELETE /networks/{id}",
			     .needs = ENGINE_MAY_CHANGE,
			     .accepts = accept_404 };
	auto_free char *path = NULL;

	if (client_check_ref(ref, "network", e) < 0)
		return -1;
	path = mem_printf("/networks/%s", ref);
	call.path = path;
	return client_call(c, &call, e);
}

bool client_network_is_held(const struct err *e)
{
	return e->status == 403 && strstr(e->message, "has active endpoints");
}
