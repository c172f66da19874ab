/* SHA-256 (FIPS 180-4) over a kibibyte, n times, each digest written into the next message: rotates,
 * adds, and an array of words that lives on the shadow stack. */
#include "bench.h"

enum { BYTES = 1024, BLOCKS = BYTES / 64 + 1 };
static u8 message[BLOCKS * 64];
static u32 digest[8];

/* The first 32 bits of the fractions of the cube roots of the first 64 primes. */
static const u32 k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* The same of the square roots of the first eight. */
static const u32 initial[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static inline u32 rotate(u32 x, i32 by) { return (x >> by) | (x << (32 - by)); }

static NOINLINE void compress(const u8 *block) {
    u32 w[64];
    for (i32 t = 0; t < 16; t++)
        w[t] = (u32)block[4 * t] << 24 | (u32)block[4 * t + 1] << 16 | (u32)block[4 * t + 2] << 8 | block[4 * t + 3];
    for (i32 t = 16; t < 64; t++) {
        u32 early = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ (w[t - 15] >> 3);
        u32 late = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ (w[t - 2] >> 10);
        w[t] = w[t - 16] + early + w[t - 7] + late;
    }
    u32 a = digest[0], b = digest[1], c = digest[2], d = digest[3];
    u32 e = digest[4], f = digest[5], g = digest[6], h = digest[7];
    for (i32 t = 0; t < 64; t++) {
        u32 one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + k[t] + w[t];
        u32 two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + one;
        d = c, c = b, b = a, a = one + two;
    }
    digest[0] += a, digest[1] += b, digest[2] += c, digest[3] += d;
    digest[4] += e, digest[5] += f, digest[6] += g, digest[7] += h;
}

RUN(n) {
    for (i32 i = 0; i < BYTES; i++) message[i] = (u8)i;
    for (i32 i = BYTES; i < BLOCKS * 64; i++) message[i] = 0;
    message[BYTES] = 0x80;
    message[BLOCKS * 64 - 2] = (u8)(BYTES * 8 >> 8);
    for (i32 round = 0; round < n; round++) {
        for (i32 i = 0; i < 8; i++) digest[i] = initial[i];
        for (i32 block = 0; block < BLOCKS; block++) compress(message + 64 * block);
        for (i32 i = 0; i < 32; i++) message[i] = (u8)(digest[i / 4] >> (24 - 8 * (i % 4)));
    }
    return (i64)((u64)digest[0] << 32 | digest[1]);
}
