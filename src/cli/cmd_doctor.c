/* doctor: whether the host is fit to hold tenants, and the few things that can be mended by itself.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "commands.h"
#include "domain/source.h"
#include "ops/doctor.h"
#include "ops/report.h"
#include "record.h"
#include "report.h"

#define ANSWER_MAX 16

/* What is said beside the report goes to standard error, so that any format can be read on. */
static void say(const char *text)
{
	auto_strbuf struct strbuf line = STRBUF_INIT(8192);

	strbuf_escape(&line, text, strlen(text));
	strbuf_putc(&line, '\n');
	(void)!write(STDERR_FILENO, strbuf_str(&line), line.len);
}

static void show_fix(const struct doctor_fix *f, const char *did)
{
	auto_free char *undo = f->kind == FIX_SYSCTL
				       ? mem_printf("sysctl -w %s=%s", f->target, f->before)
				       : mem_printf("chmod %s %s", f->before, f->target);
	auto_free char *line = mem_printf("%s%s %s: %s -> %s   (%s; back: %s)", did,
					  f->kind == FIX_SYSCTL ? "sysctl" : "mode of", f->target,
					  f->before, f->after, f->check, undo);

	say(line);
}

static void fixed(void *arg unused_arg, const struct doctor_fix *f)
{
	show_fix(f, "changed ");
}

static bool agrees(size_t count)
{
	char answer[ANSWER_MAX] = "";

	fprintf(stderr, "Make %s%zu change%s? [y/N] ", count > 1 ? "these " : "this ", count,
		count > 1 ? "s" : "");
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* One record for the host: every change with its value before and after. */
static int make_fixes(struct invocation *inv, const struct doctor_fixes *fixes, struct err *e)
{
	struct record r;
	int rc;

	if (record_begin(&r, inv, NULL, NULL, e))
		return -1;
	for (size_t i = 0; i < fixes->count; i++) {
		const struct doctor_fix *f = &fixes->items[i];

		strlist_addf(&r.what, "%s %s: %s -> %s",
			     f->kind == FIX_SYSCTL ? "sysctl" : "mode of", f->target, f->before,
			     f->after);
	}
	rc = ops_doctor_fix(inv->ctx, fixes, fixed, NULL, e);
	return record_end(&r, rc, e);
}

static int mend(struct invocation *inv, const struct doctor_fixes *fixes, bool *changed,
		struct err *e)
{
	auto_free char *path = doctor_sysctl_path(inv->ctx);
	bool keeps = false;

	if (fixes->count == 0) {
		say("nothing to fix by itself");
		return 0;
	}
	for (size_t i = 0; i < fixes->count; i++) {
		show_fix(&fixes->items[i], "");
		keeps = keeps || fixes->items[i].kind == FIX_SYSCTL;
	}
	if (keeps) {
		auto_free char *line =
			mem_printf("sysctls are kept in %s; delete it to go back", path);
		say(line);
	}
	if (!invocation_flag(inv, "yes")) {
		if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
			err_set(e, ERR_REFUSED,
				"there is no terminal to ask on; nothing was "
				"changed");
			return err_hint(e,
					"'tenantctl doctor --fix --yes' makes the changes above");
		}
		if (!agrees(fixes->count)) {
			say("nothing was changed");
			return 0;
		}
	}
	*changed = true;
	return make_fixes(inv, fixes, e);
}

static int put(struct invocation *inv, const struct verify_result *result, size_t fixable,
	       struct err *e)
{
	const struct report_row row = { .tenant = DOCTOR_SUBJECT, .result = result };
	const struct report r = { .rows = &row, .count = 1, .command = "doctor" };

	if (report_put(inv, &r, e))
		return -1;
	if (findings_pass(&result->findings))
		return 0;
	err_set(e, ERR_CHECK, "the host is not as it should be");
	return fixable == 0
		       ? -1
		       : err_hint(e,
				  "'tenantctl doctor --fix' mends what is safe to mend by itself");
}

/* What is reported is how things are after the changes; that they failed says more than what is
 * still wrong. */
static int examine(struct invocation *inv, const struct strlist *only, struct err *e)
{
	struct verify_result result = { 0 };
	struct doctor_fixes fixes auto_doctor_fixes = { 0 };
	struct err still = ERR_INIT;
	bool changed = false;
	int mended, rc;

	if (ops_doctor(inv->ctx, only, &result, &fixes, e))
		return -1;
	mended = invocation_flag(inv, "fix") ? mend(inv, &fixes, &changed, e) : 0;
	if (changed) {
		verify_result_free(&result);
		doctor_fixes_free(&fixes);
		if (ops_doctor(inv->ctx, only, &result, &fixes, mended ? &still : e))
			return -1;
	}
	rc = put(inv, &result, fixes.count, &still);
	verify_result_free(&result);
	if (rc && !mended)
		*e = still;
	return rc || mended ? -1 : 0;
}

