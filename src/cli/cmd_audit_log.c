/* audit log: what was changed and proved on this host, and whether the log of it is whole. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "ops/audit_log.h"
#include "select.h"
#include "table.h"

#define LINES_DEFAULT 50
#define LINES_MAX 10000000

enum log_column {
	C_SEQ,
	C_TIME,
	C_EVENT,
	C_WHO,
	C_COMMAND,
	C_TENANT,
	C_RESULT,
	C_WHAT,
	C_UID,
	C_LOGIN,
	C_SUDO,
	C_PID,
	C_OF,
	C_ERROR,
	C_MANIFEST,
	C_SHA256,
	COLUMNS
};

static const struct column columns[COLUMNS] = {
	[C_SEQ] = { "NUMBER", "seq", COLUMN_COUNT, false },
	[C_TIME] = { "TIME", "time", COLUMN_TEXT, false },
	[C_EVENT] = { "EVENT", "event", COLUMN_TEXT, false },
	[C_WHO] = { "WHO", NULL, COLUMN_TEXT, false },
	[C_COMMAND] = { "COMMAND", "command", COLUMN_TEXT, false },
	[C_TENANT] = { "TENANT", "tenant", COLUMN_TEXT, false },
	[C_RESULT] = { "RESULT", "result", COLUMN_TEXT, false },
	[C_WHAT] = { "WHAT", "what", COLUMN_TEXT, true },
	[C_UID] = { NULL, "uid", COLUMN_COUNT, false },
	[C_LOGIN] = { NULL, "login_uid", COLUMN_TEXT, false },
	[C_SUDO] = { NULL, "sudo_uid", COLUMN_TEXT, false },
	[C_PID] = { NULL, "pid", COLUMN_COUNT, false },
	[C_OF] = { NULL, "of", COLUMN_COUNT, false },
	[C_ERROR] = { NULL, "error", COLUMN_TEXT, false },
	[C_MANIFEST] = { NULL, "manifest", COLUMN_TEXT, false },
	[C_SHA256] = { NULL, "sha256", COLUMN_TEXT, false },
};

struct row {
	struct cell cells[COLUMNS];
};

struct rows { /* the last `max` that were asked for, as a ring */
	const char *tenant, *since;
	struct row *items;
	size_t max, seen, room;
};

static void row_free(struct row *r)
{
	for (size_t i = 0; i < COLUMNS; i++)
		free(r->cells[i].text);
	*r = (struct row){ 0 };
}

static void rows_free(struct rows *r)
{
	for (size_t i = 0; i < r->room; i++)
		row_free(&r->items[i]);
	free(r->items);
}
#define auto_rows cleanup_with(rows_free)

static bool is_wanted(const struct rows *r, const struct audit_record *record)
{
	if (r->tenant && (!record->tenant || strcmp(record->tenant, r->tenant) != 0))
		return false;
	return !r->since || strcmp(record->time, r->since) >= 0;
}

static struct row *next_row(struct rows *r)
{
	size_t i = r->max ? r->seen % r->max : r->seen;

	if (i >= r->room) {
		size_t room = r->room ? 2 * r->room : 64;

		r->items = mem_grow(r->items, room, sizeof(*r->items));
		memset(r->items + r->room, 0, (room - r->room) * sizeof(*r->items));
		r->room = room;
	}
	r->seen++;
	row_free(&r->items[i]);
	return &r->items[i];
}

static char *uid_text(int64_t uid)
{
	return uid == AUDIT_NO_UID ? NULL : mem_printf("%" PRId64, uid);
}

static char *joined(const struct strlist *l)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(AUDIT_LINE_MAX);

	for (size_t i = 0; i < l->count; i++)
		strbuf_printf(&b, "%s%s", i ? "; " : "", l->items[i]);
	return strbuf_take(&b);
}

/* Who stood behind root: whoever logged in, else whoever called sudo. */
static char *who_text(const struct audit_record *r)
{
	if (r->login_uid != AUDIT_NO_UID)
		return mem_printf("login %" PRId64, r->login_uid);
	if (r->sudo_uid != AUDIT_NO_UID)
		return mem_printf("sudo %" PRId64, r->sudo_uid);
	return mem_printf("uid %" PRId64, r->uid);
}

static enum output_color color_of(const struct audit_record *r)
{
	if (!r->result)
		return r->event == AUDIT_NOTE ? COLOR_WARN : COLOR_NONE;
	return strcmp(r->result, "done") == 0 || strcmp(r->result, "pass") == 0 ? COLOR_GOOD
										: COLOR_BAD;
}

static void add_line(void *arg, const struct audit_log_line *l)
{
	const struct audit_record *r = l->record;
	struct rows *rows = arg;
	struct cell *c;

	if (!is_wanted(rows, r))
		return;
	c = next_row(rows)->cells;
	c[C_SEQ].number = r->seq;
	cell_text(&c[C_TIME], r->time);
	cell_text(&c[C_EVENT], audit_event_name((enum audit_event)r->event));
	c[C_WHO].text = who_text(r);
	cell_text(&c[C_COMMAND], r->command);
	cell_text(&c[C_TENANT], r->tenant);
	cell_text(&c[C_RESULT], r->result);
	c[C_RESULT].color = color_of(r);
	c[C_WHAT].text = joined(&r->what);
	c[C_UID].number = r->uid;
	c[C_LOGIN].text = uid_text(r->login_uid);
	c[C_SUDO].text = uid_text(r->sudo_uid);
	c[C_PID].number = r->pid;
	c[C_OF].number = r->of;
	cell_text(&c[C_ERROR], r->error);
	cell_text(&c[C_MANIFEST], r->manifest);
	cell_text(&c[C_SHA256], l->sha256);
}

