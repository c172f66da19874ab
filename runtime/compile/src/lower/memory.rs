//! Loads, stores, size and growth ([Memory instructions](https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions)).

use super::Lowering;
use super::environment::Cached;
use super::trap::trap_code;
use crate::error::Result;
use crate::plan::{Check, MemoryPlan, Region};
use assay_model::builtins::Builtin;
use assay_model::fault::{Fault, planted};
use assay_model::features::Feature;
use assay_model::index::MemoryIdx;
use assay_model::trap::TrapKind;
use assay_parse::ParseError;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::immediates::Offset32;
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{Endianness, InstBuilder, MemFlagsData, Type, Value};
use wasmparser::{MemArg, MemArgTarget};

/// How a narrow load is widened.
#[derive(Copy, Clone)]
pub(super) enum Extend {
    Signed,
    Unsigned,
}

/// Where an access goes: address, constant offset, flags.
pub(super) type Place = (Value, Offset32, MemFlagsData);

pub(super) fn memory_of(arg: &MemArg) -> Result<MemoryIdx> {
    match arg.target {
        MemArgTarget::Memory(memory) => Ok(MemoryIdx(memory)),
        MemArgTarget::Array(_) => Err(ParseError::Unsupported { feature: Feature::Gc }.into()),
    }
}

