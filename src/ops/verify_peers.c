/*
 * Who else is on this host. One list call to the engine and one visit of all network
 * namespaces serve every tenant that is verified within a few seconds: what was measured
 * before a run's processes were forked is theirs (verify_share), later ones share through
 * a file of root's, under a lock, dropped when the set of tenants changed since.
 */
#include "verify_peers.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/digest.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "domain/desired.h"
#include "domain/paths.h"
#include "ops/observe.h"
#include "verify_places.h"
#include "verify_share.h"

enum {
	TENANTS_MAX = 16384,
	SNAPSHOT_BYTES_MAX = 8 << 20,
	LOCK_WAIT_MS = 10000,
	PROCESS_TRIES = 64,
	CONTROL_TIMEOUT_MS = 700,
};

/* ---- allocations ---- */

static int load_allocations(struct context *c, struct peers *out, struct err *e)
{
	auto_free char *dir = path_of(c->root, PATH_TENANTS, NULL);
	struct strlist names auto_strlist = { 0 };

	if (fsio_list(dir, TENANTS_MAX, &names, e))
		return -1;
	out->items = mem_array(names.count + 1, sizeof(*out->items));
	for (size_t i = 0; i < names.count; i++) {
		struct peer *p = &out->items[out->count];

		if (!tenant_name_is_valid(names.items[i]))
			continue;
		if (observe_allocation(c, names.items[i], &p->allocation, e)) {
			/* Damage to one tenant's state must not stop every other worker; its own
			 * verification can't be completed. */
			if (e->code != ERR_NOT_FOUND)
				log_warn("tenant %s is left out: %s", names.items[i], e->message);
			err_clear(e);
			continue;
		}
		p->tenant = mem_strdup(names.items[i]);
		out->count++;
	}
	return 0;
}

static struct peer *find_peer(struct peers *p, const char *tenant)
{
	for (size_t i = 0; tenant && i < p->count; i++)
		if (!strcmp(p->items[i].tenant, tenant))
			return &p->items[i];
	return NULL;
}

/* Tells a snapshot of these tenants, in this run and boot, from any other. */
static void peers_digest(const struct peers *p, int64_t run_token, char out[DIGEST_HEX_SIZE])
{
	struct digest_state *d = digest_new();
	struct err ignored = ERR_INIT;
	char boot[64] = "", run[24];

	if (fsio_read_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot, sizeof(boot),
			 &ignored) < 0)
		boot[0] = '\0';
	snprintf(run, sizeof(run), "%lld", (long long)run_token);
	digest_field(d, "boot", boot);
	digest_field(d, "run", run);
	for (size_t i = 0; i < p->count; i++) {
		digest_field(d, "tenant", p->items[i].tenant);
		digest_field(d, "nonce", p->items[i].allocation.nonce);
	}
	digest_finish(d, out);
}

/* ---- who runs ---- */

static int mark_running(struct context *c, struct peers *p, struct err *e)
{
	static const char *const filter[] = { LABEL_NONCE };
	struct bind_list rows = { 0 };
	const struct container_row *row;

	if (client_container_list(c->client, filter, 1, &rows, e))
		return -1;
	row = rows.items;
	for (size_t i = 0; i < rows.count; i++) {
		struct peer *x = find_peer(p, strmap_get(&row[i].labels, LABEL_TENANT));
		const char *role = strmap_get(&row[i].labels, LABEL_ROLE);
		const char *nonce = strmap_get(&row[i].labels, LABEL_NONCE);

		if (!x || !role || !nonce || !x->allocation.nonce ||
		    strcmp(nonce, x->allocation.nonce) != 0 || !row[i].state ||
		    strcmp(row[i].state, "running") != 0)
			continue;
		if (!strcmp(role, ROLE_WORKER)) {
			memcpy(x->worker_id, row[i].id, sizeof(x->worker_id));
			x->running = true;
		} else if (!strcmp(role, ROLE_GATEWAY)) {
			memcpy(x->gateway_id, row[i].id, sizeof(x->gateway_id));
		}
	}
	container_rows_free(&rows);
	return 0;
}

