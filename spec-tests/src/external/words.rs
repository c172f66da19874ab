//! Values as they stand in lines: a type and its bits, or what a script may tell of a reference.
//!
//! Enters: a value; leaves: a word, and back. Every bit survives; floats are never numbers.

use serde::{Deserialize, Serialize};

use crate::value::{Hierarchy, Object, Value};

/// A value in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Word(pub Value);

/// The hierarchies in lines.
const HIERARCHIES: [Hierarchy; 5] =
    [Hierarchy::Func, Hierarchy::Extern, Hierarchy::Any, Hierarchy::Exn, Hierarchy::Cont];

/// Objects of which nothing more is told, with their words.
const OBJECTS: [(&str, Object); 7] = [
    ("func", Object::Func),
    ("extern", Object::Extern(None)),
    ("i31", Object::I31),
    ("struct", Object::Struct),
    ("array", Object::Array),
    ("exn", Object::Exn),
    ("cont", Object::Cont),
];

impl From<Word> for String {
    fn from(word: Word) -> Self {
        match word.0 {
            Value::I32(value) => format!("i32 {value:#x}"),
            Value::I64(value) => format!("i64 {value:#x}"),
            Value::F32(bits) => format!("f32 {bits:#x}"),
            Value::F64(bits) => format!("f64 {bits:#x}"),
            Value::V128(bits) => format!("v128 {bits:#x}"),
            Value::Null(hierarchy) => format!("{hierarchy} null"),
            Value::Ref(Object::Extern(Some(number))) => format!("extern {number}"),
            Value::Ref(Object::Host(number)) => format!("host {number}"),
            Value::Ref(object) => {
                let named = OBJECTS.iter().find(|(_, other)| *other == object);
                named.map_or("extern", |(word, _)| word).to_owned()
            }
        }
    }
}

impl TryFrom<String> for Word {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let value = match text.split_once(' ') {
            None => object(&text).map(Value::Ref),
            Some((hierarchy, "null")) => null(hierarchy),
            Some((kind, bits)) => numbered(kind, bits),
        };
        value.map(Self).ok_or_else(|| format!("`{text}` is no value"))
    }
}

fn object(word: &str) -> Option<Object> {
    OBJECTS.iter().find(|(other, _)| *other == word).map(|(_, object)| *object)
}

fn null(hierarchy: &str) -> Option<Value> {
    HIERARCHIES.into_iter().find(|other| other.to_string() == hierarchy).map(Value::Null)
}

fn numbered(kind: &str, bits: &str) -> Option<Value> {
    let bits = match bits.strip_prefix("0x") {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            u128::from_str_radix(digits, 16).ok()?
        }
        None if kind != "v128" && bits.bytes().all(|byte| byte.is_ascii_digit()) => bits.parse().ok()?,
        _ => return None,
    };
    Some(match kind {
        "i32" => Value::I32(u32::try_from(bits).ok()?.cast_signed()),
        "i64" => Value::I64(u64::try_from(bits).ok()?.cast_signed()),
        "f32" => Value::F32(bits.try_into().ok()?),
        "f64" => Value::F64(bits.try_into().ok()?),
        "v128" => Value::V128(bits),
        "extern" => Value::Ref(Object::Extern(Some(bits.try_into().ok()?))),
        "host" => Value::Ref(Object::Host(bits.try_into().ok()?)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{HIERARCHIES, OBJECTS, Word};
    use crate::value::{Object, Value};

    #[test]
    fn values_survive_the_way() {
        let numbers = [
            Value::I32(-1),
            Value::I64(i64::MIN),
            Value::F32(0x7fa0_0001),
            Value::F64(0xfff0_0000_0000_0001),
            Value::V128(u128::MAX - 1),
            Value::Ref(Object::Extern(Some(7))),
            Value::Ref(Object::Host(u32::MAX)),
        ];
        let objects = OBJECTS.into_iter().map(|(_, object)| Value::Ref(object));
        for value in numbers.into_iter().chain(HIERARCHIES.map(Value::Null)).chain(objects) {
            let text = String::from(Word(value));
            assert_eq!(Word::try_from(text.clone()), Ok(Word(value)), "{text}");
        }
        assert_eq!(Word::try_from("i32 4294967295".to_owned()), Ok(Word(Value::I32(-1))));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "null",
            "i32",
            "i32 0x1ffffffff",
            "i32 -1",
            "i32 +1",
            "f32 nan",
            "v128 1",
            "i32 0x",
            "extern x",
            "func 1",
            "i31 null",
            "i32  1",
        ] {
            assert!(Word::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
