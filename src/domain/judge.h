/*
 * What the checks share: words for a verdict, lists of complaints, and the guards
 * that turn "could not be looked at" into inconclusive. Private to the checks.
 */
#ifndef DOMAIN_JUDGE_H
#define DOMAIN_JUDGE_H

#include "base/strbuf.h"
#include "domain/checks.h"

void judge_expect(struct finding *f, const char *fmt, ...) printf_like(2, 3);
void judge_evidence(struct finding *f, const char *fmt, ...) printf_like(2, 3);
void judge_pass(struct finding *f, const char *fmt, ...) printf_like(2, 3); /* what was observed */
void judge_fail(struct finding *f, const char *fmt, ...) printf_like(2, 3);
/* Why nothing can be said; counts as a failure. */
void judge_unknown(struct finding *f, const char *fmt, ...) printf_like(2, 3);
/* What is worth knowing, but nothing to stop for. */
void judge_warn(struct finding *f, const char *fmt, ...) printf_like(2, 3);
/* Why the question does not arise. */
void judge_skip(struct finding *f, const char *fmt, ...) printf_like(2, 3);

/* Things found wrong, gathered one by one; the text keeps the first few, the count all. */
struct complaints {
	struct strbuf text;
	size_t count;
};
#define COMPLAINTS_INIT                                                                            \
	{                                                                                          \
		.text = STRBUF_INIT(4096)                                                          \
	}
#define COMPLAINTS_SHOWN 6
void complain(struct complaints *c, const char *fmt, ...) printf_like(2, 3);
void complaints_free(struct complaints *c);
#define auto_complaints cleanup_with(complaints_free)
/* Fails with the complaints, or passes with `fmt` as what was observed. */
void judge_complaints(struct finding *f, struct complaints *c, const char *fmt, ...)
	printf_like(3, 4);

/* The same, but what was found is worth a warning only. */
void judge_remarks(struct finding *f, struct complaints *c, const char *fmt, ...) printf_like(3, 4);

/* Each is true when there is something to look at; otherwise the finding is inconclusive. */
bool have_worker(const struct check_input *in, struct finding *f);
bool have_worker_process(const struct check_input *in, struct finding *f);
bool have_gateway(const struct check_input *in, struct finding *f);
bool have_gateway_process(const struct check_input *in, struct finding *f);
bool have_network_view(const struct check_input *in, struct finding *f);
bool have_mounts(const struct check_input *in, struct finding *f);

/* The mount that is visible at `target` (the last one mounted there), or NULL. */
const struct proc_mount *mount_at(const struct proc_mounts *m, const char *target);
bool path_is_below(const char *path, const char *parent); /* or equal */
const char *or_none(const char *s);			  /* "none" for NULL and "" */

#endif
