/*
 * Secrets of tenants: one file for each below /etc/tenantctl/secrets/NAME, as it is or
 * encrypted for this machine by systemd-creds; or a command of the manifest that prints
 * it. No message and no listing ever holds one.
 */
#ifndef OPS_SECRETS_H
#define OPS_SECRETS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strlist.h"
#include "domain/spec.h"
#include "ops/ops.h"

struct secret {	    /* wiped when freed */
	char *text; /* NUL-terminated */
	size_t len;
};
void secret_free(struct secret *s);
#define auto_secret cleanup_with(secret_free)

/* Reads one as the gateway gets it. ERR_NOT_FOUND when it is not set; ERR_MANIFEST when the trust
 * rules refuse its file or it holds what no secret may. */
int secret_read(const char *root, const char *tenant, const char *key, struct secret *out,
		struct err *e) must_check;
/* Runs a command of the manifest: no shell, 20 s, one line of output. What it writes to standard
 * error is shown, masked and cut, when it fails. */
int secret_from_command(const struct strlist *command, struct secret *out, struct err *e)
	must_check;

bool secret_exists(const char *root, const char *tenant, const char *key);
/* Replaces it; `text` was checked with secret_value_trim. `encrypt`: by systemd-creds, for this
 * machine only. The other form of the same key goes. */
int secret_write(const char *root, const char *tenant, const char *key, const struct secret *text,
		 bool encrypt, struct err *e) must_check;
int secret_remove(const char *root, const char *tenant, const char *key, struct err *e) must_check;
/* True when the stored form is an encrypted one. */
bool secret_is_encrypted(const char *root, const char *tenant, const char *key);

/* ---- for the commands ---- */

enum secret_state {
	SECRET_SET,
	SECRET_ENCRYPTED,
	SECRET_COMMAND, /* no file: a command prints it */
	SECRET_MISSING, /* a credential needs it */
	SECRET_UNUSED,	/* no credential needs it */
	SECRET_REFUSED, /* its file may be read or changed by others */
};
const char *secret_state_name(enum secret_state s);

struct secret_row {
	char *tenant, *key;
	char *used_by; /* names of credentials, "a, b"; NULL: none */
	char *problem; /* of a refused one */
	enum secret_state state;
	int64_t changed; /* seconds since 1970; 0: no file */
};
void secret_rows_free(struct bind_list *rows);
/* Of one tenant, or of all (NULL). A manifest that is missing or refused: nothing is said to be
 * used.
 */
int ops_secret_list(const struct context *c, const char *tenant, struct bind_list *out,
		    struct err *e) must_check;

/* How the manifest uses `key`. A missing manifest is no error: nothing does. */
struct secret_use {
	struct strlist credentials; /* that need this secret */
	bool is_command;	    /* a credential of this name has a command */
};
void secret_use_free(struct secret_use *u);
#define auto_secret_use cleanup_with(secret_use_free)
int ops_secret_use(const struct context *c, const char *tenant, const char *key,
		   struct secret_use *out, struct err *e) must_check;

#endif
