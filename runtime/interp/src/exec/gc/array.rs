//! Arrays: making them, and one element at a time.

use super::super::bulk::fits;
use super::super::dispatch::{Flow, Opcode, Pair, Step};
use super::super::machine::{HEAD, Machine};
use super::super::operand::{Target, ToAcc, ToSlot};
use super::bulk::{copy_bytes, fill, put_elements};
use super::field::{Double, Field, FieldOp, Float, I8S, I8U, I16S, I16U, Single, Word, by_field};
use super::{allocate, length, read, store_cell};
use assay_model::layout::object::header;
use assay_model::trap::TrapKind;
use std::marker::PhantomData;

/// The value of the slot named at `at`, as an `i32`.
#[inline(always)]
pub(super) fn operand(m: &Machine, at: usize) -> u32 {
    m.slot(m.word(at)) as u32
}

/// Where an element stands in its array.
#[inline(always)]
pub(super) fn offset_of(index: u32, size: u32) -> u32 {
    header::SIZE + index * size
}

/// `[destination, type, length, value, size]`
struct ArrayNew<D>(PhantomData<D>);

impl<D: Target> Step for ArrayNew<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let count = operand(&m, HEAD + 2);
        let array = allocate(&m, m.word(HEAD + 1), count);
        if array == 0 {
            return m.trap(TrapKind::AllocationTooLarge);
        }
        fill(m.store(), array, 0, count, m.word(HEAD + 4), m.cell(m.word(HEAD + 3)));
        D::write(&mut m, array);
        m.advance(HEAD + 5)
    }
}

/// `[destination, type, length]`
struct ArrayNewDefault<D>(PhantomData<D>);

impl<D: Target> Step for ArrayNewDefault<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let array = allocate(&m, m.word(HEAD + 1), operand(&m, HEAD + 2));
        if array == 0 {
            return m.trap(TrapKind::AllocationTooLarge);
        }
        D::write(&mut m, array);
        m.advance(HEAD + 3)
    }
}

/// `[destination, type, length, first value, size]`: the values follow each other
struct ArrayNewFixed<D>(PhantomData<D>);

impl<D: Target> Step for ArrayNewFixed<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let (count, size) = (m.word(HEAD + 2), m.word(HEAD + 4));
        let array = allocate(&m, m.word(HEAD + 1), count);
        if array == 0 {
            return m.trap(TrapKind::AllocationTooLarge);
        }
        let mut slot = m.word(HEAD + 3);
        for index in 0..count {
            store_cell(m.store(), array, offset_of(index, size), size, m.cell(slot));
            slot += size.div_ceil(8);
        }
        D::write(&mut m, array);
        m.advance(HEAD + 5)
    }
}

/// `[destination, type, segment, offset, length, size]`
struct ArrayNewData<D>(PhantomData<D>);

impl<D: Target> Step for ArrayNewData<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let (source, count) = (operand(&m, HEAD + 3), operand(&m, HEAD + 4));
        let bytes = u64::from(count) * u64::from(m.word(HEAD + 5));
        // SAFETY: the context is alive and of this thread, the index is one of its module (invariants 3 and 5).
        let segment = unsafe { assay_vm::data_segment(m.vmctx(), m.word(HEAD + 2)) };
        if !fits(source.into(), bytes, segment.len() as u64) {
            return m.trap(TrapKind::MemoryOutOfBounds);
        }
        let array = allocate(&m, m.word(HEAD + 1), count);
        if array == 0 {
            return m.trap(TrapKind::AllocationTooLarge);
        }
        copy_bytes(m.store(), array, header::SIZE, segment.as_ptr().wrapping_add(source as usize), bytes);
        D::write(&mut m, array);
        m.advance(HEAD + 6)
    }
}

/// `[destination, type, segment, offset, length, size]`
struct ArrayNewElem<D>(PhantomData<D>);

impl<D: Target> Step for ArrayNewElem<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let (source, count) = (operand(&m, HEAD + 3), operand(&m, HEAD + 4));
        // SAFETY: the context is alive and of this thread, the index is one of its module (invariants 3 and 5).
        let available = unsafe { assay_vm::elem_segment(m.vmctx(), m.word(HEAD + 2)) }.len();
        if !fits(source.into(), count.into(), available as u64) {
            return m.trap(TrapKind::TableOutOfBounds);
        }
        let array = allocate(&m, m.word(HEAD + 1), count);
        if array == 0 {
            return m.trap(TrapKind::AllocationTooLarge);
        }
        // SAFETY: as above. What the segment refers to may have moved.
        let segment = unsafe { assay_vm::elem_segment(m.vmctx(), m.word(HEAD + 2)) };
        let elements = &segment[source as usize..source as usize + count as usize];
        put_elements(m.store(), array, 0, m.word(HEAD + 5), elements);
        D::write(&mut m, array);
        m.advance(HEAD + 6)
    }
}

