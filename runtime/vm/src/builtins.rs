//! The functions behind [`assay_model::builtins::Builtin`], and the table through which compiled code finds them.
//!
//! Bounds of bulk operators are checked here before anything is written, so that a trap leaves no partial effect.
//! The interpreter has its own versions of these.
#![expect(unsafe_code, reason = "called by compiled code with raw contexts")]

mod array;

pub(crate) use array::{gc_allocate, new_data as array_new_data, new_elem as array_new_elem};

use crate::ctx::{TableDef, VmCtx};
use crate::engine_api as api;
use crate::memory::Memory;
use crate::{shadow, sys};
use assay_model::builtins::Builtin;
use assay_model::fault::{Fault, planted};
use assay_model::trap::TrapKind;

struct Table([*const (); Builtin::ALL.len()]);

// SAFETY: the table holds addresses of functions and never changes.
unsafe impl Sync for Table {}

static TABLE: Table = Table([
    sys::raise_stub as *const (),
    memory_grow as *const (),
    memory_fill as *const (),
    memory_copy as *const (),
    memory_init as *const (),
    data_drop as *const (),
    table_grow as *const (),
    table_fill as *const (),
    table_copy as *const (),
    table_init as *const (),
    elem_drop as *const (),
    memory_atomic_wait32 as *const (),
    memory_atomic_wait64 as *const (),
    memory_atomic_notify as *const (),
    shadow::access as *const (),
    sys::allocate_stub as *const (),
    sys::array_new_data_stub as *const (),
    sys::array_new_elem_stub as *const (),
    array::fill as *const (),
    array::copy as *const (),
    array::init_data as *const (),
    array::init_elem as *const (),
    array::is_subtype as *const (),
    sys::throw_stub as *const (),
]);

/// The builtin table, in the order of [`Builtin`].
pub(crate) fn table() -> *const *const () {
    TABLE.0.as_ptr()
}

const OK: u32 = 0;
const MEMORY_TRAP: u32 = TrapKind::MemoryOutOfBounds as u32;
const TABLE_TRAP: u32 = TrapKind::TableOutOfBounds as u32;

/// Whether `len` items from `start` on lie below `size`.
fn fits(start: u64, len: u64, size: u64) -> bool {
    start.checked_add(len).is_some_and(|end| end <= size)
}

/// A memory of the context's instance.
unsafe fn memory<'a>(vmctx: *mut VmCtx, index: u32) -> &'a Memory {
    // SAFETY: compiled code passes its own context and indices of its module (invariants 1 to 3).
    unsafe { api::memory(vmctx, index) }
}

/// The status of an operator on memory that did all or nothing.
fn memory_status(done: Option<()>) -> u32 {
    done.map_or(MEMORY_TRAP, |()| OK)
}

/// The definition of a table of the context's instance.
unsafe fn table_def<'a>(vmctx: *mut VmCtx, index: u32) -> &'a TableDef {
    // SAFETY: as for `memory`.
    unsafe { api::table_def(vmctx, index) }
}

unsafe extern "C" fn memory_grow(vmctx: *mut VmCtx, memory: u32, delta: u64) -> i64 {
    // SAFETY: as for `memory`.
    unsafe { api::memory_grow(vmctx, memory, delta) }.map_or(-1, |pages| pages as i64)
}

unsafe extern "C" fn memory_fill(vmctx: *mut VmCtx, index: u32, start: u64, byte: u32, len: u64) -> u32 {
    // SAFETY: called with the caller's own context.
    let memory = unsafe { memory(vmctx, index) };
    let filled = memory.fill(start, byte as u8, len);
    if planted(Fault::FillBeforeCheck) && filled.is_none() {
        memory.fill(start, byte as u8, memory.len().saturating_sub(start));
    }
    memory_status(filled)
}

unsafe extern "C" fn memory_copy(vmctx: *mut VmCtx, to: u32, from: u32, dst: u64, src: u64, len: u64) -> u32 {
    // SAFETY: called with the caller's own context.
    let to = unsafe { memory(vmctx, to) };
    // SAFETY: as above.
    let from = unsafe { memory(vmctx, from) };
    let fit = fits(dst, len, to.len()) && fits(src, len, from.len());
    if planted(Fault::CopyOverlapForwards) && fit {
        return memory_status((0..len).try_for_each(|byte| to.copy(dst + byte, from, src + byte, 1)));
    }
    memory_status(to.copy(dst, from, src, len))
}

unsafe extern "C" fn memory_init(
    vmctx: *mut VmCtx,
    index: u32,
    segment: u32,
    dst: u64,
    src: u32,
    len: u32,
) -> u32 {
    // SAFETY: called with the caller's own context.
    let memory = unsafe { memory(vmctx, index) };
    // SAFETY: as above.
    let bytes = unsafe { api::data_segment(vmctx, segment) };
    let end = src.checked_add(len).map(|end| end as usize);
    let end = if planted(Fault::InitPastSegment) { end.map(|end| end.min(bytes.len())) } else { end };
    let bytes = end.and_then(|end| bytes.get(src as usize..end));
    memory_status(bytes.and_then(|bytes| memory.write(dst, bytes)))
}

unsafe extern "C" fn data_drop(vmctx: *mut VmCtx, segment: u32) {
    if planted(Fault::DataDropForgotten) {
        return;
    }
    // SAFETY: called with the caller's own context.
    unsafe { api::drop_data(vmctx, segment) };
}

