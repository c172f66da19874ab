/* Dense multiplication of two 96 by 96 matrices of integers, row by row; n products. */
#include "bench.h"

enum { SIDE = 96 };
static i32 a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];

static NOINLINE void multiply(void) {
    for (i32 i = 0; i < SIDE; i++) {
        for (i32 j = 0; j < SIDE; j++) c[i][j] = 0;
        for (i32 k = 0; k < SIDE; k++) {
            i32 factor = a[i][k];
            for (i32 j = 0; j < SIDE; j++) c[i][j] += factor * b[k][j];
        }
    }
}

RUN(n) {
    u32 seed = 977;
    for (i32 i = 0; i < SIDE; i++)
        for (i32 j = 0; j < SIDE; j++) {
            a[i][j] = (i32)next_random(&seed) >> 16;
            b[i][j] = (i32)next_random(&seed) >> 16;
        }
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        multiply();
        for (i32 i = 0; i < SIDE; i++) {
            sum = fold(sum, (u32)c[i][(i + round) % SIDE]);
            a[i][round % SIDE] ^= c[i][i] >> 8;
        }
    }
    return (i64)sum;
}
