/*
 * From secrets to the files that the gateway reads: one line for each place that a key
 * goes to, and all forms in which none may come back. Every buffer on the way is wiped.
 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "domain/gateway_files.h"
#include "domain/paths.h"
#include "domain/secret_value.h"
#include "ops/gateway_set.h"
#include "ops/secrets.h"

#define PROVIDED_MAX GATEWAY_FILE_BYTES

struct load { /* one run of gateway_keys_load */
	const struct context *c;
	const char *tenant;
	const struct keys_options *o;
	struct secret known; /* text of the file of provided values, or empty */
	struct strbuf keys, echo, provided;
	bool incomplete;
};

void gateway_keys_free(struct gateway_keys *k)
{
	mem_wipe_free(k->keys, k->keys_len);
	mem_wipe_free(k->echo, k->echo_len);
	mem_wipe_free(k->provided, k->provided_len);
	*k = (struct gateway_keys){ 0 };
}

/* A value belongs to a credential and to the very command that printed it. */
static char *provided_head(const struct credential_entry *cred)
{
	struct digest_state *d = digest_new();
	char hex[DIGEST_HEX_SIZE];

	for (size_t i = 0; i < cred->command.count; i++)
		digest_field(d, "argument", cred->command.items[i]);
	digest_finish(d, hex);
	return mem_printf("%s %s ", cred->name, hex);
}

static bool find_provided(const struct load *l, const char *head, struct secret *out)
{
	const char *line = l->known.text ? l->known.text : "";
	size_t head_len = strlen(head);

	while (*line) {
		size_t len = strcspn(line, "\n");

		if (len > head_len && strncmp(line, head, head_len) == 0) {
			out->len = len - head_len;
			out->text = mem_strndup(line + head_len, out->len);
			return true;
		}
		line += len + (line[len] == '\n');
	}
	return false;
}

/* A command's value, from the last time or anew. out->text stays NULL when it is not known. */
static int load_command(struct load *l, const struct credential_entry *cred, struct secret *out,
			struct err *e)
{
	auto_free char *head = provided_head(cred);
	bool anew =
		l->o->source == KEYS_FRESH || (l->o->rerun && strcmp(l->o->rerun, cred->name) == 0);

	if ((anew || !find_provided(l, head, out)) && l->o->source != KEYS_LOOK &&
	    secret_from_command(&cred->command, out, e))
		return err_wrap(e, "credential %s", cred->name);
	if (!out->text) {
		l->incomplete = true;
		return 0;
	}
	strbuf_puts(&l->provided, head);
	strbuf_add(&l->provided, out->text, out->len);
	strbuf_putc(&l->provided, '\n');
	return 0;
}

static int load_file(struct load *l, const struct credential_entry *cred, const char *key,
		     struct secret *out, struct err *e)
{
	if (!secret_read(l->c->root, l->tenant, key, out, e))
		return 0;
	if (e->code != ERR_NOT_FOUND)
		return err_wrap(e, "credential %s: secret %s", cred->name, key);
	if (l->o->missing_ok) {
		err_clear(e);
		return 0;
	}
	err_set(e, ERR_MANIFEST, "credential %s: secret %s is not set", cred->name, key);
	return err_hint(e, "tenantctl secret set %s %s", l->tenant, key);
}

static void add_key(struct load *l, const struct credential_entry *cred, size_t index,
		    const struct secret *s)
{
	const struct inject_entry *how = (struct inject_entry *)cred->inject.items + index;

	strbuf_printf(&l->keys, "%s.%zu ", cred->name, index);
	secret_compose(how, s->text, &l->keys);
	strbuf_putc(&l->keys, '\n');
}

static int load_credential(struct load *l, const struct credential_entry *cred, struct err *e)
{
	struct secret own auto_secret = { 0 };

	if (cred->secret	  ? load_file(l, cred, cred->secret, &own, e)
	    : cred->command.count ? load_command(l, cred, &own, e)
				  : 0)
		return -1;
	if (own.text)
		secret_echo_forms(own.text, &l->echo);
	for (size_t i = 0; i < cred->inject.count; i++) {
		const struct inject_entry *how = (struct inject_entry *)cred->inject.items + i;
		struct secret other auto_secret = { 0 };

		if (how->secret && load_file(l, cred, how->secret, &other, e))
			return -1;
		if (other.text)
			secret_echo_forms(other.text, &l->echo);
		if (how->secret ? other.text != NULL : own.text != NULL)
			add_key(l, cred, i, how->secret ? &other : &own);
	}
	return 0;
}

static int load_all(struct load *l, const struct tenant_spec *spec, struct err *e)
{
	for (size_t i = 0; i < spec->credentials.count; i++)
		if (load_credential(l, (struct credential_entry *)spec->credentials.items + i, e))
			return -1;
	if (l->keys.overflow || l->echo.overflow || l->provided.overflow)
		return err_set(e, ERR_MANIFEST,
			       "the secrets of all credentials are larger than "
			       "what a gateway takes");
	return 0;
}

static void take(struct strbuf *from, char **text, size_t *len)
{
	*len = from->len;
	*text = strbuf_take(from);
}

int gateway_keys_load(const struct context *c, const struct tenant_spec *spec,
		      const struct keys_options *o, struct gateway_keys *out, struct err *e)
{
	auto_free char *path = path_of(c->root, PATH_PROVIDED, spec->tenant);
	struct err ignored = ERR_INIT;
	struct load l = { .c = c,
			  .tenant = spec->tenant,
			  .o = o,
			  .keys = STRBUF_SECRET(GATEWAY_FILE_BYTES),
			  .echo = STRBUF_SECRET(GATEWAY_FILE_BYTES),
			  .provided = STRBUF_SECRET(PROVIDED_MAX) };
	int rc;

	if (fsio_read(path, FSIO_TRUSTED_SECRET, PROVIDED_MAX, &l.known.text, &l.known.len,
		      &ignored))
		l.known = (struct secret){ 0 }; /* then commands are run */
	rc = load_all(&l, spec, e);
	if (!rc) {
		*out = (struct gateway_keys){ .incomplete = l.incomplete };
		take(&l.keys, &out->keys, &out->keys_len);
		take(&l.echo, &out->echo, &out->echo_len);
		take(&l.provided, &out->provided, &out->provided_len);
	}
	secret_free(&l.known);
	strbuf_free(&l.keys);
	strbuf_free(&l.echo);
	strbuf_free(&l.provided);
	return rc;
}
