//! Structures ([Structure instances](https://webassembly.github.io/spec/core/exec/runtime.html#structure-instances)).

use super::object::{filled, from_slot, set};
use super::rooted::sealed::Sealed;
use super::{AnyRef, GcRef, Rooted, StructType};
use crate::error::{Error, Result};
use crate::store::{AsContext, AsContextMut, StoreOpaque};
use crate::val::Val;
use assay_model::types::CanonId;

/// What a `structref` leads to.
#[derive(Debug)]
pub enum StructRef {}

impl Sealed for StructRef {}
impl GcRef for StructRef {}

impl StructRef {
    /// A new structure.
    ///
    /// # Errors
    /// When number or types of the values are wrong, a handle is of another store, the heap is full, or the type has a
    /// descriptor.
    pub fn new(mut store: impl AsContextMut, ty: &StructType, fields: &[Val]) -> Result<Rooted<StructRef>> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        ty.check_engine(&opaque.engine)?;
        if ty.descriptor().is_some() {
            return Err(Error::usage("the type has a descriptor: `StructRef::new_described` takes one"));
        }
        Self::filled(opaque, ty, fields, None)
    }

    /// A new structure of a type with a descriptor.
    ///
    /// # Errors
    /// As for [`StructRef::new`], and when the descriptor is not exactly of the type that describes `ty`.
    pub fn new_described(
        mut store: impl AsContextMut,
        ty: &StructType,
        descriptor: &Rooted<StructRef>,
        fields: &[Val],
    ) -> Result<Rooted<StructRef>> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        ty.check_engine(&opaque.engine)?;
        let wanted = ty.descriptor().ok_or_else(|| Error::usage("the type has no descriptor"))?;
        if descriptor.type_in(opaque)?.1.id != wanted.id {
            return Err(Error::usage("the descriptor is not one of the type"));
        }
        Self::filled(opaque, ty, fields, Some(descriptor))
    }

    fn filled(
        opaque: &mut StoreOpaque,
        ty: &StructType,
        fields: &[Val],
        descriptor: Option<&Rooted<StructRef>>,
    ) -> Result<Rooted<StructRef>> {
        let types = ty.fields();
        if types.len() != fields.len() {
            let message =
                format!("the structure has {} fields, but {} were given", types.len(), fields.len());
            return Err(Error::Usage(message));
        }
        let values: Vec<_> = fields.iter().zip(&types).map(|(&value, ty)| (value, ty.storage)).collect();
        filled(opaque, &values, |opaque| {
            let structure = opaque.vm.new_object(ty.id.0, 0)?;
            // Read behind the allocation, which may have moved it.
            if let Some(Ok(descriptor)) = descriptor.map(|descriptor| descriptor.bits(opaque)) {
                opaque.vm.describe_object(structure, descriptor);
            }
            Some(structure)
        })
    }
}

impl Rooted<StructRef> {
    fn type_in(&self, opaque: &StoreOpaque) -> Result<(u32, StructType)> {
        let bits = self.bits(opaque)?;
        let id = opaque.vm.object_type(bits).map(CanonId);
        let ty = id.and_then(|id| StructType::from_id(&opaque.engine, id));
        Ok((bits, ty.ok_or_else(|| Error::usage("the handle does not lead to a structure"))?))
    }

    /// Its type.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    pub fn ty(&self, store: impl AsContext) -> Result<StructType> {
        Ok(self.type_in(store.as_context().into_opaque())?.1)
    }

    /// What describes it, when its type has a descriptor.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    pub fn descriptor(&self, mut store: impl AsContextMut) -> Result<Option<Rooted<StructRef>>> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let (bits, ty) = self.type_in(opaque)?;
        if ty.descriptor().is_none() {
            return Ok(None);
        }
        let descriptor = opaque.vm.object_descriptor(bits);
        Ok(Some(Rooted::new(opaque, descriptor)))
    }

    /// A field. Packed integers have zeros in front.
    ///
    /// # Errors
    /// When there is no such field, the handle is of another store, or its scope has ended.
    pub fn field(&self, mut store: impl AsContextMut, index: usize) -> Result<Val> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let (bits, ty) = self.type_in(opaque)?;
        let field = ty.fields().get(index).copied();
        let value = u32::try_from(index).ok().and_then(|index| opaque.vm.object_get(bits, index));
        let (field, value) =
            field.zip(value).ok_or_else(|| Error::usage("the structure has no such field"))?;
        Ok(from_slot(opaque, value, field.storage))
    }

    /// All fields, in order.
    ///
    /// # Errors
    /// When the handle is of another store, or its scope has ended.
    pub fn fields(&self, mut store: impl AsContextMut) -> Result<Vec<Val>> {
        let count = self.ty(&store)?.fields().len();
        (0..count).map(|index| self.field(&mut store, index)).collect()
    }

    /// Writes a field.
    ///
    /// # Errors
    /// When there is no such field, it is immutable, the value has another type, a handle is of another store, or its scope
    /// has ended.
    pub fn set_field(&self, mut store: impl AsContextMut, index: usize, value: Val) -> Result<()> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let (bits, ty) = self.type_in(opaque)?;
        let field = ty.fields().get(index).copied();
        let field = field.ok_or_else(|| Error::usage("the structure has no such field"))?;
        set(opaque, bits, index as u32, field, value)
    }

    /// The same handle, as one for anything internal.
    pub fn to_anyref(self) -> Rooted<AnyRef> {
        self.cast()
    }
}
