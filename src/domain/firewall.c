/* iptables-save's text to rules. One rule a line, words parted by blanks, quoted when they have
 * some. */
#include "domain/firewall.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { WORDS_MAX = 256, RULES_MAX = 65536, CHAINS_MAX = 16384 };

/* In place; a backslash keeps the next byte (xtables, xtables_save_string). NULL at the end. */
static char *next_word(char **at)
{
	char *from = *at + strspn(*at, " "), *to = from, *word = from;
	bool quoted = *from == '"';

	if (*from == '\0')
		return NULL;
	from += quoted;
	while (*from && (quoted ? *from != '"' : *from != ' ')) {
		if (quoted && *from == '\\' && from[1])
			from++;
		*to++ = *from++;
	}
	*at = *from ? from + 1 : from;
	*to = '\0';
	return word;
}

static void set_interface(struct firewall_interface *i, const char *name, bool negated)
{
	size_t len = MIN_OF(strlen(name), sizeof(i->name) - 1);

	memcpy(i->name, name, len);
	i->name[len] = '\0';
	i->negated = negated;
}

/* One match or the target. What follows a target are its options. False at the end. */
static bool read_match(char **at, struct firewall_rule *r)
{
	char *word = next_word(at), *value;
	bool negated = word && !strcmp(word, "!");

	if (negated)
		word = next_word(at);
	if (!word)
		return false;
	if (word[0] != '-') /* a further value of the last option */
		return true;
	value = next_word(at);
	if (!value)
		value = word + strlen(word);
	if (!strcmp(word, "-j") || !strcmp(word, "-g")) {
		mem_replace(&r->target, value);
		return false;
	}
	if (!strcmp(word, "-i"))
		set_interface(&r->in, value, negated);
	else if (!strcmp(word, "-o"))
		set_interface(&r->out, value, negated);
	else if (!strcmp(word, "-s"))
		r->from = (struct firewall_address){ true, negated };
	else if (!strcmp(word, "-d"))
		r->to = (struct firewall_address){ true, negated };
	else if (strcmp(word, "--comment") != 0 &&
		 (strcmp(word, "-m") != 0 || strcmp(value, "comment") != 0))
		r->narrow = true;
	return true;
}

static bool add_rule(char *line, struct firewall *f)
{
	char *at = line, *chain = next_word(&at);
	struct firewall_rule *r;

	if (!chain || f->rule_count >= RULES_MAX)
		return false;
	if ((f->rule_count & (f->rule_count - 1)) == 0) /* 0 and the powers of two */
		f->rules = mem_grow(f->rules, f->rule_count ? f->rule_count * 2 : 1,
				    sizeof(*f->rules));
	r = &f->rules[f->rule_count++];
	*r = (struct firewall_rule){ .chain = mem_strdup(chain), .target = mem_strdup("") };
	for (int i = 0; i < WORDS_MAX; i++)
		if (!read_match(&at, r))
			return true;
	r->narrow = true;
	return true;
}

/* ":FORWARD DROP [0:0]"; a chain that somebody made has "-" for a policy. */
static bool add_chain(char *line, struct firewall *f)
{
	char *at = line;
	const char *name = next_word(&at), *policy = next_word(&at);

	if (!name || !policy || f->chains.count >= CHAINS_MAX)
		return false;
	strlist_add(&f->chains, name);
	if (!strcmp(name, "FORWARD")) {
		size_t len = MIN_OF(strlen(policy), sizeof(f->forward_policy) - 1);

		memcpy(f->forward_policy, policy, len);
		f->forward_policy[len] = '\0';
	}
	return true;
}

static bool read_line(char *line, bool *in_filter, struct firewall *f)
{
	if (line[0] == '#' || line[0] == '\0')
		return true;
	if (line[0] == '*') {
		*in_filter = !strcmp(line, "*filter");
		return true;
	}
	if (!strcmp(line, "COMMIT")) {
		*in_filter = false;
		return true;
	}
	if (line[0] != ':' && strncmp(line, "-A ", 3) != 0)
		return false;
	if (!*in_filter)
		return true;
	return line[0] == ':' ? add_chain(line + 1, f) : add_rule(line + 3, f);
}

int firewall_parse(const char *text, struct firewall *out, struct err *e)
{
	auto_free char *copy = mem_strndup(text, FIREWALL_BYTES_MAX + 1);
	struct firewall f = { .rules = NULL };
	bool in_filter = false;
	size_t number = 0;
	char *state = NULL;

	if (strlen(copy) > FIREWALL_BYTES_MAX)
		return err_set(e, ERR_PROTOCOL, "more than %zu bytes of rules", FIREWALL_BYTES_MAX);
	for (char *line = strtok_r(copy, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
		number++;
		if (!read_line(line, &in_filter, &f)) {
			firewall_free(&f);
			return err_set(e, ERR_PROTOCOL, "line %zu of the rules is not understood",
				       number);
		}
	}
	*out = f;
	return 0;
}

void firewall_free(struct firewall *f)
{
	for (size_t i = 0; i < f->rule_count; i++) {
		free(f->rules[i].chain);
		free(f->rules[i].target);
	}
	free(f->rules);
	strlist_free(&f->chains);
	*f = (struct firewall){ .rules = NULL };
}
