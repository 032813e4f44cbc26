/*
 * Compares a composed program with what the kernel holds for a process, by running
 * both over calls: every number of three ABIs, arguments known to matter, and
 * arguments found by following each comparison that either side makes, so that a
 * rule that only one side has shows up whatever it is about.
 */
#include <inttypes.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "domain/bpf_eval.h"
#include "seccomp_internal.h"

#define X32_BIT 0x40000000U
#define ARGS_OFFSET offsetof(struct seccomp_data, args)
#define FOLLOW_MAX 160 /* argument vectors per call: the longest rule list has some 60 values */
#define PER_CALL_MAX 4 /* so that one call's arguments don't fill the list */
#define SEEN_SLOTS 512 /* a power of two, more than twice FOLLOW_MAX */
#define ENOSYS_ACTION (SECCOMP_RET_ERRNO | 38U)

enum abi { ABI_OWN, ABI_X32, ABI_32, ABIS };

struct comparison {
	const struct seccomp_program *expected;
	const struct filter_program *observed;
	size_t observed_count;
	struct seccomp_difference *out;
	size_t max, weaker, count;
	uint8_t told[ABIS][SECCOMP_CALLS_END]; /* differences of each call so far */
};

static bool refuses(uint32_t action)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind != SECCOMP_RET_ALLOW && kind != SECCOMP_RET_LOG && kind != SECCOMP_RET_TRACE &&
	       kind != SECCOMP_RET_USER_NOTIF;
}

/* runc answers numbers above the profile's last with ENOSYS before the filter proper, so that
 * libc's fallbacks for calls newer than the profile work. Not x32 ones: those stay killed. */
static bool runtime_stub(const struct comparison *c, const struct seccomp_data *data,
			 uint32_t expected, uint32_t observed)
{
	uint32_t nr = (uint32_t)data->nr;

	return observed == ENOSYS_ACTION && refuses(expected) && data->arch == c->expected->arch &&
	       nr > c->expected->last_named && nr < X32_BIT;
}

static void describe_call(const struct comparison *c, const struct seccomp_data *data, char *buf,
			  size_t size)
{
	uint32_t nr = (uint32_t)data->nr;
	char *name;

	if (data->arch != c->expected->arch) {
		snprintf(buf, size, "32-bit call %u", nr);
	} else if (nr & X32_BIT) {
		snprintf(buf, size, "x32 call %u", nr & ~X32_BIT);
	} else {
		name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, data->nr);
		if (name)
			snprintf(buf, size, "%s", name);
		else
			snprintf(buf, size, "call %u", nr);
		free(name);
	}
}

static uint8_t *told_of(struct comparison *c, const struct seccomp_data *data)
{
	enum abi abi = data->arch != c->expected->arch ? ABI_32
		       : (uint32_t)data->nr & X32_BIT  ? ABI_X32
						       : ABI_OWN;

	return &c->told[abi][(uint32_t)data->nr % SECCOMP_CALLS_END];
}

/* Weaker ones are kept in front, so that a list cut at `max` shows them. */
static void add_difference(struct comparison *c, const struct seccomp_difference *d)
{
	uint8_t *told = told_of(c, &d->data);
	size_t stored = MIN_OF(c->count, c->max);

	if (*told == PER_CALL_MAX)
		return;
	++*told;
	c->count++;
	if (d->weaker && c->weaker < c->max) {
		if (stored < c->max)
			c->out[stored] = c->out[c->weaker];
		c->out[c->weaker++] = *d;
	} else if (stored < c->max) {
		c->out[stored] = *d;
	}
}

static void compare_one(struct comparison *c, const struct seccomp_data *data,
			const struct bpf_trace *trace)
{
	uint32_t expected = bpf_run(&c->expected->filter, data, trace);
	uint32_t observed = bpf_stack_run(c->observed, c->observed_count, data, trace);
	struct seccomp_difference d = { .data = *data, .expected = expected, .observed = observed };

	if (bpf_action_equal(expected, observed) || runtime_stub(c, data, expected, observed))
		return;
	d.weaker = refuses(expected) && !refuses(observed);
	add_difference(c, &d);
}

