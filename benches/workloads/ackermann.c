/* Ackermann's function: recursion about five hundred frames deep, which every engine's default stack
 * holds. n rounds of ack(3, 6). */
#include "bench.h"

static NOINLINE i32 ack(i32 m, i32 n) {
    if (m == 0) return n + 1;
    if (n == 0) return ack(m - 1, 1);
    i32 inner = ack(m, n - 1);
    return ack(m - 1, inner);
}

RUN(n) {
    u64 sum = 0;
    for (i32 i = 0; i < n; i++) sum = fold(sum, (u32)ack(3, 6 - (i & 1)));
    return (i64)sum;
}
