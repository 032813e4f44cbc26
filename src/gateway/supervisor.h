/*
 * The state of gateway-init, and the parts that work on all of it. One thread, one
 * loop; whatever waits, waits a bounded time and forwards the children's output
 * meanwhile.
 */
#ifndef GATEWAY_SUPERVISOR_H
#define GATEWAY_SUPERVISOR_H

#include "child.h"
#include "daily.h"
#include "hacli.h"
#include "rules.h"
#include "set.h"

#define FOLDER_SET "/etc/gateway/set"
#define FOLDER_NEXT "/etc/gateway/next"
#define FOLDER_STATE "/var/lib/gateway"
#define FOLDER_RUN "/run/gateway"

#define OLD_MAX 4

/* One HAProxy process, or the lack of it. */
struct proxy {
	struct child child;
	struct hacli cli;
	unsigned cli_number; /* of its socket */
	unsigned generation;
	struct rules rules; /* what its configuration allows */
	bool counts;	    /* it has a table of daily counts */
	bool unseeded;	    /* that does not hold yet what was counted before */
	bool seed_failed;   /* once or more since its start */
	bool given_up;	    /* killed, as it did not answer */
	/* When last asked: open connections, and lines of its log that it dropped. */
	uint32_t connections, lost;
};

/* A copy of a set that was accepted, or is on trial. */
struct generation {
	unsigned number; /* of its folder, FOLDER_RUN/gNUMBER */
	struct set_id id;
};

struct supervisor {
	struct events events;
	int signal_fd;
	unsigned last_generation, last_cli;
	struct generation generation; /* in use */
	char replaced[SET_ID + 1];    /* the id of the one before, "" if there was none */
	struct child dnsmasq;
	struct proxy *current, *starting; /* starting: on trial, or NULL */
	/* Oldest first; they end with their connections. One more only while room is made. */
	struct proxy *old[OLD_MAX + 1];
	size_t old_count;
	struct daily daily;
	bool stopping;
	long long stop_soft, stop_hard; /* monotonic milliseconds, as those below */
	long long look_at_old, look_at_counts, forwarded;
};

/* ---- proxy.c: HAProxy processes ------------------------------------------------------------ */

struct proxy *proxy_new(void); /* NULL without memory */
void proxy_free(struct proxy *p);

/* Starts HAProxy from the folder of `g` and waits until it answers, with the listeners of `from` if
 * that is not NULL. False when it does not: then it is dead and reaped. */
bool proxy_start(struct supervisor *s, struct proxy *p, const struct generation *g,
		 const struct proxy *from);

/* Whether a process answers. One that does not is killed: it serves nobody, and nothing can be cut
 * in it. */
bool proxy_answers(struct supervisor *s, struct proxy *p);

/* Lets HAProxy check the configuration in the folder of `g`. */
bool proxy_check(struct supervisor *s, const struct generation *g, char said[CHILD_SAID]);

/* Opens the interface again after a failed answer, where the process still takes connections. */
void proxy_reach(struct proxy *p);

/* Gives a running process the keys and patterns of a set, without the keys of routes that are cut
 * in it. */
bool proxy_swap(struct proxy *p, const char *folder);

/* Marks the rules of `p` that nothing in force covers, and lets no more connections use them. */
void proxy_mark(struct supervisor *s, struct proxy *p);
/* Ends the connections of marked rules. */
void proxy_sweep(struct supervisor *s, struct proxy *p);

/* Whether a process that stops softly is held up by nothing but gateway-init's own connection. */
bool proxy_is_idle(struct supervisor *s, struct proxy *p);

/* Asks for the open connections, and says how many lines of its log a process has dropped. */
bool proxy_look(struct supervisor *s, struct proxy *p);

/* Daily counts. A configuration refuses routes with a daily limit while the row "ready" is not in
 * its table, so that no request goes uncounted between two processes or is counted from zero.
 * Takes the counts of the process in use; gives a new one those that are known, and its row. */
void proxy_sync_counts(struct supervisor *s, struct proxy *p);
/* Takes the last counts of a process, which counts no more. */
void proxy_close_counts(struct supervisor *s, struct proxy *p);

/* ---- reload.c: generations ----------------------------------------------------------------- */

void generation_folder(const struct generation *g, char out[32]);

/* Takes the set that gateway-init starts with; false when it is refused. */
bool reload_first(struct supervisor *s);
/* Takes the candidate, or else the set: what runs goes on unless all of it is accepted. */
void reload(struct supervisor *s);

bool dnsmasq_start(struct supervisor *s);

/* ---- state.c: what is written for tenantctl, and read again -------------------------------- */

/* The folder outlives the container: what another one wrote says nothing about this one. */
void state_forget_status(struct supervisor *s);
void state_status(struct supervisor *s, const char *id, const char *error);
void state_read_daily(struct supervisor *s);
void state_write_daily(struct supervisor *s); /* if there is news */

/* ---- supervisor.c -------------------------------------------------------------------------- */

/* Forwards what the children say, for at most `ms` milliseconds. */
void supervisor_pump(struct supervisor *s, int ms);
/* Frees and forgets what has ended. */
void supervisor_reap(struct supervisor *s);

#endif
