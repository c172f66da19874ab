//! Builtins on the GC heap: allocation, and operators on many elements of an array at once.

use super::{OK, fits};
use crate::ctx::VmCtx;
use crate::engine_api as api;
use crate::gc::{MayCollect, element_value};
use crate::store::StoreState;
use assay_model::fault::{Fault, planted};
use assay_model::layout::object::{FieldSlot, Slot, header};
use assay_model::trap::TrapKind;

const ARRAY_TRAP: u32 = TrapKind::ArrayOutOfBounds as u32;
const MEMORY_TRAP: u32 = TrapKind::MemoryOutOfBounds as u32;
const TABLE_TRAP: u32 = TrapKind::TableOutOfBounds as u32;

/// The store of the caller.
unsafe fn state<'a>(vmctx: *mut VmCtx) -> &'a mut StoreState {
    // SAFETY: compiled code passes its own context (invariants 1 and 2).
    unsafe { api::store_of(vmctx) }
}

pub(crate) unsafe extern "C" fn gc_allocate(vmctx: *mut VmCtx, type_id: u32, length: u32) -> u32 {
    // SAFETY: called with the caller's own context. Its frames say where references stand (invariant 10).
    unsafe { state(vmctx) }.allocate_object(type_id, length, MayCollect::Yes).unwrap_or(0)
}

/// An array or a trap, as the builtins that make arrays return it.
fn array_or_trap(array: Result<u32, TrapKind>) -> i64 {
    array.map_or_else(|trap| -i64::from(trap as u8), i64::from)
}

/// The slot of the elements of an array.
fn slot_of(state: &StoreState, array: u32) -> Slot {
    let slot = state.object_shape(array).and_then(crate::gc::Shape::element);
    slot.expect("validation lets only arrays come here")
}

pub(crate) unsafe extern "C" fn new_data(
    vmctx: *mut VmCtx,
    type_id: u32,
    segment: u32,
    from: u32,
    length: u32,
) -> i64 {
    // SAFETY: called with the caller's own context.
    let state = unsafe { state(vmctx) };
    // SAFETY: as above.
    let bytes = unsafe { api::data_segment(vmctx, segment) };
    // SAFETY: types of modules come from the engine.
    let slot = unsafe { state.gc.types.shape(type_id) }.element();
    let size = slot.map_or(1, Slot::size);
    if !fits(u64::from(from), u64::from(length) * u64::from(size), bytes.len() as u64) {
        return array_or_trap(Err(TrapKind::MemoryOutOfBounds));
    }
    let array = state.allocate_object(type_id, length, MayCollect::Yes).ok_or(TrapKind::AllocationTooLarge);
    if let Ok(target) = array.map(|array| state.array_range(array, 0, length)) {
        write_bytes(target, &bytes[from as usize..]);
    }
    array_or_trap(array)
}

pub(crate) unsafe extern "C" fn new_elem(
    vmctx: *mut VmCtx,
    type_id: u32,
    segment: u32,
    from: u32,
    length: u32,
) -> i64 {
    // SAFETY: called with the caller's own context.
    let state = unsafe { state(vmctx) };
    // SAFETY: as above.
    let len = unsafe { api::elem_segment(vmctx, segment) }.len();
    if !fits(u64::from(from), u64::from(length), len as u64) {
        return array_or_trap(Err(TrapKind::TableOutOfBounds));
    }
    let array = state.allocate_object(type_id, length, MayCollect::Yes).ok_or(TrapKind::AllocationTooLarge);
    if let Ok(array) = array {
        // SAFETY: as above. The elements are looked up after the collection, which moves what they lead to.
        let elements = unsafe { api::elem_segment(vmctx, segment) };
        write_elements(state, array, 0, &elements[from as usize..][..length as usize]);
    }
    array_or_trap(array)
}

/// Fills a range of an array from the front of `bytes`.
fn write_bytes(target: Option<*mut [u8]>, bytes: &[u8]) {
    if let Some(target) = target {
        // SAFETY: the range lies in the array, nobody else uses the heap meanwhile, and segments are no part of it.
        let target = unsafe { &mut *target };
        target.copy_from_slice(&bytes[..target.len()]);
    }
}

