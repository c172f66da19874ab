//! Leaves: functions so small and so harmless that their code stands better at the call than behind it.
//!
//! A leaf is a short straight line of operators that cannot trap, call, branch or touch a memory or a table. So it needs
//! no frame of its own in a backtrace, and nobody can tell where it ran. Bodies are validated here before they are
//! taken; one that is invalid is no leaf, and the error is found where functions are compiled. Where calls are counted
//! or polled (fuel, epochs), and where code is to be a straight translation, there are no leaves.

use crate::options::{CompileOptions, OptLevel};
use assay_model::features::FeatureSet;
use assay_model::index::DefinedFuncIdx;
use assay_model::ops::{self, Immediates, OpRow};
use assay_model::types::ValType;
use assay_parse::{BodyAllocations, BodyReader, ParsedModule};
use rustc_hash::FxHashSet;
use std::sync::LazyLock;
use wasmparser::{BinaryReader, Operator};

/// Bytes of the longest body that is looked at.
const MOST_BYTES: usize = 96;

/// Operators of the longest leaf.
const MOST_OPERATORS: usize = 24;

/// Locals of the widest leaf, parameters not counted.
const MOST_LOCALS: usize = 8;

/// Operators that one function may take over from leaves, however large it is.
const MOST_TAKEN: usize = 4096;

/// A function whose code may stand at its calls.
pub(crate) struct Leaf<'a> {
    /// What it declares, without parameters.
    pub(crate) locals: Vec<ValType>,
    /// What it does, without the last `end`.
    pub(crate) operators: Vec<Operator<'a>>,
}

/// The leaves of a module.
pub(crate) struct Leaves<'a> {
    /// By defined function; empty when none are wanted.
    leaves: Vec<Option<Leaf<'a>>>,
}

impl<'a> Leaves<'a> {
    pub(crate) fn of_module(parsed: &ParsedModule, bytes: &'a [u8], options: &CompileOptions) -> Self {
        let wanted = options.opt_level == OptLevel::Speed && !options.fuel && !options.epoch;
        if !wanted {
            return Self { leaves: Vec::new() };
        }
        let mut allocations = BodyAllocations::default();
        let bodies = parsed.model.bodies.iter().enumerate();
        let leaf = |(func, body): (usize, &std::ops::Range<u32>)| {
            let small = body.len() <= MOST_BYTES;
            small.then(|| leaf(parsed, bytes, DefinedFuncIdx::from_index(func), &mut allocations)).flatten()
        };
        Self { leaves: bodies.map(leaf).collect() }
    }

    /// The leaf that a function is.
    pub(crate) fn get(&self, func: DefinedFuncIdx) -> Option<&Leaf<'a>> {
        self.leaves.get(func.index())?.as_ref()
    }

    /// How many operators a function of so many bytes may take over: in proportion, so that a module cannot grow without
    /// bounds.
    pub(crate) fn allowance(bytes: usize) -> usize {
        (MOST_OPERATORS + 4 * bytes).min(MOST_TAKEN)
    }
}

/// Reads a body as a leaf, if it is one.
fn leaf<'a>(
    parsed: &ParsedModule,
    bytes: &'a [u8],
    func: DefinedFuncIdx,
    allocations: &mut BodyAllocations,
) -> Option<Leaf<'a>> {
    let mut reader = BodyReader::new(parsed, bytes, func, std::mem::take(allocations)).ok()?;
    let mut locals = Vec::new();
    for &(count, ty) in reader.locals() {
        locals.extend(std::iter::repeat_n(ty, (count as usize).min(MOST_LOCALS + 1)));
    }
    let mut operators = Vec::new();
    let mut fits = locals.len() <= MOST_LOCALS;
    while fits && let Some(op) = reader.next().ok()? {
        fits = match op.operator {
            Operator::End => break,
            operator if is_plain(bytes, op.offset) => {
                operators.push(operator);
                operators.len() <= MOST_OPERATORS
            }
            _ => false,
        };
    }
    fits &= reader.next().is_ok_and(|behind| behind.is_none());
    *allocations = reader.finish();
    fits.then_some(Leaf { locals, operators })
}

/// Whether the operator at `offset` may stand in a leaf.
fn is_plain(bytes: &[u8], offset: u32) -> bool {
    static PLAIN: LazyLock<FxHashSet<(u8, u32)>> = LazyLock::new(|| {
        ops::all().filter(|row| row_is_plain(row)).map(|row| (row.prefix, row.code)).collect()
    });
    opcode(bytes, offset).is_some_and(|opcode| PLAIN.contains(&opcode))
}

/// Prefix and code of an operator that has been read before.
fn opcode(bytes: &[u8], offset: u32) -> Option<(u8, u32)> {
    let mut reader = BinaryReader::new(bytes.get(offset as usize..)?, u64::from(offset));
    let first = reader.read_u8().ok()?;
    if first < FIRST_PREFIX {
        Some((0, u32::from(first)))
    } else {
        Some((first, reader.read_var_u32().ok()?))
    }
}

