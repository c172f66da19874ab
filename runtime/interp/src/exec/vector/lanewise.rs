//! Operators of one vector, of three, and shifts: one row for each.

use super::super::dispatch::{Flow, Opcode, Step};
use super::super::machine::{HEAD, Machine};
use super::super::operand::{Acc, Imm, Mode, Slot, Source};
use super::Lanes;
use crate::numeric::simd::arrange::zeros_behind;
use crate::numeric::simd::widen::{dot_i8_add, extadd_pairwise, high, low};
use crate::numeric::simd::{
    F32x4, F64x2, I8x16, I16x8, I32x4, I64x2, U8x16, U16x8, U32x4, U64x2, lane, map, zip_three,
};
use crate::numeric::{convert, float};
use std::marker::PhantomData;

trait Unary {
    type Input: Lanes;
    type Output: Lanes;
    fn apply(a: Self::Input) -> Self::Output;
}

trait Ternary {
    type Input: Lanes;
    type Third: Lanes;
    type Output: Lanes;
    fn apply(a: Self::Input, b: Self::Input, c: Self::Third) -> Self::Output;
}

trait Shift {
    type Vector: Lanes;
    fn apply(a: Self::Vector, by: u32) -> Self::Vector;
}

/// `[destination, operand]`
struct VectorUnary<O>(PhantomData<O>);

impl<O: Unary> Step for VectorUnary<O> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let a: O::Input = m.vector(m.word(HEAD + 1));
        m.set_vector(m.word(HEAD), O::apply(a));
        m.advance(HEAD + 2)
    }
}

/// `[destination, first, second, third]`
struct VectorTernary<O>(PhantomData<O>);

impl<O: Ternary> Step for VectorTernary<O> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let a: O::Input = m.vector(m.word(HEAD + 1));
        let b: O::Input = m.vector(m.word(HEAD + 2));
        let c: O::Third = m.vector(m.word(HEAD + 3));
        m.set_vector(m.word(HEAD), O::apply(a, b, c));
        m.advance(HEAD + 4)
    }
}

/// `[destination, vector, distance]`
struct VectorShift<O, B>(PhantomData<(O, B)>);

impl<O: Shift, B: Source> Step for VectorShift<O, B> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let by: u32 = B::read(&m, HEAD + 2);
        let a: O::Vector = m.vector(m.word(HEAD + 1));
        m.set_vector(m.word(HEAD), O::apply(a, by));
        m.advance(HEAD + 2 + B::words::<u32>())
    }
}

fn shift_opcode<O: Shift + 'static>(by: Mode) -> Opcode {
    match by {
        Mode::Slot => Opcode::of::<VectorShift<O, Slot>>(),
        Mode::Acc => Opcode::of::<VectorShift<O, Acc>>(),
        Mode::Imm => Opcode::of::<VectorShift<O, Imm>>(),
    }
}

/// The operators of one vector: name, operand and result by their lanes, meaning.
macro_rules! unary_operators {
    ($($name:ident($a:ident: $input:ty) -> $output:ty { $meaning:expr })*) => {
        /// An operator of one vector.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum VectorUnaryOp { $($name,)* }

        impl VectorUnaryOp {
            /// The instruction.
            pub(crate) fn select(self) -> Opcode {
                match self { $(VectorUnaryOp::$name => Opcode::of::<VectorUnary<$name>>(),)* }
            }
        }

        $(struct $name;

        impl Unary for $name {
            type Input = $input;
            type Output = $output;

            #[inline(always)]
            fn apply($a: $input) -> $output {
                $meaning
            }
        })*
    };
}

/// The operators of three vectors: name, operands and result by their lanes, meaning.
macro_rules! ternary_operators {
    ($($name:ident($a:ident: $input:ty, $b:ident: $same:ty, $c:ident: $third:ty) -> $output:ty { $meaning:expr })*) => {
        /// An operator of three vectors.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum VectorTernaryOp { $($name,)* }

        impl VectorTernaryOp {
            /// The instruction.
            pub(crate) fn select(self) -> Opcode {
                match self { $(VectorTernaryOp::$name => Opcode::of::<VectorTernary<$name>>(),)* }
            }
        }

        $(struct $name;

        impl Ternary for $name {
            type Input = $input;
            type Third = $third;
            type Output = $output;

            #[inline(always)]
            fn apply($a: $input, $b: $same, $c: $third) -> $output {
                $meaning
            }
        })*
    };
}

