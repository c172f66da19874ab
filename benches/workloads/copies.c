/* Large blocks: overlapping memory.copy in both directions and memory.fill over half a mebibyte. */
#include "bench.h"

enum { BLOCK = 256 * 1024 };
static u8 space[2 * BLOCK + 4096];

static NOINLINE void slide(u32 to, u32 from, u32 bytes) { __builtin_memmove(space + to, space + from, bytes); }
static NOINLINE void blank(u32 to, u8 value, u32 bytes) { __builtin_memset(space + to, value, bytes); }

RUN(n) {
    u32 seed = 99;
    for (u32 i = 0; i < sizeof space; i++) space[i] = (u8)next_random(&seed);
    u64 sum = 0;
    for (i32 i = 0; i < n; i++) {
        u32 shift = next_random(&seed) & 2047;
        slide(BLOCK, shift, BLOCK);
        slide(shift + 1, shift + 64, BLOCK);
        slide(shift + 77, shift, BLOCK);
        blank(shift * 8, (u8)i, BLOCK / 8);
        sum = fold(sum, space[BLOCK + shift] + 256u * space[shift * 3]);
    }
    return (i64)sum;
}
