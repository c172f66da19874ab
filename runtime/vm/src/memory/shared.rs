//! Shared memories as the embedder holds them, and what atomic operators do that need other threads.
//!
//! A handle keeps the memory alive beyond every store; a store that an instance of it imports or defines the memory in
//! holds one too. Addresses that enter [`Memory::wait32`] and its neighbours have been checked.

use super::{Interrupted, Memory, MemoryError, MemoryPlan, WaitResult};
use assay_model::trap::TrapKind;
use assay_model::types::MemoryType;
use std::cell::UnsafeCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// A memory that instances of several stores, on several threads, may use at the same time.
#[derive(Clone, Debug)]
pub struct SharedMemory(Arc<Memory>);

impl SharedMemory {
    /// A shared memory of its minimal size, all zero. Its whole range is reserved, so that it never moves.
    ///
    /// # Errors
    /// When the system refuses.
    ///
    /// # Panics
    /// When the type is not one of a shared memory.
    pub fn new(ty: MemoryType, plan: MemoryPlan) -> Result<Self, MemoryError> {
        assert!(ty.shared && ty.limits.max.is_some(), "shared memories have a shared type with a maximum");
        Memory::new(ty, plan).map(Self)
    }

    /// The handle of a store's memory; `None` when it is not shared.
    pub(crate) fn of(memory: &Arc<Memory>) -> Option<Self> {
        memory.ty.shared.then(|| Self(Arc::clone(memory)))
    }

    pub(crate) fn memory(&self) -> &Arc<Memory> {
        &self.0
    }

    /// Whether both are the same memory.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Its type.
    pub fn ty(&self) -> MemoryType {
        self.0.ty
    }

    /// Pages now.
    pub fn pages(&self) -> u64 {
        self.0.pages()
    }

    /// Bytes now.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether it has no bytes now.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes that it has now, as cells that other threads may write at any time.
    pub fn cells(&self) -> &[UnsafeCell<u8>] {
        // SAFETY: so many bytes are open and stay so; a cell promises nothing about them.
        unsafe { std::slice::from_raw_parts(self.0.def.base.cast(), self.len() as usize) }
    }

    /// Grows by `delta` pages; the pages before, or `None` when it cannot be.
    pub fn grow(&self, delta: u64) -> Option<u64> {
        self.0.grow(delta)
    }

    /// Copies bytes in; `None` when they do not fit.
    pub fn write(&self, start: u64, bytes: &[u8]) -> Option<()> {
        self.0.write(start, bytes)
    }

    /// Copies bytes out; `None` when it does not have them.
    pub fn read(&self, start: u64, bytes: &mut [u8]) -> Option<()> {
        self.0.read(start, bytes)
    }

    /// Wakes at most `count` threads that wait at `address`; how many.
    ///
    /// # Errors
    /// When the address is unaligned or out of bounds.
    pub fn atomic_notify(&self, address: u64, count: u32) -> Result<u32, TrapKind> {
        self.0.check_atomic(address, 4)?;
        Ok(self.0.notify(address, count))
    }

    /// Waits until it is notified, while `address` holds `expected`, for at most `timeout`.
    ///
    /// # Errors
    /// When the address is unaligned or out of bounds.
    pub fn atomic_wait32(
        &self,
        address: u64,
        expected: u32,
        timeout: Option<Duration>,
    ) -> Result<WaitResult, TrapKind> {
        self.0.check_atomic(address, 4)?;
        self.0.wait32(address, expected, timeout, None).map_err(|Interrupted| TrapKind::Interrupt)
    }

    /// As [`Self::atomic_wait32`], for 64 bits.
    ///
    /// # Errors
    /// When the address is unaligned or out of bounds.
    pub fn atomic_wait64(
        &self,
        address: u64,
        expected: u64,
        timeout: Option<Duration>,
    ) -> Result<WaitResult, TrapKind> {
        self.0.check_atomic(address, 8)?;
        self.0.wait64(address, expected, timeout, None).map_err(|Interrupted| TrapKind::Interrupt)
    }
}

