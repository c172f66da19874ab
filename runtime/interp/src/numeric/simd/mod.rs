//! What the vector operators mean ([Numerics][spec], "vector operations"): functions over arrays of lanes.
//!
//! A vector travels as an array of its lanes, lane 0 first, which are integers of the signedness that the operator
//! reads or floats. Lanewise operators are [`map`] or [`zip`] of a function on one lane; what moves between lanes has a
//! function of its own. Loops are over arrays of known length and without branches, so that compilers turn them into
//! vector instructions. Written from the specification for this engine alone; knows neither code nor machine. Called
//! by `exec::vector`.
//!
//! [spec]: https://webassembly.github.io/spec/core/exec/numerics.html

pub(crate) mod arrange;
pub(crate) mod lane;
pub(crate) mod widen;

#[cfg(test)]
mod tests;

use std::array::from_fn;

pub(crate) type I8x16 = [i8; 16];
pub(crate) type U8x16 = [u8; 16];
pub(crate) type I16x8 = [i16; 8];
pub(crate) type U16x8 = [u16; 8];
pub(crate) type I32x4 = [i32; 4];
pub(crate) type U32x4 = [u32; 4];
pub(crate) type I64x2 = [i64; 2];
pub(crate) type U64x2 = [u64; 2];
pub(crate) type F32x4 = [f32; 4];
pub(crate) type F64x2 = [f64; 2];

/// A function of each lane.
#[inline(always)]
pub(crate) fn map<A: Copy, R, const N: usize>(a: [A; N], f: impl Fn(A) -> R) -> [R; N] {
    from_fn(|i| f(a[i]))
}

/// A function of the lanes that stand at the same place.
#[inline(always)]
pub(crate) fn zip<A: Copy, B: Copy, R, const N: usize>(
    a: [A; N],
    b: [B; N],
    f: impl Fn(A, B) -> R,
) -> [R; N] {
    from_fn(|i| f(a[i], b[i]))
}

/// As [`zip`], for three operands.
#[inline(always)]
pub(crate) fn zip_three<A: Copy, R, const N: usize>(
    a: [A; N],
    b: [A; N],
    c: [A; N],
    f: impl Fn(A, A, A) -> R,
) -> [R; N] {
    from_fn(|i| f(a[i], b[i], c[i]))
}

/// What can be compared lane by lane; the outcome is a lane of ones or of zeros.
pub(crate) trait Comparable: Copy + PartialOrd {
    /// Lanes of the result.
    type Mask;
    /// All ones or all zeros.
    fn mask(outcome: bool) -> Self::Mask;
}

/// Implements [`Comparable`]: the lane, and the integer of its width.
macro_rules! comparable {
    ($($lane:ty => $mask:ty),*) => {$(
        impl Comparable for $lane {
            type Mask = $mask;

            #[inline(always)]
            fn mask(outcome: bool) -> $mask {
                if outcome { !0 } else { 0 }
            }
        }
    )*};
}

comparable!(i8 => u8, u8 => u8, i16 => u16, u16 => u16, i32 => u32, u32 => u32, i64 => u64, u64 => u64, f32 => u32,
    f64 => u64);

/// A comparison of lanes; those with a NaN are false, except `!=`.
#[inline(always)]
pub(crate) fn compare<T: Comparable, const N: usize>(
    a: [T; N],
    b: [T; N],
    test: impl Fn(&T, &T) -> bool,
) -> [T::Mask; N] {
    zip(a, b, |a, b| T::mask(test(&a, &b)))
}
