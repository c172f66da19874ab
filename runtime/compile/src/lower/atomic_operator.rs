//! The table of atomic operators: one arm for each width, whatever the type of the operands.

use super::Lowering;
use crate::error::Result;
use assay_model::builtins::Builtin;
use cranelift_codegen::ir::AtomicRmwOp as Rmw;
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use wasmparser::Operator as Op;

impl Lowering<'_> {
    /// Translates an atomic operator that can be reached; all others are somebody else's.
    pub(super) fn atomic_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::AtomicFence { .. } => self.atomic_fence(),
            Op::MemoryAtomicNotify { ref memarg } => self.atomic_notify(memarg)?,
            Op::MemoryAtomicWait32 { ref memarg } => self.atomic_wait(memarg, Builtin::MemoryAtomicWait32)?,
            Op::MemoryAtomicWait64 { ref memarg } => self.atomic_wait(memarg, Builtin::MemoryAtomicWait64)?,

            Op::I32AtomicLoad8U { ref memarg } => self.atomic_load(memarg, I32, I8)?,
            Op::I32AtomicLoad16U { ref memarg } => self.atomic_load(memarg, I32, I16)?,
            Op::I32AtomicLoad { ref memarg } => self.atomic_load(memarg, I32, I32)?,
            Op::I64AtomicLoad8U { ref memarg } => self.atomic_load(memarg, I64, I8)?,
            Op::I64AtomicLoad16U { ref memarg } => self.atomic_load(memarg, I64, I16)?,
            Op::I64AtomicLoad32U { ref memarg } => self.atomic_load(memarg, I64, I32)?,
            Op::I64AtomicLoad { ref memarg } => self.atomic_load(memarg, I64, I64)?,
            Op::I32AtomicStore8 { ref memarg } | Op::I64AtomicStore8 { ref memarg } => {
                self.atomic_store(memarg, I8)?;
            }
            Op::I32AtomicStore16 { ref memarg } | Op::I64AtomicStore16 { ref memarg } => {
                self.atomic_store(memarg, I16)?;
            }
            Op::I32AtomicStore { ref memarg } | Op::I64AtomicStore32 { ref memarg } => {
                self.atomic_store(memarg, I32)?;
            }
            Op::I64AtomicStore { ref memarg } => self.atomic_store(memarg, I64)?,

            ref other => self.atomic_rmw_operator(other)?,
        }
        Ok(())
    }

    fn atomic_rmw_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::I32AtomicRmw8AddU { ref memarg } | Op::I64AtomicRmw8AddU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::Add, I8)?;
            }
            Op::I32AtomicRmw16AddU { ref memarg } | Op::I64AtomicRmw16AddU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::Add, I16)?;
            }
            Op::I32AtomicRmwAdd { ref memarg } | Op::I64AtomicRmw32AddU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::Add, I32)?;
            }
            Op::I64AtomicRmwAdd { ref memarg } => self.atomic_rmw(memarg, Rmw::Add, I64)?,
            Op::I32AtomicRmw8SubU { ref memarg } | Op::I64AtomicRmw8SubU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::Sub, I8)?;
            }
            Op::I32AtomicRmw16SubU { ref memarg } | Op::I64AtomicRmw16SubU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::Sub, I16)?;
            }
            Op::I32AtomicRmwSub { ref memarg } | Op::I64AtomicRmw32SubU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::Sub, I32)?;
            }
            Op::I64AtomicRmwSub { ref memarg } => self.atomic_rmw(memarg, Rmw::Sub, I64)?,
            Op::I32AtomicRmw8AndU { ref memarg } | Op::I64AtomicRmw8AndU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::And, I8)?;
            }
            Op::I32AtomicRmw16AndU { ref memarg } | Op::I64AtomicRmw16AndU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::And, I16)?;
            }
            Op::I32AtomicRmwAnd { ref memarg } | Op::I64AtomicRmw32AndU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::And, I32)?;
            }
            Op::I64AtomicRmwAnd { ref memarg } => self.atomic_rmw(memarg, Rmw::And, I64)?,
            Op::I32AtomicRmw8OrU { ref memarg } | Op::I64AtomicRmw8OrU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::Or, I8)?;
            }
            Op::I32AtomicRmw16OrU { ref memarg } | Op::I64AtomicRmw16OrU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::Or, I16)?;
            }
            Op::I32AtomicRmwOr { ref memarg } | Op::I64AtomicRmw32OrU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::Or, I32)?;
            }
            Op::I64AtomicRmwOr { ref memarg } => self.atomic_rmw(memarg, Rmw::Or, I64)?,
            Op::I32AtomicRmw8XorU { ref memarg } | Op::I64AtomicRmw8XorU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::Xor, I8)?;
            }
            Op::I32AtomicRmw16XorU { ref memarg } | Op::I64AtomicRmw16XorU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::Xor, I16)?;
            }
            Op::I32AtomicRmwXor { ref memarg } | Op::I64AtomicRmw32XorU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::Xor, I32)?;
            }
            Op::I64AtomicRmwXor { ref memarg } => self.atomic_rmw(memarg, Rmw::Xor, I64)?,
            Op::I32AtomicRmw8XchgU { ref memarg } | Op::I64AtomicRmw8XchgU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::Xchg, I8)?;
            }
            Op::I32AtomicRmw16XchgU { ref memarg } | Op::I64AtomicRmw16XchgU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::Xchg, I16)?;
            }
            Op::I32AtomicRmwXchg { ref memarg } | Op::I64AtomicRmw32XchgU { ref memarg } => {
                self.atomic_rmw(memarg, Rmw::Xchg, I32)?;
            }
            Op::I64AtomicRmwXchg { ref memarg } => self.atomic_rmw(memarg, Rmw::Xchg, I64)?,
            Op::I32AtomicRmw8CmpxchgU { ref memarg } | Op::I64AtomicRmw8CmpxchgU { ref memarg } => {
                self.atomic_cmpxchg(memarg, I8)?;
            }
            Op::I32AtomicRmw16CmpxchgU { ref memarg } | Op::I64AtomicRmw16CmpxchgU { ref memarg } => {
                self.atomic_cmpxchg(memarg, I16)?;
            }
            Op::I32AtomicRmwCmpxchg { ref memarg } | Op::I64AtomicRmw32CmpxchgU { ref memarg } => {
                self.atomic_cmpxchg(memarg, I32)?;
            }
            Op::I64AtomicRmwCmpxchg { ref memarg } => self.atomic_cmpxchg(memarg, I64)?,

            ref other => return self.refuse(other),
        }
        Ok(())
    }
}
