//! Vector instructions.
//!
//! A vector is in two cells of the frame, lane 0 in the lowest byte, and never in an accumulator: every instruction
//! reads its vectors from slots, all of them before it writes its result. Scalar operands and results follow the same
//! rules as elsewhere.
//!
//! The relaxed operators have one meaning here, the one that the other engine has too; the lowering takes the
//! instruction on the right:
//!
//! | relaxed | the same as |
//! |---|---|
//! | `i8x16.relaxed_swizzle` | `i8x16.swizzle` |
//! | `i32x4.relaxed_trunc_*` | `i32x4.trunc_sat_*` |
//! | `f*.relaxed_madd`, `f*.relaxed_nmadd` | product, then sum, each rounded; of `-a` |
//! | `i*.relaxed_laneselect` | `v128.bitselect` |
//! | `f*.relaxed_min`, `f*.relaxed_max` | `f*.min`, `f*.max` |
//! | `i16x8.relaxed_q15mulr_s` | `i16x8.q15mulr_sat_s` |
//! | `i16x8.relaxed_dot_i8x16_i7x16_s` | both operands signed, sums wrap at 16 bits |
//! | `i32x4.relaxed_dot_i8x16_i7x16_add_s` | those sums, extended and added, wrapping |

mod binary;
mod lane;
mod lanewise;
mod memory;
mod moves;

pub(crate) use binary::VectorBinaryOp;
pub(crate) use lane::{ExtractOp, ReplaceOp, SplatOp, TestOp, shuffle};
pub(crate) use lanewise::{VectorShiftOp, VectorTernaryOp, VectorUnaryOp};
pub(crate) use memory::{LoadLaneOp, StoreLaneOp, VectorLoadOp, vector_store, vector_store_any};
pub(crate) use moves::{vector_const, vector_copy, vector_get, vector_select, vector_set};

use super::machine::{Machine, Packed};
use crate::numeric::simd::{F32x4, F64x2, I8x16, I16x8, I32x4, I64x2, U8x16, U16x8, U32x4, U64x2};

#[cfg(not(target_endian = "little"))]
compile_error!("vectors lie in frames and memories with lane 0 in the lowest byte");

/// A vector by its lanes.
///
/// # Safety
/// The type has 16 bytes, and every pattern of bits is a value of it.
pub(super) unsafe trait Lanes: Copy {}

/// Implements [`Lanes`].
macro_rules! lanes {
    ($($lanes:ty)*) => {$(
        // SAFETY: an array of numbers that fill 16 bytes.
        unsafe impl Lanes for $lanes {}
    )*};
}

lanes!(I8x16 U8x16 I16x8 U16x8 I32x4 U32x4 I64x2 U64x2 F32x4 F64x2);

/// Reads a vector from an address that need not be aligned.
#[inline(always)]
fn read<V: Lanes>(place: *mut u64) -> V {
    // SAFETY: callers give the address of two cells of the frame or of the cell of a global (invariants 2 and 3).
    unsafe { (*place.cast::<Packed<V>>()).0 }
}

/// Writes a vector to an address that need not be aligned.
#[inline(always)]
fn write<V: Lanes>(place: *mut u64, value: V) {
    // SAFETY: as for `read`.
    unsafe { (*place.cast::<Packed<V>>()).0 = value };
}

impl Machine {
    /// The vector in the cell and the one behind it.
    #[inline(always)]
    fn vector<V: Lanes>(&self, slot: u32) -> V {
        read(self.cell(slot))
    }

    /// Sets the cell and the one behind it to a vector.
    #[inline(always)]
    fn set_vector<V: Lanes>(&self, slot: u32, value: V) {
        write(self.cell(slot), value);
    }
}
