/* Finds the explanation of a check. The tables are apart from the catalogue's: they are prose. */
#include "domain/explain.h"

#include <string.h>

#include "base/compiler.h"
#include "explain_tables.h"

const struct explanation *explain_check(const char *id)
{
	static const struct explanation *(*const tables[])(size_t *) = {
		explain_worker_all,
		explain_network_all,
		explain_twin_all,
		explain_drill_all,
	};

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		size_t count;
		const struct explanation *all = tables[t](&count);

		for (size_t i = 0; i < count; i++)
			if (!strcmp(all[i].id, id))
				return &all[i];
	}
	return NULL;
}
