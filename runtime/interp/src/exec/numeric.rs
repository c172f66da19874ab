//! Numeric instructions: every operator in every operand mode, generated from one row per operator.
//!
//! Words: `[handler, handler, destination, operands…]`; comparisons as branches have the branch word in the place of
//! the destination.

use super::dispatch::{Flow, Opcode, Pair, Step};
use super::machine::{HEAD, Machine};
use super::operand::{Acc, ByMode, ByModes, Cell, Imm, Mode, Slot, Source, Target, ToAcc, ToSlot};
use crate::numeric::{
    Trapping, convert,
    float::{f32, f64},
    integer,
    integer::{i32, i64},
};
use std::marker::PhantomData;
// The names of the types are those of the modules with their operators here.
use std::primitive::{f32 as F32, f64 as F64};

/// Where the operands of an instruction with a destination or branch word begin.
const OPERANDS: usize = HEAD + 1;

/// A result, or a trap. Operators that cannot trap return the plain value.
pub(crate) trait Outcome {
    /// The type of the value.
    type Value: Cell;
    /// Whether it can be a trap.
    const TRAPS: bool;
    /// The value, unless it is a trap.
    fn outcome(self) -> Trapping<Self::Value>;
}

impl<T: Cell> Outcome for T {
    type Value = T;
    const TRAPS: bool = false;

    #[inline(always)]
    fn outcome(self) -> Trapping<T> {
        Ok(self)
    }
}

impl<T: Cell> Outcome for Trapping<T> {
    type Value = T;
    const TRAPS: bool = true;

    #[inline(always)]
    fn outcome(self) -> Trapping<T> {
        self
    }
}

/// An operator of one operand.
pub(crate) trait UnaryOperator {
    /// Operand.
    type Input: Cell;
    /// Result.
    type Output: Outcome;
    /// The meaning.
    fn apply(a: Self::Input) -> Self::Output;
}

/// An operator of two operands.
pub(crate) trait BinaryOperator {
    /// Operands.
    type Input: Cell;
    /// Result.
    type Output: Outcome;
    /// The meaning.
    fn apply(a: Self::Input, b: Self::Input) -> Self::Output;
}

/// A comparison.
pub(crate) trait Comparison {
    /// Operands.
    type Input: Cell;
    /// The meaning.
    fn test(a: Self::Input, b: Self::Input) -> bool;
}

struct Unary<O, A, D>(PhantomData<(O, A, D)>);

impl<O: UnaryOperator, A: Source, D: Target> Step for Unary<O, A, D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        match O::apply(A::read(&m, OPERANDS)).outcome() {
            Ok(value) => {
                D::write(&mut m, value);
                m.advance(OPERANDS + A::words::<O::Input>())
            }
            Err(kind) => m.trap(kind),
        }
    }
}

struct Binary<O, A, B, D>(PhantomData<(O, A, B, D)>);

impl<O: BinaryOperator, A: Source, B: Source, D: Target> Step for Binary<O, A, B, D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let a = A::read(&m, OPERANDS);
        let b = B::read(&m, OPERANDS + A::words::<O::Input>());
        match O::apply(a, b).outcome() {
            Ok(value) => {
                D::write(&mut m, value);
                m.advance(OPERANDS + A::words::<O::Input>() + B::words::<O::Input>())
            }
            Err(kind) => m.trap(kind),
        }
    }
}

struct Compare<O, A, B, D>(PhantomData<(O, A, B, D)>);

impl<O: Comparison, A: Source, B: Source, D: Target> Step for Compare<O, A, B, D> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let a = A::read(&m, OPERANDS);
        let b = B::read(&m, OPERANDS + A::words::<O::Input>());
        D::write(&mut m, O::test(a, b));
        m.advance(OPERANDS + A::words::<O::Input>() + B::words::<O::Input>())
    }
}

/// Branches when the comparison gives `WHEN`.
struct BranchIf<O, A, B, const WHEN: bool>(PhantomData<(O, A, B)>);

