/*
 * The set of files that one gateway runs on: names beside those that gateway_render
 * makes, the identity of a set, what a change of it is about, and the gateway's answer.
 * Pure functions.
 */
#ifndef DOMAIN_GATEWAY_FILES_H
#define DOMAIN_GATEWAY_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/strmap.h"

#define GATEWAY_FILE_RULES "rules"
#define GATEWAY_FILE_HOSTS "hosts"
#define GATEWAY_FILE_KEYS "keys"
#define GATEWAY_FILE_ECHO "echo"
#define GATEWAY_FILE_GENERATION "generation"

/* What the gateway takes at most. */
#define GATEWAY_SET_FILES 128
#define GATEWAY_FILE_BYTES ((size_t)1 << 20)
#define GATEWAY_SET_BYTES ((size_t)4 << 20)

#define GENERATION_SIZE 26 /* 16 hex digits, "-", 8 hex digits, NUL */
#define GENERATION_SALT_SIZE 9

/* The line of the generation file for these rendered files (keys are no part of it), without a
 * newline: "ID HAPROXY DNSMASQ". `salt` is 8 hex digits, new for every set written. */
char *gateway_generation_line(const struct strmap *files, const char *salt) returns_owned;

/* What differs between two sets, for people: "egress rules, credentials"; NULL when they are equal.
 * `keys_differ` adds "keys". Owned by the caller. */
char *gateway_files_difference(const struct strmap *have, const struct strmap *want,
			       bool keys_differ);

enum gateway_result { GATEWAY_SAID_NOTHING, GATEWAY_LOADED, GATEWAY_REFUSED };
#define GATEWAY_ERROR_MAX 500
/* Reads what a gateway says of its last reload; the text is hostile. Only an answer about
 * `generation` counts. `error` gets one line without control bytes. */
enum gateway_result gateway_status_read(const char *text, size_t len, const char *generation,
					char error[GATEWAY_ERROR_MAX + 1]);

#endif
