/*
 * Judges what was reached and resolved from the worker's network namespace. Every
 * attempt that must fail counts only beside one of the same kind that worked in the
 * same run: a probe that could not have reached anything has shown nothing.
 */
#include "checks_judges.h"

#include <string.h>

#include "judge.h"

#define CONTROL_CHECK "net.gateway.control"

static const char *outcome_text(enum reach_outcome o)
{
	static const char *const texts[] = {
		[REACH_OPEN] = "answered",
		[REACH_REFUSED] = "refused",
		[REACH_UNREACHABLE] = "no way there",
		[REACH_TIMEOUT] = "no answer in time",
		[REACH_ERROR] = "attempt failed",
	};

	return texts[o];
}

static const char *dns_text(enum dns_outcome o)
{
	static const char *const texts[] = {
		[DNS_ANSWERED] = "answered", [DNS_EMPTY] = "empty answer",
		[DNS_NXDOMAIN] = "NXDOMAIN", [DNS_REFUSED] = "refused",
		[DNS_TIMEOUT] = "no answer", [DNS_ERROR] = "attempt failed",
	};

	return texts[o];
}

/* ---- controls ---- */

static bool tcp_control_works(const struct tenant_facts *t)
{
	for (size_t i = 0; i < t->reach_count; i++)
		if (!strcmp(t->reach[i].check, CONTROL_CHECK) && t->reach[i].must_work &&
		    !t->reach[i].udp && t->reach[i].outcome == REACH_OPEN)
			return true;
	return false;
}

static bool dns_control_works(const struct tenant_facts *t, const char *server, bool tcp)
{
	for (size_t i = 0; i < t->dns_count; i++)
		if (t->dns[i].must_work && t->dns[i].tcp == tcp &&
		    !strcmp(t->dns[i].server, server) && t->dns[i].outcome == DNS_ANSWERED)
			return true;
	return false;
}

/* The same address and port, tried where it must answer. A refusal there proves the address alive,
 * too: from here even that must not come back. */
static bool target_control_works(const struct tenant_facts *t, const struct reach_attempt *a)
{
	for (size_t i = 0; i < t->reach_count; i++) {
		const struct reach_attempt *k = &t->reach[i];

		if (k->must_work && k->udp == a->udp && k->port == a->port &&
		    !strcmp(k->check, a->check) && !strcmp(k->address, a->address))
			return k->outcome == REACH_OPEN || k->outcome == REACH_REFUSED;
	}
	return false;
}

static bool control_is_silent(const struct tenant_facts *t, const char *check)
{
	for (size_t i = 0; i < t->reach_count; i++)
		if (t->reach[i].must_work && t->reach[i].outcome == REACH_TIMEOUT &&
		    !strcmp(t->reach[i].check, check))
			return true;
	for (size_t i = 0; i < t->dns_count; i++)
		if (t->dns[i].must_work && t->dns[i].outcome == DNS_TIMEOUT &&
		    !strcmp(t->dns[i].check, check))
			return true;
	for (size_t i = 0; i < t->http_count; i++)
		if (t->http[i].must_work && t->http[i].outcome == HTTP_TIMEOUT &&
		    !strcmp(t->http[i].check, check))
			return true;
	return false;
}

bool checks_fail_for_silence(const struct tenant_facts *t, const struct findings *f)
{
	size_t failed = 0;

	for (size_t i = 0; i < f->count; i++) {
		if (f->items[i].verdict != VERDICT_FAIL)
			continue;
		failed++;
		if (!control_is_silent(t, f->items[i].id))
			return false;
	}
	return failed > 0;
}

/* ---- attempts that must fail ---- */

struct tally {
	struct complaints reached, unknown;
	size_t tried;
};

static void tally_free(struct tally *t)
{
	complaints_free(&t->reached);
	complaints_free(&t->unknown);
}
#define auto_tally cleanup_with(tally_free)
#define TALLY_INIT                                                                                 \
	{                                                                                          \
		.reached = COMPLAINTS_INIT, .unknown = COMPLAINTS_INIT                             \
	}

/* Silence alone proves nothing: the packet may have arrived. It does where no route could have
 * taken it anywhere. */
static bool no_way_out(const struct check_input *in)
{
	const struct tenant_facts *t = in->facts;

	for (size_t i = 0; i < t->route_count; i++)
		if (strcmp(t->routes[i].destination, in->allocation->subnet) != 0 &&
		    !judge_route_is_dead(in, t->routes + i))
			return false;
	return t->route_count > 0;
}

/* `each`: every target needs a control of its own, unless no route leads to it. Whether the control
 * answers is in the hands of the other tenant: one socket that stays silent must not fail, and so
 * stop, everybody else. */
