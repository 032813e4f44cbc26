/* Finds the references of a check, and where each kind of them is published. */
#include "domain/source.h"

#include <ctype.h>
#include <string.h>

#include "base/compiler.h"
#include "doctor_judges.h"
#include "source_tables.h"

#define SEPARATOR ", "

/* What follows `name` in a reference takes the place of the star in the address. */
static const struct {
	const char *name, *uri;
} kinds[] = {
	{ "CVE-", "https://www.cve.org/CVERecord?id=CVE-*" },
	{ "CWE-", "https://cwe.mitre.org/data/definitions/*.html" },
	{ "RFC ", "https://www.rfc-editor.org/rfc/rfc*" },
	{ "moby #", "https://github.com/moby/moby/issues/*" },
	{ "Docker Engine ", "https://docs.docker.com/engine/release-notes/*/" },
	{ "docs.docker.com/", "https://docs.docker.com/*/" },
	{ "docs.kernel.org/", "https://docs.kernel.org/*.html" },
	{ "gvisor.dev/", "https://gvisor.dev/docs/*/" },
	{ "CIS Docker ", "https://www.cisecurity.org/benchmark/docker" },
	{ "amicontained", "https://github.com/genuinetools/amicontained" },
	{ "deepce", "https://github.com/stealthcopter/deepce" },
	{ "CDK", "https://github.com/cdk-team/CDK" },
	{ "BOtB", "https://github.com/brompwnie/botb" },
	{ "kube-hunter", "https://github.com/aquasecurity/kube-hunter" },
	{ "Cyclonus", "https://github.com/mattfenwick/cyclonus" },
	{ "agent-vault", "https://github.com/Infisical/agent-vault" },
	{ "gh-aw-firewall", "https://github.com/github/gh-aw-firewall" },
	{ "Firecracker",
	  "https://github.com/firecracker-microvm/firecracker/blob/main/docs/prod-host-setup.md" },
};

const char *source_of(const char *id)
{
	static const struct source *(*const tables[])(size_t *) = {
		source_worker_all, source_network_all, source_twin_all,
		source_host_all,   source_drill_all,
	};

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		size_t count;
		const struct source *all = tables[t](&count);

		for (size_t i = 0; i < count; i++)
			if (!strcmp(all[i].id, id))
				return all[i].text;
	}
	return version_rule_flaws(id);
}

void source_references(const char *id, struct strlist *out)
{
	const char *p = source_of(id);

	while (p && *p) {
		const char *end = strstr(p, SEPARATOR);

		strlist_addf(out, "%.*s", end ? (int)(end - p) : (int)strlen(p), p);
		p = end ? end + strlen(SEPARATOR) : NULL;
	}
}

/* "capabilities(7)": the page of that section */
static bool manual_uri(const char *reference, struct strbuf *out)
{
	const char *open = strchr(reference, '(');

	if (!open || open == reference || !isdigit((unsigned char)open[1]) ||
	    strcmp(open + 2, ")") != 0)
		return false;
	strbuf_printf(out, "https://man7.org/linux/man-pages/man%c/%.*s.%c.html", open[1],
		      (int)(open - reference), reference, open[1]);
	return true;
}

bool source_uri(const char *reference, struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t len = strlen(kinds[i].name);
		const char *star = strchr(kinds[i].uri, '*');

		if (strncmp(reference, kinds[i].name, len) != 0)
			continue;
		if (!star)
			strbuf_puts(out, kinds[i].uri);
		else
			strbuf_printf(out, "%.*s%s%s", (int)(star - kinds[i].uri), kinds[i].uri,
				      reference + len, star + 1);
		return true;
	}
	return manual_uri(reference, out);
}
