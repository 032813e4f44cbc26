/*
 * Comparing the container we asked for with the one the engine describes. An
 * unknown or misspelt field is dropped by engines without a word, so this is the
 * proof that a protection was taken; it must know what engines spell out or add
 * by themselves, and must not look away from anything else.
 */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"

#define SHOWN_MAX 160

static const void *slot_of(const struct wire_field *f, const struct container_spec *s)
{
	return (const char *)s + f->offset;
}

static char *shown(const struct wire_field *f, const struct container_spec *s)
{
	auto_node struct node *v = wire_value(f, s);
	auto_free char *text = NULL;

	if (!v && (f->kind == WIRE_INT || f->kind == WIRE_COUNT))
		return mem_strdup("0");
	if (!v && f->kind == WIRE_BOOL)
		return mem_strdup("false");
	if (!v)
		return mem_strdup("nothing");
	text = node_print(v, false);
	if (strlen(text) > SHOWN_MAX)
		return mem_printf("%.*s...", SHOWN_MAX, text);
	return take_ptr(text);
}

static void differs(const struct wire_field *f, const struct container_spec *expected,
		    const struct container_spec *observed, struct spec_differences *out)
{
	auto_free char *want = shown(f, expected);
	auto_free char *got = shown(f, observed);

	wire_differs(out, f->path, want, got, "%s: expected %s, observed %s", f->path, want, got);
}

static bool same_members(const struct node *a, const struct node *b)
{
	const struct node *n, *m;
	bool used[4096] = { false };
	size_t i;

	if (node_count(a) != node_count(b) || node_count(a) > ARRAY_SIZE(used))
		return false;
	for (n = node_first(a); n; n = node_next(n)) {
		for (i = 0, m = node_first(b); m; i++, m = node_next(m))
			if (!used[i] && wire_same_json(n, m))
				break;
		if (!m)
			return false;
		used[i] = true;
	}
	return true;
}

static bool same_objects(const struct node *a, const struct node *b)
{
	const struct node *n;

	if (!node_is_object(b) || node_count(a) != node_count(b))
		return false;
	for (n = node_first(a); n; n = node_next(n)) {
		const struct node *m = node_get(b, node_key(n));

		if (!m || !wire_same_json(n, m))
			return false;
	}
	return true;
}

bool wire_same_json(const struct node *a, const struct node *b)
{
	const struct node *n, *m;

	if (!a || !b)
		return !a && !b;
	if (node_is_object(a))
		return same_objects(a, b);
	if (node_is_array(a)) {
		if (!node_is_array(b) || node_count(a) != node_count(b))
			return false;
		for (n = node_first(a), m = node_first(b); n; n = node_next(n), m = node_next(m))
			if (!wire_same_json(n, m))
				return false;
		return true;
	}
	if (node_is_string(a))
		return node_is_string(b) && strcmp(node_str(a, ""), node_str(b, "")) == 0;
	if (node_is_number(a))
		return node_is_number(b) && !(node_num(a, 0) < node_num(b, 0)) &&
		       !(node_num(a, 0) > node_num(b, 0));
	if (node_is_bool(a))
		return node_is_bool(b) && node_bool(a, false) == node_bool(b, false);
	return node_is_null(a) && node_is_null(b);
}

static const char *plain_text(const struct wire_field *f, const struct container_spec *s)
{
	const char *text = *(char *const *)slot_of(f, s);
	size_t i;

	if (!text)
		return "";
	for (i = 0; f->same && f->same[i]; i++)
		if (strcmp(text, f->same[i]) == 0)
			return "";
	return text;
}

static int64_t plain_number(const struct wire_field *f, const struct container_spec *s)
{
	int64_t v = *(const int64_t *)slot_of(f, s);

	return v == f->zero ? 0 : v;
}

static bool map_within(const struct strmap *want, const struct strmap *got)
{
	size_t i;

	for (i = 0; i < want->count; i++) {
		const char *v = strmap_get(got, want->entries[i].key);

		if (!v || strcmp(v, want->entries[i].value) != 0)
			return false;
	}
	return true;
}

