/*
 * Sets of files: a folder that holds everything of one configuration. They are taken by
 * copy, so that what was checked is what runs, whatever happens to the original.
 */
#ifndef GATEWAY_SET_H
#define GATEWAY_SET_H

#include "rules.h"

#include <stdbool.h>
#include <stddef.h>

#define SET_FILES 128
#define SET_FILE_MAX (1u << 20)
#define SET_ALL_MAX (4u << 20)
#define SET_ERROR 500

#define SET_DIGEST 16
#define SET_ID (SET_DIGEST + 1 + 8)

/* The file `generation`: ID HAPROXY DNSMASQ */
struct set_id {
	char id[SET_ID + 1];
	char haproxy[SET_DIGEST + 1], dnsmasq[SET_DIGEST + 1];
};

/* Parses that file's text. */
bool set_id_parse(const char *text, size_t len, struct set_id *out);

/* What to do at a signal: take the candidate, the set, or nothing. `next` is the id of the
 * candidate, "" when it is not known, NULL when there is none. tenantctl exchanges a candidate that
 * was taken with the set; when it dies, what was replaced, or what runs, is left as the candidate.
 */
enum set_choice { SET_TAKE_NEXT, SET_TAKE_SET, SET_KEEP };
enum set_choice set_choose(const char *next, const char *running, const char *replaced);

/* Plain lower-case names, as tenantctl writes them. */
bool set_name_is_valid(const char *name);

/* Copies the set in `from` to the new folder `to`, both bounded and of plain files only. */
bool set_copy(const char *from, const char *to, char why[SET_ERROR]);

/* Reads what gateway-init itself needs of a copied set. `out_id` is filled as far as possible. */
bool set_read(const char *folder, struct set_id *out_id, struct rules *out_rules,
	      char why[SET_ERROR]);

/* Whether two copies hold the same files for HAProxy, those aside that it can take while it runs;
 * whether one file is the same. */
bool set_same_haproxy(const char *a, const char *b);
bool set_same_file(const char *a, const char *b, const char *name);

/* Reads a whole file of at most `max` bytes, NULL when there is none such. The caller frees it, and
 * wipes it when it holds keys. */
char *set_load(const char *folder, const char *name, size_t max, size_t *out_len);

/* Writes a file of `folder` so that nobody sees half of it. */
bool set_store(const char *folder, const char *name, const char *text, size_t len);

/* Removes a copy; no such folder is fine. */
void set_remove(const char *folder);

#endif
