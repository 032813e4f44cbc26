/* logs: what a worker or gateway wrote, with control bytes escaped. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "commands.h"
#include "select.h"

#define TAIL_MAX 1000000

struct log_printer {
	struct output *out;
	bool follow;
};

/* Tab and newline shape text; everything else that is no character could steer the terminal. */
static int print_chunk(void *arg, const struct log_line *line)
{
	struct log_printer *p = arg;
	struct err ignored = ERR_INIT;
	size_t from = 0;

	for (size_t i = 0; i <= line->len; i++) {
		auto_strbuf struct strbuf text = STRBUF_INIT(STRBUF_TEXT_MAX);

		if (i < line->len && line->data[i] != '\n' && line->data[i] != '\t')
			continue;
		strbuf_escape(&text, line->data + from, i - from);
		if (i < line->len)
			strbuf_putc(&text, line->data[i]);
		output_bytes(p->out, strbuf_str(&text), text.len);
		from = i + 1;
	}
	/* a follower wants to see it now, and must not go on when nobody reads any more */
	if (p->follow)
		return output_flush(p->out, &ignored);
	return p->out->sys_errno != 0;
}

/* Whoever follows a log ends it with Ctrl-C; all that was printed is out already. */
static void end_follow(int signal unused_arg)
{
	_exit(0);
}

static int run_logs(struct invocation *inv, struct err *e)
{
	struct log_printer printer = { .out = inv->out, .follow = invocation_flag(inv, "follow") };
	struct logs_options o = { .follow = printer.follow,
				  .gateway = invocation_flag(inv, "gateway"),
				  .tail = -1,
				  .sink = print_chunk,
				  .sink_arg = &printer };
	const char *tail = invocation_option(inv, "tail");
	const char *tenant;
	int64_t n;

	if (select_name(inv, &tenant, e))
		return -1;
	if (inv->out->json)
		return err_set(e, ERR_USAGE, "logs: --format json is not for logs");
	if (tail) {
		if (bind_parse_int(tail, 0, TAIL_MAX, &n, e)) {
			e->code = ERR_USAGE;
			return err_wrap(e, "--tail");
		}
		o.tail = (long)n;
	}
	if (o.follow)
		signal(SIGINT, end_follow);
	return ops_logs(inv->ctx, tenant, &o, e) ? name_tenant(e, tenant) : 0;
}

static const struct option_def options[] = {
	{ .name = "follow", .letter = 'f', .help = "go on as more is written, over restarts too" },
	{ .name = "gateway", .help = "the gateway's log: who was reached and who was refused" },
	{ .name = "tail", .letter = 'n', .placeholder = "N", .help = "only the last N lines" },
};

const struct command cmd_logs = {
	.name = "logs",
	.operands = "NAME",
	.summary = "Prints what a worker or gateway wrote",
	.description =
		"Control bytes are printed as \\xHH. With -f it ends with Ctrl-C, or when the "
		"container does not come back within 30 seconds.",
	.example = "  tenantctl logs acme-dental -f\n  tenantctl logs acme-dental --gateway -n 20",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.min_args = 1,
	.max_args = 1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE,
	.run = run_logs,
};
