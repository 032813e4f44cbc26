/*
 * One reader for global and command options. getopt_long(3) cuts the words; names are
 * looked up here first, because getopt_long accepts abbreviations, which change their
 * meaning when an option is added.
 */
#include "options.h"

#include <getopt.h>
#include <string.h>

#include "base/mem.h"

static const char *const formats[] = { "human", "json", NULL };
static const char *const colors[] = { "auto", "always", "never", NULL };

static const struct option_def globals[] = {
	{ .name = "format",
	  .placeholder = "FORMAT",
	  .choices = formats,
	  .help = "human (default) or json" },
	{ .name = "color",
	  .placeholder = "WHEN",
	  .choices = colors,
	  .help = "auto (default), always or never; NO_COLOR in the environment means never" },
	{ .name = "socket",
	  .placeholder = "PATH",
	  .arg = ARG_FILE,
	  .help = "the engine's unix socket; default DOCKER_HOST, then /var/run/docker.sock" },
	{ .name = "config",
	  .placeholder = "FILE",
	  .arg = ARG_FILE,
	  .help = "the host's configuration; default /etc/tenantctl/tenantctl.yaml" },
	{ .name = "root",
	  .placeholder = "DIR",
	  .arg = ARG_FILE,
	  .help = "put this folder in front of every path of tenantctl's own" },
	{ .name = "quiet", .letter = 'q', .help = "no progress, no warnings" },
	{ .name = "verbose",
	  .letter = 'v',
	  .flags = OPTION_MANY,
	  .help = "say more; twice: debug messages" },
	{ .name = "help", .letter = 'h', .help = "show help and end" },
};

enum { SETS_MAX = 2 };

struct option_set { /* tables in order of precedence */
	const struct option_def *tables[SETS_MAX];
	size_t counts[SETS_MAX];
};

const struct option_def *global_options(size_t *out_count)
{
	*out_count = ARRAY_SIZE(globals);
	return globals;
}

static struct option_set set_of(const struct command *own)
{
	return (struct option_set){ .tables = { own ? own->options : NULL, globals },
				    .counts = { own ? own->option_count : 0,
						ARRAY_SIZE(globals) } };
}

static const struct option_def *by_name(const struct option_set *s, const char *name, size_t len)
{
	for (size_t t = 0; t < SETS_MAX; t++)
		for (size_t i = 0; i < s->counts[t]; i++) {
			const char *have = s->tables[t][i].name;

			if (strlen(have) == len && strncmp(have, name, len) == 0)
				return &s->tables[t][i];
		}
	return NULL;
}

static const struct option_def *by_letter(const struct option_set *s, int letter)
{
	for (size_t t = 0; t < SETS_MAX; t++)
		for (size_t i = 0; i < s->counts[t]; i++)
			if (s->tables[t][i].letter && s->tables[t][i].letter == letter)
				return &s->tables[t][i];
	return NULL;
}

static int unknown_name(const struct option_set *s, const char *name, size_t len, struct err *e)
{
	auto_free char *word = mem_strndup(name, len);
	auto_free const char **names = mem_array(s->counts[0] + s->counts[1] + 1, sizeof(*names));
	const char *nearest;
	size_t count = 0;

	for (size_t t = 0; t < SETS_MAX; t++)
		for (size_t i = 0; i < s->counts[t]; i++)
			names[count++] = s->tables[t][i].name;
	err_set(e, ERR_USAGE, "unknown option '--%s'", word);
	nearest = strlist_nearest(word, names, count);
	for (size_t i = 0; !nearest && i < count; i++)
		if (strncmp(names[i], word, len) == 0)
			nearest = names[i];
	return nearest ? err_hint(e, "did you mean --%s?", nearest) : -1;
}

static int check_choice(const struct option_def *d, const char *value, struct err *e)
{
	auto_strbuf struct strbuf all = STRBUF_INIT(1024);

	for (size_t i = 0; d->choices && d->choices[i]; i++) {
		if (strcmp(d->choices[i], value) == 0)
			return 0;
		strbuf_printf(&all, "%s%s", i ? ", " : "", d->choices[i]);
	}
	if (!d->choices)
		return 0;
	return err_set(e, ERR_USAGE, "--%s takes one of %s, not '%s'", d->name, strbuf_str(&all),
		       value);
}

static int add_value(struct option_values *v, const struct option_def *d, const char *value,
		     struct err *e)
{
	if (!(d->flags & OPTION_MANY) && option_given(v, d->name))
		return err_set(e, ERR_USAGE, "--%s is given twice", d->name);
	if (d->placeholder && check_choice(d, value, e))
		return -1;
	v->items = mem_grow(v->items, v->count + 1, sizeof(*v->items));
	v->items[v->count++] =
		(struct option_value){ .def = d, .value = d->placeholder ? value : NULL };
	return 0;
}

/* "+" stops at the first operand; ":" tells a missing argument from an unknown letter. */
static void letters_of(const struct option_set *s, struct strbuf *out)
{
	strbuf_puts(out, "+:");
	for (size_t t = 0; t < SETS_MAX; t++)
		for (size_t i = 0; i < s->counts[t]; i++) {
			const struct option_def *d = &s->tables[t][i];

			if (d->letter && by_letter(s, d->letter) == d)
				strbuf_printf(out, "%c%s", d->letter, d->placeholder ? ":" : "");
		}
}

