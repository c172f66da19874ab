//! Branches, returns, `unreachable`, and the checks for fuel and interruption.

use super::dispatch::{Flow, Opcode, Step};
use super::machine::{HEAD, Machine};
use super::operand::{Acc, Cell, Imm, Mode, Slot, Source};
use assay_model::trap::TrapKind;
use std::marker::PhantomData;
use std::sync::atomic::Ordering;

/// `[branch]`
struct Branch;

impl Step for Branch {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        m.branch(HEAD)
    }
}

/// `[targets besides the default, index, branch…, default branch]`
struct BranchTable<A>(PhantomData<A>);

impl<A: Source> Step for BranchTable<A> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let index: u32 = A::read(&m, HEAD + 1);
        let chosen = index.min(m.word(HEAD));
        m.branch(HEAD + 1 + A::words::<u32>() + chosen as usize)
    }
}

/// `[]`
struct Unreachable;

impl Step for Unreachable {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        m.trap(TrapKind::Unreachable)
    }
}

/// Goes back to the caller of the frame whose header stands at slot `header`.
#[inline(always)]
pub(super) fn leave(m: Machine, header: u32) -> Flow {
    let ip = m.slot(header) as usize as *const u32;
    let fp = m.slot(header + 1) as usize as *mut u64;
    Flow::Next(Machine { ip, fp, ..m })
}

/// `[header]`: the results are in their slots.
struct Return;

impl Step for Return {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        leave(m, m.word(HEAD))
    }
}

/// `[header, value]`: one result, which goes to the first slot and stays in the accumulator.
struct ReturnOne<T, S>(PhantomData<(T, S)>);

impl<T: Cell, S: Source> Step for ReturnOne<T, S> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let value: T = S::read(&m, HEAD + 1);
        m.set_slot(0, value.to_cell());
        value.to_acc(&mut m);
        leave(m, m.word(HEAD))
    }
}

/// `[amount]`
struct Charge;

impl Step for Charge {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let store = m.store();
        let amount = i64::from(m.word(HEAD));
        // SAFETY: the store outlives the activation (invariant 3).
        let fuel = unsafe { (*store).fuel };
        // SAFETY: as above.
        unsafe { (*store).fuel = fuel.wrapping_sub(amount) };
        m.advance(HEAD + 1)
    }
}

/// `[]`
struct CheckFuel;

impl Step for CheckFuel {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let store = m.store();
        // SAFETY: the store outlives the activation (invariant 3).
        let fuel = unsafe { (*store).fuel };
        if fuel < 0 { m.trap(TrapKind::OutOfFuel) } else { m.advance(HEAD) }
    }
}

/// `[]`
struct CheckEpoch;

impl Step for CheckEpoch {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let store = m.store();
        // SAFETY: the store outlives the activation (invariant 3).
        let deadline = unsafe { (*store).epoch_deadline };
        // SAFETY: as above.
        let epoch = unsafe { (*store).epoch_ptr };
        // SAFETY: the engine's counter outlives its stores.
        let now = unsafe { &*epoch }.load(Ordering::Relaxed);
        if now >= deadline { m.trap(TrapKind::Interrupt) } else { m.advance(HEAD) }
    }
}

/// `br`
pub(crate) fn branch() -> Opcode {
    Opcode::of::<Branch>()
}

/// `br_table`
pub(crate) fn branch_table(index: Mode) -> Opcode {
    match index {
        Mode::Slot => Opcode::of::<BranchTable<Slot>>(),
        Mode::Acc => Opcode::of::<BranchTable<Acc>>(),
        Mode::Imm => Opcode::of::<BranchTable<Imm>>(),
    }
}

/// `unreachable`
pub(crate) fn unreachable() -> Opcode {
    Opcode::of::<Unreachable>()
}

/// Return with all results in their slots.
pub(crate) fn return_() -> Opcode {
    Opcode::of::<Return>()
}

/// Return of one result.
pub(crate) fn return_one<T: Cell + 'static>(value: Mode) -> Opcode {
    match value {
        Mode::Slot => Opcode::of::<ReturnOne<T, Slot>>(),
        Mode::Acc => Opcode::of::<ReturnOne<T, Acc>>(),
        Mode::Imm => Opcode::of::<ReturnOne<T, Imm>>(),
    }
}

/// Takes fuel.
pub(crate) fn charge() -> Opcode {
    Opcode::of::<Charge>()
}

/// Traps when the fuel is used up.
pub(crate) fn check_fuel() -> Opcode {
    Opcode::of::<CheckFuel>()
}

/// Traps when the epoch has reached the deadline.
pub(crate) fn check_epoch() -> Opcode {
    Opcode::of::<CheckEpoch>()
}
