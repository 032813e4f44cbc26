/*
 * Helpers of the checks. A verdict is always set together with what was observed,
 * so that no finding can say "pass" without words for what was seen.
 */
#include "judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define TEXT_MAX 4096

static void printf_like(2, 0) set_text(char **slot, const char *fmt, va_list ap)
{
	char text[TEXT_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	mem_replace(slot, text);
}

#define JUDGE_TEXT(slot)                                                                           \
	do {                                                                                       \
		va_list ap;                                                                        \
		va_start(ap, fmt);                                                                 \
		set_text(slot, fmt, ap);                                                           \
		va_end(ap);                                                                        \
	} while (0)

void judge_expect(struct finding *f, const char *fmt, ...)
{
	JUDGE_TEXT(&f->expected);
}

void judge_evidence(struct finding *f, const char *fmt, ...)
{
	JUDGE_TEXT(&f->evidence);
}

void judge_pass(struct finding *f, const char *fmt, ...)
{
	f->verdict = VERDICT_PASS;
	JUDGE_TEXT(&f->observed);
}

void judge_fail(struct finding *f, const char *fmt, ...)
{
	f->verdict = VERDICT_FAIL;
	JUDGE_TEXT(&f->observed);
}

void judge_unknown(struct finding *f, const char *fmt, ...)
{
	f->verdict = VERDICT_INCONCLUSIVE;
	JUDGE_TEXT(&f->observed);
}

void judge_warn(struct finding *f, const char *fmt, ...)
{
	f->verdict = VERDICT_WARN;
	JUDGE_TEXT(&f->observed);
}

void judge_skip(struct finding *f, const char *fmt, ...)
{
	f->verdict = VERDICT_NOT_APPLICABLE;
	JUDGE_TEXT(&f->observed);
}

void complain(struct complaints *c, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (c->count++ >= COMPLAINTS_SHOWN)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	strbuf_printf(&c->text, "%s%s", c->count > 1 ? "; " : "", text);
}

void complaints_free(struct complaints *c)
{
	strbuf_free(&c->text);
}

static void judge_listed(struct finding *f, const struct complaints *c)
{
	if (c->count > COMPLAINTS_SHOWN)
		judge_fail(f, "%s; and %zu more", strbuf_str(&c->text),
			   c->count - COMPLAINTS_SHOWN);
	else
		judge_fail(f, "%s", strbuf_str(&c->text));
}

void judge_complaints(struct finding *f, struct complaints *c, const char *fmt, ...)
{
	if (c->count > 0) {
		judge_listed(f, c);
		return;
	}
	f->verdict = VERDICT_PASS;
	JUDGE_TEXT(&f->observed);
}

void judge_remarks(struct finding *f, struct complaints *c, const char *fmt, ...)
{
	if (c->count > 0) {
		judge_listed(f, c);
		f->verdict = VERDICT_WARN;
		return;
	}
	f->verdict = VERDICT_PASS;
	JUDGE_TEXT(&f->observed);
}

bool have_worker(const struct check_input *in, struct finding *f)
{
	if (in->worker)
		return true;
	judge_unknown(f, "the worker's container does not exist");
	return false;
}

bool have_worker_process(const struct check_input *in, struct finding *f)
{
	if (in->facts && in->facts->running && in->facts->process_count > 0)
		return true;
	judge_unknown(f, "no process of the worker could be looked at: it does not run");
	return false;
}

bool have_gateway(const struct check_input *in, struct finding *f)
{
	if (in->gateway)
		return true;
	judge_unknown(f, "the gateway's container does not exist");
	return false;
}

bool have_gateway_process(const struct check_input *in, struct finding *f)
{
	if (in->facts && in->facts->gateway_running && in->facts->gateway_process_count > 0)
		return true;
	judge_unknown(f, "no process of the gateway could be looked at: it does not run");
	return false;
}

bool have_network_view(const struct check_input *in, struct finding *f)
{
	if (!have_worker_process(in, f))
		return false;
	if (!in->facts->net_error[0] && in->facts->interface_count > 0)
		return true;
	judge_unknown(f, "the worker's network namespace could not be looked at: %s",
		      in->facts->net_error[0] ? in->facts->net_error : "it shows no interface");
	return false;
}

bool have_mounts(const struct check_input *in, struct finding *f)
{
	if (!have_worker_process(in, f))
		return false;
	if (in->facts->mounts.count > 0)
		return true;
	judge_unknown(f, "the worker's mounts could not be read");
	return false;
}

const struct proc_mount *mount_at(const struct proc_mounts *m, const char *target)
{
	for (size_t i = m->count; i-- > 0;)
		if (!strcmp(m->items[i].target, target))
			return &m->items[i];
	return NULL;
}

bool path_is_below(const char *path, const char *parent)
{
	size_t len = strlen(parent);

	return !strncmp(path, parent, len) && (path[len] == '\0' || path[len] == '/');
}

const char *or_none(const char *s)
{
	return s && *s ? s : "none";
}
