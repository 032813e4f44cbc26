/*
 * Turns dnsmasq's query log (log-queries=extra) into one JSON line per answered
 * question: the record of every name that the tenant asked for.
 */
#ifndef GATEWAY_DNSLOG_H
#define GATEWAY_DNSLOG_H

#include <stdbool.h>
#include <stddef.h>

#define DNSLOG_LINES_PER_SECOND 200

struct dnslog {
	char serial[12]; /* of the question whose type is remembered */
	char type[24];
	long long window; /* second that `lines` counts */
	unsigned lines, suppressed;
};

struct dnslog_entry { /* points into the line that was read */
	const char *client, *name, *answer;
	size_t client_len, name_len, answer_len;
};

/* Reads one line without its newline. True when it is an answer: `out` is filled and d->type is
 * the question's type. False for a question (remembered) and for any other line; *out_known says
 * whether it was part of the query log at all. */
bool dnslog_parse(struct dnslog *d, const char *line, size_t len, struct dnslog_entry *out,
		  bool *out_known);

/* Writes the entry, or only counts it when this second has had its share: a worker that floods the
 * resolver must not push everything else out of a size-limited log. */
void dnslog_write(struct dnslog *d, const struct dnslog_entry *entry, const char *tenant, int fd);

#endif
