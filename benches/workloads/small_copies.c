/* Small blocks: what strings and structures need. memory.copy and memory.fill of 1 to 64 bytes whose
 * length the compiler cannot know, n of each. */
#include "bench.h"

enum { ROOM = 4096 };
static u8 here[ROOM + 64], there[ROOM + 64];

RUN(n) {
    u32 seed = 4711;
    for (u32 i = 0; i < sizeof here; i++) here[i] = (u8)next_random(&seed), there[i] = 0;
    u64 sum = 0;
    for (i32 i = 0; i < n; i++) {
        u32 pick = next_random(&seed);
        u32 to = pick & (ROOM - 1), from = (pick >> 12) & (ROOM - 1), bytes = 1 + (pick >> 26);
        __builtin_memcpy(there + to, here + from, bytes);
        __builtin_memset(here + to, (u8)pick, bytes & 31);
        sum += there[(to + bytes) & (ROOM - 1)];
    }
    return (i64)fold(sum, there[100]);
}
