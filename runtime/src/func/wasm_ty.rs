//! Rust types that stand for WebAssembly types.

use crate::error::Result;
use crate::func::Func;
use crate::gc::{AnyRef, ExnRef, ExternRef, Rooted};
use crate::store::StoreOpaque;
use crate::val::Ref;
use assay_model::types::{RefType, ValType};
use assay_vm::Value;

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that stands for a WebAssembly type. Sealed: the set is complete.
pub trait WasmTy: sealed::Sealed + Send + Sized {
    #[doc(hidden)]
    const TYPE: ValType;

    #[doc(hidden)]
    fn into_cell(self, store: &StoreCell<'_>) -> Result<Cell>;

    #[doc(hidden)]
    fn from_cell(store: &mut StoreCell<'_>, cell: Cell) -> Self;
}

/// A value on its way through the machine; hides the machine's type from the public trait.
#[doc(hidden)]
pub struct Cell(pub(crate) Value);

/// The store of a value on its way.
#[doc(hidden)]
pub struct StoreCell<'a>(pub(crate) &'a mut StoreOpaque);

macro_rules! number {
    ($($ty:ty, $val:ident, $from:ident, $as:ident, $into:expr, $back:expr;)*) => {$(
        impl sealed::Sealed for $ty {}

        impl WasmTy for $ty {
            const TYPE: ValType = ValType::$val;

            #[inline]
            fn into_cell(self, _store: &StoreCell<'_>) -> Result<Cell> {
                Ok(Cell(Value::$from($into(self))))
            }

            #[inline]
            fn from_cell(_store: &mut StoreCell<'_>, cell: Cell) -> Self {
                $back(cell.0.$as())
            }
        }
    )*};
}

number! {
    i32, I32, from_i32, as_i32, std::convert::identity, std::convert::identity;
    u32, I32, from_i32, as_i32, u32::cast_signed, i32::cast_unsigned;
    i64, I64, from_i64, as_i64, std::convert::identity, std::convert::identity;
    u64, I64, from_i64, as_i64, u64::cast_signed, i64::cast_unsigned;
    f32, F32, from_f32_bits, as_f32_bits, f32::to_bits, f32::from_bits;
    f64, F64, from_f64_bits, as_f64_bits, f64::to_bits, f64::from_bits;
    u128, V128, from_bits, to_bits, std::convert::identity, std::convert::identity;
}

macro_rules! reference {
    ($($ty:ty, $variant:ident, $ref_type:expr;)*) => {$(
        impl sealed::Sealed for Option<$ty> {}

        impl WasmTy for Option<$ty> {
            const TYPE: ValType = ValType::Ref($ref_type);

            fn into_cell(self, store: &StoreCell<'_>) -> Result<Cell> {
                Ref::$variant(self).to_value(store.0, $ref_type).map(Cell)
            }

            fn from_cell(store: &mut StoreCell<'_>, cell: Cell) -> Self {
                match Ref::from_value(store.0, cell.0, $ref_type) {
                    Ref::$variant(value) => value,
                    _ => None,
                }
            }
        }
    )*};
}

reference! {
    Func, Func, RefType::FUNCREF;
    Rooted<ExternRef>, Extern, RefType::EXTERNREF;
    Rooted<AnyRef>, Any, RefType::ANYREF;
    Rooted<ExnRef>, Exn, RefType::EXNREF;
}
