//! Linear memories ([Memory instances][spec]): reserved once, opened as they grow, never moved.
//!
//! With guards, a 32-bit memory of 64 KiB pages reserves its whole index range and an inaccessible zone behind it, so
//! that compiled code needs no checks. Everything else reserves what it may grow to, within reason, and less where address
//! space is short; a 64-bit memory of 64 KiB pages has the zone as well, so that compiled code compares the index alone.
//!
//! A memory that is not shared belongs to one store and is used by its thread. A [shared](SharedMemory) one outlives
//! stores and is used by several threads at once: growth has a lock, the length is atomic, and nobody makes a Rust
//! reference to its bytes.
//!
//! [spec]: https://webassembly.github.io/spec/core/exec/runtime.html#memory-instances
#![expect(unsafe_code, reason = "hands out the bytes of mappings")]

mod edges;
mod parking;
pub(crate) mod relaxed;
mod shared;
mod stray;

pub use parking::WaitResult;
pub(crate) use parking::{Interrupted, Parking};
pub use shared::SharedMemory;

use crate::canary::Surroundings;
use crate::ctx::MemoryDef;
use crate::sys::{Reservation, Use, page_size, reserve};
use assay_model::fault::{Fault, planted};
use assay_model::layout::memory_plan;
use assay_model::types::MemoryType;
use edges::Edges;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Address space that a 64-bit memory gets at the most; it cannot grow past it.
const RESERVATION_64: u64 = 64 << 30;

/// Where code checks each access, room for growth is one part in so many of the address space that is left,
const SHARE: u64 = 4;
/// after this much.
const KEPT_FREE: u64 = 64 << 20;
/// A memory is refused when less than this would be left: what runs needs some, too.
const LEAST_FREE: u64 = 8 << 20;

/// With address space for fewer guarded memories than this, guards are not worth it.
const WORTH_GUARDS: u64 = 64;

/// Whether the process has address space enough for memories with guards. Where it is limited (`ulimit -v`), code that
/// checks each access needs no more than the bytes themselves.
pub fn room_for_guards() -> bool {
    let bytes = WORTH_GUARDS * (memory_plan::RESERVATION_32 + memory_plan::GUARD);
    usize::try_from(bytes).is_ok_and(|bytes| reserve(bytes).is_ok())
}

/// How the memories of an instance are mapped.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct MemoryPlan {
    /// Whether compiled code relies on guards. Only with plain surroundings.
    pub guards: bool,
    /// What stands around them.
    pub around: Surroundings,
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
        "failed to reserve {bytes} bytes of address space for a memory ({source}); limit the number of memories, or raise the limits on address space (`ulimit -v`) and mappings (`vm.max_map_count`)"
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
    map: Reservation,
    /// What of the mapping stands around the memory.
    edges: Edges,
    /// Held while the memory grows.
    growing: Mutex<()>,
    /// Bytes that the memory may grow to within its mapping.
    capacity: u64,
    /// Where threads wait, when the memory is shared.
    parking: Parking,
}

// SAFETY: base and mapping are plain address space. Bytes of a memory that is not shared are reached by way of the one
// store that owns it (invariant 2), those of a shared one by raw pointers and atomics from any thread (invariant 8).
unsafe impl Send for Memory {}
// SAFETY: as above; growth takes a lock, the length is atomic, everything else never changes.
unsafe impl Sync for Memory {}

impl Memory {
    /// A memory of its minimal size, all zero.
    pub(crate) fn new(ty: MemoryType, plan: MemoryPlan) -> Result<Arc<Self>, MemoryError> {
        let min = u128::from(ty.limits.min) << ty.page_size_log2;
        let min = u64::try_from(min).map_err(|_| MemoryError::TooLarge { bytes: min })?;
        let (capacity, guard) = reservation(ty, plan, min);
        let total = capacity.checked_add(guard).and_then(|total| usize::try_from(total).ok());
        let mut total = total.ok_or(MemoryError::TooLarge { bytes: u128::from(min) })? as u64;
        if ty.memory64 || !guarded(ty, plan) {
            total = affordable(min + guard, total, plan);
        }
        let capacity = total - guard;
        let refused = |source| MemoryError::Reserve { bytes: total, source };
        if !plan.guards {
            reserve(total.saturating_add(LEAST_FREE) as usize).map_err(refused)?;
        }
        let used = if plan.guards { Use::Zeroed } else { Use::Once };
        let opened = if planted(Fault::EmptyMemoryUnguarded) && plan.guards { min.max(1) } else { min };
        let edges = Edges::new(plan.around, min as usize);
        let map = Reservation::new(total as usize + edges.room(), edges.opened(opened as usize), used);
        let map = map.map_err(refused)?;
        let base = map.base().wrapping_add(edges.front());
        let def = MemoryDef { base, len: AtomicU64::new(min) };
        let (growing, parking) = Default::default();
        let memory = Self { def, ty, map, edges, growing, capacity, parking };
        memory.edges.fill(base, min as usize);
        if planted(Fault::GrowthTouchesAnother) {
            stray::made(base, min);
        }
        Ok(Arc::new(memory))
    }

