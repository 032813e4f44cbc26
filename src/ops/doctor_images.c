/* Images in use on the engine, for doctor. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "doctor_gather.h"

enum { IMAGES_MAX = 512 };

void images_free(struct images *i)
{
	image_info_free(&i->gateway_info);
	used_images_free(i->used, i->used_count);
	*i = (struct images){ 0 };
}

static int find_gateway(struct context *c, struct images *out, struct err *e)
{
	if (client_image_inspect(c->client, c->host.gateway_image, &out->gateway_info, e) == 0) {
		out->gateway = true;
		return 0;
	}
	if (e->code != ERR_NOT_FOUND)
		return -1;
	err_clear(e);
	return 0;
}

static int add_image(struct context *c, const struct container_row *row, struct images *out,
		     struct err *e)
{
	struct image_info info;

	if (client_image_inspect(c->client, row->image_id, &info, e)) {
		/* an image may be taken away from under a container */
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		return 0;
	}
	out->used[out->used_count].name = mem_printf("of %s", row->name);
	strlist_copy(&out->used[out->used_count++].layers, &info.layers);
	image_info_free(&info);
	return 0;
}

static int add_all(struct context *c, const struct bind_list *rows, const struct strlist *tenants,
		   struct images *out, struct err *e)
{
	const struct container_row *row = rows->items;
	struct strlist seen auto_strlist = { 0 };

	strlist_add(&seen, ""); /* some rows name none */
	for (size_t i = 0; i < rows->count; i++) {
		bool gateway = out->gateway && !strcmp(row[i].image_id, out->gateway_info.id);

		if (strlist_has(&seen, row[i].image_id) ||
		    (gateway && doctor_is_own(&row[i], tenants)))
			continue;
		strlist_add(&seen, row[i].image_id);
		if (out->used_count == IMAGES_MAX)
			return err_set(e, ERR_REFUSED, "there are more than %d images", IMAGES_MAX);
		if (add_image(c, &row[i], out, e))
			return -1;
	}
	return 0;
}

int doctor_images(struct context *c, const struct strlist *tenants, struct images *out,
		  struct err *e)
{
	struct images found = { .used = mem_array(IMAGES_MAX, sizeof(*found.used)) };
	struct bind_list rows = { 0 };
	int rc = -1;

	if (find_gateway(c, &found, e) == 0 &&
	    client_container_list(c->client, NULL, 0, &rows, e) == 0)
		rc = add_all(c, &rows, tenants, &found, e);
	container_rows_free(&rows);
	if (rc)
		images_free(&found);
	else
		*out = found;
	return rc;
}
