/* The sieve of Eratosthenes over 64 Ki bytes, n times with a shifting origin of the count. */
#include "bench.h"

enum { LIMIT = 65536 };
static u8 composite[LIMIT];

static NOINLINE void sieve(void) {
    for (i32 i = 0; i < LIMIT; i++) composite[i] = 0;
    for (i32 i = 2; i * i < LIMIT; i++)
        if (!composite[i])
            for (i32 j = i * i; j < LIMIT; j += i) composite[j] = 1;
}

static NOINLINE i32 count(i32 from) {
    i32 primes = 0;
    for (i32 i = from; i < LIMIT; i++) primes += !composite[i];
    return primes;
}

RUN(n) {
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        sieve();
        sum = fold(sum, (u32)count(2 + round % 1000));
    }
    return (i64)sum;
}
