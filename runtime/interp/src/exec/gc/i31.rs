//! Integers of 31 bits as references.

use super::super::dispatch::{Flow, Opcode, Pair, Step};
use super::super::machine::{HEAD, Machine};
use super::super::operand::{Target, ToAcc, ToSlot};
use assay_model::layout::object::reference;
use assay_model::trap::TrapKind;
use std::marker::PhantomData;

/// `[destination, integer]`
struct RefI31<D>(PhantomData<D>);

impl<D: Target> Step for RefI31<D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let integer = m.slot(m.word(HEAD + 1)) as u32;
        D::write(&mut m, integer << reference::I31_SHIFT | reference::I31);
        m.advance(HEAD + 2)
    }
}

/// `[destination, reference]`
struct I31Get<D, const SIGNED: bool>(PhantomData<D>);

impl<D: Target, const SIGNED: bool> Step for I31Get<D, SIGNED> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let bits = m.slot(m.word(HEAD + 1)) as u32;
        if bits == 0 {
            return m.trap(TrapKind::NullI31Reference);
        }
        let integer =
            if SIGNED { (bits as i32 >> reference::I31_SHIFT) as u32 } else { bits >> reference::I31_SHIFT };
        D::write(&mut m, integer);
        m.advance(HEAD + 2)
    }
}

/// `ref.i31`
pub(crate) fn ref_i31() -> Pair {
    Pair { to_acc: Opcode::of::<RefI31<ToAcc>>(), to_slot: Opcode::of::<RefI31<ToSlot>>() }
}

fn get<const SIGNED: bool>() -> Pair {
    Pair { to_acc: Opcode::of::<I31Get<ToAcc, SIGNED>>(), to_slot: Opcode::of::<I31Get<ToSlot, SIGNED>>() }
}

/// `i31.get_s` and `i31.get_u`
pub(crate) fn i31_get(signed: bool) -> Pair {
    if signed { get::<true>() } else { get::<false>() }
}
