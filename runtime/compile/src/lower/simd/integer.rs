//! Arithmetic on integer lanes. Cranelift's operators wrap, saturate and mask shift counts as WebAssembly's do.

use super::super::Lowering;
use crate::error::Result;
use cranelift_codegen::ir::types::{I8X16, I16X8, I32, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use cranelift_frontend::FuncInstBuilder;
use wasmparser::Operator as Op;

/// Which half of the lanes is widened, and how.
#[derive(Copy, Clone)]
pub(super) enum Half {
    LowSigned,
    HighSigned,
    LowUnsigned,
    HighUnsigned,
}

impl Lowering<'_> {
    pub(super) fn vector_integer_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::I8x16Abs => self.unary_lanes(I8X16, |ins, a| ins.iabs(a)),
            Op::I16x8Abs => self.unary_lanes(I16X8, |ins, a| ins.iabs(a)),
            Op::I32x4Abs => self.unary_lanes(I32X4, |ins, a| ins.iabs(a)),
            Op::I64x2Abs => self.unary_lanes(I64X2, |ins, a| ins.iabs(a)),
            Op::I8x16Neg => self.unary_lanes(I8X16, |ins, a| ins.ineg(a)),
            Op::I16x8Neg => self.unary_lanes(I16X8, |ins, a| ins.ineg(a)),
            Op::I32x4Neg => self.unary_lanes(I32X4, |ins, a| ins.ineg(a)),
            Op::I64x2Neg => self.unary_lanes(I64X2, |ins, a| ins.ineg(a)),
            Op::I8x16Popcnt => self.unary_lanes(I8X16, |ins, a| ins.popcnt(a)),

            Op::I8x16Add => self.binary_lanes(I8X16, |ins, a, b| ins.iadd(a, b)),
            Op::I16x8Add => self.binary_lanes(I16X8, |ins, a, b| ins.iadd(a, b)),
            Op::I32x4Add => self.binary_lanes(I32X4, |ins, a, b| ins.iadd(a, b)),
            Op::I64x2Add => self.binary_lanes(I64X2, |ins, a, b| ins.iadd(a, b)),
            Op::I8x16Sub => self.binary_lanes(I8X16, |ins, a, b| ins.isub(a, b)),
            Op::I16x8Sub => self.binary_lanes(I16X8, |ins, a, b| ins.isub(a, b)),
            Op::I32x4Sub => self.binary_lanes(I32X4, |ins, a, b| ins.isub(a, b)),
            Op::I64x2Sub => self.binary_lanes(I64X2, |ins, a, b| ins.isub(a, b)),
            Op::I16x8Mul => self.binary_lanes(I16X8, |ins, a, b| ins.imul(a, b)),
            Op::I32x4Mul => self.binary_lanes(I32X4, |ins, a, b| ins.imul(a, b)),
            Op::I64x2Mul => self.binary_lanes(I64X2, |ins, a, b| ins.imul(a, b)),

            Op::I8x16AddSatS => self.binary_lanes(I8X16, |ins, a, b| ins.sadd_sat(a, b)),
            Op::I16x8AddSatS => self.binary_lanes(I16X8, |ins, a, b| ins.sadd_sat(a, b)),
            Op::I8x16AddSatU => self.binary_lanes(I8X16, |ins, a, b| ins.uadd_sat(a, b)),
            Op::I16x8AddSatU => self.binary_lanes(I16X8, |ins, a, b| ins.uadd_sat(a, b)),
            Op::I8x16SubSatS => self.binary_lanes(I8X16, |ins, a, b| ins.ssub_sat(a, b)),
            Op::I16x8SubSatS => self.binary_lanes(I16X8, |ins, a, b| ins.ssub_sat(a, b)),
            Op::I8x16SubSatU => self.binary_lanes(I8X16, |ins, a, b| ins.usub_sat(a, b)),
            Op::I16x8SubSatU => self.binary_lanes(I16X8, |ins, a, b| ins.usub_sat(a, b)),

            Op::I8x16MinS => self.binary_lanes(I8X16, |ins, a, b| ins.smin(a, b)),
            Op::I16x8MinS => self.binary_lanes(I16X8, |ins, a, b| ins.smin(a, b)),
            Op::I32x4MinS => self.binary_lanes(I32X4, |ins, a, b| ins.smin(a, b)),
            Op::I8x16MinU => self.binary_lanes(I8X16, |ins, a, b| ins.umin(a, b)),
            Op::I16x8MinU => self.binary_lanes(I16X8, |ins, a, b| ins.umin(a, b)),
            Op::I32x4MinU => self.binary_lanes(I32X4, |ins, a, b| ins.umin(a, b)),
            Op::I8x16MaxS => self.binary_lanes(I8X16, |ins, a, b| ins.smax(a, b)),
            Op::I16x8MaxS => self.binary_lanes(I16X8, |ins, a, b| ins.smax(a, b)),
            Op::I32x4MaxS => self.binary_lanes(I32X4, |ins, a, b| ins.smax(a, b)),
            Op::I8x16MaxU => self.binary_lanes(I8X16, |ins, a, b| ins.umax(a, b)),
            Op::I16x8MaxU => self.binary_lanes(I16X8, |ins, a, b| ins.umax(a, b)),
            Op::I32x4MaxU => self.binary_lanes(I32X4, |ins, a, b| ins.umax(a, b)),
            Op::I8x16AvgrU => self.binary_lanes(I8X16, |ins, a, b| ins.avg_round(a, b)),
            Op::I16x8AvgrU => self.binary_lanes(I16X8, |ins, a, b| ins.avg_round(a, b)),

            Op::I8x16Shl => self.shift(I8X16, |ins, a, count| ins.ishl(a, count)),
            Op::I16x8Shl => self.shift(I16X8, |ins, a, count| ins.ishl(a, count)),
            Op::I32x4Shl => self.shift(I32X4, |ins, a, count| ins.ishl(a, count)),
            Op::I64x2Shl => self.shift(I64X2, |ins, a, count| ins.ishl(a, count)),
            Op::I8x16ShrS => self.shift(I8X16, |ins, a, count| ins.sshr(a, count)),
            Op::I16x8ShrS => self.shift(I16X8, |ins, a, count| ins.sshr(a, count)),
            Op::I32x4ShrS => self.shift(I32X4, |ins, a, count| ins.sshr(a, count)),
            Op::I64x2ShrS => self.shift(I64X2, |ins, a, count| ins.sshr(a, count)),
            Op::I8x16ShrU => self.shift(I8X16, |ins, a, count| ins.ushr(a, count)),
            Op::I16x8ShrU => self.shift(I16X8, |ins, a, count| ins.ushr(a, count)),
            Op::I32x4ShrU => self.shift(I32X4, |ins, a, count| ins.ushr(a, count)),
            Op::I64x2ShrU => self.shift(I64X2, |ins, a, count| ins.ushr(a, count)),

            Op::I8x16AllTrue => self.unary_lanes(I8X16, |ins, a| ins.vall_true(a)),
            Op::I16x8AllTrue => self.unary_lanes(I16X8, |ins, a| ins.vall_true(a)),
            Op::I32x4AllTrue => self.unary_lanes(I32X4, |ins, a| ins.vall_true(a)),
            Op::I64x2AllTrue => self.unary_lanes(I64X2, |ins, a| ins.vall_true(a)),
            Op::I8x16Bitmask => self.unary_lanes(I8X16, |ins, a| ins.vhigh_bits(I32, a)),
            Op::I16x8Bitmask => self.unary_lanes(I16X8, |ins, a| ins.vhigh_bits(I32, a)),
            Op::I32x4Bitmask => self.unary_lanes(I32X4, |ins, a| ins.vhigh_bits(I32, a)),
            Op::I64x2Bitmask => self.unary_lanes(I64X2, |ins, a| ins.vhigh_bits(I32, a)),

            ref other => self.vector_product_operator(other)?,
        }
        Ok(())
    }

    /// Products and sums whose lanes are wider than those of the operands.
    fn vector_product_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        use Half::{HighSigned, HighUnsigned, LowSigned, LowUnsigned};
        match *operator {
            Op::I16x8Q15MulrSatS => self.q15_product(),
            Op::I32x4DotI16x8S => self.dot(I16X8),

            Op::I16x8ExtMulLowI8x16S => self.widening_product(I8X16, LowSigned),
            Op::I16x8ExtMulHighI8x16S => self.widening_product(I8X16, HighSigned),
            Op::I16x8ExtMulLowI8x16U => self.widening_product(I8X16, LowUnsigned),
            Op::I16x8ExtMulHighI8x16U => self.widening_product(I8X16, HighUnsigned),
            Op::I32x4ExtMulLowI16x8S => self.widening_product(I16X8, LowSigned),
            Op::I32x4ExtMulHighI16x8S => self.widening_product(I16X8, HighSigned),
            Op::I32x4ExtMulLowI16x8U => self.widening_product(I16X8, LowUnsigned),
            Op::I32x4ExtMulHighI16x8U => self.widening_product(I16X8, HighUnsigned),
            Op::I64x2ExtMulLowI32x4S => self.widening_product(I32X4, LowSigned),
            Op::I64x2ExtMulHighI32x4S => self.widening_product(I32X4, HighSigned),
            Op::I64x2ExtMulLowI32x4U => self.widening_product(I32X4, LowUnsigned),
            Op::I64x2ExtMulHighI32x4U => self.widening_product(I32X4, HighUnsigned),

            Op::I16x8ExtAddPairwiseI8x16S => self.widening_sum(I8X16, LowSigned, HighSigned),
            Op::I16x8ExtAddPairwiseI8x16U => self.widening_sum(I8X16, LowUnsigned, HighUnsigned),
            Op::I32x4ExtAddPairwiseI16x8S => self.widening_sum(I16X8, LowSigned, HighSigned),
            Op::I32x4ExtAddPairwiseI16x8U => self.widening_sum(I16X8, LowUnsigned, HighUnsigned),

            ref other => self.vector_compare_operator(other)?,
        }
        Ok(())
    }

    fn shift(&mut self, ty: Type, make: impl FnOnce(FuncInstBuilder<'_, '_>, Value, Value) -> Value) {
        let count = self.pop();
        self.unary_lanes(ty, |ins, value| make(ins, value, count));
    }

    /// Half of the lanes at twice their width.
    pub(super) fn widen_half(&mut self, value: Value, half: Half) -> Value {
        let ins = self.builder.ins();
        match half {
            Half::LowSigned => ins.swiden_low(value),
            Half::HighSigned => ins.swiden_high(value),
            Half::LowUnsigned => ins.uwiden_low(value),
            Half::HighUnsigned => ins.uwiden_high(value),
        }
    }

    fn product_of_halves(&mut self, left: Value, right: Value, half: Half) -> Value {
        let left = self.widen_half(left, half);
        let right = self.widen_half(right, half);
        self.builder.ins().imul(left, right)
    }

    fn widening_product(&mut self, ty: Type, half: Half) {
        let (left, right) = self.pop2_lanes(ty);
        let product = self.product_of_halves(left, right, half);
        self.push(product);
    }

    fn widening_sum(&mut self, ty: Type, low: Half, high: Half) {
        let value = self.pop_lanes(ty);
        let sum = self.sum_of_neighbours(value, low, high);
        self.push(sum);
    }

    pub(super) fn sum_of_neighbours(&mut self, value: Value, low: Half, high: Half) -> Value {
        let low = self.widen_half(value, low);
        let high = self.widen_half(value, high);
        self.builder.ins().iadd_pairwise(low, high)
    }

    /// Products of signed lanes at twice their width, neighbours added. Sums wrap.
    pub(super) fn dot(&mut self, ty: Type) {
        let (left, right) = self.pop2_lanes(ty);
        let low = self.product_of_halves(left, right, Half::LowSigned);
        let high = self.product_of_halves(left, right, Half::HighSigned);
        let sums = self.builder.ins().iadd_pairwise(low, high);
        self.push(sums);
    }

    pub(super) fn q15_product(&mut self) {
        self.binary_lanes(I16X8, |ins, a, b| ins.sqmul_round_sat(a, b));
    }
}
