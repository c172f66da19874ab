/* Dense multiplication of two 96 by 96 matrices of singles, four columns at a time; n products, each feeding the next. */
#include "simd.h"

enum { SIDE = 96, COLUMNS = SIDE / 4 };
static f32x4 a[SIDE][COLUMNS], b[SIDE][COLUMNS], c[SIDE][COLUMNS];

static NOINLINE void multiply(void) {
    for (i32 i = 0; i < SIDE; i++)
        for (i32 j = 0; j < COLUMNS; j += 2) {
            f32x4 left = {0}, right = {0};
            for (i32 k = 0; k < SIDE; k++) {
                f32 one = a[i][k / 4][k % 4];
                f32x4 all = {one, one, one, one};
                left += all * b[k][j];
                right += all * b[k][j + 1];
            }
            c[i][j] = left;
            c[i][j + 1] = right;
        }
}

RUN(n) {
    u32 seed = 20011;
    for (i32 i = 0; i < SIDE; i++)
        for (i32 j = 0; j < SIDE; j++) {
            a[i][j / 4][j % 4] = (f32)(next_random(&seed) & 0xff) / 256.0f;
            b[i][j / 4][j % 4] = (f32)(next_random(&seed) & 0xff) / 256.0f - 0.5f;
        }
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        multiply();
        for (i32 i = 0; i < SIDE; i++) {
            f32 picked = c[i][(SIDE - 1 - i) / 4][(SIDE - 1 - i) % 4];
            sum = fold(sum, bits_of((f64)picked));
            a[i][round % COLUMNS] = c[i][i % COLUMNS] * 0.01f;
        }
    }
    return (i64)sum;
}