static void tally_attempt(struct tally *t, const struct check_input *in,
			  const struct reach_attempt *a, bool each)
{
	bool controlled = target_control_works(in->facts, a) || no_way_out(in);
	bool lost = a->outcome == REACH_TIMEOUT && !controlled;
	const char *kind = a->udp ? "udp" : "tcp";

	t->tried++;
	if (a->outcome == REACH_OPEN || a->outcome == REACH_REFUSED)
		complain(&t->reached, "%s %s %s:%u %s", a->target, kind, a->address, a->port,
			 outcome_text(a->outcome));
	else if (a->outcome == REACH_ERROR || lost)
		complain(&t->unknown, "%s %s %s:%u: %s", a->target, kind, a->address, a->port,
			 outcome_text(a->outcome));
	else if (each && !controlled)
		complain(&t->unknown, "%s %s %s:%u: not shown to answer anyone", a->target, kind,
			 a->address, a->port);
}

static void judge_tally(struct finding *f, struct tally *t)
{
	if (t->reached.count)
		judge_complaints(f, &t->reached, "%s", "");
	else if (t->tried == 0)
		judge_unknown(f, "nothing was tried");
	else if (t->unknown.count)
		judge_unknown(f, "%s%s", strbuf_str(&t->unknown.text),
			      t->unknown.count > COMPLAINTS_SHOWN ? "; and more" : "");
	else
		judge_pass(f, "%zu attempts, no way there", t->tried);
}

static bool have_tcp_control(const struct check_input *in, struct finding *f)
{
	if (tcp_control_works(in->facts))
		return true;
	judge_unknown(f, "the control failed: the own gateway does not answer over TCP");
	return false;
}

static bool have_udp_control(const struct check_input *in, struct finding *f)
{
	if (dns_control_works(in->facts, in->allocation->gateway_ip, false))
		return true;
	judge_unknown(f, "the control failed: the own gateway does not answer over UDP");
	return false;
}

/* All attempts filed under the finding's id must fail. What was reached is a failure even when the
 * control did not work. */
static void judge_blocked(const struct check_input *in, struct finding *f, bool each)
{
	struct tally t auto_tally = TALLY_INIT;
	bool tcp = false, udp = false;

	if (!have_network_view(in, f))
		return;
	for (size_t i = 0; i < in->facts->reach_count; i++) {
		const struct reach_attempt *a = &in->facts->reach[i];

		if (a->must_work || strcmp(a->check, f->id) != 0)
			continue;
		*(a->udp ? &udp : &tcp) = true;
		tally_attempt(&t, in, a, each);
	}
	judge_evidence(f, "%zu attempts from the worker's network namespace; control: own gateway",
		       t.tried);
	if (t.reached.count == 0 &&
	    ((tcp && !have_tcp_control(in, f)) || (udp && !have_udp_control(in, f))))
		return;
	judge_tally(f, &t);
}

void judge_net_host(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "no address of the host answers or refuses");
	judge_blocked(in, f, false);
}

void judge_net_metadata(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "no cloud metadata address can be reached");
	judge_blocked(in, f, false);
}

void judge_net_internet(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "no public address can be reached but through the gateway");
	judge_blocked(in, f, false);
}

static size_t running_siblings(const struct check_input *in)
{
	size_t n = 0;

	for (size_t i = 0; i < in->sibling_count; i++)
		n += in->siblings[i].running;
	return n;
}

/* An empty cell of the table between tenants is no evidence. */
static bool every_sibling_tried(const struct check_input *in, struct finding *f)
{
	for (size_t i = 0; i < in->sibling_count; i++) {
		size_t len = strlen(in->siblings[i].tenant);
		bool tried = !in->siblings[i].running;

		for (size_t k = 0; !tried && k < in->facts->reach_count; k++) {
			const struct reach_attempt *a = &in->facts->reach[k];

			tried = !a->must_work && !strcmp(a->check, f->id) &&
				!strncmp(a->target, in->siblings[i].tenant, len) &&
				a->target[len] == ' ';
		}
		if (!tried) {
			judge_unknown(f, "tenant %s was not tried", in->siblings[i].tenant);
			return false;
		}
	}
	return true;
}

void judge_net_sibling(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "no worker or gateway of another tenant answers or refuses");
	if (!have_network_view(in, f))
		return;
	if (running_siblings(in) == 0) {
		judge_skip(f, "no other tenant runs on this host");
		return;
	}
	judge_blocked(in, f, true);
	if (f->verdict == VERDICT_PASS)
		every_sibling_tried(in, f);
	judge_evidence(f, "%zu running tenants, each target shown to answer from its own side",
		       running_siblings(in));
}