static bool same_field(const struct wire_field *f, const struct container_spec *expected,
		       const struct container_spec *observed)
{
	auto_node struct node *a = NULL;
	auto_node struct node *b = NULL;

	if ((f->flags & WIRE_INHERIT) && wire_is_empty(f, expected))
		return true;
	if (f->kind == WIRE_STRING)
		return strcmp(plain_text(f, expected), plain_text(f, observed)) == 0;
	if (f->kind == WIRE_INT)
		return plain_number(f, expected) == plain_number(f, observed);
	if (f->flags & WIRE_SUBSET)
		return map_within(slot_of(f, expected), slot_of(f, observed));
	if (f->kind == WIRE_MAP)
		return strmap_equal(slot_of(f, expected), slot_of(f, observed));
	a = wire_value(f, expected);
	b = wire_value(f, observed);
	if (a && b && node_is_array(a) && (f->flags & WIRE_SET))
		return same_members(a, b);
	return wire_same_json(a, b);
}

static const char *env_value(const char *entry, size_t *out_key_len)
{
	const char *eq = strchr(entry, '=');

	*out_key_len = eq ? (size_t)(eq - entry) : strlen(entry);
	return eq ? eq + 1 : "";
}

static void env_differs(const struct wire_field *f, const char *entry, size_t name_len,
			const char *how, struct spec_differences *out)
{
	auto_free char *name = mem_strndup(entry, name_len);
	auto_free char *field = mem_printf("%s.%s", f->path, name);

	wire_differs(out, field, "as ordered", how, "%s: %s is %s", f->path, name, how);
}

/* The image adds its own variables, so only ours count. Values are never shown: an operator may
 * have put a key there. */
void wire_diff_env(const struct wire_field *f, const struct container_spec *expected,
		   const struct container_spec *observed, struct spec_differences *out)
{
	size_t i, j, len, other;

	for (i = 0; i < expected->env.count; i++) {
		const char *want = expected->env.items[i];
		bool found = false, clash = false;

		(void)env_value(want, &len);
		for (j = 0; j < observed->env.count; j++) {
			const char *got = observed->env.items[j];

			(void)env_value(got, &other);
			if (other != len || strncmp(want, got, len) != 0)
				continue;
			if (strcmp(want, got) == 0)
				found = true;
			else
				clash = true;
		}
		if (!found || clash)
			env_differs(f, want, len, clash ? "set to another value" : "missing", out);
	}
}

/* An image's Cmd is dropped as soon as the request has an Entrypoint. */
void wire_diff_cmd(const struct wire_field *f, const struct container_spec *expected,
		   const struct container_spec *observed, struct spec_differences *out)
{
	if (expected->cmd.count == 0 && expected->entrypoint.count == 0)
		return;
	if (!strlist_equal(&expected->cmd, &observed->cmd))
		differs(f, expected, observed, out);
}

static void plain_caps(const struct strlist *in, struct strlist *out)
{
	size_t i, k;

	for (i = 0; i < in->count; i++) {
		auto_free char *name = mem_strdup(in->items[i]);

		for (k = 0; name[k]; k++)
			if (name[k] >= 'a' && name[k] <= 'z')
				name[k] = (char)(name[k] - 'a' + 'A');
		strlist_add(out, strncmp(name, "CAP_", 4) == 0 ? name + 4 : name);
	}
	strlist_sort(out);
}

void wire_diff_caps(const struct wire_field *f, const struct container_spec *expected,
		    const struct container_spec *observed, struct spec_differences *out)
{
	auto_strlist struct strlist want = { 0 };
	auto_strlist struct strlist got = { 0 };

	plain_caps(slot_of(f, expected), &want);
	plain_caps(slot_of(f, observed), &got);
	if (!strlist_equal(&want, &got))
		differs(f, expected, observed, out);
}

/* One form for the spellings that mean one thing. */
static const char *plain_security(const char *opt)
{
	if (strcmp(opt, "no-new-privileges=true") == 0 ||
	    strcmp(opt, "no-new-privileges:true") == 0)
		return "no-new-privileges";
	return opt;
}

static bool same_seccomp(const char *a, const char *b)
{
	static const struct doc_limits limits = DOC_LIMITS_REPLY;
	static const char prefix[] = "seccomp=";
	auto_doc struct doc *da = NULL;
	auto_doc struct doc *db = NULL;
	struct err ignored = ERR_INIT;

	if (strncmp(a, prefix, strlen(prefix)) != 0 || strncmp(b, prefix, strlen(prefix)) != 0)
		return false;
	a += strlen(prefix);
	b += strlen(prefix);
	/* Text that is no JSON ("unconfined") was compared as text before. */
	if (doc_parse_json(a, strlen(a), "profile", &limits, &da, &ignored) < 0 ||
	    doc_parse_json(b, strlen(b), "profile", &limits, &db, &ignored) < 0)
		return false;
	return wire_same_json(doc_root(da), doc_root(db));
}

