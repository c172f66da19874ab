//! Linear memories of a store. Shared ones belong to no store: see [`crate::SharedMemory`].

use crate::error::{Error, Result};
use crate::store::{AsContext, AsContextMut, StoreContext, StoreContextMut, StoreId, StoreOpaque};
use assay_model::types::MemoryType;
use assay_vm::MemoryId;

/// A handle to a memory.
#[derive(Copy, Clone, Debug)]
pub struct Memory {
    pub(crate) store: StoreId,
    pub(crate) id: MemoryId,
}

impl Memory {
    /// A new memory of its minimal size.
    ///
    /// # Errors
    /// When the type is shared, or the store's limits or the host refuse it.
    pub fn new(mut store: impl AsContextMut, ty: MemoryType) -> Result<Self> {
        if ty.shared {
            return Err(Error::usage("shared memories are made with `SharedMemory::new`"));
        }
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        let plan = opaque.engine.config().memory_plan();
        let id = opaque.vm.new_memory(ty, plan).map_err(|error| Error::Limit(error.to_string()))?;
        Ok(Self { store: opaque.id, id })
    }

    fn of<'a>(&self, store: &'a StoreOpaque) -> &'a assay_vm::Store {
        store.check(self.store).expect("the memory belongs to this store");
        &store.vm
    }

    /// Its type.
    ///
    /// # Panics
    /// When it belongs to another store, as for every method here.
    pub fn ty(&self, store: impl AsContext) -> MemoryType {
        self.of(store.as_context().into_opaque()).memory_type(self.id)
    }

    /// Its bytes.
    pub fn data<'a, T: 'static>(&self, store: impl Into<StoreContext<'a, T>>) -> &'a [u8] {
        self.of(store.into().into_opaque()).memory_bytes(self.id)
    }

    /// Its bytes, to write.
    pub fn data_mut<'a, T: 'static>(&self, store: impl Into<StoreContextMut<'a, T>>) -> &'a mut [u8] {
        let opaque = store.into().into_opaque_mut();
        opaque.check(self.store).expect("the memory belongs to this store");
        opaque.vm.memory_bytes_mut(self.id)
    }

    /// Bytes, and the embedder's data beside them.
    pub fn data_and_store_mut<'a, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> (&'a mut [u8], &'a mut T) {
        let inner = store.into().0;
        inner.opaque.check(self.store).expect("the memory belongs to this store");
        (inner.opaque.vm.memory_bytes_mut(self.id), &mut inner.data)
    }

    /// Size in pages.
    pub fn size(&self, store: impl AsContext) -> u64 {
        self.of(store.as_context().into_opaque()).memory_pages(self.id)
    }

    /// Size in bytes.
    pub fn data_size(&self, store: impl AsContext) -> usize {
        self.of(store.as_context().into_opaque()).memory_len(self.id) as usize
    }

    /// Grows by `delta` pages; the pages before.
    ///
    /// # Errors
    /// When the type, the store's limits or the host refuse.
    pub fn grow(&self, mut store: impl AsContextMut, delta: u64) -> Result<u64> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        opaque.check(self.store)?;
        let grown = opaque.vm.grow_memory(self.id, delta);
        grown.ok_or_else(|| Error::Limit(format!("failed to grow a memory by {delta} pages")))
    }

    /// Copies bytes out of the memory.
    ///
    /// # Errors
    /// When the range ends outside.
    pub fn read(&self, store: impl AsContext, offset: usize, buffer: &mut [u8]) -> Result<()> {
        let bytes = self.of(store.as_context().into_opaque()).memory_bytes(self.id);
        let range = range(offset, buffer.len(), bytes.len())?;
        buffer.copy_from_slice(&bytes[range]);
        Ok(())
    }

    /// Copies bytes into the memory.
    ///
    /// # Errors
    /// When the range ends outside; then nothing is written.
    pub fn write(&self, mut store: impl AsContextMut, offset: usize, buffer: &[u8]) -> Result<()> {
        let bytes = self.data_mut(store.as_context_mut());
        let range = range(offset, buffer.len(), bytes.len())?;
        bytes[range].copy_from_slice(buffer);
        Ok(())
    }
}

fn range(offset: usize, len: usize, size: usize) -> Result<std::ops::Range<usize>> {
    let end = offset.checked_add(len).filter(|&end| end <= size);
    end.map(|end| offset..end).ok_or_else(|| outside(offset, len, size))
}

pub(crate) fn outside(offset: usize, len: usize, size: usize) -> Error {
    Error::Usage(format!("{len} bytes at {offset} end outside of a memory of {size} bytes"))
}

impl<'a, C: AsContext> From<&'a C> for StoreContext<'a, C::Data> {
    fn from(store: &'a C) -> Self {
        store.as_context()
    }
}

impl<'a, C: AsContext> From<&'a mut C> for StoreContext<'a, C::Data> {
    fn from(store: &'a mut C) -> Self {
        C::as_context(store)
    }
}

impl<'a, C: AsContextMut> From<&'a mut C> for StoreContextMut<'a, C::Data> {
    fn from(store: &'a mut C) -> Self {
        store.as_context_mut()
    }
}
