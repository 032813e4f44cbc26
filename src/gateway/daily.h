/*
 * Requests per credential route and day, as far as a daily limit needs them: kept by
 * HAProxy in a table, and here beyond the life of any one HAProxy. The file has lines
 * ROUTE DAY COUNT, with DAY in days since 1970 (UTC).
 */
#ifndef GATEWAY_DAILY_H
#define GATEWAY_DAILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DAILY_MAX 256
#define DAILY_ROUTE 48
#define DAILY_FILE_MAX (DAILY_MAX * (DAILY_ROUTE + 24))
#define DAILY_KEY (DAILY_ROUTE + 12)

struct daily_count {
	char route[DAILY_ROUTE];
	uint32_t day, count;
};

struct daily {
	struct daily_count entry[DAILY_MAX];
	size_t count;
	bool changed; /* since it was last written to disk */
};

/* Forgets all days but today and the day before: clocks of two processes may differ by a moment. */
void daily_prune(struct daily *d, uint32_t today);

/* Takes a count of the table; `key` is ROUTE:DAY. Counts only grow. False when it is none of ours,
 * of another day, or there is no room. */
bool daily_note(struct daily *d, const char *key, uint32_t count, uint32_t today);

/* Takes the file's text; what is not valid is left out. */
void daily_parse(struct daily *d, const char *text, size_t len, uint32_t today);

/* Writes the file's text into `out`, DAILY_FILE_MAX bytes; returns its length. */
size_t daily_print(const struct daily *d, char *out);

/* The key of an entry in the table. */
void daily_key(const struct daily_count *c, char out[DAILY_KEY]);

#endif
