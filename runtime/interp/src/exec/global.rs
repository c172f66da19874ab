//! Globals: cells inside the instance's context, or behind a pointer there when they are imported.

use super::dispatch::{Flow, Opcode, Pair, Step};
use super::machine::{HEAD, Machine};
use super::operand::{Acc, Cell, Imm, Mode, Slot, Source, Target, ToAcc, ToSlot};
use std::marker::PhantomData;

/// The low half of the cell of a global; `IMPORTED` ones are behind a pointer.
#[inline(always)]
pub(super) fn cell<const IMPORTED: bool>(m: &Machine, offset: u32) -> *mut u64 {
    if IMPORTED {
        let pointer = m.field::<*mut u64>(offset);
        // SAFETY: the context holds a pointer to the cell there (invariant 3).
        unsafe { pointer.read() }
    } else {
        m.field(offset)
    }
}

/// `[destination, offset]`
struct Get<T, D, const IMPORTED: bool>(PhantomData<(T, D)>);

impl<T: Cell, D: Target, const IMPORTED: bool> Step for Get<T, D, IMPORTED> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let cell = cell::<IMPORTED>(&m, m.word(HEAD + 1));
        // SAFETY: cells live as long as their store (invariant 3).
        let value = unsafe { cell.read() };
        D::write(&mut m, T::from_cell(value));
        m.advance(HEAD + 2)
    }
}

/// `[offset, value]`
struct Set<T, S, const IMPORTED: bool>(PhantomData<(T, S)>);

impl<T: Cell, S: Source, const IMPORTED: bool> Step for Set<T, S, IMPORTED> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let cell = cell::<IMPORTED>(&m, m.word(HEAD));
        let value: T = S::read(&m, HEAD + 1);
        // SAFETY: cells live as long as their store (invariant 3).
        unsafe { cell.write(value.to_cell()) };
        m.advance(HEAD + 1 + S::words::<T>())
    }
}

/// `global.get`
pub(crate) fn get<T: Cell + 'static>(imported: bool) -> Pair {
    if imported {
        Pair { to_acc: Opcode::of::<Get<T, ToAcc, true>>(), to_slot: Opcode::of::<Get<T, ToSlot, true>>() }
    } else {
        Pair { to_acc: Opcode::of::<Get<T, ToAcc, false>>(), to_slot: Opcode::of::<Get<T, ToSlot, false>>() }
    }
}

fn set_in<T: Cell + 'static, S: Source + 'static>(imported: bool) -> Opcode {
    if imported { Opcode::of::<Set<T, S, true>>() } else { Opcode::of::<Set<T, S, false>>() }
}

/// `global.set`
pub(crate) fn set<T: Cell + 'static>(imported: bool, value: Mode) -> Opcode {
    match value {
        Mode::Slot => set_in::<T, Slot>(imported),
        Mode::Acc => set_in::<T, Acc>(imported),
        Mode::Imm => set_in::<T, Imm>(imported),
    }
}
