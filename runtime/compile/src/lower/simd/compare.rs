//! Comparisons: lanes of ones where they hold, of zeros elsewhere.

use super::super::Lowering;
use super::integers;
use crate::error::Result;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32X4, F64X2};
use wasmparser::Operator as Op;

impl Lowering<'_> {
    pub(super) fn vector_compare_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        let (lane_bits, condition) = match *operator {
            Op::I8x16Eq => (8, IntCC::Equal),
            Op::I8x16Ne => (8, IntCC::NotEqual),
            Op::I8x16LtS => (8, IntCC::SignedLessThan),
            Op::I8x16LtU => (8, IntCC::UnsignedLessThan),
            Op::I8x16GtS => (8, IntCC::SignedGreaterThan),
            Op::I8x16GtU => (8, IntCC::UnsignedGreaterThan),
            Op::I8x16LeS => (8, IntCC::SignedLessThanOrEqual),
            Op::I8x16LeU => (8, IntCC::UnsignedLessThanOrEqual),
            Op::I8x16GeS => (8, IntCC::SignedGreaterThanOrEqual),
            Op::I8x16GeU => (8, IntCC::UnsignedGreaterThanOrEqual),
            Op::I16x8Eq => (16, IntCC::Equal),
            Op::I16x8Ne => (16, IntCC::NotEqual),
            Op::I16x8LtS => (16, IntCC::SignedLessThan),
            Op::I16x8LtU => (16, IntCC::UnsignedLessThan),
            Op::I16x8GtS => (16, IntCC::SignedGreaterThan),
            Op::I16x8GtU => (16, IntCC::UnsignedGreaterThan),
            Op::I16x8LeS => (16, IntCC::SignedLessThanOrEqual),
            Op::I16x8LeU => (16, IntCC::UnsignedLessThanOrEqual),
            Op::I16x8GeS => (16, IntCC::SignedGreaterThanOrEqual),
            Op::I16x8GeU => (16, IntCC::UnsignedGreaterThanOrEqual),
            Op::I32x4Eq => (32, IntCC::Equal),
            Op::I32x4Ne => (32, IntCC::NotEqual),
            Op::I32x4LtS => (32, IntCC::SignedLessThan),
            Op::I32x4LtU => (32, IntCC::UnsignedLessThan),
            Op::I32x4GtS => (32, IntCC::SignedGreaterThan),
            Op::I32x4GtU => (32, IntCC::UnsignedGreaterThan),
            Op::I32x4LeS => (32, IntCC::SignedLessThanOrEqual),
            Op::I32x4LeU => (32, IntCC::UnsignedLessThanOrEqual),
            Op::I32x4GeS => (32, IntCC::SignedGreaterThanOrEqual),
            Op::I32x4GeU => (32, IntCC::UnsignedGreaterThanOrEqual),
            Op::I64x2Eq => (64, IntCC::Equal),
            Op::I64x2Ne => (64, IntCC::NotEqual),
            Op::I64x2LtS => (64, IntCC::SignedLessThan),
            Op::I64x2GtS => (64, IntCC::SignedGreaterThan),
            Op::I64x2LeS => (64, IntCC::SignedLessThanOrEqual),
            Op::I64x2GeS => (64, IntCC::SignedGreaterThanOrEqual),
            ref other => return self.vector_compare_float_operator(other),
        };
        self.binary_lanes(integers(lane_bits), |ins, a, b| ins.icmp(condition, a, b));
        Ok(())
    }

    fn vector_compare_float_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        let (ty, condition) = match *operator {
            Op::F32x4Eq => (F32X4, FloatCC::Equal),
            Op::F32x4Ne => (F32X4, FloatCC::NotEqual),
            Op::F32x4Lt => (F32X4, FloatCC::LessThan),
            Op::F32x4Gt => (F32X4, FloatCC::GreaterThan),
            Op::F32x4Le => (F32X4, FloatCC::LessThanOrEqual),
            Op::F32x4Ge => (F32X4, FloatCC::GreaterThanOrEqual),
            Op::F64x2Eq => (F64X2, FloatCC::Equal),
            Op::F64x2Ne => (F64X2, FloatCC::NotEqual),
            Op::F64x2Lt => (F64X2, FloatCC::LessThan),
            Op::F64x2Gt => (F64X2, FloatCC::GreaterThan),
            Op::F64x2Le => (F64X2, FloatCC::LessThanOrEqual),
            Op::F64x2Ge => (F64X2, FloatCC::GreaterThanOrEqual),
            ref other => return self.vector_float_operator(other),
        };
        self.binary_lanes(ty, |ins, a, b| ins.fcmp(condition, a, b));
        Ok(())
    }
}
