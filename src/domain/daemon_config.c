/*
 * dockerd refuses to start when a key stands both in its file and among its arguments,
 * so the order in which the two are read does not matter; only lists are added up.
 */
#include "domain/daemon_config.h"

#include <string.h>

#include "base/doc.h"
#include "base/mem.h"

#define CFG(member) .offset = offsetof(struct daemon_config, member)

static const struct bind_field fields[] = {
	{ .key = "iptables", .kind = BIND_BOOL, CFG(iptables), .def = "true" },
	{ .key = "ip6tables", .kind = BIND_BOOL, CFG(ip6tables), .def = "true" },
	{ .key = "icc", .kind = BIND_BOOL, CFG(icc), .def = "true" },
	{ .key = "allow-direct-routing", .kind = BIND_BOOL, CFG(direct_routing) },
	{ .key = "no-new-privileges", .kind = BIND_BOOL, CFG(no_new_privileges) },
	{ .key = "live-restore", .kind = BIND_BOOL, CFG(live_restore) },
	{ .key = "tlsverify", .kind = BIND_BOOL, CFG(tls_verify) },
	{ .key = "seccomp-profile", .kind = BIND_STRING, CFG(seccomp_profile) },
	{ .key = "userns-remap", .kind = BIND_STRING, CFG(userns_remap) },
	{ .key = "log-driver", .kind = BIND_STRING, CFG(log_driver) },
	{ .key = "log-opts", .kind = BIND_STRMAP, CFG(log_options) },
	{ .key = "hosts", .kind = BIND_STRLIST, CFG(hosts) },
};
static const struct bind_table table = {
	.name = "daemon.json",
	.size = sizeof(struct daemon_config),
	.fields = fields,
	.count = ARRAY_SIZE(fields),
};

void daemon_config_free(struct daemon_config *c)
{
	bind_free(&table, c);
}

static const struct bind_field *field_of(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strlen(fields[i].key) == len && strncmp(fields[i].key, name, len) == 0)
			return &fields[i];
	return NULL;
}

/* As Go's flags read them: "1", "t", "T", "true", "TRUE", "True" */
static bool is_true(const char *s)
{
	return strcmp(s, "1") == 0 || s[0] == 't' || s[0] == 'T';
}

static void add_option(struct strmap *m, const char *pair)
{
	const char *equals = strchr(pair, '=');
	auto_free char *key = mem_strndup(pair, equals ? (size_t)(equals - pair) : strlen(pair));

	strmap_set(m, key, equals ? equals + 1 : "");
}

static void set_field(struct daemon_config *c, const struct bind_field *f, const char *value)
{
	char *slot = (char *)c + f->offset;

	switch (f->kind) {
	case BIND_BOOL:
		*(bool *)slot = is_true(value);
		break;
	case BIND_STRING:
		mem_replace((char **)(void *)slot, value);
		break;
	case BIND_STRMAP:
		add_option((struct strmap *)(void *)slot, value);
		break;
	default:
		strlist_add((struct strlist *)(void *)slot, value);
	}
}

/* Words of the command line that the file spells otherwise. */
static const struct bind_field *field_of_option(const char *word, size_t len, bool *is_long)
{
	*is_long = true;
	if (len > 2 && strncmp(word, "--", 2) == 0) {
		word += 2;
		len -= 2;
		if (len == 4 && strncmp(word, "host", 4) == 0)
			return field_of("hosts", 5);
		if (len == 7 && strncmp(word, "log-opt", 7) == 0)
			return field_of("log-opts", 8);
		return field_of(word, len);
	}
	*is_long = false;
	return len >= 2 && strncmp(word, "-H", 2) == 0 ? field_of("hosts", 5) : NULL;
}

static void read_args(const struct strlist *args, struct daemon_config *c)
{
	for (size_t i = 1; i < args->count; i++) {
		const char *word = args->items[i], *equals = strchr(word, '=');
		size_t len = equals ? (size_t)(equals - word) : strlen(word);
		bool is_long;
		const struct bind_field *f = field_of_option(word, len, &is_long);

		if (len == 16 && strncmp(word, "--default-ulimit", 16) == 0)
			c->has_ulimits = true;
		if (!f)
			continue;
		if (!is_long && word[2] != '\0')
			set_field(c, f, word + 2 + (word[2] == '='));
		else if (equals)
			set_field(c, f, equals + 1);
		else if (f->kind == BIND_BOOL)
			set_field(c, f, "true");
		else if (i + 1 < args->count)
			set_field(c, f, args->items[++i]);
	}
}

int daemon_config_read(const char *text, const struct strlist *args, struct daemon_config *out,
		       struct err *e)
{
	static const struct doc_limits limits = DOC_LIMITS_MANIFEST;
	auto_doc struct doc *d = NULL;
	struct daemon_config c = { 0 };

	if (text && *text) {
		if (doc_parse_json(text, strlen(text), "daemon.json", &limits, &d, e) ||
		    bind_read(&table, BIND_TOLERANT, d, doc_root(d), "", &c, e))
			return -1;
		c.has_ulimits = node_count(node_get(doc_root(d), "default-ulimits")) > 0;
	} else {
		bind_defaults(&table, &c);
	}
	if (args)
		read_args(args, &c);
	*out = c;
	return 0;
}
