//! Floating-point operators ([Floating-point operations][spec]), for both widths.
//!
//! A NaN that comes out of arithmetic is one that the specification allows: the host's arithmetic gives the quieted
//! operand or the canonical NaN. `abs`, `neg` and `copysign` touch only the sign bit, whatever the other bits say.
//! Rounding to integers is done with exact additions, so that it needs no instruction beyond the baseline.
//!
//! [spec]: https://webassembly.github.io/spec/core/exec/numerics.html#floating-point-operations

/// The operators of one width: `$integral` is the least power of two from which on every float is an integer.
macro_rules! float_operators {
    ($module:ident, $float:ty, $bits:ty, $sign:literal, $integral:literal) => {
        /// The operators of this width.
        pub(crate) mod $module {
            type F = $float;
            const SIGN: $bits = $sign;
            /// The bit that tells quiet NaNs from signalling ones.
            const QUIET: $bits = 1 << (F::MANTISSA_DIGITS - 2);
            const INTEGRAL: F = $integral;

            #[inline(always)]

            pub(crate) fn add(a: F, b: F) -> F {
                a + b
            }

            #[inline(always)]

            pub(crate) fn sub(a: F, b: F) -> F {
                a - b
            }

            #[inline(always)]

            pub(crate) fn mul(a: F, b: F) -> F {
                a * b
            }

            #[inline(always)]

            pub(crate) fn div(a: F, b: F) -> F {
                a / b
            }

            #[inline(always)]

            pub(crate) fn sqrt(a: F) -> F {
                a.sqrt()
            }

            #[inline(always)]

            pub(crate) fn abs(a: F) -> F {
                F::from_bits(a.to_bits() & !SIGN)
            }

            #[inline(always)]

            pub(crate) fn neg(a: F) -> F {
                F::from_bits(a.to_bits() ^ SIGN)
            }

            #[inline(always)]

            pub(crate) fn copysign(a: F, b: F) -> F {
                F::from_bits(a.to_bits() & !SIGN | b.to_bits() & SIGN)
            }

            /// What an operator that computes nothing with a NaN makes of one. (An addition of zero would do the
            /// same, but optimisers take it away.)
            #[inline(always)]
            fn quiet(a: F) -> F {
                if a.is_nan() { F::from_bits(a.to_bits() | QUIET) } else { a }
            }

            /// NaN when an operand is; of two zeros the negative one.
            #[inline(always)]
            pub(crate) fn min(a: F, b: F) -> F {
                if a < b {
                    a
                } else if b < a {
                    b
                } else if a == b {
                    F::from_bits(a.to_bits() | b.to_bits())
                } else {
                    a + b
                }
            }

            /// NaN when an operand is; of two zeros the positive one.
            #[inline(always)]
            pub(crate) fn max(a: F, b: F) -> F {
                if a > b {
                    a
                } else if b > a {
                    b
                } else if a == b {
                    F::from_bits(a.to_bits() & b.to_bits())
                } else {
                    a + b
                }
            }

            /// Rounds the magnitude to the nearest integer, ties to even: adding [`INTEGRAL`] leaves no bit for the
            /// fraction, and the addition rounds just so. The sign is that of the operand, also for zero.
            #[inline(always)]
            pub(crate) fn nearest(a: F) -> F {
                let magnitude = abs(a);
                if magnitude < INTEGRAL {
                    copysign((magnitude + INTEGRAL) - INTEGRAL, a)
                } else {
                    // An integer, an infinity, or a NaN.
                    quiet(a)
                }
            }

            #[inline(always)]

            pub(crate) fn trunc(a: F) -> F {
                let magnitude = abs(a);
                if magnitude < INTEGRAL {
                    let rounded = (magnitude + INTEGRAL) - INTEGRAL;
                    let down = if rounded > magnitude { rounded - 1.0 } else { rounded };
                    copysign(down, a)
                } else {
                    quiet(a)
                }
            }

            #[inline(always)]

            pub(crate) fn floor(a: F) -> F {
                let rounded = nearest(a);
                if rounded > a { rounded - 1.0 } else { rounded }
            }

            #[inline(always)]

            pub(crate) fn ceil(a: F) -> F {
                let rounded = nearest(a);
                // The sum can be zero only when `a` is negative, and then the zero is too.
                if rounded < a { copysign(rounded + 1.0, a) } else { rounded }
            }

            #[inline(always)]

            pub(crate) fn eq(a: F, b: F) -> bool {
                a == b
            }

            #[inline(always)]

            pub(crate) fn ne(a: F, b: F) -> bool {
                a != b
            }

            #[inline(always)]

            pub(crate) fn lt(a: F, b: F) -> bool {
                a < b
            }

            #[inline(always)]

            pub(crate) fn le(a: F, b: F) -> bool {
                a <= b
            }
        }
    };
}