impl<O: Comparison, A: Source, B: Source, const WHEN: bool> Step for BranchIf<O, A, B, WHEN> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let a = A::read(&m, OPERANDS);
        let b = B::read(&m, OPERANDS + A::words::<O::Input>());
        if O::test(a, b) == WHEN {
            m.branch(HEAD)
        } else {
            m.advance(OPERANDS + A::words::<O::Input>() + B::words::<O::Input>())
        }
    }
}

/// `[branch, destination, source, step, bound]`: adds the step to the source, keeps the sum, and branches when it
/// compares with the bound; the bound is the first operand when `FLIP`.
struct IncrementBranchIf<O, B, const FLIP: bool>(PhantomData<(O, B)>);

impl<O: Comparison<Input = u32>, B: Source, const FLIP: bool> Step for IncrementBranchIf<O, B, FLIP> {
    #[inline(always)]
    fn step(mut m: Machine) -> Flow {
        let from: u32 = Slot::read(&m, OPERANDS + 1);
        let sum = from.wrapping_add(m.word(OPERANDS + 2));
        m.set_slot(m.word(OPERANDS), sum.to_cell());
        sum.to_acc(&mut m);
        // The bound is read behind the sum: it may be the same local.
        let bound: u32 = B::read(&m, OPERANDS + 3);
        let taken = if FLIP { O::test(bound, sum) } else { O::test(sum, bound) };
        if taken { m.branch(HEAD) } else { m.advance(OPERANDS + 3 + B::words::<u32>()) }
    }
}

fn increment_branch<O: Comparison<Input = u32> + 'static>(a: Mode, b: Mode) -> Option<Opcode> {
    match (a, b) {
        (Mode::Acc, Mode::Slot) => Some(Opcode::of::<IncrementBranchIf<O, Slot, false>>()),
        (Mode::Acc, Mode::Imm) => Some(Opcode::of::<IncrementBranchIf<O, Imm, false>>()),
        (Mode::Slot, Mode::Acc) => Some(Opcode::of::<IncrementBranchIf<O, Slot, true>>()),
        (Mode::Imm, Mode::Acc) => Some(Opcode::of::<IncrementBranchIf<O, Imm, true>>()),
        _ => None,
    }
}

const fn unary_pair<O: UnaryOperator + 'static>(mode: Mode) -> Option<Pair> {
    Some(match mode {
        Mode::Slot => Pair {
            to_acc: Opcode::of::<Unary<O, Slot, ToAcc>>(),
            to_slot: Opcode::of::<Unary<O, Slot, ToSlot>>(),
        },
        Mode::Acc => Pair {
            to_acc: Opcode::of::<Unary<O, Acc, ToAcc>>(),
            to_slot: Opcode::of::<Unary<O, Acc, ToSlot>>(),
        },
        Mode::Imm => return None,
    })
}

const fn binary_in<O: BinaryOperator + 'static, A: Source + 'static, B: Source + 'static>() -> Option<Pair> {
    Some(Pair {
        to_acc: Opcode::of::<Binary<O, A, B, ToAcc>>(),
        to_slot: Opcode::of::<Binary<O, A, B, ToSlot>>(),
    })
}

const fn binary_pair<O: BinaryOperator + 'static>(a: Mode, b: Mode) -> Option<Pair> {
    match (a, b) {
        (Mode::Slot, Mode::Slot) => binary_in::<O, Slot, Slot>(),
        (Mode::Slot, Mode::Acc) => binary_in::<O, Slot, Acc>(),
        (Mode::Slot, Mode::Imm) => binary_in::<O, Slot, Imm>(),
        (Mode::Acc, Mode::Slot) => binary_in::<O, Acc, Slot>(),
        (Mode::Acc, Mode::Imm) => binary_in::<O, Acc, Imm>(),
        (Mode::Imm, Mode::Slot) => binary_in::<O, Imm, Slot>(),
        (Mode::Imm, Mode::Acc) => binary_in::<O, Imm, Acc>(),
        (Mode::Acc, Mode::Acc) | (Mode::Imm, Mode::Imm) => None,
    }
}

