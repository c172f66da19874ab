//! WebAssembly types ([Types][spec]), for all of version 3.0: what the engines do not run yet is already a value here.
//!
//! [spec]: https://webassembly.github.io/spec/core/syntax/types.html

mod canonical;
mod display;
mod matching;

pub use canonical::{CanonId, CanonicalTypes};

use crate::index::TypeIdx;
use serde::{Deserialize, Serialize};

/// A value type.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ValType {
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
    /// Reference.
    Ref(RefType),
}

/// A reference type.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RefType {
    /// Whether null belongs to the type.
    pub nullable: bool,
    /// What the reference points to.
    pub heap: HeapType,
}

/// A heap type.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum HeapType {
    Func,
    NoFunc,
    Extern,
    NoExtern,
    Any,
    Eq,
    I31,
    Struct,
    Array,
    None,
    Exn,
    NoExn,
    /// A type defined by a type section, with what is declared below it.
    Concrete(TypeRef),
    /// A type defined by a type section, without what is declared below it.
    Exact(TypeRef),
}

/// How a defined type is named: within its module, within its recursion group, or engine-wide.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TypeRef {
    /// By the module's type index.
    Module(TypeIdx),
    /// By position within the recursion group that is being canonicalised.
    Group(u32),
    /// By its engine-wide canonical number.
    Canonical(CanonId),
}

/// Parameters and results of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FuncType {
    /// Parameter types.
    pub params: Box<[ValType]>,
    /// Result types.
    pub results: Box<[ValType]>,
}

/// The storage type of a field.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StorageType {
    /// Packed 8-bit integer.
    I8,
    /// Packed 16-bit integer.
    I16,
    /// An unpacked value.
    Val(ValType),
}

/// A field of a structure, or the element of an array.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FieldType {
    /// What is stored.
    pub storage: StorageType,
    /// Whether it may be written after construction.
    pub mutable: bool,
}

/// A composite type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CompositeType {
    /// A function.
    Func(FuncType),
    /// A structure.
    Struct(Box<[FieldType]>),
    /// An array.
    Array(FieldType),
}

/// A defined type with its place in the subtype hierarchy.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SubType {
    /// Whether the type can have no subtypes.
    pub is_final: bool,
    /// The declared supertype.
    pub supertype: Option<TypeRef>,
    /// The type of the structures that describe those of this type: each of this type leads to one of that.
    pub descriptor: Option<TypeRef>,
    /// The type of the structures that those of this type describe. Of its own recursion group, as the descriptor is.
    pub describes: Option<TypeRef>,
    /// The structure of the type.
    pub composite: CompositeType,
}

/// Bounds of a memory (pages) or a table (elements).
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Limits {
    /// Initial size.
    pub min: u64,
    /// Largest size.
    pub max: Option<u64>,
}

/// The type of a memory. Sizes are in pages of `1 << page_size_log2` bytes.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MemoryType {
    /// Size bounds in pages.
    pub limits: Limits,
    /// Whether addresses are 64-bit.
    pub memory64: bool,
    /// Whether several threads may use it.
    pub shared: bool,
    /// 16 (64 KiB pages) or 0 (pages of one byte).
    pub page_size_log2: u8,
}

/// The type of a table. Sizes are in elements.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TableType {
    /// The element type.
    pub element: RefType,
    /// Size bounds in elements.
    pub limits: Limits,
    /// Whether indices are 64-bit.
    pub table64: bool,
}

/// The type of a global.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GlobalType {
    /// The type of the value.
    pub content: ValType,
    /// Whether it may be written.
    pub mutable: bool,
}

impl RefType {
    /// `(ref null func)`.
    pub const FUNCREF: RefType = RefType { nullable: true, heap: HeapType::Func };
    /// `(ref null extern)`.
    pub const EXTERNREF: RefType = RefType { nullable: true, heap: HeapType::Extern };
    /// `(ref null any)`.
    pub const ANYREF: RefType = RefType { nullable: true, heap: HeapType::Any };
    /// `(ref null exn)`.
    pub const EXNREF: RefType = RefType { nullable: true, heap: HeapType::Exn };
}

impl ValType {
    /// `funcref`.
    pub const FUNCREF: ValType = ValType::Ref(RefType::FUNCREF);
    /// `externref`.
    pub const EXTERNREF: ValType = ValType::Ref(RefType::EXTERNREF);

    /// Whether this is a reference type.
    pub fn is_ref(self) -> bool {
        matches!(self, ValType::Ref(_))
    }
}

impl HeapType {
    /// The defined type, when one is named: exactly, or with what is below it.
    pub fn defined(self) -> Option<TypeRef> {
        match self {
            HeapType::Concrete(ty) | HeapType::Exact(ty) => Some(ty),
            _ => None,
        }
    }
}

impl CompositeType {
    /// The function type, when it is one.
    pub fn as_func(&self) -> Option<&FuncType> {
        match self {
            CompositeType::Func(ty) => Some(ty),
            CompositeType::Struct(_) | CompositeType::Array(_) => None,
        }
    }
}