float_operators!(f32, f32, u32, 0x8000_0000, 8_388_608.0);
float_operators!(f64, f64, u64, 0x8000_0000_0000_0000, 4_503_599_627_370_496.0);

#[cfg(test)]
mod tests {
    use super::{f32, f64};
    use proptest::prelude::*;
    use std::primitive::{f32 as F32, f64 as F64};

    const SIGNALLING: u32 = 0x7fa0_1234;

    /// A NaN whose quiet bit is set: what arithmetic may return.
    fn is_arithmetic(a: F32) -> bool {
        a.is_nan() && a.to_bits() & 0x0040_0000 != 0
    }

    fn is_canonical(a: F32) -> bool {
        a.to_bits() & 0x7fff_ffff == 0x7fc0_0000
    }

    #[test]
    fn sign_operators_do_not_touch_a_payload() {
        let signalling = F32::from_bits(SIGNALLING);
        assert_eq!(f32::neg(signalling).to_bits(), SIGNALLING | 0x8000_0000);
        assert_eq!(f32::abs(f32::neg(signalling)).to_bits(), SIGNALLING);
        assert_eq!(f32::copysign(signalling, -0.0).to_bits(), SIGNALLING | 0x8000_0000);
        assert_eq!(f32::copysign(-1.5, signalling), 1.5);
        let signalling = F64::from_bits(0xfff4_0000_0000_0001);
        assert_eq!(f64::abs(signalling).to_bits(), 0x7ff4_0000_0000_0001);
        assert_eq!(f64::neg(signalling).to_bits(), 0x7ff4_0000_0000_0001);
        assert_eq!(f64::copysign(signalling, 1.0).to_bits(), 0x7ff4_0000_0000_0001);
    }

    #[test]
    fn arithmetic_quiets_and_makes_canonical_nans() {
        let signalling = F32::from_bits(SIGNALLING);
        for result in [f32::add(signalling, 1.0), f32::sub(1.0, signalling), f32::mul(signalling, signalling)]
        {
            assert!(is_arithmetic(result));
        }
        for unary in [f32::nearest, f32::trunc, f32::floor, f32::ceil, f32::sqrt] {
            assert!(is_arithmetic(unary(signalling)));
            assert!(is_canonical(unary(F32::from_bits(0x7fc0_0000))));
        }
        assert!(is_arithmetic(f32::min(signalling, 0.0)) && is_arithmetic(f32::max(0.0, signalling)));
        let infinity = F32::INFINITY;
        for result in
            [f32::sub(infinity, infinity), f32::mul(0.0, infinity), f32::div(0.0, 0.0), f32::sqrt(-1.0)]
        {
            assert!(is_canonical(result));
        }
    }

    #[test]
    fn min_and_max_order_the_zeros() {
        let bits = |a: F64| a.to_bits();
        assert_eq!(bits(f64::min(0.0, -0.0)), bits(-0.0));
        assert_eq!(bits(f64::min(-0.0, 0.0)), bits(-0.0));
        assert_eq!(bits(f64::max(0.0, -0.0)), 0);
        assert_eq!(bits(f64::max(-0.0, 0.0)), 0);
        assert_eq!(bits(f64::max(-0.0, -0.0)), bits(-0.0));
        assert_eq!(
            (f64::min(1.0, 2.0), f64::max(1.0, 2.0), f64::min(-F64::INFINITY, 1.0)),
            (1.0, 2.0, -F64::INFINITY)
        );
        assert!(f64::min(F64::NAN, 1.0).is_nan() && f64::max(1.0, F64::NAN).is_nan());
    }

