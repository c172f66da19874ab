//! What structures, arrays and exceptions have in common: typed slots; and the collector as embedders see it.

use super::GcRef;
use super::rooted::Rooted;
use crate::error::{Error, Result};
use crate::store::{AsContextMut, Store, StoreContextMut, StoreOpaque};
use crate::val::Val;
use assay_model::types::{FieldType, StorageType, ValType};
use assay_vm::Value;

pub use assay_vm::GcStats;

/// The value of an embedder for a slot.
pub(super) fn to_slot(opaque: &StoreOpaque, value: Val, storage: StorageType) -> Result<Value> {
    match storage {
        StorageType::Val(ty) => value.to_value(opaque, ty),
        StorageType::I8 | StorageType::I16 => value.to_value(opaque, ValType::I32),
    }
}

/// The value of a slot for an embedder. Packed integers have zeros in front.
pub(super) fn from_slot(opaque: &mut StoreOpaque, value: Value, storage: StorageType) -> Val {
    match storage {
        StorageType::Val(ty) => Val::from_value(opaque, value, ty),
        StorageType::I8 | StorageType::I16 => Val::I32(value.as_i32()),
    }
}

/// Allocates an object and fills its slots.
pub(super) fn filled<T: GcRef>(
    opaque: &mut StoreOpaque,
    values: &[(Val, StorageType)],
    allocate: impl FnOnce(&mut StoreOpaque) -> Option<u32>,
) -> Result<Rooted<T>> {
    // Values are checked before anything is made, and read after it: making it may move what they lead to.
    for &(value, storage) in values {
        to_slot(opaque, value, storage)?;
    }
    let bits = allocate(opaque).ok_or_else(out_of_memory)?;
    for (index, &(value, storage)) in (0..).zip(values) {
        let value = to_slot(opaque, value, storage)?;
        opaque.vm.object_set(bits, index, value);
    }
    Ok(Rooted::new(opaque, bits))
}

pub(super) fn out_of_memory() -> Error {
    Error::Limit("the GC heap is full".to_owned())
}

/// Writes a slot that may be written.
pub(super) fn set(
    opaque: &mut StoreOpaque,
    object: u32,
    index: u32,
    field: FieldType,
    value: Val,
) -> Result<()> {
    if !field.mutable {
        return Err(Error::usage("an immutable field cannot be written"));
    }
    let value = to_slot(opaque, value, field.storage)?;
    opaque
        .vm
        .object_set(object, index, value)
        .ok_or_else(|| Error::usage("there is no such field or element"))
}

impl<T: 'static> Store<T> {
    /// Collects garbage now.
    pub fn gc(&mut self) {
        self.as_context_mut().gc();
    }

    /// What the collector has done so far.
    pub fn gc_stats(&mut self) -> GcStats {
        self.as_context_mut().opaque_mut().vm.gc_stats()
    }

    /// Bytes of objects in the GC heap, alive or not yet collected.
    pub fn gc_heap_size(&mut self) -> u32 {
        self.as_context_mut().opaque_mut().vm.gc_heap_used()
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// Collects garbage now.
    pub fn gc(&mut self) {
        self.opaque_mut().vm.collect_garbage();
    }
}
