/*
 * Engine replies: whatever JSON the engine sends, reading it through the tables is
 * refused or gives a struct that can be printed, compared and freed.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/engine/wire.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_rest(const struct node *root)
{
	struct network_info network = { 0 };
	struct image_info image = { 0 };
	struct engine_info engine = { 0 };
	struct engine_version version = { 0 };
	struct container_info container = { 0 };
	struct bind_list rows = { 0 };
	struct err e = ERR_INIT;

	if (wire_read(&wire_network_info, root, "fuzz", &network, &e) == 0)
		(void)!wire_read(&wire_network_spec, root, "fuzz", &network.spec, &e);
	network_info_free(&network);
	if (wire_read(&wire_image_info, root, "fuzz", &image, &e) == 0)
		image_info_free(&image);
	if (wire_read(&wire_engine_info, root, "fuzz", &engine, &e) == 0)
		engine_info_free(&engine);
	if (wire_read(&wire_engine_version, root, "fuzz", &version, &e) == 0)
		engine_version_free(&version);
	if (wire_read(&wire_container_info, root, "fuzz", &container, &e) == 0)
		container_info_free(&container);
	if (wire_read_rows(&wire_container_row, root, "fuzz", &rows, &e) == 0)
		container_rows_free(&rows);
}

/* What was read prints the same after being printed and read again. Devices are counted, not kept,
 * so their number is no list any more. */
static void check_round_trip(const struct container_spec *spec)
{
	static const struct doc_limits limits = DOC_LIMITS_REPLY;
	auto_node struct node *first = container_spec_json(spec, false);
	auto_node struct node *second = NULL;
	auto_free char *text = node_print(first, false);
	auto_doc struct doc *d = NULL;
	struct container_spec again = { 0 };
	struct err e = ERR_INIT;

	if (spec->device_count > 0)
		return;
	if (doc_parse_json(text, strlen(text), "again", &limits, &d, &e) < 0 ||
	    wire_read(&wire_container_spec, doc_root(d), "again", &again, &e) < 0)
		abort();
	second = container_spec_json(&again, false);
	if (!wire_same_json(first, second))
		abort();
	container_spec_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct doc_limits limits = { .bytes = 262144, .depth = 64, .nodes = 20000 };
	struct container_spec spec = { 0 }, empty = { 0 };
	auto_strlist struct strlist diff = { 0 };
	auto_doc struct doc *d = NULL;
	struct err e = ERR_INIT;

	if (doc_parse_json((const char *)data, size, "fuzz", &limits, &d, &e) < 0)
		return 0;
	read_rest(doc_root(d));
	if (wire_read(&wire_container_spec, doc_root(d), "fuzz", &spec, &e) < 0)
		return 0;
	wire_mounts_weaken(doc_root(d), &spec);
	check_round_trip(&spec);
	(void)container_spec_diff(&empty, &spec, &diff);
	(void)container_spec_diff(&spec, &empty, &diff);
	container_spec_free(&spec);
	return 0;
}