    #[test]
    fn rounding_keeps_the_sign_of_zero() {
        for round in [f64::nearest, f64::trunc, f64::ceil] {
            assert_eq!(round(-0.25).to_bits(), (-0.0f64).to_bits());
        }
        for round in [f64::nearest, f64::trunc, f64::ceil, f64::floor] {
            assert_eq!(round(-0.0).to_bits(), (-0.0f64).to_bits());
            assert_eq!(round(0.0).to_bits(), 0);
            assert_eq!(round(F64::INFINITY), F64::INFINITY);
            assert_eq!(round(F64::MIN), F64::MIN);
        }
        assert_eq!((f64::floor(-0.25), f64::floor(0.25).to_bits(), f64::ceil(0.25)), (-1.0, 0, 1.0));
    }

    #[test]
    fn nearest_breaks_ties_to_even() {
        let ties = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 4_503_599_627_370_495.5];
        let even = [0.0, 2.0, 2.0, -0.0, -2.0, -2.0, 4_503_599_627_370_496.0];
        assert_eq!(ties.map(f64::nearest), even);
        assert_eq!(f64::nearest(0.499_999_999_999_999_94), 0.0);
        assert_eq!([0.5, 1.5, 2.5, 8_388_607.5].map(f32::nearest), [0.0, 2.0, 2.0, 8_388_608.0]);
    }

    #[test]
    fn comparisons_with_nan_are_false_except_ne() {
        let nan = F64::NAN;
        assert!(!f64::eq(nan, nan) && f64::ne(nan, nan) && !f64::lt(nan, 1.0) && !f64::le(nan, nan));
        assert!(f64::eq(0.0, -0.0) && !f64::ne(0.0, -0.0) && f64::le(0.0, -0.0) && !f64::lt(-0.0, 0.0));
        assert!(
            f32::lt(1.0, 2.0)
                && f32::le(2.0, 2.0)
                && !f32::lt(2.0, 2.0)
                && f32::ne(1.0, 2.0)
                && f32::eq(1.0, 1.0)
        );
        assert_eq!(
            (f64::add(0.1, 0.2), f64::sub(0.0, 1.0), f64::div(1.0, -0.0)),
            (0.300_000_000_000_000_04, -1.0, -F64::INFINITY)
        );
        assert_eq!((f64::mul(1e200, 1e200), f64::sqrt(2.25), f32::sqrt(4.0)), (F64::INFINITY, 1.5, 2.0));
    }

    proptest! {
        /// Against the standard library, which is exact for these.
        #[test]
        fn rounding_is_exact(bits: u64) {
            let a = F64::from_bits(bits);
            prop_assume!(!a.is_nan());
            prop_assert_eq!(f64::nearest(a).to_bits(), a.round_ties_even().to_bits());
            prop_assert_eq!(f64::trunc(a).to_bits(), a.trunc().to_bits());
            prop_assert_eq!(f64::floor(a).to_bits(), a.floor().to_bits());
            prop_assert_eq!(f64::ceil(a).to_bits(), a.ceil().to_bits());
            let narrow = F32::from_bits(bits as u32);
            prop_assume!(!narrow.is_nan());
            prop_assert_eq!(f32::nearest(narrow).to_bits(), narrow.round_ties_even().to_bits());
            prop_assert_eq!(f32::trunc(narrow).to_bits(), narrow.trunc().to_bits());
            prop_assert_eq!(f32::floor(narrow).to_bits(), narrow.floor().to_bits());
            prop_assert_eq!(f32::ceil(narrow).to_bits(), narrow.ceil().to_bits());
        }

        #[test]
        fn rounding_is_exact_near_integers(whole in -10_000_000i32..10_000_000, sixteenths in 0u8..16) {
            let a = F64::from(whole) + F64::from(sixteenths) / 16.0;
            prop_assert_eq!(f64::nearest(a).to_bits(), a.round_ties_even().to_bits());
            prop_assert_eq!(f64::floor(a).to_bits(), a.floor().to_bits());
            prop_assert_eq!(f64::ceil(a).to_bits(), a.ceil().to_bits());
            prop_assert_eq!(f32::floor(a as F32).to_bits(), (a as F32).floor().to_bits());
            prop_assert_eq!(f32::ceil(a as F32).to_bits(), (a as F32).ceil().to_bits());
        }
    }
}
