//! Values as they cross the boundary between a script and an engine: numbers as bits, references as what a script may see.
//!
//! Enters: literals of a script, results of an engine; leaves: the same in one shape, and their notation in reports. Floats
//! are never held in a float register, so that a NaN keeps its bits. Knows no engine, no script syntax.

use std::fmt;

/// A value handed to an engine or received from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// `i32`.
    I32(i32),
    /// `i64`.
    I64(i64),
    /// `f32`, as bits.
    F32(u32),
    /// `f64`, as bits.
    F64(u64),
    /// `v128`, lane 0 in the lowest bits.
    V128(u128),
    /// A null reference of this hierarchy.
    Null(Hierarchy),
    /// A reference that is not null.
    Ref(Object),
}

/// The hierarchies of heap types: a null of one never equals a null of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hierarchy {
    /// `func` down to `nofunc`.
    Func,
    /// `extern` down to `noextern`.
    Extern,
    /// `any` down to `none`.
    Any,
    /// `exn` down to `noexn`.
    Exn,
    /// `cont` down to `nocont`.
    Cont,
}

/// What a script can tell about a reference that is not null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// A function.
    Func,
    /// An external reference; the number the script gave it, unless it comes from an inner object.
    Extern(Option<u32>),
    /// An external reference seen from inside, with its number.
    Host(u32),
    /// An `i31`.
    I31,
    /// A structure.
    Struct,
    /// An array.
    Array,
    /// An exception.
    Exn,
    /// A continuation.
    Cont,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::I32(value) => write!(f, "i32.const {value}"),
            Self::I64(value) => write!(f, "i64.const {value}"),
            Self::F32(bits) => write!(f, "f32.const {}", Float32(bits)),
            Self::F64(bits) => write!(f, "f64.const {}", Float64(bits)),
            Self::V128(bits) => write!(f, "v128.const {}", Lanes(bits)),
            Self::Null(hierarchy) => write!(f, "ref.null {hierarchy}"),
            Self::Ref(object) => write!(f, "{object}"),
        }
    }
}

impl fmt::Display for Hierarchy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Func => "func",
            Self::Extern => "extern",
            Self::Any => "any",
            Self::Exn => "exn",
            Self::Cont => "cont",
        })
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Func => f.write_str("ref.func"),
            Self::Extern(Some(number)) => write!(f, "ref.extern {number}"),
            Self::Extern(None) => f.write_str("ref.extern"),
            Self::Host(number) => write!(f, "ref.host {number}"),
            Self::I31 => f.write_str("ref.i31"),
            Self::Struct => f.write_str("ref.struct"),
            Self::Array => f.write_str("ref.array"),
            Self::Exn => f.write_str("ref.exn"),
            Self::Cont => f.write_str("ref.cont"),
        }
    }
}

/// A float in a report: NaNs with sign and payload, everything else as a number with its bits.
pub(crate) struct Float32(pub(crate) u32);
/// The same for 64 bits.
pub(crate) struct Float64(pub(crate) u64);
/// A vector in a report, as four words, the highest lane last.
pub(crate) struct Lanes(pub(crate) u128);

impl fmt::Display for Float32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0;
        if bits & 0x7f80_0000 == 0x7f80_0000 && bits & 0x007f_ffff != 0 {
            return write!(f, "{}nan:{:#x}", if bits >> 31 == 1 { "-" } else { "" }, bits & 0x007f_ffff);
        }
        write!(f, "{:?} ({bits:#010x})", f32::from_bits(bits))
    }
}

impl fmt::Display for Float64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0;
        let payload = bits & 0x000f_ffff_ffff_ffff;
        if bits & 0x7ff0_0000_0000_0000 == 0x7ff0_0000_0000_0000 && payload != 0 {
            return write!(f, "{}nan:{payload:#x}", if bits >> 63 == 1 { "-" } else { "" });
        }
        write!(f, "{:?} ({bits:#018x})", f64::from_bits(bits))
    }
}

impl fmt::Display for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("i32x4")?;
        (0..4).try_for_each(|lane| write!(f, " {:#010x}", (self.0 >> (32 * lane)) as u32))
    }
}

/// Several values, as a report shows them.
pub(crate) fn list<T: fmt::Display>(values: &[T]) -> String {
    if values.is_empty() {
        return "()".to_owned();
    }
    values.iter().map(|value| format!("({value})")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Value, list};

    #[test]
    fn reports_show_nan_bits_and_signs() {
        assert_eq!(Value::F32(0xffc0_0001).to_string(), "f32.const -nan:0x400001");
        assert_eq!(Value::F64(0x7ff8_0000_0000_0000).to_string(), "f64.const nan:0x8000000000000");
        assert_eq!(Value::F32(0x8000_0000).to_string(), "f32.const -0.0 (0x80000000)");
        assert_eq!(Value::F32(0x7f80_0000).to_string(), "f32.const inf (0x7f800000)");
    }

    #[test]
    fn vectors_show_lane_zero_first() {
        assert_eq!(
            Value::V128(1).to_string(),
            "v128.const i32x4 0x00000001 0x00000000 0x00000000 0x00000000"
        );
    }

    #[test]
    fn no_values_are_visible_too() {
        assert_eq!(list::<Value>(&[]), "()");
        assert_eq!(list(&[Value::I32(-1), Value::I64(2)]), "(i32.const -1) (i64.const 2)");
    }
}
