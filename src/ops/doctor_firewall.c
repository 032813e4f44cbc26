/*
 * The kernel's packet filter, through the tool that the engine itself uses: the tables
 * are an interface between it and the kernel that nobody else reads. It runs with an
 * empty environment and bounded time and output, and changes nothing.
 */
#include "doctor_gather.h"

#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/mem.h"
#include "domain/desired.h"
#include "ops/observe.h"

#define TOOL_TIMEOUT_MS 5000
#define ENGINES_CHAIN "DOCKER-USER"

static int run_tool(const char *path, struct firewall *out, struct err *e)
{
	const char *const argv[] = { path, NULL };
	struct strbuf text auto_strbuf = STRBUF_INIT(FIREWALL_BYTES_MAX);
	struct strbuf errors auto_strbuf = STRBUF_INIT(4096);
	const struct child_program program = {
		.argv = argv, .timeout_ms = TOOL_TIMEOUT_MS, .out = &text, .errors = &errors
	};
	int status = 0;

	if (child_run(&program, &status, e))
		return err_wrap(e, "%s", path);
	if (status != 0) {
		const char *said = strbuf_str(&errors);

		return err_set(e, ERR_SYSTEM, "%s: exit status %d: %.*s", path, status,
			       (int)MIN_OF(strcspn(said, "\n"), (size_t)200), said);
	}
	return firewall_parse(strbuf_str(&text), out, e) ? err_wrap(e, "%s", path) : 0;
}

/* Two kinds of tables may be in use side by side, and the engine writes to one of them. The other
 * ones only ever hold back more: what one accepts still has to pass the other. */
int doctor_firewall(struct firewall *out, struct err *e)
{
	static const char *const tools[] = { "/usr/sbin/iptables-save",
					     "/usr/sbin/iptables-nft-save",
					     "/usr/sbin/iptables-legacy-save",
					     "/sbin/iptables-save" };
	bool found = false;

	err_set(e, ERR_NOT_FOUND, "there is no /usr/sbin/iptables-save");
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		struct firewall f = { .rules = NULL };

		if (access(tools[i], X_OK) || run_tool(tools[i], &f, e))
			continue;
		if (found && !strlist_has(&f.chains, ENGINES_CHAIN)) {
			firewall_free(&f);
			continue;
		}
		firewall_free(out);
		*out = f;
		found = true;
		if (strlist_has(&f.chains, ENGINES_CHAIN))
			break;
	}
	if (!found)
		return -1;
	err_clear(e);
	return 0;
}

void doctor_bridges(struct context *c, const struct strlist *tenants, struct strlist *out,
		    bool *out_egress)
{
	for (size_t i = 0; i < tenants->count; i++) {
		auto_allocation struct allocation a = { 0 };
		struct err ignored = ERR_INIT;

		if (!observe_allocation(c, tenants->items[i], &a, &ignored) && a.bridge &&
		    if_nametoindex(a.bridge) != 0)
			strlist_add(out, a.bridge);
	}
	*out_egress = if_nametoindex(EGRESS_BRIDGE_NAME) != 0;
}
