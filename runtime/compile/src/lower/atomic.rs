//! Atomic operators ([threads proposal](https://github.com/WebAssembly/threads)): all sequentially consistent.
//!
//! The code generator's atomic instructions are as strong, and order all accesses around them, those to lengths of
//! memories too. Alignment is compared before the bounds: no processor here does it. Waiting and notifying are builtins,
//! which make every check themselves.

use super::Lowering;
use super::memory::memory_of;
use crate::error::Result;
use assay_model::builtins::Builtin;
use assay_model::trap::TrapKind;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{AtomicRmwOp, InstBuilder, MemFlagsData, Type, Value};
use wasmparser::MemArg;

impl Lowering<'_> {
    /// The address of an access to a `width`, after all checks. `None` when it always traps.
    fn atomic_address(
        &mut self,
        arg: &MemArg,
        index: Value,
        width: Type,
    ) -> Result<Option<(Value, MemFlagsData)>> {
        if !self.check_alignment(arg.offset, index, width) {
            return Ok(None);
        }
        let Some((address, offset, flags)) = self.address(arg, index, width.bytes())? else {
            return Ok(None);
        };
        let address = self.builder.ins().iadd_imm_s(address, i64::from(i32::from(offset)));
        Ok(Some((address, flags)))
    }

    /// Traps when index plus offset is no multiple of the width; false when it never is one.
    fn check_alignment(&mut self, offset: u64, index: Value, width: Type) -> bool {
        let low_bits = u64::from(width.bytes()) - 1;
        if low_bits == 0 {
            return true;
        }
        if let Some(constant) = self.constant(index) {
            let aligned = constant.wrapping_add(offset) & low_bits == 0;
            if !aligned {
                self.always_trap(TrapKind::UnalignedAtomic);
            }
            return aligned;
        }
        let sum = match offset & low_bits {
            0 => index,
            bits => self.builder.ins().iadd_imm_u(index, bits.cast_signed()),
        };
        let excess = self.builder.ins().band_imm_u(sum, low_bits.cast_signed());
        self.trap_if(excess, TrapKind::UnalignedAtomic);
        true
    }

    /// Pushes what was read as the type that the operator has, in which all further bits are zero.
    fn push_extended(&mut self, value: Value, ty: Type) {
        let narrow = self.type_of(value) != ty;
        let value = if narrow { self.builder.ins().uextend(ty, value) } else { value };
        self.push(value);
    }

    /// The bits of an operand that an access takes.
    fn reduced(&mut self, value: Value, width: Type) -> Value {
        if self.type_of(value) == width { value } else { self.builder.ins().ireduce(width, value) }
    }

    pub(super) fn atomic_load(&mut self, arg: &MemArg, ty: Type, width: Type) -> Result<()> {
        let index = self.pop();
        if let Some((address, flags)) = self.atomic_address(arg, index, width)? {
            let value = self.builder.ins().atomic_load(width, flags, address);
            self.push_extended(value, ty);
        }
        Ok(())
    }

    pub(super) fn atomic_store(&mut self, arg: &MemArg, width: Type) -> Result<()> {
        let (index, value) = self.pop2();
        if let Some((address, flags)) = self.atomic_address(arg, index, width)? {
            let value = self.reduced(value, width);
            self.builder.ins().atomic_store(flags, value, address);
        }
        Ok(())
    }

    pub(super) fn atomic_rmw(&mut self, arg: &MemArg, op: AtomicRmwOp, width: Type) -> Result<()> {
        let (index, operand) = self.pop2();
        if let Some((address, flags)) = self.atomic_address(arg, index, width)? {
            let ty = self.type_of(operand);
            let operand = self.reduced(operand, width);
            let old = self.builder.ins().atomic_rmw(width, flags, op, address, operand);
            self.push_extended(old, ty);
        }
        Ok(())
    }

    /// Expected value and replacement take part with the bits that the access has.
    pub(super) fn atomic_cmpxchg(&mut self, arg: &MemArg, width: Type) -> Result<()> {
        let (index, expected, replacement) = self.pop3();
        if let Some((address, flags)) = self.atomic_address(arg, index, width)? {
            let ty = self.type_of(expected);
            let (expected, replacement) = (self.reduced(expected, width), self.reduced(replacement, width));
            let old = self.builder.ins().atomic_cas(flags, address, expected, replacement);
            self.push_extended(old, ty);
        }
        Ok(())
    }

    pub(super) fn atomic_fence(&mut self) {
        self.builder.ins().fence();
    }

    pub(super) fn atomic_wait(&mut self, arg: &MemArg, builtin: Builtin) -> Result<()> {
        let (index, expected, timeout) = self.pop3();
        self.call_parking(arg, builtin, index, &[expected, timeout])
    }

    pub(super) fn atomic_notify(&mut self, arg: &MemArg) -> Result<()> {
        let (index, count) = self.pop2();
        self.call_parking(arg, Builtin::MemoryAtomicNotify, index, &[count])
    }

    /// Calls a builtin that gives a number, or minus the code of a trap.
    fn call_parking(&mut self, arg: &MemArg, builtin: Builtin, index: Value, rest: &[Value]) -> Result<()> {
        let memory = memory_of(arg)?;
        let index = self.memory_index(memory, index);
        let number = self.builder.ins().iconst(I32, i64::from(memory.0));
        let offset = self.builder.ins().iconst(I64, arg.offset.cast_signed());
        let args: Vec<Value> = [self.ctx, number, index, offset].iter().chain(rest).copied().collect();
        if let Some(result) = self.call_builtin(builtin, &args) {
            let trapped = self.builder.ins().icmp_imm_s(IntCC::SignedLessThan, result, 0);
            self.cold_if(trapped, |this| {
                let code = this.builder.ins().ineg(result);
                let code = this.builder.ins().ireduce(I32, code);
                this.raise(code);
            });
            let result = self.builder.ins().ireduce(I32, result);
            self.push(result);
        }
        Ok(())
    }
}
