/* See daily.h. */
#include "daily.h"

#include <stdio.h>
#include <string.h>

#define ROUTE_CHARS "abcdefghijklmnopqrstuvwxyz0123456789_.-"

static bool is_current(uint32_t day, uint32_t today)
{
	return day <= today && day + 1 >= today;
}

/* A number of the whole of `s`, `len` bytes. */
static bool decimal(const char *s, size_t len, uint32_t *out)
{
	uint64_t n = 0;

	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(s[i] - '0');
	}
	*out = (uint32_t)n;
	return n < UINT32_MAX;
}

static bool route_is_valid(const char *route, size_t len)
{
	if (len == 0 || len >= DAILY_ROUTE)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!route[i] || !strchr(ROUTE_CHARS, route[i]))
			return false;
	return true;
}

static struct daily_count *find(struct daily *d, const char *route, size_t len, uint32_t day)
{
	for (size_t i = 0; i < d->count; i++) {
		struct daily_count *c = &d->entry[i];

		if (c->day == day && strlen(c->route) == len && memcmp(c->route, route, len) == 0)
			return c;
	}
	return NULL;
}

static bool note(struct daily *d, const char *route, size_t len, uint32_t day, uint32_t count)
{
	struct daily_count *c = find(d, route, len, day);

	if (!c) {
		if (d->count == DAILY_MAX)
			return false;
		c = &d->entry[d->count++];
		*c = (struct daily_count){ .day = day };
		memcpy(c->route, route, len);
		d->changed = true;
	}
	if (count > c->count) {
		c->count = count;
		d->changed = true;
	}
	return true;
}

/* Takes ROUTE:DAY apart; the length of ROUTE, or 0. */
static size_t split_key(const char *key, uint32_t *out_day)
{
	const char *colon = strrchr(key, ':');
	size_t len = colon ? (size_t)(colon - key) : 0;

	if (!colon || !route_is_valid(key, len) || !decimal(colon + 1, strlen(colon + 1), out_day))
		return 0;
	return len;
}

void daily_prune(struct daily *d, uint32_t today)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->count; i++)
		if (is_current(d->entry[i].day, today))
			d->entry[kept++] = d->entry[i];
	if (kept != d->count)
		d->changed = true;
	d->count = kept;
}

bool daily_note(struct daily *d, const char *key, uint32_t count, uint32_t today)
{
	uint32_t day;
	size_t len = split_key(key, &day);

	return len > 0 && is_current(day, today) && note(d, key, len, day, count);
}

void daily_parse(struct daily *d, const char *text, size_t len, uint32_t today)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : len, used = end ? line + 1 : len;
		const char *first = memchr(text, ' ', line);
		const char *second =
			first ? memchr(first + 1, ' ', line - (size_t)(first + 1 - text)) : NULL;
		uint32_t day, count;

		if (second && route_is_valid(text, (size_t)(first - text)) &&
		    decimal(first + 1, (size_t)(second - first - 1), &day) &&
		    decimal(second + 1, line - (size_t)(second + 1 - text), &count) &&
		    is_current(day, today))
			(void)note(d, text, (size_t)(first - text), day, count);
		text += used;
		len -= used;
	}
}

size_t daily_print(const struct daily *d, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < d->count; i++)
		len += (size_t)snprintf(out + len, DAILY_FILE_MAX - len, "%s %u %u\n",
					d->entry[i].route, d->entry[i].day, d->entry[i].count);
	return len;
}

void daily_key(const struct daily_count *c, char out[DAILY_KEY])
{
	snprintf(out, DAILY_KEY, "%s:%u", c->route, c->day);
}
