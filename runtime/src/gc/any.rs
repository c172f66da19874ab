//! `anyref`, `eqref`, `i31ref` and `externref` ([Heap types][spec]).
//!
//! [spec]: https://webassembly.github.io/spec/core/syntax/types.html#heap-types

use super::rooted::sealed::Sealed;
use super::{ArrayRef, GcRef, Rooted, StructRef};
use crate::error::{Error, Result};
use crate::store::{AsContext, AsContextMut, StoreOpaque};
use assay_model::layout::object::reference;
use assay_model::types::{CanonId, CompositeType, HeapType, TypeRef};
use std::any::Any;

/// What an `anyref` leads to: a structure, an array, an [`I31`], or something of the host's that was made internal.
#[derive(Debug)]
pub enum AnyRef {}

/// What an `eqref` leads to: a structure, an array or an [`I31`].
#[derive(Debug)]
pub enum EqRef {}

/// What an `externref` leads to: host data, or something internal that was made external.
#[derive(Debug)]
pub enum ExternRef {}

impl Sealed for AnyRef {}
impl Sealed for EqRef {}
impl Sealed for ExternRef {}
impl GcRef for AnyRef {}
impl GcRef for EqRef {}
impl GcRef for ExternRef {}

/// An integer of 31 bits that is a reference.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct I31(u32);

impl I31 {
    /// The low 31 bits of `value`.
    pub fn wrapping_u32(value: u32) -> Self {
        Self(value << reference::I31_SHIFT | reference::I31)
    }

    /// The low 31 bits of `value`.
    pub fn wrapping_i32(value: i32) -> Self {
        Self::wrapping_u32(value.cast_unsigned())
    }

    /// The bits with zeros in front.
    pub fn get_u32(self) -> u32 {
        self.0 >> reference::I31_SHIFT
    }

    /// The bits with the highest one in front.
    pub fn get_i32(self) -> i32 {
        self.0.cast_signed() >> reference::I31_SHIFT
    }
}

/// The most specific heap type of what an internal reference that is not null leads to.
pub(crate) fn heap_type_of(opaque: &StoreOpaque, bits: u32) -> HeapType {
    if bits & reference::I31 != 0 {
        return HeapType::I31;
    }
    let concrete = |id| HeapType::Concrete(TypeRef::Canonical(CanonId(id)));
    opaque.vm.object_type(bits).map_or(HeapType::Any, concrete)
}

impl Rooted<AnyRef> {
    /// A handle for an integer.
    pub fn from_i31(mut store: impl AsContextMut, value: I31) -> Self {
        let mut context = store.as_context_mut();
        Rooted::new(context.opaque_mut(), value.0)
    }

    /// The integer, when it is one.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    pub fn as_i31(&self, store: impl AsContext) -> Result<Option<I31>> {
        let bits = self.bits(store.as_context().into_opaque())?;
        Ok((bits & reference::I31 != 0).then_some(I31(bits)))
    }

    /// The structure, when it is one.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    pub fn as_struct(&self, store: impl AsContext) -> Result<Option<Rooted<StructRef>>> {
        let is_struct = |ty: &CompositeType| matches!(ty, CompositeType::Struct(_));
        Ok(self.is(store, is_struct)?.then(|| self.cast()))
    }

    /// The array, when it is one.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    pub fn as_array(&self, store: impl AsContext) -> Result<Option<Rooted<ArrayRef>>> {
        let is_array = |ty: &CompositeType| matches!(ty, CompositeType::Array(_));
        Ok(self.is(store, is_array)?.then(|| self.cast()))
    }

    /// The structure, array or integer, when it is one.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    pub fn as_eqref(&self, store: impl AsContext) -> Result<Option<Rooted<EqRef>>> {
        let bits = self.bits(store.as_context().into_opaque())?;
        Ok((bits & reference::MASK != reference::HOST).then(|| self.cast()))
    }

    /// What it is: the most specific heap type that the specification has for it.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    pub fn heap_type(&self, store: impl AsContext) -> Result<HeapType> {
        let context = store.as_context();
        let opaque = context.into_opaque();
        Ok(heap_type_of(opaque, self.bits(opaque)?))
    }

    fn is(&self, store: impl AsContext, wanted: impl Fn(&CompositeType) -> bool) -> Result<bool> {
        let context = store.as_context();
        let opaque = context.into_opaque();
        let type_id = opaque.vm.object_type(self.bits(opaque)?);
        let types = opaque.engine.types();
        Ok(type_id.is_some_and(|id| wanted(&types.canonical.get(CanonId(id)).composite)))
    }

    /// The same thing as something external (`extern.convert_any`).
    pub fn to_extern(&self) -> Rooted<ExternRef> {
        self.cast()
    }
}

impl Rooted<EqRef> {
    /// The same handle, as one for anything internal.
    pub fn to_anyref(self) -> Rooted<AnyRef> {
        self.cast()
    }
}

impl ExternRef {
    /// Puts `data` into the store, for as long as something refers to it.
    ///
    /// # Errors
    /// When the store has too much of it.
    pub fn new(mut store: impl AsContextMut, data: impl Any + Send + Sync) -> Result<Rooted<ExternRef>> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let bits = opaque.vm.new_host_data(Box::new(data));
        let bits = bits.ok_or_else(|| Error::Limit("the store holds too many host values".to_owned()))?;
        Ok(Rooted::new(opaque, bits))
    }
}

impl Rooted<ExternRef> {
    /// The host data; `None` when it is something internal that was made external.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    pub fn data<'a, T: 'static>(
        &self,
        store: &'a impl AsContext<Data = T>,
    ) -> Result<Option<&'a (dyn Any + Send + Sync)>> {
        let opaque = store.as_context().into_opaque();
        let bits = self.bits(opaque)?;
        Ok(opaque.vm.host_data(bits))
    }

    /// The same thing as something internal (`any.convert_extern`).
    pub fn to_any(&self) -> Rooted<AnyRef> {
        self.cast()
    }
}
