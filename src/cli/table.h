/*
 * Listings: one definition of a column serves people and machines. Private to cli.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "output.h"

enum column_kind {
	COLUMN_TEXT,  /* JSON string, null when there is none */
	COLUMN_COUNT, /* JSON number */
	COLUMN_SIZE,  /* bytes; negative: unknown, null */
	COLUMN_AGE,   /* seconds since 1970, JSON RFC 3339; 0: unknown, null */
	COLUMN_BOOL,  /* "yes", "no" */
};

struct column {
	const char *title; /* NULL: only in JSON */
	const char *key;   /* NULL: only for people */
	enum column_kind kind;
	bool shrink; /* may be cut to make the table fit a terminal */
};

struct cell {
	char *text;
	int64_t number;
	enum output_color color;
};

struct table {
	const struct column *columns;
	size_t column_count;
	struct cell *cells; /* row by row */
	size_t rows;
};

void table_init(struct table *t, const struct column *columns, size_t count);
/* A new row; its cells are filled in the order of the columns. Valid until the next row. */
struct cell *table_row(struct table *t);
void cell_text(struct cell *c, const char *text); /* copied; NULL allowed */
/* The table with its header; numbers stand at the right. */
void table_print(const struct table *t, struct output *o);
/* The rows as an array of objects. The caller owns it. */
struct node *table_json(const struct table *t) returns_owned;
/* Adds the rows of such an array: what a job's process handed over. */
void table_read(struct table *t, const struct node *rows);
void table_free(struct table *t);
#define auto_table cleanup_with(table_free)

#endif