    /// Asks for the new length and grows to it, while no other thread does; the length before, or `None` when there is
    /// no new length.
    fn grow_to(&self, len: impl FnOnce(u64) -> Option<u64>) -> std::io::Result<Option<u64>> {
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.len();
        let Some(len) = len(before) else { return Ok(None) };
        self.map.open(self.edges.opened(len as usize))?;
        self.edges.follow(self.def.base, before as usize, len as usize);
        if planted(Fault::GrowthTouchesAnother) {
            stray::touch(self.def.base);
        }
        // Whoever sees the length may use the bytes.
        self.def.len.store(len, Ordering::SeqCst);
        Ok(Some(before))
    }

    /// Bytes now.
    pub(crate) fn len(&self) -> u64 {
        self.def.len.load(Ordering::SeqCst)
    }

    /// Pages now.
    pub(crate) fn pages(&self) -> u64 {
        self.len() >> self.ty.page_size_log2
    }

    /// What `delta` more pages than now would be in bytes, unless type or mapping forbid it.
    pub(crate) fn grown(&self, delta: u64) -> Option<u64> {
        self.grown_from(self.len(), delta)
    }

    fn grown_from(&self, len: u64, delta: u64) -> Option<u64> {
        let pages = (len >> self.ty.page_size_log2).checked_add(delta)?;
        let bytes = u64::try_from(u128::from(pages) << self.ty.page_size_log2).ok()?;
        (pages <= self.ty.max_pages() && bytes <= self.capacity).then_some(bytes)
    }

    /// Grows by `delta` pages; the number of pages before, or `None` when it cannot be.
    pub(crate) fn grow(&self, delta: u64) -> Option<u64> {
        let before = self.grow_to(|len| self.grown_from(len, delta)).ok()??;
        Some(before >> self.ty.page_size_log2)
    }

    /// The bytes of a memory that is not shared.
    pub(crate) fn bytes(&self) -> &[u8] {
        assert!(!self.ty.shared, "bytes of a shared memory change behind every reference");
        // SAFETY: `len` bytes from the base on are open; nobody writes while the store is borrowed (invariant 2).
        unsafe { std::slice::from_raw_parts(self.def.base, self.len() as usize) }
    }

