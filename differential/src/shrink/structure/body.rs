//! A function's body, and what may stand in place of a part of it.
//!
//! Enters: a valid binary and the number of one of its own functions; leaves: its instructions, the pieces that they can be
//! cut into, and for each piece what keeps the rest valid without it ([`super::stack`]). A piece lies in one sequence of
//! instructions and has whole blocks in it, so labels keep their targets.

use super::stack::Stacks;
use std::ops::Range;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{Catch, Function, Instruction, ValType};
use wasmparser::{FunctionBody, Parser, ValidPayload, Validator, WasmFeatures};

/// Pieces of up to so many items are tried wherever they begin.
pub(super) const SLIDING: usize = 4;

/// A function's instructions, with what is known of each.
pub(super) struct Body<'a> {
    params: u32,
    locals: Vec<ValType>,
    code: Vec<Instruction<'a>>,
    stacks: Stacks,
}

impl<'a> Body<'a> {
    /// The body of the function with this number among those that are not imported. `None` where the validator refuses it.
    pub(super) fn of(bytes: &'a [u8], number: usize) -> Option<Self> {
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        let mut before = number;
        for payload in Parser::new(0).parse_all(bytes) {
            let ValidPayload::Func(function, body) = validator.payload(&payload.ok()?).ok()? else {
                continue;
            };
            if before > 0 {
                before -= 1;
                continue;
            }
            let stacks = Stacks::of(function, &body)?;
            let (locals, code) = read(&body)?;
            return Some(Self { params: stacks.params(), locals, code, stacks });
        }
        None
    }

    /// How many instructions there are in front of the last `end`.
    pub(super) fn len(&self) -> usize {
        self.code.len() - 1
    }

    /// The pieces of so many items, each a range of instructions, none of them behind `limit`; the last one first.
    pub(super) fn pieces(&self, size: usize, limit: usize) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        for items in self.sequences() {
            let step = if size <= SLIDING { 1 } else { size };
            let mut end = items.len();
            while end > 0 {
                let start = end.saturating_sub(size);
                pieces.push(items[start].start..items[end - 1].end);
                end = end.saturating_sub(step);
            }
        }
        pieces.retain(|piece| piece.end <= limit);
        pieces.sort_by_key(|piece| std::cmp::Reverse((piece.end, piece.len())));
        pieces.dedup();
        pieces
    }

    /// The sequences of instructions: each is a list of items, which are plain instructions or whole blocks.
    fn sequences(&self) -> Vec<Vec<Range<usize>>> {
        let mut done = Vec::new();
        let mut open: Vec<(usize, Vec<Range<usize>>)> = vec![(0, Vec::new())];
        for (place, instruction) in self.code.iter().enumerate() {
            let Some((_, items)) = open.last_mut() else { break };
            match shape(instruction) {
                Shape::Opens => open.push((place, Vec::new())),
                Shape::Parts => done.push(std::mem::take(items)),
                Shape::Closes => {
                    let (start, items) = open.pop().unwrap_or_default();
                    done.push(items);
                    if let Some((_, around)) = open.last_mut() {
                        around.push(start..place + 1);
                    }
                }
                Shape::Plain => items.push(place..place + 1),
            }
        }
        done
    }

    /// The body with less in place of a piece: each possibility is a little simpler than what is there.
    pub(super) fn without(&self, piece: &Range<usize>) -> Vec<Function> {
        let old = &self.code[piece.clone()];
        let next_parts = matches!(shape(&self.code[piece.end]), Shape::Parts | Shape::Closes);
        let mut possible = self.stacks.glue(piece, next_parts);
        possible.extend(self.contents(piece));
        possible.retain(|new| weight(new) < weight(old));
        possible.iter().map(|new| self.with(piece, new)).collect()
    }

    /// The body with other instructions in place of a piece.
    fn with(&self, piece: &Range<usize>, new: &[Instruction<'_>]) -> Function {
        let code = self.code[..piece.start].iter().chain(new).chain(&self.code[piece.end..]);
        function(self.locals.iter().copied(), code)
    }

    /// What stands in a block, where the piece is one that nothing branches to: each of its arms.
    fn contents(&self, piece: &Range<usize>) -> Vec<Vec<Instruction<'a>>> {
        let code = &self.code[piece.clone()];
        if !matches!(code.first().map(shape), Some(Shape::Opens)) {
            return Vec::new();
        }
        let mut depth = 0_u32;
        let mut parts = vec![0];
        for (place, instruction) in code.iter().enumerate() {
            match shape(instruction) {
                Shape::Opens => depth += 1,
                Shape::Parts if depth == 1 => parts.push(place),
                Shape::Closes => depth -= 1,
                Shape::Parts | Shape::Plain => {}
            }
            if depth == 0 && place + 1 < code.len() {
                return Vec::new();
            }
        }
        parts.push(code.len() - 1);
        let is_if = matches!(code[0], Instruction::If(_));
        let arms = parts.windows(2).filter(|arm| is_if || arm[0] == 0);
        let arm = |arm: &[usize]| {
            let condition = is_if.then_some(Instruction::Drop);
            let inside = raised(&code[arm[0] + 1..arm[1]])?;
            Some(condition.into_iter().chain(inside).collect())
        };
        arms.filter_map(arm).collect()
    }

    /// The body without locals that it never names.
    pub(super) fn without_locals(&self) -> Option<Function> {
        let named = |local: u32| {
            self.code.iter().any(|instruction| {
                use Instruction::{LocalGet, LocalSet, LocalTee};
                matches!(instruction, LocalGet(index) | LocalSet(index) | LocalTee(index) if *index == local)
            })
        };
        let kept: Vec<u32> =
            (0..self.locals.len() as u32).filter(|&local| named(self.params + local)).collect();
        if kept.len() == self.locals.len() {
            return None;
        }
        let renumbered = |index: u32| match index.checked_sub(self.params) {
            None => index,
            Some(local) => self.params + kept.partition_point(|&other| other < local) as u32,
        };
        let code: Vec<_> = self
            .code
            .iter()
            .map(|instruction| match instruction {
                Instruction::LocalGet(index) => Instruction::LocalGet(renumbered(*index)),
                Instruction::LocalSet(index) => Instruction::LocalSet(renumbered(*index)),
                Instruction::LocalTee(index) => Instruction::LocalTee(renumbered(*index)),
                other => other.clone(),
            })
            .collect();
        Some(function(kept.iter().map(|&local| self.locals[local as usize]), &code))
    }
}