/* Argument vectors of one call, each seen once; first come, first run. */
struct follower {
	struct seccomp_data queue[FOLLOW_MAX];
	uint16_t slots[SEEN_SLOTS]; /* index into queue + 1; 0 is free */
	size_t head, count;
	const struct seccomp_data *current;
};

static void follower_add(struct follower *f, const struct seccomp_data *data)
{
	uint64_t hash = 0;

	if (f->count == FOLLOW_MAX)
		return;
	for (size_t i = 0; i < 6; i++)
		hash = (hash ^ data->args[i]) * 0x9e3779b97f4a7c15ULL;
	hash ^= hash >> 32;
	for (size_t slot = hash % SEEN_SLOTS;; slot = (slot + 1) % SEEN_SLOTS) {
		if (f->slots[slot] == 0) {
			f->queue[f->count++] = *data;
			f->slots[slot] = (uint16_t)f->count;
			return;
		}
		if (memcmp(f->queue[f->slots[slot] - 1].args, data->args, sizeof(data->args)) == 0)
			return;
	}
}

/* Both sides of a branch: the word becomes what it is compared with, or the opposite. */
static void follow_compare(void *arg, unsigned offset, uint32_t k)
{
	struct follower *f = arg;
	struct seccomp_data data = *f->current;
	const uint32_t tries[] = { k, ~k };

	if (offset < ARGS_OFFSET)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		memcpy((char *)&data + offset, &tries[i], sizeof(tries[i]));
		follower_add(f, &data);
	}
}

static void compare_following(struct comparison *c, struct follower *f, int nr)
{
	struct seccomp_data data = { .nr = nr, .arch = c->expected->arch };
	struct bpf_trace trace = { .compare = follow_compare, .arg = f };

	memset(f->slots, 0, sizeof(f->slots));
	f->head = f->count = 0;
	follower_add(f, &data);
	memset(data.args, 0xff, sizeof(data.args));
	follower_add(f, &data);
	while (f->head < f->count) {
		struct seccomp_data now = f->queue[f->head++];

		f->current = &now;
		compare_one(c, &now, f->count < FOLLOW_MAX ? &trace : NULL);
	}
}

static void compare_call(struct comparison *c, const char *name, uint64_t a, uint64_t b, uint64_t p)
{
	int nr = seccomp_syscall_resolve_name(name);
	struct seccomp_data data = { .nr = nr, .arch = c->expected->arch, .args = { a, b, p } };

	if (nr >= 0)
		compare_one(c, &data, NULL);
}

static void compare_sockets(struct comparison *c)
{
	static const uint8_t protocols[] = { 0, 1, 6, 16, 17, 58, 132, 255 };

	for (uint64_t family = 0; family <= 46; family++)
		for (uint64_t type = 1; type <= 6; type++) {
			compare_call(c, "socket", family, type, 0);
			compare_call(c, "socketpair", family, type, 0);
		}
	for (uint64_t type = 1; type <= 3; type++)
		for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
			compare_call(c, "socket", 2, type | 02004000, protocols[i]);
			compare_call(c, "socket", 10, type, protocols[i]);
			compare_call(c, "socket", 2 | 1ULL << 32, type, protocols[i]);
		}
	for (uint64_t kind = 0; kind <= 22; kind++)
		compare_call(c, "socket", 16, 3, kind);
}

