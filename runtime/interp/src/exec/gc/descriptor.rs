//! Structures with descriptors ([Custom descriptors][spec]): what names another structure, and is told by it.
//!
//! The reference to the descriptor stands in the second half of the header. Arrays have their length there, and structures
//! of types without a descriptor nothing, which no descriptor is.
//!
//! [spec]: https://github.com/WebAssembly/custom-descriptors/blob/main/proposals/custom-descriptors/Overview.md

use super::super::dispatch::{Flow, Opcode, Pair, Step};
use super::super::machine::{HEAD, Machine};
use super::super::operand::{Target, ToAcc, ToSlot};
use super::cast::is_array;
use super::structure::fill;
use super::{allocate, object_type, read, write};
use assay_model::layout::object::{header, reference};
use assay_model::trap::TrapKind;
use std::marker::PhantomData;

/// `[destination, type, descriptor, first value, fields, field…]`
struct StructNewDesc<D>(PhantomData<D>);

impl<D: Target> Step for StructNewDesc<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let descriptor = m.word(HEAD + 2);
        if m.slot(descriptor) as u32 == reference::NULL {
            return m.trap(TrapKind::NullDescriptorReference);
        }
        let object = allocate(&m, m.word(HEAD + 1), 0);
        if object == 0 {
            return m.trap(TrapKind::AllocationTooLarge);
        }
        // The descriptor may have moved.
        write(m.store(), object, header::DESCRIPTOR, m.slot(descriptor) as u32);
        let words = fill(&m, object, HEAD + 3);
        D::write(&mut m, object);
        m.advance(words)
    }
}

/// `[destination, reference]`
struct RefGetDesc<D>(PhantomData<D>);

impl<D: Target> Step for RefGetDesc<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let object = m.slot(m.word(HEAD + 1)) as u32;
        if object == reference::NULL {
            return m.trap(TrapKind::NullReference);
        }
        let descriptor: u32 = read(m.store(), object, header::DESCRIPTOR);
        D::write(&mut m, descriptor);
        m.advance(HEAD + 2)
    }
}

/// Whether a reference is null and may be, or to a structure with this descriptor.
#[inline(always)]
fn is_described<const NULLABLE: bool>(m: &Machine, cell: u64, descriptor: u32) -> bool {
    let object = cell as u32;
    if object == reference::NULL {
        return NULLABLE;
    }
    reference::is_object(object)
        && read::<u32>(m.store(), object, header::DESCRIPTOR) == descriptor
        && !is_array(m.store(), object_type(m.store(), object))
}

/// `[destination, reference, descriptor]`
struct RefTestDesc<D, const NULLABLE: bool>(PhantomData<D>);

impl<D: Target, const NULLABLE: bool> Step for RefTestDesc<D, NULLABLE> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let descriptor = m.slot(m.word(HEAD + 2)) as u32;
        if descriptor == reference::NULL {
            return m.trap(TrapKind::NullDescriptorReference);
        }
        let holds = is_described::<NULLABLE>(&m, m.slot(m.word(HEAD + 1)), descriptor);
        D::write(&mut m, holds);
        m.advance(HEAD + 3)
    }
}

/// `[reference, descriptor]`
struct RefCastDesc<const NULLABLE: bool>;

impl<const NULLABLE: bool> Step for RefCastDesc<NULLABLE> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let descriptor = m.slot(m.word(HEAD + 1)) as u32;
        if descriptor == reference::NULL {
            return m.trap(TrapKind::NullDescriptorReference);
        }
        if is_described::<NULLABLE>(&m, m.slot(m.word(HEAD)), descriptor) {
            m.advance(HEAD + 2)
        } else {
            m.trap(TrapKind::DescriptorCastFailure)
        }
    }
}

/// `struct.new_desc`
pub(crate) fn struct_new_desc() -> Pair {
    Pair { to_acc: Opcode::of::<StructNewDesc<ToAcc>>(), to_slot: Opcode::of::<StructNewDesc<ToSlot>>() }
}

/// `ref.get_desc`
pub(crate) fn ref_get_desc() -> Pair {
    Pair { to_acc: Opcode::of::<RefGetDesc<ToAcc>>(), to_slot: Opcode::of::<RefGetDesc<ToSlot>>() }
}

/// What `br_on_cast_desc_eq` branches on
pub(crate) fn ref_test_desc(nullable: bool) -> Pair {
    if nullable {
        Pair {
            to_acc: Opcode::of::<RefTestDesc<ToAcc, true>>(),
            to_slot: Opcode::of::<RefTestDesc<ToSlot, true>>(),
        }
    } else {
        Pair {
            to_acc: Opcode::of::<RefTestDesc<ToAcc, false>>(),
            to_slot: Opcode::of::<RefTestDesc<ToSlot, false>>(),
        }
    }
}

/// `ref.cast_desc_eq`
pub(crate) fn ref_cast_desc(nullable: bool) -> Opcode {
    if nullable { Opcode::of::<RefCastDesc<true>>() } else { Opcode::of::<RefCastDesc<false>>() }
}