/// An array that is not null, and where the element stands whose index is in bounds; array and index stand at `at`.
#[inline(always)]
fn element(m: &Machine, at: usize, size: u32) -> Result<(u32, u32), TrapKind> {
    let (array, index) = (operand(m, at), operand(m, at + 1));
    if array == 0 {
        return Err(TrapKind::NullArrayReference);
    }
    if index >= length(m.store(), array) {
        return Err(TrapKind::ArrayOutOfBounds);
    }
    Ok((array, offset_of(index, size)))
}

/// `[destination, array, index]`
struct ArrayGet<F, D>(PhantomData<(F, D)>);

impl<F: Field, D: Target> Step for ArrayGet<F, D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        match element(&m, HEAD + 1, size_of::<F::Kept>() as u32) {
            Ok((array, offset)) => {
                let value = F::value(read(m.store(), array, offset));
                D::write(&mut m, value);
                m.advance(HEAD + 3)
            }
            Err(kind) => m.trap(kind),
        }
    }
}

/// `[destination, array, index]`
struct ArrayGetVector;

impl Step for ArrayGetVector {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        match element(&m, HEAD + 1, 16) {
            Ok((array, offset)) => {
                let [low, high]: [u64; 2] = read(m.store(), array, offset);
                m.set_slot(m.word(HEAD), low);
                m.set_slot(m.word(HEAD) + 1, high);
                m.advance(HEAD + 3)
            }
            Err(kind) => m.trap(kind),
        }
    }
}

/// `[array, index, value]`, for elements of `SIZE` bytes
struct ArraySet<const SIZE: u32>;

impl<const SIZE: u32> Step for ArraySet<SIZE> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        match element(&m, HEAD, SIZE) {
            Ok((array, offset)) => {
                store_cell(m.store(), array, offset, SIZE, m.cell(m.word(HEAD + 2)));
                m.advance(HEAD + 3)
            }
            Err(kind) => m.trap(kind),
        }
    }
}

/// `[destination, array]`
struct ArrayLen<D>(PhantomData<D>);

impl<D: Target> Step for ArrayLen<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let array = operand(&m, HEAD + 1);
        if array == 0 {
            return m.trap(TrapKind::NullArrayReference);
        }
        let count = length(m.store(), array);
        D::write(&mut m, count);
        m.advance(HEAD + 2)
    }
}

/// Both forms of an instruction that is generic over its target only.
macro_rules! pairs {
    ($($(#[$doc:meta])* $name:ident => $step:ident;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name() -> Pair {
            Pair { to_acc: Opcode::of::<$step<ToAcc>>(), to_slot: Opcode::of::<$step<ToSlot>>() }
        }
    )*};
}

pairs! {
    /// `array.new`
    array_new => ArrayNew;
    /// `array.new_default`
    array_new_default => ArrayNewDefault;
    /// `array.new_fixed`
    array_new_fixed => ArrayNewFixed;
    /// `array.new_data`
    array_new_data => ArrayNewData;
    /// `array.new_elem`
    array_new_elem => ArrayNewElem;
    /// `array.len`
    array_len => ArrayLen;
}

fn get_of<F: Field + 'static>() -> Pair {
    Pair { to_acc: Opcode::of::<ArrayGet<F, ToAcc>>(), to_slot: Opcode::of::<ArrayGet<F, ToSlot>>() }
}

/// `array.get`, for all but vectors
pub(crate) fn array_get(op: FieldOp) -> Option<Pair> {
    by_field!(op, get_of)
}

/// `array.get` of a vector
pub(crate) fn array_get_vector() -> Opcode {
    Opcode::of::<ArrayGetVector>()
}

/// `array.set` of an element of so many bytes
pub(crate) fn array_set(size: u32) -> Opcode {
    match size {
        1 => Opcode::of::<ArraySet<1>>(),
        2 => Opcode::of::<ArraySet<2>>(),
        4 => Opcode::of::<ArraySet<4>>(),
        8 => Opcode::of::<ArraySet<8>>(),
        _ => Opcode::of::<ArraySet<16>>(),
    }
}
