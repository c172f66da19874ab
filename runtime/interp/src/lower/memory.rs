//! Loads, stores, size and growth of memories.

use super::function::FuncLowering;
use super::stack::{Kind, Operand};
use crate::exec::memory::{LoadOp, StoreOp, memory_grow, memory_size};
use assay_model::index::MemoryIdx;
use assay_model::types::MemoryType;
use assay_parse::wasmparser::{MemArg, MemArgTarget, Operator};

/// Which bytes an operator works on.
#[derive(Copy, Clone)]
pub(super) struct Access {
    pub(super) memory: u32,
    pub(super) offset: u64,
}

#[inline(always)]
pub(super) fn access(memarg: MemArg) -> Option<Access> {
    match memarg.target {
        MemArgTarget::Memory(memory) => Some(Access { memory, offset: memarg.offset }),
        _ => None,
    }
}

/// Finds the row of an operator by its name.
macro_rules! by_name {
    ($operator:expr, $table:ident: $($name:ident)*) => {
        match *$operator {
            $(Operator::$name { memarg } => access(memarg).map(|access| ($table::$name, access)),)*
            _ => None,
        }
    };
}

#[inline(always)]
fn load_of(operator: &Operator<'_>) -> Option<(LoadOp, Access)> {
    by_name!(operator, LoadOp: I32Load I64Load F32Load F64Load I32Load8S I32Load8U I32Load16S I32Load16U
        I64Load8S I64Load8U I64Load16S I64Load16U I64Load32S I64Load32U)
}

#[inline(always)]
fn store_of(operator: &Operator<'_>) -> Option<(StoreOp, Access)> {
    by_name!(operator, StoreOp: I32Store I64Store F32Store F64Store I32Store8 I32Store16 I64Store8 I64Store16
        I64Store32)
}

#[inline(always)]
fn load_kind(op: LoadOp) -> Kind {
    match op {
        LoadOp::I32Load | LoadOp::I32Load8S | LoadOp::I32Load8U | LoadOp::I32Load16S | LoadOp::I32Load16U => {
            Kind::I32
        }
        LoadOp::F32Load => Kind::F32,
        LoadOp::F64Load => Kind::F64,
        _ => Kind::I64,
    }
}

impl FuncLowering<'_> {
    /// Lowers an operator of this group. False when it is none.
    #[inline(always)]
    pub(super) fn memory_access(&mut self, operator: &Operator<'_>) -> bool {
        if let Some((op, access)) = load_of(operator) {
            self.load(op, access);
        } else if let Some((op, access)) = store_of(operator) {
            self.store(op, access);
        } else {
            match *operator {
                Operator::MemorySize { mem } => self.memory_size(MemoryIdx(mem)),
                Operator::MemoryGrow { mem } => self.memory_grow(MemoryIdx(mem)),
                _ => return false,
            }
        }
        true
    }

    fn memory_type(&self, memory: MemoryIdx) -> MemoryType {
        self.module.memories[memory.index()]
    }

    /// Whether other threads may use a memory at the same time, and grow it.
    pub(super) fn is_shared(&self, memory: u32) -> bool {
        self.memory_type(MemoryIdx(memory)).shared
    }

    /// The slot of a memory in the context, as an operand.
    pub(super) fn memory_place(&self, memory: u32) -> Operand {
        Operand::Narrow(self.layout.memory(MemoryIdx(memory)))
    }

    /// Offset plus width, for accesses that go through the registers of memory 0.
    pub(super) fn end_offset(&self, access: Access, size: u32) -> Option<Operand> {
        let ty = self.memory_type(MemoryIdx(0));
        let registers = access.memory == 0 && !ty.memory64 && !ty.shared;
        let end = access.offset.checked_add(u64::from(size))?;
        u32::try_from(end).ok().filter(|_| registers).map(Operand::Narrow)
    }

    fn load(&mut self, op: LoadOp, access: Access) {
        let entry = self.stack.pop();
        let at = match self.end_offset(access, op.size()) {
            Some(end) => match self.stack.take_sum(entry) {
                Some((base, index)) => {
                    let pair =
                        op.select_sum(base.mode(), index.mode()).expect("sums are in modes that exist");
                    self.stack.produce(pair, load_kind(op), &[end, base, index])
                }
                None => {
                    let address = self.stack.operand(entry);
                    self.stack.produce(op.select(address.mode()), load_kind(op), &[end, address])
                }
            },
            None => {
                let address = Operand::Slot(self.stack.slot_of(entry));
                let words = [self.memory_place(access.memory), Operand::Wide(access.offset), address];
                self.stack.produce(op.select_any(self.is_shared(access.memory)), load_kind(op), &words)
            }
        };
        self.stack.code.position(at, self.offset);
    }

    fn store(&mut self, op: StoreOp, access: Access) {
        let (address, value) = self.pop_two();
        match self.end_offset(access, op.size()) {
            Some(end) => {
                if let Some((base, index)) = self.stack.take_sum(address) {
                    // The sum was written last, so the value is in no accumulator but as a copy.
                    let value = match self.stack.operand(value) {
                        Operand::Acc => Operand::Slot(self.stack.slot_of(value)),
                        operand => operand,
                    };
                    let opcode = op.select_sum(base.mode(), index.mode(), value.mode());
                    let words = [end, base, index, value];
                    self.emit_trapping(opcode.expect("sums are in modes that exist"), &words);
                    return;
                }
                let (address, value) = self.stack.operands(address, value);
                self.emit_trapping(op.select(address.mode(), value.mode()), &[end, address, value]);
            }
            None => {
                let address = Operand::Slot(self.stack.slot_of(address));
                let value = Operand::Slot(self.stack.slot_of(value));
                let place = self.memory_place(access.memory);
                let words = [place, Operand::Wide(access.offset), address, value];
                self.emit_trapping(op.select_any(self.is_shared(access.memory)), &words);
            }
        }
    }

    /// The type of addresses and sizes of a memory.
    fn address_kind(&self, memory: MemoryIdx) -> Kind {
        if self.memory_type(memory).memory64 { Kind::I64 } else { Kind::I32 }
    }

    fn memory_size(&mut self, memory: MemoryIdx) {
        let page = u32::from(self.memory_type(memory).page_size_log2);
        let words = [self.memory_place(memory.0), Operand::Narrow(page)];
        self.stack.produce(memory_size(), self.address_kind(memory), &words);
    }

    fn memory_grow(&mut self, memory: MemoryIdx) {
        let delta = self.pop_slot();
        let wide = u32::from(self.memory_type(memory).memory64);
        let words = [Operand::Narrow(memory.0), delta, Operand::Narrow(wide)];
        self.stack.produce(memory_grow(), self.address_kind(memory), &words);
    }
}