/* The cgroup folder of `worker` below /sys/fs/cgroup, with the id cut out: head and tail. Peers of
 * the same engine differ in the id only, so no call to the engine is needed to find them. */
static int cgroup_pattern(const struct container_info *worker, char **head, char **tail,
			  struct err *e)
{
	auto_fd int root = -1;
	auto_fd int dir = -1;
	struct strlist lines auto_strlist = { 0 };

	if (proc_open_root("/proc", &root, e) ||
	    proc_open_pid(root, (pid_t)worker->state.pid, &dir, e) ||
	    proc_read_cgroup(dir, &lines, e))
		return -1;
	for (size_t i = 0; i < lines.count; i++) {
		const char *controller = strchr(lines.items[i], ':');
		const char *path = controller ? strchr(controller + 1, ':') : NULL;
		const char *id = path ? strstr(path, worker->id) : NULL;
		bool unified = !strncmp(lines.items[i], "0::", 3);
		auto_free char *folder = NULL;
		struct stat st;

		if (!id || (!unified && strncmp(controller, ":memory:", 8) != 0))
			continue;
		folder = mem_printf("/sys/fs/cgroup%s%.*s", unified ? "" : "/memory",
				    (int)(id - path - 1), path + 1);
		*tail = mem_printf("%s/cgroup.procs", id + strlen(worker->id));
		auto_free char *whole = mem_printf("%s%s%s", folder, worker->id, *tail);
		if (stat(whole, &st) == 0) {
			*head = take_ptr(folder);
			return 0;
		}
		free(*tail);
		*tail = NULL;
	}
	return err_set(e, ERR_SYSTEM, "the worker's cgroup could not be found");
}

static bool note_process(struct peer *p, int proc_root, pid_t pid)
{
	struct err ignored = ERR_INIT;
	auto_fd int dir = -1;

	if (pid <= 0 || proc_open_pid(proc_root, pid, &dir, &ignored))
		return false;
	for (int k = 0; k < NS_KINDS; k++)
		if (proc_ns_id(dir, ns_names[k], &p->ns[k].dev, &p->ns[k].ino, &ignored))
			p->ns[k] = (struct ns_id){ 0 };
	p->pid = pid;
	return p->ns[NS_NET].ino != 0;
}

/* A process of the peer's cgroup; its namespaces are noted. The first listed may be gone already: a
 * worker that forks all the time must not make its siblings' verification fail. */
static void find_process(struct peer *p, int proc_root, const char *head, const char *tail)
{
	auto_free char *path = mem_printf("%s%s%s", head, p->worker_id, tail);
	FILE *f = fopen(path, "re");
	int pid;

	if (!f) { /* stopped since the engine listed it */
		p->running = false;
		return;
	}
	for (int tries = 0; tries < PROCESS_TRIES && fscanf(f, "%d", &pid) == 1; tries++)
		if (note_process(p, proc_root, pid))
			break;
	fclose(f);
}

static void forget_measured(struct peers *p)
{
	for (size_t i = 0; i < p->count; i++)
		p->items[i] = (struct peer){ .tenant = p->items[i].tenant,
					     .allocation = p->items[i].allocation };
}

/* Of those that are marked as running. */
static int measure_marked(const char *head, const char *tail, struct peers *p, struct err *e)
{
	auto_fd int root = -1;

	if (proc_open_root("/proc", &root, e))
		return -1;
	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].running)
			find_process(&p->items[i], root, head, tail);
	return peers_measure(p, CONTROL_TIMEOUT_MS, e);
}

static int measure_now(struct context *c, const char *head, const char *tail, struct peers *p,
		       struct err *e)
{
	return mark_running(c, p, e) || measure_marked(head, tail, p, e) ? -1 : 0;
}

