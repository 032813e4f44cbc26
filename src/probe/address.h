/* Interface addresses as text. Private to the probe layer. */
#ifndef PROBE_ADDRESS_H
#define PROBE_ADDRESS_H

#include <ifaddrs.h>
#include <stdbool.h>
#include <stddef.h>

/* "10.231.0.3/29"; false when the entry has no IPv4 or IPv6 address. */
bool address_with_prefix(const struct ifaddrs *a, char *out, size_t size);
/* The same without the prefix length. */
bool address_text(const struct ifaddrs *a, char *out, size_t size);

#endif
