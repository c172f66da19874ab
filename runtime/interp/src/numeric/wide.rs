//! 128-bit arithmetic in pairs of `i64` ([Wide arithmetic][spec]): low half first.
//!
//! [spec]: https://github.com/WebAssembly/wide-arithmetic

fn join(low: u64, high: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

fn split(value: u128) -> (u64, u64) {
    (value as u64, (value >> 64) as u64)
}

/// `i64.add128`
pub(crate) fn add128(a: (u64, u64), b: (u64, u64)) -> (u64, u64) {
    split(join(a.0, a.1).wrapping_add(join(b.0, b.1)))
}

/// `i64.sub128`
pub(crate) fn sub128(a: (u64, u64), b: (u64, u64)) -> (u64, u64) {
    split(join(a.0, a.1).wrapping_sub(join(b.0, b.1)))
}

/// `i64.mul_wide_u`
pub(crate) fn mul_wide_u(a: u64, b: u64) -> (u64, u64) {
    split(u128::from(a) * u128::from(b))
}

/// `i64.mul_wide_s`: the product of two signed numbers always fits.
pub(crate) fn mul_wide_s(a: u64, b: u64) -> (u64, u64) {
    split((i128::from(a as i64) * i128::from(b as i64)) as u128)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAX: u64 = u64::MAX;
    const MIN_SIGNED: u64 = 1 << 63;

    #[test]
    fn carries_and_borrows_cross_the_halves() {
        assert_eq!(add128((MAX, 0), (1, 0)), (0, 1));
        assert_eq!(add128((MAX, MAX), (1, 0)), (0, 0));
        assert_eq!(sub128((0, 1), (1, 0)), (MAX, 0));
        assert_eq!(sub128((0, 0), (1, 0)), (MAX, MAX));
    }

    #[test]
    fn products_have_both_halves() {
        assert_eq!(mul_wide_u(MAX, MAX), (1, MAX - 1));
        assert_eq!(mul_wide_s(MAX, MAX), (1, 0));
        assert_eq!(mul_wide_s(MAX, 1), (MAX, MAX));
        assert_eq!(mul_wide_s(MIN_SIGNED, MIN_SIGNED), (0, 1 << 62));
        assert_eq!(mul_wide_u(MIN_SIGNED, 2), (0, 1));
    }

    proptest! {
        /// Schoolbook multiplication of 32-bit halves.
        #[test]
        fn products_match_those_of_halves(a: u64, b: u64) {
            let (a1, a0, b1, b0) = (a >> 32, a & 0xffff_ffff, b >> 32, b & 0xffff_ffff);
            let middle = a1 * b0 + ((a0 * b0) >> 32);
            let middle_low = a0 * b1 + (middle & 0xffff_ffff);
            let high = a1 * b1 + (middle >> 32) + (middle_low >> 32);
            prop_assert_eq!(mul_wide_u(a, b), (a.wrapping_mul(b), high));
            let sign = |x: u64, y: u64| if (x as i64) < 0 { y } else { 0 };
            let signed = high.wrapping_sub(sign(a, b)).wrapping_sub(sign(b, a));
            prop_assert_eq!(mul_wide_s(a, b), (a.wrapping_mul(b), signed));
        }

        #[test]
        fn subtraction_undoes_addition(a: (u64, u64), b: (u64, u64)) {
            prop_assert_eq!(sub128(add128(a, b), b), a);
        }
    }
}
