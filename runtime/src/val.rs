//! Values and references as embedders see them.

use crate::error::{Error, Result};
use crate::func::Func;
use crate::gc::{AnyRef, ExnRef, ExternRef, Rooted, heap_type_of};
use crate::store::StoreOpaque;
use assay_model::types::{CanonId, CompositeType, HeapType, RefType, TypeRef, ValType};
use assay_vm::Value;

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
    /// Something external, or null.
    ExternRef(Option<Rooted<ExternRef>>),
    /// Something internal, or null.
    AnyRef(Option<Rooted<AnyRef>>),
    /// An exception, or null.
    ExnRef(Option<Rooted<ExnRef>>),
}

/// A reference.
#[derive(Copy, Clone, Debug)]
pub enum Ref {
    /// A function, or null.
    Func(Option<Func>),
    /// Something external, or null.
    Extern(Option<Rooted<ExternRef>>),
    /// Something internal, or null.
    Any(Option<Rooted<AnyRef>>),
    /// An exception, or null.
    Exn(Option<Rooted<ExnRef>>),
}

/// What a reference type belongs to: types of different hierarchies have no value in common.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Hierarchy {
    Func,
    Extern,
    Any,
    Exn,
}

impl Hierarchy {
    fn of(store: &StoreOpaque, ty: RefType) -> Self {
        match ty.heap {
            HeapType::Concrete(TypeRef::Canonical(id)) | HeapType::Exact(TypeRef::Canonical(id)) => {
                match store.engine.types().canonical.get(id).composite {
                    CompositeType::Func(_) => Self::Func,
                    CompositeType::Struct(_) | CompositeType::Array(_) => Self::Any,
                }
            }
            heap => Self::of_abstract(heap),
        }
    }

    /// The hierarchy of an abstract type. Types of a module never come here, they are canonical.
    fn of_abstract(heap: HeapType) -> Self {
        match heap {
            HeapType::Func | HeapType::NoFunc | HeapType::Concrete(_) | HeapType::Exact(_) => Self::Func,
            HeapType::Extern | HeapType::NoExtern => Self::Extern,
            HeapType::Exn | HeapType::NoExn => Self::Exn,
            HeapType::Any
            | HeapType::Eq
            | HeapType::I31
            | HeapType::Struct
            | HeapType::Array
            | HeapType::None => Self::Any,
        }
    }

    fn null(self) -> Ref {
        match self {
            Self::Func => Ref::Func(None),
            Self::Extern => Ref::Extern(None),
            Self::Any => Ref::Any(None),
            Self::Exn => Ref::Exn(None),
        }
    }
}

impl Val {
    /// The default value of a type: zero, or null. `None` for references that cannot be null. The null of a defined type is
    /// given as one of function types.
    pub fn default_for_ty(ty: ValType) -> Option<Val> {
        Some(match ty {
            ValType::I32 => Val::I32(0),
            ValType::I64 => Val::I64(0),
            ValType::F32 => Val::F32(0),
            ValType::F64 => Val::F64(0),
            ValType::V128 => Val::V128(0),
            ValType::Ref(RefType { nullable: false, .. }) => return None,
            ValType::Ref(ty) => Hierarchy::of_abstract(ty.heap).null().into(),
        })
    }

    /// The zero or null of a type, whatever it allows.
    pub(crate) fn default_in(store: &StoreOpaque, ty: ValType) -> Val {
        match ty {
            ValType::Ref(ty) => Hierarchy::of(store, ty).null().into(),
            number => Self::default_for_ty(number).unwrap_or(Val::I32(0)),
        }
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
            Val::AnyRef(object) => Some(Ref::Any(object)),
            Val::ExnRef(exception) => Some(Ref::Exn(exception)),
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
            Val::AnyRef(_) => "anyref",
            Val::ExnRef(_) => "exnref",
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
            (other, ty) => {
                if let (Some(reference), ValType::Ref(ty)) = (other.as_ref(), ty) {
                    return reference.to_value(store, ty);
                }
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

impl Ref {
    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Ref::Func(None) | Ref::Extern(None) | Ref::Any(None) | Ref::Exn(None))
    }

    fn hierarchy(self) -> (Hierarchy, &'static str) {
        match self {
            Ref::Func(_) => (Hierarchy::Func, "funcref"),
            Ref::Extern(_) => (Hierarchy::Extern, "externref"),
            Ref::Any(_) => (Hierarchy::Any, "anyref"),
            Ref::Exn(_) => (Hierarchy::Exn, "exnref"),
        }
    }

    /// The reference as code has it, checked against a type.
    pub(crate) fn to_value(self, store: &StoreOpaque, ty: RefType) -> Result<Value> {
        let mismatch = |kind: &str| Error::Usage(format!("expected a reference of type {ty}, got {kind}"));
        let (hierarchy, kind) = self.hierarchy();
        if self.is_null() && !ty.nullable {
            return Err(mismatch("null"));
        }
        if hierarchy != Hierarchy::of(store, ty) {
            return Err(mismatch(kind));
        }
        let (value, actual) = match self {
            Ref::Func(Some(func)) => {
                let value = func.to_value(store)?;
                let id = CanonId(store.vm.func_type(func.id));
                (value, HeapType::Concrete(TypeRef::Canonical(id)))
            }
            Ref::Extern(Some(external)) => (Value::from_ref(external.bits(store)?), HeapType::Extern),
            Ref::Any(Some(internal)) => {
                let bits = internal.bits(store)?;
                (Value::from_ref(bits), heap_type_of(store, bits))
            }
            Ref::Exn(Some(exception)) => (Value::from_ref(exception.bits(store)?), HeapType::Exn),
            Ref::Func(None) | Ref::Extern(None) | Ref::Any(None) | Ref::Exn(None) => return Ok(Value::ZERO),
        };
        // What a value is it is exactly.
        let exactly = if let HeapType::Concrete(ty) = actual { HeapType::Exact(ty) } else { actual };
        let matches = store.engine.types().canonical.heap_matches(exactly, ty.heap);
        if matches { Ok(value) } else { Err(mismatch(&format!("one of type {actual}"))) }
    }

    /// A reference of code's as embedders see it: a handle in the innermost scope.
    pub(crate) fn from_value(store: &mut StoreOpaque, value: Value, ty: RefType) -> Ref {
        let hierarchy = Hierarchy::of(store, ty);
        if hierarchy == Hierarchy::Func {
            return Ref::Func(Func::from_value(store, value));
        }
        match (value.as_ref32(), hierarchy) {
            (0, hierarchy) => hierarchy.null(),
            (bits, Hierarchy::Extern) => Ref::Extern(Some(Rooted::new(store, bits))),
            (bits, Hierarchy::Exn) => Ref::Exn(Some(Rooted::new(store, bits))),
            (bits, _) => Ref::Any(Some(Rooted::new(store, bits))),
        }
    }
}

impl From<Ref> for Val {
    fn from(reference: Ref) -> Self {
        match reference {
            Ref::Func(func) => Val::FuncRef(func),
            Ref::Extern(data) => Val::ExternRef(data),
            Ref::Any(object) => Val::AnyRef(object),
            Ref::Exn(exception) => Val::ExnRef(exception),
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
    Option<Rooted<ExternRef>> => ExternRef(std::convert::identity);
    Option<Rooted<AnyRef>> => AnyRef(std::convert::identity);
    Option<Rooted<ExnRef>> => ExnRef(std::convert::identity);
}

impl From<Func> for Val {
    fn from(func: Func) -> Self {
        Val::FuncRef(Some(func))
    }
}
