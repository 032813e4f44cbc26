/*
 * UTF-8 checks by the table of well-formed byte sequences (Unicode 15, table 3-7):
 * only the second byte's range depends on the first.
 */
#include "utf8.h"

static bool is_tail(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (((unsigned char)s[i] & 0xC0) != 0x80)
			return false;
	}
	return true;
}

static bool second_is_valid(unsigned char lead, unsigned char second)
{
	switch (lead) {
	case 0xE0:
		return second >= 0xA0; /* else overlong */
	case 0xED:
		return second <= 0x9F; /* else a surrogate */
	case 0xF0:
		return second >= 0x90; /* else overlong */
	case 0xF4:
		return second <= 0x8F; /* else above U+10FFFF */
	default:
		return true;
	}
}

size_t utf8_length(const char *s, size_t len)
{
	if (len == 0)
		return 0;
	unsigned char lead = (unsigned char)s[0];
	if (lead < 0x80)
		return 1;
	if (lead < 0xC2 || lead > 0xF4)
		return 0;
	size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
	if (len < need || !is_tail(s + 1, need - 1))
		return 0;
	return second_is_valid(lead, (unsigned char)s[1]) ? need : 0;
}

bool utf8_is_control(const char *s, size_t n)
{
	unsigned char c = (unsigned char)s[0];

	if (n == 1)
		return c < 0x20 || c == 0x7F;
	return n == 2 && c == 0xC2 && (unsigned char)s[1] < 0xA0;
}

size_t utf8_valid_until(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t n = (unsigned char)s[i] < 0x80 ? 1 : utf8_length(s + i, len - i);

		if (n == 0)
			return i;
		i += n;
	}
	return len;
}
