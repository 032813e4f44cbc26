/*
 * Any bytes as a twin's output: it is either complete or says why not, every text is
 * bounded and free of control bytes, and no attempt is there twice.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domain/twin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t max)
{
	if (!memchr(text, '\0', max))
		abort();
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct twin_facts f auto_twin_facts = { 0 };

	twin_parse((const char *)data, size, &f);
	if (f.complete == (f.trouble != NULL) || f.count > TWIN_ENTRIES_MAX)
		abort();
	for (size_t i = 0; i < f.count; i++) {
		const struct twin_entry *x = &f.items[i];

		check_text(x->id, sizeof(x->id));
		check_text(x->what, sizeof(x->what));
		check_text(x->detail, sizeof(x->detail));
		if (x->outcome >= TWIN_OUTCOMES || twin_find(&f, x->id, x->what) != x)
			abort();
	}
	return 0;
}
