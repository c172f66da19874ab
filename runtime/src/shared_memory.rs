//! Memories that outlive stores: instances of several stores, on several threads, use them at the same time.
//!
//! A handle belongs to an engine and to no store. Bytes are copied in and out, or seen through cells, because other
//! threads may change them at any time; nothing here hands out a reference to them.

use crate::Engine;
use crate::error::{Error, Result};
use crate::memory::outside;
use assay_model::trap::TrapKind;
use assay_model::types::MemoryType;
use assay_vm::WaitResult;
use std::cell::UnsafeCell;
use std::time::Duration;

/// A handle to a shared memory. Clones are handles to the same memory.
#[derive(Clone, Debug)]
pub struct SharedMemory {
    pub(crate) engine: Engine,
    pub(crate) vm: assay_vm::SharedMemory,
}

impl SharedMemory {
    /// A new shared memory of its minimal size, for every store of the engine. Address space up to its maximum is
    /// reserved at once; no store's limits apply.
    ///
    /// # Errors
    /// When the type is not shared or has no maximum, or the host has no room.
    pub fn new(engine: &Engine, ty: MemoryType) -> Result<Self> {
        if !ty.shared || ty.limits.max.is_none() {
            return Err(Error::usage("the type of a shared memory is shared and has a maximum"));
        }
        let plan = engine.config().memory_plan();
        let vm = assay_vm::SharedMemory::new(ty, plan).map_err(|error| Error::Limit(error.to_string()))?;
        Ok(Self { engine: engine.clone(), vm })
    }

    /// Refuses memories of other engines: their mapping may not be what code relies on.
    pub(crate) fn check_engine(&self, engine: &Engine) -> Result<()> {
        let same = Engine::same(&self.engine, engine);
        if same { Ok(()) } else { Err(Error::usage("the shared memory belongs to another engine")) }
    }

    /// Its type.
    pub fn ty(&self) -> MemoryType {
        self.vm.ty()
    }

    /// Size in pages, now.
    pub fn size(&self) -> u64 {
        self.vm.pages()
    }

    /// Size in bytes, now.
    pub fn data_size(&self) -> usize {
        self.vm.cells().len()
    }

    /// The bytes that it has now. Other threads may read and write them at any time: access them with atomic operations
    /// on their addresses, unless it is known that no other thread does. [`Self::read`] and [`Self::write`] are for
    /// everyone else.
    pub fn data(&self) -> &[UnsafeCell<u8>] {
        self.vm.cells()
    }

    /// Grows by `delta` pages; the pages before. Every instance sees the new size.
    ///
    /// # Errors
    /// When the type or the host refuse.
    pub fn grow(&self, delta: u64) -> Result<u64> {
        let grown = self.vm.grow(delta);
        grown.ok_or_else(|| Error::Limit(format!("failed to grow a shared memory by {delta} pages")))
    }

    /// Copies bytes out, each of them as some thread wrote it.
    ///
    /// # Errors
    /// When the range ends outside.
    pub fn read(&self, offset: usize, buffer: &mut [u8]) -> Result<()> {
        let copied = self.vm.read(offset as u64, buffer);
        copied.ok_or_else(|| outside(offset, buffer.len(), self.data_size()))
    }

    /// Copies bytes in. Other threads may see some of them before others.
    ///
    /// # Errors
    /// When the range ends outside; then nothing is written.
    pub fn write(&self, offset: usize, buffer: &[u8]) -> Result<()> {
        let copied = self.vm.write(offset as u64, buffer);
        copied.ok_or_else(|| outside(offset, buffer.len(), self.data_size()))
    }

    /// What `memory.atomic.notify` does: wakes at most `count` threads that wait at `address`; how many.
    ///
    /// # Errors
    /// The trap of the operator, for an address that is unaligned or out of bounds.
    pub fn atomic_notify(&self, address: u64, count: u32) -> Result<u32, TrapKind> {
        self.vm.atomic_notify(address, count)
    }

    /// What `memory.atomic.wait32` does, with a timeout that may be missing. Nothing interrupts the wait.
    ///
    /// # Errors
    /// The trap of the operator, for an address that is unaligned or out of bounds.
    pub fn atomic_wait32(
        &self,
        address: u64,
        expected: u32,
        timeout: Option<Duration>,
    ) -> Result<WaitResult, TrapKind> {
        self.vm.atomic_wait32(address, expected, timeout)
    }

    /// What `memory.atomic.wait64` does, with a timeout that may be missing. Nothing interrupts the wait.
    ///
    /// # Errors
    /// The trap of the operator, for an address that is unaligned or out of bounds.
    pub fn atomic_wait64(
        &self,
        address: u64,
        expected: u64,
        timeout: Option<Duration>,
    ) -> Result<WaitResult, TrapKind> {
        self.vm.atomic_wait64(address, expected, timeout)
    }
}
