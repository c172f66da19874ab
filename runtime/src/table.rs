//! Tables of a store.

use crate::error::{Error, Result};
use crate::store::{AsContext, AsContextMut, StoreId};
use crate::val::Ref;
use assay_model::types::TableType;
use assay_vm::{TableId, Value};

/// A handle to a table.
#[derive(Copy, Clone, Debug)]
pub struct Table {
    pub(crate) store: StoreId,
    pub(crate) id: TableId,
}

impl Table {
    /// A new table of its minimal size, filled with `init`.
    ///
    /// # Errors
    /// When the limits refuse it or `init` has another type.
    pub fn new(mut store: impl AsContextMut, ty: TableType, init: Ref) -> Result<Self> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let init = init.to_value(opaque, ty.element)?.low();
        let id = opaque
            .vm
            .new_table(ty, init, opaque.engine.config().around)
            .map_err(|error| Error::Limit(error.to_string()))?;
        Ok(Self { store: opaque.id, id })
    }

    /// Its type.
    ///
    /// # Panics
    /// When it belongs to another store, as for `size` and `get`.
    pub fn ty(&self, store: impl AsContext) -> TableType {
        let context = store.as_context();
        let opaque = context.into_opaque();
        opaque.check(self.store).expect("the table belongs to this store");
        opaque.vm.table_type(self.id)
    }

    /// Size in elements.
    pub fn size(&self, store: impl AsContext) -> u64 {
        let context = store.as_context();
        let opaque = context.into_opaque();
        opaque.check(self.store).expect("the table belongs to this store");
        opaque.vm.table_elements(self.id).len() as u64
    }

    /// An element; `None` past the end.
    pub fn get(&self, mut store: impl AsContextMut, index: u64) -> Option<Ref> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        opaque.check(self.store).expect("the table belongs to this store");
        let ty = opaque.vm.table_type(self.id).element;
        let bits = *opaque.vm.table_elements(self.id).get(usize::try_from(index).ok()?)?;
        Some(Ref::from_value(opaque, Value::from_bits(u128::from(bits)), ty))
    }

    /// Writes an element.
    ///
    /// # Errors
    /// When the index is past the end, or the value has another type or store.
    pub fn set(&self, mut store: impl AsContextMut, index: u64, value: Ref) -> Result<()> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        opaque.check(self.store)?;
        let value = value.to_value(opaque, opaque.vm.table_type(self.id).element)?.low();
        let elements = opaque.vm.table_elements_mut(self.id);
        let len = elements.len();
        let place = usize::try_from(index).ok().and_then(|index| elements.get_mut(index));
        let place =
            place.ok_or_else(|| Error::Usage(format!("element {index} is outside of a table of {len}")))?;
        *place = value;
        Ok(())
    }

    /// Grows by `delta` elements of value `init`; the elements before.
    ///
    /// # Errors
    /// When the type or the limits refuse, or `init` has another type.
    pub fn grow(&self, mut store: impl AsContextMut, delta: u64, init: Ref) -> Result<u64> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        opaque.check(self.store)?;
        let init = init.to_value(opaque, opaque.vm.table_type(self.id).element)?.low();
        let grown = opaque.vm.grow_table(self.id, delta, init);
        grown.ok_or_else(|| Error::Limit(format!("failed to grow a table by {delta} elements")))
    }
}
