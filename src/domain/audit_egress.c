/*
 * Egress rules over time: what nobody uses, what is past its date, what lets more
 * through than anybody asked for.
 */
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "domain/audit.h"
#include "domain/egress.h"

enum { DAY = 86400 };

/* Domains below which anybody gets a name in minutes, so that a wildcard lets a worker send what it
 * knows to whoever asks for it. Not a list of public suffixes: these are allowed in good faith. */
static const char *const shared[] = {
	"amazonaws.com",
	"cloudfront.net",
	"azurewebsites.net",
	"azureedge.net",
	"core.windows.net",
	"cloudapp.azure.com",
	"appspot.com",
	"run.app",
	"cloudfunctions.net",
	"googleusercontent.com",
	"firebaseapp.com",
	"web.app",
	"herokuapp.com",
	"github.io",
	"githubusercontent.com",
	"gitlab.io",
	"workers.dev",
	"pages.dev",
	"r2.dev",
	"vercel.app",
	"netlify.app",
	"onrender.com",
	"fly.dev",
	"ngrok.io",
	"ngrok.app",
	"ngrok-free.app",
	"trycloudflare.com",
	"digitaloceanspaces.com",
	"ondigitalocean.app",
	"supabase.co",
	"deno.dev",
	"repl.co",
	"glitch.me",
	"surge.sh",
	"webhook.site",
	"pipedream.net",
	"requestcatcher.com",
	"blogspot.com",
	"wordpress.com",
	"myshopify.com",
	"duckdns.org",
	"dyndns.org",
	"nip.io",
	"sslip.io",
};

static bool is_wildcard(const char *host)
{
	return strncmp(host, "*.", 2) == 0;
}

/* True when `name` is `domain` or below it. */
static bool is_below(const char *name, const char *domain)
{
	size_t n = strlen(name), d = strlen(domain);

	return n >= d && strcasecmp(name + n - d, domain) == 0 &&
	       (n == d || name[n - d - 1] == '.');
}

const char *audit_shared_suffix(const char *wildcard)
{
	if (!is_wildcard(wildcard))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (is_below(wildcard + 2, shared[i]) || is_below(shared[i], wildcard + 2))
			return shared[i];
	return NULL;
}

static void set_time(struct node *row, const char *key, int64_t seconds)
{
	time_t t = (time_t)seconds;
	char text[32] = "";
	struct tm tm;

	if (seconds > 0 && gmtime_r(&t, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	node_set_str(row, key, *text ? text : NULL);
}

static int64_t denied_of(const struct egress_state *s, const char *rule)
{
	const struct egress_denial *d = s->denials.items;
	int64_t n = 0;

	for (size_t i = 0; i < s->denials.count; i++)
		if (d[i].rule && !strcmp(d[i].rule, rule))
			n += d[i].count;
	return n;
}

/* A word for the rule's row; the findings say it in full. */
static void note(struct strbuf *n, const char *word)
{
	strbuf_printf(n, "%s%s", n->len ? ", " : "", word);
}

static void judge_width(const struct egress_entry *x, const char *id, struct findings *f,
			struct strbuf *n)
{
	const char *suffix = audit_shared_suffix(x->host);

	if (suffix) {
		note(n, "shared domain");
		audit_add(f, "audit.egress.shared", VERDICT_FAIL, id,
			  "anybody can get a name below %s", suffix);
	} else if (is_wildcard(x->host)) {
		note(n, "wildcard");
		audit_add(f, "audit.egress.wildcard", VERDICT_WARN, id,
			  "every name below %s is allowed", x->host + 2);
	}
	if (x->private_ok) {
		note(n, "private");
		audit_add(f, "audit.egress.private", VERDICT_WARN, id,
			  "private addresses may be reached");
	}
}

static void judge_age(const struct audit_egress_input *in, const struct egress_use *use,
		      const char *expires, const char *id, struct findings *f, struct strbuf *n)
{
	switch (egress_review(use, expires, in->now, in->unused_for)) {
	case EGRESS_EXPIRED:
		note(n, "expired");
		audit_add(f, "audit.egress.expired", VERDICT_FAIL, id, "expired on %s", expires);
		return;
	case EGRESS_UNUSED:
		note(n, "unused");
		audit_add(f, "audit.egress.unused", VERDICT_WARN, id, "not used for %lld days",
			  (long long)(in->unused_for / DAY));
		break;
	case EGRESS_KEEP:
		break;
	}
	/* what will be past its date then */
	if (expires && egress_review(use, expires, in->now + in->expires_within, INT64_MAX) ==
			       EGRESS_EXPIRED) {
		note(n, "expiring");
		audit_add(f, "audit.egress.expiring", VERDICT_WARN, id, "expires on %s", expires);
	}
}

static void put_row(const struct audit_egress_input *in, const char *id,
		    const struct egress_use *use, const char *expires, const char *reason,
		    const struct strbuf *n, struct node *rows)
{
	static const struct egress_use none = { 0 };
	struct node *row = node_push_object(rows);

	use = use ? use : &none;
	node_set_str(row, "rule", id);
	node_set_int(row, "hits", use->hits);
	node_set_int(row, "denied", denied_of(in->state, id));
	set_time(row, "last_used", use->last);
	set_time(row, "since", use->since);
	node_set_str(row, "expires", expires);
	node_set_str(row, "note", n->len ? strbuf_str(n) : NULL);
	node_set_str(row, "reason", reason);
}

static void judge_denials(const struct egress_state *s, struct findings *f)
{
	const struct egress_denial *d = s->denials.items, *most = NULL;
	int64_t n = s->forgotten;

	for (size_t i = 0; i < s->denials.count; i++) {
		n += d[i].count;
		if (!most || d[i].count > most->count)
			most = &d[i];
	}
	if (n)
		audit_add(f, "audit.egress.denied", VERDICT_WARN, "refusals",
			  "%lld in %zu groups%s%s", (long long)n, s->denials.count,
			  most ? ", most often " : "", most ? most->what : "");
}

void audit_egress(const struct audit_egress_input *in, struct findings *f, struct node *rows)
{
	const struct egress_entry *entries = in->spec->egress.items;
	const struct credential_entry *credentials = in->spec->credentials.items;

	for (size_t i = 0; i < in->spec->egress.count; i++) {
		const struct egress_entry *x = &entries[i];
		auto_free char *id = egress_rule_id(x);
		const struct egress_use *use = egress_state_use(in->state, id);
		struct strbuf n auto_strbuf = STRBUF_INIT(256);

		judge_age(in, use, x->expires, id, f, &n);
		judge_width(x, id, f, &n);
		put_row(in, id, use, x->expires, x->reason, &n, rows);
	}
	for (size_t i = 0; i < in->spec->credentials.count; i++) {
		auto_free char *id = credential_rule_id(&credentials[i]);
		const struct egress_use *use = egress_state_use(in->state, id);
		struct strbuf n auto_strbuf = STRBUF_INIT(256);

		judge_age(in, use, NULL, id, f, &n);
		put_row(in, id, use, NULL, NULL, &n, rows);
	}
	judge_denials(in->state, f);
}
