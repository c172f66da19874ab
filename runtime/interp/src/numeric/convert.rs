//! Conversions ([Conversions][spec]).
//!
//! [spec]: https://webassembly.github.io/spec/core/exec/numerics.html#conversions

use super::Trapping;
use assay_model::trap::TrapKind;

/// Truncation that traps. The bounds are open intervals of floats around the integers of the type; where a bound
/// itself is not a float of the width, the next float outside stands for it (`>=` the smallest integer then).
macro_rules! truncations {
    ($($(#[$doc:meta])* $name:ident($float:ty) -> $bits:ty as $integer:ty: |$a:ident| $within:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub(crate) fn $name($a: $float) -> Trapping<$bits> {
            if $within {
                Ok($a as $integer as $bits)
            } else if $a.is_nan() {
                Err(TrapKind::InvalidConversionToInteger)
            } else {
                Err(TrapKind::IntegerOverflow)
            }
        }
    )*};
}

truncations! {
    /// `i32.trunc_f32_s`
    i32_trunc_f32_s(f32) -> u32 as i32: |a| (-2_147_483_648.0..2_147_483_648.0).contains(&a);
    /// `i32.trunc_f32_u`
    i32_trunc_f32_u(f32) -> u32 as u32: |a| a > -1.0 && a < 4_294_967_296.0;
    /// `i32.trunc_f64_s`
    i32_trunc_f64_s(f64) -> u32 as i32: |a| a > -2_147_483_649.0 && a < 2_147_483_648.0;
    /// `i32.trunc_f64_u`
    i32_trunc_f64_u(f64) -> u32 as u32: |a| a > -1.0 && a < 4_294_967_296.0;
    /// `i64.trunc_f32_s`
    i64_trunc_f32_s(f32) -> u64 as i64: |a| (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&a);
    /// `i64.trunc_f32_u`
    i64_trunc_f32_u(f32) -> u64 as u64: |a| a > -1.0 && a < 18_446_744_073_709_551_616.0;
    /// `i64.trunc_f64_s`
    i64_trunc_f64_s(f64) -> u64 as i64: |a| (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&a);
    /// `i64.trunc_f64_u`
    i64_trunc_f64_u(f64) -> u64 as u64: |a| a > -1.0 && a < 18_446_744_073_709_551_616.0;
}

/// Conversions that cannot fail. Rust's `as` is what the specification asks for in each: truncation of floats that
/// saturates and makes 0 of a NaN, rounding to nearest with ties to even, and modular narrowing of integers.
macro_rules! conversions {
    ($($(#[$doc:meta])* $name:ident($from:ty) -> $to:ty: |$a:ident| $convert:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub(crate) fn $name($a: $from) -> $to {
            $convert
        }
    )*};
}

