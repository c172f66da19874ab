//! Blocks, branches, returns and calls.

mod legacy;

use super::function::{FuncLowering, Result};
use super::stack::{Condition, Entry, Increment, Kind, Operand, Value};
use crate::code::{ClauseId, HandlerId};
use crate::exec::numeric::CompareOp;
use crate::exec::{Opcode, control};
use assay_model::index::TypeIdx;
use assay_parse::val_type;
use assay_parse::wasmparser::{BlockType, BrTable, Operator};

/// More values than this move by one instruction, from slots to slots.
const FEW: usize = 4;

/// A way to a place that is not known yet.
#[derive(Copy, Clone)]
pub(super) enum Fixup {
    /// The branch word of an instruction.
    Branch { instruction: u32, word: u32 },
    /// A clause that catches exceptions.
    Clause(ClauseId),
}

enum FrameKind {
    Function,
    Block,
    Loop {
        head: u32,
    },
    If {
        otherwise: Option<Fixup>,
    },
    /// With the handler around it.
    Try {
        outer: Option<HandlerId>,
    },
    /// The older form, with the handler that it is and the one around it.
    Legacy {
        handler: HandlerId,
        outer: Option<HandlerId>,
        /// How many clauses the blocks around it have that are not at their ends.
        clauses: usize,
        /// The present operator is in a clause: what was caught is the lowest value.
        caught: bool,
    },
}

/// An open block.
pub(super) struct Frame {
    kind: FrameKind,
    /// Values on the stack below the block's parameters.
    height: usize,
    ty: BlockKinds,
    /// How many parameters and results there are.
    params: usize,
    results: usize,
    /// Branches to the end.
    exits: Option<ExitIdx>,
}

/// A place in [`Exits`].
type ExitIdx = u32;

/// The branches to the ends of the open blocks: for each block a chain, the last branch first.
#[derive(Default)]
pub(super) struct Exits(Vec<(Fixup, Option<ExitIdx>)>);

impl Exits {
    /// Forgets all branches.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Puts a branch before the others of a chain.
    fn push(&mut self, chain: &mut Option<ExitIdx>, fixup: Fixup) {
        let place = self.0.len() as ExitIdx;
        self.0.push((fixup, chain.replace(place)));
    }
}

/// The type of a block. Types of the module are named, not copied: blocks can be many and long.
#[derive(Copy, Clone)]
enum BlockKinds {
    Empty,
    One(Kind),
    Func(TypeIdx),
}

impl Frame {
    /// The outermost block.
    pub(super) fn function(ty: TypeIdx, results: usize) -> Self {
        let (kind, ty) = (FrameKind::Function, BlockKinds::Func(ty));
        Self { kind, height: 0, ty, params: 0, results, exits: None }
    }

    /// How many values a branch to the block takes.
    fn arity(&self) -> usize {
        match self.kind {
            FrameKind::Loop { .. } => self.params,
            _ => self.results,
        }
    }
}

