//! How fields and elements are read and written, by what they keep.

use super::super::operand::Cell;
use assay_model::layout::AbiKind;
use assay_model::layout::object::Slot;

/// What reading a field makes of its bytes.
pub(super) trait Field {
    /// What is kept.
    type Kept: Copy;
    /// The value.
    type Value: Cell;
    /// Extends what is kept.
    fn value(kept: Self::Kept) -> Self::Value;
}

/// Implements [`Field`] for the rows of [`FieldOp`].
macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident $kept:ty, $value:ty, $bits:ident => $result:expr;)*) => {
        /// How a field is read.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum FieldOp {
            $($(#[$doc])* $name,)*
            /// A vector.
            Vector,
        }

        $(
            $(#[$doc])*
            pub(super) struct $name;

            impl Field for $name {
                type Kept = $kept;
                type Value = $value;

                #[inline(always)]
                fn value($bits: $kept) -> $value {
                    $result
                }
            }
        )*
    };
}

fields! {
    /// A packed 8-bit integer, with its sign.
    I8S i8, u32, bits => bits as u32;
    /// A packed 8-bit integer, with zeros in front.
    I8U u8, u32, bits => u32::from(bits);
    /// A packed 16-bit integer, with its sign.
    I16S i16, u32, bits => bits as u32;
    /// A packed 16-bit integer, with zeros in front.
    I16U u16, u32, bits => u32::from(bits);
    /// An `i32` or a reference that is not a function reference.
    Word u32, u32, bits => bits;
    /// An `i64` or a function reference.
    Double u64, u64, bits => bits;
    /// An `f32`.
    Single f32, f32, bits => bits;
    /// An `f64`.
    Float f64, f64, bits => bits;
}

impl FieldOp {
    /// How a field is read; `signed` tells for packed ones.
    pub(crate) fn of(slot: Slot, signed: bool) -> Self {
        match slot {
            Slot::I8 if signed => Self::I8S,
            Slot::I8 => Self::I8U,
            Slot::I16 if signed => Self::I16S,
            Slot::I16 => Self::I16U,
            Slot::Val(AbiKind::I32 | AbiKind::Ref) => Self::Word,
            Slot::Val(AbiKind::I64 | AbiKind::Func) => Self::Double,
            Slot::Val(AbiKind::F32) => Self::Single,
            Slot::Val(AbiKind::F64) => Self::Float,
            Slot::Val(AbiKind::V128) => Self::Vector,
        }
    }
}

/// Chooses by the way a field is read; `None` for vectors.
macro_rules! by_field {
    ($op:expr, $select:ident) => {
        match $op {
            FieldOp::I8S => Some($select::<I8S>()),
            FieldOp::I8U => Some($select::<I8U>()),
            FieldOp::I16S => Some($select::<I16S>()),
            FieldOp::I16U => Some($select::<I16U>()),
            FieldOp::Word => Some($select::<Word>()),
            FieldOp::Double => Some($select::<Double>()),
            FieldOp::Single => Some($select::<Single>()),
            FieldOp::Float => Some($select::<Float>()),
            FieldOp::Vector => None,
        }
    };
}

pub(super) use by_field;
