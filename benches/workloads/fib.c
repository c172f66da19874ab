/* Naive Fibonacci: two direct calls per call, nothing else to do. n is the index. */
#include "bench.h"

static NOINLINE i32 fib(i32 n) {
    if (n < 2) return n;
    i32 one = fib(n - 1);
    return one + fib(n - 2);
}

RUN(n) { return fib(n); }
