/* Rules for the worker's variables: no loader settings and nothing secret. */
#include <stdio.h>
#include <string.h>

#include "spec_rules.h"

bool variable_is_placeholder(const struct tenant_spec *s, const struct strmap_entry *variable)
{
	return strcmp(variable->value, ENVIRONMENT_PLACEHOLDER) == 0 &&
	       !strlist_has(&s->allow_plain, variable->key);
}

static int check_variable(const struct tenant_spec *s, const struct strmap_entry *v,
			  const struct doc *d, struct err *e)
{
	char where[300];
	const char *shape = secret_shape(v->key, v->value);

	snprintf(where, sizeof(where), "environment.%.256s", v->key);
	/* ld.so(8): they make every program of the worker load code of the variable's choice. */
	if (strncmp(v->key, "LD_", 3) == 0)
		return doc_error(d, where, e, "variables of the dynamic loader are not accepted");
	if (variable_is_placeholder(s, v)) {
		if (s->credentials.count)
			return 0;
		doc_error(d, where, e,
			  "'" ENVIRONMENT_PLACEHOLDER "' stands for the key of a credential, and "
			  "there are no credentials");
		err_hint(e, "if the word itself is meant, name the variable under allow_plain");
		return -1;
	}
	if (!shape || strlist_has(&s->allow_plain, v->key))
		return 0;
	doc_error(d, where, e, "the value looks like %s and would be readable in the worker",
		  shape);
	err_hint(e, "if it is no secret, name the variable under allow_plain");
	return -1;
}

static int check_allowed(const struct tenant_spec *s, size_t i, const struct doc *d, struct err *e)
{
	const char *name = s->allow_plain.items[i];
	char where[64];

	if (strmap_get(&s->environment, name))
		return 0;
	snprintf(where, sizeof(where), "allow_plain[%zu]", i);
	if (name[0] == '/') {
		const char *problem = path_problem(name);

		return problem ? doc_error(d, where, e, "%s", problem) : 0;
	}
	for (size_t j = 0; j < s->environment.count; j++) {
		const char *key = s->environment.entries[j].key;
		if (strlist_nearest(name, &key, 1))
			return doc_error(d, where, e, "no such variable; did you mean '%.64s'?",
					 key);
	}
	return doc_error(d, where, e, "no variable of this name in environment");
}

int spec_check_environment(const struct tenant_spec *s, const struct doc *d, struct err *e)
{
	for (size_t i = 0; i < s->environment.count; i++) {
		if (check_variable(s, &s->environment.entries[i], d, e))
			return -1;
	}
	for (size_t i = 0; i < s->allow_plain.count; i++) {
		if (check_allowed(s, i, d, e))
			return -1;
	}
	return 0;
}
