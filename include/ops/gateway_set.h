/*
 * The set of files that a tenant's gateway runs on, on a tmpfs of the tenant's own so
 * that no key ever rests on a disk: rendered files and keys, installed as a whole. A
 * running gateway is asked first and says whether it took the new set; what it refuses
 * is never installed. Callers hold the tenant's lock.
 */
#ifndef OPS_GATEWAY_SET_H
#define OPS_GATEWAY_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strmap.h"
#include "domain/spec.h"
#include "ops/ops.h"

/* Texts of the files that hold secrets; wiped when freed. */
struct gateway_keys {
	char *keys, *echo;
	char *provided; /* what commands printed, for the next run: stays on the host's side */
	size_t keys_len, echo_len, provided_len;
	bool incomplete; /* a command's value is not known and it was not run */
};

enum keys_source {
	KEYS_LOOK,  /* no command is run; what it printed last counts, where that is known */
	KEYS_KEEP,  /* a command is run where that is not known */
	KEYS_FRESH, /* every command is run */
};

struct keys_options {
	enum keys_source source;
	const char *rerun; /* credential whose command is run in any case, or NULL */
	bool missing_ok;   /* a secret that is not set leaves its route without a key */
};

/* Reads the secrets of all credentials and composes the files. ERR_MANIFEST names the credential,
 * the secret and what to do. Nothing of a secret is in any message. */
int gateway_keys_load(const struct context *c, const struct tenant_spec *spec,
		      const struct keys_options *o, struct gateway_keys *out, struct err *e)
	must_check;
void gateway_keys_free(struct gateway_keys *k);
#define auto_keys cleanup_with(gateway_keys_free)

struct gateway_set {
	const char *root, *tenant;
	uid_t gateway_uid; /* and gid: reads the files through its group, owns the state folder */
	const struct strmap *files; /* as gateway_render makes them */
	const struct gateway_keys *keys;
};

/* Mounts the tenant's tmpfs, makes its folders and mounts a second, small one on the gateway's own.
 * Made already is success; one of an older kind, with one tmpfs for all, is mended. */
int gateway_runtime_make(const char *root, const char *tenant, uid_t gateway_uid, struct err *e)
	must_check;
/* False when it is not there or is of that older kind. */
bool gateway_runtime_is_whole(const char *root, const char *tenant);
/* Takes the gateway's own folder away when it is nearly full, for a new one to be made: a gateway
 * that filled it must not bind the next one. No gateway runs. */
int gateway_runtime_make_room(const char *root, const char *tenant, struct err *e) must_check;
/* Unmounts and removes it; nothing there is success. No container uses it any more. */
int gateway_runtime_remove(const char *root, const char *tenant, struct err *e) must_check;
bool gateway_runtime_exists(const char *root, const char *tenant);
/* True when the gateway with this first process sees the tenant's files and folders, and not those
 * of a tmpfs that was unmounted or is of the older kind; also when that cannot be found out. */
bool gateway_runtime_is_seen(const char *root, const char *tenant, pid_t gateway_pid);

/* How what is installed differs from `s`, for people ("not there", "egress rules, keys"), or NULL.
 * Owned by the caller. */
char *gateway_set_difference(const struct gateway_set *s);

/* Puts the set in place while no gateway runs. */
int gateway_set_install(const struct gateway_set *s, struct err *e) must_check;

/* Hands the set to a running gateway and waits for its answer. Loaded: it is installed. Refused:
 * ERR_REFUSED with what the gateway says, nothing has changed. No answer: ERR_TIMEOUT; the set is
 * withdrawn, and what is left of it makes the next run try again. */
int gateway_set_reload(struct client *client, const struct gateway_set *s, const char *gateway_id,
		       struct err *e) must_check;

#endif
