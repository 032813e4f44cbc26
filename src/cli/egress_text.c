/* What operators type for hosts, ports, days and durations, with their mistakes. */
#include "egress_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "output.h"

#define DAY_SECONDS 86400

int egress_parse_port(const char *text, int64_t *out, struct err *e)
{
	if (!bind_parse_int(text, 1, 65535, out, e))
		return 0;
	e->code = ERR_USAGE;
	return err_wrap(e, "port");
}

/* The host of something like a URL, without user and password; for advice. */
static char *host_of_url(const char *text)
{
	const char *from = strstr(text, "://");
	const char *at;
	size_t len;

	from = from ? from + 3 : text;
	len = strcspn(from, "/?#");
	for (at = from; at < from + len; at++)
		if (*at == '@') {
			len -= (size_t)(at + 1 - from);
			from = at + 1;
			at = from;
		}
	return mem_strndup(from, len);
}

static int not_a_host(const char *text, const char *what, struct err *e)
{
	auto_free char *host = host_of_url(text);

	err_set(e, ERR_USAGE, "HOST is a name, not a %s", what);
	return *host ? err_hint(e, "give '%s'", host) : -1;
}

static int check_star(const char *host, struct err *e)
{
	const char *star = strchr(host, '*');

	if (!star)
		return 0;
	if (star == host && host[1] == '.' && host[2] && !strchr(host + 2, '*'))
		return 0;
	err_set(e, ERR_USAGE, "'%s': a wildcard is '*.' and a domain, for every name below it",
		host);
	if (strcmp(host, "*") == 0)
		return err_hint(e, "nothing opens everything: name what is needed");
	return err_hint(e, "for example \"*.example.com\"");
}

int egress_parse_host(const char *text, char **out_host, int64_t *out_port, struct err *e)
{
	auto_free char *host = mem_strdup(text);
	char *colon = strchr(host, ':');
	size_t len;

	*out_port = 0;
	if (strstr(text, "://"))
		return not_a_host(text, "URL", e);
	if (strchr(text, '@'))
		return not_a_host(text, "URL with a user", e);
	if (strpbrk(text, "/?#"))
		return not_a_host(text, "URL: paths are not seen inside TLS", e);
	if (!*text || strpbrk(text, " \t\r\n,;\"'\\"))
		return err_set(e, ERR_USAGE, "'%s' is no host name", text);
	if (colon && strchr(colon + 1, ':'))
		return err_set(e, ERR_USAGE, "'%s': IPv6 addresses are never reached", text);
	if (colon) {
		*colon = '\0';
		if (egress_parse_port(colon + 1, out_port, e))
			return err_wrap(e, "'%s'", text);
	}
	for (char *p = host; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	len = strlen(host);
	if (len > 1 && host[len - 1] == '.')
		host[len - 1] = '\0';
	if (check_star(host, e))
		return -1;
	*out_host = take_ptr(host);
	return 0;
}

static bool number_and_unit(const char *text, const char *units, int64_t *out_n, char *out_unit)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 6 || !text[digits] || text[digits + 1] ||
	    !strchr(units, text[digits]))
		return false;
	*out_n = strtoll(text, NULL, 10);
	*out_unit = text[digits];
	return true;
}

static void day_text(int64_t at, char out[16])
{
	time_t t = (time_t)at;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(out, 16, "%Y-%m-%d", &tm))
		out[0] = '\0';
}

/* YYYY-MM-DD of a day that exists. */
static bool parse_day(const char *text, int64_t *out)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	char again[16];

	if (!end || *end || strlen(text) != 10)
		return false;
	*out = (int64_t)timegm(&tm);
	day_text(*out, again);
	return strcmp(again, text) == 0;
}

int egress_parse_day(const char *text, int64_t now, char out[16], struct err *e)
{
	int64_t n, at;
	char unit, today[16];

	day_text(now, today);
	if (number_and_unit(text, "dw", &n, &unit)) {
		/* a day begins at midnight: a rule for one day must not end in an hour */
		at = now + (n * (unit == 'w' ? 7 : 1) + 1) * DAY_SECONDS;
		if (n == 0)
			return err_set(e, ERR_USAGE,
				       "--expires %s: the entry would be void at once", text);
		day_text(at, out);
		return 0;
	}
	if (!parse_day(text, &at)) {
		err_set(e, ERR_USAGE, "--expires: '%s' is no day", text);
		return err_hint(e, "give a date as YYYY-MM-DD, or a time from now on as 30d");
	}
	day_text(at, out);
	if (strcmp(out, today) > 0)
		return 0;
	err_set(e, ERR_USAGE,
		"--expires %s: that is over, an entry is void from 00:00 UTC of its "
		"day on",
		text);
	return err_hint(e, "today is %s (UTC)", today);
}

int egress_parse_duration(const char *text, const char *option, int64_t *out, struct err *e)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 'm', 60 }, { 'h', 3600 }, { 'd', DAY_SECONDS }, { 'w', 7 * DAY_SECONDS } };
	int64_t n;
	char unit;

	if (number_and_unit(text, "mhdw", &n, &unit))
		for (size_t i = 0; i < ARRAY_SIZE(units); i++)
			if (units[i].unit == unit) {
				*out = n * units[i].seconds;
				return 0;
			}
	err_set(e, ERR_USAGE, "--%s: '%s' is no duration", option, text);
	return err_hint(e, "give a number and m, h, d or w: 90d");
}

int egress_parse_since(const char *text, int64_t now, int64_t *out, struct err *e)
{
	struct err ignored = ERR_INIT;
	int64_t seconds;

	if (parse_day(text, out))
		return 0;
	if (strchr(text, 'T') && (*out = output_parse_time(text)) > 0)
		return 0;
	if (!egress_parse_duration(text, "since", &seconds, &ignored)) {
		*out = now - seconds;
		return 0;
	}
	err_set(e, ERR_USAGE, "--since: '%s' is no time", text);
	return err_hint(e, "give how long ago (24h, 7d), a date, or 2026-01-31T12:00:00Z");
}

const struct credential_entry *egress_route_to(const struct tenant_spec *s, const char *host)
{
	const struct credential_entry *r = s->credentials.items;

	for (size_t i = 0; i < s->credentials.count; i++)
		if (strcmp(r[i].upstream_host, host) == 0)
			return &r[i];
	return NULL;
}

char *egress_entry_what(const struct egress_entry *r)
{
	return mem_printf("%s:%lld%s%s", r->host, (long long)r->port,
			  r->protocol == EGRESS_TCP ? " tcp" : "",
			  r->private_ok ? ", private" : "");
}
