//! Moving values: copies between slots, constants, `select`.
//!
//! Copies and constants leave the accumulators as they are, so that the lowering may place them between any two
//! instructions.

use super::dispatch::{Flow, Opcode, Pair, Step};
use super::machine::{HEAD, Machine};
use super::operand::{Acc, Cell, Imm, Mode, Slot, Source, Target, ToAcc, ToSlot};
use std::marker::PhantomData;

/// `[destination, source]`
struct Copy;

impl Step for Copy {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        m.set_slot(m.word(HEAD), m.slot(m.word(HEAD + 1)));
        m.advance(HEAD + 2)
    }
}

/// `[destination, source, destination, source]`: the second copy sees the first.
struct CopyTwo;

impl Step for CopyTwo {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        m.set_slot(m.word(HEAD), m.slot(m.word(HEAD + 1)));
        m.set_slot(m.word(HEAD + 2), m.slot(m.word(HEAD + 3)));
        m.advance(HEAD + 4)
    }
}

/// `[destination, source, count]`: slots upward from both, the destination not above the source.
struct CopyMany;

impl Step for CopyMany {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let (to, from) = (m.word(HEAD), m.word(HEAD + 1));
        for index in 0..m.word(HEAD + 2) {
            m.set_slot(to + index, m.slot(from + index));
        }
        m.advance(HEAD + 3)
    }
}

/// `[destination, value]`
struct SetNarrow;

impl Step for SetNarrow {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        m.set_slot(m.word(HEAD), u64::from(m.word(HEAD + 1)));
        m.advance(HEAD + 2)
    }
}

/// `[destination, value, value]`
struct SetWide;

impl Step for SetWide {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        m.set_slot(m.word(HEAD), m.word64(HEAD + 1));
        m.advance(HEAD + 3)
    }
}

/// `[destination, condition, first, second]`
struct Select<T, C, A, B, D>(PhantomData<(T, C, A, B, D)>);

impl<T: Cell, C: Source, A: Source, B: Source, D: Target> Step for Select<T, C, A, B, D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let first = HEAD + 1 + C::words::<u32>();
        let second = first + A::words::<T>();
        let a: T = A::read(&m, first);
        let b: T = B::read(&m, second);
        let chosen = if C::read::<u32>(&m, HEAD + 1) != 0 { a } else { b };
        D::write(&mut m, chosen);
        m.advance(second + B::words::<T>())
    }
}

/// Copies a slot.
pub(crate) fn copy() -> Opcode {
    Opcode::of::<Copy>()
}

/// Copies two slots, one after the other.
pub(crate) fn copy_two() -> Opcode {
    Opcode::of::<CopyTwo>()
}

/// Copies slots that follow each other, to lower ones.
pub(crate) fn copy_many() -> Opcode {
    Opcode::of::<CopyMany>()
}

/// Sets a slot to a number of one word.
pub(crate) fn set_narrow() -> Opcode {
    Opcode::of::<SetNarrow>()
}

/// Sets a slot to a number of two words.
pub(crate) fn set_wide() -> Opcode {
    Opcode::of::<SetWide>()
}

fn select_in<T: Cell + 'static, C: Source + 'static, A: Source + 'static, B: Source + 'static>() -> Pair {
    Pair {
        to_acc: Opcode::of::<Select<T, C, A, B, ToAcc>>(),
        to_slot: Opcode::of::<Select<T, C, A, B, ToSlot>>(),
    }
}

fn select_from<T: Cell + 'static, C: Source + 'static>(a: Mode, b: Mode) -> Option<Pair> {
    Some(match (a, b) {
        (Mode::Slot, Mode::Slot) => select_in::<T, C, Slot, Slot>(),
        (Mode::Slot, Mode::Imm) => select_in::<T, C, Slot, Imm>(),
        (Mode::Imm, Mode::Slot) => select_in::<T, C, Imm, Slot>(),
        (Mode::Imm, Mode::Imm) => select_in::<T, C, Imm, Imm>(),
        _ => return None,
    })
}

/// `select` of values of type `T`, which come from slots or the instruction.
pub(crate) fn select<T: Cell + 'static>(condition: Mode, a: Mode, b: Mode) -> Option<Pair> {
    match condition {
        Mode::Slot => select_from::<T, Slot>(a, b),
        Mode::Acc => select_from::<T, Acc>(a, b),
        Mode::Imm => None,
    }
}
