//! Values in scripts, and their words: `i32 0x80000000`, `f64 0x7ff8000000000000`, `extern 7`, `func 0 run`, `func null`.
//!
//! Floats are bits, so that every NaN survives. Knows no store: a function is named by instance and export.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A value that a script passes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Argument {
    /// Bits of an `i32`.
    I32(u32),
    /// Bits of an `i64`.
    I64(u64),
    /// Bits of an `f32`.
    F32(u32),
    /// Bits of an `f64`.
    F64(u64),
    /// Bits of a `v128`, lane 0 the lowest.
    V128(u128),
    /// A host value with this number, or null.
    Extern(Option<u64>),
    /// A function that an instance exports under this name, or null.
    Func(Option<(usize, String)>),
}

impl Argument {
    /// The zero or null of its type.
    pub(crate) fn zero(&self) -> Self {
        match self {
            Self::I32(_) => Self::I32(0),
            Self::I64(_) => Self::I64(0),
            Self::F32(_) => Self::F32(0),
            Self::F64(_) => Self::F64(0),
            Self::V128(_) => Self::V128(0),
            Self::Extern(_) => Self::Extern(None),
            Self::Func(_) => Self::Func(None),
        }
    }

    /// Gives the instance that it names another number; without one, it becomes null.
    pub(crate) fn renumber(&mut self, instances: impl Fn(usize) -> Option<usize>) {
        if let Self::Func(named) = self {
            *named = named.take().and_then(|(instance, name)| Some((instances(instance)?, name)));
        }
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::I32(bits) => write!(f, "i32 {bits:#x}"),
            Self::I64(bits) => write!(f, "i64 {bits:#x}"),
            Self::F32(bits) => write!(f, "f32 {bits:#x}"),
            Self::F64(bits) => write!(f, "f64 {bits:#x}"),
            Self::V128(bits) => write!(f, "v128 {bits:#x}"),
            Self::Extern(None) => f.write_str("extern null"),
            Self::Extern(Some(number)) => write!(f, "extern {number}"),
            Self::Func(None) => f.write_str("func null"),
            Self::Func(Some((instance, name))) => write!(f, "func {instance} {name}"),
        }
    }
}

impl From<Argument> for String {
    fn from(argument: Argument) -> Self {
        argument.to_string()
    }
}

impl TryFrom<String> for Argument {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Argument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (ty, value) =
            text.split_once(' ').ok_or_else(|| format!("`{text}` is not a type and a value"))?;
        Ok(match (ty, value) {
            ("i32", _) => Self::I32(small(value)?),
            ("f32", _) => Self::F32(small(value)?),
            ("i64", _) => Self::I64(number(value)?),
            ("f64", _) => Self::F64(number(value)?),
            ("v128", _) => Self::V128(vector(value)?),
            ("extern", "null") => Self::Extern(None),
            ("extern", _) => Self::Extern(Some(number(value)?)),
            ("func", "null") => Self::Func(None),
            ("func", _) => {
                let (instance, name) =
                    value.split_once(' ').ok_or_else(|| format!("`{value}` names no instance and export"))?;
                let instance = usize::try_from(number(instance)?).map_err(|error| error.to_string())?;
                Self::Func(Some((instance, name.to_owned())))
            }
            _ => return Err(format!("unknown type `{ty}`")),
        })
    }
}

fn number(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| format!("`{text}` is not a number of at most 64 bits"))
}

fn vector(text: &str) -> Result<u128, String> {
    let digits = text
        .strip_prefix("0x")
        .ok_or_else(|| format!("`{text}` is not a vector: write `0x` and its bits"))?;
    u128::from_str_radix(digits, 16).map_err(|_| format!("`{text}` is not a number of at most 128 bits"))
}

fn small(text: &str) -> Result<u32, String> {
    u32::try_from(number(text)?).map_err(|_| format!("`{text}` is not a number of at most 32 bits"))
}

#[cfg(test)]
mod tests {
    use super::Argument;

    #[test]
    fn words_and_values_round_trip() {
        let values = [
            Argument::I32(0x8000_0000),
            Argument::I64(u64::MAX),
            Argument::F32(0x7fa0_0001),
            Argument::F64(1),
            Argument::V128(1 << 127 | 3),
            Argument::Extern(None),
            Argument::Extern(Some(7)),
            Argument::Func(None),
            Argument::Func(Some((1, "a name with spaces".into()))),
        ];
        for value in values {
            assert_eq!(value.to_string().parse(), Ok(value));
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "i32",
            "i32 ",
            "i32 0x100000000",
            "i31 1",
            "f32 1.5",
            "func 1",
            "extern -1",
            "i64 0x",
            "v128 1",
        ] {
            assert!(text.parse::<Argument>().is_err(), "{text}");
        }
    }
}
