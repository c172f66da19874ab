//! Atomic operators: addresses and operands in slots, for any memory.

use super::function::FuncLowering;
use super::memory::{Access, access};
use super::stack::{Kind, Operand};
use crate::exec::Pair;
use crate::exec::atomic::{self, ChangeOp, Width};
use assay_parse::wasmparser::{MemArg, Operator};

/// The widths that the operators of a family have, in the order of their opcodes, with the type of the value.
macro_rules! family {
    ($memarg:ident, $found:expr, $($full32:ident $full64:ident $byte32:ident $half32:ident $byte64:ident $half64:ident
        $word64:ident => $op:expr;)*) => {
        match $found {
            $(Operator::$full32 { $memarg } => Some(($op, Width::Word, Kind::I32, $memarg)),
            Operator::$full64 { $memarg } => Some(($op, Width::Double, Kind::I64, $memarg)),
            Operator::$byte32 { $memarg } => Some(($op, Width::Byte, Kind::I32, $memarg)),
            Operator::$half32 { $memarg } => Some(($op, Width::Half, Kind::I32, $memarg)),
            Operator::$byte64 { $memarg } => Some(($op, Width::Byte, Kind::I64, $memarg)),
            Operator::$half64 { $memarg } => Some(($op, Width::Half, Kind::I64, $memarg)),
            Operator::$word64 { $memarg } => Some(($op, Width::Word, Kind::I64, $memarg)),)*
            _ => None,
        }
    };
}

/// What an operator does besides looking at the address.
#[derive(Copy, Clone)]
enum Action {
    Load,
    Store,
    Change(ChangeOp),
    CompareExchange,
}

fn action_of(operator: &Operator<'_>) -> Option<(Action, Width, Kind, MemArg)> {
    family!(memarg, *operator,
        I32AtomicLoad I64AtomicLoad I32AtomicLoad8U I32AtomicLoad16U I64AtomicLoad8U I64AtomicLoad16U
            I64AtomicLoad32U => Action::Load;
        I32AtomicStore I64AtomicStore I32AtomicStore8 I32AtomicStore16 I64AtomicStore8 I64AtomicStore16
            I64AtomicStore32 => Action::Store;
        I32AtomicRmwAdd I64AtomicRmwAdd I32AtomicRmw8AddU I32AtomicRmw16AddU I64AtomicRmw8AddU I64AtomicRmw16AddU
            I64AtomicRmw32AddU => Action::Change(ChangeOp::Add);
        I32AtomicRmwSub I64AtomicRmwSub I32AtomicRmw8SubU I32AtomicRmw16SubU I64AtomicRmw8SubU I64AtomicRmw16SubU
            I64AtomicRmw32SubU => Action::Change(ChangeOp::Sub);
        I32AtomicRmwAnd I64AtomicRmwAnd I32AtomicRmw8AndU I32AtomicRmw16AndU I64AtomicRmw8AndU I64AtomicRmw16AndU
            I64AtomicRmw32AndU => Action::Change(ChangeOp::And);
        I32AtomicRmwOr I64AtomicRmwOr I32AtomicRmw8OrU I32AtomicRmw16OrU I64AtomicRmw8OrU I64AtomicRmw16OrU
            I64AtomicRmw32OrU => Action::Change(ChangeOp::Or);
        I32AtomicRmwXor I64AtomicRmwXor I32AtomicRmw8XorU I32AtomicRmw16XorU I64AtomicRmw8XorU I64AtomicRmw16XorU
            I64AtomicRmw32XorU => Action::Change(ChangeOp::Xor);
        I32AtomicRmwXchg I64AtomicRmwXchg I32AtomicRmw8XchgU I32AtomicRmw16XchgU I64AtomicRmw8XchgU
            I64AtomicRmw16XchgU I64AtomicRmw32XchgU => Action::Change(ChangeOp::Exchange);
        I32AtomicRmwCmpxchg I64AtomicRmwCmpxchg I32AtomicRmw8CmpxchgU I32AtomicRmw16CmpxchgU I64AtomicRmw8CmpxchgU
            I64AtomicRmw16CmpxchgU I64AtomicRmw32CmpxchgU => Action::CompareExchange;
    )
}

impl FuncLowering<'_> {
    /// Lowers an operator of this group. False when it is none.
    pub(super) fn atomic(&mut self, operator: &Operator<'_>) -> bool {
        if let Some((action, width, kind, memarg)) = action_of(operator) {
            return access(memarg).map(|access| self.atomic_access(action, width, kind, access)).is_some();
        }
        match *operator {
            Operator::MemoryAtomicNotify { memarg } => self.notify(memarg).is_some(),
            Operator::MemoryAtomicWait32 { memarg } => self.wait(atomic::wait32(), memarg).is_some(),
            Operator::MemoryAtomicWait64 { memarg } => self.wait(atomic::wait64(), memarg).is_some(),
            Operator::AtomicFence { .. } => {
                self.emit(atomic::atomic_fence(), &[]);
                true
            }
            _ => false,
        }
    }

    fn atomic_access(&mut self, action: Action, width: Width, kind: Kind, access: Access) {
        match action {
            Action::Load => self.atomic_value(atomic::load(width), kind, access, 0, &[]),
            Action::Change(op) => self.atomic_value(op.select(width), kind, access, 1, &[]),
            Action::CompareExchange => {
                self.atomic_value(atomic::compare_exchange(width), kind, access, 2, &[]);
            }
            Action::Store => {
                let words = self.atomic_words(access, 1, &[]);
                self.emit_trapping(atomic::store(width), &words);
            }
        }
    }

    fn notify(&mut self, memarg: MemArg) -> Option<()> {
        let access = access(memarg)?;
        self.atomic_value(atomic::notify(), Kind::I32, access, 1, &[access.memory]);
        Some(())
    }

    fn wait(&mut self, pair: Pair, memarg: MemArg) -> Option<()> {
        let access = access(memarg)?;
        let more = [access.memory, u32::from(self.is_shared(access.memory))];
        self.atomic_value(pair, Kind::I32, access, 2, &more);
        Some(())
    }

    /// An operator with a result, `operands` operands besides the address, and the words `more`.
    fn atomic_value(&mut self, pair: Pair, kind: Kind, access: Access, operands: usize, more: &[u32]) {
        let words = self.atomic_words(access, operands, more);
        let at = self.stack.produce(pair, kind, &words);
        self.stack.code.position(at, self.offset);
    }

    fn atomic_words(&mut self, access: Access, operands: usize, more: &[u32]) -> Vec<Operand> {
        let mut slots: Vec<Operand> = (0..=operands).map(|_| self.pop_slot()).collect();
        slots.reverse();
        let place = [self.memory_place(access.memory), Operand::Wide(access.offset)];
        place.into_iter().chain(slots).chain(more.iter().map(|&word| Operand::Narrow(word))).collect()
    }
}