static void list_checks(struct invocation *inv)
{
	struct node *root = inv->out->json ? output_document() : NULL;
	struct node *list = root ? node_set_array(root, "checks") : NULL;
	struct findings f;

	doctor_catalogue(&f);
	for (size_t i = 0; i < f.count; i++) {
		const struct finding *x = &f.items[i];
		struct node *n;

		if (!root) {
			output_printf(inv->out, "%-34s %-8s  %-12s  %s\n", x->id,
				      severity_name(x->severity), group_name(x->group), x->title);
			continue;
		}
		n = node_push_object(list);
		node_set_str(n, "id", x->id);
		node_set_str(n, "group", group_name(x->group));
		node_set_str(n, "severity", severity_name(x->severity));
		node_set_str(n, "title", x->title);
		node_set_str(n, "remedy", x->remedy);
		node_set_str(n, "source", source_of(x->id));
	}
	findings_free(&f);
	if (root)
		output_json(inv->out, root);
}

/* A selection of nothing would be a report of nothing. */
static int check_only(const char *id, struct err *e)
{
	struct findings f;
	auto_free const char **ids = NULL;
	const char *nearest;
	bool found = false;

	doctor_catalogue(&f);
	ids = mem_array(f.count + 1, sizeof(*ids));
	for (size_t i = 0; i < f.count; i++) {
		ids[i] = f.items[i].id;
		found = found || strncmp(ids[i], id, strlen(id)) == 0;
	}
	nearest = strlist_nearest(id, ids, f.count);
	findings_free(&f);
	if (found)
		return 0;
	err_set(e, ERR_USAGE, "no check has the id '%s', or starts with it", id);
	return nearest ? err_hint(e, "did you mean %s?", nearest)
		       : err_hint(e, "tenantctl doctor --list shows all checks");
}

static int run_doctor(struct invocation *inv, struct err *e)
{
	auto_strlist struct strlist only = { 0 };

	if (invocation_flag(inv, "yes") && !invocation_flag(inv, "fix"))
		return err_set(e, ERR_USAGE, "--yes goes with --fix");
	if (invocation_flag(inv, "list")) {
		list_checks(inv);
		return 0;
	}
	for (size_t i = 0; i < inv->options.count; i++)
		if (strcmp(inv->options.items[i].def->name, "only") == 0) {
			if (check_only(inv->options.items[i].value, e))
				return -1;
			strlist_add(&only, inv->options.items[i].value);
		}
	return examine(inv, &only, e);
}

static const struct option_def options[] = {
	{ .name = "fix",
	  .help = "make the changes that harm nobody who behaves, after showing each with the "
		  "value "
		  "before and after; asks first" },
	{ .name = "yes", .help = "with --fix: do not ask" },
	{ .name = "only",
	  .placeholder = "ID",
	  .flags = OPTION_MANY,
	  .help = "run the checks whose id starts with this; may be repeated" },
	{ .name = "list", .flags = OPTION_OFFLINE, .help = "list the checks and end" },
	{ .name = "output",
	  .letter = 'o',
	  .placeholder = "FILE",
	  .arg = ARG_FILE,
	  .help = "write the report to this file" },
	{ .name = "format",
	  .placeholder = "FORMAT",
	  .choices = report_formats,
	  .help = "human (default), or any other that verify has" },
};
static const struct option_pair exclusive[] = { { "list", "fix" }, { "list", "only" } };

const struct command cmd_doctor = {
	.name = "doctor",
	.operands = "",
	.summary = "Looks whether the host is fit to hold tenants",
	.description =
		"Looks at what all tenants of a host share: the engine and its runtimes, their "
		"versions and arguments, other containers, who may talk to the engine, the kernel "
		"and its settings, the packet filter as iptables-save prints it, disks, addresses, "
		"and the folders of tenantctl itself. Works "
		"without an engine: what could not be asked is inconclusive then.\n\nA version "
		"that is too old warns, because a distribution may have fixed it without changing "
		"the number; where verify measured the very thing for all tenants, that "
		"decides. A release as its makers published it fails when nothing else speaks for "
		"it.\n\n"
		"With --fix, sysctls are set and kept in /etc/sysctl.d/60-tenantctl.conf, and "
		"folders of tenantctl are closed to others. Each change is shown with the command "
		"that takes it back; nothing else is ever changed. Without a terminal to ask on it "
		"needs --yes.\n\nThe exit status is 1 when a check failed or was inconclusive; "
		"warnings do not count. With -v every check is shown. In other formats the report "
		"has the form of verify's, with 'host' for a tenant.",
	.example = "  tenantctl doctor\n"
		   "  tenantctl doctor --only doctor.engine. -v\n"
		   "  tenantctl doctor --fix",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.exclusive = exclusive,
	.exclusive_count = ARRAY_SIZE(exclusive),
	.flags = CMD_ROOT | CMD_CONTEXT | CMD_FIREWALL,
	.run = run_doctor,
};
