//! Operators of two vectors: one row for each.

use super::super::dispatch::{Flow, Opcode, Step};
use super::super::machine::{HEAD, Machine};
use super::Lanes;
use crate::numeric::float;
use crate::numeric::simd::arrange::swizzle;
use crate::numeric::simd::widen::{dot_i8, dot_i16, extmul_high, extmul_low, narrow};
use crate::numeric::simd::{
    F32x4, F64x2, I8x16, I16x8, I32x4, I64x2, U8x16, U16x8, U32x4, U64x2, compare, lane, zip,
};
use std::marker::PhantomData;

trait Operator {
    type Input: Lanes;
    type Output: Lanes;
    fn apply(a: Self::Input, b: Self::Input) -> Self::Output;
}

/// `[destination, first, second]`
struct VectorBinary<O>(PhantomData<O>);

impl<O: Operator> Step for VectorBinary<O> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let a: O::Input = m.vector(m.word(HEAD + 1));
        let b: O::Input = m.vector(m.word(HEAD + 2));
        m.set_vector(m.word(HEAD), O::apply(a, b));
        m.advance(HEAD + 3)
    }
}

/// The operators: name, operands by the lanes that are read, result by the lanes that are written, meaning.
macro_rules! binary_operators {
    ($($name:ident($a:ident: $input:ty, $b:ident: $same:ty) -> $output:ty { $meaning:expr })*) => {
        /// An operator of two vectors.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum VectorBinaryOp { $($name,)* }

        impl VectorBinaryOp {
            /// The instruction.
            pub(crate) fn select(self) -> Opcode {
                match self { $(VectorBinaryOp::$name => Opcode::of::<VectorBinary<$name>>(),)* }
            }
        }

        $(struct $name;

        impl Operator for $name {
            type Input = $input;
            type Output = $output;

            #[inline(always)]
            fn apply($a: $input, $b: $same) -> $output {
                $meaning
            }
        })*
    };
}

