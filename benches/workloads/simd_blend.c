/* Two pictures of 64 KiB blended n times: bytes widened, weighted, shifted and narrowed, comparisons that choose lanes. */
#include "simd.h"

enum { SIZE = 1 << 16, VECTORS = SIZE / 16 };
static u8x16 front[VECTORS], back[VECTORS];

static inline u8x16 blend(u8x16 x, u8x16 y, unsigned short weight) {
    u16x8 even = (u16x8){0} + 0xff;
    u16x8 x0 = (u16x8)x & even, x1 = (u16x8)x >> 8, y0 = (u16x8)y & even, y1 = (u16x8)y >> 8;
    u16x8 low = (x0 * weight + y0 * (unsigned short)(256 - weight)) >> 8;
    u16x8 high = (x1 * weight + y1 * (unsigned short)(256 - weight)) >> 8;
    return (u8x16)(low | high << 8);
}

static NOINLINE void frame(unsigned short weight, u8 key) {
    u8x16 keys = (u8x16){0} + key;
    for (i32 i = 0; i < VECTORS; i++) {
        u8x16 mixed = blend(front[i], back[i], weight);
        u8x16 keyed = (u8x16)(mixed > keys);
        back[i] = (mixed & keyed) | ((mixed + keys) & ~keyed);
    }
}

RUN(n) {
    u32 seed = 4711;
    u8 *pictures[] = {(u8 *)front, (u8 *)back};
    for (i32 p = 0; p < 2; p++)
        for (i32 i = 0; i < SIZE; i++) pictures[p][i] = (u8)next_random(&seed);
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        frame((unsigned short)(64 + round % 128), (u8)(round * 7));
        for (i32 i = 0; i < SIZE; i += 4099) sum = fold(sum, ((u8 *)back)[i]);
    }
    return (i64)sum;
}
