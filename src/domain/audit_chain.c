/* Whether lines of the audit log follow from each other, and whether either end is missing. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/audit_record.h"

void audit_head_print(const struct audit_head *h, char out[AUDIT_HEAD_BYTES + 1])
{
	snprintf(out, AUDIT_HEAD_BYTES + 1, "%020" PRId64 " %.64s %020" PRId64 "\n", h->seq,
		 h->sha256, h->dropped);
}

bool audit_head_parse(const char *text, size_t len, struct audit_head *out)
{
	struct audit_head h = { 0 };
	char again[AUDIT_HEAD_BYTES + 1];

	if (len != AUDIT_HEAD_BYTES ||
	    sscanf(text, "%20" SCNd64 " %64[0-9a-f] %20" SCNd64, &h.seq, h.sha256, &h.dropped) != 3)
		return false;
	audit_head_print(&h, again);
	if (h.dropped < 0 || h.dropped > h.seq || memcmp(again, text, len) != 0)
		return false;
	*out = h;
	return true;
}

void audit_chain_free(struct audit_chain *c)
{
	char unused[DIGEST_HEX_SIZE];

	if (c->torn)
		digest_finish(c->torn, unused);
	c->torn = NULL;
}

bool audit_chain_torn(struct audit_chain *c, char sha256[DIGEST_HEX_SIZE])
{
	if (!c->torn)
		return false;
	digest_finish(c->torn, sha256);
	c->torn = NULL;
	c->torn_bytes = 0;
	return true;
}

/* A head of no record is written before the first one. */
static void meet_head(struct audit_chain *c)
{
	const struct audit_head *h = c->head;

	if (h && ((h->seq == 0 && c->first == 1) ||
		  (h->seq == c->seq && strcmp(h->sha256, c->sha256) == 0)))
		c->head_met = true;
}

static void add_torn(struct audit_chain *c, const char *place, const char *line, size_t len)
{
	if (!c->torn) {
		c->torn = digest_new();
		snprintf(c->torn_at, sizeof(c->torn_at), "%s", place);
	}
	digest_bytes(c->torn, line, len);
	digest_bytes(c->torn, "\n", 1);
	c->torn_bytes += len + 1;
}

static int check_torn(struct audit_chain *c, const struct audit_record *r, struct err *e)
{
	int64_t bytes = (int64_t)c->torn_bytes;
	char sha256[DIGEST_HEX_SIZE] = "";
	bool torn = audit_chain_torn(c, sha256);

	if (torn &&
	    (r->torn_bytes != bytes || !r->torn_sha256 || strcmp(r->torn_sha256, sha256) != 0))
		return err_set(e, ERR_CHECK, "%s: not a record, and no note says why", c->torn_at);
	/* before the first record, they went with a file that rotation removed */
	return !torn && r->torn_bytes && c->first
		       ? err_set(e, ERR_CHECK, "%" PRId64 " bytes that it notes are gone",
				 r->torn_bytes)
		       : 0;
}

/* `c` still stands at the record before. */
static int check_order(const struct audit_chain *c, const struct audit_record *r, struct err *e)
{
	int64_t expected = MAX_OF(c->seq, r->missing_seq) + 1;

	if (!c->first && r->seq > 1)
		return 0; /* what was before is gone by rotation, which the head tells */
	if (strcmp(r->prev, c->first ? c->sha256 : AUDIT_ORIGIN) != 0)
		return err_set(e, ERR_CHECK,
			       "record %" PRId64 " does not follow the line before it: one of "
			       "both was changed, or lines between them are gone",
			       r->seq);
	if (r->seq != expected)
		return err_set(e, ERR_CHECK,
			       "record %" PRId64 " stands where %" PRId64 " should be", r->seq,
			       expected);
	return 0;
}

static int check_note(const struct audit_record *r, struct err *e)
{
	if (!r->missing_seq)
		return 0;
	if (!r->missing_sha256)
		return err_set(e, ERR_CHECK,
			       "when record %" PRId64 " was written, the head that is kept apart "
			       "had been removed",
			       r->seq);
	return err_set(e, ERR_CHECK,
		       "when record %" PRId64 " was written, the log had lost its end: record "
		       "%" PRId64 " had been written before",
		       r->seq, r->missing_seq);
}

int audit_chain_add(struct audit_chain *c, const char *place, const char *line, size_t len,
		    struct audit_record *out, struct err *e)
{
	struct err no_record = ERR_INIT;
	bool torn = c->torn != NULL;
	int rc;

	*out = (struct audit_record){ 0 };
	if (audit_record_parse(line, len, out, &no_record)) {
		add_torn(c, place, line, len);
		return 0;
	}
	rc = check_torn(c, out, e);
	if (rc && torn)
		place = NULL; /* the message has the place of the torn line */
	if (!rc)
		rc = check_order(c, out, e);
	if (!rc)
		rc = check_note(out, e);
	c->first = c->first ? c->first : out->seq;
	c->seq = out->seq;
	digest_of(line, len, c->sha256);
	meet_head(c);
	return rc && place ? err_wrap(e, "%s", place) : rc;
}

int audit_chain_end(const struct audit_chain *c, struct err *e)
{
	const struct audit_head *h = c->head;

	if (!c->seq && (!h || !h->seq))
		return 0;
	if (!h)
		return err_set(e, ERR_CHECK,
			       "the head that is kept apart from the log is missing: nothing "
			       "tells whether the log's end was cut off");
	if (h->seq > c->seq)
		return err_set(e, ERR_CHECK,
			       "the log ends with record %" PRId64 ", but record %" PRId64
			       " was written: its end was cut off",
			       c->seq, h->seq);
	if (!c->head_met)
		return err_set(e, ERR_CHECK,
			       "record %" PRId64 " is not the one that was written: the log was "
			       "made anew from there or before",
			       h->seq);
	/* killed between counting what is dropped and dropping it, there is more than expected */
	if (c->first > h->dropped + 1)
		return err_set(e, ERR_CHECK,
			       "the log begins with record %" PRId64 " instead of %" PRId64
			       ": its beginning was removed",
			       c->first, h->dropped + 1);
	return 0;
}
