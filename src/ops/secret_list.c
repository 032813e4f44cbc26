/* Which secrets there are and which credentials need them, from names, modes and manifests alone.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fsio.h"
#include "base/log.h"
#include "base/mem.h"
#include "domain/paths.h"
#include "domain/secret_value.h"
#include "ops/secrets.h"

#define FILES_MAX 4096
#define TENANTS_MAX 16384
#define SEALED_SUFFIX ".cred"

const char *secret_state_name(enum secret_state s)
{
	static const char *const names[] = {
		[SECRET_SET] = "set",	      [SECRET_ENCRYPTED] = "encrypted",
		[SECRET_COMMAND] = "command", [SECRET_MISSING] = "missing",
		[SECRET_UNUSED] = "unused",   [SECRET_REFUSED] = "refused",
	};

	return names[s];
}

void secret_rows_free(struct bind_list *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct secret_row *r = (struct secret_row *)rows->items + i;

		free(r->tenant);
		free(r->key);
		free(r->used_by);
		free(r->problem);
	}
	free(rows->items);
	*rows = (struct bind_list){ 0 };
}

void secret_use_free(struct secret_use *u)
{
	strlist_free(&u->credentials);
}

static const struct credential_entry *credential_at(const struct tenant_spec *s, size_t i)
{
	return (const struct credential_entry *)s->credentials.items + i;
}

static bool needs(const struct credential_entry *cred, const char *key)
{
	if (cred->secret && strcmp(cred->secret, key) == 0)
		return true;
	for (size_t i = 0; i < cred->inject.count; i++) {
		const struct inject_entry *how = (struct inject_entry *)cred->inject.items + i;

		if (how->secret && strcmp(how->secret, key) == 0)
			return true;
	}
	return false;
}

static void find_users(const struct tenant_spec *s, const char *key, struct strlist *out)
{
	for (size_t i = 0; i < s->credentials.count; i++)
		if (needs(credential_at(s, i), key))
			strlist_add(out, credential_at(s, i)->name);
}

static char *joined(const struct strlist *l)
{
	struct strbuf text = STRBUF_INIT(STRBUF_TEXT_MAX);

	for (size_t i = 0; i < l->count; i++)
		strbuf_printf(&text, "%s%s", i ? ", " : "", l->items[i]);
	return l->count ? strbuf_take(&text) : NULL;
}

static struct secret_row *add_row(struct bind_list *rows, const char *tenant, const char *key,
				  enum secret_state state)
{
	struct secret_row *r;

	rows->items = mem_grow(rows->items, rows->count + 1, sizeof(*r));
	r = (struct secret_row *)rows->items + rows->count++;
	*r = (struct secret_row){ .tenant = mem_strdup(tenant),
				  .key = mem_strdup(key),
				  .state = state };
	return r;
}

static bool has_row(const struct bind_list *rows, const char *tenant, const char *key)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct secret_row *r = (const struct secret_row *)rows->items + i;

		if (strcmp(r->tenant, tenant) == 0 && strcmp(r->key, key) == 0)
			return true;
	}
	return false;
}

/* "ghl" or "ghl.cred"; anything else in the folder is not ours to name. */
static void add_file(const char *dir, const char *name, const char *tenant,
		     const struct tenant_spec *spec, struct bind_list *rows)
{
	auto_free char *path = mem_printf("%s/%s", dir, name);
	auto_free char *key = mem_strdup(name);
	auto_strlist struct strlist users = { 0 };
	size_t len = strlen(name), cut = strlen(SEALED_SUFFIX);
	bool sealed = len > cut && strcmp(name + len - cut, SEALED_SUFFIX) == 0;
	struct err why = ERR_INIT;
	struct secret_row *r;
	struct stat st;

	if (sealed)
		key[len - cut] = '\0';
	if (secret_name_check(key, &why) || lstat(path, &st) || has_row(rows, tenant, key))
		return;
	find_users(spec, key, &users);
	r = add_row(rows, tenant, key,
		    !users.count ? SECRET_UNUSED
		    : sealed	 ? SECRET_ENCRYPTED
				 : SECRET_SET);
	r->used_by = joined(&users);
	r->changed = st.st_mtim.tv_sec;
	if (fsio_check(path, FSIO_TRUSTED_SECRET, &why)) {
		r->state = SECRET_REFUSED;
		r->problem = mem_strdup(why.message);
	}
}

