/*
 * Text to number and back for manifests and command lines. One spelling per value
 * class: no signs where none make sense, no leading zeros (octal to some readers), no
 * exponents, so that every reader of a manifest sees the same number.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bind_internal.h"

#define QUOTED_MAX 64

/* The offending text in an error, cut: it may be a whole file. */
static int refuse(struct err *e, const char *s, const char *what, const char *expected)
{
	return err_set(e, ERR_USAGE, "'%.*s'%s is not %s: expected %s", QUOTED_MAX, s,
		       strlen(s) > QUOTED_MAX ? "..." : "", what, expected);
}

static int out_of_range(struct err *e, const char *s, const char *low, const char *high)
{
	return err_set(e, ERR_USAGE, "'%.*s' is out of range: expected %s to %s", QUOTED_MAX, s,
		       low, high);
}

/* Decimal digits at *s without a leading zero, to *out; moves *s behind them. */
static bool read_digits(const char **s, uint64_t *out, bool *out_overflow)
{
	const char *p = *s;
	uint64_t v = 0;

	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			*out_overflow = true;
	}
	*s = p;
	*out = v;
	return true;
}

static int64_t real_max(int64_t min, int64_t max)
{
	return min == 0 && max == 0 ? INT64_MAX : max;
}

int bind_parse_int(const char *s, int64_t min, int64_t max, int64_t *out, struct err *e)
{
	char low[24], high[24], expected[96];
	bool overflow = false, negative = *s == '-';
	const char *p = s + negative;
	uint64_t v = 0;

	max = real_max(min, max);
	snprintf(low, sizeof(low), "%" PRId64, min);
	snprintf(high, sizeof(high), "%" PRId64, max);
	if (!read_digits(&p, &v, &overflow) || *p != '\0') {
		snprintf(expected, sizeof(expected), "decimal digits, %s to %s", low, high);
		return refuse(e, s, "a whole number", expected);
	}
	if (overflow || v > INT64_MAX)
		return out_of_range(e, s, low, high);
	int64_t value = negative ? -(int64_t)v : (int64_t)v;
	if (value < min || value > max)
		return out_of_range(e, s, low, high);
	*out = value;
	return 0;
}

/* Bits to shift for a unit letter; -1 when there is no such unit. */
static int unit_shift(const char *s)
{
	static const char units[] = "bkmg";

	if (*s == '\0')
		return 0;
	const char *unit = strchr(units, *s);
	return unit && s[1] == '\0' ? (int)(unit - units) * 10 : -1;
}

int bind_parse_size(const char *s, uint64_t min, uint64_t max, uint64_t *out, struct err *e)
{
	char low[24], high[24], expected[96];
	bool overflow = false;
	const char *p = s;
	uint64_t v = 0;

	if (min == 0 && max == 0)
		max = INT64_MAX; /* the engine's sizes are signed */
	bind_format_size(min, low, sizeof(low));
	bind_format_size(max, high, sizeof(high));
	int shift = read_digits(&p, &v, &overflow) ? unit_shift(p) : -1;
	if (shift < 0) {
		snprintf(expected, sizeof(expected), "digits with b, k, m or g, %s to %s", low,
			 high);
		return refuse(e, s, "a size", expected);
	}
	if (overflow || v > UINT64_MAX >> shift || v << shift < min || v << shift > max)
		return out_of_range(e, s, low, high);
	*out = v << shift;
	return 0;
}

/* Up to three digits behind the point, as thousandths. */
static bool read_fraction(const char **s, uint64_t *out)
{
	const char *p = *s;
	uint64_t v = 0, unit = 100;

	if (*p == '\0') {
		*out = 0;
		return true;
	}
	if (*p++ != '.' || *p == '\0')
		return false;
	for (; *p >= '0' && *p <= '9' && unit > 0; p++, unit /= 10)
		v += (uint64_t)(*p - '0') * unit;
	*s = p;
	*out = v;
	return *p == '\0';
}

