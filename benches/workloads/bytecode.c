/* An interpreter whose operators call each other in tail position, through a table: one function for each operator, the
 * registers in parameters. It computes a checksum over numbers; n turns of its loop. */
#include "bench.h"

#if defined(__wasm__)
#define GO __attribute__((musttail)) return
#else
#define GO return
#endif

typedef i64 (*handler)(const u8 *pc, u64 a, u64 b, i64 left);

static const handler handlers[8];
#define NEXT(a, b, left) GO handlers[*pc & 7](pc + 1, a, b, left)

static i64 op_add(const u8 *pc, u64 a, u64 b, i64 left) { NEXT(a + b, b, left); }
static i64 op_mix(const u8 *pc, u64 a, u64 b, i64 left) { NEXT(a ^ (b >> 13), b, left); }
static i64 op_mul(const u8 *pc, u64 a, u64 b, i64 left) { NEXT(a, b * 0x100000001b3ull + 7, left); }
static i64 op_swap(const u8 *pc, u64 a, u64 b, i64 left) { NEXT(b, a, left); }
static i64 op_shift(const u8 *pc, u64 a, u64 b, i64 left) { NEXT(a << 7 | a >> 57, b, left); }
static i64 op_skip(const u8 *pc, u64 a, u64 b, i64 left) {
    if (a & 1) pc++;
    NEXT(a, b + 1, left);
}
static i64 op_loop(const u8 *pc, u64 a, u64 b, i64 left) {
    if (left == 0) return (i64)fold(a, b);
    pc -= *pc;
    NEXT(a, b, left - 1);
}
static i64 op_load(const u8 *pc, u64 a, u64 b, i64 left) { NEXT(a + pc[-1], b ^ *pc, left); }

static const handler handlers[8] = {op_add, op_mix, op_mul, op_swap, op_shift, op_skip, op_loop, op_load};

RUN(n) {
    static const u8 program[] = {0, 2, 1, 4, 5, 3, 0, 7, 2, 5, 1, 4, 0, 6, 14};
    return handlers[program[0]](program + 1, 1, 0x9e3779b97f4a7c15ull, n);
}
