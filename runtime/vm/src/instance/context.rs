//! The memory of a context: allocated by its layout, written by offset.

use super::InstanceParts;
use crate::canary::{self, Surroundings};
use crate::ctx::{FuncRef, VmCtx};
use assay_model::index::EscapeIdx;
use assay_model::layout::func_ref;
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

/// A context, zeroed at first.
pub(crate) struct Context {
    base: NonNull<u8>,
    /// What was allocated: the context, and canaries around it.
    layout: Layout,
    /// Bytes of canaries on either side.
    zone: usize,
}

impl Context {
    /// Room for a context of `size` bytes.
    pub(super) fn new(size: u32, around: Surroundings) -> Self {
        let zone = if around == Surroundings::Canaries { canary::ZONE } else { 0 };
        let layout = Layout::from_size_align(size as usize + 2 * zone, 16);
        let layout = layout.expect("a context is smaller than the address space");
        // SAFETY: the header alone is larger than nothing.
        let start = unsafe { alloc_zeroed(layout) };
        let start = NonNull::new(start).unwrap_or_else(|| handle_alloc_error(layout));
        // SAFETY: the zone in front is part of the allocation.
        let base = unsafe { start.add(zone) };
        if zone > 0 {
            // SAFETY: both zones are part of the allocation.
            unsafe { canary::fill_around(base.as_ptr(), size as usize) };
        }
        Self { base, layout, zone }
    }

    /// Bytes of the context itself.
    fn size(&self) -> usize {
        self.layout.size() - 2 * self.zone
    }

    /// How far from the context a canary was written to: behind its end, or, when negative, in front of its start.
    pub(crate) fn canary_change(&self) -> Option<i64> {
        let looked = self.zone > 0;
        // SAFETY: both zones are part of the allocation, and nobody is meant to write to them.
        looked.then(|| unsafe { canary::change_around(self.base.as_ptr(), self.size()) }).flatten()
    }

    /// The context as code sees it.
    pub(crate) fn vmctx(&self) -> *mut VmCtx {
        self.base.as_ptr().cast()
    }

    /// A place in the context, for one `T`.
    pub(super) fn place<T>(&self, offset: u32) -> NonNull<T> {
        let end = offset as usize + size_of::<T>();
        assert!(
            end <= self.size() && (offset as usize).is_multiple_of(align_of::<T>()),
            "slots lie within the context"
        );
        // SAFETY: within the allocation, as just checked.
        unsafe { self.base.add(offset as usize) }.cast()
    }

    /// Fills a place.
    pub(super) fn set<T>(&self, offset: u32, value: T) {
        let place = self.place::<T>(offset);
        // SAFETY: aligned and within the allocation; nobody refers to the context while it is being filled.
        unsafe { place.write(value) };
    }

    /// The record of an escaping function.
    pub(super) fn func_ref(&self, parts: &InstanceParts, escape: EscapeIdx) -> NonNull<FuncRef> {
        self.place(parts.layout.func_ref(escape))
    }

    /// Where the records of escaping functions are.
    pub(super) fn func_refs(&self, parts: &InstanceParts) -> std::ops::Range<*const FuncRef> {
        let start = self.base.as_ptr().wrapping_add(parts.layout.func_ref(EscapeIdx(0)) as usize);
        let end = start.wrapping_add((parts.model.escaping_funcs * func_ref::SIZE) as usize);
        start.cast_const().cast()..end.cast_const().cast()
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: allocated above with the same layout; the store that owns it is being dropped.
        unsafe { dealloc(self.base.as_ptr().wrapping_sub(self.zone), self.layout) };
    }
}
