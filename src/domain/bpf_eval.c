/*
 * Classic BPF as seccomp(2) runs it. The checks repeat kernel/seccomp.c
 * (seccomp_check_filter) and net/core/filter.c (bpf_check_classic,
 * check_load_and_stores), so that a program read from outside can never make the
 * interpreter read or jump out of bounds, and is never judged by looser rules than
 * the kernel's.
 */
#include "domain/bpf_eval.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define NO_OFFSET UINT32_MAX
#define ERRNO_MAX 4095 /* MAX_ERRNO of the kernel */

static bool opcode_known(uint16_t code)
{
	switch (code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_ALU | BPF_NEG:
	case BPF_JMP | BPF_JA:
		return true;
	default:
		break;
	}
	if (code & ~(BPF_X | 0xf7))
		return false;
	switch (code & ~BPF_X) {
	case BPF_ALU | BPF_ADD:
	case BPF_ALU | BPF_SUB:
	case BPF_ALU | BPF_MUL:
	case BPF_ALU | BPF_DIV:
	case BPF_ALU | BPF_AND:
	case BPF_ALU | BPF_OR:
	case BPF_ALU | BPF_XOR:
	case BPF_ALU | BPF_LSH:
	case BPF_ALU | BPF_RSH:
	case BPF_JMP | BPF_JEQ:
	case BPF_JMP | BPF_JGE:
	case BPF_JMP | BPF_JGT:
	case BPF_JMP | BPF_JSET:
		return true;
	default:
		return false;
	}
}

static bool is_jump(uint16_t code)
{
	return BPF_CLASS(code) == BPF_JMP;
}

static bool operand_valid(const struct sock_filter *f, size_t pc, size_t count)
{
	switch (f->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return f->k < sizeof(struct seccomp_data) && f->k % 4 == 0;
	case BPF_ALU | BPF_DIV | BPF_K:
		return f->k != 0;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return f->k < 32;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return f->k < BPF_MEMWORDS;
	case BPF_JMP | BPF_JA:
		return f->k < count - pc - 1;
	default:
		return !is_jump(f->code) || (pc + f->jt + 1 < count && pc + f->jf + 1 < count);
	}
}

/* Scratch words that are written on every way to an instruction; a read of any other word would
 * show the kernel's stack, so the kernel refuses it. */
static bool scratch_valid(const struct filter_program *p, size_t *out_pc)
{
	auto_free uint16_t *written = mem_array(p->count, sizeof(*written));
	uint16_t now = 0;

	memset(written, 0xff, p->count * sizeof(*written));
	for (size_t pc = 0; pc < p->count; pc++) {
		const struct sock_filter *f = &p->code[pc];

		*out_pc = pc;
		now &= written[pc];
		if (f->code == BPF_ST || f->code == BPF_STX) {
			now |= (uint16_t)(1U << f->k);
		} else if (f->code == (BPF_LD | BPF_MEM) || f->code == (BPF_LDX | BPF_MEM)) {
			if (!(now & (1U << f->k)))
				return false;
		} else if (f->code == (BPF_JMP | BPF_JA)) {
			written[pc + 1 + f->k] &= now;
			now = 0xffff;
		} else if (is_jump(f->code)) {
			written[pc + 1 + f->jt] &= now;
			written[pc + 1 + f->jf] &= now;
			now = 0xffff;
		}
	}
	return true;
}

int bpf_check(const struct filter_program *p, struct err *e)
{
	size_t pc;

	if (p->count == 0 || p->count > BPF_PROGRAM_MAX)
		return err_set(e, ERR_PROTOCOL, "filter of %zu instructions; 1 to %d are legal",
			       p->count, BPF_PROGRAM_MAX);
	for (pc = 0; pc < p->count; pc++) {
		const struct sock_filter *f = &p->code[pc];

		if (!opcode_known(f->code))
			return err_set(e, ERR_PROTOCOL, "filter instruction %zu: unknown code 0x%x",
				       pc, f->code);
		if (!operand_valid(f, pc, p->count))
			return err_set(e, ERR_PROTOCOL,
				       "filter instruction %zu: operand %u out of range", pc, f->k);
	}
	if (BPF_CLASS(p->code[p->count - 1].code) != BPF_RET)
		return err_set(e, ERR_PROTOCOL, "filter does not end in a return");
	if (!scratch_valid(p, &pc))
		return err_set(e, ERR_PROTOCOL,
			       "filter instruction %zu: scratch word read before it is written",
			       pc);
	return 0;
}

struct machine {
	uint32_t a, x, mem[BPF_MEMWORDS];
	uint32_t offset; /* where `a` was loaded from, for the trace; NO_OFFSET when computed */
};

/* A division by a zero X ends the program with 0 (kill), as the kernel's conversion does. */
static bool run_alu(struct machine *m, const struct sock_filter *f)
{
	uint32_t v = BPF_SRC(f->code) == BPF_X ? m->x : f->k;

	if (BPF_OP(f->code) != BPF_AND)
		m->offset = NO_OFFSET; /* a masked word still shows what its compare asks for */
	switch (BPF_OP(f->code)) {
	case BPF_ADD:
		m->a += v;
		break;
	case BPF_SUB:
		m->a -= v;
		break;
	case BPF_MUL:
		m->a *= v;
		break;
	case BPF_DIV:
		if (v == 0)
			return false;
		m->a /= v;
		break;
	case BPF_AND:
		m->a &= v;
		break;
	case BPF_OR:
		m->a |= v;
		break;
	case BPF_XOR:
		m->a ^= v;
		break;
	case BPF_LSH:
		m->a <<= v & 31;
		break;
	case BPF_RSH:
		m->a >>= v & 31;
		break;
	default: /* BPF_NEG */
		m->a = -m->a;
		break;
	}
	return true;
}

