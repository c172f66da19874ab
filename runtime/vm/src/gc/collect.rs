//! The collector: copies what can be reached from one half of the heap to the other (Cheney's algorithm).
//!
//! A copied object leaves its new place in its old header. The new half is its own list of what is still to be looked
//! through, so deep structures need no stack.

use super::{FIRST_CAPACITY, HEADROOM, HostData, TypeInfos};
use crate::store::StoreState;
use assay_model::fault::{Fault, planted};
use assay_model::layout::object::{NO_TYPE, header, reference};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the collector has done so far.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct GcStats {
    /// Collections.
    pub collections: u64,
    /// Bytes that were copied.
    pub copied: u64,
    /// Time that collections took.
    pub paused: Duration,
    /// The longest of them.
    pub longest_pause: Duration,
}

/// A collection at work.
struct Copier {
    base: *mut u8,
    types: Arc<TypeInfos>,
    /// Where objects stood.
    from: Range<u32>,
    /// Where the next copy goes.
    bump: u32,
    host: HostData,
}

impl Copier {
    fn at(&self, offset: u32) -> *mut u8 {
        self.base.wrapping_add(offset as usize)
    }

    /// Type and length of an object, or [`NO_TYPE`] and its new place.
    fn header(&self, object: u32) -> (u32, u32) {
        // SAFETY: `object` is a reference to an object, whose header is readable and aligned.
        let [type_id, length] = unsafe { self.at(object).cast::<[u32; 2]>().read() };
        (type_id, length)
    }

    /// Looks at a reference: its object is copied if it was not yet, and the reference leads to the copy.
    fn visit(&mut self, slot: &mut u32) {
        let bits = *slot;
        if bits & reference::MASK == reference::HOST {
            self.host.mark(bits);
        }
        if !reference::is_object(bits) || !self.from.contains(&bits) {
            return;
        }
        let (type_id, length) = self.header(bits);
        *slot = if type_id == NO_TYPE { length } else { self.copy(bits, type_id, length) };
    }

    fn copy(&mut self, object: u32, type_id: u32, length: u32) -> u32 {
        // SAFETY: headers name types of the engine.
        let size = unsafe { self.types.shape(type_id) }.size(length) as usize;
        let place = self.bump;
        self.bump += size as u32;
        // SAFETY: both halves are open as far as they are used, and do not overlap.
        unsafe { self.at(object).copy_to_nonoverlapping(self.at(place), size) };
        // SAFETY: the header is writable and aligned.
        unsafe { self.at(object).cast::<[u32; 2]>().write([NO_TYPE, place]) };
        place
    }

    /// Looks through a copied object; where the next one begins.
    fn scan(&mut self, object: u32) -> u32 {
        let (type_id, length) = self.header(object);
        let types = Arc::clone(&self.types);
        // SAFETY: headers name types of the engine.
        let shape = unsafe { types.shape(type_id) };
        match shape.element() {
            Some(slot) if slot.is_traced() => {
                let last = u32::from(planted(Fault::LastElementNotForwarded));
                for element in 0..length.saturating_sub(last) {
                    self.visit_at(object + header::SIZE + element * slot.size());
                }
            }
            _ if planted(Fault::PayloadNotForwarded) && shape.is_func() => {}
            _ => shape.traced.iter().for_each(|&offset| self.visit_at(object + offset)),
        }
        object + shape.size(length) as u32
    }

    fn visit_at(&mut self, offset: u32) {
        let slot = self.at(offset).cast::<u32>();
        // SAFETY: the slot lies within a copied object and is aligned.
        let mut bits = unsafe { slot.read() };
        self.visit(&mut bits);
        // SAFETY: as above.
        unsafe { slot.write(bits) };
    }
}

impl StoreState {
    /// Collects, with `size` bytes to be allocated next.
    pub(super) fn collect_for(&mut self, size: u32) {
        if self.gc_heap_used() > 0 {
            self.collect();
        }
        let live = u64::from(self.gc_heap_used()) + u64::from(size);
        self.resize_heap((live * HEADROOM).max(u64::from(FIRST_CAPACITY)), live);
        self.gc.publish(&mut self.ctx);
    }

    /// Collects: objects and host data that nothing leads to are gone, all others have moved.
    pub(crate) fn collect(&mut self) {
        let started = Instant::now();
        let used = self.gc_heap_used();
        let (from, to) = (self.gc.halves[self.gc.active], self.gc.halves[1 - self.gc.active]);
        if self.gc.map.is_some() && self.gc.open(1 - self.gc.active, to.start + used).is_none() {
            // Without memory for copies everything stays where it is.
            return;
        }
        let mut copier = Copier {
            base: self.ctx.gc_base,
            types: Arc::clone(&self.gc.types),
            from: from.start..from.start + used,
            bump: to.start,
            host: std::mem::take(&mut self.gc.host_data),
        };
        copier.host.unmark();
        self.visit_roots(&mut |slot| copier.visit(slot));
        let mut next = to.start;
        while next < copier.bump {
            next = copier.scan(next);
        }
        let copied = copier.bump - to.start;
        self.gc.dropped.extend(copier.host.sweep());
        self.gc.host_data = copier.host;
        if self.gc.map.is_some() {
            self.gc.active = 1 - self.gc.active;
            self.ctx.gc_bump = copier.bump;
            self.gc.publish(&mut self.ctx);
        }
        let pause = started.elapsed();
        let stats = &mut self.gc.stats;
        stats.collections += 1;
        stats.copied += u64::from(copied);
        stats.paused += pause;
        stats.longest_pause = stats.longest_pause.max(pause);
    }
}
