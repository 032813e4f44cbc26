/* Any bytes as the record of an image: refused, or read and printed the same again; and as the text
 * of each kind of file in a layer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/image_record.h"
#include "domain/image_rules.h"

#define ID "sha256:1111111111111111111111111111111111111111111111111111111111111111"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_record(const char *text, size_t size)
{
	struct image_facts auto_image_facts f = { 0 }, g auto_image_facts = { 0 };
	struct err e = ERR_INIT;
	auto_free char *once = NULL, *again = NULL;

	if (image_record_parse(text, size, ID, &f, &e))
		return;
	once = image_record_print(&f, ID);
	if (image_record_parse(once, strlen(once), ID, &g, &e))
		abort();
	again = image_record_print(&g, ID);
	if (strcmp(once, again) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = { "/.netrc",	      "/.docker/config.json",
					     "/.vault-token", "/.git-credentials",
					     "/app/.env",     "/app/x.yml",
					     "/usr/share/x" };
	char *text = mem_strndup((const char *)data, size);

	read_record((const char *)data, size);
	image_is_read(text);
	(void)image_user_problem(text);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		(void)image_secret(paths[i], text);
	free(text);
	return 0;
}
