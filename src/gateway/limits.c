/* See limits.h. */
#include "limits.h"

bool line_limit_take(struct line_limit *l, long long second)
{
	if (l->second != second) {
		l->second = second;
		l->lines = 0;
	}
	if (l->lines < DENIED_LINES_PER_SECOND) {
		l->lines++;
		return true;
	}
	l->suppressed++;
	return false;
}

unsigned line_limit_report(struct line_limit *l, long long second)
{
	unsigned suppressed = l->suppressed;

	if (l->second == second)
		return 0;
	l->suppressed = 0;
	return suppressed;
}

size_t limits_excess(const uint32_t *connections, size_t count, size_t most, uint32_t sum)
{
	uint64_t kept = 0;

	for (size_t i = count; i > 0; i--) {
		kept += connections[i - 1];
		if (kept > sum || count - i + 1 > most)
			return i;
	}
	return 0;
}