static void fill_table(struct rows *r, struct table *t)
{
	size_t count = r->max ? MIN_OF(r->seen, r->max) : r->seen;

	table_init(t, columns, COLUMNS);
	for (size_t i = r->seen - count; i < r->seen; i++) {
		struct row *row = &r->items[r->max ? i % r->max : i];

		memcpy(table_row(t), row->cells, sizeof(row->cells));
		*row = (struct row){ 0 }; /* the table's now */
	}
}

static void put_json(struct output *o, const struct table *t, const struct audit_state *s)
{
	struct node *root = output_document();
	struct node *chain = node_set_object(root, "chain");

	node_set_int(chain, "records", (int64_t)s->records);
	node_set_int(chain, "first", s->first);
	node_set_int(chain, "last", s->last);
	node_set_str(chain, "sha256", s->last ? s->sha256 : NULL);
	node_set_bool(chain, "whole", !s->problem);
	node_set_str(chain, "problem", s->problem);
	node_set_str(chain, "unfinished", s->unfinished);
	node_set(root, "records", table_json(t));
	output_json(o, root);
}

static void put_text(struct output *o, const struct table *t, const struct audit_state *s)
{
	if (t->rows)
		table_print(t, o);
	else
		output_text(o, s->records ? "no record is about that\n" : "no records yet\n");
	if (s->unfinished) {
		output_safe(o, s->unfinished);
		output_text(o, ": half a record; a command was killed while it wrote. The next "
			       "one notes it\n");
	}
	if (s->records && !s->problem)
		output_printf(o,
			      "%zu records, %" PRId64 " to %" PRId64 ", chain whole; the last is "
			      "%s\n",
			      s->records, s->first, s->last, s->sha256);
}

/* A day, or a time as the log has it: both compare with it as text. */
static int check_since(const char *text, struct err *e)
{
	static const char pattern[] = "0000-00-00T00:00:00Z";
	size_t len = text ? strlen(text) : 0;
	bool good = len == 10 || len == sizeof(pattern) - 1;

	for (size_t i = 0; good && i < len; i++)
		good = pattern[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == pattern[i];
	if (!text || good)
		return 0;
	return err_set(e, ERR_USAGE, "--since takes 2026-01-31 or 2026-01-31T23:59:59Z (UTC)");
}

static int read_lines(const struct invocation *inv, size_t *out, struct err *e)
{
	const char *text = invocation_option(inv, "lines");
	int64_t n = LINES_DEFAULT;

	if (text && bind_parse_int(text, 0, LINES_MAX, &n, e)) {
		e->code = ERR_USAGE;
		return err_wrap(e, "--lines");
	}
	*out = (size_t)n;
	return 0;
}

static int run_log(struct invocation *inv, struct err *e)
{
	struct rows rows auto_rows = { .tenant = invocation_option(inv, "tenant"),
				       .since = invocation_option(inv, "since") };
	struct audit_state state auto_audit_state = { 0 };
	struct table t auto_table = { 0 };

	if ((rows.tenant && tenant_name_check(rows.tenant, ERR_USAGE, e)) ||
	    check_since(rows.since, e) || read_lines(inv, &rows.max, e) ||
	    audit_read(inv->ctx->root, add_line, &rows, &state, e))
		return -1;
	fill_table(&rows, &t);
	if (inv->out->json)
		put_json(inv->out, &t, &state);
	else
		put_text(inv->out, &t, &state);
	if (!state.problem)
		return 0;
	err_set(e, ERR_CHECK, "the audit log is not whole: %s", state.problem);
	return err_hint(e, "what it says from there on is not proved; compare it with copies kept "
			   "elsewhere");
}

static const struct option_def options[] = {
	{ .name = "tenant",
	  .placeholder = "NAME",
	  .arg = ARG_TENANT,
	  .help = "only records of this tenant" },
	{ .name = "since",
	  .placeholder = "TIME",
	  .arg = ARG_TEXT,
	  .help = "only from this day or time on (UTC): 2026-01-31 or 2026-01-31T23:59:59Z" },
	{ .name = "lines",
	  .letter = 'n',
	  .placeholder = "N",
	  .arg = ARG_TEXT,
	  .help = "only the last N records (default 50); 0 is all" },
};

const struct command cmd_audit_log = {
	.name = "audit log",
	.operands = "",
	.summary = "Shows what was changed and proved, and checks that the log is whole",
	.description =
		"Every command that changes something is recorded before it begins and when it "
		"ended, every verification when it ended: when, by whom (the user who logged in, "
		"else who called sudo), which tenant, what in short, and the result. A begin "
		"without an end is a command that was killed. When its begin cannot be recorded, "
		"a command changes nothing, but for those that only take away (stop, egress "
		"revoke), which go on; what has no record of its end says so, and the exit status "
		"is 6.\n\n"
		"The log is /var/log/tenantctl/audit.jsonl, a record a line; every record has the "
		"SHA-256 of the line before it. At 8 MiB another file is begun, and 16 older ones "
		"are kept. The hash of the last line is kept apart as well, in "
		"/var/lib/tenantctl/audit.head.\n\n"
		"The whole log is checked, whatever is shown. The exit status is 1 when a line was "
		"changed, taken out, put in or moved, or when the beginning or the end is missing. "
		"What a killed command or a power cut left half written is kept, noted by the "
		"next record, and no failure. Whoever is root can make a new log with a new chain: "
		"the number and hash that this prints, and those of evidence packs, are what to "
		"compare it with.",
	.example = "  tenantctl audit log\n"
		   "  tenantctl audit log --tenant acme-dental --since 2026-10-01 -n 0\n"
		   "  tail -n 1 /var/log/tenantctl/audit.jsonl | tr -d '\\n' | sha256sum",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.flags = CMD_ROOT | CMD_CONTEXT,
	.run = run_log,
};
