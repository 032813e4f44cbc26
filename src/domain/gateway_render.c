/* All files from one checked configuration; see domain/gateway.h. */
#include "base/digest.h"
#include "base/mem.h"
#include "domain/egress.h"
#include "gateway_check.h"
#include "spec_rules.h"

/* Over everything that shapes the route but the key: what has the same digest serves requests the
 * same way. */
static void add_route_digest(struct strbuf *b, const struct gateway_config *c, size_t index)
{
	struct credential_entry r = c->credentials[index];
	auto_free struct inject_entry *inject = mem_array(r.inject.count + 1, sizeof(*inject));
	struct digest_state *digest = digest_new();
	char hex[DIGEST_HEX_SIZE];

	for (size_t i = 0; i < r.inject.count; i++) {
		inject[i] = *LIST_AT(inject_entry, &r.inject, i);
		inject[i].secret = NULL;
	}
	r.inject.items = inject;
	r.secret = NULL;
	r.command = (struct strlist){ 0 };
	auto_node struct node *json = bind_write(&credential_table, &r);
	auto_free char *text = node_print(json, false);
	digest_field(digest, "route", text);
	digest_field(digest, "ca", c->ca_texts ? c->ca_texts[index] : NULL);
	digest_field(digest, "token", r.token == TOKEN_REQUIRED ? c->token : NULL);
	digest_finish(digest, hex);
	strbuf_printf(b, "%.16s", hex);
}

void gateway_add_rules(struct strbuf *b, const struct gateway_config *c)
{
	struct egress_rules rules auto_rules = { 0 };

	egress_rules_make(c, &rules);
	for (size_t i = 0; i < rules.count; i++) {
		const struct egress_rule *r = &rules.items[i];

		if (r->kind == RULE_ROUTE) {
			strbuf_printf(b, "route %u %s ", r->port, r->credential->name);
			add_route_digest(b, c, r->index);
			strbuf_printf(b, " 0 route_%s/upstream\n", r->credential->name);
		} else {
			strbuf_printf(b, "%s %u %s %s %lld outside/r%zu\n",
				      r->kind == RULE_TCP ? "tcp" : "tls", r->port, r->entry->host,
				      r->entry->private_ok ? "private" : "-", (long long)r->expires,
				      r->index);
		}
	}
}

static int put_file(struct strmap *files, const char *name, struct strbuf *text, struct err *e)
{
	if (text->overflow)
		return err_set(e, ERR_MANIFEST,
			       "too many rules: the gateway's %s would be longer than %zu KiB",
			       name, text->max >> 10);
	strmap_set(files, name, strbuf_str(text));
	strbuf_reset(text);
	return 0;
}

int gateway_render(const struct gateway_config *c, struct strmap *out, struct err *e)
{
	static const struct {
		const char *name;
		void (*add)(struct strbuf *b, const struct gateway_config *c);
	} parts[] = {
		{ GATEWAY_FILE_DNSMASQ, gateway_add_dnsmasq },
		{ GATEWAY_FILE_HAPROXY, gateway_add_haproxy },
		{ GATEWAY_FILE_HOSTS, gateway_add_hosts },
		{ GATEWAY_FILE_RULES, gateway_add_rules },
	};
	auto_strbuf struct strbuf text = STRBUF_INIT(GATEWAY_FILE_MAX);
	struct strmap files auto_strmap = { 0 };

	if (gateway_check(c, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		parts[i].add(&text, c);
		if (put_file(&files, parts[i].name, &text, e))
			return -1;
	}
	for (size_t i = 0; c->ca_texts && i < c->credential_count; i++) {
		auto_free char *name =
			mem_printf(GATEWAY_FILE_CA_PREFIX "%s.pem", c->credentials[i].name);

		if (!c->ca_texts[i])
			continue;
		strbuf_puts(&text, c->ca_texts[i]);
		if (put_file(&files, name, &text, e))
			return -1;
	}
	strmap_sort(&files);
	*out = files;
	files = (struct strmap){ 0 };
	return 0;
}