/* Values that attacks use; the walk over comparisons above is blind where neither side compares. */
static void compare_arguments(struct comparison *c)
{
	static const uint64_t requests[] = { 0x5401,
					     0x5412,
					     0x541c,
					     0x5423,
					     0x8914,
					     0x89f0,
					     0x5412 | 1ULL << 32,
					     0xffffffff80045430 };
	static const uint64_t personalities[] = { 0,	     8,		 0x20000,
						  0x20008,   0x40000,	 0x400000,
						  0x1000000, 0xffffffff, 1ULL << 32 };

	for (unsigned bit = 0; bit < 40; bit++) {
		compare_call(c, "clone", 1ULL << bit | 17, 0, 0);
		compare_call(c, "unshare", 1ULL << bit, 0, 0);
		compare_call(c, "mknod", 0, 1ULL << bit, 0);
		compare_call(c, "mknodat", 0, 0, 1ULL << bit);
	}
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		compare_call(c, "ioctl", 0, requests[i], 0);
	for (size_t i = 0; i < ARRAY_SIZE(personalities); i++)
		compare_call(c, "personality", personalities[i], 0, 0);
	for (uint64_t option = 0; option < 80; option++)
		compare_call(c, "prctl", option, 0, 0);
	for (uint64_t op = 0; op < 16; op++) {
		compare_call(c, "futex", 0, op, 0);
		compare_call(c, "futex", 0, op | 0x180, 0);
	}
}

/* The 32-bit ABI that the kernel of a 64-bit machine may offer beside its own. */
static uint32_t compat_arch(uint32_t arch)
{
	return arch == AUDIT_ARCH_AARCH64 ? AUDIT_ARCH_ARM : AUDIT_ARCH_I386;
}

/* Argument words of all zeros and all ones tell most rules on arguments apart. */
static void compare_number(struct comparison *c, uint32_t arch, uint32_t nr)
{
	struct seccomp_data data = { .nr = (int)nr, .arch = arch };

	compare_one(c, &data, NULL);
	memset(data.args, 0xff, sizeof(data.args));
	compare_one(c, &data, NULL);
}

static void compare_own(struct comparison *c)
{
	auto_free struct follower *f = mem_alloc(sizeof(*f));

	for (int nr = 0; nr < SECCOMP_CALLS_END; nr++)
		compare_following(c, f, nr);
	compare_sockets(c);
	compare_arguments(c);
}

static void compare_foreign(struct comparison *c)
{
	for (uint32_t nr = 0; nr < SECCOMP_CALLS_END; nr++) {
		compare_number(c, c->expected->arch, X32_BIT + nr);
		compare_number(c, compat_arch(c->expected->arch), nr);
	}
}

int seccomp_compare(const struct seccomp_program *expected, const struct filter_program *observed,
		    size_t observed_count, struct seccomp_difference *out, size_t max,
		    size_t *out_count, struct err *e)
{
	struct comparison c = { .expected = expected,
				.observed = observed,
				.observed_count = observed_count,
				.out = out,
				.max = max };

	for (size_t i = 0; i < observed_count; i++)
		if (bpf_check(&observed[i], e) < 0)
			return err_wrap(e, "seccomp filter %zu", i);
	compare_own(&c);
	compare_foreign(&c);
	for (size_t i = 0; i < MIN_OF(c.count, max); i++)
		describe_call(&c, &out[i].data, out[i].call, sizeof(out[i].call));
	*out_count = c.count;
	return 0;
}

bool seccomp_is_known(const struct seccomp_known *k, const struct seccomp_program *expected,
		      const struct filter_program *observed, size_t observed_count)
{
	if (!k || strcmp(k->expected->digest, expected->digest) != 0 ||
	    k->observed_count != observed_count)
		return false;
	for (size_t i = 0; i < observed_count; i++) {
		const struct filter_program *a = &k->observed[i], *b = &observed[i];

		if (a->count != b->count ||
		    memcmp(a->code, b->code, a->count * sizeof(*a->code)) != 0)
			return false;
	}
	return true;
}

const char *seccomp_difference_text(const struct seccomp_difference *d, char *buf, size_t size)
{
	char expected[48], observed[48];

	snprintf(buf, size,
		 "%s(0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 "): expected %s, observed %s",
		 d->call, (uint64_t)d->data.args[0], (uint64_t)d->data.args[1],
		 (uint64_t)d->data.args[2],
		 bpf_action_text(d->expected, expected, sizeof(expected)),
		 bpf_action_text(d->observed, observed, sizeof(observed)));
	return buf;
}
