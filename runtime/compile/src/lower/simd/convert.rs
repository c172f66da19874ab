//! Lanes narrowed, widened and converted between integers and floats.
//!
//! The code generator knows the conversions that change the number of lanes only in the combinations written here.

use super::super::Lowering;
use super::integer::Half::{HighSigned, HighUnsigned, LowSigned, LowUnsigned};
use crate::error::Result;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32X4, I64X2};
use wasmparser::Operator as Op;

impl Lowering<'_> {
    pub(super) fn vector_convert_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        let (ty, half) = match *operator {
            Op::I16x8ExtendLowI8x16S => (I8X16, LowSigned),
            Op::I16x8ExtendHighI8x16S => (I8X16, HighSigned),
            Op::I16x8ExtendLowI8x16U => (I8X16, LowUnsigned),
            Op::I16x8ExtendHighI8x16U => (I8X16, HighUnsigned),
            Op::I32x4ExtendLowI16x8S => (I16X8, LowSigned),
            Op::I32x4ExtendHighI16x8S => (I16X8, HighSigned),
            Op::I32x4ExtendLowI16x8U => (I16X8, LowUnsigned),
            Op::I32x4ExtendHighI16x8U => (I16X8, HighUnsigned),
            Op::I64x2ExtendLowI32x4S => (I32X4, LowSigned),
            Op::I64x2ExtendHighI32x4S => (I32X4, HighSigned),
            Op::I64x2ExtendLowI32x4U => (I32X4, LowUnsigned),
            Op::I64x2ExtendHighI32x4U => (I32X4, HighUnsigned),
            ref other => return self.vector_number_operator(other),
        };
        let value = self.pop_lanes(ty);
        let value = self.widen_half(value, half);
        self.push(value);
        Ok(())
    }

    fn vector_number_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::I8x16NarrowI16x8S => self.binary_lanes(I16X8, |ins, a, b| ins.snarrow(a, b)),
            Op::I8x16NarrowI16x8U => self.binary_lanes(I16X8, |ins, a, b| ins.unarrow(a, b)),
            Op::I16x8NarrowI32x4S => self.binary_lanes(I32X4, |ins, a, b| ins.snarrow(a, b)),
            Op::I16x8NarrowI32x4U => self.binary_lanes(I32X4, |ins, a, b| ins.unarrow(a, b)),

            Op::I32x4TruncSatF32x4S => self.trunc_sat_lanes(true),
            Op::I32x4TruncSatF32x4U => self.trunc_sat_lanes(false),
            Op::I32x4TruncSatF64x2SZero => self.trunc_sat_lanes_zero(true),
            Op::I32x4TruncSatF64x2UZero => self.trunc_sat_lanes_zero(false),
            Op::F32x4ConvertI32x4S => self.unary_lanes(I32X4, |ins, a| ins.fcvt_from_sint(F32X4, a)),
            Op::F32x4ConvertI32x4U => self.unary_lanes(I32X4, |ins, a| ins.fcvt_from_uint(F32X4, a)),
            Op::F64x2ConvertLowI32x4S => self.convert_low(true),
            Op::F64x2ConvertLowI32x4U => self.convert_low(false),
            Op::F32x4DemoteF64x2Zero => self.unary_lanes(F64X2, |ins, a| ins.fvdemote(a)),
            Op::F64x2PromoteLowF32x4 => self.unary_lanes(F32X4, |ins, a| ins.fvpromote_low(a)),

            ref other => self.vector_memory_operator(other)?,
        }
        Ok(())
    }

    pub(super) fn trunc_sat_lanes(&mut self, signed: bool) {
        self.unary_lanes(F32X4, |ins, a| {
            if signed { ins.fcvt_to_sint_sat(I32X4, a) } else { ins.fcvt_to_uint_sat(I32X4, a) }
        });
    }

    pub(super) fn trunc_sat_lanes_zero(&mut self, signed: bool) {
        let value = self.pop_lanes(F64X2);
        let zero = self.vector(I64X2, &[0; 16]);
        let value = if signed {
            let wide = self.builder.ins().fcvt_to_sint_sat(I64X2, value);
            self.builder.ins().snarrow(wide, zero)
        } else {
            let wide = self.builder.ins().fcvt_to_uint_sat(I64X2, value);
            self.builder.ins().uunarrow(wide, zero)
        };
        self.push(value);
    }

    fn convert_low(&mut self, signed: bool) {
        let value = self.pop_lanes(I32X4);
        let value = if signed {
            let wide = self.builder.ins().swiden_low(value);
            self.builder.ins().fcvt_from_sint(F64X2, wide)
        } else {
            let wide = self.builder.ins().uwiden_low(value);
            self.builder.ins().fcvt_from_uint(F64X2, wide)
        };
        self.push(value);
    }
}
