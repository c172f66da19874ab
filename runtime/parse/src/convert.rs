//! wasmparser's types to the model's.
//!
//! Validation has accepted the types already. What the model has no value for (continuations, shared heap types) can
//! only come from features that are not built, and is reported as such.

use crate::ParseError;
use assay_model::features::Feature;
use assay_model::index::TypeIdx;
use assay_model::types::{
    CompositeType, FieldType, FuncType, GlobalType, HeapType, Limits, MemoryType, RefType, StorageType,
    SubType, TableType, TypeRef, ValType,
};
use wasmparser::{AbstractHeapType, CompositeInnerType, UnpackedIndex};

type Result<T> = std::result::Result<T, ParseError>;

fn unsupported<T>(feature: Feature) -> Result<T> {
    Err(ParseError::Unsupported { feature })
}

/// A value type.
///
/// # Errors
/// [`ParseError::Unsupported`] for types of features that are not built.
pub fn val_type(ty: wasmparser::ValType) -> Result<ValType> {
    Ok(match ty {
        wasmparser::ValType::I32 => ValType::I32,
        wasmparser::ValType::I64 => ValType::I64,
        wasmparser::ValType::F32 => ValType::F32,
        wasmparser::ValType::F64 => ValType::F64,
        wasmparser::ValType::V128 => ValType::V128,
        wasmparser::ValType::Ref(ty) => ValType::Ref(ref_type(ty)?),
    })
}

/// A reference type.
///
/// # Errors
/// [`ParseError::Unsupported`] for types of features that are not built.
pub fn ref_type(ty: wasmparser::RefType) -> Result<RefType> {
    Ok(RefType { nullable: ty.is_nullable(), heap: heap_type(ty.heap_type())? })
}

/// A heap type.
///
/// # Errors
/// [`ParseError::Unsupported`] for types of features that are not built.
pub fn heap_type(ty: wasmparser::HeapType) -> Result<HeapType> {
    match ty {
        wasmparser::HeapType::Abstract { shared: false, ty } => abstract_heap_type(ty),
        wasmparser::HeapType::Abstract { shared: true, .. } => unsupported(Feature::Threads),
        wasmparser::HeapType::Concrete(index) => Ok(HeapType::Concrete(type_ref(index)?)),
        wasmparser::HeapType::Exact(index) => Ok(HeapType::Exact(type_ref(index)?)),
    }
}

fn abstract_heap_type(ty: AbstractHeapType) -> Result<HeapType> {
    Ok(match ty {
        AbstractHeapType::Func => HeapType::Func,
        AbstractHeapType::NoFunc => HeapType::NoFunc,
        AbstractHeapType::Extern => HeapType::Extern,
        AbstractHeapType::NoExtern => HeapType::NoExtern,
        AbstractHeapType::Any => HeapType::Any,
        AbstractHeapType::Eq => HeapType::Eq,
        AbstractHeapType::I31 => HeapType::I31,
        AbstractHeapType::Struct => HeapType::Struct,
        AbstractHeapType::Array => HeapType::Array,
        AbstractHeapType::None => HeapType::None,
        AbstractHeapType::Exn => HeapType::Exn,
        AbstractHeapType::NoExn => HeapType::NoExn,
        AbstractHeapType::Cont | AbstractHeapType::NoCont => return unsupported(Feature::StackSwitching),
    })
}

fn type_ref(index: UnpackedIndex) -> Result<TypeRef> {
    match index {
        UnpackedIndex::Module(index) => Ok(TypeRef::Module(TypeIdx(index))),
        // Sections and operators name types by module index; other forms live inside the validator only.
        _ => unsupported(Feature::Gc),
    }
}

/// Each type of a recursion group. `group_start` is the module index of its first member.
pub(crate) fn sub_type(ty: &wasmparser::SubType) -> Result<SubType> {
    let reference =
        |index: Option<wasmparser::PackedIndex>| index.map(|index| type_ref(index.unpack())).transpose();
    let supertype = reference(ty.supertype_idxs.first().copied())?;
    let descriptor = reference(ty.composite_type.descriptor_idx)?;
    let describes = reference(ty.composite_type.describes_idx)?;
    let composite = match &ty.composite_type.inner {
        CompositeInnerType::Func(ty) => CompositeType::Func(func_type(ty)?),
        CompositeInnerType::Struct(ty) => {
            CompositeType::Struct(ty.fields.iter().map(field_type).collect::<Result<_>>()?)
        }
        CompositeInnerType::Array(ty) => CompositeType::Array(field_type(&ty.0)?),
        CompositeInnerType::Cont(_) => return unsupported(Feature::StackSwitching),
    };
    Ok(SubType { is_final: ty.is_final, supertype, descriptor, describes, composite })
}

fn func_type(ty: &wasmparser::FuncType) -> Result<FuncType> {
    let types =
        |types: &[wasmparser::ValType]| types.iter().map(|&ty| val_type(ty)).collect::<Result<Box<[_]>>>();
    Ok(FuncType { params: types(ty.params())?, results: types(ty.results())? })
}

fn field_type(ty: &wasmparser::FieldType) -> Result<FieldType> {
    let storage = match ty.element_type {
        wasmparser::StorageType::I8 => StorageType::I8,
        wasmparser::StorageType::I16 => StorageType::I16,
        wasmparser::StorageType::Val(ty) => StorageType::Val(val_type(ty)?),
    };
    Ok(FieldType { storage, mutable: ty.mutable })
}

pub(crate) fn table_type(ty: &wasmparser::TableType) -> Result<TableType> {
    let limits = Limits { min: ty.initial, max: ty.maximum };
    Ok(TableType { element: ref_type(ty.element_type)?, limits, table64: ty.table64 })
}

pub(crate) fn memory_type(ty: &wasmparser::MemoryType) -> MemoryType {
    MemoryType {
        limits: Limits { min: ty.initial, max: ty.maximum },
        memory64: ty.memory64,
        shared: ty.shared,
        page_size_log2: ty.page_size_log2.map_or(16, |log2| if log2 == 0 { 0 } else { 16 }),
    }
}

pub(crate) fn global_type(ty: &wasmparser::GlobalType) -> Result<GlobalType> {
    Ok(GlobalType { content: val_type(ty.content_type)?, mutable: ty.mutable })
}
