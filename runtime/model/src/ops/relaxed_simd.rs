//! Vector operators whose results the specification leaves open within bounds
//! ([Relaxed operations](https://webassembly.github.io/spec/core/exec/relaxed.html)).
//!
//! Here every one of them has one meaning, on all engines and hosts:
//!
//! | operator | meaning |
//! |---|---|
//! | `i8x16.relaxed_swizzle` | `i8x16.swizzle`: 0 for every index from 16 on |
//! | `i32x4.relaxed_trunc_*` | `i32x4.trunc_sat_*`: 0 for NaN, the nearest limit for what is out of range |
//! | `*.relaxed_madd` | `a * b`, rounded, then `+ c`, rounded |
//! | `*.relaxed_nmadd` | `-a * b`, rounded, then `+ c`, rounded |
//! | `*.relaxed_laneselect` | `v128.bitselect` |
//! | `*.relaxed_min`, `*.relaxed_max` | `*.min`, `*.max` |
//! | `i16x8.relaxed_q15mulr_s` | `i16x8.q15mulr_sat_s` |
//! | `i16x8.relaxed_dot_i8x16_i7x16_s` | both signed; the sum of two products wraps at 16 bits |
//! | `i32x4.relaxed_dot_i8x16_i7x16_add_s` | the same, neighbours added at 32 bits, then `+ c`, which wraps |

use super::{Immediates as Im, OpRow, op};
use crate::features::Feature;

const fn relaxed(code: u32, mnemonic: &'static str, signature: &'static str) -> OpRow {
    op(code, mnemonic, Im::None, signature).of(Feature::RelaxedSimd).prefixed(0xfd)
}

pub(super) const OPS: &[OpRow] = &[
    relaxed(0x100, "i8x16.relaxed_swizzle", "vv:v"),
    relaxed(0x101, "i32x4.relaxed_trunc_f32x4_s", "v:v"),
    relaxed(0x102, "i32x4.relaxed_trunc_f32x4_u", "v:v"),
    relaxed(0x103, "i32x4.relaxed_trunc_f64x2_s_zero", "v:v"),
    relaxed(0x104, "i32x4.relaxed_trunc_f64x2_u_zero", "v:v"),
    relaxed(0x105, "f32x4.relaxed_madd", "vvv:v"),
    relaxed(0x106, "f32x4.relaxed_nmadd", "vvv:v"),
    relaxed(0x107, "f64x2.relaxed_madd", "vvv:v"),
    relaxed(0x108, "f64x2.relaxed_nmadd", "vvv:v"),
    relaxed(0x109, "i8x16.relaxed_laneselect", "vvv:v"),
    relaxed(0x10a, "i16x8.relaxed_laneselect", "vvv:v"),
    relaxed(0x10b, "i32x4.relaxed_laneselect", "vvv:v"),
    relaxed(0x10c, "i64x2.relaxed_laneselect", "vvv:v"),
    relaxed(0x10d, "f32x4.relaxed_min", "vv:v"),
    relaxed(0x10e, "f32x4.relaxed_max", "vv:v"),
    relaxed(0x10f, "f64x2.relaxed_min", "vv:v"),
    relaxed(0x110, "f64x2.relaxed_max", "vv:v"),
    relaxed(0x111, "i16x8.relaxed_q15mulr_s", "vv:v"),
    relaxed(0x112, "i16x8.relaxed_dot_i8x16_i7x16_s", "vv:v"),
    relaxed(0x113, "i32x4.relaxed_dot_i8x16_i7x16_add_s", "vvv:v"),
];
