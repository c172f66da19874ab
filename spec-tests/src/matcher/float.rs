//! Classes of floats: two kinds of NaN, or exact bits.
//!
//! Works on bits only. Knows neither lanes nor scripts.

/// A float as a script expects it; `T` is the type of its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Float<T> {
    /// Any sign, the payload exactly the quiet bit.
    Canonical,
    /// Any sign, the quiet bit set, the rest of the payload free.
    Arithmetic,
    /// Exactly these bits.
    Bits(T),
}

impl<T> Float<T> {
    /// The name of the class in a script.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Canonical => "nan:canonical",
            Self::Arithmetic => "nan:arithmetic",
            Self::Bits(_) => "bits",
        }
    }
}

impl Float<u32> {
    /// Whether a float with these bits belongs to the class.
    pub fn matches(&self, bits: u32) -> bool {
        match *self {
            Self::Canonical => bits & 0x7fff_ffff == 0x7fc0_0000,
            Self::Arithmetic => bits & 0x7fc0_0000 == 0x7fc0_0000,
            Self::Bits(expected) => bits == expected,
        }
    }
}

impl Float<u64> {
    /// Whether a float with these bits belongs to the class.
    pub fn matches(&self, bits: u64) -> bool {
        match *self {
            Self::Canonical => bits & 0x7fff_ffff_ffff_ffff == 0x7ff8_0000_0000_0000,
            Self::Arithmetic => bits & 0x7ff8_0000_0000_0000 == 0x7ff8_0000_0000_0000,
            Self::Bits(expected) => bits == expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Float;

    #[test]
    fn canonical_frees_the_sign_only() {
        for bits in [0x7fc0_0000_u32, 0xffc0_0000] {
            assert!(Float::<u32>::Canonical.matches(bits));
        }
        for bits in [0x7fc0_0001_u32, 0x7fa0_0000, 0x7f80_0000, 0x3fc0_0000] {
            assert!(!Float::<u32>::Canonical.matches(bits));
        }
    }

    #[test]
    fn arithmetic_demands_the_quiet_bit() {
        for bits in [0x7fc0_0000_u32, 0xffff_ffff, 0x7fc1_2345] {
            assert!(Float::<u32>::Arithmetic.matches(bits));
        }
        for bits in [0x7fa0_0000_u32, 0x7f80_0000, 0xff80_0001] {
            assert!(!Float::<u32>::Arithmetic.matches(bits));
        }
        assert!(Float::<u64>::Arithmetic.matches(0xfff8_0000_0000_0001));
        assert!(!Float::<u64>::Arithmetic.matches(0xfff4_0000_0000_0001));
        assert!(!Float::<u64>::Canonical.matches(0xfff8_0000_0000_0001));
    }

    #[test]
    fn a_literal_payload_is_exact() {
        assert!(Float::Bits(0x7fa0_0000_u32).matches(0x7fa0_0000));
        assert!(!Float::Bits(0x7fa0_0000_u32).matches(0x7fe0_0000));
        assert!(!Float::Bits(0x7fa0_0000_u32).matches(0xffa0_0000));
    }
}