/// The shifts: name, lanes, meaning. Rust's wrapping shifts take the distance modulo the width, as they should.
macro_rules! shifts {
    ($($name:ident($a:ident: $vector:ty, $by:ident) { $meaning:expr })*) => {
        /// A shift of all lanes.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum VectorShiftOp { $($name,)* }

        impl VectorShiftOp {
            /// The instruction for a distance given by `by`.
            pub(crate) fn select(self, by: Mode) -> Opcode {
                match self { $(VectorShiftOp::$name => shift_opcode::<$name>(by),)* }
            }
        }

        $(struct $name;

        impl Shift for $name {
            type Vector = $vector;

            #[inline(always)]
            fn apply($a: $vector, $by: u32) -> $vector {
                $meaning
            }
        })*
    };
}

unary_operators! {
    V128Not(a: U64x2) -> U64x2 { map(a, |a| !a) }
    I8x16Abs(a: I8x16) -> I8x16 { map(a, i8::wrapping_abs) }
    I8x16Neg(a: I8x16) -> I8x16 { map(a, i8::wrapping_neg) }
    I16x8Abs(a: I16x8) -> I16x8 { map(a, i16::wrapping_abs) }
    I16x8Neg(a: I16x8) -> I16x8 { map(a, i16::wrapping_neg) }
    I32x4Abs(a: I32x4) -> I32x4 { map(a, i32::wrapping_abs) }
    I32x4Neg(a: I32x4) -> I32x4 { map(a, i32::wrapping_neg) }
    I64x2Abs(a: I64x2) -> I64x2 { map(a, i64::wrapping_abs) }
    I64x2Neg(a: I64x2) -> I64x2 { map(a, i64::wrapping_neg) }
    I8x16Popcnt(a: U8x16) -> U8x16 { map(a, lane::popcnt) }
    I16x8ExtAddPairwiseI8x16S(a: I8x16) -> I16x8 { extadd_pairwise(a) }
    I16x8ExtAddPairwiseI8x16U(a: U8x16) -> U16x8 { extadd_pairwise(a) }
    I16x8ExtendLowI8x16S(a: I8x16) -> I16x8 { low(a, i16::from) }
    I16x8ExtendLowI8x16U(a: U8x16) -> U16x8 { low(a, u16::from) }
    I16x8ExtendHighI8x16S(a: I8x16) -> I16x8 { high(a, i16::from) }
    I16x8ExtendHighI8x16U(a: U8x16) -> U16x8 { high(a, u16::from) }
    I32x4ExtAddPairwiseI16x8S(a: I16x8) -> I32x4 { extadd_pairwise(a) }
    I32x4ExtAddPairwiseI16x8U(a: U16x8) -> U32x4 { extadd_pairwise(a) }
    I32x4ExtendLowI16x8S(a: I16x8) -> I32x4 { low(a, i32::from) }
    I32x4ExtendLowI16x8U(a: U16x8) -> U32x4 { low(a, u32::from) }
    I32x4ExtendHighI16x8S(a: I16x8) -> I32x4 { high(a, i32::from) }
    I32x4ExtendHighI16x8U(a: U16x8) -> U32x4 { high(a, u32::from) }
    I64x2ExtendLowI32x4S(a: I32x4) -> I64x2 { low(a, i64::from) }
    I64x2ExtendLowI32x4U(a: U32x4) -> U64x2 { low(a, u64::from) }
    I64x2ExtendHighI32x4S(a: I32x4) -> I64x2 { high(a, i64::from) }
    I64x2ExtendHighI32x4U(a: U32x4) -> U64x2 { high(a, u64::from) }
    F32x4Ceil(a: F32x4) -> F32x4 { map(a, float::f32::ceil) }
    F32x4Floor(a: F32x4) -> F32x4 { map(a, float::f32::floor) }
    F32x4Trunc(a: F32x4) -> F32x4 { map(a, float::f32::trunc) }
    F32x4Nearest(a: F32x4) -> F32x4 { map(a, float::f32::nearest) }
    F32x4Abs(a: F32x4) -> F32x4 { map(a, float::f32::abs) }
    F32x4Neg(a: F32x4) -> F32x4 { map(a, float::f32::neg) }
    F32x4Sqrt(a: F32x4) -> F32x4 { map(a, float::f32::sqrt) }
    F64x2Ceil(a: F64x2) -> F64x2 { map(a, float::f64::ceil) }
    F64x2Floor(a: F64x2) -> F64x2 { map(a, float::f64::floor) }
    F64x2Trunc(a: F64x2) -> F64x2 { map(a, float::f64::trunc) }
    F64x2Nearest(a: F64x2) -> F64x2 { map(a, float::f64::nearest) }
    F64x2Abs(a: F64x2) -> F64x2 { map(a, float::f64::abs) }
    F64x2Neg(a: F64x2) -> F64x2 { map(a, float::f64::neg) }
    F64x2Sqrt(a: F64x2) -> F64x2 { map(a, float::f64::sqrt) }
    I32x4TruncSatF32x4S(a: F32x4) -> U32x4 { map(a, convert::i32_trunc_sat_f32_s) }
    I32x4TruncSatF32x4U(a: F32x4) -> U32x4 { map(a, convert::i32_trunc_sat_f32_u) }
    F32x4ConvertI32x4S(a: U32x4) -> F32x4 { map(a, convert::f32_convert_i32_s) }
    F32x4ConvertI32x4U(a: U32x4) -> F32x4 { map(a, convert::f32_convert_i32_u) }
    I32x4TruncSatF64x2SZero(a: F64x2) -> U32x4 { zeros_behind(map(a, convert::i32_trunc_sat_f64_s)) }
    I32x4TruncSatF64x2UZero(a: F64x2) -> U32x4 { zeros_behind(map(a, convert::i32_trunc_sat_f64_u)) }
    F64x2ConvertLowI32x4S(a: U32x4) -> F64x2 { low(a, convert::f64_convert_i32_s) }
    F64x2ConvertLowI32x4U(a: U32x4) -> F64x2 { low(a, convert::f64_convert_i32_u) }
    F32x4DemoteF64x2Zero(a: F64x2) -> F32x4 { zeros_behind(map(a, convert::f32_demote_f64)) }
    F64x2PromoteLowF32x4(a: F32x4) -> F64x2 { low(a, convert::f64_promote_f32) }
}