/// First bytes from which on another number says which operator it is.
const FIRST_PREFIX: u8 = 0xfb;

/// Whether all that an operator touches is the operand stack, locals and globals, and it always goes on behind itself.
fn row_is_plain(row: &OpRow) -> bool {
    let harmless = matches!(
        row.immediates,
        Immediates::None
            | Immediates::SelectTypes
            | Immediates::Local
            | Immediates::Global
            | Immediates::I32
            | Immediates::I64
            | Immediates::F32
            | Immediates::F64
            | Immediates::V128
            | Immediates::Lane
            | Immediates::Shuffle
    );
    let built = row.feature.is_none_or(|feature| FeatureSet::built_by_jit().contains(feature));
    let goes_on = !matches!(row.mnemonic, "else" | "end" | "return");
    harmless && built && goes_on && !row.may_trap && !row.shared
}

#[cfg(test)]
mod tests {
    use super::{Leaves, MOST_LOCALS, MOST_OPERATORS};
    use crate::options::{CompileOptions, OptLevel};
    use assay_model::features::FeatureSet;
    use assay_model::index::DefinedFuncIdx;

    /// Which functions of a module are leaves.
    fn leaves(text: &str, options: &CompileOptions) -> Vec<bool> {
        let bytes = wat::parse_str(text).unwrap();
        let built = FeatureSet::built_by_jit();
        let parsed = assay_parse::parse_for(&bytes, built, built).unwrap();
        let found = Leaves::of_module(&parsed, &bytes, options);
        (0..parsed.model.bodies.len())
            .map(|func| found.get(DefinedFuncIdx::from_index(func)).is_some())
            .collect()
    }

    /// Whether a function with this body is one.
    fn is_leaf(body: &str) -> bool {
        let text = format!(
            "(module (memory 1) (table 1 funcref) (global $g (mut i32) (i32.const 0))
               (func $f (param i32 f32 v128) (result i32) {body}))"
        );
        leaves(&text, &CompileOptions::default())[0]
    }

    #[test]
    fn straight_lines_that_cannot_trap_are_leaves() {
        for body in [
            "(local.get 0)",
            "(local i64) (local.set 0 (i32.const 3)) (i32.wrap_i64 (local.get 3))",
            "(select (i32.const 1) (i32.const 2) (i32.clz (local.get 0)))",
            "(drop (f64.promote_f32 (local.get 1))) (nop) (i32.trunc_sat_f32_s (local.get 1))",
            "(global.set $g (i32.const 1)) (global.get $g)",
            "(i8x16.extract_lane_s 15 (i64x2.mul (local.get 2) (v128.const i64x2 1 2)))",
            "(drop (i64.mul_wide_u (i64.const 1) (i64.const 2))) (drop) (i32.const 0)",
        ] {
            assert!(is_leaf(body), "{body}");
        }
    }

    #[test]
    fn what_traps_branches_calls_or_touches_memory_is_none() {
        for body in [
            "(unreachable)",
            "(i32.div_u (local.get 0) (i32.const 3))",
            "(i32.trunc_f32_s (local.get 1))",
            "(i32.load (local.get 0))",
            "(i32.store (local.get 0) (i32.const 1)) (i32.const 0)",
            "(memory.size)",
            "(drop (v128.load (local.get 0))) (i32.const 0)",
            "(ref.is_null (table.get (i32.const 0)))",
            "(block (result i32) (i32.const 1))",
            "(if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2)))",
            "(return (i32.const 1))",
            "(call $f (local.get 0) (local.get 1) (local.get 2))",
        ] {
            assert!(!is_leaf(body), "{body}");
        }
    }

    #[test]
    fn leaves_are_small() {
        let steps = |count: usize| format!("(local.get 0){}", "(i32.popcnt)".repeat(count - 1));
        assert!(is_leaf(&steps(MOST_OPERATORS)));
        assert!(!is_leaf(&steps(MOST_OPERATORS + 1)));
        let locals = |count: usize| format!("(local{}) (local.get 0)", " i64".repeat(count));
        assert!(is_leaf(&locals(MOST_LOCALS)));
        assert!(!is_leaf(&locals(MOST_LOCALS + 1)));
        assert!(Leaves::allowance(usize::MAX / 8) < 1 << 16);
    }

    #[test]
    fn an_invalid_body_is_no_leaf_and_neither_are_its_neighbours_touched() {
        let text = "(module (func (result i32) (i64.const 0)) (func (result i32) (i32.const 0))
            (func (result i32) (i32.add (i32.const 0))) (func))";
        assert_eq!(leaves(text, &CompileOptions::default()), [false, true, false, true]);
    }

    #[test]
    fn nothing_is_a_leaf_where_calls_count() {
        let module = "(module (func))";
        let base = CompileOptions::default();
        assert_eq!(leaves(module, &base), [true]);
        for options in [
            CompileOptions { fuel: true, ..base },
            CompileOptions { epoch: true, ..base },
            CompileOptions { opt_level: OptLevel::None, ..base },
        ] {
            assert_eq!(leaves(module, &options), [false]);
        }
    }
}
