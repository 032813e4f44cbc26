/*
 * The keys are taken from the file that the gateway reads, as a command's value is
 * nowhere else. The file itself is the control: a search that does not find a key in
 * there has shown nothing by not finding it elsewhere.
 */
#include "verify_secrets.h"

#include <stdio.h>
#include <string.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "base/needles.h"
#include "domain/gateway_files.h"
#include "domain/paths.h"
#include "domain/secret_extract.h"
#include "probe/exposure.h"

enum { LOG_TAIL = 1 << 20, TEXT_MAX = 1 << 20 };

struct search {
	struct context *c;
	const struct tenant_spec *spec;
	const struct tenant_state *state;
	struct needles *needles;
	struct strlist ids; /* by tag */
	struct exposure x;
};

/* ---- what is looked for ---- */

static const struct inject_entry *inject_of(const struct tenant_spec *s, const char *id)
{
	const struct credential_entry *cred = s->credentials.items;
	const char *dot = strrchr(id, '.');
	size_t index = dot ? (size_t)strtoul(dot + 1, NULL, 10) : 0;

	for (size_t i = 0; dot && i < s->credentials.count; i++)
		if (strlen(cred[i].name) == (size_t)(dot - id) &&
		    !strncmp(cred[i].name, id, (size_t)(dot - id)) && index < cred[i].inject.count)
			return (const struct inject_entry *)cred[i].inject.items + index;
	return NULL;
}

/* What no credential explains is looked for as it stands. */
static void add_key(struct search *s, const char *id, const char *value, struct secret_facts *out)
{
	struct strbuf secret auto_strbuf = STRBUF_SECRET(TEXT_MAX);
	const struct inject_entry *how = inject_of(s->spec, id);

	if (!how || !secret_extract(how, value, &secret))
		strbuf_puts(&secret, value);
	strlist_add(&s->ids, id);
	if (needles_add(s->needles, secret.data, secret.len, s->ids.count - 1))
		out->secrets++;
	else
		strlist_add(&out->short_ids, id);
}

static void add_keys(struct search *s, const char *text, struct secret_facts *out)
{
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		char *copy = mem_strndup(line, len);
		char *blank = strchr(copy, ' ');

		if (blank) {
			*blank = '\0';
			add_key(s, copy, blank + 1, out);
		}
		mem_wipe_free(copy, len);
		line += len + (line[len] == '\n');
	}
}

static void check_control(const struct search *s, const char *text, size_t len,
			  struct secret_facts *out)
{
	struct needle_hit hit;

	for (size_t tag = 0; tag < s->ids.count; tag++)
		if (!strlist_has(&out->short_ids, s->ids.items[tag]) &&
		    !needles_find(s->needles, text, len, tag, &hit))
			strlist_add(&out->missed, s->ids.items[tag]);
}

static int load_keys(struct search *s, struct secret_facts *out, struct err *e)
{
	auto_free char *set = path_of(s->c->root, PATH_GATEWAY_SET, s->spec->tenant);
	auto_free char *path = mem_printf("%s/" GATEWAY_FILE_KEYS, set);
	char *text;
	size_t len;

	if (fsio_read(path, FSIO_ANY, GATEWAY_FILE_BYTES, &text, &len, e))
		return -1;
	add_keys(s, text, out);
	check_control(s, text, len, out);
	mem_wipe_free(text, len);
	return 0;
}

/* ---- where ---- */

static void search_node(const struct search *s, const char *place, struct node *n)
{
	auto_free char *text = node_print(n, false);

	exposure_text(&s->x, place, text, strlen(text));
	mem_wipe(text, strlen(text));
	node_free(n);
}

static void search_map(const struct search *s, const char *place, const struct strmap *m)
{
	for (size_t i = 0; i < m->count; i++) {
		exposure_text(&s->x, place, m->entries[i].key, strlen(m->entries[i].key));
		exposure_text(&s->x, place, m->entries[i].value, strlen(m->entries[i].value));
	}
}

static void search_list(const struct search *s, const char *place, const struct strlist *l)
{
	for (size_t i = 0; i < l->count; i++)
		exposure_text(&s->x, place, l->items[i], strlen(l->items[i]));
}

