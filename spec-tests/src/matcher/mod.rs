//! Does a result have the form that a script expects? Bit for bit, but for the freedom that the specification grants.
//!
//! Enters: patterns of an `assert_return` and the values an engine gave; leaves: yes or no. Knows neither how the values came
//! to be nor what a mismatch means; called by `judge` alone.

mod float;
mod reference;
mod vector;

use std::fmt;

pub use float::Float;
pub use reference::RefPattern;
pub use vector::LanePattern;

use crate::value::{Float32, Float64, Value};

/// What one result has to look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// This `i32`.
    I32(i32),
    /// This `i64`.
    I64(i64),
    /// An `f32` of this class.
    F32(Float<u32>),
    /// An `f64` of this class.
    F64(Float<u64>),
    /// A vector whose lanes look like this.
    V128(LanePattern),
    /// A reference of this kind.
    Ref(RefPattern),
    /// One of several alternatives.
    Either(Vec<Pattern>),
}

impl Pattern {
    /// Whether `value` is one of those described.
    pub fn matches(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::I32(expected), Value::I32(actual)) => expected == actual,
            (Self::I64(expected), Value::I64(actual)) => expected == actual,
            (Self::F32(expected), Value::F32(actual)) => expected.matches(*actual),
            (Self::F64(expected), Value::F64(actual)) => expected.matches(*actual),
            (Self::V128(expected), Value::V128(actual)) => expected.matches(*actual),
            (Self::Ref(expected), actual) => expected.matches(actual),
            (Self::Either(alternatives), actual) => {
                alternatives.iter().any(|pattern| pattern.matches(actual))
            }
            _ => false,
        }
    }
}

/// Whether there are as many values as patterns, and each matches.
pub fn all_match(patterns: &[Pattern], values: &[Value]) -> bool {
    patterns.len() == values.len()
        && patterns.iter().zip(values).all(|(pattern, value)| pattern.matches(value))
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::I32(value) => write!(f, "i32.const {value}"),
            Self::I64(value) => write!(f, "i64.const {value}"),
            Self::F32(Float::Bits(bits)) => write!(f, "f32.const {}", Float32(*bits)),
            Self::F32(class) => write!(f, "f32.const {}", class.name()),
            Self::F64(Float::Bits(bits)) => write!(f, "f64.const {}", Float64(*bits)),
            Self::F64(class) => write!(f, "f64.const {}", class.name()),
            Self::V128(lanes) => write!(f, "v128.const {lanes}"),
            Self::Ref(pattern) => write!(f, "{pattern}"),
            Self::Either(alternatives) => {
                f.write_str("either")?;
                alternatives.iter().try_for_each(|pattern| write!(f, " ({pattern})"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Float, Pattern, all_match};
    use crate::value::Value;

    #[test]
    fn types_never_mix() {
        assert!(!Pattern::I32(1).matches(&Value::I64(1)));
        assert!(!Pattern::F32(Float::Bits(0)).matches(&Value::I32(0)));
        assert!(!Pattern::F32(Float::Arithmetic).matches(&Value::F64(0x7ff8_0000_0000_0000)));
    }

    #[test]
    fn zeros_have_signs() {
        assert!(!Pattern::F64(Float::Bits(0)).matches(&Value::F64(1 << 63)));
    }

    #[test]
    fn either_takes_any_alternative() {
        let pattern = Pattern::Either(vec![Pattern::I32(1), Pattern::I32(2)]);
        assert!(pattern.matches(&Value::I32(2)));
        assert!(!pattern.matches(&Value::I32(3)));
        assert_eq!(pattern.to_string(), "either (i32.const 1) (i32.const 2)");
    }

    #[test]
    fn the_number_of_results_counts() {
        assert!(all_match(&[], &[]));
        assert!(!all_match(&[], &[Value::I32(0)]));
        assert!(!all_match(&[Pattern::I32(0)], &[]));
    }
}
