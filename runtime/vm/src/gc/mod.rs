//! The GC heap of a store: objects that code allocates, and the collector that takes them back.
//!
//! Two halves of one reservation take turns. Allocation moves a mark up; when the mark meets the end, everything that can
//! still be reached is copied to the other half ([`collect`]), and what was not is gone with the half it stood in. A
//! reference is the distance of an object from the base, so all of them are inside the reservation, whatever they are.
//!
//! Code allocates by itself while there is room ([`store_ctx::GC_BUMP`] and [`store_ctx::GC_LIMIT`]); the limit is 0 where
//! every allocation is to collect. Nothing is reserved before the first object is made.
//!
//! [`store_ctx::GC_BUMP`]: assay_model::layout::store_ctx::GC_BUMP
//! [`store_ctx::GC_LIMIT`]: assay_model::layout::store_ctx::GC_LIMIT
#![expect(unsafe_code, reason = "objects are reached by distance from the base of the heap")]

mod collect;
mod embedder;
mod frames;
mod handles;
mod host_data;
mod object;
mod types;

pub use collect::GcStats;
pub(crate) use frames::Outer;
pub use frames::{Activation, Walk};
pub(crate) use handles::Handles;
pub use handles::{OwnedRootId, RootId, RootScopeId};
pub(crate) use host_data::HostData;
pub(crate) use object::element_value;
pub(crate) use types::Shape;
pub use types::{TooManyTypes, TypeInfos};

use crate::ctx::StoreCtx;
use crate::store::StoreState;
use crate::sys::{Mapping, page_size, reserve};
use assay_model::layout::object::header;
use std::sync::Arc;

/// Address space of a heap, where there is plenty, and what is tried where there is not.
const RESERVATIONS: [u64; 3] = [1 << 32, 1 << 28, 1 << 24];

/// Bytes in front of the first object, which are never accessible.
const NULL_ZONE: u32 = 64 << 10;

/// Bytes that a half has at first.
const FIRST_CAPACITY: u32 = 1 << 20;

/// A half is this many times as large as what is alive in it, after a collection.
const HEADROOM: u64 = 3;

/// The heap.
#[derive(Debug)]
pub(crate) struct Heap {
    map: Option<Mapping>,
    halves: [Half; 2],
    /// The half that objects stand in.
    active: usize,
    /// Bytes of a half that may be in use now.
    capacity: u32,
    /// Bytes of a half that may ever be in use.
    pub(crate) most: u32,
    /// Every allocation collects, so that a root that was forgotten is found at once.
    zeal: bool,
    pub(crate) types: Arc<TypeInfos>,
    pub(crate) handles: Handles,
    pub(crate) host_data: HostData,
    /// Host data that a collection gave back; dropped where no code of the store is looked at.
    pub(crate) dropped: Vec<Box<dyn std::any::Any + Send + Sync>>,
    pub(crate) stats: GcStats,
}

/// Where a half stands.
#[derive(Copy, Clone, Debug, Default)]
struct Half {
    start: u32,
    end: u32,
    /// Everything before this can be read and written.
    open: u32,
}

impl Heap {
    pub(crate) fn new(types: Arc<TypeInfos>) -> Self {
        Self {
            map: None,
            halves: [Half::default(); 2],
            active: 0,
            capacity: 0,
            most: u32::MAX,
            zeal: false,
            types,
            handles: Handles::default(),
            host_data: HostData::default(),
            dropped: Vec::new(),
            stats: GcStats::default(),
        }
    }

    /// Reserves the heap, when that was not done yet.
    fn reserved(&mut self, ctx: &mut StoreCtx) -> Option<()> {
        if self.map.is_some() {
            return Some(());
        }
        let wanted = RESERVATIONS.iter().copied();
        let (bytes, map) =
            wanted.into_iter().find_map(|bytes| Some((bytes, reserve(bytes as usize).ok()?)))?;
        let half = (bytes / 2) as u32;
        let second = Half { start: half, end: (bytes - page_size() as u64) as u32, open: half };
        self.halves = [Half { start: NULL_ZONE, end: half, open: NULL_ZONE }, second];
        ctx.gc_base = map.base();
        ctx.gc_bump = NULL_ZONE;
        self.map = Some(map);
        Some(())
    }

    /// Opens a half up to `end`.
    fn open(&mut self, half: usize, end: u32) -> Option<()> {
        let Half { end: last, open, .. } = self.halves[half];
        if end <= open {
            return Some(());
        }
        let wanted = u64::from(end).next_multiple_of(page_size() as u64);
        let wanted = u32::try_from(wanted).ok().filter(|&wanted| wanted <= last)?;
        self.map.as_ref()?.open(open as usize, wanted as usize).ok()?;
        self.halves[half].open = wanted;
        Some(())
    }