/* The driver "local" has its file where inspect does not tell. One that never ran has none. */
static void search_log(const struct search *s, const char *place, const struct container_info *i)
{
	auto_free char *local =
		mem_printf("%s/containers/%s/local-logs/container.log",
			   s->c->engine.docker_root ? s->c->engine.docker_root : "", i->id);
	bool told = i->log_path && i->log_path[0] == '/';

	if (!i->state.status || strcmp(i->state.status, "created") != 0)
		exposure_log(&s->x, place, told ? i->log_path : local, LOG_TAIL);
}

static void search_image(const struct search *s, const char *place, const char *id)
{
	struct image_info image = { 0 };
	struct err e = ERR_INIT;

	if (client_image_inspect(s->c->client, id, &image, &e)) {
		strlist_addf(&s->x.out->unread, "%s: %.150s", place, e.message);
		return;
	}
	search_map(s, place, &image.labels);
	search_list(s, place, &image.env);
	search_list(s, place, &image.cmd);
	search_list(s, place, &image.entrypoint);
	image_info_free(&image);
}

static void search_container(const struct search *s, const char *who, bool present,
			     const struct container_info *i)
{
	auto_free char *inspect = mem_printf("inspect of the %s", who);
	auto_free char *image = mem_printf("image of the %s", who);
	auto_free char *log = mem_printf("log of the %s", who);

	if (!present)
		return;
	search_node(s, inspect, container_spec_json(&i->spec, false));
	if (i->state.error)
		exposure_text(&s->x, inspect, i->state.error, strlen(i->state.error));
	search_log(s, log, i);
	search_image(s, image, i->image_id);
}

static void search_networks(const struct search *s)
{
	search_map(s, "inspect of the network", &s->state->network.spec.labels);
	search_map(s, "inspect of the network", &s->state->network.spec.options);
	search_map(s, "inspect of the egress network", &s->state->egress.spec.labels);
	search_map(s, "inspect of the egress network", &s->state->egress.spec.options);
}

static void search_files(const struct search *s)
{
	static const char *const secret_files[] = { GATEWAY_FILE_KEYS, GATEWAY_FILE_ECHO, NULL };
	static const char *const none[] = { NULL };
	const char *root = s->c->root, *tenant = s->spec->tenant;
	auto_free char *manifest = path_of(root, PATH_MANIFEST, tenant);
	auto_free char *config = path_of(root, PATH_CONFIG, NULL);
	auto_free char *set = path_of(root, PATH_GATEWAY_SET, tenant);
	auto_free char *said = path_of(root, PATH_GATEWAY_STATE, tenant);
	auto_free char *state = path_of(root, PATH_TENANT_STATE, tenant);

	exposure_file(&s->x, "manifest", manifest, TEXT_MAX);
	exposure_file(&s->x, "host configuration", config, TEXT_MAX);
	exposure_folder(&s->x, "gateway files", set, secret_files);
	exposure_folder(&s->x, "gateway state", said, none);
	exposure_folder(&s->x, "tenant state", state, none);
}

void verify_secrets(struct context *c, const struct tenant_spec *spec,
		    const struct tenant_state *state, struct tenant_facts *facts)
{
	struct needles *needles auto_needles = needles_new();
	struct secret_facts *out = &facts->secrets;
	struct search s = { .c = c, .spec = spec, .state = state, .needles = needles };
	struct err e = ERR_INIT;

	if (spec->credentials.count == 0)
		return;
	s.x = (struct exposure){ .needles = needles, .ids = &s.ids, .out = out };
	if (load_keys(&s, out, &e)) {
		snprintf(out->error, sizeof(out->error), "%.199s", e.message);
		strlist_free(&s.ids);
		return;
	}
	out->searched = true;
	exposure_processes(&s.x, "/proc", facts);
	search_container(&s, "worker", state->worker_present, &state->worker);
	search_container(&s, "gateway", state->gateway_present, &state->gateway);
	search_networks(&s);
	search_files(&s);
	strlist_free(&s.ids);
}
