/* What every workload shares: fixed-width names, the export, a small generator of numbers, a
 * checksum step. Each workload exports `run(n)`, does work that grows with n, and returns a
 * checksum that is a function of n alone. No library, no import, no SIMD. */
#ifndef BENCH_H
#define BENCH_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;
typedef double f64;

#ifdef __wasm__
#define RUN(n) __attribute__((export_name("run"))) i64 run(i32 n)
#else
#define RUN(n) i64 run(i32 n)
#endif
#define NOINLINE __attribute__((noinline))
#define COUNT(array) ((i32)(sizeof(array) / sizeof((array)[0])))

/* Marsaglia's xorshift: the state must not be zero. */
static inline u32 next_random(u32 *state) {
    u32 x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

/* Folds one value into a checksum so that order matters. */
static inline u64 fold(u64 sum, u64 value) { return (sum ^ value) * 0x100000001b3ull + 1; }

/* The bits of a float: a checksum that cannot hide a rounding difference. */
static inline u64 bits_of(f64 value) {
    union {
        f64 value;
        u64 bits;
    } both = {value};
    return both.bits;
}

#endif
