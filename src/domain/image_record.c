/* Records of images; see the header. */
#include "domain/image_record.h"

#include <stdio.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "domain/image_rules.h"

enum {
	VERSION = 1,
	TEXT_MAX = 1024,
	LAYERS_MAX = 1024,
	NODES_MAX = IMAGE_FINDS * (IMAGE_FINDS_KEPT * 8 + 4) + 64,
};

static const int64_t count_max = (int64_t)1 << 52;

/* ---- writing ---- */

static void put_find(struct node *list, const struct image_find *x)
{
	struct node *n = node_push_object(list);

	node_set_str(n, "kind", image_find_names[x->kind]);
	node_set_int(n, "layer", x->layer);
	node_set_str(n, "path", x->path);
	node_set_str(n, "what", x->what);
}

char *image_record_print(const struct image_facts *f, const char *image)
{
	auto_node struct node *root = node_new_object();
	struct node *n;

	node_set_int(root, "version", VERSION);
	node_set_int(root, "rules", IMAGE_RULES);
	node_set_str(root, "image", image);
	node_set_str(root, "at", f->at);
	node_set_int(root, "layers", f->layers);
	node_set_int(root, "entries", (int64_t)f->entries);
	node_set_int(root, "files_read", (int64_t)f->files_read);
	node_set_str(root, "cut", f->cut);
	node_set_str(root, "unread", f->unread);
	n = node_set_array(root, "finds");
	for (size_t i = 0; i < f->find_count; i++)
		put_find(n, &f->finds[i]);
	n = node_set_object(root, "more");
	for (size_t k = 0; k < IMAGE_FINDS; k++)
		node_set_int(n, image_find_names[k], (int64_t)f->more[k]);
	return node_print(root, false);
}

/* ---- reading ---- */

static bool get_count(const struct node *n, const char *key, int64_t max, uint64_t *out)
{
	int64_t v = node_int(node_get(n, key), -1);

	if (v < 0 || v > max)
		return false;
	*out = (uint64_t)v;
	return true;
}

static bool get_text(const struct node *n, const char *key, char *out, size_t size)
{
	const char *s = node_str(node_get(n, key), NULL);

	return s && (size_t)snprintf(out, size, "%s", s) < size;
}

static bool get_find(const struct node *n, struct image_find *out)
{
	const char *kind = node_str(node_get(n, "kind"), "");
	const char *path = node_str(node_get(n, "path"), NULL);
	const char *what = node_str(node_get(n, "what"), NULL);
	uint64_t layer;
	size_t k = 0;

	while (k < IMAGE_FINDS && strcmp(kind, image_find_names[k]) != 0)
		k++;
	if (k == IMAGE_FINDS || !path || !what || strlen(path) > TEXT_MAX ||
	    strlen(what) > TEXT_MAX || !get_count(n, "layer", LAYERS_MAX, &layer))
		return false;
	*out = (struct image_find){ .kind = (enum image_find_kind)k,
				    .layer = (unsigned)layer,
				    .path = mem_strdup(path),
				    .what = mem_strdup(what) };
	return true;
}

static bool get_finds(const struct node *root, struct image_facts *out)
{
	const struct node *list = node_get(root, "finds"), *more = node_get(root, "more");
	size_t count = node_count(list);

	if (!node_is_array(list) || count > (size_t)IMAGE_FINDS * IMAGE_FINDS_KEPT)
		return false;
	out->finds = mem_array(count + 1, sizeof(*out->finds));
	for (const struct node *n = node_first(list); n; n = node_next(n))
		if (!get_find(n, &out->finds[out->find_count++]))
			return false;
	for (size_t k = 0; k < IMAGE_FINDS; k++) {
		uint64_t v;

		if (!get_count(more, image_find_names[k], count_max, &v))
			return false;
		out->more[k] = (size_t)v;
	}
	return true;
}

static bool get_record(const struct node *root, struct image_facts *out)
{
	uint64_t layers;

	if (!get_count(root, "layers", LAYERS_MAX, &layers) || layers == 0 ||
	    !get_count(root, "entries", count_max, &out->entries) ||
	    !get_count(root, "files_read", count_max, &out->files_read) ||
	    !get_text(root, "at", out->at, sizeof(out->at)) ||
	    !get_text(root, "cut", out->cut, sizeof(out->cut)) ||
	    !get_text(root, "unread", out->unread, sizeof(out->unread)))
		return false;
	out->layers = (unsigned)layers;
	out->looked = true;
	return get_finds(root, out);
}

int image_record_parse(const char *text, size_t len, const char *image, struct image_facts *out,
		       struct err *e)
{
	const struct doc_limits limits = { .bytes = IMAGE_RECORD_BYTES_MAX,
					   .depth = 4,
					   .nodes = NODES_MAX };
	struct image_facts auto_image_facts facts = { 0 };
	auto_doc struct doc *d = NULL;
	const struct node *root;

	if (doc_parse_json(text, len, "record of an image", &limits, &d, e))
		return -1;
	root = doc_root(d);
	if (node_int(node_get(root, "version"), 0) != VERSION ||
	    node_int(node_get(root, "rules"), 0) != IMAGE_RULES ||
	    strcmp(node_str(node_get(root, "image"), ""), image) != 0)
		return err_set(e, ERR_PROTOCOL, "the record is of another image or of other rules");
	if (!get_record(root, &facts))
		return err_set(e, ERR_PROTOCOL, "the record of %.80s is damaged", image);
	*out = facts;
	facts = (struct image_facts){ 0 };
	return 0;
}
