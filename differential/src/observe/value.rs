//! A value as every lane can say it: references by what they refer to, not by handle.

use super::graph::Graph;
use assay_runtime::inspect::FuncOrigin;

/// A value of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum Seen {
    I32(u32),
    I64(u64),
    /// Bits of the float.
    F32(u32),
    /// Bits of the float.
    F64(u64),
    V128(u128),
    Null,
    /// A function, by where it was made.
    Func(FuncOrigin),
    /// A function of which only that is known.
    SomeFunc,
    /// A host value, by its number; `None` for one that the harness did not make.
    Extern(Option<u64>),
    /// An integer that is a reference: its 31 bits.
    I31(u32),
    /// An object that was come upon before, by number.
    Object(usize),
    /// An object that was not, with all that it leads to.
    Graph(Graph),
    /// An object that nobody looked at any more.
    Unseen,
}

impl Seen {
    /// Whether it is a NaN.
    pub fn is_nan(&self) -> bool {
        match *self {
            Self::F32(bits) => f32::from_bits(bits).is_nan(),
            Self::F64(bits) => f64::from_bits(bits).is_nan(),
            _ => false,
        }
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::I32(bits) => write!(f, "i32 {bits:#x}"),
            Self::I64(bits) => write!(f, "i64 {bits:#x}"),
            Self::F32(bits) => write!(f, "f32 {bits:#x} = {:?}", f32::from_bits(*bits)),
            Self::F64(bits) => write!(f, "f64 {bits:#x} = {:?}", f64::from_bits(*bits)),
            Self::V128(bits) => write!(f, "v128 {bits:#034x}"),
            Self::Null => f.write_str("null"),
            Self::Func(FuncOrigin::Instance { instance, func }) => {
                write!(f, "function {func} of instance {instance}")
            }
            Self::Func(FuncOrigin::Host(number)) => write!(f, "host function {number}"),
            Self::SomeFunc => f.write_str("some function"),
            Self::Extern(Some(number)) => write!(f, "extern {number}"),
            Self::Extern(None) => f.write_str("extern of unknown origin"),
            Self::I31(bits) => write!(f, "i31 {bits:#x}"),
            Self::Object(number) => write!(f, "object {number}"),
            Self::Graph(graph) => graph.fmt(f),
            Self::Unseen => f.write_str("some object"),
        }
    }
}