conversions! {
    /// `i32.wrap_i64`
    i32_wrap_i64(u64) -> u32: |a| a as u32;
    /// `i64.extend_i32_s`
    i64_extend_i32_s(u32) -> u64: |a| a as i32 as i64 as u64;
    /// `i64.extend_i32_u`
    i64_extend_i32_u(u32) -> u64: |a| u64::from(a);
    /// `i32.trunc_sat_f32_s`
    i32_trunc_sat_f32_s(f32) -> u32: |a| a as i32 as u32;
    /// `i32.trunc_sat_f32_u`
    i32_trunc_sat_f32_u(f32) -> u32: |a| a as u32;
    /// `i32.trunc_sat_f64_s`
    i32_trunc_sat_f64_s(f64) -> u32: |a| a as i32 as u32;
    /// `i32.trunc_sat_f64_u`
    i32_trunc_sat_f64_u(f64) -> u32: |a| a as u32;
    /// `i64.trunc_sat_f32_s`
    i64_trunc_sat_f32_s(f32) -> u64: |a| a as i64 as u64;
    /// `i64.trunc_sat_f32_u`
    i64_trunc_sat_f32_u(f32) -> u64: |a| a as u64;
    /// `i64.trunc_sat_f64_s`
    i64_trunc_sat_f64_s(f64) -> u64: |a| a as i64 as u64;
    /// `i64.trunc_sat_f64_u`
    i64_trunc_sat_f64_u(f64) -> u64: |a| a as u64;
    /// `f32.convert_i32_s`
    f32_convert_i32_s(u32) -> f32: |a| a as i32 as f32;
    /// `f32.convert_i32_u`
    f32_convert_i32_u(u32) -> f32: |a| a as f32;
    /// `f32.convert_i64_s`
    f32_convert_i64_s(u64) -> f32: |a| a as i64 as f32;
    /// `f32.convert_i64_u`
    f32_convert_i64_u(u64) -> f32: |a| a as f32;
    /// `f64.convert_i32_s`
    f64_convert_i32_s(u32) -> f64: |a| f64::from(a as i32);
    /// `f64.convert_i32_u`
    f64_convert_i32_u(u32) -> f64: |a| f64::from(a);
    /// `f64.convert_i64_s`
    f64_convert_i64_s(u64) -> f64: |a| a as i64 as f64;
    /// `f64.convert_i64_u`
    f64_convert_i64_u(u64) -> f64: |a| a as f64;
    /// `f32.demote_f64`
    f32_demote_f64(f64) -> f32: |a| a as f32;
    /// `f64.promote_f32`
    f64_promote_f32(f32) -> f64: |a| f64::from(a);
    /// `i32.reinterpret_f32`
    i32_reinterpret_f32(f32) -> u32: |a| a.to_bits();
    /// `i64.reinterpret_f64`
    i64_reinterpret_f64(f64) -> u64: |a| a.to_bits();
    /// `f32.reinterpret_i32`
    f32_reinterpret_i32(u32) -> f32: |a| f32::from_bits(a);
    /// `f64.reinterpret_i64`
    f64_reinterpret_i64(u64) -> f64: |a| f64::from_bits(a);
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_model::trap::TrapKind::{IntegerOverflow, InvalidConversionToInteger};

    /// The float next to `a` away from zero.
    fn beyond(a: f64) -> f64 {
        f64::from_bits(a.to_bits() + 1)
    }

    fn before(a: f64) -> f64 {
        f64::from_bits(a.to_bits() - 1)
    }

    #[test]
    fn truncation_of_nan_is_not_an_overflow() {
        assert_eq!(i32_trunc_f32_s(f32::NAN), Err(InvalidConversionToInteger));
        assert_eq!(i32_trunc_f64_u(f64::NAN), Err(InvalidConversionToInteger));
        assert_eq!(i64_trunc_f32_u(-f32::NAN), Err(InvalidConversionToInteger));
        assert_eq!(i64_trunc_f64_s(f64::NAN), Err(InvalidConversionToInteger));
        assert_eq!(i64_trunc_f64_s(f64::INFINITY), Err(IntegerOverflow));
        assert_eq!(i32_trunc_f32_u(f32::NEG_INFINITY), Err(IntegerOverflow));
    }

    #[test]
    fn truncation_of_f64_to_i32_is_exact_at_the_bounds() {
        assert_eq!(i32_trunc_f64_s(before(2_147_483_648.0)), Ok(0x7fff_ffff));
        assert_eq!(i32_trunc_f64_s(2_147_483_648.0), Err(IntegerOverflow));
        assert_eq!(i32_trunc_f64_s(before(-2_147_483_649.0)), Ok(0x8000_0000));
        assert_eq!(i32_trunc_f64_s(-2_147_483_649.0), Err(IntegerOverflow));
        assert_eq!(i32_trunc_f64_u(before(4_294_967_296.0)), Ok(u32::MAX));
        assert_eq!(i32_trunc_f64_u(4_294_967_296.0), Err(IntegerOverflow));
        assert_eq!(i32_trunc_f64_u(before(-1.0)), Ok(0));
        assert_eq!(i32_trunc_f64_u(-1.0), Err(IntegerOverflow));
    }

    #[test]
    fn truncation_of_f32_to_i32_is_exact_at_the_bounds() {
        assert_eq!(i32_trunc_f32_s(2_147_483_520.0), Ok(0x7fff_ff80));
        assert_eq!(i32_trunc_f32_s(2_147_483_648.0), Err(IntegerOverflow));
        assert_eq!(i32_trunc_f32_s(-2_147_483_648.0), Ok(0x8000_0000));
        assert_eq!(i32_trunc_f32_s(-2_147_483_904.0), Err(IntegerOverflow));
        assert_eq!(i32_trunc_f32_u(4_294_967_040.0), Ok(0xffff_ff00));
        assert_eq!(i32_trunc_f32_u(4_294_967_296.0), Err(IntegerOverflow));
        assert_eq!((i32_trunc_f32_u(-0.99), i32_trunc_f32_u(-1.0)), (Ok(0), Err(IntegerOverflow)));
    }

    #[test]
    fn truncation_to_i64_is_exact_at_the_bounds() {
        let limit = 9_223_372_036_854_775_808.0f64;
        assert_eq!(i64_trunc_f64_s(before(limit)), Ok(0x7fff_ffff_ffff_fc00));
        assert_eq!(i64_trunc_f64_s(limit), Err(IntegerOverflow));
        assert_eq!(i64_trunc_f64_s(-limit), Ok(1 << 63));
        assert_eq!(i64_trunc_f64_s(beyond(-limit)), Err(IntegerOverflow));
        assert_eq!(i64_trunc_f64_u(before(2.0 * limit)), Ok(0xffff_ffff_ffff_f800));
        assert_eq!(i64_trunc_f64_u(2.0 * limit), Err(IntegerOverflow));
        assert_eq!((i64_trunc_f64_u(-0.5), i64_trunc_f64_u(-1.0)), (Ok(0), Err(IntegerOverflow)));
        assert_eq!(i64_trunc_f32_s(-(limit as f32)), Ok(1 << 63));
        assert_eq!(i64_trunc_f32_s(limit as f32), Err(IntegerOverflow));
        assert_eq!(i64_trunc_f32_u(limit as f32), Ok(1 << 63));
        assert_eq!(i64_trunc_f32_u(2.0 * limit as f32), Err(IntegerOverflow));
    }

    #[test]
    fn saturating_truncation_stops_at_the_bounds() {
        assert_eq!(
            (i32_trunc_sat_f32_s(f32::NAN), i32_trunc_sat_f32_s(3e9), i32_trunc_sat_f32_s(-3e9)),
            (0, 0x7fff_ffff, 0x8000_0000)
        );
        assert_eq!(
            (i32_trunc_sat_f32_u(-5.0), i32_trunc_sat_f32_u(5e9), i32_trunc_sat_f32_u(f32::NAN)),
            (0, u32::MAX, 0)
        );
        assert_eq!(
            (i32_trunc_sat_f64_s(-1e300), i32_trunc_sat_f64_s(1e300), i32_trunc_sat_f64_s(-7.9)),
            (0x8000_0000, 0x7fff_ffff, -7i32 as u32)
        );
        assert_eq!((i32_trunc_sat_f64_u(-1e300), i32_trunc_sat_f64_u(4_294_967_295.9)), (0, u32::MAX));
        assert_eq!((i64_trunc_sat_f32_s(-1e30), i64_trunc_sat_f32_s(1e30)), (1 << 63, (1 << 63) - 1));
        assert_eq!((i64_trunc_sat_f32_u(-1.0), i64_trunc_sat_f32_u(1e30)), (0, u64::MAX));
        assert_eq!((i64_trunc_sat_f64_s(f64::NAN), i64_trunc_sat_f64_s(1e19)), (0, (1 << 63) - 1));
        assert_eq!(
            (i64_trunc_sat_f64_u(1e19), i64_trunc_sat_f64_u(1e20)),
            (10_000_000_000_000_000_000, u64::MAX)
        );
    }

    #[test]
    fn conversion_from_integers_rounds_once_to_even() {
        assert_eq!((f32_convert_i32_s(u32::MAX), f32_convert_i32_u(u32::MAX)), (-1.0, 4_294_967_296.0));
        assert_eq!(f32_convert_i32_s(16_777_217), 16_777_216.0);
        assert_eq!(f32_convert_i32_s(16_777_219), 16_777_220.0);
        // Halfway when rounded through f64 first; above halfway when rounded once.
        assert_eq!(f32_convert_i64_s(0x0040_0000_4000_0001).to_bits(), 0x5a80_0001);
        assert_eq!(f32_convert_i64_u(0x8000_0080_0000_0001).to_bits(), 0x5f00_0001);
        assert_eq!(
            (f64_convert_i64_s(u64::MAX), f64_convert_i64_u(u64::MAX)),
            (-1.0, 18_446_744_073_709_551_616.0)
        );
        assert_eq!(f64_convert_i64_u(0x8000_0000_0000_0401).to_bits(), 0x43e0_0000_0000_0001);
        assert_eq!(
            (f64_convert_i32_s(0x8000_0000), f64_convert_i32_u(0x8000_0000)),
            (-2_147_483_648.0, 2_147_483_648.0)
        );
    }

    #[test]
    fn widths_of_floats_change_by_rounding() {
        assert_eq!(f32_demote_f64(16_777_217.0), 16_777_216.0);
        assert_eq!(f32_demote_f64(1e300), f32::INFINITY);
        assert_eq!(f32_demote_f64(-1e-300).to_bits(), 0x8000_0000);
        assert_eq!(f64_promote_f32(f32::from_bits(1)), 1.401_298_464_324_817e-45);
        assert_eq!(
            f64_promote_f32(f32::from_bits(0x7fc0_0000)).to_bits() & !(1 << 63),
            0x7ff8_0000_0000_0000
        );
        assert_ne!(f64_promote_f32(f32::from_bits(0x7fa0_0000)).to_bits() & 0x0008_0000_0000_0000, 0);
        assert_ne!(f32_demote_f64(f64::from_bits(0x7ff4_0000_0000_0000)).to_bits() & 0x0040_0000, 0);
    }

    #[test]
    fn bits_stay_when_they_are_only_read_differently() {
        assert_eq!(i32_reinterpret_f32(f32_reinterpret_i32(0x7fa0_1234)), 0x7fa0_1234);
        assert_eq!(i64_reinterpret_f64(f64_reinterpret_i64(0xfff4_0000_0000_0001)), 0xfff4_0000_0000_0001);
        assert_eq!(
            (i32_wrap_i64(0x1_8000_0000), i64_extend_i32_s(0x8000_0000), i64_extend_i32_u(0x8000_0000)),
            (0x8000_0000, 0xffff_ffff_8000_0000, 0x8000_0000)
        );
    }
}
