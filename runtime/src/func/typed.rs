//! Calls with Rust types: checked once, when the handle is made.

use super::wasm_ty::{Cell, StoreCell, WasmTy};
use crate::error::{Error, Result};
use crate::func::Func;
use crate::store::{AsContextMut, StoreOpaque};
use crate::types::FuncType;
use assay_model::types::ValType;
use assay_vm::Value;
use std::marker::PhantomData;

/// Values that fit on the native stack of a call.
const INLINE: usize = 8;

/// A function with known Rust types.
pub struct TypedFunc<Params, Results> {
    func: Func,
    types: PhantomData<fn(Params) -> Results>,
}

impl<P, R> Copy for TypedFunc<P, R> {}

impl<P, R> Clone for TypedFunc<P, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, R> std::fmt::Debug for TypedFunc<P, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TypedFunc").field("func", &self.func).finish()
    }
}

impl<P: WasmParams, R: WasmResults> TypedFunc<P, R> {
    pub(super) fn new(func: Func, ty: &FuncType) -> Result<Self> {
        let given = assay_model::types::FuncType::new(P::types(), R::types());
        if ty.0 == given {
            return Ok(Self { func, types: PhantomData });
        }
        Err(Error::Usage(format!("the function has type {ty}, not {given}")))
    }

    /// The untyped handle.
    pub fn func(&self) -> Func {
        self.func
    }

    /// Calls it.
    ///
    /// # Errors
    /// Whatever the call raises.
    #[inline]
    pub fn call(&self, mut store: impl AsContextMut, params: P) -> Result<R> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        opaque.check(self.func.store)?;
        if P::COUNT.max(R::COUNT) <= INLINE {
            self.call_in(opaque, params, &mut [Value::ZERO; INLINE])
        } else {
            self.call_in(opaque, params, &mut vec![Value::ZERO; P::COUNT.max(R::COUNT)])
        }
    }

    #[inline]
    fn call_in(&self, opaque: &mut StoreOpaque, params: P, values: &mut [Value]) -> Result<R> {
        params.store(&StoreCell(opaque), values)?;
        self.func.call_values(opaque, values)?;
        Ok(R::load(&mut StoreCell(opaque), values))
    }
}

/// Parameters of a typed function: a value or a tuple of values.
pub trait WasmParams: Send {
    #[doc(hidden)]
    const COUNT: usize;

    #[doc(hidden)]
    fn types() -> Box<[ValType]>;

    #[doc(hidden)]
    fn store(self, store: &StoreCell<'_>, values: &mut [Value]) -> Result<()>;
}

/// Results of a typed function: a value or a tuple of values.
pub trait WasmResults: WasmParams {
    #[doc(hidden)]
    fn load(store: &mut StoreCell<'_>, values: &[Value]) -> Self;
}

impl<A: WasmTy> WasmParams for A {
    const COUNT: usize = 1;

    fn types() -> Box<[ValType]> {
        Box::new([A::TYPE])
    }

    #[inline]
    fn store(self, store: &StoreCell<'_>, values: &mut [Value]) -> Result<()> {
        values[0] = self.into_cell(store)?.0;
        Ok(())
    }
}

impl<A: WasmTy> WasmResults for A {
    #[inline]
    fn load(store: &mut StoreCell<'_>, values: &[Value]) -> Self {
        A::from_cell(store, Cell(values[0]))
    }
}

macro_rules! tuples {
    ($(($($name:ident $position:tt),*) $count:literal;)*) => {$(
        impl<$($name: WasmTy),*> WasmParams for ($($name,)*) {
            const COUNT: usize = $count;

            fn types() -> Box<[ValType]> {
                Box::new([$($name::TYPE),*])
            }

            #[inline]
            fn store(self, _store: &StoreCell<'_>, _values: &mut [Value]) -> Result<()> {
                $(_values[$position] = self.$position.into_cell(_store)?.0;)*
                Ok(())
            }
        }

        impl<$($name: WasmTy),*> WasmResults for ($($name,)*) {
            #[inline]
            #[allow(clippy::unused_unit, clippy::allow_attributes, reason = "the empty tuple is one of the cases")]
            fn load(_store: &mut StoreCell<'_>, _values: &[Value]) -> Self {
                ($($name::from_cell(_store, Cell(_values[$position])),)*)
            }
        }
    )*};
}

tuples! {
    () 0;
    (A 0) 1;
    (A 0, B 1) 2;
    (A 0, B 1, C 2) 3;
    (A 0, B 1, C 2, D 3) 4;
    (A 0, B 1, C 2, D 3, E 4) 5;
    (A 0, B 1, C 2, D 3, E 4, F 5) 6;
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6) 7;
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7) 8;
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8) 9;
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9) 10;
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10) 11;
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11) 12;
}