unsafe extern "C" fn table_grow(vmctx: *mut VmCtx, table: u32, delta: u64, init: u64) -> i64 {
    // SAFETY: called with the caller's own context.
    unsafe { api::table_grow(vmctx, table, delta, init) }.map_or(-1, |len| len as i64)
}

unsafe extern "C" fn table_fill(vmctx: *mut VmCtx, index: u32, start: u64, element: u64, len: u64) -> u32 {
    // SAFETY: called with the caller's own context.
    let def = unsafe { table_def(vmctx, index) };
    if !fits(start, len, def.len) {
        return TABLE_TRAP;
    }
    let beyond = if planted(Fault::TableFillPastEnd) && start + len == def.len { 1 } else { 0 };
    for position in start..start + len + beyond {
        // SAFETY: the range was just checked.
        unsafe { def.base.wrapping_add(position as usize).write(element) };
    }
    OK
}

unsafe extern "C" fn table_copy(vmctx: *mut VmCtx, to: u32, from: u32, dst: u64, src: u64, len: u64) -> u32 {
    // SAFETY: called with the caller's own context.
    let to = unsafe { table_def(vmctx, to) };
    // SAFETY: as above.
    let from = unsafe { table_def(vmctx, from) };
    if !fits(dst, len, to.len) || !fits(src, len, from.len) {
        return TABLE_TRAP;
    }
    // SAFETY: both ranges were just checked; `copy` allows them to overlap.
    unsafe { from.base.wrapping_add(src as usize).copy_to(to.base.wrapping_add(dst as usize), len as usize) };
    OK
}

unsafe extern "C" fn table_init(
    vmctx: *mut VmCtx,
    index: u32,
    segment: u32,
    dst: u64,
    src: u32,
    len: u32,
) -> u32 {
    // SAFETY: called with the caller's own context.
    let def = unsafe { table_def(vmctx, index) };
    // SAFETY: as above.
    let elements = unsafe { api::elem_segment(vmctx, segment) };
    let (src, len) = (u64::from(src), u64::from(len));
    if !fits(src, len, elements.len() as u64) || !fits(dst, len, def.len) {
        return TABLE_TRAP;
    }
    let elements = &elements[src as usize..(src + len) as usize];
    // SAFETY: the range was just checked; a segment is never part of a table.
    unsafe {
        def.base.wrapping_add(dst as usize).copy_from_nonoverlapping(elements.as_ptr(), elements.len());
    };
    OK
}

unsafe extern "C" fn elem_drop(vmctx: *mut VmCtx, segment: u32) {
    if planted(Fault::ElementDropForgotten) {
        return;
    }
    // SAFETY: called with the caller's own context.
    unsafe { api::drop_elem(vmctx, segment) };
}

/// Results of the builtins for waiting: what the operator gives, or minus the code of a trap.
fn number_or_trap(result: Result<u32, TrapKind>) -> i64 {
    result.map_or_else(|trap| -i64::from(trap as u8), i64::from)
}

/// The address of an atomic access, which may be made to `size` bytes. Wrong alignment is reported before anything
/// else, then a memory that is not the kind of `accepts`.
fn atomic_address(
    memory: &Memory,
    index: u64,
    offset: u64,
    size: u64,
    accepts: impl FnOnce(&Memory) -> Result<(), TrapKind>,
) -> Result<u64, TrapKind> {
    let address = index.checked_add(offset);
    if !address.unwrap_or_else(|| index.wrapping_add(offset)).is_multiple_of(size) {
        return Err(TrapKind::UnalignedAtomic);
    }
    accepts(memory)?;
    let address = address.ok_or(TrapKind::MemoryOutOfBounds)?;
    memory.check_atomic(address, size)?;
    Ok(address)
}

fn shared(memory: &Memory) -> Result<(), TrapKind> {
    if memory.ty.shared { Ok(()) } else { Err(TrapKind::ExpectedSharedMemory) }
}

unsafe extern "C" fn memory_atomic_wait32(
    vmctx: *mut VmCtx,
    index: u32,
    address: u64,
    offset: u64,
    expected: u32,
    timeout: i64,
) -> i64 {
    // SAFETY: called with the caller's own context.
    let address = atomic_address(unsafe { memory(vmctx, index) }, address, offset, 4, shared);
    // SAFETY: as above.
    number_or_trap(
        address.and_then(|address| unsafe { api::wait32(vmctx, index, address, expected, timeout) }),
    )
}

unsafe extern "C" fn memory_atomic_wait64(
    vmctx: *mut VmCtx,
    index: u32,
    address: u64,
    offset: u64,
    expected: u64,
    timeout: i64,
) -> i64 {
    // SAFETY: called with the caller's own context.
    let address = atomic_address(unsafe { memory(vmctx, index) }, address, offset, 8, shared);
    // SAFETY: as above.
    number_or_trap(
        address.and_then(|address| unsafe { api::wait64(vmctx, index, address, expected, timeout) }),
    )
}

unsafe extern "C" fn memory_atomic_notify(
    vmctx: *mut VmCtx,
    index: u32,
    address: u64,
    offset: u64,
    count: u32,
) -> i64 {
    // SAFETY: called with the caller's own context.
    let address = atomic_address(unsafe { memory(vmctx, index) }, address, offset, 4, |_| Ok(()));
    // SAFETY: as above.
    number_or_trap(address.map(|address| unsafe { api::notify(vmctx, index, address, count) }))
}
