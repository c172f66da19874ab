//! Between vectors and scalars: splats, single lanes, tests; and shuffles.

use super::super::dispatch::{Flow, Opcode, Pair, Step};
use super::super::machine::{HEAD, Machine};
use super::super::operand::{Acc, Cell, Imm, Mode, Slot, Source, Target, ToAcc, ToSlot};
use super::Lanes;
use crate::numeric::simd::arrange::{all_true, any_true, bitmask, bitmask_bytes, extract, replace, splat};
use crate::numeric::simd::{I8x16, I16x8, I32x4, I64x2, U8x16, U16x8, U32x4, U64x2, arrange};
use std::marker::PhantomData;

trait SplatOperator {
    type Input: Cell;
    type Output: Lanes;
    fn apply(a: Self::Input) -> Self::Output;
}

trait TestOperator {
    type Input: Lanes;
    fn apply(a: Self::Input) -> u32;
}

trait ExtractOperator {
    type Input: Lanes;
    type Output: Cell;
    fn apply(a: Self::Input, lane: u32) -> Self::Output;
}

trait ReplaceOperator {
    type Vector: Lanes;
    type Scalar: Cell;
    fn apply(a: Self::Vector, lane: u32, value: Self::Scalar) -> Self::Vector;
}

/// `[destination, value]`
struct Splat<O, A>(PhantomData<(O, A)>);

impl<O: SplatOperator, A: Source> Step for Splat<O, A> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let a: O::Input = A::read(&m, HEAD + 1);
        m.set_vector(m.word(HEAD), O::apply(a));
        m.advance(HEAD + 1 + A::words::<O::Input>())
    }
}

/// `[destination, vector]`
struct Test<O, D>(PhantomData<(O, D)>);

impl<O: TestOperator, D: Target> Step for Test<O, D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let a: O::Input = m.vector(m.word(HEAD + 1));
        D::write(&mut m, O::apply(a));
        m.advance(HEAD + 2)
    }
}

/// `[destination, vector, lane]`
struct Extract<O, D>(PhantomData<(O, D)>);

impl<O: ExtractOperator, D: Target> Step for Extract<O, D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let a: O::Input = m.vector(m.word(HEAD + 1));
        let lane = O::apply(a, m.word(HEAD + 2));
        D::write(&mut m, lane);
        m.advance(HEAD + 3)
    }
}

/// `[destination, vector, lane, value]`
struct Replace<O, A>(PhantomData<(O, A)>);

impl<O: ReplaceOperator, A: Source> Step for Replace<O, A> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let value: O::Scalar = A::read(&m, HEAD + 3);
        let a: O::Vector = m.vector(m.word(HEAD + 1));
        m.set_vector(m.word(HEAD), O::apply(a, m.word(HEAD + 2), value));
        m.advance(HEAD + 3 + A::words::<O::Scalar>())
    }
}

/// `[destination, first, second, four words of lane numbers]`
struct Shuffle;

impl Step for Shuffle {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let a: U8x16 = m.vector(m.word(HEAD + 1));
        let b: U8x16 = m.vector(m.word(HEAD + 2));
        let numbers = [m.word64(HEAD + 3), m.word64(HEAD + 5)].map(u64::to_le_bytes);
        let lanes = std::array::from_fn(|i| numbers[i / 8][i % 8]);
        m.set_vector(m.word(HEAD), arrange::shuffle(a, b, lanes));
        m.advance(HEAD + 7)
    }
}

fn splat_opcode<O: SplatOperator + 'static>(value: Mode) -> Opcode {
    match value {
        Mode::Slot => Opcode::of::<Splat<O, Slot>>(),
        Mode::Acc => Opcode::of::<Splat<O, Acc>>(),
        Mode::Imm => Opcode::of::<Splat<O, Imm>>(),
    }
}

fn replace_opcode<O: ReplaceOperator + 'static>(value: Mode) -> Opcode {
    match value {
        Mode::Slot => Opcode::of::<Replace<O, Slot>>(),
        Mode::Acc => Opcode::of::<Replace<O, Acc>>(),
        Mode::Imm => Opcode::of::<Replace<O, Imm>>(),
    }
}

/// `i8x16.shuffle`
pub(crate) fn shuffle() -> Opcode {
    Opcode::of::<Shuffle>()
}

/// The splats: name, operand, result, meaning.
macro_rules! splats {
    ($($name:ident($a:ident: $input:ty) -> $output:ty { $meaning:expr })*) => {
        /// A splat.
        #[expect(clippy::enum_variant_names, reason = "the names are the operators'")]
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum SplatOp { $($name,)* }

        impl SplatOp {
            /// The instruction for an operand given by `value`.
            pub(crate) fn select(self, value: Mode) -> Opcode {
                match self { $(SplatOp::$name => splat_opcode::<$name>(value),)* }
            }
        }

        $(struct $name;

        impl SplatOperator for $name {
            type Input = $input;
            type Output = $output;

            #[inline(always)]
            fn apply($a: $input) -> $output {
                $meaning
            }
        })*
    };
}

