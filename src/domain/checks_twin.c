/*
 * What the twin's attacks prove. The table that the probe is built from says what there is
 * to try and what has to come of it, so that a probe which leaves an attack out proves
 * nothing.
 */
#include "base/twin_attacks.h"

#include <string.h>

#include "checks_judges.h"
#include "judge.h"

enum want { WORKS, FAILS, KNOWN, HEARD };

static const struct expected {
	const char *id, *what;
	enum want want;
} expected[] = {
#define ROW(id, what, want, function) { id, what, want },
	TWIN_ATTACKS(ROW)
#undef ROW
};

#define GATEWAY_CONTROL(what) (strstr(what, "the gateway") != NULL)
#define NAMES_SHOWN 6

/* What the attacks of one check said. */
struct tally {
	struct complaints open, unknown;
	struct strbuf names; /* of the attacks */
	struct strbuf known; /* of those that are known to work */
	const struct twin_entry *none;
	size_t tried, none_count, known_count;
};

static void tally_free(struct tally *t)
{
	complaints_free(&t->open);
	complaints_free(&t->unknown);
	strbuf_free(&t->names);
	strbuf_free(&t->known);
}
#define auto_tally cleanup_with(tally_free)

static const char *because(const struct twin_entry *x)
{
	return x->detail[0] ? x->detail : x->sys_errno ? strerror(x->sys_errno) : "no reason given";
}

static void note_open(struct tally *t, const struct expected *e, const struct twin_entry *x)
{
	if (e->want == KNOWN) {
		strbuf_printf(&t->known, "%s%s", t->known.len ? "; " : "", e->what);
		t->known_count++;
	} else if (e->want == FAILS) {
		complain(&t->open, "%s%s%s", e->what, x->detail[0] ? ": " : "", x->detail);
	}
}

/* The twin only knows what it sent: the host says whether it came. */
static bool was_heard(struct tally *t, const struct twin_facts *facts, const struct expected *e,
		      const struct twin_entry *x)
{
	if (e->want != HEARD || x->outcome == TWIN_ERROR)
		return false;
	if (facts->heard)
		complain(&t->open, "%s: %u came", e->what, facts->heard);
	else if (!facts->listened)
		complain(&t->unknown, "%s: the host could not listen for them", e->what);
	else if (x->outcome == TWIN_NONE)
		t->none_count++;
	t->none = t->none ? t->none : x;
	return true;
}

static void tally_one(struct tally *t, const struct twin_facts *facts, const struct expected *e,
		      const struct twin_entry *x)
{
	if (t->tried++ < NAMES_SHOWN)
		strbuf_printf(&t->names, "%s%s", t->names.len ? "; " : "", e->what);
	if (!x) {
		complain(&t->unknown, "the probe left out: %s", e->what);
		return;
	}
	if (was_heard(t, facts, e, x))
		return;
	switch (x->outcome) {
	case TWIN_OPEN:
		note_open(t, e, x);
		return;
	case TWIN_BLOCKED:
		if (e->want == WORKS)
			complain(&t->open, "%s: %s", e->what, because(x));
		return;
	case TWIN_NONE:
		t->none = t->none ? t->none : x;
		t->none_count++;
		return;
	case TWIN_ERROR:
	case TWIN_OUTCOMES:
		break;
	}
	complain(&t->unknown, "%s: %s", e->what, because(x));
}

static const struct expected *find_expected(const struct twin_entry *x)
{
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		if (!strcmp(expected[i].id, x->id) && !strcmp(expected[i].what, x->what))
			return &expected[i];
	return NULL;
}

static void tally_check(struct tally *t, const struct twin_facts *facts, const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		if (!strcmp(expected[i].id, id))
			tally_one(t, facts, &expected[i], twin_find(facts, id, expected[i].what));
	/* attacks that nobody knows: the probe is another one than this program's; rows of other
	 * ids are none of these checks' */
	for (size_t i = 0; i < facts->count; i++)
		if (!strncmp(facts->items[i].id, "twin.", strlen("twin.")) &&
		    !find_expected(&facts->items[i]))
			complain(&t->unknown, "the probe tells of an unknown attack: %s %s",
				 facts->items[i].id, facts->items[i].what);
}