static void add_needed(const char *tenant, const struct tenant_spec *spec, const char *key,
		       struct bind_list *rows)
{
	auto_strlist struct strlist users = { 0 };

	if (!key || has_row(rows, tenant, key))
		return;
	find_users(spec, key, &users);
	add_row(rows, tenant, key, SECRET_MISSING)->used_by = joined(&users);
}

static void add_credential(const char *tenant, const struct tenant_spec *spec,
			   const struct credential_entry *cred, struct bind_list *rows)
{
	add_needed(tenant, spec, cred->secret, rows);
	for (size_t i = 0; i < cred->inject.count; i++)
		add_needed(tenant, spec, ((struct inject_entry *)cred->inject.items + i)->secret,
			   rows);
	if (cred->command.count)
		add_row(rows, tenant, cred->name, SECRET_COMMAND)->used_by = mem_strdup(cred->name);
}

static bool has_manifest(const struct context *c, const char *tenant)
{
	auto_free char *path = path_of(c->root, PATH_MANIFEST, tenant);
	struct stat st;

	return lstat(path, &st) == 0;
}

static int list_tenant(const struct context *c, const char *tenant, struct bind_list *rows,
		       struct err *e)
{
	auto_free char *dir = path_of(c->root, PATH_TENANT_SECRETS, tenant);
	struct tenant_spec spec auto_spec = { 0 };
	auto_strlist struct strlist files = { 0 };
	struct err why = ERR_INIT;

	if (has_manifest(c, tenant) && tenant_manifest(c, tenant, NULL, &spec, NULL, &why))
		log_warn("tenant %s: what uses its secrets is not known: %s", tenant, why.message);
	if (fsio_list(dir, FILES_MAX, &files, e))
		return -1;
	for (size_t i = 0; i < files.count; i++)
		add_file(dir, files.items[i], tenant, &spec, rows);
	for (size_t i = 0; i < spec.credentials.count; i++)
		add_credential(tenant, &spec, credential_at(&spec, i), rows);
	return 0;
}

int ops_secret_list(const struct context *c, const char *tenant, struct bind_list *out,
		    struct err *e)
{
	auto_free char *dir = path_of(c->root, PATH_SECRETS, NULL);
	auto_strlist struct strlist names = { 0 }, folders = { 0 };

	if (tenant)
		strlist_add(&names, tenant);
	else if (tenants_all(c, &names, e) || fsio_list(dir, TENANTS_MAX, &folders, e))
		return -1;
	for (size_t i = 0; i < folders.count; i++)
		if (tenant_name_is_valid(folders.items[i]) &&
		    !strlist_has(&names, folders.items[i]))
			strlist_add(&names, folders.items[i]);
	strlist_sort(&names);
	for (size_t i = 0; i < names.count; i++)
		if (list_tenant(c, names.items[i], out, e)) {
			secret_rows_free(out);
			return -1;
		}
	return 0;
}

int ops_secret_use(const struct context *c, const char *tenant, const char *key,
		   struct secret_use *out, struct err *e)
{
	struct tenant_spec spec auto_spec = { 0 };

	if (!has_manifest(c, tenant))
		return 0;
	if (tenant_manifest(c, tenant, NULL, &spec, NULL, e))
		return -1;
	find_users(&spec, key, &out->credentials);
	for (size_t i = 0; i < spec.credentials.count; i++)
		out->is_command |= strcmp(credential_at(&spec, i)->name, key) == 0 &&
				   credential_at(&spec, i)->command.count > 0;
	return 0;
}
