//! When one type may stand for another ([Matching][spec]), for types whose references are canonical.
//!
//! [spec]: https://webassembly.github.io/spec/core/valid/matching.html

use super::{
    CanonId, CanonicalTypes, CompositeType, FieldType, GlobalType, HeapType, Limits, MemoryType, RefType,
    StorageType, TableType, TypeRef, ValType,
};

impl CanonicalTypes {
    /// Whether a value of type `sub` may be used as `sup`.
    pub fn val_matches(&self, sub: ValType, sup: ValType) -> bool {
        match (sub, sup) {
            (ValType::Ref(sub), ValType::Ref(sup)) => self.ref_matches(sub, sup),
            _ => sub == sup,
        }
    }

    /// Whether a reference of type `sub` may be used as `sup`.
    pub fn ref_matches(&self, sub: RefType, sup: RefType) -> bool {
        (sup.nullable || !sub.nullable) && self.heap_matches(sub.heap, sup.heap)
    }

    /// Whether heap type `sub` is below `sup`.
    pub fn heap_matches(&self, sub: HeapType, sup: HeapType) -> bool {
        use HeapType::{
            Any, Array, Concrete, Eq, Exact, Exn, Extern, Func, I31, NoExn, NoExtern, NoFunc, None, Struct,
        };
        match (sub, sup) {
            _ if sub == sup => true,
            (
                Concrete(TypeRef::Canonical(sub)) | Exact(TypeRef::Canonical(sub)),
                Concrete(TypeRef::Canonical(sup)),
            ) => self.is_subtype(sub, sup),
            // Above an exact type stand only itself, which was asked first, and what is above the type that it names.
            (Concrete(_) | Exact(_), Exact(_)) => false,
            (Concrete(TypeRef::Canonical(id)) | Exact(TypeRef::Canonical(id)), _) => {
                self.heap_matches(self.top_of(id), sup)
            }
            (None, Concrete(TypeRef::Canonical(id)) | Exact(TypeRef::Canonical(id))) => {
                self.top_of(id) != Func
            }
            (NoFunc, Concrete(TypeRef::Canonical(id)) | Exact(TypeRef::Canonical(id))) => {
                self.top_of(id) == Func
            }
            (Eq | I31 | Struct | Array | None, Any) | (I31 | Struct | Array | None, Eq) => true,
            (None, I31 | Struct | Array) | (NoFunc, Func) | (NoExtern, Extern) | (NoExn, Exn) => true,
            _ => false,
        }
    }

    /// The abstract type directly above a defined type.
    fn top_of(&self, id: CanonId) -> HeapType {
        match self.get(id).composite {
            CompositeType::Func(_) => HeapType::Func,
            CompositeType::Struct(_) => HeapType::Struct,
            CompositeType::Array(_) => HeapType::Array,
        }
    }

    /// Whether a type that is defined as `sub` may stand below one that is defined as `sup`.
    pub(super) fn composite_matches(&self, sub: &CompositeType, sup: &CompositeType) -> bool {
        match (sub, sup) {
            (CompositeType::Func(sub), CompositeType::Func(sup)) => {
                self.all_match(&sup.params, &sub.params) && self.all_match(&sub.results, &sup.results)
            }
            (CompositeType::Struct(sub), CompositeType::Struct(sup)) => {
                let mut pairs = sub.iter().zip(sup);
                sub.len() >= sup.len() && pairs.all(|(&sub, &sup)| self.field_matches(sub, sup))
            }
            (CompositeType::Array(sub), CompositeType::Array(sup)) => self.field_matches(*sub, *sup),
            _ => false,
        }
    }

    fn all_match(&self, sub: &[ValType], sup: &[ValType]) -> bool {
        sub.len() == sup.len() && sub.iter().zip(sup).all(|(&sub, &sup)| self.val_matches(sub, sup))
    }

    fn field_matches(&self, sub: FieldType, sup: FieldType) -> bool {
        let below = |sub, sup| match (sub, sup) {
            (StorageType::Val(sub), StorageType::Val(sup)) => self.val_matches(sub, sup),
            (sub, sup) => sub == sup,
        };
        sub.mutable == sup.mutable
            && below(sub.storage, sup.storage)
            && (!sub.mutable || below(sup.storage, sub.storage))
    }

    /// Whether a function of type `sub` may be imported as `sup`, which may be meant exactly.
    pub fn func_matches(&self, sub: CanonId, sup: CanonId, exact: bool) -> bool {
        if exact { sub == sup } else { self.is_subtype(sub, sup) }
    }

    /// Whether a global of type `sub` may be imported as `sup`: exactly when mutable, by matching otherwise.
    pub fn global_matches(&self, sub: GlobalType, sup: GlobalType) -> bool {
        sub.mutable == sup.mutable
            && self.val_matches(sub.content, sup.content)
            && (!sub.mutable || self.val_matches(sup.content, sub.content))
    }

    /// Whether a table of type `sub` that has `size` elements now may be imported as `sup`.
    pub fn table_matches(&self, sub: TableType, size: u64, sup: TableType) -> bool {
        sub.table64 == sup.table64
            && self.ref_matches(sub.element, sup.element)
            && self.ref_matches(sup.element, sub.element)
            && sub.limits.matches_now(size, sup.limits)
    }
}

impl MemoryType {
    /// Whether a memory of this type that has `size` pages now may be imported as `sup`.
    pub fn matches_now(self, size: u64, sup: MemoryType) -> bool {
        self.memory64 == sup.memory64
            && self.shared == sup.shared
            && self.page_size_log2 == sup.page_size_log2
            && self.limits.matches_now(size, sup.limits)
    }
}

impl Limits {
    /// Import matching with the *current* size as minimum.
    fn matches_now(self, size: u64, sup: Limits) -> bool {
        let within = match (self.max, sup.max) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(wanted)) => own <= wanted,
        };
        size >= sup.min && within
    }
}
