/* DNS messages from a hostile server, for several questions; the first two bytes are the id. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/probe/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "a.test", ".", "gateway" };
	uint8_t query[DNS_QUERY_MAX];

	if (size < 2 || size > 65535)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct dns_attempt a = { .type = i == 1 ? 28 : 1, .outcome = DNS_TIMEOUT };
		uint16_t id = (uint16_t)(data[0] << 8 | data[1]);

		memcpy(a.name, names[i], strlen(names[i]) + 1);
		if (dns_encode(a.name, a.type, id, query) < 0)
			abort();
		if (dns_parse(data, size, id, &a) == (a.outcome == DNS_TIMEOUT) ||
		    !memchr(a.answer, '\0', sizeof(a.answer)))
			abort();
	}
	return 0;
}
