/* Four blocks of a stream cipher at a time (the rounds of ChaCha20, RFC 8439): additions, rotations and exclusive ors of
 * 32-bit lanes, then a transposition. n times four blocks of 64 bytes. */
#include "simd.h"

static inline u32x4 turn(u32x4 value, i32 by) { return value << by | value >> (32 - by); }

#define QUARTER(a, b, c, d)                \
    (a += b, d = turn(d ^ a, 16), c += d, b = turn(b ^ c, 12), a += b, d = turn(d ^ a, 8), c += d, \
     b = turn(b ^ c, 7))

static u32x4 state[16], out[16];

static NOINLINE void blocks(void) {
    u32x4 x[16];
    for (i32 i = 0; i < 16; i++) x[i] = state[i];
    for (i32 round = 0; round < 10; round++) {
        QUARTER(x[0], x[4], x[8], x[12]);
        QUARTER(x[1], x[5], x[9], x[13]);
        QUARTER(x[2], x[6], x[10], x[14]);
        QUARTER(x[3], x[7], x[11], x[15]);
        QUARTER(x[0], x[5], x[10], x[15]);
        QUARTER(x[1], x[6], x[11], x[12]);
        QUARTER(x[2], x[7], x[8], x[13]);
        QUARTER(x[3], x[4], x[9], x[14]);
    }
    for (i32 i = 0; i < 16; i += 4)
        for (i32 j = 0; j < 4; j++)
            out[i + j] = (u32x4){x[i][j] + state[i][j], x[i + 1][j] + state[i + 1][j], x[i + 2][j] + state[i + 2][j],
                                 x[i + 3][j] + state[i + 3][j]};
}

RUN(n) {
    u32 seed = 99;
    for (i32 i = 0; i < 16; i++) {
        u32 word = next_random(&seed);
        state[i] = (u32x4){word, word, word, word};
    }
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        u32 count = (u32)round * 4;
        state[12] = (u32x4){count, count + 1, count + 2, count + 3};
        blocks();
        sum = fold(sum, out[round & 15][round & 3]);
    }
    return (i64)sum;
}
