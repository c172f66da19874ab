//! Operators between vectors of different numbers of lanes: `N` lanes become `M`.

use std::array::from_fn;
use std::ops::{Add, Mul};

/// Two vectors narrowed into one.
#[inline(always)]
pub(crate) fn narrow<A: Copy, R, const N: usize, const M: usize>(
    a: [A; N],
    b: [A; N],
    f: impl Fn(A) -> R,
) -> [R; M] {
    from_fn(|i| if i < N { f(a[i]) } else { f(b[i - N]) })
}

/// A function of the lower half of the lanes.
#[inline(always)]
pub(crate) fn low<A: Copy, R, const N: usize, const M: usize>(a: [A; N], f: impl Fn(A) -> R) -> [R; M] {
    from_fn(|i| f(a[i]))
}

/// A function of the upper half of the lanes.
#[inline(always)]
pub(crate) fn high<A: Copy, R, const N: usize, const M: usize>(a: [A; N], f: impl Fn(A) -> R) -> [R; M] {
    from_fn(|i| f(a[i + M]))
}

/// Products of the lower halves, in the wider type, which holds them all.
#[inline(always)]
pub(crate) fn extmul_low<A: Copy, R, const N: usize, const M: usize>(a: [A; N], b: [A; N]) -> [R; M]
where
    R: From<A> + Mul<Output = R>,
{
    from_fn(|i| R::from(a[i]) * R::from(b[i]))
}

/// Products of the upper halves, in the wider type, which holds them all.
#[inline(always)]
pub(crate) fn extmul_high<A: Copy, R, const N: usize, const M: usize>(a: [A; N], b: [A; N]) -> [R; M]
where
    R: From<A> + Mul<Output = R>,
{
    from_fn(|i| R::from(a[i + M]) * R::from(b[i + M]))
}

/// Sums of neighbours, in the wider type, which holds them all.
#[inline(always)]
pub(crate) fn extadd_pairwise<A: Copy, R, const N: usize, const M: usize>(a: [A; N]) -> [R; M]
where
    R: From<A> + Add<Output = R>,
{
    from_fn(|i| R::from(a[2 * i]) + R::from(a[2 * i + 1]))
}

/// Sums of the products of neighbours. Twice the square of -2^15 is the one sum that wraps.
#[inline(always)]
pub(crate) fn dot_i16(a: [i16; 8], b: [i16; 8]) -> [i32; 4] {
    let product = |i: usize| i32::from(a[i]) * i32::from(b[i]);
    from_fn(|i| product(2 * i).wrapping_add(product(2 * i + 1)))
}

/// As [`dot_i16`] for bytes, both signed; the sums wrap at 16 bits.
#[inline(always)]
pub(crate) fn dot_i8(a: [i8; 16], b: [i8; 16]) -> [i16; 8] {
    let product = |i: usize| i16::from(a[i]) * i16::from(b[i]);
    from_fn(|i| product(2 * i).wrapping_add(product(2 * i + 1)))
}

/// [`dot_i8`], neighbours added in 32 bits, and `c`.
#[inline(always)]
pub(crate) fn dot_i8_add(a: [i8; 16], b: [i8; 16], c: [i32; 4]) -> [i32; 4] {
    let sums: [i32; 4] = extadd_pairwise(dot_i8(a, b));
    from_fn(|i| sums[i].wrapping_add(c[i]))
}