static void longs_of(const struct option_set *s, struct option *out)
{
	size_t n = 0;

	for (size_t t = 0; t < SETS_MAX; t++)
		for (size_t i = 0; i < s->counts[t]; i++) {
			const struct option_def *d = &s->tables[t][i];

			if (by_name(s, d->name, strlen(d->name)) == d)
				out[n++] = (struct option){ .name = d->name,
							    .has_arg = d->placeholder != NULL };
		}
}

/* One option word; getopt's cursor stands before it. */
static int read_one(int argc, char **argv, const struct option_set *s, const char *letters,
		    const struct option *longs, struct option_values *values, struct err *e)
{
	const char *word = argv[optind];
	const struct option_def *d;
	int index = -1, c;

	if (strncmp(word, "--", 2) == 0) {
		size_t len = strcspn(word + 2, "=");

		if (!by_name(s, word + 2, len))
			return unknown_name(s, word + 2, len, e);
	}
	c = getopt_long(argc, argv, letters, longs, &index);
	d = index >= 0 ? by_name(s, longs[index].name, strlen(longs[index].name)) : by_letter(s, c);
	if (c == ':' && optopt)
		return err_set(e, ERR_USAGE, "option '-%c' takes an argument", optopt);
	if (c == ':')
		return err_set(e, ERR_USAGE, "option '%s' takes an argument", word);
	if (c == '?' && strncmp(word, "--", 2) == 0)
		return err_set(e, ERR_USAGE, "option '%.*s' takes no argument",
			       (int)strcspn(word, "="), word);
	if (!d)
		return err_set(e, ERR_USAGE, "unknown option '-%c'", optopt);
	return add_value(values, d, optarg, e);
}

static int read_words(int argc, char **argv, const struct option_set *s, bool stop_at_operand,
		      struct option_values *values, struct strlist *operands, struct err *e)
{
	auto_strbuf struct strbuf letters = STRBUF_INIT(256);
	auto_free struct option *longs = mem_array(s->counts[0] + s->counts[1] + 1, sizeof(*longs));
	bool only_operands = false;

	letters_of(s, &letters);
	longs_of(s, longs);
	opterr = 0;
	optind = 0; /* glibc: start over; getopt_long itself then sets it to 1 */
	(void)getopt_long(1, argv, strbuf_str(&letters), longs, NULL);
	while (optind < argc) {
		const char *word = argv[optind];
		bool operand = only_operands || word[0] != '-' || word[1] == '\0';

		if (operand && stop_at_operand)
			return 0;
		if (operand) {
			strlist_add(operands, word);
			optind++;
		} else if (strcmp(word, "--") == 0) {
			only_operands = true;
			optind++;
		} else if (read_one(argc, argv, s, strbuf_str(&letters), longs, values, e)) {
			return -1;
		}
	}
	return 0;
}

int options_read(int argc, char **argv, const struct command *own, bool stop_at_operand,
		 struct option_values *values, struct strlist *operands, int *out_used,
		 struct err *e)
{
	struct option_set s = set_of(own);

	if (read_words(argc, argv, &s, stop_at_operand, values, operands, e))
		return -1;
	*out_used = optind;
	return 0;
}

static bool is_given(const char *name, const struct option_values *v,
		     const struct strlist *operands)
{
	return *name ? option_given(v, name) : operands->count > 0;
}

int options_check(const struct command *c, const struct option_values *values,
		  const struct strlist *operands, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < c->exclusive_count; i++) {
		const struct option_pair *p = &c->exclusive[i];

		if (is_given(p->a, values, operands) && is_given(p->b, values, operands))
			return err_set(e, ERR_USAGE, "--%s cannot be given together with %s%s",
				       *p->a ? p->a : p->b, *p->a && *p->b ? "--" : "",
				       *p->a && *p->b ? p->b : "names");
	}
	if (c->max_args >= 0 && operands->count > (size_t)c->max_args && (c->flags & CMD_SECRET)) {
		err_set(e, ERR_USAGE, "%s: too many arguments", c->name);
		return err_hint(e,
				"a secret is asked for or read from standard input; one that was "
				"an argument could be read by every user of this host: replace "
				"it");
	}
	if (c->max_args >= 0 && operands->count > (size_t)c->max_args)
		rc = err_set(e, ERR_USAGE, "%s: too many arguments: '%s'", c->name,
			     operands->items[c->max_args]);
	else if (operands->count < (size_t)c->min_args)
		rc = err_set(e, ERR_USAGE, "%s: %s is missing", c->name, c->operands);
	if (rc)
		err_hint(e, "usage: tenantctl %s%s%s", c->name, *c->operands ? " " : "",
			 c->operands);
	return rc;
}

const char *option_value(const struct option_values *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->items[i].def->name, name) == 0)
			return v->items[i].value;
	return NULL;
}

size_t option_times(const struct option_values *v, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < v->count; i++)
		n += strcmp(v->items[i].def->name, name) == 0;
	return n;
}

bool option_given(const struct option_values *v, const char *name)
{
	return option_times(v, name) > 0;
}