/// For operators whose operands can change places: the accumulator stands first, an immediate second.
const fn commutative_pair<O: BinaryOperator + 'static>(a: Mode, b: Mode) -> Option<Pair> {
    match (a, b) {
        (Mode::Slot, Mode::Slot) => binary_in::<O, Slot, Slot>(),
        (Mode::Slot, Mode::Imm) => binary_in::<O, Slot, Imm>(),
        (Mode::Acc, Mode::Slot) => binary_in::<O, Acc, Slot>(),
        (Mode::Acc, Mode::Imm) => binary_in::<O, Acc, Imm>(),
        _ => None,
    }
}

const fn compare_in<O: Comparison + 'static, A: Source + 'static, B: Source + 'static>() -> Option<Pair> {
    Some(Pair {
        to_acc: Opcode::of::<Compare<O, A, B, ToAcc>>(),
        to_slot: Opcode::of::<Compare<O, A, B, ToSlot>>(),
    })
}

const fn compare_pair<O: Comparison + 'static>(a: Mode, b: Mode) -> Option<Pair> {
    match (a, b) {
        (Mode::Slot, Mode::Slot) => compare_in::<O, Slot, Slot>(),
        (Mode::Slot, Mode::Acc) => compare_in::<O, Slot, Acc>(),
        (Mode::Slot, Mode::Imm) => compare_in::<O, Slot, Imm>(),
        (Mode::Acc, Mode::Slot) => compare_in::<O, Acc, Slot>(),
        (Mode::Acc, Mode::Imm) => compare_in::<O, Acc, Imm>(),
        (Mode::Imm, Mode::Slot) => compare_in::<O, Imm, Slot>(),
        (Mode::Imm, Mode::Acc) => compare_in::<O, Imm, Acc>(),
        (Mode::Acc, Mode::Acc) | (Mode::Imm, Mode::Imm) => None,
    }
}

const fn branch_when<O: Comparison + 'static, const WHEN: bool>(a: Mode, b: Mode) -> Option<Opcode> {
    Some(match (a, b) {
        (Mode::Slot, Mode::Slot) => Opcode::of::<BranchIf<O, Slot, Slot, WHEN>>(),
        (Mode::Slot, Mode::Acc) => Opcode::of::<BranchIf<O, Slot, Acc, WHEN>>(),
        (Mode::Slot, Mode::Imm) => Opcode::of::<BranchIf<O, Slot, Imm, WHEN>>(),
        (Mode::Acc, Mode::Slot) => Opcode::of::<BranchIf<O, Acc, Slot, WHEN>>(),
        (Mode::Acc, Mode::Imm) => Opcode::of::<BranchIf<O, Acc, Imm, WHEN>>(),
        (Mode::Imm, Mode::Slot) => Opcode::of::<BranchIf<O, Imm, Slot, WHEN>>(),
        (Mode::Imm, Mode::Acc) => Opcode::of::<BranchIf<O, Imm, Acc, WHEN>>(),
        (Mode::Acc, Mode::Acc) | (Mode::Imm, Mode::Imm) => return None,
    })
}

const fn unary_pairs<O: UnaryOperator + 'static>() -> ByMode<Pair> {
    [unary_pair::<O>(Mode::Slot), unary_pair::<O>(Mode::Acc), unary_pair::<O>(Mode::Imm)]
}

const fn binary_pairs<O: BinaryOperator + 'static>() -> ByModes<Pair> {
    let mut table = [[None; 3]; 3];
    let mut at = 0;
    while at < 9 {
        table[at / 3][at % 3] = binary_pair::<O>(Mode::ALL[at / 3], Mode::ALL[at % 3]);
        at += 1;
    }
    table
}

const fn commutative_pairs<O: BinaryOperator + 'static>() -> ByModes<Pair> {
    let mut table = [[None; 3]; 3];
    let mut at = 0;
    while at < 9 {
        table[at / 3][at % 3] = commutative_pair::<O>(Mode::ALL[at / 3], Mode::ALL[at % 3]);
        at += 1;
    }
    table
}

