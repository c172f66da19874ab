//! Relaxed operators, each with the one meaning that the note of the parent module gives it.

use super::super::Lowering;
use super::integer::Half::{HighSigned, LowSigned};
use crate::error::Result;
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32X4};
use cranelift_codegen::ir::{InstBuilder, Type};
use wasmparser::Operator as Op;

impl Lowering<'_> {
    pub(super) fn relaxed_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::I8x16RelaxedSwizzle => self.binary_lanes(I8X16, |ins, a, indices| ins.swizzle(a, indices)),
            Op::I32x4RelaxedTruncF32x4S => self.trunc_sat_lanes(true),
            Op::I32x4RelaxedTruncF32x4U => self.trunc_sat_lanes(false),
            Op::I32x4RelaxedTruncF64x2SZero => self.trunc_sat_lanes_zero(true),
            Op::I32x4RelaxedTruncF64x2UZero => self.trunc_sat_lanes_zero(false),
            Op::F32x4RelaxedMadd => self.multiply_add(F32X4, false),
            Op::F32x4RelaxedNmadd => self.multiply_add(F32X4, true),
            Op::F64x2RelaxedMadd => self.multiply_add(F64X2, false),
            Op::F64x2RelaxedNmadd => self.multiply_add(F64X2, true),
            Op::I8x16RelaxedLaneselect
            | Op::I16x8RelaxedLaneselect
            | Op::I32x4RelaxedLaneselect
            | Op::I64x2RelaxedLaneselect => self.bitselect(),
            Op::F32x4RelaxedMin => self.binary_lanes(F32X4, |ins, a, b| ins.fmin(a, b)),
            Op::F32x4RelaxedMax => self.binary_lanes(F32X4, |ins, a, b| ins.fmax(a, b)),
            Op::F64x2RelaxedMin => self.binary_lanes(F64X2, |ins, a, b| ins.fmin(a, b)),
            Op::F64x2RelaxedMax => self.binary_lanes(F64X2, |ins, a, b| ins.fmax(a, b)),
            Op::I16x8RelaxedQ15mulrS => self.q15_product(),
            Op::I16x8RelaxedDotI8x16I7x16S => self.dot(I8X16),
            Op::I32x4RelaxedDotI8x16I7x16AddS => self.dot_add(),
            ref other => return self.refuse(other),
        }
        Ok(())
    }

    fn multiply_add(&mut self, ty: Type, negated: bool) {
        let addend = self.pop_lanes(ty);
        let (left, right) = self.pop2_lanes(ty);
        let left = if negated { self.builder.ins().fneg(left) } else { left };
        let product = self.builder.ins().fmul(left, right);
        let sum = self.builder.ins().fadd(product, addend);
        self.push(sum);
    }

    fn dot_add(&mut self) {
        let addend = self.pop_lanes(I32X4);
        self.dot(I8X16);
        let products = self.pop_lanes(I16X8);
        let sums = self.sum_of_neighbours(products, LowSigned, HighSigned);
        let value = self.builder.ins().iadd(sums, addend);
        self.push(value);
    }
}
