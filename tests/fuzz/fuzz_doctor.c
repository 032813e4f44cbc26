/* Text that doctor reads of others: versions, daemon.json, the kept sysctls. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/doctor.h"
#include "domain/version.h"
#include "../support/doctor_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_versions(const char *text)
{
	static const char *const fixed[] = { "1.2.3", "2.0.0", NULL };
	struct version v;

	if (version_parse(text, &v))
		(void)version_has_fix(&v, fixed);
	(void)!version_of_kernel(text, text, text, &v);
	(void)!version_of_kernel("6.1.0-1", text, text, &v);
}

static void read_config(const char *text)
{
	struct strlist args = { 0 };
	struct daemon_config c;
	struct err e = ERR_INIT;

	strlist_add(&args, "dockerd");
	strlist_add(&args, text);
	strlist_add(&args, "--host");
	if (daemon_config_read(text, &args, &c, &e) == 0)
		daemon_config_free(&c);
	if (daemon_config_read(NULL, &args, &c, &e) == 0)
		daemon_config_free(&c);
	strlist_free(&args);
}

/* Written once, it stays as it is. */
static void keep_sysctls(const char *text)
{
	char name[] = "a.b", before[] = "0", after[] = "1";
	struct doctor_fix fix = {
		.kind = FIX_SYSCTL, .target = name, .before = before, .after = after
	};
	struct doctor_fixes f = { .items = &fix, .count = 1 };
	struct strbuf first = STRBUF_INIT(1 << 20), second = STRBUF_INIT(1 << 20);

	doctor_sysctl_file(text, &f, &first);
	doctor_sysctl_file(strbuf_str(&first), &f, &second);
	if (strcmp(strbuf_str(&first), strbuf_str(&second)) != 0)
		abort();
	strbuf_free(&first);
	strbuf_free(&second);
}

/* What a runtime says of itself. */
static void read_releases(const char *text)
{
	static const char *const names[] = { "runsc", "kata" };
	struct strlist only = { 0 };
	struct doctor_fixture x;
	struct findings f;

	doctor_fixture_make(&x);
	x.in.now = 1793491200;
	strlist_add(&only, "doctor.runtime.");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct engine_runtime *r;

		fixture_runtime(&x, names[i], "", "", NULL);
		r = (struct engine_runtime *)x.engine.runtime_details.items +
		    x.engine.runtime_details.count - 1;
		r->version = mem_strdup(text);
	}
	doctor_run(&x.in, &only, &f);
	findings_free(&f);
	strlist_free(&only);
	doctor_fixture_free(&x);
}

/* Whatever the rules are, following them ends. */
static void read_firewall(const char *text)
{
	struct strlist bridges = { 0 }, accepts = { 0 };
	struct firewall f;
	struct err e = ERR_INIT;

	if (firewall_parse(text, &f, &e))
		return;
	strlist_add(&bridges, "tc-acme");
	(void)!firewall_early_accepts(&f, &bridges, &accepts);
	(void)!firewall_isolates(&f, "tc-acme", FIREWALL_IN);
	(void)!firewall_isolates(&f, "tc-acme", FIREWALL_OUT);
	(void)!firewall_parts_members(&f, "tc-egress");
	(void)!firewall_closes(&f, "tc-egress");
	strlist_free(&accepts);
	strlist_free(&bridges);
	firewall_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_strndup((const char *)data, strnlen((const char *)data, size));

	read_versions(text);
	read_config(text);
	read_firewall(text);
	read_releases(text);
	keep_sysctls(text);
	return 0;
}
