/*
 * DNS messages through the resolver library's own reader, which knows about compression
 * loops and lengths that lie (ns_initparse(3)). The server is hostile: it is one that
 * should not have answered.
 */
#include "dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { RECORDS_MAX = 256 };

int dns_encode(const char *name, uint16_t type, uint16_t id, uint8_t out[DNS_QUERY_MAX])
{
	uint8_t *p = out + NS_HFIXEDSZ;
	int len;

	memset(out, 0, NS_HFIXEDSZ);
	ns_put16(id, out);
	out[2] = 1; /* recursion desired: the question is whether it leaves the host */
	out[5] = 1; /* one question */
	len = ns_name_compress(name, p, DNS_QUERY_MAX - NS_HFIXEDSZ - NS_QFIXEDSZ, NULL, NULL);
	if (len < 0)
		return -1;
	ns_put16(type, p + len);
	ns_put16(ns_c_in, p + len + NS_INT16SZ);
	return NS_HFIXEDSZ + len + NS_QFIXEDSZ;
}

static bool same_name(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);

	la -= la > 0 && a[la - 1] == '.';
	lb -= lb > 0 && b[lb - 1] == '.';
	return la == lb && strncasecmp(a, b, la) == 0;
}

/* A refusal may come without the question; an answer must repeat it. */
static bool question_matches(ns_msg *m, const struct dns_attempt *a)
{
	ns_rr q;

	if (ns_msg_count(*m, ns_s_qd) == 0)
		return ns_msg_count(*m, ns_s_an) == 0;
	return ns_parserr(m, ns_s_qd, 0, &q) == 0 && ns_rr_type(q) == a->type &&
	       same_name(ns_rr_name(q), a->name);
}

static void read_address(const ns_rr *rr, struct dns_attempt *a)
{
	if (a->answer[0])
		return;
	if (ns_rr_type(*rr) == ns_t_a && ns_rr_rdlen(*rr) == 4)
		inet_ntop(AF_INET, ns_rr_rdata(*rr), a->answer, sizeof(a->answer));
	else if (ns_rr_type(*rr) == ns_t_aaaa && ns_rr_rdlen(*rr) == 16)
		inet_ntop(AF_INET6, ns_rr_rdata(*rr), a->answer, sizeof(a->answer));
}

static enum dns_outcome read_answers(ns_msg *m, struct dns_attempt *a)
{
	int count = MIN_OF(ns_msg_count(*m, ns_s_an), RECORDS_MAX);
	ns_rr rr;

	for (int i = 0; i < count; i++) {
		if (ns_parserr(m, ns_s_an, i, &rr) < 0)
			return DNS_ERROR;
		read_address(&rr, a);
	}
	/* Cut short: there is an answer, it did not fit. */
	return count > 0 || ns_msg_getflag(*m, ns_f_tc) ? DNS_ANSWERED : DNS_EMPTY;
}

bool dns_parse(const uint8_t *msg, size_t len, uint16_t id, struct dns_attempt *a)
{
	struct dns_attempt r = *a;
	ns_msg m;

	if (len < NS_HFIXEDSZ || ns_get16(msg) != id || !(msg[2] & 0x80))
		return false;
	r.answer[0] = '\0';
	r.rcode = msg[3] & 0xf;
	r.outcome = DNS_ERROR;
	if (len <= NS_MAXMSG && ns_initparse(msg, (int)len, &m) == 0) {
		if (!question_matches(&m, &r))
			return false;
		if (r.rcode == ns_r_noerror)
			r.outcome = read_answers(&m, &r);
		else
			r.outcome = r.rcode == ns_r_nxdomain ? DNS_NXDOMAIN : DNS_REFUSED;
	}
	*a = r;
	return true;
}