const fn compare_pairs<O: Comparison + 'static>() -> ByModes<Pair> {
    let mut table = [[None; 3]; 3];
    let mut at = 0;
    while at < 9 {
        table[at / 3][at % 3] = compare_pair::<O>(Mode::ALL[at / 3], Mode::ALL[at % 3]);
        at += 1;
    }
    table
}

const fn branches_when<O: Comparison + 'static, const WHEN: bool>() -> ByModes<Opcode> {
    let mut table = [[None; 3]; 3];
    let mut at = 0;
    while at < 9 {
        table[at / 3][at % 3] = branch_when::<O, WHEN>(Mode::ALL[at / 3], Mode::ALL[at % 3]);
        at += 1;
    }
    table
}

/// The unary operators: name, operand and result type, meaning.
macro_rules! unary_operators {
    ($($name:ident: $input:ty => $output:ty = $meaning:path;)*) => {
        /// An operator of one operand.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum UnaryOp { $($name,)* }

        impl UnaryOp {
            /// Whether it can trap.
            pub(crate) fn traps(self) -> bool {
                const TRAPS: &[bool] = &[$(<$output as Outcome>::TRAPS,)*];
                TRAPS[self as usize]
            }

            /// The instruction for an operand given by `mode`, where there is one.
            pub(crate) fn select(self, mode: Mode) -> Option<Pair> {
                const PAIRS: &[ByMode<Pair>] = &[$(unary_pairs::<$name>(),)*];
                PAIRS[self as usize][mode as usize]
            }
        }

        $(struct $name;

        impl UnaryOperator for $name {
            type Input = $input;
            type Output = $output;

            #[inline(always)]
            fn apply(a: $input) -> $output {
                $meaning(a)
            }
        })*
    };
}

/// The binary operators: name, operand and result type, meaning, and whether the operands can change places.
macro_rules! binary_operators {
    ($($name:ident: $input:ty => $output:ty = $meaning:path, $commutes:literal, $select:ident;)*) => {
        /// An operator of two operands.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum BinaryOp { $($name,)* }

        impl BinaryOp {
            /// Whether the operands can change places.
            pub(crate) fn commutes(self) -> bool {
                match self { $(BinaryOp::$name => $commutes,)* }
            }

            /// Whether it can trap.
            pub(crate) fn traps(self) -> bool {
                const TRAPS: &[bool] = &[$(<$output as Outcome>::TRAPS,)*];
                TRAPS[self as usize]
            }

            /// The instruction for operands given by `a` and `b`, where there is one.
            pub(crate) fn select(self, a: Mode, b: Mode) -> Option<Pair> {
                const PAIRS: &[ByModes<Pair>] = &[$($select::<$name>(),)*];
                PAIRS[self as usize][a as usize][b as usize]
            }
        }

        $(struct $name;

        impl BinaryOperator for $name {
            type Input = $input;
            type Output = $output;

            #[inline(always)]
            fn apply(a: $input, b: $input) -> $output {
                $meaning(a, b)
            }
        })*
    };
}

/// The comparisons: name, operand type, meaning, the comparison that gives the opposite, where there is one.
/// Greater-than forms are less-than forms with the operands exchanged.
macro_rules! comparisons {
    ($($name:ident: $input:ty = $meaning:path, not $opposite:expr;)*) => {
        /// A comparison.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(crate) enum CompareOp { $($name,)* }

        impl CompareOp {
            /// The comparison `opposite(a, b)` or `opposite(b, a)` (then the flag is set) that is true when this one is
            /// false. Ordered comparisons of floats have none: both are false for NaN.
            pub(crate) fn opposite(self) -> Option<(CompareOp, bool)> {
                match self { $(CompareOp::$name => $opposite,)* }
            }

            /// The comparison as an instruction with a result.
            pub(crate) fn select(self, a: Mode, b: Mode) -> Option<Pair> {
                const PAIRS: &[ByModes<Pair>] = &[$(compare_pairs::<$name>(),)*];
                PAIRS[self as usize][a as usize][b as usize]
            }

            /// The comparison as a branch, taken when it is true.
            pub(crate) fn branch(self, a: Mode, b: Mode) -> Option<Opcode> {
                const BRANCHES: &[ByModes<Opcode>] = &[$(branches_when::<$name, true>(),)*];
                BRANCHES[self as usize][a as usize][b as usize]
            }
        }

        $(struct $name;

        impl Comparison for $name {
            type Input = $input;

            #[inline(always)]
            fn test(a: $input, b: $input) -> bool {
                $meaning(a, b)
            }
        })*
    };
}