binary_operators! {
    I8x16Swizzle(a: U8x16, b: U8x16) -> U8x16 { swizzle(a, b) }
    I8x16Eq(a: U8x16, b: U8x16) -> U8x16 { compare(a, b, PartialEq::eq) }
    I8x16Ne(a: U8x16, b: U8x16) -> U8x16 { compare(a, b, PartialEq::ne) }
    I8x16LtS(a: I8x16, b: I8x16) -> U8x16 { compare(a, b, PartialOrd::lt) }
    I8x16LtU(a: U8x16, b: U8x16) -> U8x16 { compare(a, b, PartialOrd::lt) }
    I8x16GtS(a: I8x16, b: I8x16) -> U8x16 { compare(a, b, PartialOrd::gt) }
    I8x16GtU(a: U8x16, b: U8x16) -> U8x16 { compare(a, b, PartialOrd::gt) }
    I8x16LeS(a: I8x16, b: I8x16) -> U8x16 { compare(a, b, PartialOrd::le) }
    I8x16LeU(a: U8x16, b: U8x16) -> U8x16 { compare(a, b, PartialOrd::le) }
    I8x16GeS(a: I8x16, b: I8x16) -> U8x16 { compare(a, b, PartialOrd::ge) }
    I8x16GeU(a: U8x16, b: U8x16) -> U8x16 { compare(a, b, PartialOrd::ge) }
    I16x8Eq(a: U16x8, b: U16x8) -> U16x8 { compare(a, b, PartialEq::eq) }
    I16x8Ne(a: U16x8, b: U16x8) -> U16x8 { compare(a, b, PartialEq::ne) }
    I16x8LtS(a: I16x8, b: I16x8) -> U16x8 { compare(a, b, PartialOrd::lt) }
    I16x8LtU(a: U16x8, b: U16x8) -> U16x8 { compare(a, b, PartialOrd::lt) }
    I16x8GtS(a: I16x8, b: I16x8) -> U16x8 { compare(a, b, PartialOrd::gt) }
    I16x8GtU(a: U16x8, b: U16x8) -> U16x8 { compare(a, b, PartialOrd::gt) }
    I16x8LeS(a: I16x8, b: I16x8) -> U16x8 { compare(a, b, PartialOrd::le) }
    I16x8LeU(a: U16x8, b: U16x8) -> U16x8 { compare(a, b, PartialOrd::le) }
    I16x8GeS(a: I16x8, b: I16x8) -> U16x8 { compare(a, b, PartialOrd::ge) }
    I16x8GeU(a: U16x8, b: U16x8) -> U16x8 { compare(a, b, PartialOrd::ge) }
    I32x4Eq(a: U32x4, b: U32x4) -> U32x4 { compare(a, b, PartialEq::eq) }
    I32x4Ne(a: U32x4, b: U32x4) -> U32x4 { compare(a, b, PartialEq::ne) }
    I32x4LtS(a: I32x4, b: I32x4) -> U32x4 { compare(a, b, PartialOrd::lt) }
    I32x4LtU(a: U32x4, b: U32x4) -> U32x4 { compare(a, b, PartialOrd::lt) }
    I32x4GtS(a: I32x4, b: I32x4) -> U32x4 { compare(a, b, PartialOrd::gt) }
    I32x4GtU(a: U32x4, b: U32x4) -> U32x4 { compare(a, b, PartialOrd::gt) }
    I32x4LeS(a: I32x4, b: I32x4) -> U32x4 { compare(a, b, PartialOrd::le) }
    I32x4LeU(a: U32x4, b: U32x4) -> U32x4 { compare(a, b, PartialOrd::le) }
    I32x4GeS(a: I32x4, b: I32x4) -> U32x4 { compare(a, b, PartialOrd::ge) }
    I32x4GeU(a: U32x4, b: U32x4) -> U32x4 { compare(a, b, PartialOrd::ge) }
    I64x2Eq(a: U64x2, b: U64x2) -> U64x2 { compare(a, b, PartialEq::eq) }
    I64x2Ne(a: U64x2, b: U64x2) -> U64x2 { compare(a, b, PartialEq::ne) }
    I64x2LtS(a: I64x2, b: I64x2) -> U64x2 { compare(a, b, PartialOrd::lt) }
    I64x2GtS(a: I64x2, b: I64x2) -> U64x2 { compare(a, b, PartialOrd::gt) }
    I64x2LeS(a: I64x2, b: I64x2) -> U64x2 { compare(a, b, PartialOrd::le) }
    I64x2GeS(a: I64x2, b: I64x2) -> U64x2 { compare(a, b, PartialOrd::ge) }
    F32x4Eq(a: F32x4, b: F32x4) -> U32x4 { compare(a, b, PartialEq::eq) }
    F32x4Ne(a: F32x4, b: F32x4) -> U32x4 { compare(a, b, PartialEq::ne) }
    F32x4Lt(a: F32x4, b: F32x4) -> U32x4 { compare(a, b, PartialOrd::lt) }
    F32x4Gt(a: F32x4, b: F32x4) -> U32x4 { compare(a, b, PartialOrd::gt) }
    F32x4Le(a: F32x4, b: F32x4) -> U32x4 { compare(a, b, PartialOrd::le) }
    F32x4Ge(a: F32x4, b: F32x4) -> U32x4 { compare(a, b, PartialOrd::ge) }
    F64x2Eq(a: F64x2, b: F64x2) -> U64x2 { compare(a, b, PartialEq::eq) }
    F64x2Ne(a: F64x2, b: F64x2) -> U64x2 { compare(a, b, PartialEq::ne) }
    F64x2Lt(a: F64x2, b: F64x2) -> U64x2 { compare(a, b, PartialOrd::lt) }
    F64x2Gt(a: F64x2, b: F64x2) -> U64x2 { compare(a, b, PartialOrd::gt) }
    F64x2Le(a: F64x2, b: F64x2) -> U64x2 { compare(a, b, PartialOrd::le) }
    F64x2Ge(a: F64x2, b: F64x2) -> U64x2 { compare(a, b, PartialOrd::ge) }
    V128And(a: U64x2, b: U64x2) -> U64x2 { zip(a, b, |a, b| a & b) }
    V128AndNot(a: U64x2, b: U64x2) -> U64x2 { zip(a, b, |a, b| a & !b) }
    V128Or(a: U64x2, b: U64x2) -> U64x2 { zip(a, b, |a, b| a | b) }
    V128Xor(a: U64x2, b: U64x2) -> U64x2 { zip(a, b, |a, b| a ^ b) }
    I8x16NarrowI16x8S(a: I16x8, b: I16x8) -> I8x16 { narrow(a, b, lane::narrow_i16_s) }
    I8x16NarrowI16x8U(a: I16x8, b: I16x8) -> U8x16 { narrow(a, b, lane::narrow_i16_u) }
    I16x8NarrowI32x4S(a: I32x4, b: I32x4) -> I16x8 { narrow(a, b, lane::narrow_i32_s) }
    I16x8NarrowI32x4U(a: I32x4, b: I32x4) -> U16x8 { narrow(a, b, lane::narrow_i32_u) }
    I8x16Add(a: U8x16, b: U8x16) -> U8x16 { zip(a, b, u8::wrapping_add) }
    I8x16Sub(a: U8x16, b: U8x16) -> U8x16 { zip(a, b, u8::wrapping_sub) }
    I8x16AddSatS(a: I8x16, b: I8x16) -> I8x16 { zip(a, b, i8::saturating_add) }
    I8x16AddSatU(a: U8x16, b: U8x16) -> U8x16 { zip(a, b, u8::saturating_add) }
    I8x16SubSatS(a: I8x16, b: I8x16) -> I8x16 { zip(a, b, i8::saturating_sub) }
    I8x16SubSatU(a: U8x16, b: U8x16) -> U8x16 { zip(a, b, u8::saturating_sub) }
    I8x16AvgrU(a: U8x16, b: U8x16) -> U8x16 { zip(a, b, lane::avgr_u8) }
    I8x16MinS(a: I8x16, b: I8x16) -> I8x16 { zip(a, b, Ord::min) }
    I8x16MinU(a: U8x16, b: U8x16) -> U8x16 { zip(a, b, Ord::min) }
    I8x16MaxS(a: I8x16, b: I8x16) -> I8x16 { zip(a, b, Ord::max) }
    I8x16MaxU(a: U8x16, b: U8x16) -> U8x16 { zip(a, b, Ord::max) }
    I16x8Add(a: U16x8, b: U16x8) -> U16x8 { zip(a, b, u16::wrapping_add) }
    I16x8Sub(a: U16x8, b: U16x8) -> U16x8 { zip(a, b, u16::wrapping_sub) }
    I16x8AddSatS(a: I16x8, b: I16x8) -> I16x8 { zip(a, b, i16::saturating_add) }
    I16x8AddSatU(a: U16x8, b: U16x8) -> U16x8 { zip(a, b, u16::saturating_add) }
    I16x8SubSatS(a: I16x8, b: I16x8) -> I16x8 { zip(a, b, i16::saturating_sub) }
    I16x8SubSatU(a: U16x8, b: U16x8) -> U16x8 { zip(a, b, u16::saturating_sub) }
    I16x8AvgrU(a: U16x8, b: U16x8) -> U16x8 { zip(a, b, lane::avgr_u16) }
    I16x8Mul(a: U16x8, b: U16x8) -> U16x8 { zip(a, b, u16::wrapping_mul) }
    I16x8MinS(a: I16x8, b: I16x8) -> I16x8 { zip(a, b, Ord::min) }
    I16x8MinU(a: U16x8, b: U16x8) -> U16x8 { zip(a, b, Ord::min) }
    I16x8MaxS(a: I16x8, b: I16x8) -> I16x8 { zip(a, b, Ord::max) }
    I16x8MaxU(a: U16x8, b: U16x8) -> U16x8 { zip(a, b, Ord::max) }
    I32x4Add(a: U32x4, b: U32x4) -> U32x4 { zip(a, b, u32::wrapping_add) }
    I32x4Sub(a: U32x4, b: U32x4) -> U32x4 { zip(a, b, u32::wrapping_sub) }
    I32x4Mul(a: U32x4, b: U32x4) -> U32x4 { zip(a, b, u32::wrapping_mul) }
    I32x4MinS(a: I32x4, b: I32x4) -> I32x4 { zip(a, b, Ord::min) }
    I32x4MinU(a: U32x4, b: U32x4) -> U32x4 { zip(a, b, Ord::min) }
    I32x4MaxS(a: I32x4, b: I32x4) -> I32x4 { zip(a, b, Ord::max) }
    I32x4MaxU(a: U32x4, b: U32x4) -> U32x4 { zip(a, b, Ord::max) }
    I64x2Add(a: U64x2, b: U64x2) -> U64x2 { zip(a, b, u64::wrapping_add) }
    I64x2Sub(a: U64x2, b: U64x2) -> U64x2 { zip(a, b, u64::wrapping_sub) }
    I64x2Mul(a: U64x2, b: U64x2) -> U64x2 { zip(a, b, u64::wrapping_mul) }
    I16x8Q15MulrSatS(a: I16x8, b: I16x8) -> I16x8 { zip(a, b, lane::q15mulr_sat_s) }
    I16x8ExtMulLowI8x16S(a: I8x16, b: I8x16) -> I16x8 { extmul_low(a, b) }
    I16x8ExtMulLowI8x16U(a: U8x16, b: U8x16) -> U16x8 { extmul_low(a, b) }
    I16x8ExtMulHighI8x16S(a: I8x16, b: I8x16) -> I16x8 { extmul_high(a, b) }
    I16x8ExtMulHighI8x16U(a: U8x16, b: U8x16) -> U16x8 { extmul_high(a, b) }
    I32x4ExtMulLowI16x8S(a: I16x8, b: I16x8) -> I32x4 { extmul_low(a, b) }
    I32x4ExtMulLowI16x8U(a: U16x8, b: U16x8) -> U32x4 { extmul_low(a, b) }
    I32x4ExtMulHighI16x8S(a: I16x8, b: I16x8) -> I32x4 { extmul_high(a, b) }
    I32x4ExtMulHighI16x8U(a: U16x8, b: U16x8) -> U32x4 { extmul_high(a, b) }
    I64x2ExtMulLowI32x4S(a: I32x4, b: I32x4) -> I64x2 { extmul_low(a, b) }
    I64x2ExtMulLowI32x4U(a: U32x4, b: U32x4) -> U64x2 { extmul_low(a, b) }
    I64x2ExtMulHighI32x4S(a: I32x4, b: I32x4) -> I64x2 { extmul_high(a, b) }
    I64x2ExtMulHighI32x4U(a: U32x4, b: U32x4) -> U64x2 { extmul_high(a, b) }
    I32x4DotI16x8S(a: I16x8, b: I16x8) -> I32x4 { dot_i16(a, b) }
    I16x8RelaxedDotI8x16I7x16S(a: I8x16, b: I8x16) -> I16x8 { dot_i8(a, b) }
    F32x4Add(a: F32x4, b: F32x4) -> F32x4 { zip(a, b, float::f32::add) }
    F32x4Sub(a: F32x4, b: F32x4) -> F32x4 { zip(a, b, float::f32::sub) }
    F32x4Mul(a: F32x4, b: F32x4) -> F32x4 { zip(a, b, float::f32::mul) }
    F32x4Div(a: F32x4, b: F32x4) -> F32x4 { zip(a, b, float::f32::div) }
    F32x4Min(a: F32x4, b: F32x4) -> F32x4 { zip(a, b, float::f32::min) }
    F32x4Max(a: F32x4, b: F32x4) -> F32x4 { zip(a, b, float::f32::max) }
    F32x4PMin(a: F32x4, b: F32x4) -> F32x4 { zip(a, b, lane::pmin) }
    F32x4PMax(a: F32x4, b: F32x4) -> F32x4 { zip(a, b, lane::pmax) }
    F64x2Add(a: F64x2, b: F64x2) -> F64x2 { zip(a, b, float::f64::add) }
    F64x2Sub(a: F64x2, b: F64x2) -> F64x2 { zip(a, b, float::f64::sub) }
    F64x2Mul(a: F64x2, b: F64x2) -> F64x2 { zip(a, b, float::f64::mul) }
    F64x2Div(a: F64x2, b: F64x2) -> F64x2 { zip(a, b, float::f64::div) }
    F64x2Min(a: F64x2, b: F64x2) -> F64x2 { zip(a, b, float::f64::min) }
    F64x2Max(a: F64x2, b: F64x2) -> F64x2 { zip(a, b, float::f64::max) }
    F64x2PMin(a: F64x2, b: F64x2) -> F64x2 { zip(a, b, lane::pmin) }
    F64x2PMax(a: F64x2, b: F64x2) -> F64x2 { zip(a, b, lane::pmax) }
}
