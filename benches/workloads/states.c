/* A machine of states that call each other in tail position: text in, words, numbers and lines out. Each state is a
 * function that reads a character and goes on as another; every fourth transition goes through a table. */
#include "bench.h"

#if defined(__wasm__)
#define GO __attribute__((musttail)) return
#else
#define GO return
#endif

typedef struct {
    u32 words, lines;
    u64 numbers;
} counts;
typedef i32 (*state)(const u8 *, const u8 *, counts *, u32);

static i32 between(const u8 *at, const u8 *end, counts *found, u32 value);
static i32 word(const u8 *at, const u8 *end, counts *found, u32 value);
static i32 number(const u8 *at, const u8 *end, counts *found, u32 value);
static i32 line(const u8 *at, const u8 *end, counts *found, u32 value);

static state by_class[4] = {between, word, number, line};

static inline u32 class_of(u8 one) {
    return one == '\n' ? 3 : one >= '0' && one <= '9' ? 2 : one > ' ' ? 1 : 0;
}

static NOINLINE i32 between(const u8 *at, const u8 *end, counts *found, u32 value) {
    if (at == end) return (i32)value;
    GO by_class[class_of(*at)](at + 1, end, found, *at);
}

static NOINLINE i32 word(const u8 *at, const u8 *end, counts *found, u32 value) {
    if (at == end) return (i32)value;
    if (*at > ' ') GO word(at + 1, end, found, value * 31 + *at);
    found->words += 1 + (value & 1);
    GO between(at, end, found, value);
}

static NOINLINE i32 number(const u8 *at, const u8 *end, counts *found, u32 value) {
    if (at == end) return (i32)value;
    if (class_of(*at) == 2) GO number(at + 1, end, found, value * 10 + *at);
    found->numbers = fold(found->numbers, value);
    GO between(at, end, found, value);
}

static NOINLINE i32 line(const u8 *at, const u8 *end, counts *found, u32 value) {
    found->lines++;
    GO between(at, end, found, value);
}

enum { SIZE = 1 << 14 };
static u8 text[SIZE];

RUN(n) {
    u32 seed = 1789;
    for (i32 i = 0; i < SIZE; i++) {
        u32 pick = next_random(&seed) >> 9;
        text[i] = (u8)(pick % 7 == 0 ? ' ' : pick % 53 == 1 ? '\n' : pick % 3 == 0 ? '0' + pick % 10 : 'a' + pick % 26);
    }
    counts found = {0, 0, 1};
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        text[(u32)round * 97 % SIZE] = (u8)('a' + round % 26);
        i32 last = between(text, text + SIZE, &found, 0);
        sum = fold(sum, found.words + found.lines * 7 + found.numbers + (u32)last);
    }
    return (i64)sum;
}
