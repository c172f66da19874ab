//! Linear memories ([Memory instances][spec]): reserved once, opened as they grow, never moved.
//!
//! With guards, a 32-bit memory of 64 KiB pages reserves its whole index range and an inaccessible zone behind it, so
//! that compiled code needs no checks. Everything else reserves what it may grow to, within reason; a 64-bit memory of
//! 64 KiB pages has the zone as well, so that compiled code compares the index alone.
//!
//! [spec]: https://webassembly.github.io/spec/core/exec/runtime.html#memory-instances
#![expect(unsafe_code, reason = "hands out the bytes of mappings")]

use crate::ctx::MemoryDef;
use crate::sys::{Mapping, page_size};
use assay_model::layout::memory_plan;
use assay_model::types::MemoryType;
use std::sync::atomic::{AtomicU64, Ordering};

/// Address space that a 64-bit memory gets at the most; it cannot grow past it.
const RESERVATION_64: u64 = 64 << 30;

/// How the memories of an instance are mapped.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct MemoryPlan {
    /// Whether compiled code relies on guards.
    pub guards: bool,
}

/// Why there is no memory.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The minimum is larger than this implementation can address.
    #[error("a memory of {bytes} bytes is larger than this host can provide")]
    TooLarge {
        /// The minimum.
        bytes: u128,
    },
    /// The system refused.
    #[error(
        "failed to reserve {bytes} bytes of address space for a memory ({source}); limit the number of memories or raise the limit on address space (`ulimit -v`)"
    )]
    Reserve {
        /// What was asked for.
        bytes: u64,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The embedder's limiter refused.
    #[error("the store's limits do not allow a memory of {bytes} bytes")]
    Limited {
        /// The minimum.
        bytes: u64,
    },
}

/// A memory. The definition stands first: its address is the memory's.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) def: MemoryDef,
    pub(crate) ty: MemoryType,
    map: Mapping,
    /// Bytes that are readable and writable, a multiple of the host's page size.
    opened: usize,
    /// Bytes that the memory may grow to within its mapping.
    capacity: u64,
}

impl Memory {
    /// A memory of its minimal size, all zero.
    pub(crate) fn new(ty: MemoryType, plan: MemoryPlan) -> Result<Box<Self>, MemoryError> {
        let min = u128::from(ty.limits.min) << ty.page_size_log2;
        let min = u64::try_from(min).map_err(|_| MemoryError::TooLarge { bytes: min })?;
        let (capacity, guard) = reservation(ty, plan, min);
        let total = capacity.checked_add(guard).and_then(|total| usize::try_from(total).ok());
        let total = total.ok_or(MemoryError::TooLarge { bytes: u128::from(min) })?;
        let refused = |source| MemoryError::Reserve { bytes: total as u64, source };
        let map = Mapping::reserve(total).map_err(refused)?;
        let def = MemoryDef { base: map.base(), len: AtomicU64::new(0) };
        let mut memory = Box::new(Self { def, ty, map, opened: 0, capacity });
        memory.open(min).map_err(refused)?;
        Ok(memory)
    }

    fn open(&mut self, len: u64) -> std::io::Result<()> {
        let wanted = (len as usize).next_multiple_of(page_size());
        if wanted > self.opened {
            self.map.open(self.opened, wanted)?;
            self.opened = wanted;
        }
        self.def.len.store(len, Ordering::Release);
        Ok(())
    }

    /// Bytes now.
    pub(crate) fn len(&self) -> u64 {
        self.def.len.load(Ordering::Acquire)
    }

    /// Pages now.
    pub(crate) fn pages(&self) -> u64 {
        self.len() >> self.ty.page_size_log2
    }

    /// What `delta` more pages would be in bytes, unless type or mapping forbid it.
    pub(crate) fn grown(&self, delta: u64) -> Option<u64> {
        let pages = self.pages().checked_add(delta)?;
        let bytes = u64::try_from(u128::from(pages) << self.ty.page_size_log2).ok()?;
        (pages <= self.ty.max_pages() && bytes <= self.capacity).then_some(bytes)
    }

    /// Grows by `delta` pages; the number of pages before, or `None` when it cannot be.
    pub(crate) fn grow(&mut self, delta: u64) -> Option<u64> {
        let before = self.pages();
        let bytes = self.grown(delta)?;
        self.open(bytes).ok()?;
        Some(before)
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: `len` bytes from the base on are open; nobody writes while the store is borrowed (invariant 2).
        unsafe { std::slice::from_raw_parts(self.def.base, self.len() as usize) }
    }

    /// The bytes, to write.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and the store is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.def.base, self.len() as usize) }
    }

    /// Whether `address` lies in the inaccessible part of the mapping; if so, its distance from the base.
    pub(crate) fn guard_offset(&self, address: usize) -> Option<u64> {
        let offset = address.checked_sub(self.def.base as usize)? as u64;
        (offset >= self.len() && offset < self.map.len() as u64).then_some(offset)
    }
}

/// Bytes to reserve for growth, and behind them.
fn reservation(ty: MemoryType, plan: MemoryPlan, min: u64) -> (u64, u64) {
    let most = u64::try_from(u128::from(ty.max_pages()) << ty.page_size_log2).unwrap_or(u64::MAX);
    let guarded = plan.guards && ty.page_size_log2 == 16;
    let guard = if guarded { memory_plan::GUARD } else { page_size() as u64 };
    if ty.memory64 {
        (most.min(RESERVATION_64).max(min), guard)
    } else if guarded {
        (memory_plan::RESERVATION_32, guard)
    } else {
        (most.min(memory_plan::RESERVATION_32).max(min), guard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_model::types::Limits;

    fn memory(min: u64, max: Option<u64>) -> Box<Memory> {
        let ty =
            MemoryType { limits: Limits { min, max }, memory64: false, shared: false, page_size_log2: 16 };
        Memory::new(ty, MemoryPlan { guards: true }).unwrap()
    }

    #[test]
    fn growth_keeps_the_base_and_the_contents() {
        let mut memory = memory(1, Some(3));
        let base = memory.def.base;
        memory.bytes_mut()[65535] = 7;
        assert_eq!(memory.grow(2), Some(1));
        assert_eq!((memory.def.base, memory.bytes()[65535], memory.bytes()[3 * 65536 - 1]), (base, 7, 0));
        assert_eq!((memory.grow(1), memory.grow(0)), (None, Some(3)));
    }

    #[test]
    fn the_guard_begins_at_the_length_and_ends_with_the_mapping() {
        let memory = memory(1, None);
        let base = memory.def.base as usize;
        assert_eq!(memory.guard_offset(base + 65535), None);
        assert_eq!(memory.guard_offset(base + 65536), Some(65536));
        assert_eq!(memory.guard_offset(base - 1), None);
        assert_eq!(memory.guard_offset(base + (4 << 30) + (32 << 20)), None);
    }

    #[test]
    fn a_memory_of_no_pages_is_all_guard() {
        let memory = memory(0, None);
        assert_eq!((memory.bytes().len(), memory.guard_offset(memory.def.base as usize)), (0, Some(0)));
    }
}