static void run_load(struct machine *m, const struct sock_filter *f,
		     const struct seccomp_data *call)
{
	uint32_t v;

	switch (BPF_MODE(f->code)) {
	case BPF_ABS:
		memcpy(&v, (const char *)call + f->k, sizeof(v));
		break;
	case BPF_LEN:
		v = sizeof(*call);
		break;
	case BPF_MEM:
		v = m->mem[f->k];
		break;
	default: /* BPF_IMM */
		v = f->k;
		break;
	}
	if (BPF_CLASS(f->code) == BPF_LDX) {
		m->x = v;
		return;
	}
	m->a = v;
	m->offset = BPF_MODE(f->code) == BPF_ABS ? f->k : NO_OFFSET;
}

static size_t run_jump(const struct machine *m, const struct sock_filter *f,
		       const struct bpf_trace *trace)
{
	uint32_t v = BPF_SRC(f->code) == BPF_X ? m->x : f->k;
	bool taken;

	if (BPF_OP(f->code) == BPF_JA)
		return f->k;
	if (trace && m->offset != NO_OFFSET)
		trace->compare(trace->arg, m->offset, v);
	switch (BPF_OP(f->code)) {
	case BPF_JEQ:
		taken = m->a == v;
		break;
	case BPF_JGT:
		taken = m->a > v;
		break;
	case BPF_JGE:
		taken = m->a >= v;
		break;
	default: /* BPF_JSET */
		taken = (m->a & v) != 0;
		break;
	}
	return taken ? f->jt : f->jf;
}

uint32_t bpf_run(const struct filter_program *p, const struct seccomp_data *call,
		 const struct bpf_trace *trace)
{
	struct machine m = { .offset = NO_OFFSET };

	for (size_t pc = 0; pc < p->count; pc++) {
		const struct sock_filter *f = &p->code[pc];

		switch (BPF_CLASS(f->code)) {
		case BPF_LD:
		case BPF_LDX:
			run_load(&m, f, call);
			break;
		case BPF_ST:
			m.mem[f->k] = m.a;
			break;
		case BPF_STX:
			m.mem[f->k] = m.x;
			break;
		case BPF_ALU:
			if (!run_alu(&m, f))
				return SECCOMP_RET_KILL_THREAD;
			break;
		case BPF_JMP:
			pc += run_jump(&m, f, trace);
			break;
		case BPF_RET:
			return BPF_RVAL(f->code) == BPF_A ? m.a : f->k;
		default: /* BPF_MISC */
			if (BPF_MISCOP(f->code) == BPF_TAX) {
				m.x = m.a;
			} else {
				m.a = m.x;
				m.offset = NO_OFFSET;
			}
			break;
		}
	}
	return SECCOMP_RET_KILL_PROCESS; /* not reached by a checked program */
}

uint32_t bpf_stack_run(const struct filter_program *filters, size_t count,
		       const struct seccomp_data *call, const struct bpf_trace *trace)
{
	uint32_t best = SECCOMP_RET_ALLOW;

	/* Newest first and strictly less, as seccomp_run_filters does: actions are ordered as
	 * signed numbers, KILL_PROCESS (0x80000000) being the least. */
	for (size_t i = 0; i < count; i++) {
		uint32_t got = bpf_run(&filters[i], call, trace);

		if ((int32_t)(got & SECCOMP_RET_ACTION_FULL) <
		    (int32_t)(best & SECCOMP_RET_ACTION_FULL))
			best = got;
	}
	return best;
}

static uint32_t errno_of(uint32_t action)
{
	return MIN_OF(action & SECCOMP_RET_DATA, (uint32_t)ERRNO_MAX);
}

bool bpf_action_equal(uint32_t a, uint32_t b)
{
	uint32_t kind = a & SECCOMP_RET_ACTION_FULL;

	if (kind != (b & SECCOMP_RET_ACTION_FULL))
		return false;
	return kind != SECCOMP_RET_ERRNO || errno_of(a) == errno_of(b);
}

const char *bpf_action_text(uint32_t action, char *buf, size_t size)
{
	static const struct {
		uint32_t action;
		const char *text;
	} names[] = {
		{ SECCOMP_RET_KILL_PROCESS, "kill-process" },
		{ SECCOMP_RET_KILL_THREAD, "kill-thread" },
		{ SECCOMP_RET_TRAP, "trap" },
		{ SECCOMP_RET_USER_NOTIF, "notify" },
		{ SECCOMP_RET_TRACE, "trace" },
		{ SECCOMP_RET_LOG, "log" },
		{ SECCOMP_RET_ALLOW, "allow" },
	};
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	snprintf(buf, size, "unknown 0x%x (kills)", action);
	if (kind == SECCOMP_RET_ERRNO)
		snprintf(buf, size, "errno %u", errno_of(action));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].action == kind)
			snprintf(buf, size, "%s", names[i].text);
	return buf;
}
