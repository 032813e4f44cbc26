/* Paths and their roles; what they must be like, the checks know. */
#include "verify_gateway.h"

#include "base/mem.h"
#include "domain/gateway_files.h"
#include "domain/paths.h"

static void add(struct gateway_places *p, enum file_role role, char *path)
{
	p->items = mem_grow(p->items, p->count + 1, sizeof(*p->items));
	p->items[p->count++] = (struct file_place){ .role = role, .path = path };
}

/* As it is, or sealed by systemd-creds. Twice the same is no harm. */
static void add_secret(struct gateway_places *p, const char *folder, const char *key)
{
	if (!key)
		return;
	add(p, FILE_SECRET, mem_printf("%s/%s", folder, key));
	add(p, FILE_SECRET, mem_printf("%s/%s.cred", folder, key));
}

static void add_secrets(const char *root, const struct tenant_spec *spec, struct gateway_places *p)
{
	auto_free char *folder = path_of(root, PATH_TENANT_SECRETS, spec->tenant);
	const struct credential_entry *cred = spec->credentials.items;

	add(p, FILE_SECRETS, mem_strdup(folder));
	for (size_t i = 0; i < spec->credentials.count; i++) {
		const struct inject_entry *how = cred[i].inject.items;

		add_secret(p, folder, cred[i].secret);
		for (size_t k = 0; k < cred[i].inject.count; k++)
			add_secret(p, folder, how[k].secret);
	}
}

void gateway_places_make(const char *root, const struct tenant_spec *spec,
			 struct gateway_places *out)
{
	const char *tenant = spec->tenant;

	*out = (struct gateway_places){ .set = path_of(root, PATH_GATEWAY_SET, tenant),
					.next = path_of(root, PATH_GATEWAY_NEXT, tenant),
					.making = path_of(root, PATH_GATEWAY_MAKING, tenant),
					.state = path_of(root, PATH_GATEWAY_STATE, tenant) };
	add(out, FILE_RUN, path_of(root, PATH_RUNTIME, tenant));
	add(out, FILE_FILES, path_of(root, PATH_GATEWAY_FILES, tenant));
	add(out, FILE_SET, mem_strdup(out->set));
	add(out, FILE_KEYS, mem_printf("%s/" GATEWAY_FILE_KEYS, out->set));
	add(out, FILE_SECRET, path_of(root, PATH_PROVIDED, tenant)); /* what commands printed */
	add_secrets(root, spec, out);
}

void gateway_places_free(struct gateway_places *p)
{
	for (size_t i = 0; i < p->count; i++)
		free((char *)p->items[i].path);
	free(p->items);
	free(p->set);
	free(p->next);
	free(p->making);
	free(p->state);
	*p = (struct gateway_places){ 0 };
}
