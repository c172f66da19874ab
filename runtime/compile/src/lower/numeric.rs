//! Scalar arithmetic ([Numeric instructions](https://webassembly.github.io/spec/core/exec/numerics.html)).
//!
//! Cranelift's scalar operators have the meaning of WebAssembly's, shift counts, NaNs, zeros and ties included. Only
//! division needs a word when nothing may fault.

use super::Lowering;
use assay_model::trap::TrapKind;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::I32;
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use cranelift_frontend::FuncInstBuilder;

impl Lowering<'_> {
    pub(super) fn unary(&mut self, make: impl FnOnce(FuncInstBuilder<'_, '_>, Value) -> Value) {
        let value = self.pop();
        let result = make(self.builder.ins(), value);
        self.push(result);
    }

    pub(super) fn binary(&mut self, make: impl FnOnce(FuncInstBuilder<'_, '_>, Value, Value) -> Value) {
        let (left, right) = self.pop2();
        let result = make(self.builder.ins(), left, right);
        self.push(result);
    }

    /// A conversion to `ty`.
    pub(super) fn convert(
        &mut self,
        ty: Type,
        make: impl FnOnce(FuncInstBuilder<'_, '_>, Type, Value) -> Value,
    ) {
        self.unary(|ins, value| make(ins, ty, value));
    }

    pub(super) fn compare(&mut self, condition: IntCC) {
        self.binary(|ins, left, right| ins.icmp(condition, left, right));
    }

    pub(super) fn compare_float(&mut self, condition: FloatCC) {
        self.binary(|ins, left, right| ins.fcmp(condition, left, right));
    }

    /// `eqz`. A truth value is turned around as it is.
    pub(super) fn eqz(&mut self) {
        let value = self.pop_condition();
        let is_zero = self.builder.ins().icmp_imm_u(IntCC::Equal, value, 0);
        self.push(is_zero);
    }

    pub(super) fn div_s(&mut self) {
        let (left, right) = self.pop2();
        if !self.signals() {
            self.trap_if_zero(right);
            let ty = self.type_of(left);
            let least = if ty == I32 { i64::from(i32::MIN.cast_unsigned()) } else { i64::MIN };
            let least = self.builder.ins().iconst(ty, least);
            let is_least = self.builder.ins().icmp(IntCC::Equal, left, least);
            let is_minus_one = self.builder.ins().icmp_imm_s(IntCC::Equal, right, -1);
            let overflow = self.builder.ins().band(is_least, is_minus_one);
            self.trap_if(overflow, TrapKind::IntegerOverflow);
        }
        let result = self.builder.ins().sdiv(left, right);
        self.push(result);
    }

    /// A division that traps for zero divisors only.
    pub(super) fn divide(&mut self, make: impl FnOnce(FuncInstBuilder<'_, '_>, Value, Value) -> Value) {
        let (left, right) = self.pop2();
        if !self.signals() {
            self.trap_if_zero(right);
        }
        let result = make(self.builder.ins(), left, right);
        self.push(result);
    }

    fn trap_if_zero(&mut self, divisor: Value) {
        let is_zero = self.builder.ins().icmp_imm_u(IntCC::Equal, divisor, 0);
        self.trap_if(is_zero, TrapKind::IntegerDivideByZero);
    }
}
