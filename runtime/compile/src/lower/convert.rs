//! Conversions between number types ([Conversions](https://webassembly.github.io/spec/core/exec/numerics.html#conversions)).

use super::Lowering;
use assay_model::trap::TrapKind;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::types::{F32, F64, I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};

impl Lowering<'_> {
    /// Sign-extends the low bits of an integer.
    pub(super) fn extend_low(&mut self, narrow: Type) {
        let value = self.pop();
        let ty = self.type_of(value);
        let low = self.builder.ins().ireduce(narrow, value);
        let value = self.builder.ins().sextend(ty, low);
        self.push(value);
    }

    pub(super) fn extend_unsigned(&mut self) {
        // A truth value is widened in one step.
        let value = self.pop_condition();
        let value = self.builder.ins().uextend(I64, value);
        self.push(value);
    }

    pub(super) fn reinterpret(&mut self, ty: Type) {
        let value = self.pop();
        let value = self.builder.ins().bitcast(ty, MemFlagsData::new(), value);
        self.push(value);
    }

    pub(super) fn trunc_sat(&mut self, ty: Type, signed: bool) {
        let value = self.pop();
        let result = self.saturate(value, ty, signed);
        self.push(result);
    }

    fn saturate(&mut self, value: Value, ty: Type, signed: bool) -> Value {
        if signed {
            self.builder.ins().fcvt_to_sint_sat(ty, value)
        } else {
            self.builder.ins().fcvt_to_uint_sat(ty, value)
        }
    }

    /// Truncates, and traps when the result is not representable.
    pub(super) fn trunc(&mut self, ty: Type, signed: bool) {
        let value = self.pop();
        let result = if !self.signals() {
            self.trap_unless_representable(value, ty, signed);
            self.saturate(value, ty, signed)
        } else if signed {
            self.builder.ins().fcvt_to_sint(ty, value)
        } else {
            self.builder.ins().fcvt_to_uint(ty, value)
        };
        self.push(result);
    }

    fn trap_unless_representable(&mut self, value: Value, ty: Type, signed: bool) {
        let is_nan = self.builder.ins().fcmp(FloatCC::Unordered, value, value);
        self.trap_if(is_nan, TrapKind::InvalidConversionToInteger);
        let (below, above) = open_range(self.type_of(value), ty, signed);
        let (below_in, below) = (below.0, self.float(self.type_of(value), below.1));
        let above = self.float(self.type_of(value), above);
        let cc = if below_in { FloatCC::LessThan } else { FloatCC::LessThanOrEqual };
        let under = self.builder.ins().fcmp(cc, value, below);
        self.trap_if(under, TrapKind::IntegerOverflow);
        let over = self.builder.ins().fcmp(FloatCC::GreaterThanOrEqual, value, above);
        self.trap_if(over, TrapKind::IntegerOverflow);
    }

    /// `value`, which both float types represent or round the same way.
    fn float(&mut self, ty: Type, value: f64) -> Value {
        if ty == F32 {
            self.builder.ins().f32const(Ieee32::with_float(value as f32))
        } else {
            self.builder.ins().f64const(Ieee64::with_float(value))
        }
    }
}

/// The range of values whose truncation is representable: a lower bound with whether it belongs to the range, and an
/// upper bound that does not.
fn open_range(from: Type, to: Type, signed: bool) -> ((bool, f64), f64) {
    let two_to = |exponent: i32| 2f64.powi(exponent);
    match (to, signed) {
        // Only `f64` has values between -2^31 - 1 and -2^31.
        (I32, true) if from == F64 => ((false, -two_to(31) - 1.0), two_to(31)),
        (I32, true) => ((true, -two_to(31)), two_to(31)),
        (I64, true) => ((true, -two_to(63)), two_to(63)),
        (I32, false) => ((false, -1.0), two_to(32)),
        _ => ((false, -1.0), two_to(64)),
    }
}
