/* What can be done about a refusal: the narrowest command that lets it through, or why none does.
 */
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "domain/egress_log.h"
#include "domain/netplan.h"
#include "spec_rules.h"

/* Ranges that `private: true` opens; the other refused ones stay so. */
static bool is_private(const char *address)
{
	struct err ignored = ERR_INIT;
	uint32_t ip;

	if (!address || ipv4_parse(address, &ip, &ignored))
		return false;
	return ip >> 24 == 10 || ip >> 20 == (172 << 4 | 1) || ip >> 16 == (192 << 8 | 168);
}

static char *allow_command(const struct egress_denial *d, const char *tenant, bool private_ok,
			   bool *out_command)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(STRBUF_TEXT_MAX);
	bool tcp = strcmp(d->kind, "tcp") == 0;

	private_ok = private_ok || egress_host_problem(d->what, false);
	if (egress_host_problem(d->what, private_ok))
		return mem_strdup("no entry can allow this name");
	strbuf_printf(&b, "tenantctl egress allow %s %s", tenant, d->what);
	if (d->port && (d->port != 443 || tcp))
		strbuf_printf(&b, " --port %lld", (long long)d->port);
	if (tcp)
		strbuf_puts(&b, " --protocol tcp");
	if (private_ok)
		strbuf_puts(&b, " --private");
	*out_command = true;
	return strbuf_take(&b);
}

/* Patterns of a credential do not have the route's name in front. */
static char *allow_advice(const char *what, const char *name)
{
	size_t method = strcspn(what, " "), len = strlen(name);
	const char *path = what + method + (what[method] == ' ');

	if (path[0] == '/' && strncmp(path + 1, name, len) == 0 && path[1 + len] == '/')
		path += 1 + len;
	return mem_printf("add \"%.*s %s\" to 'allow' of credential %s", (int)method, what, path,
			  name);
}

static const struct credential_entry *find_credential(const struct tenant_spec *s, const char *name)
{
	const struct credential_entry *creds = s->credentials.items;

	for (size_t i = 0; i < s->credentials.count; i++)
		if (strcmp(creds[i].name, name) == 0)
			return &creds[i];
	return NULL;
}

/* Files first; with several of them the gateway cannot say which one it lacks. */
static char *key_advice(const struct tenant_spec *s, const char *name, bool *out_command)
{
	const struct credential_entry *cred = find_credential(s, name);
	auto_strlist struct strlist keys = { 0 };

	if (!cred)
		return mem_printf("no credential has the name %s any more", name);
	if (cred->secret)
		strlist_add(&keys, cred->secret);
	for (size_t i = 0; i < cred->inject.count; i++) {
		const struct inject_entry *how = (struct inject_entry *)cred->inject.items + i;

		if (how->secret && !strlist_has(&keys, how->secret))
			strlist_add(&keys, how->secret);
	}
	if (keys.count + (cred->command.count > 0) > 1)
		return mem_printf("one of the keys of credential %s is missing: 'tenantctl secret "
				  "list %s' shows which",
				  name, s->tenant);
	*out_command = true;
	if (keys.count)
		return mem_printf("tenantctl secret set %s %s", s->tenant, keys.items[0]);
	return mem_printf("tenantctl secret rotate %s %s", s->tenant, name);
}

static char *route_advice(const struct egress_denial *d, const struct tenant_spec *s,
			  bool *out_command)
{
	static const struct {
		const char *reason, *text;
	} texts[] = {
		{ "host", "the request was not for http://gateway/ or http://proxy/" },
		{ "target", "only a path is a request to a route: not a proxy" },
		{ "method", "this method is never passed on" },
		{ "path", "paths with dot segments or hidden separators are never passed on" },
		{ "token", "the request must carry the tenant's placeholder" },
		{ "length", "with a limit on bodies a request must give its length" },
		{ "body", "the body is larger than the credential's limit.body" },
		{ "rate", "more requests than the credential's limit.rate" },
		{ "daily", "more requests than the credential's limit.daily" },
		{ "echo", "the answer held the key itself" },
		{ "range", "parts are let through of answers that have 10000 bytes or more" },
		{ "route", "no credential has this name: add one under 'credentials'" },
	};
	const char *name = d->rule && strncmp(d->rule, "route:", 6) == 0 ? d->rule + 6 : NULL;

	if (name && strcmp(d->reason, "rule") == 0)
		return allow_advice(d->what, name);
	if (name && strcmp(d->reason, "key") == 0)
		return key_advice(s, name, out_command);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(texts[i].reason, d->reason) == 0)
			return mem_strdup(texts[i].text);
	return NULL;
}

char *egress_denial_advice(const struct egress_denial *d, const struct tenant_spec *s,
			   bool *out_command)
{
	static const struct {
		const char *reason, *text;
	} texts[] = {
		{ "not-tls", "not TLS: only an entry with protocol tcp lets that through" },
		{ "no-name", "TLS without a server name: only protocol tcp lets that through" },
		{ "unresolved", "the name leads nowhere" },
		{ "address", "it leads to an address that is never reached" },
	};

	*out_command = false;
	if (strcmp(d->kind, "route") == 0)
		return route_advice(d, s, out_command);
	if (strcmp(d->reason, "address") == 0 && is_private(d->address))
		return allow_command(d, s->tenant, true, out_command);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(texts[i].reason, d->reason) == 0)
			return mem_strdup(texts[i].text);
	return allow_command(d, s->tenant, false, out_command);
}
