//! Values and bytes as they stand in lines: the words of scripts, and those for references that came out of a run.
//!
//! Enters: a value; leaves: a word, and back. Numbers have the words of [`Argument`]; every bit survives.

use crate::case::Argument;
use crate::observe::Seen;
use assay_runtime::inspect::FuncOrigin;
use serde::{Deserialize, Serialize};

/// A value in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Word(pub Seen);

impl From<Word> for String {
    fn from(word: Word) -> Self {
        match word.0 {
            Seen::I32(bits) => Argument::I32(bits).to_string(),
            Seen::I64(bits) => Argument::I64(bits).to_string(),
            Seen::F32(bits) => Argument::F32(bits).to_string(),
            Seen::F64(bits) => Argument::F64(bits).to_string(),
            Seen::V128(bits) => Argument::V128(bits).to_string(),
            Seen::Null => "null".to_owned(),
            Seen::Func(FuncOrigin::Instance { instance, func }) => format!("func {instance} {func}"),
            Seen::Func(FuncOrigin::Host(number)) => format!("func host {number}"),
            Seen::SomeFunc => "func".to_owned(),
            Seen::Extern(Some(number)) => format!("extern {number}"),
            Seen::Extern(None) => "extern".to_owned(),
            Seen::I31(bits) => format!("i31 {bits:#x}"),
            // Nobody has to say more: see `confront`.
            Seen::Object(_) | Seen::Graph(_) | Seen::Unseen => "object".to_owned(),
        }
    }
}

impl TryFrom<String> for Word {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = |word: &str| word.parse().map_err(|_| format!("`{text}` names no function"));
        let words: Vec<&str> = text.splitn(3, ' ').collect();
        Ok(Self(match words[..] {
            ["null"] => Seen::Null,
            ["func"] => Seen::SomeFunc,
            ["extern"] => Seen::Extern(None),
            ["object"] => Seen::Unseen,
            ["i31", bits] => match format!("i32 {bits}").parse()? {
                Argument::I32(bits) => Seen::I31(bits),
                _ => return Err(format!("`{text}` is no number of 31 bits")),
            },
            ["func", "host", func] => Seen::Func(FuncOrigin::Host(number(func)?)),
            ["func", instance, func] => {
                Seen::Func(FuncOrigin::Instance { instance: number(instance)?, func: number(func)? })
            }
            _ => match text.parse()? {
                Argument::I32(bits) => Seen::I32(bits),
                Argument::I64(bits) => Seen::I64(bits),
                Argument::F32(bits) => Seen::F32(bits),
                Argument::F64(bits) => Seen::F64(bits),
                Argument::V128(bits) => Seen::V128(bits),
                Argument::Extern(Some(number)) => Seen::Extern(Some(number)),
                Argument::Extern(None) | Argument::Func(_) => {
                    return Err(format!("`{text}` is no word for a result"));
                }
            },
        }))
    }
}

/// 64 bits as `0x…`: a number in JSON loses bits in some languages.
pub(super) mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::external) fn serialize<S: Serializer>(bits: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{bits:#x}"))
    }

    pub(in crate::external) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<u64, D::Error> {
        let text = String::deserialize(from)?;
        let bits = text.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
        bits.ok_or_else(|| serde::de::Error::custom("expected `0x` and at most 64 bits"))
    }
}

/// Bytes as hexadecimal digits.
pub(super) mod hex {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::fmt::Write;

    pub(in crate::external) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(2 * bytes.len());
        for byte in bytes {
            // Writing to a string cannot fail.
            let _written = write!(text, "{byte:02x}");
        }
        to.serialize_str(&text)
    }

    pub(in crate::external) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let byte = |pair: &[u8]| match pair {
            [high, low] => Some((digit(high)? * 16 + digit(low)?) as u8),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
        bytes.ok_or_else(|| serde::de::Error::custom("expected pairs of hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_the_way() {
        let values = [
            Seen::I32(u32::MAX),
            Seen::I64(1 << 63),
            Seen::F32(0x7fa0_0001),
            Seen::F64(0xfff0_0000_0000_0001),
            Seen::V128(u128::MAX - 1),
            Seen::Null,
            Seen::Func(FuncOrigin::Instance { instance: 1, func: 20 }),
            Seen::Func(FuncOrigin::Host(3)),
            Seen::SomeFunc,
            Seen::Extern(Some(u64::MAX)),
            Seen::Extern(None),
        ];
        for value in values {
            let text = String::from(Word(value.clone()));
            assert_eq!(Word::try_from(text), Ok(Word(value)));
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["", "i32", "i32 0x1_0", "func x", "func 1 x", "func host", "extern null", "nul", "func 1 2 3"]
        {
            assert!(Word::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
