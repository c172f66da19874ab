//! The machine shape of a signature: what trampolines depend on.
//!
//! Two function types with the same shape share their trampolines, whatever the reference types in them.

use crate::types::{FuncType, HeapType, RefType, TypeRef, ValType};
use serde::{Deserialize, Serialize};

/// How a value travels.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AbiKind {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 128-bit vector.
    V128,
    /// A reference into the GC heap or to host data: 32 bits, 0 is null.
    Ref,
    /// A function reference: a pointer to a `FuncRef`, 0 is null.
    Func,
}

/// The machine shape of a function type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AbiSig {
    /// Parameters.
    pub params: Box<[AbiKind]>,
    /// Results.
    pub results: Box<[AbiKind]>,
}

impl AbiKind {
    /// The kind of a value type. `is_func` tells whether a defined type is a function type.
    pub fn of(ty: ValType, is_func: &dyn Fn(TypeRef) -> bool) -> Self {
        match ty {
            ValType::I32 => AbiKind::I32,
            ValType::I64 => AbiKind::I64,
            ValType::F32 => AbiKind::F32,
            ValType::F64 => AbiKind::F64,
            ValType::V128 => AbiKind::V128,
            ValType::Ref(ty) if is_func_ref(ty, is_func) => AbiKind::Func,
            ValType::Ref(_) => AbiKind::Ref,
        }
    }
}

fn is_func_ref(ty: RefType, is_func: &dyn Fn(TypeRef) -> bool) -> bool {
    match ty.heap {
        HeapType::Func | HeapType::NoFunc => true,
        heap => heap.defined().is_some_and(is_func),
    }
}

impl AbiSig {
    /// The shape of a function type.
    pub fn of(ty: &FuncType, is_func: &dyn Fn(TypeRef) -> bool) -> Self {
        let kinds = |types: &[ValType]| types.iter().map(|&ty| AbiKind::of(ty, is_func)).collect();
        Self { params: kinds(&ty.params), results: kinds(&ty.results) }
    }

    /// Length of the argument array, which also takes the results.
    pub fn array_len(&self) -> usize {
        self.params.len().max(self.results.len())
    }
}
