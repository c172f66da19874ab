//! Moving vectors: copies between slots, constants, `select`, globals.

use super::super::dispatch::{Flow, Opcode, Step};
use super::super::global::cell;
use super::super::machine::{HEAD, Machine};
use super::super::operand::{Acc, Mode, Slot, Source};
use super::{read, write};
use crate::numeric::simd::U64x2;
use std::marker::PhantomData;

/// `[destination, source]`
struct VectorCopy;

impl Step for VectorCopy {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let value: U64x2 = m.vector(m.word(HEAD + 1));
        m.set_vector(m.word(HEAD), value);
        m.advance(HEAD + 2)
    }
}

/// `[destination, four words of the value]`
struct VectorConst;

impl Step for VectorConst {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        m.set_vector(m.word(HEAD), [m.word64(HEAD + 1), m.word64(HEAD + 3)]);
        m.advance(HEAD + 5)
    }
}

/// `[destination, first, second, condition]`
struct VectorSelect<C>(PhantomData<C>);

impl<C: Source> Step for VectorSelect<C> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let condition: u32 = C::read(&m, HEAD + 3);
        let chosen = if condition != 0 { m.word(HEAD + 1) } else { m.word(HEAD + 2) };
        let value: U64x2 = m.vector(chosen);
        m.set_vector(m.word(HEAD), value);
        m.advance(HEAD + 3 + C::words::<u32>())
    }
}

/// `[destination, offset]`
struct VectorGet<const IMPORTED: bool>;

impl<const IMPORTED: bool> Step for VectorGet<IMPORTED> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let value: U64x2 = read(cell::<IMPORTED>(&m, m.word(HEAD + 1)));
        m.set_vector(m.word(HEAD), value);
        m.advance(HEAD + 2)
    }
}

/// `[offset, value]`
struct VectorSet<const IMPORTED: bool>;

impl<const IMPORTED: bool> Step for VectorSet<IMPORTED> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let value: U64x2 = m.vector(m.word(HEAD + 1));
        write(cell::<IMPORTED>(&m, m.word(HEAD)), value);
        m.advance(HEAD + 2)
    }
}

/// Copies a vector.
pub(crate) fn vector_copy() -> Opcode {
    Opcode::of::<VectorCopy>()
}

/// `v128.const`
pub(crate) fn vector_const() -> Opcode {
    Opcode::of::<VectorConst>()
}

/// `select` of vectors. An immediate condition has no instruction.
pub(crate) fn vector_select(condition: Mode) -> Option<Opcode> {
    match condition {
        Mode::Slot => Some(Opcode::of::<VectorSelect<Slot>>()),
        Mode::Acc => Some(Opcode::of::<VectorSelect<Acc>>()),
        Mode::Imm => None,
    }
}

/// `global.get`
pub(crate) fn vector_get(imported: bool) -> Opcode {
    if imported { Opcode::of::<VectorGet<true>>() } else { Opcode::of::<VectorGet<false>>() }
}

/// `global.set`
pub(crate) fn vector_set(imported: bool) -> Opcode {
    if imported { Opcode::of::<VectorSet<true>>() } else { Opcode::of::<VectorSet<false>>() }
}
