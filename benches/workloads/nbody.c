/* Five bodies under gravity, advanced by n steps of a symplectic integrator: square roots, divisions
 * and loads and stores of doubles. The checksum holds the exact bits of the total energy. */
#include "bench.h"

enum { BODIES = 5 };
struct body {
    f64 x, y, z, vx, vy, vz, mass;
};

static struct body bodies[BODIES];

static void place(void) {
    u32 seed = 31337;
    for (i32 i = 0; i < BODIES; i++) {
        struct body *one = &bodies[i];
        f64 *fields[] = {&one->x, &one->y, &one->z, &one->vx, &one->vy, &one->vz};
        for (i32 f = 0; f < 6; f++) {
            f64 unit = (f64)(next_random(&seed) & 0xfffff) / 1048576.0 - 0.5;
            *fields[f] = unit * (f < 3 ? 20.0 : 1.5);
        }
        one->mass = i == 0 ? 39.5 : 0.01 * (i + 1);
    }
}

static NOINLINE void advance(f64 step) {
    for (i32 i = 0; i < BODIES; i++) {
        struct body *a = &bodies[i];
        for (i32 j = i + 1; j < BODIES; j++) {
            struct body *b = &bodies[j];
            f64 dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
            f64 square = dx * dx + dy * dy + dz * dz + 0.0001;
            f64 pull = step / (square * __builtin_sqrt(square));
            a->vx -= dx * b->mass * pull;
            a->vy -= dy * b->mass * pull;
            a->vz -= dz * b->mass * pull;
            b->vx += dx * a->mass * pull;
            b->vy += dy * a->mass * pull;
            b->vz += dz * a->mass * pull;
        }
    }
    for (i32 i = 0; i < BODIES; i++) {
        bodies[i].x += step * bodies[i].vx;
        bodies[i].y += step * bodies[i].vy;
        bodies[i].z += step * bodies[i].vz;
    }
}

static f64 energy(void) {
    f64 total = 0;
    for (i32 i = 0; i < BODIES; i++) {
        struct body *a = &bodies[i];
        total += 0.5 * a->mass * (a->vx * a->vx + a->vy * a->vy + a->vz * a->vz);
        for (i32 j = i + 1; j < BODIES; j++) {
            struct body *b = &bodies[j];
            f64 dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
            total -= a->mass * b->mass / __builtin_sqrt(dx * dx + dy * dy + dz * dz + 0.0001);
        }
    }
    return total;
}

RUN(n) {
    place();
    u64 sum = 0;
    for (i32 i = 0; i < n; i++) {
        advance(0.01);
        if ((i & 1023) == 0) sum = fold(sum, bits_of(energy()));
    }
    return (i64)fold(sum, bits_of(energy()));
}