/* Any running worker tells where the others' cgroups are. */
static int measure_found(struct context *c, struct peers *p, struct err *e)
{
	struct container_info worker = { 0 };
	auto_free char *head = NULL, *tail = NULL;
	size_t i = 0;
	int rc;

	if (load_allocations(c, p, e) || mark_running(c, p, e))
		return -1;
	while (i < p->count && !p->items[i].running)
		i++;
	if (i == p->count)
		return 0;
	if (client_container_inspect(c->client, p->items[i].worker_id, &worker, e))
		return -1;
	rc = cgroup_pattern(&worker, &head, &tail, e) || measure_marked(head, tail, p, e) ? -1 : 0;
	container_info_free(&worker);
	if (rc == 0)
		peers_places(p, head, tail, verify_share_mounts(c->share));
	return rc;
}

int peers_measure_all(struct context *c, struct peers *out, struct err *e)
{
	struct peers p = { 0 };

	if (measure_found(c, &p, e)) {
		peers_free(&p);
		return err_wrap(e, "all tenants");
	}
	*out = p;
	return 0;
}

/* ---- the shared snapshot ---- */

static int64_t boot_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *const control_keys[] = { "worker_tcp",  "worker_udp",  "gateway_tcp",
					    "gateway_udp", "inbound_tcp", "route_tcp" };

static bool *control_slot(struct peer_control *c, size_t i)
{
	bool *const slots[] = { &c->worker_tcp,	 &c->worker_udp,  &c->gateway_tcp,
				&c->gateway_udp, &c->inbound_tcp, &c->route_tcp };

	return slots[i];
}

static void put_peer(struct node *array, struct peer *p)
{
	struct node *n = node_push_object(array);
	struct node *ns = node_set_array(n, "ns");

	node_set_str(n, "tenant", p->tenant);
	node_set_bool(n, "running", p->running);
	node_set_str(n, "worker", p->worker_id);
	node_set_str(n, "gateway", p->gateway_id);
	node_set_int(n, "pid", p->pid);
	for (size_t i = 0; i < ARRAY_SIZE(control_keys); i++)
		node_set_bool(n, control_keys[i], *control_slot(&p->control, i));
	for (int k = 0; k < NS_KINDS; k++) {
		struct node *id = node_push_object(ns);

		node_set_int(id, "dev", (int64_t)p->ns[k].dev);
		node_set_int(id, "ino", (int64_t)p->ns[k].ino);
	}
}

