/*
 * The engine's profile format: one bind table for reading, and the canonical text
 * that is sent. JSON is read by the YAML reader, which knows lines and columns and
 * keeps whole 64-bit numbers; the engine itself ignores unknown keys and names, so
 * that a slip of the pen there silently weakens or breaks a worker.
 */
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "domain/seccomp.h"
#include "seccomp_internal.h"

const char *const seccomp_op_names[] = { "SCMP_CMP_NE",	       "SCMP_CMP_LT", "SCMP_CMP_LE",
					 "SCMP_CMP_EQ",	       "SCMP_CMP_GE", "SCMP_CMP_GT",
					 "SCMP_CMP_MASKED_EQ", NULL };

/* SCMP_ACT_TRACE and SCMP_ACT_NOTIFY are unknown on purpose: there is nobody to answer, so a
 * call would hang or fail in a way that the profile does not show. */
const char *const seccomp_action_names[] = { "SCMP_ACT_ALLOW",	      "SCMP_ACT_ERRNO",
					     "SCMP_ACT_KILL",	      "SCMP_ACT_KILL_THREAD",
					     "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP",
					     "SCMP_ACT_LOG",	      NULL };

#define FIELD(type, member) .offset = offsetof(struct type, member)
#define CALL_PATTERN "[a-z_][a-z0-9_]*"
#define MAX_ERRNO 4095

static const struct bind_field cond_fields[] = {
	{ .key = "index",
	  .kind = BIND_INT,
	  FIELD(seccomp_cond, index),
	  .flags = BIND_REQUIRED,
	  .min = 0,
	  .max = 5 },
	{ .key = "value", .kind = BIND_INT, FIELD(seccomp_cond, value), .flags = BIND_REQUIRED },
	{ .key = "valueTwo", .kind = BIND_INT, FIELD(seccomp_cond, value_two) },
	{ .key = "op",
	  .kind = BIND_ENUM,
	  FIELD(seccomp_cond, op),
	  .flags = BIND_REQUIRED,
	  .names = seccomp_op_names },
};
static const struct bind_table cond_table = { "seccomp argument rule", sizeof(struct seccomp_cond),
					      cond_fields, ARRAY_SIZE(cond_fields), NULL };

static const struct bind_field gate_fields[] = {
	{ .key = "caps", .kind = BIND_STRLIST, FIELD(seccomp_gate, caps) },
	{ .key = "arches", .kind = BIND_STRLIST, FIELD(seccomp_gate, arches) },
	{ .key = "minKernel", .kind = BIND_STRING, FIELD(seccomp_gate, min_kernel) },
};
static const struct bind_table gate_table = { "seccomp gate", sizeof(struct seccomp_gate),
					      gate_fields, ARRAY_SIZE(gate_fields), NULL };

static const struct bind_field rule_fields[] = {
	{ .key = "names",
	  .kind = BIND_STRLIST,
	  FIELD(seccomp_rule, names),
	  .flags = BIND_REQUIRED,
	  .pattern = CALL_PATTERN,
	  .max_len = 1024 },
	{ .key = "action",
	  .kind = BIND_ENUM,
	  FIELD(seccomp_rule, action),
	  .flags = BIND_REQUIRED,
	  .names = seccomp_action_names },
	{ .key = "errnoRet",
	  .kind = BIND_INT,
	  FIELD(seccomp_rule, errno_ret),
	  .min = 0,
	  .max = MAX_ERRNO,
	  .def = "1" },
	{ .key = "args",
	  .kind = BIND_LIST,
	  FIELD(seccomp_rule, args),
	  .sub = &cond_table,
	  .max_len = 6 },
	{ .key = "comment", .kind = BIND_STRING, FIELD(seccomp_rule, comment) },
	{ .key = "includes",
	  .kind = BIND_OBJECT,
	  FIELD(seccomp_rule, includes),
	  .sub = &gate_table },
	{ .key = "excludes",
	  .kind = BIND_OBJECT,
	  FIELD(seccomp_rule, excludes),
	  .sub = &gate_table },
};
static const struct bind_table rule_table = { "seccomp rule", sizeof(struct seccomp_rule),
					      rule_fields, ARRAY_SIZE(rule_fields), NULL };

static const struct bind_field arch_fields[] = {
	{ .key = "architecture",
	  .kind = BIND_STRING,
	  FIELD(seccomp_arch, architecture),
	  .flags = BIND_REQUIRED },
	{ .key = "subArchitectures", .kind = BIND_STRLIST, FIELD(seccomp_arch, sub_architectures) },
};
static const struct bind_table arch_table = { "seccomp architecture", sizeof(struct seccomp_arch),
					      arch_fields, ARRAY_SIZE(arch_fields), NULL };