ternary_operators! {
    V128Bitselect(a: U64x2, b: U64x2, c: U64x2) -> U64x2 { zip_three(a, b, c, lane::bitselect) }
    F32x4RelaxedMadd(a: F32x4, b: F32x4, c: F32x4) -> F32x4 { zip_three(a, b, c, lane::madd) }
    F32x4RelaxedNmadd(a: F32x4, b: F32x4, c: F32x4) -> F32x4 { zip_three(map(a, float::f32::neg), b, c, lane::madd) }
    F64x2RelaxedMadd(a: F64x2, b: F64x2, c: F64x2) -> F64x2 { zip_three(a, b, c, lane::madd) }
    F64x2RelaxedNmadd(a: F64x2, b: F64x2, c: F64x2) -> F64x2 { zip_three(map(a, float::f64::neg), b, c, lane::madd) }
    I32x4RelaxedDotI8x16I7x16AddS(a: I8x16, b: I8x16, c: I32x4) -> I32x4 { dot_i8_add(a, b, c) }
}

shifts! {
    I8x16Shl(a: U8x16, by) { map(a, |a| a.wrapping_shl(by)) }
    I8x16ShrS(a: I8x16, by) { map(a, |a| a.wrapping_shr(by)) }
    I8x16ShrU(a: U8x16, by) { map(a, |a| a.wrapping_shr(by)) }
    I16x8Shl(a: U16x8, by) { map(a, |a| a.wrapping_shl(by)) }
    I16x8ShrS(a: I16x8, by) { map(a, |a| a.wrapping_shr(by)) }
    I16x8ShrU(a: U16x8, by) { map(a, |a| a.wrapping_shr(by)) }
    I32x4Shl(a: U32x4, by) { map(a, |a| a.wrapping_shl(by)) }
    I32x4ShrS(a: I32x4, by) { map(a, |a| a.wrapping_shr(by)) }
    I32x4ShrU(a: U32x4, by) { map(a, |a| a.wrapping_shr(by)) }
    I64x2Shl(a: U64x2, by) { map(a, |a| a.wrapping_shl(by)) }
    I64x2ShrS(a: I64x2, by) { map(a, |a| a.wrapping_shr(by)) }
    I64x2ShrU(a: U64x2, by) { map(a, |a| a.wrapping_shr(by)) }
}