impl FuncLowering<'_> {
    /// Lowers an operator of control. False when it is none.
    #[inline(always)]
    pub(super) fn control(&mut self, operator: &Operator<'_>) -> Result<bool> {
        match *operator {
            Operator::Nop => {}
            Operator::Unreachable => {
                self.charge();
                self.emit_trapping(control::unreachable(), &[]);
                self.die();
            }
            Operator::Block { blockty } => self.block(blockty)?,
            Operator::Loop { blockty } => self.loop_(blockty)?,
            Operator::If { blockty } => self.if_(blockty)?,
            Operator::Else => self.else_(),
            Operator::End => self.end(),
            Operator::Br { relative_depth } => {
                self.charge();
                self.branch(relative_depth);
                self.die();
            }
            Operator::BrIf { relative_depth } => self.br_if(relative_depth),
            Operator::BrTable { ref targets } => self.br_table(targets)?,
            Operator::Return => {
                self.charge();
                self.return_();
                self.die();
            }
            Operator::Call { function_index } => self.call(function_index),
            Operator::CallIndirect { type_index, table_index } => self.call_indirect(type_index, table_index),
            Operator::ReturnCall { function_index } => self.return_call(function_index),
            Operator::ReturnCallIndirect { type_index, table_index } => {
                self.return_call_indirect(type_index, table_index);
            }
            Operator::CallRef { type_index } => self.call_ref(type_index),
            Operator::ReturnCallRef { type_index } => self.return_call_ref(type_index),
            Operator::BrOnNull { relative_depth } => self.br_on_null(relative_depth),
            Operator::BrOnNonNull { relative_depth } => self.br_on_non_null(relative_depth),
            Operator::TryTable { ref try_table } => self.try_table(try_table)?,
            Operator::Throw { tag_index } => self.throw(tag_index),
            Operator::ThrowRef => self.throw_ref(),
            Operator::Try { blockty } => self.try_(blockty)?,
            Operator::Catch { tag_index } => self.catch(Some(tag_index)),
            Operator::CatchAll => self.catch(None),
            Operator::Delegate { relative_depth } => self.delegate(relative_depth),
            Operator::Rethrow { relative_depth } => self.rethrow(relative_depth),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Keeps count of blocks in code that is never reached.
    #[inline(always)]
    pub(super) fn dead_operator(&mut self, operator: &Operator<'_>) -> Result<()> {
        let depth = self.dead.expect("called in dead code only");
        match operator {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. }
            | Operator::Try { .. } => {
                self.dead = Some(depth + 1);
            }
            Operator::Else if depth == 0 => self.else_(),
            Operator::Catch { tag_index } if depth == 0 => self.catch(Some(*tag_index)),
            Operator::CatchAll if depth == 0 => self.catch(None),
            Operator::End if depth == 0 => self.end(),
            Operator::Delegate { relative_depth } if depth == 0 => self.delegate(*relative_depth),
            Operator::End | Operator::Delegate { .. } => self.dead = Some(depth - 1),
            _ => {}
        }
        Ok(())
    }

    fn open_frame(&mut self, kind: FrameKind, ty: BlockType) -> Result<()> {
        let (ty, params, results) = match ty {
            BlockType::Empty => (BlockKinds::Empty, 0, 0),
            BlockType::Type(ty) => (BlockKinds::One(Kind::of(val_type(ty)?, self.module)), 0, 1),
            BlockType::FuncType(index) => {
                let ty = self.module.func_type_at(TypeIdx(index));
                (BlockKinds::Func(TypeIdx(index)), ty.params.len(), ty.results.len())
            }
        };
        let height = self.stack.entries.len() - params;
        self.frames.push(Frame { kind, height, ty, params, results, exits: None });
        Ok(())
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("validation keeps blocks balanced")
    }

    fn block(&mut self, ty: BlockType) -> Result<()> {
        self.stack.settle_all();
        self.open_frame(FrameKind::Block, ty)
    }

    /// Opens the block of a `try_table`.
    pub(super) fn open_try(&mut self, ty: BlockType, outer: Option<HandlerId>) -> Result<()> {
        self.open_frame(FrameKind::Try { outer }, ty)
    }

    /// The slot of the first value of a branch to the block at `depth`.
    pub(super) fn target_slot(&self, depth: u32) -> u32 {
        let Frame { ref kind, height, .. } = self.frames[self.frame_index(depth)];
        if matches!(kind, FrameKind::Function) { 0 } else { self.stack.slot_at(height) }
    }

    fn loop_(&mut self, ty: BlockType) -> Result<()> {
        self.open_frame(FrameKind::Loop { head: 0 }, ty)?;
        self.stack.settle_all();
        let height = self.frame().height;
        self.stack.materialize_from(height);
        self.charge();
        self.join();
        let head = self.stack.code.here();
        self.frame().kind = FrameKind::Loop { head };
        self.check_points();
        Ok(())
    }

    fn if_(&mut self, ty: BlockType) -> Result<()> {
        let condition = self.pop_condition();
        self.open_frame(FrameKind::If { otherwise: None }, ty)?;
        self.stack.settle_all();
        let height = self.frame().height;
        self.stack.materialize_from(height);
        self.charge();
        let otherwise = self.branch_unless(condition);
        self.frame().kind = FrameKind::If { otherwise: Some(otherwise) };
        Ok(())
    }

    /// Moves the results of the frame to their slots and leaves by a branch, or by falling through.
    fn leave_arm(&mut self) {
        let Frame { height, results, .. } = *self.frame();
        self.charge();
        self.move_top(results, self.stack.slot_at(height));
    }

    /// The stack as it is where the frame's second arm is entered (`params`), or where the frame is left: everything in
    /// its slots.
    fn restack(&mut self, height: usize, ty: BlockKinds, params: bool) {
        self.stack.truncate(height);
        self.join();
        match ty {
            BlockKinds::Empty => {}
            BlockKinds::One(kind) if !params => self.stack.push(kind, Value::Temp),
            BlockKinds::One(_) => {}
            BlockKinds::Func(index) => {
                let ty = self.module.func_type_at(index);
                for &ty in if params { &ty.params } else { &ty.results } {
                    self.stack.push(Kind::of(ty, self.module), Value::Temp);
                }
            }
        }
        self.stack.settle_all();
    }

    /// Leaves the block from the end of a part that others of its parts follow, if control comes there.
    fn leave_for_end(&mut self) {
        if self.dead.take().is_none() {
            self.leave_arm();
            let exit = self.emit_branch(control::branch(), &[]);
            self.add_exit(self.frames.len() - 1, exit);
        }
    }

    fn else_(&mut self) {
        self.leave_for_end();
        let Frame { height, ty, ref mut kind, .. } = *self.frame();
        let otherwise = match kind {
            FrameKind::If { otherwise } => otherwise.take(),
            _ => None,
        };
        self.restack(height, ty, true);
        if let Some(fixup) = otherwise {
            self.bind(fixup);
        }
    }

    fn end(&mut self) {
        if matches!(self.frame().kind, FrameKind::Function) {
            return self.end_function();
        }
        let alive = self.dead.is_none();
        match self.frame().kind {
            FrameKind::If { otherwise: Some(fixup) } => self.add_exit(self.frames.len() - 1, fixup),
            FrameKind::Try { outer } => self.enter_handler(outer),
            _ => {}
        }
        let shifted = self.end_try();
        let mut exit = self.frame().exits;
        if exit.is_none() && !(alive && shifted) {
            // Nobody comes here but the code above: its values stay where they are.
            if alive {
                self.charge();
            }
            self.frames.pop();
            return;
        }
        if alive {
            self.leave_arm();
        }
        self.dead = None;
        let frame = self.frames.pop().expect("validation keeps blocks balanced");
        self.restack(frame.height, frame.ty, false);
        self.bind_all(&mut exit);
    }

    /// Lets the branches of a chain lead to the next instruction.
    fn bind_all(&mut self, exit: &mut Option<ExitIdx>) {
        while let Some(place) = *exit {
            let (fixup, next) = self.exits.0[place as usize];
            self.bind(fixup);
            *exit = next;
        }
    }

    /// Notes a branch to the end of an open block.
    fn add_exit(&mut self, frame: usize, fixup: Fixup) {
        self.exits.push(&mut self.frames[frame].exits, fixup);
    }

    fn end_function(&mut self) {
        if self.dead.is_none() {
            self.charge();
            self.return_();
        }
        // Exceptions that are caught by leaving the function: their values are in the first slots.
        let mut exits = self.frame().exits;
        if exits.is_some() {
            self.bind_all(&mut exits);
            match *self.results {
                // Callers may look for it in the accumulator.
                [kind] if kind != Kind::V128 => self.return_one(kind, Operand::Slot(0)),
                _ => drop(self.emit(control::return_(), &[Operand::Narrow(self.header)])),
            }
        }
        self.frames.pop();
    }

    /// Lets a branch lead to the next instruction.
    fn bind(&mut self, fixup: Fixup) {
        let target = self.stack.code.here();
        self.link(fixup, target);
    }

    fn link(&mut self, fixup: Fixup, target: u32) {
        match fixup {
            Fixup::Branch { instruction, word } => {
                let words = i64::from(target) - i64::from(instruction);
                let bytes =
                    i32::try_from(words * 4).expect("a body of less than 8 MB makes less than 2 GB of code");
                self.stack.code.patch(word, bytes as u32);
            }
            Fixup::Clause(clause) => self.stack.code.land(clause, target),
        }
    }

    /// Writes a branch instruction whose branch word stands first.
    fn emit_branch(&mut self, opcode: Opcode, operands: &[Operand]) -> Fixup {
        let at = self.emit(opcode, &[Operand::Narrow(0)]);
        operands.iter().for_each(|operand| operand.write(&mut self.stack.code));
        Fixup::Branch { instruction: at, word: at + 2 }
    }

    /// Pops an `i32` as a condition: the comparison that made it, if that can still be taken back.
    pub(super) fn pop_condition(&mut self) -> Condition {
        let entry = self.stack.pop();
        if let Some(condition) = self.stack.take_condition(entry) {
            return condition;
        }
        let a = match entry.value {
            Value::Const(_) => Operand::Slot(self.stack.slot_of(entry)),
            _ => self.stack.operand(entry),
        };
        Condition { op: CompareOp::I32Ne, a, b: Operand::Narrow(0) }
    }

    fn branch_when(&mut self, condition: Condition) -> Fixup {
        let Condition { op, a, b } = condition;
        // The accumulator has the local that was incremented just before: one instruction does both.
        if let Some(opcode) = op.increment_and_branch(a.mode(), b.mode())
            && let Some(Increment { local, from, step, .. }) = self.stack.take_increment()
        {
            let bound = if a == Operand::Acc { b } else { a };
            let words = [Operand::Narrow(local), Operand::Narrow(from), Operand::Narrow(step), bound];
            return self.emit_branch(opcode, &words);
        }
        let opcode = op.branch(a.mode(), b.mode()).expect("operands are in modes that exist");
        self.emit_branch(opcode, &[a, b])
    }

    fn branch_unless(&mut self, condition: Condition) -> Fixup {
        let Condition { op, a, b } = condition;
        match op.opposite() {
            Some((op, false)) => self.branch_when(Condition { op, a, b }),
            Some((op, true)) => self.branch_when(Condition { op, a: b, b: a }),
            None => {
                let opcode =
                    op.branch_not(a.mode(), b.mode()).expect("comparisons have an opposite or this form");
                self.emit_branch(opcode, &[a, b])
            }
        }
    }

    fn frame_index(&self, depth: u32) -> usize {
        self.frames.len() - 1 - depth as usize
    }

    /// A branch that is always taken; its values are on top of the stack.
    fn branch(&mut self, depth: u32) {
        let index = self.frame_index(depth);
        let Frame { ref kind, height, .. } = self.frames[index];
        let arity = self.frames[index].arity();
        if matches!(kind, FrameKind::Function) {
            return self.return_();
        }
        let head = if let FrameKind::Loop { head } = kind { Some(*head) } else { None };
        self.move_top(arity, self.stack.slot_at(height));
        let fixup = self.emit_branch(control::branch(), &[]);
        match head {
            Some(head) => self.link(fixup, head),
            None => self.add_exit(index, fixup),
        }
    }

    /// Whether a branch is nothing but a jump: no value moves, and it is no return.
    fn is_plain(&self, depth: u32) -> bool {
        let frame = &self.frames[self.frame_index(depth)];
        let arity = frame.arity();
        if matches!(frame.kind, FrameKind::Function) {
            return false;
        }
        let first = self.stack.entries.len() - arity;
        let in_place = || self.stack.entries[first..].iter().all(|entry| matches!(entry.value, Value::Temp));
        arity == 0 || (first == frame.height && in_place())
    }

    fn br_if(&mut self, depth: u32) {
        let condition = self.pop_condition();
        self.branch_if(depth, condition);
    }

    /// The slot of the reference on top of the stack, which stays there.
    pub(super) fn top_reference(&mut self) -> Operand {
        let entry = self.stack.pop();
        let slot = self.stack.slot_of(entry);
        let value = if let Value::Local(_) = entry.value { entry.value } else { Value::Temp };
        self.stack.push(entry.kind, value);
        Operand::Slot(slot)
    }

    fn br_on_null(&mut self, depth: u32) {
        let condition = Condition { op: CompareOp::I64Eq, a: self.top_reference(), b: Operand::Wide(0) };
        let reference = self.stack.pop();
        self.branch_if(depth, condition);
        self.stack.push(reference.kind, reference.value);
    }

    fn br_on_non_null(&mut self, depth: u32) {
        let condition = Condition { op: CompareOp::I64Ne, a: self.top_reference(), b: Operand::Wide(0) };
        self.branch_if(depth, condition);
        self.stack.pop();
    }

    /// A branch with the topmost values when the condition holds.
    pub(super) fn branch_if(&mut self, depth: u32, condition: Condition) {
        let frame = &self.frames[self.frame_index(depth)];
        let arity = frame.arity();
        let first = self.stack.entries.len() - arity;
        let own_slots = frame.height == first && !matches!(frame.kind, FrameKind::Function);
        if own_slots || arity > FEW {
            // The values go to their own slots, or move on from there; they may be there on both ways.
            self.stack.materialize_from(first);
        } else if arity > 1 {
            (first..self.stack.entries.len()).for_each(|position| self.stack.settle(position));
        }
        self.charge();
        if self.is_plain(depth) {
            let fixup = self.branch_when(condition);
            self.attach(depth, fixup);
            return;
        }
        let around = self.branch_unless(condition);
        self.branch(depth);
        self.join();
        self.bind(around);
    }

    /// Lets a branch lead to the block at `depth`, whose values are in place.
    pub(super) fn attach(&mut self, depth: u32, fixup: Fixup) {
        let index = self.frame_index(depth);
        match self.frames[index].kind {
            FrameKind::Loop { head } => self.link(fixup, head),
            _ => self.add_exit(index, fixup),
        }
    }

    fn br_table(&mut self, targets: &BrTable<'_>) -> Result<()> {
        let entry = self.stack.pop();
        let index = self.stack.operand(entry);
        self.stack.settle_all();
        let arity = self.frames[self.frame_index(targets.default())].arity();
        if arity > FEW {
            self.stack.materialize_from(self.stack.entries.len() - arity);
        }
        self.charge();
        let depths: std::result::Result<Vec<u32>, _> = targets.targets().collect();
        let mut depths = depths.expect("the operator was validated");
        let count = depths.len() as u32;
        depths.push(targets.default());
        let at = self.emit(control::branch_table(index.mode()), &[Operand::Narrow(count), index]);
        let first = self.stack.code.here();
        depths.iter().for_each(|_| self.stack.code.word(0));
        let mut stubs = std::collections::HashMap::new();
        for (position, &depth) in depths.iter().enumerate() {
            let fixup = Fixup::Branch { instruction: at, word: first + position as u32 };
            if self.is_plain(depth) {
                self.attach(depth, fixup);
                continue;
            }
            let stub = match stubs.get(&depth) {
                Some(&stub) => stub,
                None => {
                    let stub = self.stack.code.here();
                    self.branch(depth);
                    stubs.insert(depth, stub);
                    stub
                }
            };
            self.link(fixup, stub);
        }
        self.die();
        Ok(())
    }

    /// Brings the topmost values to the slots from `to` on, which are not above their own. The stack stays as it is.
    fn move_top(&mut self, count: usize, to: u32) {
        let first = self.stack.entries.len() - count;
        // Alone, a value can go there at once; among others, it could overwrite one that is still to move.
        if count == 1 && self.stack.redirect(self.stack.entries[first], to) {
            return;
        }
        if count > FEW {
            self.stack.materialize_from(first);
            let from = self.stack.slot_at(first);
            return self.stack.copy_many(to, from, self.stack.next_slot() - from);
        }
        for position in first..self.stack.entries.len() {
            if matches!(self.stack.entries[position].value, Value::Acc { .. }) {
                self.stack.settle(position);
            }
        }
        let mut target = to;
        for position in first..self.stack.entries.len() {
            let entry = self.stack.entries[position];
            match entry.value {
                Value::Temp => self.stack.copy(target, entry.slot, entry.kind),
                Value::Local(local) => self.stack.copy(target, local, entry.kind),
                Value::Const(bits) => self.stack.set(target, entry.kind, bits),
                Value::Acc { .. } => {}
            }
            target += entry.kind.cells();
        }
    }

    /// Leaves the function with the topmost values.
    fn return_(&mut self) {
        let results = self.results.len();
        let first = self.stack.entries.len() - results;
        if results == 1 && self.results[0] != Kind::V128 {
            let entry = self.stack.entries[first];
            let value = self.stack.operand(entry);
            return self.return_one(entry.kind, value);
        }
        // The first slots are those of locals: a result that is one of them must be read before it is overwritten.
        let mut place = 0;
        let clash = |entry: &Entry| {
            let overwritten = matches!(entry.value, Value::Local(local) if local < place);
            place += entry.kind.cells();
            overwritten
        };
        if results <= FEW && self.stack.entries[first..].iter().any(clash) {
            (first..self.stack.entries.len()).for_each(|position| self.stack.settle(position));
        }
        self.move_top(results, 0);
        self.emit(control::return_(), &[Operand::Narrow(self.header)]);
    }

    /// Returns a value that is no vector.
    fn return_one(&mut self, kind: Kind, value: Operand) {
        let opcode = match kind {
            Kind::I32 => control::return_one::<u32>(value.mode()),
            Kind::I64 | Kind::Ref | Kind::Func => control::return_one::<u64>(value.mode()),
            Kind::F32 => control::return_one::<f32>(value.mode()),
            Kind::F64 => control::return_one::<f64>(value.mode()),
            Kind::V128 => unreachable!("vectors go the way of several results"),
        };
        self.emit(opcode, &[Operand::Narrow(self.header), value]);
    }
}
