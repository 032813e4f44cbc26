/*
 * The packet filter between tenants' bridges. The engine writes it when it starts and when
 * networks are made, and nobody but root keeps it: a reload of another firewall, a flush
 * by hand, or a rule of the host that comes first undoes it without a word.
 */
#include "doctor_judges.h"

#include <string.h>

#include "base/mem.h"
#include "domain/desired.h"

#define EVIDENCE "iptables-save, table filter, followed from FORWARD on"

static bool have_firewall(const struct doctor_input *in, struct finding *f)
{
	judge_evidence(f, EVIDENCE);
	if (in->engine && strncmp(in->engine->firewall, "nftables", 8) == 0) {
		judge_skip(f, "the engine filters with %s; verify measures what it keeps apart",
			   in->engine->firewall);
		return false;
	}
	if (in->firewall)
		return true;
	judge_unknown(f, "the rules could not be read: %s", or_none(in->firewall_error));
	return false;
}

static bool have_bridges(const struct doctor_input *in, struct finding *f)
{
	if (!have_firewall(in, f))
		return false;
	if (in->bridges.count > 0 || in->egress_bridge)
		return true;
	judge_skip(f, "there is no bridge of a tenant");
	return false;
}

void judge_firewall_forward(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const char *policy;

	judge_expect(f, "policy DROP of FORWARD, or each bridge of tenants closed by a rule");
	if (!have_firewall(in, f))
		return;
	policy = in->firewall->forward_policy;
	if (!strcmp(policy, "DROP")) {
		judge_pass(f, "policy DROP");
		return;
	}
	for (size_t i = 0; i < in->bridges.count; i++)
		if (!firewall_isolates(in->firewall, in->bridges.items[i], FIREWALL_OUT))
			complain(&c, "policy %s, and %s is open to other networks", or_none(policy),
				 in->bridges.items[i]);
	if (in->egress_bridge && !firewall_closes(in->firewall, EGRESS_BRIDGE_NAME))
		complain(&c, "policy %s, and %s is open to other networks", or_none(policy),
			 EGRESS_BRIDGE_NAME);
	if (c.count > 0)
		judge_complaints(f, &c, "none");
	else
		judge_warn(f,
			   "policy %s: other containers of this engine may be reached by who "
			   "routes to them; tenants' bridges are closed",
			   or_none(policy));
}

void judge_firewall_early(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	struct strlist bridges auto_strlist = { 0 };
	struct strlist accepts auto_strlist = { 0 };

	judge_expect(f, "no rule of DOCKER-USER, or before it, accepts all, or all of a tenant");
	if (!have_firewall(in, f))
		return;
	strlist_copy(&bridges, &in->bridges);
	strlist_add(&bridges, EGRESS_BRIDGE_NAME);
	if (!firewall_early_accepts(in->firewall, &bridges, &accepts)) {
		judge_unknown(f, "there are too many rules to follow");
		return;
	}
	for (size_t i = 0; i < accepts.count; i++)
		complain(&c, "%s", accepts.items[i]);
	judge_complaints(f, &c, "none of %zu rules", in->firewall->rule_count);
}

void judge_firewall_isolation(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f,
		     "what leaves or enters a tenant's bridge is dropped, and gateways are apart");
	if (!have_bridges(in, f))
		return;
	for (size_t i = 0; i < in->bridges.count; i++) {
		const char *bridge = in->bridges.items[i];

		if (!firewall_isolates(in->firewall, bridge, FIREWALL_IN))
			complain(&c, "nothing holds back what comes from %s", bridge);
		if (!firewall_isolates(in->firewall, bridge, FIREWALL_OUT))
			complain(&c, "nothing holds back what goes to %s", bridge);
	}
	if (in->egress_bridge && !firewall_parts_members(in->firewall, EGRESS_BRIDGE_NAME))
		complain(&c, "nothing parts the gateways on %s", EGRESS_BRIDGE_NAME);
	judge_complaints(f, &c, "rules for %zu bridges of tenants%s", in->bridges.count,
			 in->egress_bridge ? " and the gateways'" : "");
}
