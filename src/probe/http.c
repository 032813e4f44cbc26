/*
 * The gateway that answers here may be weakened, or be somebody else: every byte of a
 * reply is hostile, of its text only a status and one word are believed, and the word
 * only if it is made of letters.
 */
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/doc.h"
#include "base/mem.h"

int http_compose(const struct http_attempt *a, char out[HTTP_REQUEST_MAX])
{
	int n = snprintf(out, HTTP_REQUEST_MAX, "%s %s HTTP/1.1\r\n%s%s%s%s%s%s\r\n", a->method,
			 a->target, a->host[0] ? "Host: " : "", a->host, a->host[0] ? "\r\n" : "",
			 a->headers[0] ? a->headers : "Connection: close", "\r\n",
			 "User-Agent: tenantctl-verify\r\n");

	return n > 0 && n < HTTP_REQUEST_MAX ? n : -1;
}

/* Length of the head with its empty line; 0: not complete yet. */
static size_t head_length(const char *s, size_t len)
{
	const char *end = memmem(s, len, "\r\n\r\n", 4);

	return end ? (size_t)(end - s) + 4 : 0;
}

/* "HTTP/1.1 403 ..." */
static int read_status(const char *s, size_t len)
{
	if (len < 13 || memcmp(s, "HTTP/1.", 7) != 0 || (s[7] != '0' && s[7] != '1') ||
	    s[8] != ' ' || strspn(s + 9, "0123456789") != 3)
		return 0;
	return atoi(s + 9);
}

/* -1: not announced, or not as a plain number. */
static long announced_length(const char *head)
{
	const char *p = strcasestr(head, "\r\nContent-Length:");

	if (!p)
		return -1;
	p += strlen("\r\nContent-Length:");
	p += strspn(p, " \t");
	size_t digits = strspn(p, "0123456789");
	return digits == 0 || digits > 6 ? -1 : atol(p);
}

static void read_reason(const char *body, size_t len, struct http_attempt *a)
{
	static const struct doc_limits limits = DOC_LIMITS_REPLY;
	auto_doc struct doc *d = NULL;
	struct err ignored = ERR_INIT;
	const char *reason;
	size_t n;

	if (len == 0 || doc_parse_json(body, len, "reply", &limits, &d, &ignored))
		return;
	reason = node_str(node_get(doc_root(d), "reason"), "");
	n = strspn(reason, "abcdefghijklmnopqrstuvwxyz-");
	if (n < sizeof(a->reason) && reason[n] == '\0')
		memcpy(a->reason, reason, n + 1);
}

bool http_parse(const uint8_t *reply, size_t len, bool end, struct http_attempt *a)
{
	auto_free char *s = mem_alloc(len + 1); /* ends with a zero of its own */
	size_t head, body;
	long want;

	memcpy(s, reply, len);
	head = head_length(s, len);
	if (head == 0 && !end)
		return false;
	a->status = 0;
	a->reason[0] = '\0';
	if (head == 0) {
		a->outcome = len == 0 ? HTTP_CLOSED : HTTP_ERROR;
		return true;
	}
	s[head - 1] = '\0';
	want = strlen(s) == head - 1 ? announced_length(s) : -1;
	body = len - head;
	if (!end && (want < 0 || body < (size_t)want))
		return false;
	a->status = read_status(s, len);
	a->outcome = a->status ? HTTP_ANSWERED : HTTP_ERROR;
	if (a->status)
		read_reason(s + head, want >= 0 && (size_t)want < body ? (size_t)want : body, a);
	return true;
}