/// A body that does nothing but trap.
pub(super) fn trap() -> Function {
    function([], &[Instruction::Unreachable, Instruction::End])
}

fn function<'i>(
    locals: impl IntoIterator<Item = ValType>,
    code: impl IntoIterator<Item = &'i Instruction<'i>>,
) -> Function {
    let mut function = Function::new_with_locals_types(locals);
    code.into_iter().for_each(|instruction| {
        function.instruction(instruction);
    });
    function
}

/// The locals that a body declares, one by one, and its instructions.
fn read<'a>(body: &FunctionBody<'a>) -> Option<(Vec<ValType>, Vec<Instruction<'a>>)> {
    let mut encoder = RoundtripReencoder;
    let mut locals = Vec::new();
    for local in body.get_locals_reader().ok()? {
        let (count, ty) = local.ok()?;
        locals.extend(std::iter::repeat_n(encoder.val_type(ty).ok()?, count as usize));
    }
    let mut operators = body.get_operators_reader().ok()?;
    let mut code = Vec::new();
    while !operators.eof() {
        code.push(encoder.parse_instruction(&mut operators).ok()?);
    }
    Some((locals, code))
}

/// What an instruction is for the structure of a body.
enum Shape {
    Plain,
    /// Begins a block.
    Opens,
    /// Stands between two sequences of a block.
    Parts,
    /// Ends a block, or the body.
    Closes,
}

fn shape(instruction: &Instruction<'_>) -> Shape {
    use Instruction::{Block, Catch, CatchAll, Delegate, Else, End, If, Loop, Try, TryTable};
    match instruction {
        Block(_) | Loop(_) | If(_) | Try(_) | TryTable(..) => Shape::Opens,
        Else | Catch(_) | CatchAll => Shape::Parts,
        End | Delegate(_) => Shape::Closes,
        _ => Shape::Plain,
    }
}

