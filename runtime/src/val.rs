//! Values and references as embedders see them.

use crate::error::{Error, Result};
use crate::func::Func;
use crate::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use assay_model::types::{HeapType, RefType, ValType};
use assay_vm::Value;
use std::any::Any;

/// A value. Floats are bits, so that no NaN is ever changed by carrying it.
#[derive(Copy, Clone, Debug)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum Val {
    I32(i32),
    I64(i64),
    /// Bits of the float.
    F32(u32),
    /// Bits of the float.
    F64(u64),
    V128(u128),
    /// A function, or null.
    FuncRef(Option<Func>),
    /// Host data, or null.
    ExternRef(Option<ExternRef>),
}

/// A reference.
#[derive(Copy, Clone, Debug)]
pub enum Ref {
    /// A function, or null.
    Func(Option<Func>),
    /// Host data, or null.
    Extern(Option<ExternRef>),
}

/// A handle to host data that wasm code may hold. It lives as long as its store.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct ExternRef {
    store: StoreId,
    reference: u32,
}

impl ExternRef {
    /// Puts `data` into the store.
    ///
    /// # Errors
    /// None yet; the heap of a later release has a limit.
    pub fn new(mut store: impl AsContextMut, data: impl Any + Send + Sync) -> Result<Self> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let reference = opaque.vm.new_host_data(Box::new(data));
        Ok(Self { store: opaque.id, reference })
    }

    /// The data.
    ///
    /// # Errors
    /// When the handle belongs to another store.
    pub fn data<'a, T: 'static>(
        &self,
        store: &'a impl AsContext<Data = T>,
    ) -> Result<&'a (dyn Any + Send + Sync)> {
        let opaque = store.as_context().into_opaque();
        opaque.check(self.store)?;
        opaque
            .vm
            .host_data(self.reference)
            .ok_or_else(|| Error::usage("the reference is unknown to its store"))
    }
}

impl Val {
    /// The default value of a type: zero, or null. `None` for references that cannot be null.
    pub fn default_for_ty(ty: ValType) -> Option<Val> {
        Some(match ty {
            ValType::I32 => Val::I32(0),
            ValType::I64 => Val::I64(0),
            ValType::F32 => Val::F32(0),
            ValType::F64 => Val::F64(0),
            ValType::V128 => Val::V128(0),
            ValType::Ref(RefType { nullable: false, .. }) => return None,
            ValType::Ref(ty) if is_func(ty) => Val::FuncRef(None),
            ValType::Ref(_) => Val::ExternRef(None),
        })
    }

    /// The `i32`, when it is one.
    pub fn i32(&self) -> Option<i32> {
        if let Val::I32(value) = *self { Some(value) } else { None }
    }

    /// The `i64`, when it is one.
    pub fn i64(&self) -> Option<i64> {
        if let Val::I64(value) = *self { Some(value) } else { None }
    }

    /// The `f32`, when it is one.
    pub fn f32(&self) -> Option<f32> {
        if let Val::F32(bits) = *self { Some(f32::from_bits(bits)) } else { None }
    }

    /// The `f64`, when it is one.
    pub fn f64(&self) -> Option<f64> {
        if let Val::F64(bits) = *self { Some(f64::from_bits(bits)) } else { None }
    }

    /// The reference, when it is one.
    pub fn as_ref(&self) -> Option<Ref> {
        match *self {
            Val::FuncRef(func) => Some(Ref::Func(func)),
            Val::ExternRef(data) => Some(Ref::Extern(data)),
            _ => None,
        }
    }

