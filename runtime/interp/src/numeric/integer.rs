//! Integer operators ([Integer operations][spec]), for both widths.
//!
//! [spec]: https://webassembly.github.io/spec/core/exec/numerics.html#integer-operations

/// The operators of one width: `$unsigned` carries the value, `$signed` is its two's complement reading.
macro_rules! integer_operators {
    ($module:ident, $unsigned:ty, $signed:ty, $width:literal) => {
        /// The operators of this width.
        pub(crate) mod $module {
            use crate::numeric::Trapping;
            use assay_model::trap::TrapKind;

            type U = $unsigned;
            type S = $signed;

            #[inline(always)]

            pub(crate) fn add(a: U, b: U) -> U {
                a.wrapping_add(b)
            }

            #[inline(always)]

            pub(crate) fn sub(a: U, b: U) -> U {
                a.wrapping_sub(b)
            }

            #[inline(always)]

            pub(crate) fn mul(a: U, b: U) -> U {
                a.wrapping_mul(b)
            }

            #[inline(always)]

            pub(crate) fn div_u(a: U, b: U) -> Trapping<U> {
                if b == 0 { Err(TrapKind::IntegerDivideByZero) } else { Ok(a / b) }
            }

            #[inline(always)]

            pub(crate) fn rem_u(a: U, b: U) -> Trapping<U> {
                if b == 0 { Err(TrapKind::IntegerDivideByZero) } else { Ok(a % b) }
            }

            /// The one quotient that has no representation is that of the smallest number by -1.
            #[inline(always)]
            pub(crate) fn div_s(a: U, b: U) -> Trapping<U> {
                let (a, b) = (a as S, b as S);
                if b == 0 {
                    return Err(TrapKind::IntegerDivideByZero);
                }
                if a == S::MIN && b == -1 {
                    return Err(TrapKind::IntegerOverflow);
                }
                Ok((a / b) as U)
            }

            /// The remainder takes the sign of the dividend; by -1 it is 0, also where the quotient would overflow.
            #[inline(always)]
            pub(crate) fn rem_s(a: U, b: U) -> Trapping<U> {
                let (a, b) = (a as S, b as S);
                match b {
                    0 => Err(TrapKind::IntegerDivideByZero),
                    -1 => Ok(0),
                    _ => Ok((a % b) as U),
                }
            }

            #[inline(always)]

            pub(crate) fn and(a: U, b: U) -> U {
                a & b
            }

            #[inline(always)]

            pub(crate) fn or(a: U, b: U) -> U {
                a | b
            }

            #[inline(always)]

            pub(crate) fn xor(a: U, b: U) -> U {
                a ^ b
            }

            /// A shift or rotation counts modulo the width.
            #[inline(always)]
            fn count(b: U) -> u32 {
                (b % $width) as u32
            }

            #[inline(always)]

            pub(crate) fn shl(a: U, b: U) -> U {
                a << count(b)
            }

            #[inline(always)]

            pub(crate) fn shr_u(a: U, b: U) -> U {
                a >> count(b)
            }

            #[inline(always)]

            pub(crate) fn shr_s(a: U, b: U) -> U {
                ((a as S) >> count(b)) as U
            }

            #[inline(always)]

            pub(crate) fn rotl(a: U, b: U) -> U {
                a.rotate_left(count(b))
            }

            #[inline(always)]

            pub(crate) fn rotr(a: U, b: U) -> U {
                a.rotate_right(count(b))
            }

            #[inline(always)]

            pub(crate) fn clz(a: U) -> U {
                a.leading_zeros() as U
            }

            #[inline(always)]

            pub(crate) fn ctz(a: U) -> U {
                a.trailing_zeros() as U
            }

            #[inline(always)]

            pub(crate) fn popcnt(a: U) -> U {
                a.count_ones() as U
            }

            #[inline(always)]

            pub(crate) fn extend8_s(a: U) -> U {
                a as i8 as S as U
            }

            #[inline(always)]

            pub(crate) fn extend16_s(a: U) -> U {
                a as i16 as S as U
            }

            #[inline(always)]

            pub(crate) fn eq(a: U, b: U) -> bool {
                a == b
            }

            #[inline(always)]

            pub(crate) fn ne(a: U, b: U) -> bool {
                a != b
            }

            #[inline(always)]

            pub(crate) fn lt_s(a: U, b: U) -> bool {
                (a as S) < b as S
            }

            #[inline(always)]

            pub(crate) fn lt_u(a: U, b: U) -> bool {
                a < b
            }

            #[inline(always)]

            pub(crate) fn le_s(a: U, b: U) -> bool {
                a as S <= b as S
            }

            #[inline(always)]

            pub(crate) fn le_u(a: U, b: U) -> bool {
                a <= b
            }

            /// Whether the operands have a set bit in common: `and` as a condition.
            #[inline(always)]
            pub(crate) fn test(a: U, b: U) -> bool {
                a & b != 0
            }

            /// The complement of [`test`].
            #[inline(always)]
            pub(crate) fn test_not(a: U, b: U) -> bool {
                a & b == 0
            }
        }
    };
}

