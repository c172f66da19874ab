/* Objects with tables of methods: a list of shapes of five kinds, each asked for area, outline and growth in turn. Three
 * signatures, calls whose target depends on data. n rounds over 256 objects. */
#include "bench.h"

struct shape;
struct methods {
    i32 (*area)(const struct shape *);
    u64 (*outline)(const struct shape *, u32);
    void (*grow)(struct shape *, i32, i32);
};
struct shape {
    const struct methods *methods;
    i32 width, height;
};

static NOINLINE i32 box_area(const struct shape *self) { return self->width * self->height; }
static NOINLINE i32 half_area(const struct shape *self) { return self->width * self->height / 2; }
static NOINLINE i32 ring_area(const struct shape *self) { return self->width * self->width - self->height; }
static NOINLINE u64 box_outline(const struct shape *self, u32 unit) { return (u64)(u32)(self->width + self->height) * unit; }
static NOINLINE u64 ring_outline(const struct shape *self, u32 unit) { return (u64)(u32)self->width * 3 + unit; }
static NOINLINE void box_grow(struct shape *self, i32 x, i32 y) { self->width = (self->width + x) & 0xff, self->height ^= y & 15; }
static NOINLINE void ring_grow(struct shape *self, i32 x, i32 y) { self->width = (self->width ^ y) & 0xff, self->height += x & 3; }

static const struct methods kinds[] = {
    {box_area, box_outline, box_grow},  {half_area, box_outline, ring_grow}, {ring_area, ring_outline, ring_grow},
    {box_area, ring_outline, ring_grow}, {half_area, ring_outline, box_grow},
};

enum { OBJECTS = 256 };
static struct shape shapes[OBJECTS];

RUN(n) {
    u32 seed = 60493;
    for (i32 i = 0; i < OBJECTS; i++) {
        shapes[i].methods = &kinds[next_random(&seed) % (u32)COUNT(kinds)];
        shapes[i].width = (i32)(next_random(&seed) & 0xff);
        shapes[i].height = (i32)(next_random(&seed) & 0xff);
    }
    u64 sum = 0;
    for (i32 round = 0; round < n; round++)
        for (i32 i = 0; i < OBJECTS; i++) {
            struct shape *one = &shapes[i];
            i32 area = one->methods->area(one);
            sum += one->methods->outline(one, (u32)area);
            one->methods->grow(one, area, round);
        }
    return (i64)fold(sum, 1);
}
