/*
 * Judges what the credential routes answered to a worker that tries to be clever. A
 * refusal counts by its reason: one for another reason shows nothing about what was
 * tried. None of it counts unless the route that does not exist answers as it should.
 */
#include "checks_judges.h"

#include <string.h>

#include "judge.h"

#define CONTROL_CHECK "route.control"

enum { STATUS_MALFORMED = 400, STATUS_REFUSED_FROM = 400, STATUS_REFUSED_TO = 499 };

/* `reason` is one of the words of `wanted`; "-" there stands for no reason given. */
static bool is_wanted(const char *wanted, const char *reason)
{
	size_t len;

	if (!*reason)
		reason = "-";
	len = strlen(reason);
	for (const char *p = wanted; *p;) {
		size_t word = strcspn(p, "|");

		if (word == len && !strncmp(p, reason, len))
			return true;
		p += word + (p[word] == '|');
	}
	return false;
}

/* HAProxy answers what it can't take for one request with a 400 of its own, before any rule. */
static bool is_refused(const struct http_attempt *a)
{
	bool malformed = a->status == STATUS_MALFORMED && !a->reason[0] && !a->must_work;

	return a->status >= STATUS_REFUSED_FROM && a->status <= STATUS_REFUSED_TO &&
	       (malformed || is_wanted(a->wanted, a->reason));
}

static const char *outcome_text(enum http_outcome o)
{
	static const char *const texts[] = {
		[HTTP_ANSWERED] = "answered",	      [HTTP_CLOSED] = "hung up without an answer",
		[HTTP_REFUSED] = "nothing listens",   [HTTP_UNREACHABLE] = "no way there",
		[HTTP_TIMEOUT] = "no answer in time", [HTTP_ERROR] = "no HTTP came back",
	};

	return texts[o];
}

static bool control_works(const struct tenant_facts *t)
{
	bool works = false;

	for (size_t i = 0; i < t->http_count; i++) {
		if (strcmp(t->http[i].check, CONTROL_CHECK) != 0)
			continue;
		if (t->http[i].outcome != HTTP_ANSWERED || !is_refused(&t->http[i]))
			return false;
		works = true;
	}
	return works;
}

static void judge_attempts(const struct check_input *in, struct finding *f)
{
	struct complaints wrong auto_complaints = COMPLAINTS_INIT;
	struct complaints unknown auto_complaints = COMPLAINTS_INIT;
	size_t tried = 0;

	if (!have_network_view(in, f))
		return;
	for (size_t i = 0; i < in->facts->http_count; i++) {
		const struct http_attempt *a = &in->facts->http[i];

		if (strcmp(a->check, f->id) != 0)
			continue;
		tried++;
		if (a->outcome != HTTP_ANSWERED)
			complain(&unknown, "%s: %s", a->what, outcome_text(a->outcome));
		else if (!is_refused(a))
			complain(&wrong, "%s: %d %s instead of %s", a->what, a->status,
				 a->reason[0] ? a->reason : "without a reason", a->wanted);
	}
	judge_evidence(f, "%zu requests to %s:80 from the worker's network namespace", tried,
		       in->allocation->gateway_ip);
	if (wrong.count)
		judge_complaints(f, &wrong, "%s", "");
	else if (tried == 0)
		judge_unknown(f, "nothing was tried");
	else if (unknown.count)
		judge_unknown(f, "%s", strbuf_str(&unknown.text));
	else if (!control_works(in->facts))
		judge_unknown(f, "the control failed: the routes do not answer as they should");
	else
		judge_pass(f, "%zu requests, each refused for its reason", tried);
}

void judge_route_control(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	size_t tried = 0;

	judge_expect(f,
		     "403 in JSON with the reason \"route\" for a credential that is not declared");
	if (!have_network_view(in, f))
		return;
	for (size_t i = 0; i < in->facts->http_count; i++) {
		const struct http_attempt *a = &in->facts->http[i];

		if (strcmp(a->check, CONTROL_CHECK) != 0)
			continue;
		tried++;
		if (a->outcome != HTTP_ANSWERED)
			complain(&c, "%s: %s", a->what, outcome_text(a->outcome));
		else if (!is_refused(a))
			complain(&c, "%s: %d %s", a->what, a->status,
				 a->reason[0] ? a->reason : "without a reason");
	}
	judge_evidence(f, "requests to %s:80 from the worker's network namespace",
		       in->allocation->gateway_ip);
	if (tried == 0)
		judge_unknown(f, "nothing was tried");
	else
		judge_complaints(f, &c, "%zu requests answered so", tried);
}

void judge_route_refused(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "TRACE, dot segments, hop-by-hop lists, upgrades and doubtful framing are "
			"refused; forwarding headers change nothing");
	judge_attempts(in, f);
}

void judge_route_target(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "no tunnel, no absolute target, no other Host is taken");
	judge_attempts(in, f);
}
