/* The operations of the seccomp command: load, compose, describe, compare. */
#include "ops/seccomp.h"

#include <stdlib.h>
#include <string.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "base/proc.h"
#include "domain/bpf_eval.h"
#include "probe/seccomp_dump.h"
#include "profiles.h"

#define LIVE_TIMEOUT_MS 5000

static int load(const char *name, struct seccomp_profile **out_profile,
		struct seccomp_program *out_program, struct err *e)
{
	auto_seccomp_profile struct seccomp_profile *p = NULL;

	if (profile_load(name, &p, e) < 0 || seccomp_compose(p, out_program, e) < 0)
		return -1;
	if (out_profile)
		*out_profile = take_ptr(p);
	return 0;
}

int ops_seccomp_show(const char *profile, struct seccomp_report *out, struct err *e)
{
	auto_seccomp_profile struct seccomp_profile *p = NULL;
	auto_seccomp_program struct seccomp_program program = { 0 };
	size_t count;
	const struct seccomp_refusal *refused = seccomp_refused(&count);

	if (load(profile, &p, &program, e) < 0)
		return -1;
	*out = (struct seccomp_report){ .instructions = program.filter.count };
	memcpy(out->digest, program.digest, sizeof(out->digest));
	bpf_action_text(program.default_action, out->by_default, sizeof(out->by_default));
	seccomp_profile_describe(p, &out->allowed, &out->conditional);
	for (size_t i = 0; i < count; i++)
		strlist_addf(strlist_has(&out->allowed, refused[i].name) ? &out->let_through
									 : &out->refused,
			     "%s: %s", refused[i].name, refused[i].reason);
	out->json = seccomp_profile_json(p);
	return 0;
}

void seccomp_report_free(struct seccomp_report *r)
{
	strlist_free(&r->allowed);
	strlist_free(&r->conditional);
	strlist_free(&r->refused);
	strlist_free(&r->let_through);
	free(r->json);
	*r = (struct seccomp_report){ 0 };
}

static int fill_row(const char *name, struct seccomp_row *row, struct err *e)
{
	struct seccomp_report report;

	if (ops_seccomp_show(name, &report, e) < 0)
		return -1;
	row->name = mem_strdup(name);
	memcpy(row->digest, report.digest, sizeof(row->digest));
	row->allowed = report.allowed.count;
	row->conditional = report.conditional.count;
	row->instructions = report.instructions;
	seccomp_report_free(&report);
	return 0;
}

int ops_seccomp_list(struct bind_list *out, struct err *e)
{
	const char *const *names = seccomp_builtin_names();
	struct bind_list rows = { 0 };
	size_t count = 0;

	while (names[count])
		count++;
	rows.items = mem_array(count, sizeof(struct seccomp_row));
	for (; rows.count < count; rows.count++)
		if (fill_row(names[rows.count], (struct seccomp_row *)rows.items + rows.count, e) <
		    0) {
			seccomp_rows_free(&rows);
			return -1;
		}
	*out = rows;
	return 0;
}

void seccomp_rows_free(struct bind_list *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free(((struct seccomp_row *)rows->items)[i].name);
	free(rows->items);
	*rows = (struct bind_list){ 0 };
}

int ops_seccomp_check(const char *path, struct err *e)
{
	auto_seccomp_profile struct seccomp_profile *p = NULL;
	auto_free char *text = NULL;
	size_t len;

	if (fsio_read(path, FSIO_ANY, SECCOMP_PROFILE_MAX, &text, &len, e) < 0)
		return -1;
	return seccomp_profile_parse(text, len, path, &p, e);
}

static int compare(const struct seccomp_program *expected, const struct filter_program *observed,
		   size_t filters, struct seccomp_diff *out, struct err *e)
{
	auto_free struct seccomp_difference *items = mem_array(SECCOMP_DIFF_MAX, sizeof(*items));
	size_t total;

	if (seccomp_compare(expected, observed, filters, items, SECCOMP_DIFF_MAX, &total, e) < 0)
		return -1;
	*out = (struct seccomp_diff){ .total = total,
				      .count = MIN_OF(total, (size_t)SECCOMP_DIFF_MAX),
				      .filters = filters };
	out->items = take_ptr(items);
	return 0;
}

int ops_seccomp_diff(const char *a, const char *b, struct seccomp_diff *out, struct err *e)
{
	auto_seccomp_program struct seccomp_program first = { 0 }, second = { 0 };

	if (load(a, NULL, &first, e) < 0 || load(b, NULL, &second, e) < 0)
		return -1;
	return compare(&first, &second.filter, 1, out, e);
}

int ops_seccomp_diff_live(const char *profile, pid_t pid, struct seccomp_diff *out, struct err *e)
{
	auto_seccomp_program struct seccomp_program expected = { 0 };
	struct filter_program *filters = NULL;
	auto_fd int proc_root = -1, pid_dir = -1;
	uint64_t start_time;
	size_t count = 0;
	int rc;

	if (load(profile, NULL, &expected, e) < 0 || proc_open_root("/proc", &proc_root, e) < 0 ||
	    proc_open_pid(proc_root, pid, &pid_dir, e) < 0 ||
	    proc_start_time(pid_dir, &start_time, e) < 0 ||
	    seccomp_dump(proc_root, pid, start_time, LIVE_TIMEOUT_MS, &filters, &count, e) < 0)
		return -1;
	rc = compare(&expected, filters, count, out, e);
	seccomp_dump_free(filters, count);
	return rc;
}

void seccomp_diff_free(struct seccomp_diff *d)
{
	free(d->items);
	*d = (struct seccomp_diff){ 0 };
}