fn write_elements(state: &mut StoreState, array: u32, start: u32, elements: &[u64]) {
    let slot = slot_of(state, array);
    for (index, &cell) in (start..).zip(elements) {
        let at = FieldSlot { offset: header::SIZE + index * slot.size(), slot };
        state.write_object(array, at, element_value(slot, cell));
    }
}

pub(super) unsafe extern "C" fn fill(
    vmctx: *mut VmCtx,
    array: u32,
    start: u32,
    length: u32,
    low: u64,
    high: u64,
) -> u32 {
    // SAFETY: called with the caller's own context.
    let state = unsafe { state(vmctx) };
    let Some(target) = state.array_range(array, start, length) else { return ARRAY_TRAP };
    let size = slot_of(state, array).size() as usize;
    let mut value = (u128::from(high) << 64 | u128::from(low)).to_le_bytes();
    if size == 2 && planted(Fault::FillByByte) {
        value[1] = value[0];
    }
    // SAFETY: the range lies in the array, and nobody else uses the heap meanwhile.
    let bytes = unsafe { &mut *target };
    if size == 1 {
        bytes.fill(value[0]);
    } else {
        bytes.chunks_exact_mut(size).for_each(|element| element.copy_from_slice(&value[..size]));
    }
    OK
}

pub(super) unsafe extern "C" fn copy(
    vmctx: *mut VmCtx,
    to: u32,
    dst: u32,
    from: u32,
    src: u32,
    length: u32,
) -> u32 {
    // SAFETY: called with the caller's own context.
    let state = unsafe { state(vmctx) };
    let ranges = state.array_range(to, dst, length).zip(state.array_range(from, src, length));
    let Some((target, source)) = ranges else { return ARRAY_TRAP };
    if planted(Fault::ArrayCopyForwards) {
        for at in 0..source.len() {
            let (target, source) =
                (target.cast::<u8>().wrapping_add(at), source.cast::<u8>().wrapping_add(at));
            // SAFETY: as below, byte by byte.
            unsafe { target.copy_from(source, 1) };
        }
        return OK;
    }
    // SAFETY: both ranges lie in their arrays, whose elements have the same size; they may overlap.
    unsafe { source.cast::<u8>().copy_to(target.cast(), source.len()) };
    OK
}

pub(super) unsafe extern "C" fn init_data(
    vmctx: *mut VmCtx,
    segment: u32,
    array: u32,
    start: u32,
    from: u32,
    length: u32,
) -> u32 {
    // SAFETY: called with the caller's own context.
    let state = unsafe { state(vmctx) };
    // SAFETY: as above.
    let bytes = unsafe { api::data_segment(vmctx, segment) };
    let Some(target) = state.array_range(array, start, length) else { return ARRAY_TRAP };
    if !fits(u64::from(from), target.len() as u64, bytes.len() as u64) {
        return MEMORY_TRAP;
    }
    write_bytes(Some(target), &bytes[from as usize..]);
    OK
}

pub(super) unsafe extern "C" fn init_elem(
    vmctx: *mut VmCtx,
    segment: u32,
    array: u32,
    start: u32,
    from: u32,
    length: u32,
) -> u32 {
    // SAFETY: called with the caller's own context.
    let state = unsafe { state(vmctx) };
    // SAFETY: as above.
    let elements = unsafe { api::elem_segment(vmctx, segment) };
    if state.array_range(array, start, length).is_none() {
        return ARRAY_TRAP;
    }
    if !fits(u64::from(from), u64::from(length), elements.len() as u64) {
        return TABLE_TRAP;
    }
    write_elements(state, array, start, &elements[from as usize..][..length as usize]);
    OK
}

pub(super) unsafe extern "C" fn is_subtype(vmctx: *mut VmCtx, sub: u32, sup: u32) -> u32 {
    // SAFETY: called with the caller's own context.
    let types = &unsafe { state(vmctx) }.gc.types;
    // SAFETY: types of modules come from the engine.
    u32::from(unsafe { types.shape(sub) }.is_below(sup))
}
