/* Dense multiplication of two 96 by 96 matrices of doubles; n products, each feeding the next. */
#include "bench.h"

enum { SIDE = 96 };
static f64 a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];

static NOINLINE void multiply(void) {
    for (i32 i = 0; i < SIDE; i++)
        for (i32 j = 0; j < SIDE; j++) {
            f64 sum = 0;
            for (i32 k = 0; k < SIDE; k++) sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
}

RUN(n) {
    u32 seed = 20011;
    for (i32 i = 0; i < SIDE; i++)
        for (i32 j = 0; j < SIDE; j++) {
            a[i][j] = (f64)(next_random(&seed) & 0xffff) / 65536.0;
            b[i][j] = (f64)(next_random(&seed) & 0xffff) / 65536.0 - 0.5;
        }
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        multiply();
        for (i32 i = 0; i < SIDE; i++) {
            sum = fold(sum, bits_of(c[i][SIDE - 1 - i]));
            a[i][round % SIDE] = c[i][i] * 0.01;
        }
    }
    return (i64)sum;
}
