/* Which tenants a command is about, and running them one by one or side by side. Private to cli. */
#ifndef CLI_SELECT_H
#define CLI_SELECT_H

#include "command.h"

enum select_all { /* what --all stands for */
		  ALL_WITH_MANIFEST,
		  ALL_WITH_STATE,
};

/* "all" and "jobs" as options. */
#define OPTION_ALL(text)                                                                           \
	{                                                                                          \
		.name = "all", .help = (text)                                                      \
	}
#define OPTION_JOBS_OF(each)                                                                       \
	{                                                                                          \
		.name = "jobs", .letter = 'j', .placeholder = "N",                                 \
		.help = "tenants at the same time, 1 to 64; default: " each " for each processor"  \
	}
#define OPTION_JOBS OPTION_JOBS_OF("two")
/* Looking is mostly waiting for what does not answer. */
#define OPTION_JOBS_LOOKING OPTION_JOBS_OF("four")
#define NAMES_OR_ALL                                                                               \
	{                                                                                          \
		"all", ""                                                                          \
	}

/* The operands, checked, without repetitions; or what --all stands for. ERR_USAGE when neither is
 * given. */
int select_tenants(const struct invocation *inv, enum select_all all, struct strlist *out,
		   struct err *e) must_check;
bool tenant_has_manifest(const struct context *c, const char *tenant);
bool tenant_has_state(const struct context *c, const char *tenant);
/* One operand as a tenant's name. */
int select_name(const struct invocation *inv, const char **out, struct err *e) must_check;
/* Puts "tenant NAME: " in front unless the message starts with it. Returns -1. */
int name_tenant(struct err *e, const char *tenant);

/* Makes one tenant's result; the caller owns *out. -1 with `e`: it failed, *out is set all the same
 * when there is something to show. */
typedef int (*tenant_job)(struct context *c, const char *tenant, const void *arg, struct node **out,
			  struct err *e);
/* Takes a result, in the order of the tenants: a JSON object with "tenant" and, when it failed,
 * "error" of "code", "message" and "hint". */
typedef void (*tenant_sink)(struct invocation *inv, const struct node *result, void *arg);

struct job_set {
	tenant_job job;
	const void *arg;
	tenant_sink sink;
	void *sink_arg;
	bool alone;		 /* never two tenants at the same time */
	bool verifies, measures; /* as in struct fleet */
	bool changes;		 /* each tenant's job is recorded in the audit log */
};

/* One tenant in this process, several in one each. Returns the worst failure; a single tenant's own
 * error is returned and not handed to the sink unless there was a result too. */
int run_jobs(struct invocation *inv, const struct strlist *tenants, const struct job_set *jobs,
	     struct err *e) must_check;

#endif
