//! Structures.

use super::super::dispatch::{Flow, Opcode, Pair, Step};
use super::super::machine::{HEAD, Machine};
use super::super::operand::{Target, ToAcc, ToSlot};
use super::field::{Double, Field, FieldOp, Float, I8S, I8U, I16S, I16U, Single, Word, by_field};
use super::{allocate, read, store_cell};
use assay_model::layout::object::FieldSlot;
use assay_model::trap::TrapKind;
use std::marker::PhantomData;

/// Bits of a word for a field that tell its size, as a power of two.
const SIZE_BITS: u32 = 3;

/// A field as one word: its distance from the object and its size.
pub(crate) fn packed_field(field: FieldSlot) -> u32 {
    field.offset << SIZE_BITS | field.slot.size().trailing_zeros()
}

/// `[destination, type, first value, fields, field…]`
struct StructNew<D>(PhantomData<D>);

impl<D: Target> Step for StructNew<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let object = allocate(&m, m.word(HEAD + 1), 0);
        if object == 0 {
            return m.trap(TrapKind::AllocationTooLarge);
        }
        let words = fill(&m, object, HEAD + 2);
        D::write(&mut m, object);
        m.advance(words)
    }
}

/// Fills the fields of a new structure, as the words from `at` on say: `[first value, fields, field…]`. The words up to
/// their end.
#[inline(always)]
pub(super) fn fill(m: &Machine, object: u32, at: usize) -> usize {
    let (mut slot, count) = (m.word(at), m.word(at + 1) as usize);
    for field in (at + 2..).take(count) {
        let field = m.word(field);
        let size = 1 << (field & ((1 << SIZE_BITS) - 1));
        store_cell(m.store(), object, field >> SIZE_BITS, size, m.cell(slot));
        slot += size.div_ceil(8);
    }
    at + 2 + count
}

/// `[destination, type]`
struct StructNewDefault<D>(PhantomData<D>);

impl<D: Target> Step for StructNewDefault<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let object = allocate(&m, m.word(HEAD + 1), 0);
        if object == 0 {
            return m.trap(TrapKind::AllocationTooLarge);
        }
        D::write(&mut m, object);
        m.advance(HEAD + 2)
    }
}

/// `[destination, offset, reference]`
struct StructGet<F, D>(PhantomData<(F, D)>);

impl<F: Field, D: Target> Step for StructGet<F, D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let object = m.slot(m.word(HEAD + 2)) as u32;
        if object == 0 {
            return m.trap(TrapKind::NullStructureReference);
        }
        let value = F::value(read(m.store(), object, m.word(HEAD + 1)));
        D::write(&mut m, value);
        m.advance(HEAD + 3)
    }
}

/// `[destination, offset, reference]`
struct StructGetVector;

impl Step for StructGetVector {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let object = m.slot(m.word(HEAD + 2)) as u32;
        if object == 0 {
            return m.trap(TrapKind::NullStructureReference);
        }
        let [low, high]: [u64; 2] = read(m.store(), object, m.word(HEAD + 1));
        let destination = m.word(HEAD);
        m.set_slot(destination, low);
        m.set_slot(destination + 1, high);
        m.advance(HEAD + 3)
    }
}

/// `[offset, reference, value]`, for fields of `SIZE` bytes
struct StructSet<const SIZE: u32>;

impl<const SIZE: u32> Step for StructSet<SIZE> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let object = m.slot(m.word(HEAD + 1)) as u32;
        if object == 0 {
            return m.trap(TrapKind::NullStructureReference);
        }
        store_cell(m.store(), object, m.word(HEAD), SIZE, m.cell(m.word(HEAD + 2)));
        m.advance(HEAD + 3)
    }
}

/// `struct.new`
pub(crate) fn struct_new() -> Pair {
    Pair { to_acc: Opcode::of::<StructNew<ToAcc>>(), to_slot: Opcode::of::<StructNew<ToSlot>>() }
}

/// `struct.new_default`
pub(crate) fn struct_new_default() -> Pair {
    Pair {
        to_acc: Opcode::of::<StructNewDefault<ToAcc>>(),
        to_slot: Opcode::of::<StructNewDefault<ToSlot>>(),
    }
}

fn get_of<F: Field + 'static>() -> Pair {
    Pair { to_acc: Opcode::of::<StructGet<F, ToAcc>>(), to_slot: Opcode::of::<StructGet<F, ToSlot>>() }
}

/// `struct.get`, for all but vectors
pub(crate) fn struct_get(op: FieldOp) -> Option<Pair> {
    by_field!(op, get_of)
}

/// `struct.get` of a vector
pub(crate) fn struct_get_vector() -> Opcode {
    Opcode::of::<StructGetVector>()
}

/// `struct.set` of a field of so many bytes
pub(crate) fn struct_set(size: u32) -> Opcode {
    match size {
        1 => Opcode::of::<StructSet<1>>(),
        2 => Opcode::of::<StructSet<2>>(),
        4 => Opcode::of::<StructSet<4>>(),
        8 => Opcode::of::<StructSet<8>>(),
        _ => Opcode::of::<StructSet<16>>(),
    }
}
