/* Arrays handed to functions that take functions: map, keep, fold and a polynomial of steps, 1,024 numbers at a time. The
 * callee stays the same for a whole pass, as with most callbacks. n rounds of four passes. */
#include "bench.h"

typedef u32 (*mapping)(u32);
typedef i32 (*predicate)(u32);
typedef u32 (*folding)(u32, u32);

static NOINLINE u32 twice(u32 x) { return x * 2 + 1; }
static NOINLINE u32 halved(u32 x) { return x >> 1; }
static NOINLINE u32 spread(u32 x) { return x * 0x9e3779b9u; }
static NOINLINE i32 odd(u32 x) { return (i32)(x & 1); }
static NOINLINE i32 small(u32 x) { return x < 0xc0000000u; }
static NOINLINE u32 sum(u32 a, u32 b) { return a + b; }
static NOINLINE u32 mixed(u32 a, u32 b) { return (a ^ b) * 31; }

static mapping mappings[] = {twice, halved, spread};
static predicate predicates[] = {odd, small};
static folding foldings[] = {sum, mixed};

enum { SIZE = 1024 };
static u32 values[SIZE], kept[SIZE];

static NOINLINE void map(mapping each) {
    for (i32 i = 0; i < SIZE; i++) values[i] = each(values[i]);
}

static NOINLINE i32 keep(predicate whether) {
    i32 count = 0;
    for (i32 i = 0; i < SIZE; i++) {
        kept[count] = values[i];
        count += whether(values[i]) != 0;
    }
    return count;
}

static NOINLINE u32 fold_all(i32 count, folding step) {
    u32 result = 1;
    for (i32 i = 0; i < count; i++) result = step(result, kept[i]);
    return result;
}

RUN(n) {
    u32 seed = 5040;
    u64 total = 0;
    for (i32 i = 0; i < SIZE; i++) values[i] = next_random(&seed);
    for (i32 round = 0; round < n; round++) {
        map(mappings[round % 3]);
        i32 count = keep(predicates[round & 1]);
        total = fold(total, fold_all(count, foldings[(round >> 1) & 1]));
        map(mappings[2]);
    }
    return (i64)total;
}
