/*
 * The HTML report: one file that needs no other, no script, nothing from outside. It
 * starts with the verdict in one sentence and gets more exact from there on.
 */
#include "report_html.h"

#include <stdint.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "report_style.h"
#include "report_text.h"

const char *html_verdict_class(enum finding_verdict v)
{
	static const char *const classes[VERDICTS] = {
		[VERDICT_PASS] = "pass",
		[VERDICT_FAIL] = "fail",
		[VERDICT_INCONCLUSIVE] = "inconclusive",
		[VERDICT_NOT_APPLICABLE] = "none",
		[VERDICT_WARN] = "warn",
	};

	return classes[v];
}

const char *html_state_class(enum report_state s)
{
	return s == REPORT_PASS ? "pass" : s == REPORT_FAIL ? "fail" : "inconclusive";
}

void html_element(struct strbuf *out, const char *tag, const char *class, const char *text)
{
	strbuf_printf(out, "<%s", tag);
	if (class)
		strbuf_printf(out, " class=\"%s\"", class);
	strbuf_putc(out, '>');
	report_markup(out, text);
	strbuf_printf(out, "</%s>", tag);
}

/* ---- head ---- */

/* The digest by which the policy knows the one style sheet it lets through. */
static void put_style_digest(struct strbuf *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char hexadecimal[] = "0123456789abcdef";
	char hex[DIGEST_HEX_SIZE];
	uint32_t bits = 0;
	unsigned have = 0;

	digest_of(report_style, strlen(report_style), hex);
	for (const char *p = hex; *p; p++) {
		bits = bits << 4 | (uint32_t)(strchr(hexadecimal, *p) - hexadecimal);
		have += 4;
		if (have >= 6) {
			have -= 6;
			strbuf_putc(out, digits[bits >> have & 63]);
		}
	}
	/* 256 bits are 42 digits and 4 bits: the last digit is filled up with zeros */
	strbuf_putc(out, digits[bits << (6 - have) & 63]);
	strbuf_putc(out, '=');
}

static void put_head(const struct report *r, const char *headline, struct strbuf *out)
{
	strbuf_puts(out,
		    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		    "style-src 'sha256-");
	put_style_digest(out);
	strbuf_puts(out, "'; base-uri 'none'; form-action 'none'\"/>\n"
			 "<meta name=\"viewport\" content=\"width=device-width\"/>\n"
			 "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
			 "<meta name=\"referrer\" content=\"no-referrer\"/>\n"
			 "<meta name=\"generator\" content=\"tenantctl ");
	report_markup(out, r->version);
	strbuf_puts(out, "\"/>\n");
	html_element(out, "title", NULL, headline);
	strbuf_puts(out, "\n<style>");
	strbuf_puts(out, report_style);
	strbuf_puts(out, "</style>\n</head>\n");
}

/* ---- the verdict ---- */

static enum report_state worst_state(const struct report_totals *t)
{
	for (int s = 0; s < REPORT_STATES; s++)
		if (t->tenants[s])
			return s;
	return REPORT_ERROR;
}

static bool is_partial(const struct report *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->rows[i].result && r->rows[i].result->partial)
			return true;
	return false;
}

/* Of a selection of the checks nobody can say that the boundary holds. */
static void make_headline(const struct report *r, const struct report_totals *t, struct strbuf *out)
{
	static const char *const claims[REPORT_STATES] = {
		[REPORT_FAIL] = "does not hold",
		[REPORT_INCONCLUSIVE] = "is not proved",
		[REPORT_ERROR] = "is not proved",
		[REPORT_PASS] = "holds",
	};
	enum report_state worst = worst_state(t);
	size_t about = worst == REPORT_FAIL
			       ? t->tenants[REPORT_FAIL]
			       : t->tenants[REPORT_INCONCLUSIVE] + t->tenants[REPORT_ERROR];

	if (r->count == 0)
		strbuf_puts(out, "Nothing was verified");
	else if (r->command)
		strbuf_printf(out, "%s: %s", r->command,
			      worst == REPORT_PASS   ? "nothing failed"
			      : worst == REPORT_FAIL ? "not as it must be"
						     : "not all could be seen");
	else if (worst == REPORT_PASS && is_partial(r))
		strbuf_puts(out, "What was checked holds");
	else if (r->count == 1)
		strbuf_printf(out, "The boundary of %s %s", r->rows[0].tenant, claims[worst]);
	else if (worst == REPORT_PASS)
		strbuf_printf(out, "The boundary of all %zu tenants holds", r->count);
	else
		strbuf_printf(out, "The boundary of %zu of %zu tenants %s", about, r->count,
			      claims[worst]);
}

