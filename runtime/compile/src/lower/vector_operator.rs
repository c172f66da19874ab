//! The table of vector operators: one arm each. Grouped by what they do; lane types are arguments.
//!
//! Relaxed operators have one meaning each, on every host and in both engines: `relaxed_madd` and `relaxed_nmadd` round
//! twice; `relaxed_swizzle`, `relaxed_trunc_*`, `relaxed_min`/`max`, `relaxed_laneselect` and `relaxed_q15mulr_s` are
//! `swizzle`, `trunc_sat_*`, `min`/`max`, `bitselect` and `q15mulr_sat_s`; the dot products read both operands as signed
//! and wrap the 16-bit sums, which only four factors of -128 can make them do.

use super::Lowering;
use super::vector::Half::{High, Low};
use crate::error::Result;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32X4, I64X2};
use wasmparser::Operator as Op;

impl Lowering<'_> {
    /// Translates a vector operator that can be reached: memory and constants here.
    pub(super) fn vector_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::V128Load { ref memarg } => self.load(memarg, I8X16)?,
            Op::V128Store { ref memarg } => self.store(memarg, I8X16)?,
            Op::V128Load8x8S { ref memarg } => self.load_widening(memarg, I16X8, true)?,
            Op::V128Load8x8U { ref memarg } => self.load_widening(memarg, I16X8, false)?,
            Op::V128Load16x4S { ref memarg } => self.load_widening(memarg, I32X4, true)?,
            Op::V128Load16x4U { ref memarg } => self.load_widening(memarg, I32X4, false)?,
            Op::V128Load32x2S { ref memarg } => self.load_widening(memarg, I64X2, true)?,
            Op::V128Load32x2U { ref memarg } => self.load_widening(memarg, I64X2, false)?,
            Op::V128Load8Splat { ref memarg } => self.load_splat(memarg, I8X16)?,
            Op::V128Load16Splat { ref memarg } => self.load_splat(memarg, I16X8)?,
            Op::V128Load32Splat { ref memarg } => self.load_splat(memarg, I32X4)?,
            Op::V128Load64Splat { ref memarg } => self.load_splat(memarg, I64X2)?,
            Op::V128Load32Zero { ref memarg } => self.load_zero(memarg, I32X4)?,
            Op::V128Load64Zero { ref memarg } => self.load_zero(memarg, I64X2)?,
            Op::V128Load8Lane { ref memarg, lane } => self.load_lane(memarg, I8X16, lane)?,
            Op::V128Load16Lane { ref memarg, lane } => self.load_lane(memarg, I16X8, lane)?,
            Op::V128Load32Lane { ref memarg, lane } => self.load_lane(memarg, I32X4, lane)?,
            Op::V128Load64Lane { ref memarg, lane } => self.load_lane(memarg, I64X2, lane)?,
            Op::V128Store8Lane { ref memarg, lane } => self.store_lane(memarg, I8X16, lane)?,
            Op::V128Store16Lane { ref memarg, lane } => self.store_lane(memarg, I16X8, lane)?,
            Op::V128Store32Lane { ref memarg, lane } => self.store_lane(memarg, I32X4, lane)?,
            Op::V128Store64Lane { ref memarg, lane } => self.store_lane(memarg, I64X2, lane)?,
            Op::V128Const { value } => {
                let value = self.v128_const(value.bytes());
                self.push(value);
            }
            ref other => return self.lane_operator(other),
        }
        Ok(())
    }

    /// Lanes and bits.
    fn lane_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::I8x16Shuffle { ref lanes } => self.shuffle(lanes),
            Op::I8x16Swizzle | Op::I8x16RelaxedSwizzle => {
                self.lanes_binary(I8X16, |ins, a, b| ins.swizzle(a, b));
            }
            Op::I8x16Splat => self.splat(I8X16),
            Op::I16x8Splat => self.splat(I16X8),
            Op::I32x4Splat => self.splat(I32X4),
            Op::I64x2Splat => self.splat(I64X2),
            Op::F32x4Splat => self.splat(F32X4),
            Op::F64x2Splat => self.splat(F64X2),
            Op::I8x16ExtractLaneS { lane } => self.extract_lane_s(I8X16, lane),
            Op::I8x16ExtractLaneU { lane } => self.extract_lane_u(I8X16, lane),
            Op::I16x8ExtractLaneS { lane } => self.extract_lane_s(I16X8, lane),
            Op::I16x8ExtractLaneU { lane } => self.extract_lane_u(I16X8, lane),
            Op::I32x4ExtractLane { lane } => self.extract_lane(I32X4, lane),
            Op::I64x2ExtractLane { lane } => self.extract_lane(I64X2, lane),
            Op::F32x4ExtractLane { lane } => self.extract_lane(F32X4, lane),
            Op::F64x2ExtractLane { lane } => self.extract_lane(F64X2, lane),
            Op::I8x16ReplaceLane { lane } => self.replace_lane(I8X16, lane),
            Op::I16x8ReplaceLane { lane } => self.replace_lane(I16X8, lane),
            Op::I32x4ReplaceLane { lane } => self.replace_lane(I32X4, lane),
            Op::I64x2ReplaceLane { lane } => self.replace_lane(I64X2, lane),
            Op::F32x4ReplaceLane { lane } => self.replace_lane(F32X4, lane),
            Op::F64x2ReplaceLane { lane } => self.replace_lane(F64X2, lane),
            Op::V128Not => self.lanes_unary(I8X16, |ins, a| ins.bnot(a)),
            Op::V128And => self.lanes_binary(I8X16, |ins, a, b| ins.band(a, b)),
            Op::V128AndNot => self.lanes_binary(I8X16, |ins, a, b| ins.band_not(a, b)),
            Op::V128Or => self.lanes_binary(I8X16, |ins, a, b| ins.bor(a, b)),
            Op::V128Xor => self.lanes_binary(I8X16, |ins, a, b| ins.bxor(a, b)),
            Op::V128Bitselect
            | Op::I8x16RelaxedLaneselect
            | Op::I16x8RelaxedLaneselect
            | Op::I32x4RelaxedLaneselect
            | Op::I64x2RelaxedLaneselect => self.bitselect(),
            Op::V128AnyTrue => self.any_true(),
            Op::I8x16AllTrue => self.all_true(I8X16),
            Op::I16x8AllTrue => self.all_true(I16X8),
            Op::I32x4AllTrue => self.all_true(I32X4),
            Op::I64x2AllTrue => self.all_true(I64X2),
            Op::I8x16Bitmask => self.bitmask(I8X16),
            Op::I16x8Bitmask => self.bitmask(I16X8),
            Op::I32x4Bitmask => self.bitmask(I32X4),
            Op::I64x2Bitmask => self.bitmask(I64X2),
            ref other => return self.vector_comparison(other),
        }
        Ok(())
    }

    /// Comparisons.
    fn vector_comparison(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::I8x16Eq => self.lanes_compare(I8X16, IntCC::Equal),
            Op::I8x16Ne => self.lanes_compare(I8X16, IntCC::NotEqual),
            Op::I8x16LtS => self.lanes_compare(I8X16, IntCC::SignedLessThan),
            Op::I8x16LtU => self.lanes_compare(I8X16, IntCC::UnsignedLessThan),
            Op::I8x16GtS => self.lanes_compare(I8X16, IntCC::SignedGreaterThan),
            Op::I8x16GtU => self.lanes_compare(I8X16, IntCC::UnsignedGreaterThan),
            Op::I8x16LeS => self.lanes_compare(I8X16, IntCC::SignedLessThanOrEqual),
            Op::I8x16LeU => self.lanes_compare(I8X16, IntCC::UnsignedLessThanOrEqual),
            Op::I8x16GeS => self.lanes_compare(I8X16, IntCC::SignedGreaterThanOrEqual),
            Op::I8x16GeU => self.lanes_compare(I8X16, IntCC::UnsignedGreaterThanOrEqual),
            Op::I16x8Eq => self.lanes_compare(I16X8, IntCC::Equal),
            Op::I16x8Ne => self.lanes_compare(I16X8, IntCC::NotEqual),
            Op::I16x8LtS => self.lanes_compare(I16X8, IntCC::SignedLessThan),
            Op::I16x8LtU => self.lanes_compare(I16X8, IntCC::UnsignedLessThan),
            Op::I16x8GtS => self.lanes_compare(I16X8, IntCC::SignedGreaterThan),
            Op::I16x8GtU => self.lanes_compare(I16X8, IntCC::UnsignedGreaterThan),
            Op::I16x8LeS => self.lanes_compare(I16X8, IntCC::SignedLessThanOrEqual),
            Op::I16x8LeU => self.lanes_compare(I16X8, IntCC::UnsignedLessThanOrEqual),
            Op::I16x8GeS => self.lanes_compare(I16X8, IntCC::SignedGreaterThanOrEqual),
            Op::I16x8GeU => self.lanes_compare(I16X8, IntCC::UnsignedGreaterThanOrEqual),
            Op::I32x4Eq => self.lanes_compare(I32X4, IntCC::Equal),
            Op::I32x4Ne => self.lanes_compare(I32X4, IntCC::NotEqual),
            Op::I32x4LtS => self.lanes_compare(I32X4, IntCC::SignedLessThan),
            Op::I32x4LtU => self.lanes_compare(I32X4, IntCC::UnsignedLessThan),
            Op::I32x4GtS => self.lanes_compare(I32X4, IntCC::SignedGreaterThan),
            Op::I32x4GtU => self.lanes_compare(I32X4, IntCC::UnsignedGreaterThan),
            Op::I32x4LeS => self.lanes_compare(I32X4, IntCC::SignedLessThanOrEqual),
            Op::I32x4LeU => self.lanes_compare(I32X4, IntCC::UnsignedLessThanOrEqual),
            Op::I32x4GeS => self.lanes_compare(I32X4, IntCC::SignedGreaterThanOrEqual),
            Op::I32x4GeU => self.lanes_compare(I32X4, IntCC::UnsignedGreaterThanOrEqual),
            Op::I64x2Eq => self.lanes_compare(I64X2, IntCC::Equal),
            Op::I64x2Ne => self.lanes_compare(I64X2, IntCC::NotEqual),
            Op::I64x2LtS => self.lanes_compare(I64X2, IntCC::SignedLessThan),
            Op::I64x2GtS => self.lanes_compare(I64X2, IntCC::SignedGreaterThan),
            Op::I64x2LeS => self.lanes_compare(I64X2, IntCC::SignedLessThanOrEqual),
            Op::I64x2GeS => self.lanes_compare(I64X2, IntCC::SignedGreaterThanOrEqual),
            Op::F32x4Eq => self.lanes_compare_float(F32X4, FloatCC::Equal),
            Op::F32x4Ne => self.lanes_compare_float(F32X4, FloatCC::NotEqual),
            Op::F32x4Lt => self.lanes_compare_float(F32X4, FloatCC::LessThan),
            Op::F32x4Gt => self.lanes_compare_float(F32X4, FloatCC::GreaterThan),
            Op::F32x4Le => self.lanes_compare_float(F32X4, FloatCC::LessThanOrEqual),
            Op::F32x4Ge => self.lanes_compare_float(F32X4, FloatCC::GreaterThanOrEqual),
            Op::F64x2Eq => self.lanes_compare_float(F64X2, FloatCC::Equal),
            Op::F64x2Ne => self.lanes_compare_float(F64X2, FloatCC::NotEqual),
            Op::F64x2Lt => self.lanes_compare_float(F64X2, FloatCC::LessThan),
            Op::F64x2Gt => self.lanes_compare_float(F64X2, FloatCC::GreaterThan),
            Op::F64x2Le => self.lanes_compare_float(F64X2, FloatCC::LessThanOrEqual),
            Op::F64x2Ge => self.lanes_compare_float(F64X2, FloatCC::GreaterThanOrEqual),
            ref other => return self.vector_integer(other),
        }
        Ok(())
    }

    /// Integer arithmetic.
    fn vector_integer(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::I8x16Abs => self.lanes_unary(I8X16, |ins, a| ins.iabs(a)),
            Op::I16x8Abs => self.lanes_unary(I16X8, |ins, a| ins.iabs(a)),
            Op::I32x4Abs => self.lanes_unary(I32X4, |ins, a| ins.iabs(a)),
            Op::I64x2Abs => self.lanes_unary(I64X2, |ins, a| ins.iabs(a)),
            Op::I8x16Neg => self.lanes_unary(I8X16, |ins, a| ins.ineg(a)),
            Op::I16x8Neg => self.lanes_unary(I16X8, |ins, a| ins.ineg(a)),
            Op::I32x4Neg => self.lanes_unary(I32X4, |ins, a| ins.ineg(a)),
            Op::I64x2Neg => self.lanes_unary(I64X2, |ins, a| ins.ineg(a)),
            Op::I8x16Popcnt => self.lanes_unary(I8X16, |ins, a| ins.popcnt(a)),
            Op::I8x16Shl => self.lanes_shift(I8X16, |ins, a, n| ins.ishl(a, n)),
            Op::I16x8Shl => self.lanes_shift(I16X8, |ins, a, n| ins.ishl(a, n)),
            Op::I32x4Shl => self.lanes_shift(I32X4, |ins, a, n| ins.ishl(a, n)),
            Op::I64x2Shl => self.lanes_shift(I64X2, |ins, a, n| ins.ishl(a, n)),
            Op::I8x16ShrS => self.lanes_shift(I8X16, |ins, a, n| ins.sshr(a, n)),
            Op::I16x8ShrS => self.lanes_shift(I16X8, |ins, a, n| ins.sshr(a, n)),
            Op::I32x4ShrS => self.lanes_shift(I32X4, |ins, a, n| ins.sshr(a, n)),
            Op::I64x2ShrS => self.lanes_shift(I64X2, |ins, a, n| ins.sshr(a, n)),
            Op::I8x16ShrU => self.lanes_shift(I8X16, |ins, a, n| ins.ushr(a, n)),
            Op::I16x8ShrU => self.lanes_shift(I16X8, |ins, a, n| ins.ushr(a, n)),
            Op::I32x4ShrU => self.lanes_shift(I32X4, |ins, a, n| ins.ushr(a, n)),
            Op::I64x2ShrU => self.lanes_shift(I64X2, |ins, a, n| ins.ushr(a, n)),
            Op::I8x16Add => self.lanes_binary(I8X16, |ins, a, b| ins.iadd(a, b)),
            Op::I16x8Add => self.lanes_binary(I16X8, |ins, a, b| ins.iadd(a, b)),
            Op::I32x4Add => self.lanes_binary(I32X4, |ins, a, b| ins.iadd(a, b)),
            Op::I64x2Add => self.lanes_binary(I64X2, |ins, a, b| ins.iadd(a, b)),
            Op::I8x16Sub => self.lanes_binary(I8X16, |ins, a, b| ins.isub(a, b)),
            Op::I16x8Sub => self.lanes_binary(I16X8, |ins, a, b| ins.isub(a, b)),
            Op::I32x4Sub => self.lanes_binary(I32X4, |ins, a, b| ins.isub(a, b)),
            Op::I64x2Sub => self.lanes_binary(I64X2, |ins, a, b| ins.isub(a, b)),
            Op::I16x8Mul => self.lanes_binary(I16X8, |ins, a, b| ins.imul(a, b)),
            Op::I32x4Mul => self.lanes_binary(I32X4, |ins, a, b| ins.imul(a, b)),
            Op::I64x2Mul => self.lanes_binary(I64X2, |ins, a, b| ins.imul(a, b)),
            Op::I8x16AddSatS => self.lanes_binary(I8X16, |ins, a, b| ins.sadd_sat(a, b)),
            Op::I16x8AddSatS => self.lanes_binary(I16X8, |ins, a, b| ins.sadd_sat(a, b)),
            Op::I8x16AddSatU => self.lanes_binary(I8X16, |ins, a, b| ins.uadd_sat(a, b)),
            Op::I16x8AddSatU => self.lanes_binary(I16X8, |ins, a, b| ins.uadd_sat(a, b)),
            Op::I8x16SubSatS => self.lanes_binary(I8X16, |ins, a, b| ins.ssub_sat(a, b)),
            Op::I16x8SubSatS => self.lanes_binary(I16X8, |ins, a, b| ins.ssub_sat(a, b)),
            Op::I8x16SubSatU => self.lanes_binary(I8X16, |ins, a, b| ins.usub_sat(a, b)),
            Op::I16x8SubSatU => self.lanes_binary(I16X8, |ins, a, b| ins.usub_sat(a, b)),
            Op::I8x16MinS => self.lanes_binary(I8X16, |ins, a, b| ins.smin(a, b)),
            Op::I16x8MinS => self.lanes_binary(I16X8, |ins, a, b| ins.smin(a, b)),
            Op::I32x4MinS => self.lanes_binary(I32X4, |ins, a, b| ins.smin(a, b)),
            Op::I8x16MinU => self.lanes_binary(I8X16, |ins, a, b| ins.umin(a, b)),
            Op::I16x8MinU => self.lanes_binary(I16X8, |ins, a, b| ins.umin(a, b)),
            Op::I32x4MinU => self.lanes_binary(I32X4, |ins, a, b| ins.umin(a, b)),
            Op::I8x16MaxS => self.lanes_binary(I8X16, |ins, a, b| ins.smax(a, b)),
            Op::I16x8MaxS => self.lanes_binary(I16X8, |ins, a, b| ins.smax(a, b)),
            Op::I32x4MaxS => self.lanes_binary(I32X4, |ins, a, b| ins.smax(a, b)),
            Op::I8x16MaxU => self.lanes_binary(I8X16, |ins, a, b| ins.umax(a, b)),
            Op::I16x8MaxU => self.lanes_binary(I16X8, |ins, a, b| ins.umax(a, b)),
            Op::I32x4MaxU => self.lanes_binary(I32X4, |ins, a, b| ins.umax(a, b)),
            Op::I8x16AvgrU => self.lanes_binary(I8X16, |ins, a, b| ins.avg_round(a, b)),
            Op::I16x8AvgrU => self.lanes_binary(I16X8, |ins, a, b| ins.avg_round(a, b)),
            Op::I16x8Q15MulrSatS | Op::I16x8RelaxedQ15mulrS => {
                self.lanes_binary(I16X8, |ins, a, b| ins.sqmul_round_sat(a, b));
            }
            ref other => return self.vector_widening(other),
        }
        Ok(())
    }

    /// Operators between lane widths.
    fn vector_widening(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::I8x16NarrowI16x8S => self.lanes_binary(I16X8, |ins, a, b| ins.snarrow(a, b)),
            Op::I8x16NarrowI16x8U => self.lanes_binary(I16X8, |ins, a, b| ins.unarrow(a, b)),
            Op::I16x8NarrowI32x4S => self.lanes_binary(I32X4, |ins, a, b| ins.snarrow(a, b)),
            Op::I16x8NarrowI32x4U => self.lanes_binary(I32X4, |ins, a, b| ins.unarrow(a, b)),
            Op::I16x8ExtendLowI8x16S => self.extend_half(I8X16, Low, true),
            Op::I16x8ExtendLowI8x16U => self.extend_half(I8X16, Low, false),
            Op::I16x8ExtendHighI8x16S => self.extend_half(I8X16, High, true),
            Op::I16x8ExtendHighI8x16U => self.extend_half(I8X16, High, false),
            Op::I16x8ExtMulLowI8x16S => self.extmul(I8X16, Low, true),
            Op::I16x8ExtMulLowI8x16U => self.extmul(I8X16, Low, false),
            Op::I16x8ExtMulHighI8x16S => self.extmul(I8X16, High, true),
            Op::I16x8ExtMulHighI8x16U => self.extmul(I8X16, High, false),
            Op::I32x4ExtendLowI16x8S => self.extend_half(I16X8, Low, true),
            Op::I32x4ExtendLowI16x8U => self.extend_half(I16X8, Low, false),
            Op::I32x4ExtendHighI16x8S => self.extend_half(I16X8, High, true),
            Op::I32x4ExtendHighI16x8U => self.extend_half(I16X8, High, false),
            Op::I32x4ExtMulLowI16x8S => self.extmul(I16X8, Low, true),
            Op::I32x4ExtMulLowI16x8U => self.extmul(I16X8, Low, false),
            Op::I32x4ExtMulHighI16x8S => self.extmul(I16X8, High, true),
            Op::I32x4ExtMulHighI16x8U => self.extmul(I16X8, High, false),
            Op::I64x2ExtendLowI32x4S => self.extend_half(I32X4, Low, true),
            Op::I64x2ExtendLowI32x4U => self.extend_half(I32X4, Low, false),
            Op::I64x2ExtendHighI32x4S => self.extend_half(I32X4, High, true),
            Op::I64x2ExtendHighI32x4U => self.extend_half(I32X4, High, false),
            Op::I64x2ExtMulLowI32x4S => self.extmul(I32X4, Low, true),
            Op::I64x2ExtMulLowI32x4U => self.extmul(I32X4, Low, false),
            Op::I64x2ExtMulHighI32x4S => self.extmul(I32X4, High, true),
            Op::I64x2ExtMulHighI32x4U => self.extmul(I32X4, High, false),
            Op::I16x8ExtAddPairwiseI8x16S => self.extadd_pairwise(I8X16, true),
            Op::I16x8ExtAddPairwiseI8x16U => self.extadd_pairwise(I8X16, false),
            Op::I32x4ExtAddPairwiseI16x8S => self.extadd_pairwise(I16X8, true),
            Op::I32x4ExtAddPairwiseI16x8U => self.extadd_pairwise(I16X8, false),
            Op::I32x4DotI16x8S => self.dot(),
            Op::I16x8RelaxedDotI8x16I7x16S => self.relaxed_dot(),
            Op::I32x4RelaxedDotI8x16I7x16AddS => self.relaxed_dot_add(),
            ref other => return self.vector_float(other),
        }
        Ok(())
    }

    /// Float arithmetic.
    fn vector_float(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::F32x4Ceil => self.lanes_unary(F32X4, |ins, a| ins.ceil(a)),
            Op::F64x2Ceil => self.lanes_unary(F64X2, |ins, a| ins.ceil(a)),
            Op::F32x4Floor => self.lanes_unary(F32X4, |ins, a| ins.floor(a)),
            Op::F64x2Floor => self.lanes_unary(F64X2, |ins, a| ins.floor(a)),
            Op::F32x4Trunc => self.lanes_unary(F32X4, |ins, a| ins.trunc(a)),
            Op::F64x2Trunc => self.lanes_unary(F64X2, |ins, a| ins.trunc(a)),
            Op::F32x4Nearest => self.lanes_unary(F32X4, |ins, a| ins.nearest(a)),
            Op::F64x2Nearest => self.lanes_unary(F64X2, |ins, a| ins.nearest(a)),
            Op::F32x4Abs => self.lanes_unary(F32X4, |ins, a| ins.fabs(a)),
            Op::F64x2Abs => self.lanes_unary(F64X2, |ins, a| ins.fabs(a)),
            Op::F32x4Neg => self.lanes_unary(F32X4, |ins, a| ins.fneg(a)),
            Op::F64x2Neg => self.lanes_unary(F64X2, |ins, a| ins.fneg(a)),
            Op::F32x4Sqrt => self.lanes_unary(F32X4, |ins, a| ins.sqrt(a)),
            Op::F64x2Sqrt => self.lanes_unary(F64X2, |ins, a| ins.sqrt(a)),
            Op::F32x4Add => self.lanes_binary(F32X4, |ins, a, b| ins.fadd(a, b)),
            Op::F64x2Add => self.lanes_binary(F64X2, |ins, a, b| ins.fadd(a, b)),
            Op::F32x4Sub => self.lanes_binary(F32X4, |ins, a, b| ins.fsub(a, b)),
            Op::F64x2Sub => self.lanes_binary(F64X2, |ins, a, b| ins.fsub(a, b)),
            Op::F32x4Mul => self.lanes_binary(F32X4, |ins, a, b| ins.fmul(a, b)),
            Op::F64x2Mul => self.lanes_binary(F64X2, |ins, a, b| ins.fmul(a, b)),
            Op::F32x4Div => self.lanes_binary(F32X4, |ins, a, b| ins.fdiv(a, b)),
            Op::F64x2Div => self.lanes_binary(F64X2, |ins, a, b| ins.fdiv(a, b)),
            Op::F32x4Min | Op::F32x4RelaxedMin => self.lanes_binary(F32X4, |ins, a, b| ins.fmin(a, b)),
            Op::F64x2Min | Op::F64x2RelaxedMin => self.lanes_binary(F64X2, |ins, a, b| ins.fmin(a, b)),
            Op::F32x4Max | Op::F32x4RelaxedMax => self.lanes_binary(F32X4, |ins, a, b| ins.fmax(a, b)),
            Op::F64x2Max | Op::F64x2RelaxedMax => self.lanes_binary(F64X2, |ins, a, b| ins.fmax(a, b)),
            Op::F32x4PMin => self.pseudo_min(F32X4),
            Op::F32x4PMax => self.pseudo_max(F32X4),
            Op::F32x4RelaxedMadd => self.relaxed_madd(F32X4, false),
            Op::F32x4RelaxedNmadd => self.relaxed_madd(F32X4, true),
            Op::F64x2PMin => self.pseudo_min(F64X2),
            Op::F64x2PMax => self.pseudo_max(F64X2),
            Op::F64x2RelaxedMadd => self.relaxed_madd(F64X2, false),
            Op::F64x2RelaxedNmadd => self.relaxed_madd(F64X2, true),
            ref other => return self.vector_conversion(other),
        }
        Ok(())
    }

    /// Conversions.
    fn vector_conversion(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::I32x4TruncSatF32x4S | Op::I32x4RelaxedTruncF32x4S => {
                self.lanes_unary(F32X4, |ins, a| ins.fcvt_to_sint_sat(I32X4, a));
            }
            Op::F32x4ConvertI32x4S => self.lanes_unary(I32X4, |ins, a| ins.fcvt_from_sint(F32X4, a)),
            Op::I32x4TruncSatF64x2SZero | Op::I32x4RelaxedTruncF64x2SZero => self.trunc_sat_zero(true),
            Op::F64x2ConvertLowI32x4S => self.convert_low(true),
            Op::I32x4TruncSatF32x4U | Op::I32x4RelaxedTruncF32x4U => {
                self.lanes_unary(F32X4, |ins, a| ins.fcvt_to_uint_sat(I32X4, a));
            }
            Op::F32x4ConvertI32x4U => self.lanes_unary(I32X4, |ins, a| ins.fcvt_from_uint(F32X4, a)),
            Op::I32x4TruncSatF64x2UZero | Op::I32x4RelaxedTruncF64x2UZero => self.trunc_sat_zero(false),
            Op::F64x2ConvertLowI32x4U => self.convert_low(false),
            Op::F32x4DemoteF64x2Zero => self.lanes_unary(F64X2, |ins, a| ins.fvdemote(a)),
            Op::F64x2PromoteLowF32x4 => self.promote_low(),
            ref other => return self.atomic_operator(other),
        }
        Ok(())
    }
}
