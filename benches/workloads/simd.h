/* Vectors of the C compilers, which become those of WebAssembly. What has no operator in C goes through names that
 * each compiler has; the host's own instructions give the same bits. */
#ifndef SIMD_H
#define SIMD_H

#include "bench.h"

typedef float f32;
typedef u8 u8x16 __attribute__((vector_size(16)));
typedef signed char i8x16 __attribute__((vector_size(16)));
typedef unsigned short u16x8 __attribute__((vector_size(16)));
typedef short i16x8 __attribute__((vector_size(16)));
typedef u32 u32x4 __attribute__((vector_size(16)));
typedef i32 i32x4 __attribute__((vector_size(16)));
typedef f32 f32x4 __attribute__((vector_size(16)));
typedef f64 f64x2 __attribute__((vector_size(16)));

#endif
