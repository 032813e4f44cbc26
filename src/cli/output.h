/*
 * Standard output: the only place that prints results. Text from the engine, the
 * kernel or a manifest is escaped on its way; what could not be written is an error.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/compiler.h"
#include "base/doc.h"
#include "base/err.h"
#include "base/strbuf.h"

/* Version of the JSON that commands print; raised when a member changes its meaning. */
#define OUTPUT_SCHEMA 1

enum output_color { COLOR_NONE, COLOR_GOOD, COLOR_BAD, COLOR_WARN, COLOR_DIM, COLOR_BOLD };

struct output {
	FILE *stream;
	bool json;
	bool color;
	bool terminal;
	int width;     /* of the terminal in columns; 0: unbounded */
	int64_t now;   /* seconds since 1970; ages count from here */
	int sys_errno; /* of the first write that failed */
};

/* `color` is "auto", "always" or "never"; NULL is auto. `no_color` is the variable's value. */
void output_open(struct output *o, FILE *stream, bool json, const char *color,
		 const char *no_color);
void output_text(struct output *o, const char *text);
void output_bytes(struct output *o, const char *data, size_t len);
void output_printf(struct output *o, const char *fmt, ...) printf_like(2, 3);
/* As text from outside: control bytes are written as \xHH. */
void output_safe(struct output *o, const char *text);
/* Starts and ends a colour; nothing without colours. */
const char *output_color(const struct output *o, enum output_color c);
const char *output_reset(const struct output *o);
/* Prints a JSON document; takes the node over. */
void output_json(struct output *o, struct node *n);
/* A new object with the schema's number. The caller owns it. */
struct node *output_document(void) returns_owned;
/* Flushes; ERR_SYSTEM when anything printed so far did not get out. */
int output_flush(struct output *o, struct err *e) must_check;
/* Same and closes the stream: some file systems report a full disk only then. */
int output_close(struct output *o, struct err *e) must_check;

/* "3 m", "5 h", "12 d": how long before `now`; "-" when unknown (0). */
void output_age(int64_t now, int64_t then, char *buf, size_t size);
/* "12.5 MiB"; "-" when negative. */
void output_size(int64_t bytes, char *buf, size_t size);
/* RFC 3339, UTC; to text, and from text (0 when it is none). */
void output_time(int64_t seconds, char *buf, size_t size);
int64_t output_parse_time(const char *text);
/* At most `max` bytes of `text` with an ellipsis in place of the rest; for reasons that quote. */
void output_shorten(struct strbuf *b, const char *text, size_t max);

#endif
