/*
 * Credentials that ended up where the worker, or anyone who may ask the engine, can
 * read them. Values are judged by shape, or by being one of the tenant's own keys, and
 * never printed: only names are.
 */
#include "checks_judges.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "judge.h"

static void complain_environ(struct complaints *c, const struct check_input *in,
			     const struct process_facts *p, const char *who)
{
	for (size_t i = 0; i < p->secret_variables.count; i++)
		if (!strlist_has(&in->spec->allow_plain, p->secret_variables.items[i]))
			complain(c, "%s process %d: %s", who, (int)p->pid,
				 p->secret_variables.items[i]);
}

void judge_env_secrets(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "no credential in the environment of any process");
	if (!have_worker_process(in, f))
		return;
	for (size_t i = 0; i < in->facts->process_count; i++)
		complain_environ(&c, in, &in->facts->processes[i], "worker");
	for (size_t i = 0; i < in->facts->gateway_process_count; i++)
		complain_environ(&c, in, &in->facts->gateway_processes[i], "gateway");
	judge_evidence(f, "/proc/PID/environ of %zu processes",
		       in->facts->process_count + in->facts->gateway_process_count);
	judge_complaints(f, &c, "none");
}

static void complain_value(struct complaints *c, const struct check_input *in, const char *where,
			   const char *name, const char *value)
{
	const char *what;

	if (strlist_has(&in->spec->allow_plain, name))
		return;
	what = secret_shape(name, value);
	if (what)
		complain(c, "%s %s looks like %s", where, name, what);
}

static void complain_env(struct complaints *c, const struct check_input *in, const char *where,
			 const struct strlist *env)
{
	for (size_t i = 0; i < env->count; i++) {
		const char *eq = strchr(env->items[i], '=');
		auto_free char *name = NULL;

		if (!eq)
			continue;
		name = mem_strndup(env->items[i], (size_t)(eq - env->items[i]));
		complain_value(c, in, where, name, eq + 1);
	}
}

static void complain_words(struct complaints *c, const struct check_input *in, const char *where,
			   const struct strlist *words)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *value = strchr(words->items[i], '=');
		auto_free char *place = mem_printf("word %zu", i + 1);

		complain_value(c, in, where, place, value ? value + 1 : words->items[i]);
	}
}

/* Labels of our own carry digests and nonces, which look random because they are. */
static void complain_inspect(struct complaints *c, const struct check_input *in,
			     const struct container_info *i)
{
	complain_env(c, in, "Env", &i->spec.env);
	complain_words(c, in, "Cmd", &i->spec.cmd);
	complain_words(c, in, "Entrypoint", &i->spec.entrypoint);
	complain_words(c, in, "Healthcheck", &i->spec.health.test);
	for (size_t k = 0; k < i->spec.labels.count; k++) {
		const struct strmap_entry *l = &i->spec.labels.entries[k];

		if (strncmp(l->key, "dev.tenantctl.", 14) != 0)
			complain_value(c, in, "label", l->key, l->value);
	}
	for (size_t k = 0; k < i->spec.log_options.count; k++)
		complain_value(c, in, "log option", i->spec.log_options.entries[k].key,
			       i->spec.log_options.entries[k].value);
}

void judge_inspect_secrets(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "no credential in what the engine tells about worker and gateway");
	if (!have_worker(in, f) || !have_gateway(in, f))
		return;
	complain_inspect(&c, in, in->worker);
	complain_inspect(&c, in, in->gateway);
	judge_evidence(f, "inspect Env, Cmd, Entrypoint, Healthcheck, Labels, LogConfig");
	judge_complaints(f, &c, "none");
}

/* What was found counts even where the search was not complete. */
void judge_secret_exposed(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct secret_facts *s;

	judge_expect(f,
		     "the tenant's keys are found in the gateway's file of keys and nowhere else");
	if (in->spec->credentials.count == 0) {
		judge_skip(f, "the manifest declares no credential");
		return;
	}
	if (!in->facts || !in->facts->secrets.searched) {
		judge_unknown(f, "there was no search: %s",
			      in->facts ? or_none(in->facts->secrets.error)
					: "nothing was measured");
		return;
	}
	s = &in->facts->secrets;
	for (size_t i = 0; i < s->exposed.count; i++)
		complain(&c, "%s", s->exposed.items[i]);
	c.count += s->exposed_more;
	judge_evidence(f,
		       "processes, inspect, files, the last MiB of each current log: %zu places, "
		       "%" PRIu64 " KiB, plain, JSON, base64, hex and URL-encoded",
		       s->places, s->bytes / 1024);
	if (c.count)
		judge_complaints(f, &c, "%s", "");
	else if (s->missed.count)
		judge_unknown(f, "the control failed: %s was not found where it is",
			      s->missed.items[0]);
	else if (s->unread.count)
		judge_unknown(f, "%s", s->unread.items[0]);
	else if (s->secrets == 0 && s->short_ids.count)
		judge_unknown(f, "too short to be looked for: %s", s->short_ids.items[0]);
	else if (s->secrets == 0)
		judge_unknown(f, "no key was there to be looked for");
	else
		judge_pass(f, "%zu keys found nowhere else%s%s", s->secrets,
			   s->short_ids.count ? "; too short to be looked for: " : "",
			   s->short_ids.count ? s->short_ids.items[0] : "");
}