integer_operators!(i32, u32, i32, 32);
integer_operators!(i64, u64, i64, 64);

/// `i64.extend32_s`.
#[inline(always)]
pub(crate) fn i64_extend32_s(a: u64) -> u64 {
    a as i32 as i64 as u64
}

#[cfg(test)]
mod tests {
    use super::{i32, i64, i64_extend32_s};
    use assay_model::trap::TrapKind::{IntegerDivideByZero, IntegerOverflow};
    use proptest::prelude::*;

    const MIN32: u32 = 0x8000_0000;
    const MAX32: u32 = 0x7fff_ffff;
    const MIN64: u64 = 0x8000_0000_0000_0000;
    const MINUS1: u64 = u64::MAX;

    #[test]
    fn addition_and_multiplication_wrap() {
        assert_eq!(i32::add(u32::MAX, 1), 0);
        assert_eq!(i32::sub(0, 1), u32::MAX);
        assert_eq!(i32::mul(MIN32, 2), 0);
        assert_eq!(i32::mul(0x1_0001, 0x1_0001), 0x2_0001);
        assert_eq!(i64::add(u64::MAX, 2), 1);
        assert_eq!(i64::sub(0, MIN64), MIN64);
        assert_eq!(i64::mul(0x1_0000_0001, 0x1_0000_0001), 0x2_0000_0001);
    }

    #[test]
    fn division_traps_on_zero_and_on_the_one_overflow() {
        assert_eq!(i32::div_s(7, 0), Err(IntegerDivideByZero));
        assert_eq!(i32::div_u(7, 0), Err(IntegerDivideByZero));
        assert_eq!(i32::rem_s(7, 0), Err(IntegerDivideByZero));
        assert_eq!(i32::rem_u(7, 0), Err(IntegerDivideByZero));
        assert_eq!(i32::div_s(MIN32, u32::MAX), Err(IntegerOverflow));
        assert_eq!(i32::rem_s(MIN32, u32::MAX), Ok(0));
        assert_eq!(i32::div_u(MIN32, u32::MAX), Ok(0));
        assert_eq!(i64::div_s(MIN64, MINUS1), Err(IntegerOverflow));
        assert_eq!(i64::rem_s(MIN64, MINUS1), Ok(0));
        assert_eq!(i64::div_s(1, 0), Err(IntegerDivideByZero));
        assert_eq!(i64::rem_u(1, 0), Err(IntegerDivideByZero));
    }

    #[test]
    fn division_truncates_toward_zero() {
        let minus = |n: u32| 0u32.wrapping_sub(n);
        assert_eq!(i32::div_s(minus(7), 2), Ok(minus(3)));
        assert_eq!(i32::rem_s(minus(7), 2), Ok(minus(1)));
        assert_eq!(i32::rem_s(7, minus(2)), Ok(1));
        assert_eq!(i32::div_u(minus(7), 2), Ok(0x7fff_fffc));
        assert_eq!(i64::div_s(MINUS1 - 6, 2), Ok(MINUS1 - 2));
        assert_eq!(i64::rem_s(MINUS1 - 6, 2), Ok(MINUS1));
    }

    #[test]
    fn counts_are_taken_modulo_the_width() {
        assert_eq!((i32::shl(1, 32), i32::shl(1, 33), i32::shl(1, 31)), (1, 2, MIN32));
        assert_eq!(
            (i32::shr_s(MIN32, 31), i32::shr_u(MIN32, 31), i32::shr_s(MIN32, 32)),
            (u32::MAX, 1, MIN32)
        );
        assert_eq!((i32::rotl(0xabcd_9876, 1), i32::rotr(0xb0c1_d2e3, 0xff05)), (0x579b_30ed, 0x1d86_0e97));
        assert_eq!((i64::shl(1, 64), i64::shl(1, 63), i64::shr_s(MIN64, 127)), (1, MIN64, MINUS1));
        assert_eq!((i64::rotl(MIN64, 1), i64::rotr(1, 65)), (1, MIN64));
    }