void judge_net_published(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "no port that another tenant publishes can be reached");
	if (!have_network_view(in, f))
		return;
	if (running_siblings(in) == 0)
		judge_skip(f, "no other tenant runs on this host");
	else
		judge_blocked(in, f, false);
}

/* ---- the own gateway ---- */

void judge_net_gateway_control(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	size_t tried = 0;

	judge_expect(f, "the declared ports of the own gateway answer");
	if (!have_network_view(in, f))
		return;
	for (size_t i = 0; i < in->facts->reach_count; i++) {
		const struct reach_attempt *a = &in->facts->reach[i];

		if (strcmp(a->check, CONTROL_CHECK) != 0)
			continue;
		tried++;
		if (a->outcome != REACH_OPEN)
			complain(&c, "%s:%u: %s", a->address, a->port, outcome_text(a->outcome));
	}
	judge_evidence(f, "connections from the worker's network namespace");
	if (tried == 0)
		judge_unknown(f, "nothing was tried");
	else
		judge_complaints(f, &c, "%zu ports answer", tried);
}

void judge_net_gateway_ports(const struct check_input *in, struct finding *f)
{
	struct tally t auto_tally = TALLY_INIT;

	judge_expect(f, "no port of the own gateway is open but the declared ones");
	if (!have_network_view(in, f))
		return;
	for (size_t i = 0; i < in->facts->reach_count; i++) {
		const struct reach_attempt *a = &in->facts->reach[i];

		if (a->must_work || strcmp(a->check, f->id) != 0)
			continue;
		t.tried++;
		if (a->outcome == REACH_OPEN)
			complain(&t.reached, "port %u is open", a->port);
		else if (a->outcome != REACH_REFUSED)
			complain(&t.unknown, "port %u: %s", a->port, outcome_text(a->outcome));
	}
	judge_evidence(f, "connections from the worker's network namespace");
	if (t.reached.count || have_tcp_control(in, f))
		judge_tally(f, &t);
	if (f->verdict == VERDICT_PASS)
		judge_pass(f, "%zu ports refuse", t.tried);
}

/* ---- names ---- */

/* SERVFAIL is how the engine's resolver says that it asked nobody. */
static bool dns_is_refusal(const struct dns_attempt *a)
{
	return a->outcome == DNS_NXDOMAIN || a->outcome == DNS_REFUSED ||
	       (a->outcome == DNS_ERROR && a->rcode == 2);
}

static void tally_name(struct tally *t, const struct tenant_facts *facts,
		       const struct dns_attempt *a)
{
	t->tried++;
	if (a->outcome == DNS_ANSWERED || a->outcome == DNS_EMPTY)
		complain(&t->reached, "%s knows %s (type %u): %s %s", a->server, a->name, a->type,
			 dns_text(a->outcome), a->answer);
	else if (!dns_is_refusal(a))
		complain(&t->unknown, "%s, %s (type %u): %s", a->server, a->name, a->type,
			 dns_text(a->outcome));
	else if (!dns_control_works(facts, a->server, a->tcp))
		complain(&t->unknown, "the control failed: %s does not answer over %s", a->server,
			 a->tcp ? "TCP" : "UDP");
}

static void judge_names(const struct check_input *in, struct finding *f)
{
	struct tally t auto_tally = TALLY_INIT;

	if (!have_network_view(in, f))
		return;
	for (size_t i = 0; i < in->facts->dns_count; i++) {
		const struct dns_attempt *a = &in->facts->dns[i];

		if (strcmp(a->check, f->id) != 0)
			continue;
		if (!a->must_work)
			tally_name(&t, in->facts, a);
		else if (a->outcome == DNS_ANSWERED &&
			 strcmp(a->answer, in->allocation->gateway_ip) != 0)
			complain(&t.reached, "%s answers %s with %s", a->server, a->name,
				 a->answer);
		else if (a->outcome != DNS_ANSWERED)
			complain(&t.unknown, "control %s at %s: %s", a->name, a->server,
				 dns_text(a->outcome));
	}
	judge_evidence(f, "%zu queries from the worker's network namespace", t.tried);
	judge_tally(f, &t);
	if (f->verdict == VERDICT_PASS)
		judge_pass(f, "%zu names refused, allowed ones answered", t.tried);
}

void judge_net_dns_gateway(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "undeclared names get NXDOMAIN, allowed ones %s",
		     in->allocation->gateway_ip);
	judge_names(in, f);
}

void judge_net_dns_embedded(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "the engine's resolver answers no undeclared name");
	judge_names(in, f);
}

void judge_net_sibling_dns(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "no name of another tenant is known");
	if (have_network_view(in, f) && in->sibling_count == 0)
		judge_skip(f, "there is no other tenant on this host");
	else if (f->observed == NULL)
		judge_names(in, f);
}
