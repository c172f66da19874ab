//! Bulk operators on memories and tables ([Memory instructions][spec]): bounds first, effects after, overlapping
//! ranges as if through a copy.
//!
//! Addresses, indices and lengths of both widths are cells, narrow ones with the upper half zero.
//!
//! [spec]: https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions

use super::dispatch::{Flow, Opcode, Step};
use super::machine::{HEAD, Machine, memory_at};
use super::reference::table;
use super::relaxed;
use assay_model::trap::TrapKind;

/// Whether `count` units from `start` on lie below `len`.
#[inline(always)]
pub(super) fn fits(start: u64, count: u64, len: u64) -> bool {
    start.checked_add(count).is_some_and(|end| end <= len)
}

/// The three operands whose slots stand from `at` on.
#[inline(always)]
fn operands(m: &Machine, at: usize) -> (u64, u64, u64) {
    (m.slot(m.word(at)), m.slot(m.word(at + 1)), m.slot(m.word(at + 2)))
}

/// Copies units that were found in bounds.
#[inline(always)]
fn copy_units<T>(source: *const T, destination: *mut T, count: u64) {
    // SAFETY: both ranges lie in a memory, a table or a segment (invariant 4, or the length of the table or segment);
    // they may overlap.
    unsafe { std::ptr::copy(source, destination, count as usize) };
}

/// `[memory, destination, byte, length]`
struct MemoryFill<const SHARED: bool>;

impl<const SHARED: bool> Step for MemoryFill<SHARED> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let (destination, byte, count) = operands(&m, HEAD + 1);
        let (base, len) = memory_at(m.vmctx(), m.word(HEAD));
        if !fits(destination, count, len) {
            return m.trap(TrapKind::MemoryOutOfBounds);
        }
        let place = base.wrapping_add(destination as usize);
        if SHARED {
            relaxed::fill(place, byte as u8, count as usize);
        } else {
            // SAFETY: the range was found in bounds (invariant 4).
            unsafe { std::ptr::write_bytes(place, byte as u8, count as usize) };
        }
        m.advance(HEAD + 4)
    }
}

/// `[destination memory, source memory, destination, source, length]`; `SHARED` when one of the memories is.
struct MemoryCopy<const SHARED: bool>;

impl<const SHARED: bool> Step for MemoryCopy<SHARED> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let (destination, source, count) = operands(&m, HEAD + 2);
        let (to, to_len) = memory_at(m.vmctx(), m.word(HEAD));
        let (from, from_len) = memory_at(m.vmctx(), m.word(HEAD + 1));
        if !fits(destination, count, to_len) || !fits(source, count, from_len) {
            return m.trap(TrapKind::MemoryOutOfBounds);
        }
        let (from, to) = (from.wrapping_add(source as usize), to.wrapping_add(destination as usize));
        if SHARED {
            relaxed::copy(from, to, count as usize);
        } else {
            copy_units(from, to, count);
        }
        m.advance(HEAD + 5)
    }
}

/// `[memory, segment, destination, source, length]`
struct MemoryInit<const SHARED: bool>;

impl<const SHARED: bool> Step for MemoryInit<SHARED> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let (destination, source, count) = operands(&m, HEAD + 2);
        let (base, len) = memory_at(m.vmctx(), m.word(HEAD));
        // SAFETY: the context is alive and of this thread, the index is one of its module (invariants 3 and 5).
        let segment = unsafe { assay_vm::data_segment(m.vmctx(), m.word(HEAD + 1)) };
        if !fits(destination, count, len) || !fits(source, count, segment.len() as u64) {
            return m.trap(TrapKind::MemoryOutOfBounds);
        }
        let to = base.wrapping_add(destination as usize);
        if SHARED {
            relaxed::write(&segment[source as usize..(source + count) as usize], to);
        } else {
            copy_units(segment.as_ptr().wrapping_add(source as usize), to, count);
        }
        m.advance(HEAD + 5)
    }
}

/// `[segment]`
struct DataDrop;

impl Step for DataDrop {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        // SAFETY: the context is alive and of this thread, the index is one of its module (invariants 3 and 5).
        unsafe { assay_vm::drop_data(m.vmctx(), m.word(HEAD)) };
        m.advance(HEAD + 1)
    }
}

/// `[table, destination, element, length]`
struct TableFill;

impl Step for TableFill {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let (destination, value, count) = operands(&m, HEAD + 1);
        let (base, len) = table(&m, m.word(HEAD));
        if !fits(destination, count, len) {
            return m.trap(TrapKind::TableOutOfBounds);
        }
        for index in destination..destination + count {
            let place = base.wrapping_add(index as usize);
            // SAFETY: the range was found in bounds.
            unsafe { place.write(value) };
        }
        m.advance(HEAD + 4)
    }
}

/// `[destination table, source table, destination, source, length]`
struct TableCopy;

impl Step for TableCopy {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let (destination, source, count) = operands(&m, HEAD + 2);
        let (to, to_len) = table(&m, m.word(HEAD));
        let (from, from_len) = table(&m, m.word(HEAD + 1));
        if !fits(destination, count, to_len) || !fits(source, count, from_len) {
            return m.trap(TrapKind::TableOutOfBounds);
        }
        copy_units(from.wrapping_add(source as usize), to.wrapping_add(destination as usize), count);
        m.advance(HEAD + 5)
    }
}

/// `[table, segment, destination, source, length]`
struct TableInit;

impl Step for TableInit {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let (destination, source, count) = operands(&m, HEAD + 2);
        let (base, len) = table(&m, m.word(HEAD));
        // SAFETY: the context is alive and of this thread, the index is one of its module (invariants 3 and 5).
        let segment = unsafe { assay_vm::elem_segment(m.vmctx(), m.word(HEAD + 1)) };
        if !fits(destination, count, len) || !fits(source, count, segment.len() as u64) {
            return m.trap(TrapKind::TableOutOfBounds);
        }
        let from = segment.as_ptr().wrapping_add(source as usize);
        copy_units(from, base.wrapping_add(destination as usize), count);
        m.advance(HEAD + 5)
    }
}

/// `[segment]`
struct ElemDrop;

impl Step for ElemDrop {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        // SAFETY: the context is alive and of this thread, the index is one of its module (invariants 3 and 5).
        unsafe { assay_vm::drop_elem(m.vmctx(), m.word(HEAD)) };
        m.advance(HEAD + 1)
    }
}

/// `memory.fill`
pub(crate) fn memory_fill(shared: bool) -> Opcode {
    if shared { Opcode::of::<MemoryFill<true>>() } else { Opcode::of::<MemoryFill<false>>() }
}

/// `memory.copy`
pub(crate) fn memory_copy(shared: bool) -> Opcode {
    if shared { Opcode::of::<MemoryCopy<true>>() } else { Opcode::of::<MemoryCopy<false>>() }
}

/// `memory.init`
pub(crate) fn memory_init(shared: bool) -> Opcode {
    if shared { Opcode::of::<MemoryInit<true>>() } else { Opcode::of::<MemoryInit<false>>() }
}

/// `data.drop`
pub(crate) fn data_drop() -> Opcode {
    Opcode::of::<DataDrop>()
}

/// `table.fill`
pub(crate) fn table_fill() -> Opcode {
    Opcode::of::<TableFill>()
}

/// `table.copy`
pub(crate) fn table_copy() -> Opcode {
    Opcode::of::<TableCopy>()
}

/// `table.init`
pub(crate) fn table_init() -> Opcode {
    Opcode::of::<TableInit>()
}

/// `elem.drop`
pub(crate) fn elem_drop() -> Opcode {
    Opcode::of::<ElemDrop>()
}
