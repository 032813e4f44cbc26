/*
 * The kernel's packet filter as iptables-save(8) prints it, as far as it decides what is
 * forwarded between interfaces. Text of another program: bounded, and whatever is not
 * understood makes a rule narrower, never wider.
 */
#ifndef DOMAIN_FIREWALL_H
#define DOMAIN_FIREWALL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strlist.h"

#define FIREWALL_BYTES_MAX ((size_t)8 << 20)

struct firewall_interface {
	char name[17]; /* "" any; "tc-+" all that begin so */
	bool negated;
};

struct firewall_address {
	bool given, negated;
};

struct firewall_rule {
	char *chain, *target; /* target "" for a rule that only counts */
	struct firewall_interface in, out;
	struct firewall_address from, to;
	bool narrow; /* something else has to match as well */
};

struct firewall {		 /* table "filter" */
	char forward_policy[16]; /* "ACCEPT", "DROP"; "" there is no such chain */
	struct strlist chains;
	struct firewall_rule *rules; /* in order */
	size_t rule_count;
};

/* ERR_PROTOCOL for text that is not of iptables-save, or too much of it. The caller frees *out. */
int firewall_parse(const char *text, struct firewall *out, struct err *e) must_check;
void firewall_free(struct firewall *f);

/* True when a rule that every packet passes drops what comes from (or goes to) `bridge` and is not
 * of its own subnet: before anything else lets it through. */
enum firewall_side { FIREWALL_IN, FIREWALL_OUT };
bool firewall_isolates(const struct firewall *f, const char *bridge, enum firewall_side side);
/* True when what comes from `bridge` and goes back there is dropped. */
bool firewall_parts_members(const struct firewall *f, const char *bridge);
/* True when what others send to `bridge` is dropped unless a rule allows it. */
bool firewall_closes(const struct firewall *f, const char *bridge);
/* Adds rules that let everything pass, or all that one of `bridges` sends or gets, before the
 * engine's own rules are asked. False when there are too many to follow. */
bool firewall_early_accepts(const struct firewall *f, const struct strlist *bridges,
			    struct strlist *out);

#endif
