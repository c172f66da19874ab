//! Function references and tables.
//!
//! References are whole cells: a pointer to a function reference or a handle, 0 for null. Table indices of both
//! widths are cells too, narrow ones with the upper half zero.

use super::dispatch::{Flow, Opcode, Pair, Step};
use super::machine::{HEAD, Machine};
use super::operand::{Target, ToAcc, ToSlot};
use assay_model::trap::TrapKind;
use assay_vm::{FuncRef, TableDef};
use std::marker::PhantomData;

/// The definition of the table whose slot stands at `offset` of the context.
#[inline(always)]
fn definition(m: &Machine, offset: u32) -> *mut TableDef {
    let slot = m.field::<*mut TableDef>(offset);
    // SAFETY: table slots hold the address of the definition (invariant 3).
    unsafe { slot.read() }
}

/// First element and number of elements of a table.
#[inline(always)]
pub(super) fn table(m: &Machine, offset: u32) -> (*mut u64, u64) {
    let definition = definition(m, offset);
    // SAFETY: definitions live as long as their store.
    let base = unsafe { (*definition).base };
    // SAFETY: as above.
    let len = unsafe { (*definition).len };
    (base, len)
}

/// The address of an element, unless it is past the end.
#[inline(always)]
fn element(m: &Machine, offset: u32, index: u64) -> Option<*mut u64> {
    let (base, len) = table(m, offset);
    (index < len).then(|| base.wrapping_add(index as usize))
}

/// The element of a table, unless it is past the end.
#[inline(always)]
pub(super) fn read_element(m: &Machine, offset: u32, index: u64) -> Option<u64> {
    let place = element(m, offset, index)?;
    // SAFETY: the index was compared with the length.
    Some(unsafe { place.read() })
}

/// `[destination, table, index]`
struct TableGet<D>(PhantomData<D>);

impl<D: Target> Step for TableGet<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let index = m.slot(m.word(HEAD + 2));
        match read_element(&m, m.word(HEAD + 1), index) {
            Some(value) => {
                D::write(&mut m, value);
                m.advance(HEAD + 3)
            }
            None => m.trap(TrapKind::TableOutOfBounds),
        }
    }
}

/// `[table, index, value]`
struct TableSet;

impl Step for TableSet {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let index = m.slot(m.word(HEAD + 1));
        let value = m.slot(m.word(HEAD + 2));
        match element(&m, m.word(HEAD), index) {
            Some(place) => {
                // SAFETY: the index was compared with the length.
                unsafe { place.write(value) };
                m.advance(HEAD + 3)
            }
            None => m.trap(TrapKind::TableOutOfBounds),
        }
    }
}

/// `[destination, table]`
struct TableSize<D>(PhantomData<D>);

impl<D: Target> Step for TableSize<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let (_, len) = table(&m, m.word(HEAD + 1));
        D::write(&mut m, len);
        m.advance(HEAD + 2)
    }
}

/// `[destination, table index, initial element, delta, whether indices have 64 bits]`
struct TableGrow<D>(PhantomData<D>);

impl<D: Target> Step for TableGrow<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let init = m.slot(m.word(HEAD + 2));
        let delta = m.slot(m.word(HEAD + 3));
        let failure = if m.word(HEAD + 4) != 0 { u64::MAX } else { u64::from(u32::MAX) };
        // SAFETY: the context is alive and of this thread, the index is one of its module (invariants 3 and 5).
        let old = unsafe { assay_vm::table_grow(m.vmctx(), m.word(HEAD + 1), delta, init) };
        D::write(&mut m, old.unwrap_or(failure));
        m.advance(HEAD + 5)
    }
}

/// `[reference]`: traps when it is null
struct RequireNonNull;

impl Step for RequireNonNull {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        if m.slot(m.word(HEAD)) == 0 { m.trap(TrapKind::NullReference) } else { m.advance(HEAD + 1) }
    }
}

/// `[destination, offset]`: the record of a defined function inside the context
struct RefFunc<D>(PhantomData<D>);

impl<D: Target> Step for RefFunc<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let reference = m.field::<FuncRef>(m.word(HEAD + 1)) as usize as u64;
        D::write(&mut m, reference);
        m.advance(HEAD + 2)
    }
}

/// `[destination, offset]`: the pointer to the record of an imported function
struct RefImport<D>(PhantomData<D>);

impl<D: Target> Step for RefImport<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let reference = imported(&m, m.word(HEAD + 1)) as usize as u64;
        D::write(&mut m, reference);
        m.advance(HEAD + 2)
    }
}

/// The function reference whose pointer stands at `offset` of the context.
#[inline(always)]
pub(super) fn imported(m: &Machine, offset: u32) -> *mut FuncRef {
    let pointer = m.field::<*mut FuncRef>(offset);
    // SAFETY: the context holds a pointer to the record there (invariant 3).
    unsafe { pointer.read() }
}

/// `table.get`
pub(crate) fn table_get() -> Pair {
    Pair { to_acc: Opcode::of::<TableGet<ToAcc>>(), to_slot: Opcode::of::<TableGet<ToSlot>>() }
}

/// `table.set`
pub(crate) fn table_set() -> Opcode {
    Opcode::of::<TableSet>()
}

/// `table.size`
pub(crate) fn table_size() -> Pair {
    Pair { to_acc: Opcode::of::<TableSize<ToAcc>>(), to_slot: Opcode::of::<TableSize<ToSlot>>() }
}

/// `table.grow`
pub(crate) fn table_grow() -> Pair {
    Pair { to_acc: Opcode::of::<TableGrow<ToAcc>>(), to_slot: Opcode::of::<TableGrow<ToSlot>>() }
}

/// `ref.func`
pub(crate) fn ref_func(imported: bool) -> Pair {
    if imported {
        Pair { to_acc: Opcode::of::<RefImport<ToAcc>>(), to_slot: Opcode::of::<RefImport<ToSlot>>() }
    } else {
        Pair { to_acc: Opcode::of::<RefFunc<ToAcc>>(), to_slot: Opcode::of::<RefFunc<ToSlot>>() }
    }
}

/// `ref.as_non_null`
pub(crate) fn require_non_null() -> Opcode {
    Opcode::of::<RequireNonNull>()
}
