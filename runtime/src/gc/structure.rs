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
    /// When number or types of the values are wrong, a handle is of another store, or the heap is full.
    pub fn new(mut store: impl AsContextMut, ty: &StructType, fields: &[Val]) -> Result<Rooted<StructRef>> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        ty.check_engine(&opaque.engine)?;
        let types = ty.fields();
        if types.len() != fields.len() {
            let message =
                format!("the structure has {} fields, but {} were given", types.len(), fields.len());
            return Err(Error::Usage(message));
        }
        let values: Vec<_> = fields.iter().zip(&types).map(|(&value, ty)| (value, ty.storage)).collect();
        filled(opaque, &values, |opaque| opaque.vm.new_object(ty.id.0, 0))
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
