//! What moves lanes to other places, or makes one answer of all of them.

use super::U8x16;
use std::array::from_fn;

/// The lanes of `a` that `s` names; 0 for names past the end.
#[inline(always)]
pub(crate) fn swizzle(a: U8x16, s: U8x16) -> U8x16 {
    from_fn(|i| {
        let lane = a[usize::from(s[i] & 15)];
        if s[i] < 16 { lane } else { 0 }
    })
}

/// The lanes of `a` (0 to 15) and `b` (16 to 31) that `lanes` names.
#[inline(always)]
pub(crate) fn shuffle(a: U8x16, b: U8x16, lanes: U8x16) -> U8x16 {
    let both: [u8; 32] = from_fn(|i| if i < 16 { a[i] } else { b[i - 16] });
    from_fn(|i| both[usize::from(lanes[i] & 31)])
}

/// Whether a bit of the vector is set.
#[inline(always)]
pub(crate) fn any_true(a: [u64; 2]) -> bool {
    a[0] | a[1] != 0
}

/// Whether no lane is zero.
#[inline(always)]
pub(crate) fn all_true<T: Copy + PartialEq + Default, const N: usize>(a: [T; N]) -> bool {
    a.iter().fold(true, |all, &lane| all & (lane != T::default()))
}

/// The sign of each lane: lane 0's is bit 0.
#[inline(always)]
pub(crate) fn bitmask<T: Copy + PartialOrd + Default, const N: usize>(a: [T; N]) -> u32 {
    (0..N).fold(0, |mask, i| mask | u32::from(a[i] < T::default()) << i)
}

/// [`bitmask`] of 16 lanes, eight at a time: the product brings bit 8·i to bit 56 + i, and no two bits to one place.
#[inline(always)]
pub(crate) fn bitmask_bytes(a: [u64; 2]) -> u32 {
    let [low, high] = a.map(|half| {
        let signs = half >> 7 & 0x0101_0101_0101_0101;
        signs.wrapping_mul(0x0102_0408_1020_4080) >> 56
    });
    (high << 8 | low) as u32
}

/// Every lane the same.
#[inline(always)]
pub(crate) fn splat<T: Copy, const N: usize>(value: T) -> [T; N] {
    [value; N]
}

/// The lane with this number; numbers are validated, and taken modulo the number of lanes.
#[inline(always)]
pub(crate) fn extract<T: Copy, const N: usize>(a: [T; N], lane: u32) -> T {
    a[lane as usize % N]
}

/// The vector with another value in one lane.
#[inline(always)]
pub(crate) fn replace<T: Copy, const N: usize>(a: [T; N], lane: u32, value: T) -> [T; N] {
    from_fn(|i| if i == lane as usize % N { value } else { a[i] })
}

/// A first lane, zeros behind it.
#[inline(always)]
pub(crate) fn alone<T: Copy + Default, const N: usize>(value: T) -> [T; N] {
    from_fn(|i| if i == 0 { value } else { T::default() })
}

/// Lanes, then as many zeros.
#[inline(always)]
pub(crate) fn zeros_behind<T: Copy + Default, const N: usize, const M: usize>(a: [T; N]) -> [T; M] {
    from_fn(|i| if i < N { a[i] } else { T::default() })
}