impl CompareOp {
    /// The comparison as a branch that first increments a local, which is the operand in the accumulator.
    pub(crate) fn increment_and_branch(self, a: Mode, b: Mode) -> Option<Opcode> {
        match self {
            CompareOp::I32Eq => increment_branch::<I32Eq>(a, b),
            CompareOp::I32Ne => increment_branch::<I32Ne>(a, b),
            CompareOp::I32LtS => increment_branch::<I32LtS>(a, b),
            CompareOp::I32LtU => increment_branch::<I32LtU>(a, b),
            CompareOp::I32LeS => increment_branch::<I32LeS>(a, b),
            CompareOp::I32LeU => increment_branch::<I32LeU>(a, b),
            _ => None,
        }
    }

    /// The comparison as a branch, taken when it is false.
    pub(crate) fn branch_not(self, a: Mode, b: Mode) -> Option<Opcode> {
        match self {
            CompareOp::F32Lt => branch_when::<F32Lt, false>(a, b),
            CompareOp::F32Le => branch_when::<F32Le, false>(a, b),
            CompareOp::F64Lt => branch_when::<F64Lt, false>(a, b),
            CompareOp::F64Le => branch_when::<F64Le, false>(a, b),
            _ => None,
        }
    }
}

unary_operators! {
    I32Clz: u32 => u32 = i32::clz;
    I32Ctz: u32 => u32 = i32::ctz;
    I32Popcnt: u32 => u32 = i32::popcnt;
    I32Extend8S: u32 => u32 = i32::extend8_s;
    I32Extend16S: u32 => u32 = i32::extend16_s;
    I64Clz: u64 => u64 = i64::clz;
    I64Ctz: u64 => u64 = i64::ctz;
    I64Popcnt: u64 => u64 = i64::popcnt;
    I64Extend8S: u64 => u64 = i64::extend8_s;
    I64Extend16S: u64 => u64 = i64::extend16_s;
    I64Extend32S: u64 => u64 = integer::i64_extend32_s;
    F32Abs: F32 => F32 = f32::abs;
    F32Neg: F32 => F32 = f32::neg;
    F32Ceil: F32 => F32 = f32::ceil;
    F32Floor: F32 => F32 = f32::floor;
    F32Trunc: F32 => F32 = f32::trunc;
    F32Nearest: F32 => F32 = f32::nearest;
    F32Sqrt: F32 => F32 = f32::sqrt;
    F64Abs: F64 => F64 = f64::abs;
    F64Neg: F64 => F64 = f64::neg;
    F64Ceil: F64 => F64 = f64::ceil;
    F64Floor: F64 => F64 = f64::floor;
    F64Trunc: F64 => F64 = f64::trunc;
    F64Nearest: F64 => F64 = f64::nearest;
    F64Sqrt: F64 => F64 = f64::sqrt;
    I32WrapI64: u64 => u32 = convert::i32_wrap_i64;
    I32TruncF32S: F32 => Trapping<u32> = convert::i32_trunc_f32_s;
    I32TruncF32U: F32 => Trapping<u32> = convert::i32_trunc_f32_u;
    I32TruncF64S: F64 => Trapping<u32> = convert::i32_trunc_f64_s;
    I32TruncF64U: F64 => Trapping<u32> = convert::i32_trunc_f64_u;
    I64ExtendI32S: u32 => u64 = convert::i64_extend_i32_s;
    I64ExtendI32U: u32 => u64 = convert::i64_extend_i32_u;
    I64TruncF32S: F32 => Trapping<u64> = convert::i64_trunc_f32_s;
    I64TruncF32U: F32 => Trapping<u64> = convert::i64_trunc_f32_u;
    I64TruncF64S: F64 => Trapping<u64> = convert::i64_trunc_f64_s;
    I64TruncF64U: F64 => Trapping<u64> = convert::i64_trunc_f64_u;
    F32ConvertI32S: u32 => F32 = convert::f32_convert_i32_s;
    F32ConvertI32U: u32 => F32 = convert::f32_convert_i32_u;
    F32ConvertI64S: u64 => F32 = convert::f32_convert_i64_s;
    F32ConvertI64U: u64 => F32 = convert::f32_convert_i64_u;
    F32DemoteF64: F64 => F32 = convert::f32_demote_f64;
    F64ConvertI32S: u32 => F64 = convert::f64_convert_i32_s;
    F64ConvertI32U: u32 => F64 = convert::f64_convert_i32_u;
    F64ConvertI64S: u64 => F64 = convert::f64_convert_i64_s;
    F64ConvertI64U: u64 => F64 = convert::f64_convert_i64_u;
    F64PromoteF32: F32 => F64 = convert::f64_promote_f32;
    I32ReinterpretF32: F32 => u32 = convert::i32_reinterpret_f32;
    I64ReinterpretF64: F64 => u64 = convert::i64_reinterpret_f64;
    F32ReinterpretI32: u32 => F32 = convert::f32_reinterpret_i32;
    F64ReinterpretI64: u64 => F64 = convert::f64_reinterpret_i64;
    I32TruncSatF32S: F32 => u32 = convert::i32_trunc_sat_f32_s;
    I32TruncSatF32U: F32 => u32 = convert::i32_trunc_sat_f32_u;
    I32TruncSatF64S: F64 => u32 = convert::i32_trunc_sat_f64_s;
    I32TruncSatF64U: F64 => u32 = convert::i32_trunc_sat_f64_u;
    I64TruncSatF32S: F32 => u64 = convert::i64_trunc_sat_f32_s;
    I64TruncSatF32U: F32 => u64 = convert::i64_trunc_sat_f32_u;
    I64TruncSatF64S: F64 => u64 = convert::i64_trunc_sat_f64_s;
    I64TruncSatF64U: F64 => u64 = convert::i64_trunc_sat_f64_u;
}

