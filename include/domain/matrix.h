/*
 * The table between tenants: who was tried from where, what had to happen and what
 * did. Derived from the facts, one row per run of one tenant; no cell is left out.
 */
#ifndef DOMAIN_MATRIX_H
#define DOMAIN_MATRIX_H

#include <stddef.h>

#include "base/compiler.h"
#include "domain/checks.h"

enum cell_state {
	CELL_BLOCKED, /* tried, and nothing came back */
	CELL_REACHED, /* something came back, if only a refusal */
	CELL_UNKNOWN, /* not tried, or the attempt proves nothing */
	CELL_STOPPED, /* does not run: there is nothing to reach */
	CELL_STATES,
};
enum cell_kind { CELL_TCP, CELL_UDP, CELL_DNS, CELL_KINDS };

struct matrix_cell {
	char *from, *to; /* tenants; equal for the control: the own gateway */
	enum cell_kind kind;
	enum cell_state expected, observed;
	size_t attempts;
};

struct matrix {
	struct matrix_cell *cells;
	size_t count;
};

/* The row of in->spec->tenant: itself and every sibling, each kind. The caller frees *out. */
void matrix_build(const struct check_input *in, struct matrix *out);
void matrix_free(struct matrix *m);

const char *cell_state_name(enum cell_state s);
const char *cell_kind_name(enum cell_kind k);

#endif
