/* Takeuchi's function: three arguments, four direct calls per call. n rounds of tak(18, 12, 6). */
#include "bench.h"

static NOINLINE i32 tak(i32 x, i32 y, i32 z) {
    if (y >= x) return z;
    return tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

RUN(n) {
    u64 sum = 0;
    for (i32 i = 0; i < n; i++) sum = fold(sum, (u32)tak(18, 12, 6 + (i & 1)));
    return (i64)sum;
}