impl Lowering<'_> {
    /// An index or length of a memory, as 64 bits.
    pub(super) fn memory_index(&mut self, memory: MemoryIdx, index: Value) -> Value {
        if self.plan.memory(memory).index64 { index } else { self.builder.ins().uextend(I64, index) }
    }

    /// A 64-bit number of pages in the memory's own index type.
    fn memory_narrow(&mut self, memory: MemoryIdx, pages: Value) -> Value {
        if self.plan.memory(memory).index64 { pages } else { self.builder.ins().ireduce(I32, pages) }
    }

    /// Where an access goes. Traps when it is out of bounds. `None` when it always is; then the rest is unreachable.
    pub(super) fn address(&mut self, arg: &MemArg, index: Value, size: u32) -> Result<Option<Place>> {
        let memory = memory_of(arg)?;
        let plan: &MemoryPlan = self.plan.memory(memory);
        let constant = self.constant(index);
        let checked = if planted(Fault::BoundsIgnoreWidth) { 1 } else { size };
        let check = plan.check(arg.offset, checked, constant);
        let index = match constant {
            Some(constant) => self.builder.ins().iconst(I64, constant.cast_signed()),
            None => match self.wrong_index(memory, index) {
                Some(wrong) => wrong,
                None => self.memory_index(memory, index),
            },
        };
        self.check_bounds(memory, index, check);
        if check == Check::AlwaysOut {
            return Ok(None);
        }
        let base = self.cached(Cached::MemoryBase(memory));
        let address = self.builder.ins().iadd(base, index);
        let region = self.alias_region(plan.region);
        let code = self.signals().then_some(trap_code(TrapKind::MemoryOutOfBounds));
        let flags = MemFlagsData::new()
            .with_endianness(Endianness::Little)
            .with_trap_code(code)
            .with_alias_region(Some(region));
        match i32::try_from(arg.offset) {
            Ok(offset) => Ok(Some((address, offset.into(), flags))),
            Err(_) => {
                let address = self.builder.ins().iadd_imm_s(address, arg.offset.cast_signed());
                Ok(Some((address, 0.into(), flags)))
            }
        }
    }

    fn check_bounds(&mut self, memory: MemoryIdx, index: Value, check: Check) {
        let out = match check {
            Check::Covered => return,
            Check::AlwaysOut => return self.always_trap(TrapKind::MemoryOutOfBounds),
            Check::Index => {
                let len = self.memory_len(memory);
                self.builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, index, len)
            }
            Check::Below { end } => {
                let len = self.memory_len(memory);
                let last = self.builder.ins().iadd_imm_s(len, end.cast_signed().wrapping_neg());
                self.builder.ins().icmp(IntCC::UnsignedGreaterThan, index, last)
            }
            Check::Sum { end } => {
                let len = self.memory_len(memory);
                let sum = match self.wrong_sum(index, end) {
                    Some(wrong) => wrong,
                    None => self.builder.ins().iadd_imm_s(index, end.cast_signed()),
                };
                self.builder.ins().icmp(IntCC::UnsignedGreaterThan, sum, len)
            }
            Check::WrappingSum { end } => {
                let len = self.memory_len(memory);
                let sum = self.builder.ins().iadd_imm_s(index, end.cast_signed());
                let wrapped = self.builder.ins().icmp(IntCC::UnsignedLessThan, sum, index);
                let above = self.builder.ins().icmp(IntCC::UnsignedGreaterThan, sum, len);
                self.builder.ins().bor(wrapped, above)
            }
        };
        self.trap_if(out, TrapKind::MemoryOutOfBounds);
    }

    pub(super) fn load(&mut self, arg: &MemArg, ty: Type) -> Result<()> {
        let index = self.pop();
        if let Some((address, offset, flags)) = self.address(arg, index, ty.bytes())? {
            if planted(Fault::LoadReadsElsewhere) {
                self.read_elsewhere(ty, (address, offset, flags));
            }
            let value = self.builder.ins().load(ty, flags, address, offset);
            self.push(value);
        }
        Ok(())
    }

    /// Loads `narrow` and widens it to `ty`.
    pub(super) fn load_extend(&mut self, arg: &MemArg, ty: Type, narrow: Type, extend: Extend) -> Result<()> {
        let index = self.pop();
        let Some((address, offset, flags)) = self.address(arg, index, narrow.bytes())? else { return Ok(()) };
        let ins = self.builder.ins();
        let value = match (narrow, extend) {
            (I8, Extend::Signed) => ins.sload8(ty, flags, address, offset),
            (I8, Extend::Unsigned) => ins.uload8(ty, flags, address, offset),
            (I16, Extend::Signed) => ins.sload16(ty, flags, address, offset),
            (I16, Extend::Unsigned) => ins.uload16(ty, flags, address, offset),
            (_, Extend::Signed) => ins.sload32(flags, address, offset),
            (_, Extend::Unsigned) => ins.uload32(flags, address, offset),
        };
        self.push(value);
        Ok(())
    }

    pub(super) fn store(&mut self, arg: &MemArg, ty: Type) -> Result<()> {
        let (index, value) = self.pop2();
        if let Some((address, offset, flags)) = self.address(arg, index, ty.bytes())? {
            self.builder.ins().store(flags, value, address, offset);
        }
        Ok(())
    }

    /// Stores the low bits of an integer.
    pub(super) fn store_narrow(&mut self, arg: &MemArg, narrow: Type) -> Result<()> {
        let (index, value) = self.pop2();
        let Some((address, offset, mut flags)) = self.address(arg, index, narrow.bytes())? else {
            return Ok(());
        };
        if planted(Fault::NarrowStoreForgotten) {
            flags = flags.with_alias_region(Some(self.alias_region(Region::Crowd)));
        }
        let ins = self.builder.ins();
        match narrow {
            I8 => ins.istore8(flags, value, address, offset),
            I16 => ins.istore16(flags, value, address, offset),
            _ => ins.istore32(flags, value, address, offset),
        };
        Ok(())
    }

    pub(super) fn memory_size(&mut self, memory: MemoryIdx) {
        let len = self.memory_len_now(memory);
        let shift = i64::from(self.plan.memory(memory).page_size_log2);
        let pages = self.builder.ins().ushr_imm_u(len, shift);
        let pages = self.memory_narrow(memory, pages);
        let pages = if self.plan.memory(memory).index64 { self.wrong_size(pages) } else { pages };
        self.push(pages);
    }

    pub(super) fn memory_grow(&mut self, memory: MemoryIdx) {
        let delta = self.pop();
        let delta = self.memory_index(memory, delta);
        let number = self.builder.ins().iconst(I32, i64::from(memory.0));
        if let Some(old) = self.call_builtin(Builtin::MemoryGrow, &[self.ctx, number, delta]) {
            let old = self.memory_narrow(memory, old);
            self.push(old);
        }
    }
}
