//! Functions on single lanes that are more than an operation of Rust.

/// Rounding average: half of the sum, up.
#[inline(always)]
pub(crate) fn avgr_u8(a: u8, b: u8) -> u8 {
    ((u16::from(a) + u16::from(b) + 1) >> 1) as u8
}

/// Rounding average: half of the sum, up.
#[inline(always)]
pub(crate) fn avgr_u16(a: u16, b: u16) -> u16 {
    ((u32::from(a) + u32::from(b) + 1) >> 1) as u16
}

/// Product of fixed-point numbers with 15 bits of fraction, rounded; only -1 times -1 saturates.
#[inline(always)]
pub(crate) fn q15mulr_sat_s(a: i16, b: i16) -> i16 {
    let product = (i32::from(a) * i32::from(b) + 0x4000) >> 15;
    product.min(i32::from(i16::MAX)) as i16
}

/// Ones among the bits.
#[inline(always)]
pub(crate) fn popcnt(a: u8) -> u8 {
    let pairs = a - (a >> 1 & 0x55);
    let fours = (pairs & 0x33) + (pairs >> 2 & 0x33);
    (fours + (fours >> 4)) & 0x0f
}

/// `b < a ? b : a`, whatever that means for NaNs and zeros: one of the operands with all its bits.
#[inline(always)]
pub(crate) fn pmin<T: PartialOrd>(a: T, b: T) -> T {
    if b < a { b } else { a }
}

/// `a < b ? b : a`, as [`pmin`].
#[inline(always)]
pub(crate) fn pmax<T: PartialOrd>(a: T, b: T) -> T {
    if a < b { b } else { a }
}

/// The bits of `a` where `mask` has ones, those of `b` elsewhere.
#[inline(always)]
pub(crate) fn bitselect(a: u64, b: u64, mask: u64) -> u64 {
    a & mask | b & !mask
}

/// Saturating to a signed byte.
#[inline(always)]
pub(crate) fn narrow_i16_s(a: i16) -> i8 {
    a.clamp(i16::from(i8::MIN), i16::from(i8::MAX)) as i8
}

/// Saturating to an unsigned byte.
#[inline(always)]
pub(crate) fn narrow_i16_u(a: i16) -> u8 {
    a.clamp(0, i16::from(u8::MAX)) as u8
}

/// Saturating to 16 bits, signed.
#[inline(always)]
pub(crate) fn narrow_i32_s(a: i32) -> i16 {
    a.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// Saturating to 16 bits, unsigned.
#[inline(always)]
pub(crate) fn narrow_i32_u(a: i32) -> u16 {
    a.clamp(0, i32::from(u16::MAX)) as u16
}

/// Product and sum, each rounded.
#[inline(always)]
pub(crate) fn madd<T: std::ops::Mul<Output = T> + std::ops::Add<Output = T>>(a: T, b: T, c: T) -> T {
    a * b + c
}
