//! Patterns of vectors: exact bits, or a float class per lane.
//!
//! Lane 0 stands in the lowest bits. Knows no operator.

use std::fmt;

use super::Float;
use crate::value::{Float32, Float64, Lanes};

/// What the lanes of a vector have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LanePattern {
    /// Exactly these bits.
    Bits(u128),
    /// Four `f32` of these classes.
    F32([Float<u32>; 4]),
    /// Two `f64` of these classes.
    F64([Float<u64>; 2]),
}

impl LanePattern {
    /// Whether a vector with these bits matches in every lane.
    pub fn matches(&self, bits: u128) -> bool {
        match self {
            Self::Bits(expected) => *expected == bits,
            Self::F32(lanes) => {
                lanes.iter().enumerate().all(|(lane, float)| float.matches((bits >> (32 * lane)) as u32))
            }
            Self::F64(lanes) => {
                lanes.iter().enumerate().all(|(lane, float)| float.matches((bits >> (64 * lane)) as u64))
            }
        }
    }
}

impl fmt::Display for LanePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bits(bits) => Lanes(*bits).fmt(f),
            Self::F32(lanes) => {
                f.write_str("f32x4")?;
                lanes.iter().try_for_each(|lane| match lane {
                    Float::Bits(bits) => write!(f, " {}", Float32(*bits)),
                    class => write!(f, " {}", class.name()),
                })
            }
            Self::F64(lanes) => {
                f.write_str("f64x2")?;
                lanes.iter().try_for_each(|lane| match lane {
                    Float::Bits(bits) => write!(f, " {}", Float64(*bits)),
                    class => write!(f, " {}", class.name()),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LanePattern;
    use crate::matcher::Float;

    #[test]
    fn classes_mix_per_lane() {
        let pattern = LanePattern::F32([Float::Bits(1), Float::Canonical, Float::Arithmetic, Float::Bits(0)]);
        let vector =
            |lanes: [u32; 4]| lanes.iter().rev().fold(0_u128, |bits, lane| bits << 32 | u128::from(*lane));
        assert!(pattern.matches(vector([1, 0xffc0_0000, 0x7fc0_0001, 0])));
        assert!(!pattern.matches(vector([1, 0x7fc0_0001, 0x7fc0_0001, 0])));
        assert!(!pattern.matches(vector([0, 0xffc0_0000, 0x7fc0_0001, 0])));
        assert!(!pattern.matches(vector([1, 0xffc0_0000, 0x7fc0_0001, 0x8000_0000])));
    }

    #[test]
    fn wide_lanes_read_from_the_low_end() {
        let pattern = LanePattern::F64([Float::Bits(5), Float::Canonical]);
        assert!(pattern.matches(0x7ff8_0000_0000_0000_u128 << 64 | 5));
        assert!(!pattern.matches(5_u128 << 64 | 0x7ff8_0000_0000_0000));
    }
}
