//! Many elements of arrays at a time: null first, then the bounds of the array, then those of the other side; effects
//! after all of that, overlapping ranges as if through a copy.

use super::super::bulk::fits;
use super::super::dispatch::{Flow, Opcode, Step};
use super::super::machine::{HEAD, Machine};
use super::array::{offset_of, operand};
use super::{length, place, store_cell};
use assay_model::trap::TrapKind;
use assay_vm::StoreCtx;

/// Sets elements of `size` bytes to the value of a cell, or of two.
#[inline(always)]
pub(super) fn fill(store: *mut StoreCtx, array: u32, start: u32, count: u32, size: u32, cell: *mut u64) {
    for index in start..start + count {
        store_cell(store, array, offset_of(index, size), size, cell);
    }
}

/// Copies bytes from outside of the heap to an array.
#[inline(always)]
pub(super) fn copy_bytes(store: *mut StoreCtx, array: u32, offset: u32, from: *const u8, bytes: u64) {
    let to = place(store, array, offset.into());
    // SAFETY: both ranges were found in bounds, and segments are no part of the heap.
    unsafe { from.copy_to_nonoverlapping(to, bytes as usize) };
}

/// Writes the elements of a segment to an array.
#[inline(always)]
pub(super) fn put_elements(store: *mut StoreCtx, array: u32, start: u32, size: u32, elements: &[u64]) {
    for (index, element) in (start..).zip(elements) {
        store_cell(store, array, offset_of(index, size), size, std::ptr::from_ref(element).cast_mut());
    }
}

/// Checks `count` elements from `start` on.
#[inline(always)]
fn check(m: &Machine, array: u32, start: u32, count: u32) -> Result<(), TrapKind> {
    let inside = fits(start.into(), count.into(), length(m.store(), array).into());
    if inside { Ok(()) } else { Err(TrapKind::ArrayOutOfBounds) }
}

/// Checks for null.
#[inline(always)]
fn non_null(array: u32) -> Result<u32, TrapKind> {
    if array == 0 { Err(TrapKind::NullArrayReference) } else { Ok(array) }
}

/// Goes on behind an instruction of so many words, or traps.
#[inline(always)]
fn conclude(m: Machine, outcome: Result<(), TrapKind>, words: usize) -> Flow {
    match outcome {
        Ok(()) => m.advance(words),
        Err(kind) => m.trap(kind),
    }
}

/// `[array, start, value, length, size]`
struct ArrayFill;

impl Step for ArrayFill {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        conclude(m, fill_checked(&m), HEAD + 5)
    }
}

#[inline(always)]
fn fill_checked(m: &Machine) -> Result<(), TrapKind> {
    let (start, count) = (operand(m, HEAD + 1), operand(m, HEAD + 3));
    let array = non_null(operand(m, HEAD))?;
    check(m, array, start, count)?;
    fill(m.store(), array, start, count, m.word(HEAD + 4), m.cell(m.word(HEAD + 2)));
    Ok(())
}

/// `[destination array, destination, source array, source, length, size]`
struct ArrayCopy;

impl Step for ArrayCopy {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        conclude(m, copy_checked(&m), HEAD + 6)
    }
}

#[inline(always)]
fn copy_checked(m: &Machine) -> Result<(), TrapKind> {
    let (destination, source, count) = (operand(m, HEAD + 1), operand(m, HEAD + 3), operand(m, HEAD + 4));
    let to = non_null(operand(m, HEAD))?;
    let from = non_null(operand(m, HEAD + 2))?;
    check(m, to, destination, count)?;
    check(m, from, source, count)?;
    let size = m.word(HEAD + 5);
    let to = place(m.store(), to, offset_of(destination, size).into());
    let from = place(m.store(), from, offset_of(source, size).into());
    // SAFETY: both ranges were found in bounds (invariant 7); they may overlap.
    unsafe { std::ptr::copy(from, to, count as usize * size as usize) };
    Ok(())
}

/// `[segment, array, destination, source, length, size]`
struct ArrayInitData;

impl Step for ArrayInitData {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        conclude(m, init_data_checked(&m), HEAD + 6)
    }
}

#[inline(always)]
fn init_data_checked(m: &Machine) -> Result<(), TrapKind> {
    let (destination, source, count) = (operand(m, HEAD + 2), operand(m, HEAD + 3), operand(m, HEAD + 4));
    let array = non_null(operand(m, HEAD + 1))?;
    check(m, array, destination, count)?;
    let size = m.word(HEAD + 5);
    let bytes = u64::from(count) * u64::from(size);
    // SAFETY: the context is alive and of this thread, the index is one of its module (invariants 3 and 5).
    let segment = unsafe { assay_vm::data_segment(m.vmctx(), m.word(HEAD)) };
    if !fits(source.into(), bytes, segment.len() as u64) {
        return Err(TrapKind::MemoryOutOfBounds);
    }
    let from = segment.as_ptr().wrapping_add(source as usize);
    copy_bytes(m.store(), array, offset_of(destination, size), from, bytes);
    Ok(())
}

/// `[segment, array, destination, source, length, size]`
struct ArrayInitElem;

impl Step for ArrayInitElem {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        conclude(m, init_elem_checked(&m), HEAD + 6)
    }
}

#[inline(always)]
fn init_elem_checked(m: &Machine) -> Result<(), TrapKind> {
    let (destination, source, count) = (operand(m, HEAD + 2), operand(m, HEAD + 3), operand(m, HEAD + 4));
    let array = non_null(operand(m, HEAD + 1))?;
    check(m, array, destination, count)?;
    // SAFETY: the context is alive and of this thread, the index is one of its module (invariants 3 and 5).
    let segment = unsafe { assay_vm::elem_segment(m.vmctx(), m.word(HEAD)) };
    if !fits(source.into(), count.into(), segment.len() as u64) {
        return Err(TrapKind::TableOutOfBounds);
    }
    let elements = &segment[source as usize..source as usize + count as usize];
    put_elements(m.store(), array, destination, m.word(HEAD + 5), elements);
    Ok(())
}

/// `array.fill`
pub(crate) fn array_fill() -> Opcode {
    Opcode::of::<ArrayFill>()
}

/// `array.copy`
pub(crate) fn array_copy() -> Opcode {
    Opcode::of::<ArrayCopy>()
}

/// `array.init_data`
pub(crate) fn array_init_data() -> Opcode {
    Opcode::of::<ArrayInitData>()
}

/// `array.init_elem`
pub(crate) fn array_init_elem() -> Opcode {
    Opcode::of::<ArrayInitElem>()
}