static const char *measured_at(const struct report *r)
{
	const char *last = NULL;

	for (size_t i = 0; i < r->count; i++)
		if (r->rows[i].result && (!last || strcmp(r->rows[i].result->at, last) > 0))
			last = r->rows[i].result->at;
	return last;
}

static void put_release(struct strbuf *out, const char *what, const char *release)
{
	strbuf_puts(out, release ? what : "");
	report_markup(out, release);
}

static void put_verdict(const struct report *r, const struct report_totals *t, const char *headline,
			struct strbuf *out)
{
	static const char *const marks[REPORT_STATES] = {
		[REPORT_FAIL] = "✕",
		[REPORT_INCONCLUSIVE] = "?",
		[REPORT_ERROR] = "?",
		[REPORT_PASS] = "✓",
	};
	enum report_state worst = worst_state(t);

	strbuf_printf(out,
		      "<header class=\"%s\">\n<p class=\"mark\" aria-hidden=\"true\">%s</p>\n<div>"
		      "\n",
		      html_state_class(worst), marks[worst]);
	html_element(out, "h1", NULL, headline);
	strbuf_printf(out,
		      "\n<p>%zu checks failed, %zu inconclusive, %zu passed, %zu not applicable",
		      t->checks[VERDICT_FAIL], t->checks[VERDICT_INCONCLUSIVE],
		      t->checks[VERDICT_PASS], t->checks[VERDICT_NOT_APPLICABLE]);
	if (t->checks[VERDICT_WARN])
		strbuf_printf(out, ", %zu warnings", t->checks[VERDICT_WARN]);
	strbuf_putc(out, '.');
	if (measured_at(r)) {
		strbuf_puts(out, " Measured ");
		html_element(out, "time", NULL, measured_at(r));
	}
	strbuf_puts(out, " with tenantctl ");
	report_markup(out, r->version);
	put_release(out, " on Linux ", r->kernel);
	put_release(out, ", engine ", r->engine);
	strbuf_puts(out, ".</p>\n");
	if (is_partial(r))
		strbuf_puts(out, "<p><strong>Only a selection of the checks ran: this is no full "
				 "verification.</strong></p>\n");
	strbuf_puts(out, "</div>\n</header>\n");
}

/* ---- at a glance ---- */

static void put_tile(struct strbuf *out, const char *class, size_t count, const char *what)
{
	strbuf_printf(out, "<li class=\"%s\"><b>%zu</b> %s</li>\n", count ? class : "zero", count,
		      what);
}

static void put_tiles(const struct report_totals *t, struct strbuf *out)
{
	strbuf_puts(out, "<h3>Tenants</h3>\n<ul class=\"tiles\">\n");
	put_tile(out, "pass", t->tenants[REPORT_PASS], "proved");
	put_tile(out, "fail", t->tenants[REPORT_FAIL], "failed");
	put_tile(out, "inconclusive", t->tenants[REPORT_INCONCLUSIVE], "inconclusive");
	put_tile(out, "inconclusive", t->tenants[REPORT_ERROR], "not verified");
	strbuf_puts(out, "</ul>\n");
}

static const char *threat_of(enum finding_group g)
{
	static const char *const threats[GROUPS] = {
		[GROUP_INJECTION] = "A tenant reaches, sees or names another one",
		[GROUP_CREDENTIAL] = "Keys end up where they can be read",
		[GROUP_FILESYSTEM] = "Files outside of the own workspace are within reach",
		[GROUP_RESOURCE] = "A tenant uses up the host",
		[GROUP_NETWORK] = "Traffic gets past the gateway",
		[GROUP_CONFIG] = "What runs is not what was ordered",
		[GROUP_HOST] = "A tenant gains rights on the host",
	};

	return threats[g];
}

/* Shares of the whole, but what is bad is never too thin to be seen. */
static void put_bar(const size_t counts[VERDICTS], struct strbuf *out)
{
	enum { WIDTH = 200, SEEN = 6 };
	static const enum finding_verdict order[] = { VERDICT_FAIL, VERDICT_INCONCLUSIVE,
						      VERDICT_WARN, VERDICT_PASS };
	size_t all = 0, at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		all += counts[order[i]];

	strbuf_printf(out,
		      "<svg class=\"bar\" viewBox=\"0 0 %d 10\" "
		      "preserveAspectRatio=\"none\" aria-hidden=\"true\">",
		      WIDTH);
	for (size_t i = 0; all && i < ARRAY_SIZE(order); i++) {
		size_t n = counts[order[i]];
		size_t width = n * WIDTH / all;

		if (order[i] == VERDICT_PASS)
			width = n ? WIDTH - at : 0;
		else if (n)
			width = MAX_OF(width, (size_t)SEEN);
		width = MIN_OF(width, WIDTH - at);
		if (width)
			strbuf_printf(out,
				      "<rect class=\"%s\" x=\"%zu\" width=\"%zu\" "
				      "height=\"10\"/>",
				      html_verdict_class(order[i]), at, width);
		at += width;
	}
	strbuf_puts(out, "</svg>");
}