int bind_parse_decimal(const char *s, int64_t min, int64_t max, int64_t *out, struct err *e)
{
	char low[32], high[32], expected[128];
	bool overflow = false, negative = *s == '-';
	const char *p = s + negative;
	uint64_t whole = 0, fraction = 0;

	max = real_max(min, max);
	bind_format_decimal(min, low, sizeof(low));
	bind_format_decimal(max, high, sizeof(high));
	if (!read_digits(&p, &whole, &overflow) || !read_fraction(&p, &fraction)) {
		snprintf(expected, sizeof(expected),
			 "a number with at most three decimal places, %s to %s", low, high);
		return refuse(e, s, "a number", expected);
	}
	if (overflow || whole > INT64_MAX / 1000 - 1)
		return out_of_range(e, s, low, high);
	int64_t value = (int64_t)(whole * 1000 + fraction);
	value = negative ? -value : value;
	if (value < min || value > max)
		return out_of_range(e, s, low, high);
	*out = value;
	return 0;
}

void bind_format_size(uint64_t bytes, char *buf, size_t len)
{
	static const char units[] = { 'k', 'm', 'g' };
	int unit = -1;

	while (bytes > 0 && unit < 2 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(buf, len, "%" PRIu64, bytes);
	else
		snprintf(buf, len, "%" PRIu64 "%c", bytes, units[unit]);
}

void bind_format_decimal(int64_t thousandths, char *buf, size_t size)
{
	uint64_t v = thousandths < 0 ? 0 - (uint64_t)thousandths : (uint64_t)thousandths;
	unsigned fraction = (unsigned)(v % 1000);
	int places = 3;

	while (places > 1 && fraction % 10 == 0) {
		fraction /= 10;
		places--;
	}
	snprintf(buf, size, "%s%" PRIu64 ".%0*u", thousandths < 0 ? "-" : "", v / 1000, places,
		 fraction);
}

static void expected_enum(const struct bind_field *f, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; f->names[i] && used < size; i++) {
		const char *joint = i == 0 ? "" : f->names[i + 1] ? ", " : " or ";
		int n = snprintf(buf + used, size - used, "%s%s", joint, f->names[i]);
		used += n > 0 ? (size_t)n : 0;
	}
}

static void expected_number(const struct bind_field *f, char *buf, size_t size)
{
	char low[32], high[32];

	if (f->kind == BIND_INT) {
		snprintf(buf, size, "decimal digits, %" PRId64 " to %" PRId64, f->min, bind_max(f));
	} else if (f->kind == BIND_SIZE) {
		bind_format_size((uint64_t)f->min, low, sizeof(low));
		bind_format_size((uint64_t)bind_max(f), high, sizeof(high));
		snprintf(buf, size, "digits with b, k, m or g, %s to %s", low, high);
	} else {
		bind_format_decimal(f->min, low, sizeof(low));
		bind_format_decimal(bind_max(f), high, sizeof(high));
		snprintf(buf, size, "a number with at most three decimal places, %s to %s", low,
			 high);
	}
}

void bind_expected(const struct bind_field *f, char *buf, size_t size)
{
	static const char *const words[] = {
		[BIND_STRING] = "a string",
		[BIND_BOOL] = "true or false",
		[BIND_STRLIST] = "a list of strings",
		[BIND_STRMAP] = "a mapping of names to strings",
		[BIND_OBJECT] = "a mapping",
		[BIND_LIST] = "a list",
	};

	if (f->want)
		snprintf(buf, size, "%s", f->want);
	else if (f->flags & BIND_SINGLE)
		snprintf(buf, size, "a mapping or a list of mappings");
	else if (f->kind == BIND_ENUM)
		expected_enum(f, buf, size);
	else if (f->kind == BIND_INT || f->kind == BIND_SIZE || f->kind == BIND_DECIMAL)
		expected_number(f, buf, size);
	else
		snprintf(buf, size, "%s", words[f->kind]);
}