/* The first control that did not work and that the check depends on; NULL: all did. */
static const char *failed_control(const struct twin_facts *facts, const char *id)
{
	bool network = strncmp(id, "twin.net.", 9) == 0;

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct expected *e = &expected[i];
		const struct twin_entry *x;

		if (e->want != WORKS || (GATEWAY_CONTROL(e->what) && !network))
			continue;
		x = twin_find(facts, e->id, e->what);
		if (!x || x->outcome != TWIN_OPEN)
			return e->what;
	}
	return NULL;
}

bool have_twin(const struct check_input *in, struct finding *f)
{
	if (!in->twin) {
		judge_skip(f, "the quick verification makes no twin");
		return false;
	}
	if (in->twin->complete)
		return true;
	judge_unknown(f, "the twin did not tell all: %s",
		      in->twin->trouble ? in->twin->trouble : "no reason is known");
	return false;
}

static void tell_evidence(struct finding *f, const struct tally *t)
{
	struct strbuf text auto_strbuf = STRBUF_INIT(4096);

	strbuf_printf(&text, "tried by a twin of the worker, from inside: %s",
		      strbuf_str(&t->names));
	if (t->tried > NAMES_SHOWN)
		strbuf_printf(&text, "; and %zu more", t->tried - NAMES_SHOWN);
	if (t->known.len)
		strbuf_printf(&text,
			      ". Works, as only the host's vm.memfd_noexec would refuse it: %s",
			      strbuf_str(&t->known));
	judge_evidence(f, "%s", strbuf_str(&text));
}

static void judge_tally(const struct check_input *in, struct finding *f, const struct tally *t)
{
	const char *control = failed_control(in->twin, f->id);

	tell_evidence(f, t);
	if (t->open.count)
		judge_fail(f, "%zu of %zu worked: %s", t->open.count, t->tried,
			   strbuf_str(&t->open.text));
	else if (t->unknown.count)
		judge_unknown(f, "%s", strbuf_str(&t->unknown.text));
	else if (control)
		judge_unknown(f, "the twin is not able to do this: %s", control);
	else if (t->none_count == t->tried)
		judge_skip(f, "nothing to try: %s", t->none ? because(t->none) : "no attack");
	else
		judge_pass(f, "refused: %zu of %zu", t->tried - t->none_count - t->known_count,
			   t->tried);
}

void judge_twin_attacks(const struct check_input *in, struct finding *f)
{
	struct tally t auto_tally = { .open = COMPLAINTS_INIT,
				      .unknown = COMPLAINTS_INIT,
				      .names = STRBUF_INIT(2048),
				      .known = STRBUF_INIT(1024) };

	judge_expect(f, "every attack is refused");
	if (!have_twin(in, f))
		return;
	tally_check(&t, in->twin, f->id);
	judge_tally(in, f, &t);
}

void judge_twin_control(const struct check_input *in, struct finding *f)
{
	struct tally t auto_tally = { .open = COMPLAINTS_INIT,
				      .unknown = COMPLAINTS_INIT,
				      .names = STRBUF_INIT(2048),
				      .known = STRBUF_INIT(1024) };

	judge_expect(f, "the twin can do what a worker does");
	if (!have_twin(in, f))
		return;
	tally_check(&t, in->twin, f->id);
	tell_evidence(f, &t);
	if (t.open.count)
		judge_fail(f, "%s", strbuf_str(&t.open.text));
	else if (t.unknown.count || t.none_count)
		judge_unknown(f, "%s",
			      t.unknown.count ? strbuf_str(&t.unknown.text) : because(t.none));
	else
		judge_pass(f, "all %zu work", t.tried);
}