binary_operators! {
    I32Add: u32 => u32 = i32::add, true, commutative_pairs;
    I32Sub: u32 => u32 = i32::sub, false, binary_pairs;
    I32Mul: u32 => u32 = i32::mul, true, commutative_pairs;
    I32DivS: u32 => Trapping<u32> = i32::div_s, false, binary_pairs;
    I32DivU: u32 => Trapping<u32> = i32::div_u, false, binary_pairs;
    I32RemS: u32 => Trapping<u32> = i32::rem_s, false, binary_pairs;
    I32RemU: u32 => Trapping<u32> = i32::rem_u, false, binary_pairs;
    I32And: u32 => u32 = i32::and, true, commutative_pairs;
    I32Or: u32 => u32 = i32::or, true, commutative_pairs;
    I32Xor: u32 => u32 = i32::xor, true, commutative_pairs;
    I32Shl: u32 => u32 = i32::shl, false, binary_pairs;
    I32ShrS: u32 => u32 = i32::shr_s, false, binary_pairs;
    I32ShrU: u32 => u32 = i32::shr_u, false, binary_pairs;
    I32Rotl: u32 => u32 = i32::rotl, false, binary_pairs;
    I32Rotr: u32 => u32 = i32::rotr, false, binary_pairs;
    I64Add: u64 => u64 = i64::add, true, commutative_pairs;
    I64Sub: u64 => u64 = i64::sub, false, binary_pairs;
    I64Mul: u64 => u64 = i64::mul, true, commutative_pairs;
    I64DivS: u64 => Trapping<u64> = i64::div_s, false, binary_pairs;
    I64DivU: u64 => Trapping<u64> = i64::div_u, false, binary_pairs;
    I64RemS: u64 => Trapping<u64> = i64::rem_s, false, binary_pairs;
    I64RemU: u64 => Trapping<u64> = i64::rem_u, false, binary_pairs;
    I64And: u64 => u64 = i64::and, true, commutative_pairs;
    I64Or: u64 => u64 = i64::or, true, commutative_pairs;
    I64Xor: u64 => u64 = i64::xor, true, commutative_pairs;
    I64Shl: u64 => u64 = i64::shl, false, binary_pairs;
    I64ShrS: u64 => u64 = i64::shr_s, false, binary_pairs;
    I64ShrU: u64 => u64 = i64::shr_u, false, binary_pairs;
    I64Rotl: u64 => u64 = i64::rotl, false, binary_pairs;
    I64Rotr: u64 => u64 = i64::rotr, false, binary_pairs;
    F32Add: F32 => F32 = f32::add, false, binary_pairs;
    F32Sub: F32 => F32 = f32::sub, false, binary_pairs;
    F32Mul: F32 => F32 = f32::mul, false, binary_pairs;
    F32Div: F32 => F32 = f32::div, false, binary_pairs;
    F32Min: F32 => F32 = f32::min, false, binary_pairs;
    F32Max: F32 => F32 = f32::max, false, binary_pairs;
    F32Copysign: F32 => F32 = f32::copysign, false, binary_pairs;
    F64Add: F64 => F64 = f64::add, false, binary_pairs;
    F64Sub: F64 => F64 = f64::sub, false, binary_pairs;
    F64Mul: F64 => F64 = f64::mul, false, binary_pairs;
    F64Div: F64 => F64 = f64::div, false, binary_pairs;
    F64Min: F64 => F64 = f64::min, false, binary_pairs;
    F64Max: F64 => F64 = f64::max, false, binary_pairs;
    F64Copysign: F64 => F64 = f64::copysign, false, binary_pairs;
}