static void get_peer(const struct node *n, struct peer *p)
{
	const struct node *ns = node_get(n, "ns");

	p->running = node_bool(node_get(n, "running"), false);
	snprintf(p->worker_id, sizeof(p->worker_id), "%s", node_str(node_get(n, "worker"), ""));
	snprintf(p->gateway_id, sizeof(p->gateway_id), "%s", node_str(node_get(n, "gateway"), ""));
	p->pid = (pid_t)node_int(node_get(n, "pid"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(control_keys); i++)
		*control_slot(&p->control, i) = node_bool(node_get(n, control_keys[i]), false);
	for (int k = 0; k < NS_KINDS; k++) {
		const struct node *id = node_at(ns, (size_t)k);

		p->ns[k].dev = (dev_t)node_int(node_get(id, "dev"), 0);
		p->ns[k].ino = (ino_t)node_int(node_get(id, "ino"), 0);
	}
}

static bool snapshot_read(const char *path, const char *digest, struct peers *p)
{
	static const struct doc_limits limits = DOC_LIMITS_REPLY;
	struct err ignored = ERR_INIT;
	auto_free char *text = NULL;
	auto_doc struct doc *d = NULL;
	size_t len;
	int64_t age;

	if (fsio_read(path, FSIO_TRUSTED, SNAPSHOT_BYTES_MAX, &text, &len, &ignored) ||
	    doc_parse_json(text, len, path, &limits, &d, &ignored))
		return false;
	age = boot_ms() - node_int(node_get(doc_root(d), "at"), 0);
	if (age < 0 || age > PEERS_FRESH_MS ||
	    strcmp(node_str(node_get(doc_root(d), "of"), ""), digest) != 0)
		return false;
	for (const struct node *n = node_first(node_get(doc_root(d), "peers")); n;
	     n = node_next(n)) {
		struct peer *x = find_peer(p, node_str(node_get(n, "tenant"), NULL));

		if (x)
			get_peer(n, x);
	}
	return true;
}

static int snapshot_write(const char *path, const char *digest, struct peers *p, struct err *e)
{
	auto_node struct node *root = node_new_object();
	struct node *array = node_set_array(root, "peers");
	auto_free char *text = NULL;

	node_set_int(root, "at", boot_ms());
	node_set_str(root, "of", digest);
	for (size_t i = 0; i < p->count; i++)
		put_peer(array, &p->items[i]);
	text = node_print(root, false);
	return fsio_write(path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, e);
}

/* The kernel gives a freed namespace's inode number to the next one at once, so what was noted of a
 * peer holds only while the very same process is there. */
static bool snapshot_holds(const char *head, const char *tail, const struct peers *p)
{
	struct err ignored = ERR_INIT;
	auto_fd int root = -1;

	if (proc_open_root("/proc", &root, &ignored))
		return false;
	for (size_t i = 0; i < p->count; i++) {
		const struct peer *old = &p->items[i];
		struct peer now = *old;

		if (!old->running)
			continue;
		now.pid = 0;
		find_process(&now, root, head, tail);
		if (now.pid != old->pid || memcmp(now.ns, old->ns, sizeof(now.ns)) != 0)
			return false;
	}
	return true;
}

static int measure_once(struct context *c, const char *head, const char *tail, struct peers *p,
			struct err *e)
{
	auto_free char *state = path_of(c->root, PATH_STATE, NULL);
	auto_free char *path = mem_printf("%s/peers.json", state);
	auto_free char *lock = mem_printf("%s/peers.lock", state);
	char digest[DIGEST_HEX_SIZE];
	auto_fd int fd = -1;

	if (!c->run_token)
		return measure_now(c, head, tail, p, e);
	peers_digest(p, c->run_token, digest);
	if (fsio_lock(lock, LOCK_WAIT_MS, &fd, e))
		return -1;
	if (snapshot_read(path, digest, p)) {
		if (snapshot_holds(head, tail, p))
			return 0;
		forget_measured(p);
	}
	if (measure_now(c, head, tail, p, e))
		return -1;
	return snapshot_write(path, digest, p, e);
}

static int measure_shared(struct context *c, const struct container_info *worker, struct peers *p,
			  struct err *e)
{
	auto_free char *head = NULL, *tail = NULL;

	if (cgroup_pattern(worker, &head, &tail, e) || measure_once(c, head, tail, p, e))
		return -1;
	peers_places(p, head, tail, verify_share_mounts(c->share));
	return 0;
}

/* ---- */

static void peer_free(struct peer *p)
{
	free(p->tenant);
	allocation_free(&p->allocation);
	mount_places_free(&p->places);
}

static void drop_self(struct peers *p, const char *tenant)
{
	struct peer *self = find_peer(p, tenant);

	if (!self)
		return;
	peer_free(self);
	memmove(self, self + 1, (size_t)(&p->items[p->count] - (self + 1)) * sizeof(*self));
	p->count--;
}

int peers_load(struct context *c, const char *tenant, const struct container_info *worker,
	       struct peers *out, struct err *e)
{
	bool runs = worker && worker->state.running && worker->state.pid > 0;
	struct peers p = { 0 };

	if ((!runs || !verify_share_take_peers(c->share, &p)) &&
	    (load_allocations(c, &p, e) || (runs && measure_shared(c, worker, &p, e)))) {
		peers_free(&p);
		return err_wrap(e, "other tenants");
	}
	drop_self(&p, tenant);
	*out = p;
	return 0;
}

void peers_free(struct peers *p)
{
	for (size_t i = 0; i < p->count; i++)
		peer_free(&p->items[i]);
	free(p->items);
	*p = (struct peers){ 0 };
}