static bool has_security(const struct strlist *l, const char *opt)
{
	size_t i;

	for (i = 0; i < l->count; i++) {
		if (strcmp(plain_security(l->items[i]), plain_security(opt)) == 0 ||
		    same_seccomp(l->items[i], opt))
			return true;
	}
	return false;
}

/* A profile is tens of kilobytes: name it by its digest. */
static char *security_text(const char *opt)
{
	char hex[DIGEST_HEX_SIZE];

	if (strlen(opt) <= SHOWN_MAX)
		return mem_strdup(opt);
	digest_of(opt, strlen(opt), hex);
	return mem_printf("%.*s (%zu bytes, sha256 %.12s)", (int)strcspn(opt, "=") + 1, opt,
			  strlen(opt), hex);
}

static void security_differs(const struct wire_field *f, const char *opt, bool wanted,
			     struct spec_differences *out)
{
	auto_free char *text = security_text(opt);

	wire_differs(out, f->path, wanted ? text : "nothing", wanted ? "missing" : text,
		     "%s: %s is %s", f->path, text, wanted ? "missing" : "not expected");
}

void wire_diff_security(const struct wire_field *f, const struct container_spec *expected,
			const struct container_spec *observed, struct spec_differences *out)
{
	const struct strlist *want = &expected->security_opt, *got = &observed->security_opt;
	size_t i;

	for (i = 0; i < want->count; i++)
		if (!has_security(got, want->items[i]))
			security_differs(f, want->items[i], true, out);
	for (i = 0; i < got->count; i++)
		if (!has_security(want, got->items[i]))
			security_differs(f, got->items[i], false, out);
}

void wire_diff_memory_swap(const struct wire_field *f, const struct container_spec *expected,
			   const struct container_spec *observed, struct spec_differences *out)
{
	/* Left out, the engine allows as much swap again and writes the sum. */
	if (expected->memory_swap == 0 && observed->memory_swap == 2 * expected->memory)
		return;
	if (expected->memory_swap != observed->memory_swap)
		differs(f, expected, observed, out);
}