/// How much there is to understand: a candidate has less of it, so that no change is undone.
fn weight(code: &[Instruction<'_>]) -> u64 {
    use Instruction::{
        Drop, F32Const, F64Const, I32Const, I64Const, RefAsNonNull, RefI31, RefNull, Unreachable, V128Const,
    };
    let of = |instruction: &Instruction<'_>| match instruction {
        Drop | Unreachable | I32Const(0) | I64Const(0) | V128Const(0) => 1,
        F32Const(value) if value.bits() == 0 => 1,
        F64Const(value) if value.bits() == 0 => 1,
        RefNull(_) | RefAsNonNull | RefI31 => 2,
        I32Const(_) | I64Const(_) | F32Const(_) | F64Const(_) | V128Const(_) => 2,
        _ => 100,
    };
    code.iter().map(of).sum()
}

/// Instructions outside of the block that they stood in; `None` where one of them branches to it.
fn raised<'a>(code: &[Instruction<'a>]) -> Option<Vec<Instruction<'a>>> {
    let mut depth = 0_u32;
    code.iter()
        .map(|instruction| {
            if matches!(shape(instruction), Shape::Closes) {
                depth = depth.checked_sub(1)?;
            }
            let raised = with_labels(instruction, |label| match label.checked_sub(depth) {
                None => Some(label),
                Some(0) => None,
                Some(_) => Some(label - 1),
            });
            depth += u32::from(matches!(shape(instruction), Shape::Opens));
            raised
        })
        .collect()
}

/// An instruction with other labels; `None` where one of them has no other, or the instruction's are not known here.
fn with_labels<'a>(
    instruction: &Instruction<'a>,
    other: impl Fn(u32) -> Option<u32>,
) -> Option<Instruction<'a>> {
    use Instruction as I;
    Some(match instruction.clone() {
        I::Br(label) => I::Br(other(label)?),
        I::BrIf(label) => I::BrIf(other(label)?),
        I::BrTable(labels, default) => {
            let labels: Option<Vec<u32>> = labels.iter().map(|&label| other(label)).collect();
            I::BrTable(labels?.into(), other(default)?)
        }
        I::BrOnNull(label) => I::BrOnNull(other(label)?),
        I::BrOnNonNull(label) => I::BrOnNonNull(other(label)?),
        I::BrOnCast { relative_depth, from_ref_type, to_ref_type } => {
            I::BrOnCast { relative_depth: other(relative_depth)?, from_ref_type, to_ref_type }
        }
        I::BrOnCastFail { relative_depth, from_ref_type, to_ref_type } => {
            I::BrOnCastFail { relative_depth: other(relative_depth)?, from_ref_type, to_ref_type }
        }
        I::BrOnCastDescEq { relative_depth, from_ref_type, to_ref_type } => {
            I::BrOnCastDescEq { relative_depth: other(relative_depth)?, from_ref_type, to_ref_type }
        }
        I::BrOnCastDescEqFail { relative_depth, from_ref_type, to_ref_type } => {
            I::BrOnCastDescEqFail { relative_depth: other(relative_depth)?, from_ref_type, to_ref_type }
        }
        I::TryTable(ty, clauses) => {
            let clause = |clause: &Catch| {
                Some(match *clause {
                    Catch::One { tag, label } => Catch::One { tag, label: other(label)? },
                    Catch::OneRef { tag, label } => Catch::OneRef { tag, label: other(label)? },
                    Catch::All { label } => Catch::All { label: other(label)? },
                    Catch::AllRef { label } => Catch::AllRef { label: other(label)? },
                })
            };
            let clauses: Option<Vec<Catch>> = clauses.iter().map(clause).collect();
            I::TryTable(ty, clauses?.into())
        }
        I::Rethrow(label) => I::Rethrow(other(label)?),
        I::Delegate(label) => I::Delegate(other(label)?),
        I::Resume { .. } | I::ResumeThrow { .. } | I::ResumeThrowRef { .. } => return None,
        plain => plain,
    })
}