comparisons! {
    I32Eq: u32 = i32::eq, not Some((CompareOp::I32Ne, false));
    I32Ne: u32 = i32::ne, not Some((CompareOp::I32Eq, false));
    I32LtS: u32 = i32::lt_s, not Some((CompareOp::I32LeS, true));
    I32LtU: u32 = i32::lt_u, not Some((CompareOp::I32LeU, true));
    I32LeS: u32 = i32::le_s, not Some((CompareOp::I32LtS, true));
    I32LeU: u32 = i32::le_u, not Some((CompareOp::I32LtU, true));
    I32Test: u32 = i32::test, not Some((CompareOp::I32TestNot, false));
    I32TestNot: u32 = i32::test_not, not Some((CompareOp::I32Test, false));
    I64Eq: u64 = i64::eq, not Some((CompareOp::I64Ne, false));
    I64Ne: u64 = i64::ne, not Some((CompareOp::I64Eq, false));
    I64LtS: u64 = i64::lt_s, not Some((CompareOp::I64LeS, true));
    I64LtU: u64 = i64::lt_u, not Some((CompareOp::I64LeU, true));
    I64LeS: u64 = i64::le_s, not Some((CompareOp::I64LtS, true));
    I64LeU: u64 = i64::le_u, not Some((CompareOp::I64LtU, true));
    I64Test: u64 = i64::test, not Some((CompareOp::I64TestNot, false));
    I64TestNot: u64 = i64::test_not, not Some((CompareOp::I64Test, false));
    F32Eq: F32 = f32::eq, not Some((CompareOp::F32Ne, false));
    F32Ne: F32 = f32::ne, not Some((CompareOp::F32Eq, false));
    F32Lt: F32 = f32::lt, not None;
    F32Le: F32 = f32::le, not None;
    F64Eq: F64 = f64::eq, not Some((CompareOp::F64Ne, false));
    F64Ne: F64 = f64::ne, not Some((CompareOp::F64Eq, false));
    F64Lt: F64 = f64::lt, not None;
    F64Le: F64 = f64::le, not None;
}
