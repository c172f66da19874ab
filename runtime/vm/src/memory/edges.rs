//! The bytes of a mapping that stand around a memory which a judge asked to be put between them.
//!
//! Enters: the surroundings and the memory's length; leaves: how much to map, how much to open, and where canaries changed.
//! With plain surroundings all of it is nothing. Growth moves the canaries behind the end: what was changed before is
//! remembered, and the memory finds zeros.
#![expect(unsafe_code, reason = "fills and clears bytes of the mapping")]

use crate::canary::{self, Surroundings};
use crate::sys::page_size;
use std::sync::atomic::{AtomicI64, Ordering};

/// No change so far.
const NONE: i64 = i64::MAX;

/// What stands around a memory.
#[derive(Debug)]
pub(super) struct Edges {
    around: Surroundings,
    front: usize,
    /// A change that growth found.
    changed: AtomicI64,
}

impl Edges {
    /// What stands around a memory of `min` bytes.
    pub(super) fn new(around: Surroundings, min: usize) -> Self {
        let front = match around {
            Surroundings::Plain => 0,
            // So that the end is where a page ends.
            Surroundings::Tight => min.wrapping_neg() & (page_size() - 1),
            Surroundings::Canaries => page_size(),
        };
        Self { around, front, changed: AtomicI64::new(NONE) }
    }

    /// Bytes in front of the memory.
    pub(super) fn front(&self) -> usize {
        self.front
    }

    /// Bytes to map beyond those of the memory.
    pub(super) fn room(&self) -> usize {
        if self.around == Surroundings::Plain { 0 } else { 4 * page_size() }
    }

    /// Bytes of the mapping that are open when the memory has `len`.
    pub(super) fn opened(&self, len: usize) -> usize {
        let behind = if self.around == Surroundings::Canaries { page_size() } else { 0 };
        (self.front + len + behind).next_multiple_of(page_size())
    }

    /// Canaries behind a memory of `len` bytes.
    fn behind(&self, len: usize) -> usize {
        self.opened(len) - self.front - len
    }

    /// Puts the canaries around a memory of `len` bytes at `base`.
    pub(super) fn fill(&self, base: *mut u8, len: usize) {
        if self.around == Surroundings::Canaries {
            // SAFETY: these bytes were opened, and are neither the memory's nor anybody else's.
            unsafe { canary::fill(base.wrapping_sub(self.front), self.front) };
            // SAFETY: as above.
            unsafe { canary::fill(base.wrapping_add(len), self.behind(len)) };
        }
    }

    /// Moves the canaries from behind `before` bytes to behind `len`, for which the mapping was opened. Only growth calls
    /// it, which one thread does at a time.
    pub(super) fn follow(&self, base: *mut u8, before: usize, len: usize) {
        if self.around != Surroundings::Canaries || before == len {
            return;
        }
        if let Some(distance) = self.change(base, before) {
            self.changed.store(distance, Ordering::Relaxed);
        }
        let (end, canaries) = (base.wrapping_add(before), self.behind(before));
        // SAFETY: the bytes behind the end are open, and nobody's until the memory has its new length.
        unsafe { end.write_bytes(0, canaries.min(len - before)) };
        // SAFETY: as above.
        unsafe { canary::fill(base.wrapping_add(len), self.behind(len)) };
    }

    /// How far from a memory of `len` bytes a canary was changed.
    pub(super) fn change(&self, base: *mut u8, len: usize) -> Option<i64> {
        if self.around != Surroundings::Canaries {
            return None;
        }
        let known = self.changed.load(Ordering::Relaxed);
        if known != NONE {
            return Some(known);
        }
        // SAFETY: the canaries are open, and nobody is meant to write to them.
        let front = unsafe { canary::first_change(base.wrapping_sub(self.front), self.front) };
        if let Some(place) = front {
            return Some(place as i64 - self.front as i64);
        }
        // SAFETY: as above.
        let behind = unsafe { canary::first_change(base.wrapping_add(len), self.behind(len)) };
        behind.map(|place| place as i64)
    }
}

#[cfg(test)]
mod tests {
    use crate::canary::Surroundings;
    use crate::memory::{Memory, MemoryPlan};
    use crate::sys::page_size;
    use assay_model::types::{Limits, MemoryType};

    fn memory(around: Surroundings, min: u64) -> std::sync::Arc<Memory> {
        let limits = Limits { min, max: Some(100_000) };
        let ty = MemoryType { limits, memory64: false, shared: false, page_size_log2: 0 };
        Memory::new(ty, MemoryPlan { guards: false, around }).unwrap()
    }

    #[test]
    fn a_tight_memory_ends_where_a_page_ends() {
        let memory = memory(Surroundings::Tight, 101);
        let end = memory.def.base as usize + 101;
        assert_eq!(end % page_size(), 0);
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let line = maps.lines().find(|line| line.starts_with(&format!("{end:x}-")));
        assert!(line.is_some_and(|line| line.contains(" ---p ")), "{line:?}");
        assert!(memory.bytes().iter().all(|&byte| byte == 0));
    }

    #[test]
    fn canaries_follow_growth_and_remember_what_was_done_to_them() {
        let memory = memory(Surroundings::Canaries, 100);
        let at = |distance: usize| memory.def.base.wrapping_add(distance);
        assert_eq!(memory.canary_change(), None);
        assert_eq!(memory.grow(5000), Some(100));
        assert!(memory.bytes().iter().all(|&byte| byte == 0));
        assert_eq!(memory.canary_change(), None);
        // SAFETY: a canary of this memory.
        unsafe { at(5100).write(0) };
        assert_eq!(memory.canary_change(), Some(0));
        assert_eq!(memory.grow(50_000), Some(5100));
        assert!(memory.bytes().iter().all(|&byte| byte == 0));
        assert_eq!(memory.canary_change(), Some(0));
    }
}
