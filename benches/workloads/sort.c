/* A heap ordered by a comparison that is passed as a pointer: four comparisons of one signature in turn, each call through
 * the table. n rounds over 512 numbers. */
#include "bench.h"

typedef i32 (*comparison)(u32, u32);

static NOINLINE i32 up(u32 a, u32 b) { return a < b; }
static NOINLINE i32 down(u32 a, u32 b) { return a > b; }
static NOINLINE i32 by_low_bits(u32 a, u32 b) { return (a & 0xffff) < (b & 0xffff); }
static NOINLINE i32 by_bits(u32 a, u32 b) { return __builtin_popcount(a) < __builtin_popcount(b); }

static comparison comparisons[] = {up, down, by_low_bits, by_bits};

enum { SIZE = 512 };
static u32 heap[SIZE];

static NOINLINE void sink(i32 from, i32 size, comparison before) {
    for (;;) {
        i32 child = from * 2 + 1;
        if (child >= size) return;
        if (child + 1 < size && before(heap[child], heap[child + 1])) child++;
        if (!before(heap[from], heap[child])) return;
        u32 kept = heap[from];
        heap[from] = heap[child];
        heap[child] = kept;
        from = child;
    }
}

RUN(n) {
    u32 seed = 8128;
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        comparison before = comparisons[round & 3];
        for (i32 i = 0; i < SIZE; i++) heap[i] = next_random(&seed);
        for (i32 i = SIZE / 2 - 1; i >= 0; i--) sink(i, SIZE, before);
        for (i32 size = SIZE - 1; size > 0; size--) {
            u32 first = heap[0];
            heap[0] = heap[size];
            heap[size] = first;
            sink(0, size, before);
        }
        for (i32 i = 0; i < SIZE; i += 37) sum = fold(sum, heap[i]);
    }
    return (i64)sum;
}