/// The tests: name, operand, meaning.
macro_rules! tests {
    ($($name:ident($a:ident: $input:ty) { $meaning:expr })*) => {
        /// An operator that makes one number of all lanes.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum TestOp { $($name,)* }

        impl TestOp {
            /// The instruction.
            pub(crate) fn select(self) -> Pair {
                match self {
                    $(TestOp::$name => Pair {
                        to_acc: Opcode::of::<Test<$name, ToAcc>>(),
                        to_slot: Opcode::of::<Test<$name, ToSlot>>(),
                    },)*
                }
            }
        }

        $(struct $name;

        impl TestOperator for $name {
            type Input = $input;

            #[inline(always)]
            fn apply($a: $input) -> u32 {
                $meaning
            }
        })*
    };
}

/// The extractions: name, vector, result, how the lane becomes the result.
macro_rules! extracts {
    ($($name:ident($input:ty) -> $output:ty = $convert:path;)*) => {
        /// `extract_lane`
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum ExtractOp { $($name,)* }

        impl ExtractOp {
            /// The instruction.
            pub(crate) fn select(self) -> Pair {
                match self {
                    $(ExtractOp::$name => Pair {
                        to_acc: Opcode::of::<Extract<$name, ToAcc>>(),
                        to_slot: Opcode::of::<Extract<$name, ToSlot>>(),
                    },)*
                }
            }
        }

        $(struct $name;

        impl ExtractOperator for $name {
            type Input = $input;
            type Output = $output;

            #[inline(always)]
            fn apply(a: $input, lane: u32) -> $output {
                $convert(extract(a, lane))
            }
        })*
    };
}

/// The replacements: name, vector, value, how the value becomes a lane.
macro_rules! replaces {
    ($($name:ident($vector:ty, $value:ident: $scalar:ty) { $lane:expr })*) => {
        /// `replace_lane`
        #[expect(clippy::enum_variant_names, reason = "the names are the operators'")]
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum ReplaceOp { $($name,)* }

        impl ReplaceOp {
            /// The instruction for a value given by `value`.
            pub(crate) fn select(self, value: Mode) -> Opcode {
                match self { $(ReplaceOp::$name => replace_opcode::<$name>(value),)* }
            }
        }

        $(struct $name;

        impl ReplaceOperator for $name {
            type Vector = $vector;
            type Scalar = $scalar;

            #[inline(always)]
            fn apply(a: $vector, lane: u32, $value: $scalar) -> $vector {
                replace(a, lane, $lane)
            }
        })*
    };
}

splats! {
    I8x16Splat(a: u32) -> U8x16 { splat(a as u8) }
    I16x8Splat(a: u32) -> U16x8 { splat(a as u16) }
    I32x4Splat(a: u32) -> U32x4 { splat(a) }
    I64x2Splat(a: u64) -> U64x2 { splat(a) }
    F32x4Splat(a: f32) -> U32x4 { splat(a.to_bits()) }
    F64x2Splat(a: f64) -> U64x2 { splat(a.to_bits()) }
}

tests! {
    V128AnyTrue(a: U64x2) { u32::from(any_true(a)) }
    I8x16AllTrue(a: U8x16) { u32::from(all_true(a)) }
    I16x8AllTrue(a: U16x8) { u32::from(all_true(a)) }
    I32x4AllTrue(a: U32x4) { u32::from(all_true(a)) }
    I64x2AllTrue(a: U64x2) { u32::from(all_true(a)) }
    I8x16Bitmask(a: U64x2) { bitmask_bytes(a) }
    I16x8Bitmask(a: I16x8) { bitmask(a) }
    I32x4Bitmask(a: I32x4) { bitmask(a) }
    I64x2Bitmask(a: I64x2) { bitmask(a) }
}

/// A narrow lane with its sign, in 32 bits.
#[inline(always)]
fn extended<T: Into<i32>>(lane: T) -> u32 {
    let number: i32 = lane.into();
    number as u32
}

extracts! {
    I8x16ExtractLaneS(I8x16) -> u32 = extended;
    I8x16ExtractLaneU(U8x16) -> u32 = u32::from;
    I16x8ExtractLaneS(I16x8) -> u32 = extended;
    I16x8ExtractLaneU(U16x8) -> u32 = u32::from;
    I32x4ExtractLane(U32x4) -> u32 = u32::from;
    I64x2ExtractLane(U64x2) -> u64 = u64::from;
    F32x4ExtractLane(U32x4) -> f32 = f32::from_bits;
    F64x2ExtractLane(U64x2) -> f64 = f64::from_bits;
}

replaces! {
    I8x16ReplaceLane(U8x16, value: u32) { value as u8 }
    I16x8ReplaceLane(U16x8, value: u32) { value as u16 }
    I32x4ReplaceLane(U32x4, value: u32) { value }
    I64x2ReplaceLane(U64x2, value: u64) { value }
    F32x4ReplaceLane(U32x4, value: f32) { value.to_bits() }
    F64x2ReplaceLane(U64x2, value: f64) { value.to_bits() }
}