/* null, 0 and every negative number mean unlimited. */
void wire_diff_pids(const struct wire_field *f, const struct container_spec *expected,
		    const struct container_spec *observed, struct spec_differences *out)
{
	if (MAX_OF(expected->pids_limit, 0) != MAX_OF(observed->pids_limit, 0))
		differs(f, expected, observed, out);
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static const struct engine_mount *mount_at(const struct bind_list *l, const char *target)
{
	const struct engine_mount *m = l->items;
	size_t i;

	for (i = 0; i < l->count; i++)
		if (same_text(m[i].target, target))
			return &m[i];
	return NULL;
}

static bool same_mount(const struct engine_mount *want, const struct engine_mount *got)
{
	bool private = !got->propagation || got->propagation[0] == '\0' ||
		       strcmp(got->propagation, "rprivate") == 0;

	return private && same_text(want->type, got->type) &&
	       same_text(want->source, got->source) && want->read_only == got->read_only;
}

static char *mount_text(const struct engine_mount *m)
{
	return mem_printf("%s %s (%s%s%s)", m->type, m->source, m->read_only ? "ro" : "rw",
			  m->propagation ? " " : "", m->propagation ? m->propagation : "");
}

/* `want` or `got` is NULL where there is no mount at `target`. */
static void mount_differs(const struct wire_field *f, const char *target,
			  const struct engine_mount *want, const struct engine_mount *got,
			  struct spec_differences *out)
{
	auto_free char *field = mem_printf("%s.%s", f->path, target);
	auto_free char *wanted = want ? mount_text(want) : mem_strdup("nothing");
	auto_free char *observed = got ? mount_text(got) : mem_strdup("missing");

	if (!got)
		wire_differs(out, field, wanted, observed, "%s: %s is missing", f->path, target);
	else if (!want)
		wire_differs(out, field, wanted, observed, "%s: %s (%s %s) is not expected",
			     f->path, target, got->type, got->source);
	else
		wire_differs(out, field, wanted, observed, "%s: %s: expected %s, observed %s",
			     f->path, target, wanted, observed);
}

void wire_diff_mounts(const struct wire_field *f, const struct container_spec *expected,
		      const struct container_spec *observed, struct spec_differences *out)
{
	const struct engine_mount *want = expected->mounts.items, *got = observed->mounts.items;
	size_t i;

	for (i = 0; i < expected->mounts.count; i++) {
		const struct engine_mount *m = mount_at(&observed->mounts, want[i].target);

		if (!m || !same_mount(&want[i], m))
			mount_differs(f, want[i].target, &want[i], m, out);
	}
	for (i = 0; i < observed->mounts.count; i++)
		if (!mount_at(&expected->mounts, got[i].target))
			mount_differs(f, got[i].target, NULL, &got[i], out);
	if (observed->mounts.count > expected->mounts.count) {
		auto_free char *wanted = mem_printf("%zu", expected->mounts.count);
		auto_free char *seen = mem_printf("%zu", observed->mounts.count);

		wire_differs(out, f->path, wanted, seen, "%s: expected %s, observed %s", f->path,
			     wanted, seen);
	}
}

static const struct engine_endpoint *endpoint_of(const struct bind_list *l, const char *network)
{
	const struct engine_endpoint *ep = l->items;
	size_t i;

	for (i = 0; i < l->count; i++)
		if (same_text(ep[i].network, network))
			return &ep[i];
	return NULL;
}

static void diff_endpoint(const struct wire_field *f, const struct engine_endpoint *want,
			  const struct engine_endpoint *got, struct spec_differences *out)
{
	auto_free char *field = mem_printf("%s.%s", f->path, want->network);
	const char *wanted = want->ipv4 && *want->ipv4 ? want->ipv4 : "any";
	const char *seen = got->ipv4 && *got->ipv4 ? got->ipv4 : "any";
	size_t i;

	if (!same_text(want->ipv4, got->ipv4))
		wire_differs(out, field, wanted, seen, "%s: expected address %s, observed %s",
			     field, wanted, seen);
	/* Engines add the short id as an alias of their own. */
	for (i = 0; i < want->aliases.count; i++)
		if (!strlist_has(&got->aliases, want->aliases.items[i]))
			wire_differs(out, field, want->aliases.items[i], "missing",
				     "%s: alias %s is missing", field, want->aliases.items[i]);
}

/* Without any endpoint in the request, the engine attaches what NetworkMode names; that field is
 * compared by its own row. */
static bool implied_by_mode(const struct container_spec *expected, const char *network)
{
	const char *mode = expected->network_mode;

	if (expected->endpoints.count > 0)
		return false;
	if (!mode || mode[0] == '\0' || strcmp(mode, "default") == 0)
		mode = "bridge";
	return strcmp(mode, network) == 0;
}

void wire_diff_endpoints(const struct wire_field *f, const struct container_spec *expected,
			 const struct container_spec *observed, struct spec_differences *out)
{
	const struct engine_endpoint *want = expected->endpoints.items;
	const struct engine_endpoint *got = observed->endpoints.items;
	size_t i;

	for (i = 0; i < expected->endpoints.count; i++) {
		const struct engine_endpoint *ep =
			endpoint_of(&observed->endpoints, want[i].network);

		if (ep)
			diff_endpoint(f, &want[i], ep, out);
		else
			wire_differs(out, f->path, want[i].network, "not attached",
				     "%s: not attached to %s", f->path, want[i].network);
	}
	for (i = 0; i < observed->endpoints.count; i++)
		if (!endpoint_of(&expected->endpoints, got[i].network) &&
		    !implied_by_mode(expected, got[i].network))
			wire_differs(out, f->path, "not attached", got[i].network,
				     "%s: attached to %s, which is not expected", f->path,
				     got[i].network);
}

void container_spec_differences(const struct container_spec *expected,
				const struct container_spec *observed, struct spec_differences *out)
{
	for (size_t i = 0; i < wire_container_spec.count; i++) {
		const struct wire_field *f = &wire_container_spec.fields[i];

		if (f->flags & WIRE_OBSERVED)
			continue;
		if (f->diff)
			f->diff(f, expected, observed, out);
		else if (!same_field(f, expected, observed))
			differs(f, expected, observed, out);
	}
}
