//! Globals of a store.

use crate::error::{Error, Result};
use crate::store::{AsContext, AsContextMut, StoreId};
use crate::val::Val;
use assay_model::types::GlobalType;
use assay_vm::GlobalId;

/// A handle to a global.
#[derive(Copy, Clone, Debug)]
pub struct Global {
    pub(crate) store: StoreId,
    pub(crate) id: GlobalId,
}

impl Global {
    /// A new global.
    ///
    /// # Errors
    /// When the value does not have the type.
    pub fn new(mut store: impl AsContextMut, ty: GlobalType, value: Val) -> Result<Self> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let value = value.to_value(opaque, ty.content)?;
        Ok(Self { store: opaque.id, id: opaque.vm.new_global(ty, value, opaque.engine.config().around) })
    }

    /// Its type.
    ///
    /// # Panics
    /// When it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> GlobalType {
        let context = store.as_context();
        let opaque = context.into_opaque();
        opaque.check(self.store).expect("the global belongs to this store");
        opaque.vm.global_type(self.id)
    }

    /// Its value.
    ///
    /// # Panics
    /// When it belongs to another store.
    pub fn get(&self, mut store: impl AsContextMut) -> Val {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        opaque.check(self.store).expect("the global belongs to this store");
        let ty = opaque.vm.global_type(self.id).content;
        let value = opaque.vm.global_value(self.id);
        Val::from_value(opaque, value, ty)
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the global is immutable, the value has another type or either belongs to another store.
    pub fn set(&self, mut store: impl AsContextMut, value: Val) -> Result<()> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        opaque.check(self.store)?;
        let ty = opaque.vm.global_type(self.id);
        if !ty.mutable {
            return Err(Error::usage("an immutable global cannot be written"));
        }
        let value = value.to_value(opaque, ty.content)?;
        opaque.vm.set_global_value(self.id, value);
        Ok(())
    }
}
