//! Arrays ([Array instances](https://webassembly.github.io/spec/core/exec/runtime.html#array-instances)).

use super::object::{filled, from_slot, out_of_memory, set, to_slot};
use super::rooted::sealed::Sealed;
use super::{AnyRef, ArrayType, GcRef, Rooted};
use crate::error::{Error, Result};
use crate::store::{AsContext, AsContextMut, StoreOpaque};
use crate::val::Val;
use assay_model::types::CanonId;

/// What an `arrayref` leads to.
#[derive(Debug)]
pub enum ArrayRef {}

impl Sealed for ArrayRef {}
impl GcRef for ArrayRef {}

impl ArrayRef {
    /// A new array of `len` times the same value.
    ///
    /// # Errors
    /// When the value has another type, a handle is of another store, or the heap is full.
    pub fn new(
        mut store: impl AsContextMut,
        ty: &ArrayType,
        value: Val,
        len: u32,
    ) -> Result<Rooted<ArrayRef>> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        ty.check_engine(&opaque.engine)?;
        let storage = ty.field_type().storage;
        to_slot(opaque, value, storage)?;
        let bits = opaque.vm.new_object(ty.id.0, len).ok_or_else(out_of_memory)?;
        let value = to_slot(opaque, value, storage)?;
        for index in 0..len {
            opaque.vm.object_set(bits, index, value);
        }
        Ok(Rooted::new(opaque, bits))
    }

    /// A new array of these elements.
    ///
    /// # Errors
    /// When a value has another type, a handle is of another store, or the heap is full.
    pub fn new_fixed(
        mut store: impl AsContextMut,
        ty: &ArrayType,
        elements: &[Val],
    ) -> Result<Rooted<ArrayRef>> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        ty.check_engine(&opaque.engine)?;
        let len = u32::try_from(elements.len()).map_err(|_| out_of_memory())?;
        let storage = ty.field_type().storage;
        let values: Vec<_> = elements.iter().map(|&value| (value, storage)).collect();
        filled(opaque, &values, |opaque| opaque.vm.new_object(ty.id.0, len))
    }
}

impl Rooted<ArrayRef> {
    fn type_in(&self, opaque: &StoreOpaque) -> Result<(u32, ArrayType)> {
        let bits = self.bits(opaque)?;
        let id = opaque.vm.object_type(bits).map(CanonId);
        let ty = id.and_then(|id| ArrayType::from_id(&opaque.engine, id));
        Ok((bits, ty.ok_or_else(|| Error::usage("the handle does not lead to an array"))?))
    }

    /// Its type.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    pub fn ty(&self, store: impl AsContext) -> Result<ArrayType> {
        Ok(self.type_in(store.as_context().into_opaque())?.1)
    }

    /// Its number of elements.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    pub fn len(&self, store: impl AsContext) -> Result<u32> {
        let context = store.as_context();
        let opaque = context.into_opaque();
        let (bits, _) = self.type_in(opaque)?;
        Ok(opaque.vm.array_len(bits))
    }

    /// An element. Packed integers have zeros in front.
    ///
    /// # Errors
    /// When there is no such element, the handle is of another store, or its scope has ended.
    pub fn get(&self, mut store: impl AsContextMut, index: u32) -> Result<Val> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let (bits, ty) = self.type_in(opaque)?;
        let value = opaque.vm.object_get(bits, index);
        let value = value.ok_or_else(|| Error::usage("the array has no such element"))?;
        Ok(from_slot(opaque, value, ty.field_type().storage))
    }

    /// All elements, in order.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    pub fn elems(&self, mut store: impl AsContextMut) -> Result<Vec<Val>> {
        let len = self.len(&store)?;
        (0..len).map(|index| self.get(&mut store, index)).collect()
    }

    /// Writes an element.
    ///
    /// # Errors
    /// When there is no such element, it is immutable, the value has another type, a handle is of another store, or its
    /// scope has ended.
    pub fn set(&self, mut store: impl AsContextMut, index: u32, value: Val) -> Result<()> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let (bits, ty) = self.type_in(opaque)?;
        set(opaque, bits, index, ty.field_type(), value)
    }

    /// The same handle, as one for anything internal.
    pub fn to_anyref(self) -> Rooted<AnyRef> {
        self.cast()
    }
}
