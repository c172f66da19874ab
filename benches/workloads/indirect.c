/* Calls through a table: sixteen targets of one signature picked by a number generator, and four of
 * another picked in turn. n calls of each kind, near enough. */
#include "bench.h"

typedef u32 (*binary)(u32, u32);
typedef u64 (*unary)(u64);

static NOINLINE u32 f0(u32 a, u32 b) { return a + b; }
static NOINLINE u32 f1(u32 a, u32 b) { return a - b; }
static NOINLINE u32 f2(u32 a, u32 b) { return a ^ b; }
static NOINLINE u32 f3(u32 a, u32 b) { return a * (b | 1); }
static NOINLINE u32 f4(u32 a, u32 b) { return (a << 3) | (b >> 29); }
static NOINLINE u32 f5(u32 a, u32 b) { return a & ~b; }
static NOINLINE u32 f6(u32 a, u32 b) { return a < b ? a : b; }
static NOINLINE u32 f7(u32 a, u32 b) { return a > b ? a : b + 1; }
static NOINLINE u32 f8(u32 a, u32 b) { return a / (b | 7); }
static NOINLINE u32 f9(u32 a, u32 b) { return a % (b | 7); }
static NOINLINE u32 f10(u32 a, u32 b) { return (u32)__builtin_clz(a | 1) + b; }
static NOINLINE u32 f11(u32 a, u32 b) { return (u32)__builtin_popcount(a ^ b); }
static NOINLINE u32 f12(u32 a, u32 b) { return a + (b << 5); }
static NOINLINE u32 f13(u32 a, u32 b) { return (a >> 7) + b; }
static NOINLINE u32 f14(u32 a, u32 b) { return ~a ^ (b + 3); }
static NOINLINE u32 f15(u32 a, u32 b) { return a + b * 9; }

static NOINLINE u64 g0(u64 a) { return a + 0x9e3779b97f4a7c15ull; }
static NOINLINE u64 g1(u64 a) { return a ^ (a >> 29); }
static NOINLINE u64 g2(u64 a) { return a * 0xbf58476d1ce4e5b9ull; }
static NOINLINE u64 g3(u64 a) { return (a << 17) | (a >> 47); }

static const binary in_order[] = {f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15};
static unary unaries[] = {g0, g1, g2, g3};

static binary binaries[16];

/* Filled at run time, so that no compiler may assume what the table of pointers holds. */
static void shuffle(u32 seed) {
    for (i32 i = 0; i < COUNT(binaries); i++) binaries[i] = in_order[i];
    for (i32 i = COUNT(binaries) - 1; i > 0; i--) {
        u32 j = next_random(&seed) % (u32)(i + 1);
        binary kept = binaries[i];
        binaries[i] = binaries[j];
        binaries[j] = kept;
    }
}

RUN(n) {
    u32 state = 12345, value = 1;
    u64 wide = 1;
    shuffle(777);
    for (i32 i = 0; i < n; i++) {
        u32 pick = next_random(&state);
        value = binaries[pick & 15](value, pick);
        wide = unaries[i & 3](wide + value);
    }
    return (i64)fold(wide, value);
}