static const struct bind_field profile_fields[] = {
	{ .key = "defaultAction",
	  .kind = BIND_ENUM,
	  FIELD(seccomp_profile, default_action),
	  .flags = BIND_REQUIRED,
	  .names = seccomp_action_names },
	{ .key = "defaultErrnoRet",
	  .kind = BIND_INT,
	  FIELD(seccomp_profile, default_errno),
	  .min = 0,
	  .max = MAX_ERRNO,
	  .def = "1" },
	{ .key = "architectures", .kind = BIND_STRLIST, FIELD(seccomp_profile, architectures) },
	{ .key = "archMap",
	  .kind = BIND_LIST,
	  FIELD(seccomp_profile, arch_map),
	  .sub = &arch_table },
	{ .key = "flags", .kind = BIND_STRLIST, FIELD(seccomp_profile, flags) },
	{ .key = "syscalls",
	  .kind = BIND_LIST,
	  FIELD(seccomp_profile, rules),
	  .flags = BIND_REQUIRED,
	  .sub = &rule_table },
};
static const struct bind_table profile_table = { "seccomp profile", sizeof(struct seccomp_profile),
						 profile_fields, ARRAY_SIZE(profile_fields), NULL };

struct seccomp_rule *seccomp_rule_at(const struct seccomp_profile *p, size_t i)
{
	return (struct seccomp_rule *)p->rules.items + i;
}

struct seccomp_cond *seccomp_cond_at(const struct seccomp_rule *r, size_t i)
{
	return (struct seccomp_cond *)r->args.items + i;
}

void seccomp_rule_free(struct seccomp_rule *r)
{
	bind_free(&rule_table, r);
}

void seccomp_profile_free(struct seccomp_profile *p)
{
	if (!p)
		return;
	bind_free(&profile_table, p);
	free(p);
}

static int check_start(const struct seccomp_profile *p, const char *name, struct err *e)
{
	auto_seccomp_program struct seccomp_program program = { 0 };

	if (seccomp_compose(p, &program, e) < 0)
		return err_wrap(e, "%s", name);
	return seccomp_check_start(&program, name, e);
}

int seccomp_profile_parse(const char *text, size_t len, const char *name,
			  struct seccomp_profile **out, struct err *e)
{
	static const struct doc_limits limits = { SECCOMP_PROFILE_MAX, 16, 40000 };
	auto_doc struct doc *d = NULL;
	auto_seccomp_profile struct seccomp_profile *p = mem_alloc(sizeof(*p));

	if (doc_parse_yaml(text, len, name, &limits, &d, e) < 0)
		return -1;
	if (!node_is_object(doc_root(d)))
		return doc_error(d, "", e,
				 "expected a JSON object with defaultAction and syscalls");
	if (bind_read(&profile_table, BIND_STRICT, d, doc_root(d), "", p, e) < 0)
		return -1;
	if (seccomp_profile_check(p, d, e) < 0)
		return -1;
	seccomp_profile_resolve(p);
	if (check_start(p, name, e) < 0)
		return -1;
	*out = take_ptr(p);
	return 0;
}

static void write_args(struct node *rule, const struct seccomp_rule *r)
{
	struct node *args = node_set_array(rule, "args");

	for (size_t i = 0; i < r->args.count; i++) {
		const struct seccomp_cond *c = seccomp_cond_at(r, i);
		struct node *n = node_push_object(args);

		node_set_int(n, "index", c->index);
		node_set_int(n, "value", c->value);
		if (c->op == OP_MASKED_EQ)
			node_set_int(n, "valueTwo", c->value_two);
		node_set_str(n, "op", seccomp_op_names[c->op]);
	}
}

static void write_names(struct node *object, const char *key, const struct strlist *names)
{
	auto_strlist struct strlist sorted = { 0 };
	struct node *list = node_set_array(object, key);

	strlist_copy(&sorted, names);
	strlist_sort(&sorted);
	for (size_t i = 0; i < sorted.count; i++)
		node_push_str(list, sorted.items[i]);
}

static void write_rule(struct node *list, const struct seccomp_rule *r)
{
	struct node *n = node_push_object(list);

	write_names(n, "names", &r->names);
	node_set_str(n, "action", seccomp_action_names[r->action]);
	if (r->action == SECCOMP_DO_ERRNO)
		node_set_int(n, "errnoRet", r->errno_ret);
	if (r->args.count > 0)
		write_args(n, r);
}

char *seccomp_profile_json(const struct seccomp_profile *p)
{
	auto_node struct node *root = node_new_object();
	struct node *list;

	node_set_str(root, "defaultAction", seccomp_action_names[p->default_action]);
	if (p->default_action == SECCOMP_DO_ERRNO)
		node_set_int(root, "defaultErrnoRet", p->default_errno);
	if (p->architectures.count > 0)
		write_names(root, "architectures", &p->architectures);
	list = p->arch_map.count > 0 ? node_set_array(root, "archMap") : NULL;
	for (size_t i = 0; i < p->arch_map.count; i++) {
		const struct seccomp_arch *a = (struct seccomp_arch *)p->arch_map.items + i;
		struct node *n = node_push_object(list);

		node_set_str(n, "architecture", a->architecture);
		node_set_array(n, "subArchitectures");
	}
	list = node_set_array(root, "syscalls");
	for (size_t i = 0; i < p->rules.count; i++)
		write_rule(list, seccomp_rule_at(p, i));
	return node_print(root, false);
}