impl Memory {
    /// Whether an atomic access of `size` bytes may be made. Alignment comes first, as the specification has it.
    pub(crate) fn check_atomic(&self, address: u64, size: u64) -> Result<(), TrapKind> {
        if !address.is_multiple_of(size) {
            return Err(TrapKind::UnalignedAtomic);
        }
        let end = address.checked_add(size);
        end.filter(|&end| end <= self.len()).map(drop).ok_or(TrapKind::MemoryOutOfBounds)
    }

    /// Wakes at most `count` threads that wait at `address`.
    pub(crate) fn notify(&self, address: u64, count: u32) -> u32 {
        self.parking.notify(address, count)
    }

    /// Waits while the 32 bits at `address`, which has been checked, are `expected`.
    pub(crate) fn wait32(
        &self,
        address: u64,
        expected: u32,
        timeout: Option<Duration>,
        interrupted: Option<&dyn Fn() -> bool>,
    ) -> Result<WaitResult, Interrupted> {
        let place = self.def.base.wrapping_add(address as usize).cast();
        // SAFETY: aligned and open, and used by way of pointers and atomics (invariant 8).
        let value = unsafe { AtomicU32::from_ptr(place) };
        let is_expected = || u32::from_le(value.load(Ordering::SeqCst)) == expected;
        self.parking.wait(address, is_expected, timeout, interrupted)
    }

    /// As [`Self::wait32`], for 64 bits.
    pub(crate) fn wait64(
        &self,
        address: u64,
        expected: u64,
        timeout: Option<Duration>,
        interrupted: Option<&dyn Fn() -> bool>,
    ) -> Result<WaitResult, Interrupted> {
        let place = self.def.base.wrapping_add(address as usize).cast();
        // SAFETY: as in `wait32`.
        let value = unsafe { AtomicU64::from_ptr(place) };
        let is_expected = || u64::from_le(value.load(Ordering::SeqCst)) == expected;
        self.parking.wait(address, is_expected, timeout, interrupted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canary::Surroundings;
    use assay_model::types::Limits;
    use std::sync::atomic::AtomicU64;
    use std::thread;

    fn memory(min: u64, max: u64) -> SharedMemory {
        let limits = Limits { min, max: Some(max) };
        let ty = MemoryType { limits, memory64: false, shared: true, page_size_log2: 16 };
        SharedMemory::new(ty, MemoryPlan { guards: true, around: Surroundings::Plain }).unwrap()
    }

    #[test]
    fn threads_that_grow_at_once_get_different_pages_and_never_more_than_the_maximum() {
        let memory = memory(1, 40);
        let pages = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Some(before) = memory.grow(1) {
                        memory.write(before << 16, &[1]).unwrap();
                        pages.fetch_add(1 << before, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!((memory.pages(), pages.into_inner()), (40, (1 << 40) - 2));
    }

    #[test]
    fn an_unaligned_address_is_found_before_one_out_of_bounds() {
        let memory = memory(1, 1);
        assert_eq!(memory.atomic_notify(65534, 1), Err(TrapKind::UnalignedAtomic));
        assert_eq!(memory.atomic_notify(65536, 1), Err(TrapKind::MemoryOutOfBounds));
        assert_eq!(memory.atomic_wait64(u64::MAX - 7, 0, None), Err(TrapKind::MemoryOutOfBounds));
        assert_eq!(memory.atomic_wait64(65532, 0, None), Err(TrapKind::UnalignedAtomic));
        assert_eq!(memory.atomic_wait32(65532, 1, None), Ok(WaitResult::Mismatch));
    }

    #[test]
    fn a_fault_where_another_thread_has_grown_meanwhile_is_explained() {
        let memory = memory(1, 3);
        let base = memory.memory().def.base as usize;
        memory.grow(1).unwrap();
        assert_eq!(memory.memory().guard_offset(base + 65536), Some(65536));
        assert_eq!(memory.memory().guard_offset(base + 65535), None);
    }

    #[test]
    fn bytes_are_read_back_and_cells_have_the_length_of_the_memory() {
        let memory = memory(1, 2);
        memory.write(65533, &[1, 2, 3]).unwrap();
        assert!(memory.write(65534, &[9, 9, 9]).is_none() && memory.read(65536, &mut [0]).is_none());
        let mut bytes = [0; 3];
        memory.read(65533, &mut bytes).unwrap();
        assert_eq!((bytes, memory.cells().len(), memory.is_empty()), ([1, 2, 3], 65536, false));
    }
}