    /// The bytes of a memory that is not shared, to write.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        assert!(!self.ty.shared, "bytes of a shared memory change behind every reference");
        // SAFETY: as in `bytes`, and the store is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.def.base, self.len() as usize) }
    }

    /// The place of `len` bytes from `start` on, when the memory has them.
    fn place(&self, start: u64, len: usize) -> Option<*mut u8> {
        start.checked_add(len as u64).filter(|&end| end <= self.len())?;
        Some(self.def.base.wrapping_add(start as usize))
    }

    /// Copies bytes into the memory; `None`, and nothing is written, when they do not fit.
    pub(crate) fn write(&self, start: u64, bytes: &[u8]) -> Option<()> {
        let place = self.place(start, bytes.len())?;
        if self.ty.shared {
            // SAFETY: the range is open, and used by way of pointers and atomics (invariant 8).
            unsafe { relaxed::write(bytes, place) };
        } else {
            // SAFETY: the range is open and this thread's (invariant 2); the bytes are not part of a memory.
            unsafe { place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        }
        Some(())
    }

    /// Copies bytes out of the memory; `None` when it does not have them.
    pub(crate) fn read(&self, start: u64, bytes: &mut [u8]) -> Option<()> {
        let place = self.place(start, bytes.len())?;
        if self.ty.shared {
            // SAFETY: as in `write`.
            unsafe { relaxed::read(place, bytes) };
        } else {
            // SAFETY: as in `write`.
            unsafe { place.copy_to_nonoverlapping(bytes.as_mut_ptr(), bytes.len()) };
        }
        Some(())
    }

    /// Writes `len` times `byte`; `None`, and nothing is written, when they do not fit.
    pub(crate) fn fill(&self, start: u64, byte: u8, len: u64) -> Option<()> {
        let len = usize::try_from(len).ok()?;
        let place = self.place(start, len)?;
        if self.ty.shared {
            // SAFETY: as in `write`.
            unsafe { relaxed::fill(place, byte, len) };
        } else {
            // SAFETY: as in `write`.
            unsafe { place.write_bytes(byte, len) };
        }
        Some(())
    }

    /// Copies `len` bytes from `src` of another memory, or this one, to `dst`; `None`, and nothing is written, when
    /// either range does not fit.
    pub(crate) fn copy(&self, dst: u64, from: &Memory, src: u64, len: u64) -> Option<()> {
        let len = usize::try_from(len).ok()?;
        let (to, from_place) = (self.place(dst, len)?, from.place(src, len)?);
        if self.ty.shared || from.ty.shared {
            // SAFETY: as in `write`, for both ranges.
            unsafe { relaxed::copy(from_place, to, len) };
        } else {
            // SAFETY: as in `write`, for both ranges, which may overlap.
            unsafe { from_place.copy_to(to, len) };
        }
        Some(())
    }

    /// Whether a fault at `address` is explained by the inaccessible part of the mapping; if so, its distance from the
    /// base. A shared memory may have grown over the address since the fault, but never shrinks below its minimum.
    pub(crate) fn guard_offset(&self, address: usize) -> Option<u64> {
        let start = if self.ty.shared { self.ty.limits.min << self.ty.page_size_log2 } else { self.len() };
        self.distance(address).filter(|&distance| distance >= start)
    }

    /// How far `address` is from the base, when it lies in the mapping.
    pub(crate) fn distance(&self, address: usize) -> Option<u64> {
        let distance = address.checked_sub(self.def.base as usize)?;
        (distance < self.map.len() - self.edges.front()).then_some(distance as u64)
    }

    /// How far from the memory a canary was written to: behind its end, or, when negative, in front of its start.
    pub(crate) fn canary_change(&self) -> Option<i64> {
        self.edges.change(self.def.base, self.len() as usize)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if planted(Fault::GrowthTouchesAnother) {
            stray::gone(self.def.base);
        }
    }
}

/// How many bytes of address space a memory takes that would like `most` and needs `least`. Where code checks each access,
/// address space may be short, and then most of what there is stays free for everything else.
fn affordable(least: u64, most: u64, plan: MemoryPlan) -> u64 {
    let page = page_size() as u64;
    let fits = |bytes: u64| {
        let with_the_rest =
            if plan.guards { bytes } else { bytes.saturating_mul(SHARE).saturating_add(KEPT_FREE) };
        usize::try_from(with_the_rest).is_ok_and(|bytes| reserve(bytes).is_ok())
    };
    let mut bytes = most;
    while bytes > least && !fits(bytes) {
        bytes = (bytes / 2).next_multiple_of(page).max(least);
    }
    bytes
}

/// Whether the memory is whole host pages with the guard behind it.
fn guarded(ty: MemoryType, plan: MemoryPlan) -> bool {
    plan.guards && ty.page_size_log2 == 16
}

/// Bytes to reserve for growth, and behind them.
fn reservation(ty: MemoryType, plan: MemoryPlan, min: u64) -> (u64, u64) {
    let most = u64::try_from(u128::from(ty.max_pages()) << ty.page_size_log2).unwrap_or(u64::MAX);
    let guarded = guarded(ty, plan);
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

    fn memory(min: u64, max: Option<u64>) -> Arc<Memory> {
        let ty =
            MemoryType { limits: Limits { min, max }, memory64: false, shared: false, page_size_log2: 16 };
        Memory::new(ty, MemoryPlan { guards: true, around: Surroundings::Plain }).unwrap()
    }

    #[test]
    fn growth_keeps_the_base_and_the_contents() {
        let memory = memory(1, Some(3));
        let base = memory.def.base;
        memory.write(65535, &[7]).unwrap();
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