impl SubType {
    /// A final function type without a supertype: what a plain `(type (func …))` means.
    pub fn plain_func(ty: FuncType) -> Self {
        Self::plain(CompositeType::Func(ty))
    }

    /// A final type without a supertype.
    pub fn plain(composite: CompositeType) -> Self {
        Self { is_final: true, supertype: None, descriptor: None, describes: None, composite }
    }

    /// Rewrites every reference to a defined type.
    #[must_use]
    pub fn map_refs(&self, rename: &mut dyn FnMut(TypeRef) -> TypeRef) -> Self {
        let composite = match &self.composite {
            CompositeType::Func(ty) => CompositeType::Func(ty.map_refs(rename)),
            CompositeType::Struct(fields) => {
                CompositeType::Struct(fields.iter().map(|field| field.map_refs(rename)).collect())
            }
            CompositeType::Array(field) => CompositeType::Array(field.map_refs(rename)),
        };
        let supertype = self.supertype.map(&mut *rename);
        let descriptor = self.descriptor.map(&mut *rename);
        let describes = self.describes.map(&mut *rename);
        Self { is_final: self.is_final, supertype, descriptor, describes, composite }
    }
}

impl FuncType {
    /// A function type from slices.
    pub fn new(params: impl Into<Box<[ValType]>>, results: impl Into<Box<[ValType]>>) -> Self {
        Self { params: params.into(), results: results.into() }
    }

    /// Rewrites every reference to a defined type.
    #[must_use]
    pub fn map_refs(&self, rename: &mut dyn FnMut(TypeRef) -> TypeRef) -> Self {
        let params = self.params.iter().map(|ty| ty.map_refs(rename)).collect();
        let results = self.results.iter().map(|ty| ty.map_refs(rename)).collect();
        Self { params, results }
    }
}

impl FieldType {
    fn map_refs(self, rename: &mut dyn FnMut(TypeRef) -> TypeRef) -> Self {
        let storage = match self.storage {
            StorageType::Val(ty) => StorageType::Val(ty.map_refs(rename)),
            packed => packed,
        };
        Self { storage, mutable: self.mutable }
    }
}

impl ValType {
    /// Rewrites a reference to a defined type.
    #[must_use]
    pub fn map_refs(self, rename: &mut dyn FnMut(TypeRef) -> TypeRef) -> Self {
        match self {
            ValType::Ref(ty) => ValType::Ref(ty.map_refs(rename)),
            number => number,
        }
    }
}

impl RefType {
    /// Rewrites a reference to a defined type.
    #[must_use]
    pub fn map_refs(self, rename: &mut dyn FnMut(TypeRef) -> TypeRef) -> Self {
        match self.heap {
            HeapType::Concrete(ty) => Self { heap: HeapType::Concrete(rename(ty)), ..self },
            HeapType::Exact(ty) => Self { heap: HeapType::Exact(rename(ty)), ..self },
            _ => self,
        }
    }
}

impl FieldType {
    /// A field or element of type `storage`.
    pub fn new(mutability: Mutability, storage: StorageType) -> Self {
        Self { storage, mutable: mutability == Mutability::Var }
    }
}

/// Whether a global or a field may be written.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Mutability {
    /// It may not.
    Const,
    /// It may.
    Var,
}

impl GlobalType {
    /// A global of type `content`.
    pub fn new(content: ValType, mutability: Mutability) -> Self {
        Self { content, mutable: mutability == Mutability::Var }
    }
}

impl MemoryType {
    /// A 32-bit memory of at least `min` and at most `max` pages of 64 KiB.
    pub fn new(min: u32, max: Option<u32>) -> Self {
        let limits = Limits { min: u64::from(min), max: max.map(u64::from) };
        Self { limits, memory64: false, shared: false, page_size_log2: 16 }
    }

    /// A shared 32-bit memory of at least `min` and at most `max` pages of 64 KiB.
    pub fn shared(min: u32, max: u32) -> Self {
        Self { shared: true, ..Self::new(min, Some(max)) }
    }

    /// Bytes of a page.
    pub fn page_size(self) -> u64 {
        1 << self.page_size_log2
    }

    /// The largest number of pages that the type and the index width allow.
    pub fn max_pages(self) -> u64 {
        let width = if self.memory64 { 64 } else { 32 };
        let addressable = 1u128 << (width - u32::from(self.page_size_log2));
        let addressable = u64::try_from(addressable).unwrap_or(u64::MAX);
        self.limits.max.unwrap_or(addressable).min(addressable)
    }
}

impl TableType {
    /// A table with 32-bit indices of at least `min` and at most `max` elements.
    pub fn new(element: RefType, min: u32, max: Option<u32>) -> Self {
        let limits = Limits { min: u64::from(min), max: max.map(u64::from) };
        Self { element, limits, table64: false }
    }

    /// The largest number of elements that the type and the index width allow.
    pub fn max_elements(self) -> u64 {
        let addressable = if self.table64 { u64::MAX } else { u64::from(u32::MAX) };
        self.limits.max.unwrap_or(addressable).min(addressable)
    }
}