static void put_count(struct strbuf *out, const char *class, size_t n)
{
	if (n)
		strbuf_printf(out, "<td class=\"number %s\">%zu</td>", class, n);
	else
		strbuf_puts(out, "<td class=\"number none\">0</td>");
}

static void put_groups(const struct report_totals *t, struct strbuf *out)
{
	strbuf_puts(out,
		    "<table class=\"groups\">\n<caption>Checks by what would go wrong</caption>"
		    "\n<thead><tr><th scope=\"col\">Group</th><th scope=\"col\">What would go "
		    "wrong</th><td class=\"bar\"></td><th scope=\"col\" class=\"number\">Failed"
		    "</th><th scope=\"col\" class=\"number\">Inconclusive</th>");
	if (t->checks[VERDICT_WARN])
		strbuf_puts(out, "<th scope=\"col\" class=\"number\">Warnings</th>");
	strbuf_puts(out, "<th scope=\"col\" class=\"number\">Passed</th></tr></thead>\n<tbody>\n");
	for (int g = 0; g < GROUPS; g++) {
		const size_t *n = t->groups[g];

		strbuf_puts(out, "<tr>");
		strbuf_printf(out, "<th scope=\"row\">%s</th><td>%s</td><td class=\"bar\">",
			      group_name(g), threat_of(g));
		put_bar(n, out);
		strbuf_puts(out, "</td>");
		put_count(out, "fail", n[VERDICT_FAIL]);
		put_count(out, "inconclusive", n[VERDICT_INCONCLUSIVE]);
		if (t->checks[VERDICT_WARN])
			put_count(out, "warn", n[VERDICT_WARN]);
		put_count(out, "pass", n[VERDICT_PASS]);
		strbuf_puts(out, "</tr>\n");
	}
	strbuf_puts(out, "</tbody>\n</table>\n");
}

static void put_notes(const struct report_totals *t, struct strbuf *out)
{
	strbuf_puts(
		out,
		"<footer>\n<h2>How to read this</h2>\n<dl>\n"
		"<dt>pass</dt><dd>What must hold was seen to hold, and whatever had to fail was "
		"paired with something of the same kind that worked in the same run.</dd>\n"
		"<dt>fail</dt><dd>Something else was seen.</dd>\n"
		"<dt>inconclusive</dt><dd>It could not be seen. That proves nothing and counts "
		"as a failure.</dd>\n");
	if (t->checks[VERDICT_WARN])
		strbuf_puts(out, "<dt>warn</dt><dd>Worth knowing, and no reason to stop.</dd>\n");
	strbuf_puts(
		out,
		"<dt>not applicable</dt><dd>There is nothing to check, for the reason given.</dd>"
		"\n</dl>\n<p>Evidence comes from the kernel's own files about every process of a "
		"tenant, from its live system call filter, from connections tried out of its "
		"network and, unless it was a quick look, from the attacks of a second container "
		"that is made as the worker is; the engine's word alone is never taken for proof. "
		"Kernel flaws "
		"are not covered: tenants share the host's kernel.</p>\n</footer>\n");
}

void report_html(const struct report *r, struct strbuf *out)
{
	auto_strbuf struct strbuf headline = STRBUF_INIT(1024);
	struct report_totals t;

	report_count(r, &t);
	make_headline(r, &t, &headline);
	put_head(r, strbuf_str(&headline), out);
	strbuf_puts(out, "<body>\n");
	put_verdict(r, &t, strbuf_str(&headline), out);
	strbuf_puts(out, "<main>\n<section>\n<h2>At a glance</h2>\n");
	if (!r->command && r->count != 1)
		put_tiles(&t, out);
	put_groups(&t, out);
	strbuf_puts(out, "</section>\n");
	if (!r->command)
		html_matrix(r, out);
	html_tenants(r, out);
	strbuf_puts(out, "</main>\n");
	put_notes(&t, out);
	strbuf_puts(out, "</body>\n</html>\n");
}
