/* What a hostile gateway answers to a request, as a whole and cut anywhere; and searches in it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/probe/http.h"
#include "base/needles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct needles *needles = needles_new();
	struct needle_hit hit;
	size_t len = size > HTTP_REPLY_MAX ? HTTP_REPLY_MAX : size;

	for (int end = 0; end < 2; end++) {
		struct http_attempt a = { .outcome = HTTP_TIMEOUT };
		bool done = http_parse(data, len, end, &a);

		if ((end && !done) || done == (a.outcome == HTTP_TIMEOUT) || a.status < 0 ||
		    a.status > 999 || (a.outcome != HTTP_ANSWERED && a.status) ||
		    a.reason[strspn(a.reason, "abcdefghijklmnopqrstuvwxyz-")])
			abort();
	}
	/* A part of the data as the secret is found in the whole. */
	if (size >= 3 * NEEDLE_MIN && needles_add(needles, data + size / 3, size / 3, 1) &&
	    !needles_find(needles, data, size, 1, &hit))
		abort();
	needles_free(needles);
	return 0;
}
