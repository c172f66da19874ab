//! Constants, single lanes, lanes moved about, and operators on all 128 bits.

use super::super::Lowering;
use crate::error::Result;
use cranelift_codegen::ir::types::{F32X4, F64X2, I8, I8X16, I16, I16X8, I32, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type};
use wasmparser::Operator as Op;

impl Lowering<'_> {
    pub(super) fn lane_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::V128Const { value } => {
                let value = self.vector(I8X16, value.bytes());
                self.push(value);
            }
            Op::I8x16Shuffle { ref lanes } => self.shuffle(lanes),
            Op::I8x16Swizzle => self.binary_lanes(I8X16, |ins, a, indices| ins.swizzle(a, indices)),

            // Splats
            Op::I8x16Splat => self.splat_low(I8X16),
            Op::I16x8Splat => self.splat_low(I16X8),
            Op::I32x4Splat => self.convert(I32X4, |ins, ty, a| ins.splat(ty, a)),
            Op::I64x2Splat => self.convert(I64X2, |ins, ty, a| ins.splat(ty, a)),
            Op::F32x4Splat => self.convert(F32X4, |ins, ty, a| ins.splat(ty, a)),
            Op::F64x2Splat => self.convert(F64X2, |ins, ty, a| ins.splat(ty, a)),

            // Lanes
            Op::I8x16ExtractLaneS { lane } => self.extract_narrow(I8X16, lane, true),
            Op::I8x16ExtractLaneU { lane } => self.extract_narrow(I8X16, lane, false),
            Op::I16x8ExtractLaneS { lane } => self.extract_narrow(I16X8, lane, true),
            Op::I16x8ExtractLaneU { lane } => self.extract_narrow(I16X8, lane, false),
            Op::I32x4ExtractLane { lane } => self.unary_lanes(I32X4, |ins, a| ins.extractlane(a, lane)),
            Op::I64x2ExtractLane { lane } => self.unary_lanes(I64X2, |ins, a| ins.extractlane(a, lane)),
            Op::F32x4ExtractLane { lane } => self.unary_lanes(F32X4, |ins, a| ins.extractlane(a, lane)),
            Op::F64x2ExtractLane { lane } => self.unary_lanes(F64X2, |ins, a| ins.extractlane(a, lane)),
            Op::I8x16ReplaceLane { lane } => self.replace_narrow(I8X16, lane),
            Op::I16x8ReplaceLane { lane } => self.replace_narrow(I16X8, lane),
            Op::I32x4ReplaceLane { lane } => self.replace(I32X4, lane),
            Op::I64x2ReplaceLane { lane } => self.replace(I64X2, lane),
            Op::F32x4ReplaceLane { lane } => self.replace(F32X4, lane),
            Op::F64x2ReplaceLane { lane } => self.replace(F64X2, lane),

            // All bits
            Op::V128Not => self.unary_lanes(I8X16, |ins, a| ins.bnot(a)),
            Op::V128And => self.binary_lanes(I8X16, |ins, a, b| ins.band(a, b)),
            Op::V128AndNot => self.and_not(),
            Op::V128Or => self.binary_lanes(I8X16, |ins, a, b| ins.bor(a, b)),
            Op::V128Xor => self.binary_lanes(I8X16, |ins, a, b| ins.bxor(a, b)),
            Op::V128Bitselect => self.bitselect(),
            Op::V128AnyTrue => self.unary_lanes(I8X16, |ins, a| ins.vany_true(a)),

            ref other => self.vector_integer_operator(other)?,
        }
        Ok(())
    }

    fn shuffle(&mut self, lanes: &[u8; 16]) {
        let (first, second) = self.pop2_lanes(I8X16);
        let mask = self.builder.func.dfg.immediates.push(lanes.as_slice().into());
        let value = self.builder.ins().shuffle(first, second, mask);
        self.push(value);
    }

    /// Fills a vector with the low bits of an `i32`.
    fn splat_low(&mut self, ty: Type) {
        let value = self.pop();
        let low = self.builder.ins().ireduce(ty.lane_type(), value);
        let value = self.builder.ins().splat(ty, low);
        self.push(value);
    }

    fn extract_narrow(&mut self, ty: Type, lane: u8, signed: bool) {
        let value = self.pop_lanes(ty);
        let value = self.builder.ins().extractlane(value, lane);
        let ins = self.builder.ins();
        let value = if signed { ins.sextend(I32, value) } else { ins.uextend(I32, value) };
        self.push(value);
    }

    fn replace_narrow(&mut self, ty: Type, lane: u8) {
        let value = self.pop();
        let narrow = if ty == I8X16 { I8 } else { I16 };
        let value = self.builder.ins().ireduce(narrow, value);
        self.unary_lanes(ty, |ins, vector| ins.insertlane(vector, value, lane));
    }

    fn replace(&mut self, ty: Type, lane: u8) {
        let value = self.pop();
        self.unary_lanes(ty, |ins, vector| ins.insertlane(vector, value, lane));
    }

    fn and_not(&mut self) {
        let (value, mask) = self.pop2_lanes(I8X16);
        let mask = self.builder.ins().bnot(mask);
        let value = self.builder.ins().band(value, mask);
        self.push(value);
    }

    /// Bits of the first operand where the mask has ones, of the second where it has zeros. The lanes of the mask are
    /// kept: the code generator selects whole lanes when it sees that a comparison made it.
    pub(super) fn bitselect(&mut self) {
        let mask = self.pop_as_is();
        let mask = self.before_cast(mask);
        let ty = self.type_of(mask);
        let (ty, mask) = if ty.lane_type().is_int() { (ty, mask) } else { (I8X16, self.cast(mask, I8X16)) };
        self.binary_lanes(ty, |ins, ones, zeros| ins.bitselect(mask, ones, zeros));
    }
}