    /// What kind of value this is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Val::I32(_) => "i32",
            Val::I64(_) => "i64",
            Val::F32(_) => "f32",
            Val::F64(_) => "f64",
            Val::V128(_) => "v128",
            Val::FuncRef(_) => "funcref",
            Val::ExternRef(_) => "externref",
        }
    }

    /// The value as code has it, checked against a type.
    pub(crate) fn to_value(self, store: &StoreOpaque, ty: ValType) -> Result<Value> {
        Ok(match (self, ty) {
            (Val::I32(value), ValType::I32) => Value::from_i32(value),
            (Val::I64(value), ValType::I64) => Value::from_i64(value),
            (Val::F32(bits), ValType::F32) => Value::from_f32_bits(bits),
            (Val::F64(bits), ValType::F64) => Value::from_f64_bits(bits),
            (Val::V128(bits), ValType::V128) => Value::from_bits(bits),
            (Val::FuncRef(func), ValType::Ref(ty)) => return Ref::Func(func).to_value(store, ty),
            (Val::ExternRef(data), ValType::Ref(ty)) => return Ref::Extern(data).to_value(store, ty),
            (other, ty) => {
                return Err(Error::Usage(format!("expected a value of type {ty}, got {}", other.kind())));
            }
        })
    }

    /// A value of code's as embedders see it.
    pub(crate) fn from_value(store: &mut StoreOpaque, value: Value, ty: ValType) -> Val {
        match ty {
            ValType::I32 => Val::I32(value.as_i32()),
            ValType::I64 => Val::I64(value.as_i64()),
            ValType::F32 => Val::F32(value.as_f32_bits()),
            ValType::F64 => Val::F64(value.as_f64_bits()),
            ValType::V128 => Val::V128(value.to_bits()),
            ValType::Ref(ty) => Ref::from_value(store, value, ty).into(),
        }
    }
}

/// Whether references of this type are function references.
pub(crate) fn is_func(ty: RefType) -> bool {
    matches!(ty.heap, HeapType::Func | HeapType::NoFunc | HeapType::Concrete(_))
}

impl Ref {
    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Ref::Func(None) | Ref::Extern(None))
    }

    pub(crate) fn to_value(self, store: &StoreOpaque, ty: RefType) -> Result<Value> {
        let mismatch = |kind: &str| Error::Usage(format!("expected a reference of type {ty}, got {kind}"));
        match self {
            _ if self.is_null() && !ty.nullable => Err(mismatch("null")),
            Ref::Func(func) if is_func(ty) => func.map_or(Ok(Value::ZERO), |func| func.to_value(store)),
            Ref::Extern(data) if ty.heap == HeapType::Extern => match data {
                None => Ok(Value::ZERO),
                Some(data) => {
                    store.check(data.store)?;
                    Ok(Value::from_ref(data.reference))
                }
            },
            Ref::Func(_) => Err(mismatch("funcref")),
            Ref::Extern(_) => Err(mismatch("externref")),
        }
    }

    pub(crate) fn from_value(store: &mut StoreOpaque, value: Value, ty: RefType) -> Ref {
        if is_func(ty) {
            return Ref::Func(Func::from_value(store, value));
        }
        let reference = value.as_ref32();
        Ref::Extern((reference != 0).then_some(ExternRef { store: store.id, reference }))
    }
}

impl From<Ref> for Val {
    fn from(reference: Ref) -> Self {
        match reference {
            Ref::Func(func) => Val::FuncRef(func),
            Ref::Extern(data) => Val::ExternRef(data),
        }
    }
}

macro_rules! from_number {
    ($($ty:ty => $variant:ident($convert:expr);)*) => {$(
        impl From<$ty> for Val {
            fn from(value: $ty) -> Self {
                Val::$variant($convert(value))
            }
        }
    )*};
}

from_number! {
    i32 => I32(std::convert::identity);
    i64 => I64(std::convert::identity);
    f32 => F32(f32::to_bits);
    f64 => F64(f64::to_bits);
    u128 => V128(std::convert::identity);
    Option<Func> => FuncRef(std::convert::identity);
    Option<ExternRef> => ExternRef(std::convert::identity);
}

impl From<Func> for Val {
    fn from(func: Func) -> Self {
        Val::FuncRef(Some(func))
    }
}
