//! Arithmetic on float lanes.

use super::super::Lowering;
use crate::error::Result;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F32X4, F64X2};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use wasmparser::Operator as Op;

impl Lowering<'_> {
    pub(super) fn vector_float_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::F32x4Ceil => self.unary_lanes(F32X4, |ins, a| ins.ceil(a)),
            Op::F32x4Floor => self.unary_lanes(F32X4, |ins, a| ins.floor(a)),
            Op::F32x4Trunc => self.unary_lanes(F32X4, |ins, a| ins.trunc(a)),
            Op::F32x4Nearest => self.unary_lanes(F32X4, |ins, a| ins.nearest(a)),
            Op::F32x4Abs => self.unary_lanes(F32X4, |ins, a| ins.fabs(a)),
            Op::F32x4Neg => self.unary_lanes(F32X4, |ins, a| ins.fneg(a)),
            Op::F32x4Sqrt => self.unary_lanes(F32X4, |ins, a| ins.sqrt(a)),
            Op::F32x4Add => self.binary_lanes(F32X4, |ins, a, b| ins.fadd(a, b)),
            Op::F32x4Sub => self.binary_lanes(F32X4, |ins, a, b| ins.fsub(a, b)),
            Op::F32x4Mul => self.binary_lanes(F32X4, |ins, a, b| ins.fmul(a, b)),
            Op::F32x4Div => self.binary_lanes(F32X4, |ins, a, b| ins.fdiv(a, b)),
            Op::F32x4Min => self.binary_lanes(F32X4, |ins, a, b| ins.fmin(a, b)),
            Op::F32x4Max => self.binary_lanes(F32X4, |ins, a, b| ins.fmax(a, b)),
            Op::F32x4PMin => self.pseudo_min(F32X4),
            Op::F32x4PMax => self.pseudo_max(F32X4),

            Op::F64x2Ceil => self.unary_lanes(F64X2, |ins, a| ins.ceil(a)),
            Op::F64x2Floor => self.unary_lanes(F64X2, |ins, a| ins.floor(a)),
            Op::F64x2Trunc => self.unary_lanes(F64X2, |ins, a| ins.trunc(a)),
            Op::F64x2Nearest => self.unary_lanes(F64X2, |ins, a| ins.nearest(a)),
            Op::F64x2Abs => self.unary_lanes(F64X2, |ins, a| ins.fabs(a)),
            Op::F64x2Neg => self.unary_lanes(F64X2, |ins, a| ins.fneg(a)),
            Op::F64x2Sqrt => self.unary_lanes(F64X2, |ins, a| ins.sqrt(a)),
            Op::F64x2Add => self.binary_lanes(F64X2, |ins, a, b| ins.fadd(a, b)),
            Op::F64x2Sub => self.binary_lanes(F64X2, |ins, a, b| ins.fsub(a, b)),
            Op::F64x2Mul => self.binary_lanes(F64X2, |ins, a, b| ins.fmul(a, b)),
            Op::F64x2Div => self.binary_lanes(F64X2, |ins, a, b| ins.fdiv(a, b)),
            Op::F64x2Min => self.binary_lanes(F64X2, |ins, a, b| ins.fmin(a, b)),
            Op::F64x2Max => self.binary_lanes(F64X2, |ins, a, b| ins.fmax(a, b)),
            Op::F64x2PMin => self.pseudo_min(F64X2),
            Op::F64x2PMax => self.pseudo_max(F64X2),

            ref other => self.vector_convert_operator(other)?,
        }
        Ok(())
    }

    /// The second operand where it is less, else the first.
    fn pseudo_min(&mut self, ty: Type) {
        let (first, second) = self.pop2_lanes(ty);
        self.second_if_less(ty, (second, first), first, second);
    }

    /// The second operand where the first is less, else the first.
    fn pseudo_max(&mut self, ty: Type) {
        let (first, second) = self.pop2_lanes(ty);
        self.second_if_less(ty, (first, second), first, second);
    }

    /// The shape in which the code generator finds the instruction of the processor.
    fn second_if_less(&mut self, ty: Type, (less, more): (Value, Value), first: Value, second: Value) {
        let is_less = self.builder.ins().fcmp(FloatCC::LessThan, less, more);
        let mask = self.builder.ins().bitcast(ty, MemFlagsData::new(), is_less);
        let value = self.builder.ins().bitselect(mask, second, first);
        self.push(value);
    }
}
