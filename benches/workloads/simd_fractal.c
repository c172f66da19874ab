/* The escape times of a picture of 64 by 64 points, two points at a time in doubles; n rounds, each a little closer. */
#include "simd.h"

typedef i64 i64x2 __attribute__((vector_size(16)));

enum { SIDE = 64, LIMIT = 60 };

static NOINLINE i64x2 escape(f64x2 cx, f64x2 cy) {
    f64x2 x = {0}, y = {0};
    i64x2 count = {0};
    for (i32 i = 0; i < LIMIT; i++) {
        f64x2 xx = x * x, yy = y * y;
        i64x2 inside = (i64x2)(xx + yy <= 4.0);
        if (!(inside[0] | inside[1])) break;
        count -= inside;
        y = 2.0 * (x * y) + cy;
        x = xx - yy + cx;
    }
    return count;
}

RUN(n) {
    u64 sum = 0;
    f64 width = 3.0;
    for (i32 round = 0; round < n; round++) {
        f64 step = width / SIDE;
        for (i32 row = 0; row < SIDE; row++)
            for (i32 column = 0; column < SIDE; column += 2) {
                f64 left = -0.745 + (column - SIDE / 2) * step, top = 0.1125 + (row - SIDE / 2) * step;
                i64x2 count = escape((f64x2){left, left + step}, (f64x2){top, top});
                sum = fold(sum, (u64)(count[0] * 64 + count[1]));
            }
        width = width > 0.01 ? width * 0.8 : 3.0;
    }
    return (i64)sum;
}