    /// Tells code how far it may allocate.
    fn publish(&self, ctx: &mut StoreCtx) {
        let Half { start, end, open } = self.halves[self.active];
        let limit = start.saturating_add(self.capacity).min(end).min(open);
        ctx.gc_limit = if self.zeal { 0 } else { limit };
    }

    /// Makes room for `size` bytes in the active half without a collection; where they begin.
    fn bump(&mut self, ctx: &mut StoreCtx, size: u32) -> Option<u32> {
        let half = self.halves[self.active];
        let at = ctx.gc_bump;
        let end = at.checked_add(size)?;
        if end > half.start.saturating_add(self.capacity).min(half.end) {
            return None;
        }
        if end > half.open {
            // A few pages ahead, so that small objects do not each ask the system.
            let ahead =
                end.saturating_add(1 << 20).min(half.start.saturating_add(self.capacity)).min(half.end);
            self.open(self.active, ahead.max(end))?;
        }
        ctx.gc_bump = end;
        self.publish(ctx);
        Some(at)
    }
}

/// Whether an allocation may collect.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum MayCollect {
    /// Every reference stands where the collector looks for it.
    Yes,
    /// Somebody holds a reference of which the collector does not know.
    No,
}

impl StoreState {
    /// Reserves the heap, so that its base no longer changes.
    pub(crate) fn reserve_heap(&mut self) -> Option<()> {
        self.gc.reserved(&mut self.ctx)
    }

    /// Allocates an object of a type with `length` elements (0 where it is no array). Its header is written, its body is
    /// zero. `None` when the heap is full.
    pub(crate) fn allocate_object(&mut self, type_id: u32, length: u32, may: MayCollect) -> Option<u32> {
        // SAFETY: types of modules and embedders come from the engine.
        let size = unsafe { self.gc.types.shape(type_id) }.size(length);
        let size = u32::try_from(size).ok().filter(|&size| size <= self.gc.most)?;
        self.gc.reserved(&mut self.ctx)?;
        if self.gc.zeal && may == MayCollect::Yes {
            self.collect();
        }
        let mut place = self.gc.bump(&mut self.ctx, size);
        if place.is_none() && may == MayCollect::Yes {
            self.collect_for(size);
            place = self.gc.bump(&mut self.ctx, size);
        }
        if place.is_none() {
            let used = u64::from(self.gc_heap_used()) + u64::from(size);
            self.resize_heap(used.next_power_of_two().max(u64::from(self.gc.capacity)), used);
            place = self.gc.bump(&mut self.ctx, size);
        }
        let place = place?;
        let object = self.ctx.gc_base.wrapping_add(place as usize);
        // SAFETY: `bump` has opened the range, which nobody else has.
        unsafe { object.write_bytes(0, size as usize) };
        // SAFETY: as above; objects are aligned.
        unsafe { object.wrapping_add(header::TYPE_ID as usize).cast::<u32>().write(type_id) };
        // SAFETY: as above.
        unsafe { object.wrapping_add(header::LENGTH as usize).cast::<u32>().write(length) };
        Some(place)
    }

    /// Sets how much the active half may hold: `wanted` bytes or, where the embedder refuses that, half of what is more than the
    /// `least`, and so on; otherwise it stays as it is.
    fn resize_heap(&mut self, wanted: u64, least: u64) {
        let most = self.gc.most;
        let [mut wanted, least] =
            [wanted, least].map(|bytes| u32::try_from(bytes).unwrap_or(u32::MAX).min(most));
        let current = self.gc.capacity;
        while wanted > current && !self.may_grow_heap(current, wanted) {
            if wanted <= least {
                return;
            }
            // Less than a page would only make for more collections.
            let more = (wanted - least) / 2;
            wanted = if more < page_size() as u32 { least } else { least + more };
        }
        self.gc.capacity = wanted;
    }

    /// Chooses whether every allocation collects.
    pub(crate) fn choose_gc_zeal(&mut self, zeal: bool) {
        self.gc.zeal = zeal;
        if self.gc.map.is_some() {
            self.gc.publish(&mut self.ctx);
        }
    }

    /// Bytes of objects, alive or not yet collected.
    pub(crate) fn gc_heap_used(&self) -> u32 {
        self.ctx.gc_bump.saturating_sub(self.gc.halves[self.gc.active].start)
    }
}
