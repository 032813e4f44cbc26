/*
 * See dnslog.h. The lines, after "dnsmasq[PID]: ", are
 *     SERIAL ADDRESS/PORT query[TYPE] NAME from ADDRESS
 *     SERIAL ADDRESS/PORT SOURCE NAME is ANSWER
 * NAME is the tenant's choice and may hold spaces, so it is delimited from the right.
 */
#include "dnslog.h"
#include "jsonline.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

struct text {
	const char *at;
	size_t len;
};

/* Cuts the first word off `t`. */
static struct text next_word(struct text *t)
{
	const char *space = memchr(t->at, ' ', t->len);
	struct text word = { t->at, space ? (size_t)(space - t->at) : t->len };
	size_t used = space ? word.len + 1 : word.len;

	t->at += used;
	t->len -= used;
	return word;
}

/* Splits `t` at the last `mark`; false when there is none. */
static bool split_last(struct text t, const char *mark, struct text *out_left,
		       struct text *out_right)
{
	size_t mlen = strlen(mark);

	for (size_t i = t.len; i >= mlen; i--) {
		const char *at = t.at + i - mlen;

		if (memcmp(at, mark, mlen) != 0)
			continue;
		*out_left = (struct text){ t.at, (size_t)(at - t.at) };
		*out_right = (struct text){ t.at + i, t.len - i };
		return true;
	}
	return false;
}

static bool is_serial(struct text t)
{
	if (t.len == 0 || t.len >= sizeof(((struct dnslog *)0)->serial))
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (!isdigit((unsigned char)t.at[i]))
			return false;
	return true;
}

static void copy_text(char *out, size_t size, struct text t)
{
	size_t n = t.len < size ? t.len : size - 1;

	memcpy(out, t.at, n);
	out[n] = '\0';
}

static bool same_text(struct text t, const char *s)
{
	return t.len == strlen(s) && memcmp(t.at, s, t.len) == 0;
}

bool dnslog_parse(struct dnslog *d, const char *line, size_t len, struct dnslog_entry *out,
		  bool *out_known)
{
	static const char query[] = "query[";
	struct text rest = { line, len };
	struct text serial, source, what, name, tail, client, port;

	*out_known = false;
	next_word(&rest); /* dnsmasq[PID]: */
	serial = next_word(&rest);
	source = next_word(&rest);
	what = next_word(&rest);
	if (!is_serial(serial) || !split_last(source, "/", &client, &port))
		return false;
	if (what.len > sizeof(query) && memcmp(what.at, query, sizeof(query) - 1) == 0) {
		struct text type = { what.at + sizeof(query) - 1, what.len - sizeof(query) };

		*out_known = true;
		copy_text(d->serial, sizeof(d->serial), serial);
		copy_text(d->type, sizeof(d->type), type);
		return false;
	}
	if (!split_last(rest, " is ", &name, &tail))
		return false;
	*out_known = true;
	/* A question over TCP is answered by a fork of dnsmasq, whose lines may come between. */
	if (!same_text(serial, d->serial))
		d->type[0] = '\0';
	*out = (struct dnslog_entry){ client.at, name.at, tail.at, client.len, name.len, tail.len };
	return true;
}

void dnslog_write(struct dnslog *d, const struct dnslog_entry *entry, const char *tenant, int fd)
{
	struct text answer = { entry->answer, entry->answer_len };
	struct jsonline l;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec != d->window) {
		if (d->suppressed) {
			jsonline_begin(&l, "dns-suppressed", tenant);
			jsonline_int(&l, "lines", d->suppressed);
			jsonline_end(&l, fd);
		}
		d->window = now.tv_sec;
		d->lines = d->suppressed = 0;
	}
	if (++d->lines > DNSLOG_LINES_PER_SECOND) {
		d->suppressed++;
		return;
	}
	jsonline_begin(&l, "dns", tenant);
	jsonline_text(&l, "client", entry->client, entry->client_len);
	jsonline_str(&l, "type", d->type);
	jsonline_text(&l, "name", entry->name, entry->name_len);
	jsonline_text(&l, "answer", answer.at, answer.len);
	jsonline_str(&l, "verdict",
		     same_text(answer, "NXDOMAIN") || memchr(answer.at, ' ', answer.len)
			     ? "denied"
			     : "allowed");
	jsonline_end(&l, fd);
}
