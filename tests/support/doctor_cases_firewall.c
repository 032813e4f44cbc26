/* Ways to undo the packet filter between tenants, and what must be noticed of each. */
#include "doctor_fixture.h"

#include <stddef.h>

#include "base/mem.h"

#define SPOIL(name, ...)                                                                           \
	static void spoil_##name(struct doctor_fixture *x)                                         \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

SPOIL(policy, fixture_firewall(x, "ACCEPT", NULL, NULL);)
SPOIL(policy_and_no_rule, fixture_firewall(x, "ACCEPT", NULL, "DOCKER");
      strlist_free(&x->in.bridges);)
SPOIL(user_accepts, fixture_firewall(x, NULL, "-A DOCKER-USER -j ACCEPT\n", NULL);)
SPOIL(user_accepts_commented,
      fixture_firewall(
	      x, NULL,
	      "-A DOCKER-USER -m comment --comment \"all \\\"of -i eth0\\\" it\" -j ACCEPT\n",
	      NULL);)
SPOIL(user_accepts_but_one,
      fixture_firewall(x, NULL, "-A DOCKER-USER ! -i eth0 -j ACCEPT\n", NULL);)
SPOIL(user_accepts_elsewhere,
      fixture_firewall(x, NULL, "-A DOCKER-USER -j MINE\n-A MINE -j ACCEPT\n", NULL);)
SPOIL(accepts_first, fixture_firewall(x, NULL, "-A FORWARD -j ACCEPT\n", NULL);)
SPOIL(accepts_a_tenant, fixture_firewall(x, NULL, "-A DOCKER-USER -i tc-acme -j ACCEPT\n", NULL);)
SPOIL(accepts_tenants, fixture_firewall(x, NULL, "-A DOCKER-USER -o tc-+ -j ACCEPT\n", NULL);)
SPOIL(flushed, fixture_firewall(x, NULL, NULL, "DOCKER-ISOLATION-STAGE-1");)
SPOIL(flushed_all, fixture_firewall(x, NULL, NULL, "FORWARD");)
SPOIL(members_meet,
      fixture_firewall(x, NULL, "-A FORWARD -i tc-egress -o tc-egress -j ACCEPT\n", NULL);)
SPOIL(a_loop, fixture_firewall(x, NULL, "-A DOCKER-USER -j MINE\n-A MINE -j DOCKER-USER\n",
			       "DOCKER-FORWARD");)
SPOIL(unread, x->in.firewall = NULL; x->in.firewall_error = "no tool";)

/* What is nothing wrong. */
SPOIL(returns,
      fixture_firewall(x, NULL, "-A DOCKER-USER -j RETURN\n-A DOCKER-USER -j ACCEPT\n", NULL);)
SPOIL(narrow_accepts,
      fixture_firewall(x, NULL,
		       "-A DOCKER-USER -p tcp -m tcp --dport 22 -j ACCEPT\n"
		       "-A DOCKER-USER -s 10.0.0.0/8 -j ACCEPT\n"
		       "-A DOCKER-USER -i eth0 -o br-other -j ACCEPT\n"
		       "-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n",
		       NULL);)
SPOIL(nftables, mem_replace(&x->engine.firewall, "nftables+firewalld"); x->in.firewall = NULL;)
SPOIL(no_tenant, fixture_firewall(x, NULL, NULL, "DOCKER"); strlist_free(&x->in.bridges);
      x->in.egress_bridge = false;)

#define EARLY "fail net.user-rules, fail net.isolation"
static const struct doctor_case cases[] = {
	{ "FORWARD accepts", spoil_policy, "warn net.forward" },
	{ "FORWARD accepts and nothing closes", spoil_policy_and_no_rule, "fail net.forward" },
	{ "all accepted by the user's chain", spoil_user_accepts, EARLY },
	{ "all accepted, with a comment", spoil_user_accepts_commented, EARLY },
	{ "all but one interface accepted", spoil_user_accepts_but_one, EARLY },
	{ "all accepted by another chain", spoil_user_accepts_elsewhere, EARLY },
	{ "all accepted first", spoil_accepts_first, EARLY },
	{ "a tenant accepted", spoil_accepts_a_tenant, EARLY },
	{ "tenants accepted", spoil_accepts_tenants, EARLY },
	{ "isolation flushed", spoil_flushed, "fail net.isolation" },
	{ "all flushed", spoil_flushed_all, "fail net.isolation" },
	{ "gateways meet", spoil_members_meet, "fail net.isolation" },
	{ "a loop", spoil_a_loop, "fail net.isolation" },
	{ "no tool", spoil_unread,
	  "inconclusive net.forward, inconclusive net.user-rules, inconclusive net.isolation" },
	{ "returns first", spoil_returns, "" },
	{ "narrow rules", spoil_narrow_accepts, "" },
	{ "nftables", spoil_nftables, "" },
	{ "no tenant", spoil_no_tenant, "" },
};

const struct doctor_case *doctor_cases_firewall(size_t *out_count)
{
	*out_count = ARRAY_SIZE(cases);
	return cases;
}
