/*
 * Releases of runtimes that put more than namespaces between a tenant and the host. They
 * say themselves which they are, each in its own words. A warning where they do not: what
 * can never be known would make every host with one fail for good.
 */
#include <string.h>

#include "base/mem.h"
#include "doctor_judges.h"

#define EVIDENCE "engine: GET /info Runtimes; what the runtime's own --version prints"
#define SECONDS_OF_DAY 86400
#define GVISOR_FIXED 20260817 /* CVE-2026-96812 */
#define GVISOR_DAYS_MAX 180

static bool is_of(const struct engine_runtime *r, const char *word)
{
	return strstr(r->name, word) || strstr(r->path, word) || strstr(r->type, word);
}

/* Days from 1970-01-01 to a day of the Gregorian calendar; years begin in March, so that the day
 * that comes and goes is the last. */
static int64_t days_of(unsigned date)
{
	int64_t year = date / 10000, month = date / 100 % 100, day = date % 100;
	int64_t of_year;

	if (month <= 2)
		year--;
	of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return 365 * year + year / 4 - year / 100 + year / 400 + of_year - 719468;
}

/* "runsc version release-20260817.0": the date, or 0. */
static unsigned gvisor_date(const char *text)
{
	static const char mark[] = "release-";
	const char *at = text ? strstr(text, mark) : NULL;
	unsigned date = 0;

	if (!at)
		return 0;
	at += sizeof(mark) - 1;
	if (strspn(at, "0123456789") != 8)
		return 0;
	for (int i = 0; i < 8; i++)
		date = date * 10 + (unsigned)(at[i] - '0');
	return date / 100 % 100 - 1 < 12 && date % 100 - 1 < 31 && date > 19700101 ? date : 0;
}

static void judge_gvisor(const struct doctor_input *in, const struct engine_runtime *r,
			 struct complaints *bad, struct complaints *unknown)
{
	unsigned date = gvisor_date(r->version);
	int64_t age = date && in->now ? in->now / SECONDS_OF_DAY - days_of(date) : 0;

	if (!date)
		complain(unknown, "runtime %s is registered, and does not say which release it is",
			 r->name);
	else if (date < GVISOR_FIXED)
		complain(bad, "runtime %s is release-%u, with CVE-2026-96812", r->name, date);
	else if (age > GVISOR_DAYS_MAX)
		complain(bad, "runtime %s is release-%u, %lld days old", r->name, date,
			 (long long)age);
}

/* "kata-runtime  : 3.17.0", or "... containerd shim (Golang): id: ..., version: 3.17.0, commit:
 * ..." */
static bool kata_version(const char *text, struct version *out)
{
	static const char blanks[] = " \t\n,";

	for (const char *p = text ? text : ""; *p; p += strcspn(p, blanks)) {
		p += strspn(p, blanks);
		if (strcspn(p, ".") < strcspn(p, blanks) && version_parse(p, out))
			return true;
	}
	return false;
}

static void judge_kata(const struct engine_runtime *r, struct complaints *bad,
		       struct complaints *doubtful)
{
	static const char *const fixed[] = { "3.31.0", NULL }, *const listed[] = { "4.3.0", NULL };
	struct version v;

	if (!kata_version(r->version, &v))
		complain(doubtful, "runtime %s is registered, and does not say which version it is",
			 r->name);
	else if (!version_has_fix(&v, fixed))
		complain(bad, "runtime %s is %u.%u.%u, with CVE-2026-47243", r->name, v.part[0],
			 v.part[1], v.part[2]);
	else if (!version_has_fix(&v, listed))
		complain(doubtful,
			 "runtime %s is %u.%u.%u, where every annotation is taken that no list "
			 "forbids",
			 r->name, v.part[0], v.part[1], v.part[2]);
}

static void conclude(struct finding *f, struct complaints *bad, struct complaints *doubtful,
		     size_t count, const char *name)
{
	if (count == 0)
		judge_skip(f, "%s is not registered", name);
	else if (bad->count > 0)
		judge_complaints(f, bad, "none");
	else
		judge_remarks(f, doubtful, "%zu runtimes, none older", count);
	complaints_free(bad);
	complaints_free(doubtful);
}

void judge_runtime_gvisor_release(const struct doctor_input *in, struct finding *f)
{
	struct complaints bad = COMPLAINTS_INIT, doubtful = COMPLAINTS_INIT;
	const struct engine_runtime *r;
	size_t count = 0;

	judge_expect(f, "release-%d or newer, and at most %d days old", GVISOR_FIXED,
		     GVISOR_DAYS_MAX);
	judge_evidence(f, EVIDENCE);
	if (!have_engine(in, f))
		return;
	r = in->engine->runtime_details.items;
	for (size_t i = 0; i < in->engine->runtime_details.count; i++)
		if (is_of(&r[i], "runsc")) {
			judge_gvisor(in, &r[i], &bad, &doubtful);
			count++;
		}
	conclude(f, &bad, &doubtful, count, "gVisor");
}

void judge_runtime_kata(const struct doctor_input *in, struct finding *f)
{
	struct complaints bad = COMPLAINTS_INIT, doubtful = COMPLAINTS_INIT;
	const struct engine_runtime *r;
	size_t count = 0;

	judge_expect(f, "3.31.0 or newer, annotations allowed by a list (4.3.0)");
	judge_evidence(f, EVIDENCE);
	if (!have_engine(in, f))
		return;
	r = in->engine->runtime_details.items;
	for (size_t i = 0; i < in->engine->runtime_details.count; i++)
		if (is_of(&r[i], "kata")) {
			judge_kata(&r[i], &bad, &doubtful);
			count++;
		}
	conclude(f, &bad, &doubtful, count, "Kata");
}
