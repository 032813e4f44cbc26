/*
 * Lines of HAProxy's command line interface, of version 2.6 and newer. The process
 * that sends them talks to the tenant, so they are taken for hostile.
 */
#ifndef GATEWAY_HAREPLY_H
#define GATEWAY_HAREPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HAREPLY_WORD 72 /* names are shorter, and so is a key of the table of daily counts */

struct hareply_session {
	uint64_t pointer;
	char backend[HAREPLY_WORD], server[HAREPLY_WORD];
};

/* A line of "show sess" that has a server. */
bool hareply_session(const char *line, struct hareply_session *out);

/* A line of "show table NAME" that has a count (gpc0). */
bool hareply_count(const char *line, char key[HAREPLY_WORD], uint32_t *out);

/* "New version created: 7", "Jobs: 3": a number behind that label. */
bool hareply_number(const char *line, const char *label, uint32_t *out);

/* Writes `word` so that the interface reads it as one word of a command, whatever bytes it holds;
 * false when it does not fit or cannot be written (a control character). */
bool hareply_quote(const char *word, size_t len, char *out, size_t size);

#endif