    #[test]
    fn bits_are_counted_in_the_full_width() {
        assert_eq!((i32::clz(0), i32::ctz(0), i32::popcnt(0)), (32, 32, 0));
        assert_eq!((i32::clz(0x8000), i32::ctz(0x8000), i32::popcnt(0xdead_beef)), (16, 15, 24));
        assert_eq!((i64::clz(0), i64::ctz(0), i64::popcnt(MINUS1)), (64, 64, 64));
        assert_eq!((i64::clz(1), i64::ctz(MIN64)), (63, 63));
    }

    #[test]
    fn narrow_values_are_sign_extended() {
        assert_eq!((i32::extend8_s(0x7f), i32::extend8_s(0x1280)), (0x7f, 0xffff_ff80));
        assert_eq!((i32::extend16_s(0x7fff), i32::extend16_s(0x0123_8000)), (0x7fff, 0xffff_8000));
        assert_eq!((i64::extend8_s(0xff), i64::extend16_s(0x8000)), (MINUS1, 0xffff_ffff_ffff_8000));
        assert_eq!(
            (i64_extend32_s(0x7fff_ffff), i64_extend32_s(0x1_8000_0000)),
            (0x7fff_ffff, 0xffff_ffff_8000_0000)
        );
    }

    #[test]
    fn comparisons_read_the_sign_where_they_say_so() {
        assert!(i32::lt_s(MIN32, MAX32) && !i32::lt_u(MIN32, MAX32));
        assert!(i32::le_s(MIN32, MIN32) && i32::le_u(MAX32, MIN32) && !i32::le_u(MIN32, MAX32));
        assert!(i32::eq(5, 5) && i32::ne(5, 6) && !i32::eq(5, 6) && !i32::ne(5, 5));
        assert!(i64::lt_s(MINUS1, 0) && !i64::lt_u(MINUS1, 0) && i64::le_s(MIN64, 0) && !i64::le_u(MIN64, 0));
        assert!(i64::eq(MIN64, MIN64) && i64::ne(MIN64, 0));
        assert!(i32::test(6, 2) && i32::test_not(4, 2) && i64::test(MIN64, MINUS1) && i64::test_not(1, 2));
        assert!((i32::and(6, 3), i32::or(6, 3), i32::xor(6, 3)) == (2, 7, 5));
        assert!((i64::and(6, 3), i64::or(6, 3), i64::xor(6, 3)) == (2, 7, 5));
    }

    proptest! {
        #[test]
        fn quotient_and_remainder_give_the_dividend_back(a: u64, b in 1u64..) {
            let (q, r) = (i64::div_u(a, b).unwrap(), i64::rem_u(a, b).unwrap());
            prop_assert_eq!(i64::add(i64::mul(q, b), r), a);
            if let Ok(q) = i64::div_s(a, b) {
                prop_assert_eq!(i64::add(i64::mul(q, b), i64::rem_s(a, b).unwrap()), a);
            }
        }

        /// The 32-bit operators against arithmetic in a width that cannot overflow.
        #[test]
        fn narrow_operators_match_wide_arithmetic(a: u32, b: u32) {
            let (wide_a, wide_b) = (i128::from(a as std::primitive::i32), i128::from(b as std::primitive::i32));
            prop_assert_eq!(i32::add(a, b), (wide_a + wide_b) as u32);
            prop_assert_eq!(i32::sub(a, b), (wide_a - wide_b) as u32);
            prop_assert_eq!(i32::mul(a, b), (wide_a * wide_b) as u32);
            let shift = b % 32;
            prop_assert_eq!(i32::shl(a, b), (wide_a << shift) as u32);
            prop_assert_eq!(i32::shr_s(a, b), (wide_a >> shift) as u32);
            prop_assert_eq!(i32::shr_u(a, b), (u128::from(a) >> shift) as u32);
            prop_assert_eq!(i32::rotl(a, b), i32::shl(a, shift) | ((u64::from(a) >> (32 - shift)) as u32));
            prop_assert_eq!(i32::rotr(i32::rotl(a, b), b), a);
            prop_assert_eq!(i32::lt_s(a, b), wide_a < wide_b);
            prop_assert_eq!(i32::le_s(a, b), wide_a <= wide_b);
        }
    }
}
