//! Control operators ([Control instructions](https://webassembly.github.io/spec/core/exec/instructions.html#control-instructions)).

use super::Lowering;
use super::frame::{Frame, FrameKind, Types};
use crate::abi::clif_type;
use crate::error::Result;
use assay_model::fault::{Fault, planted};
use assay_model::index::{TagIdx, TypeIdx};
use assay_parse::val_type;
use cranelift_codegen::ir::{Block, BlockArg, BlockCall, InstBuilder, JumpTableData, Value};
use wasmparser::{BlockType, BrTable, Operator};

impl<'a> Lowering<'a> {
    pub(super) fn block_types(&self, ty: BlockType) -> Result<(Types<'a>, Types<'a>)> {
        Ok(match ty {
            BlockType::Empty => (Types::NONE, Types::NONE),
            BlockType::Type(ty) => (Types::NONE, Types::One([self.plan.kind(val_type(ty)?)])),
            BlockType::FuncType(index) => {
                let abi = self.plan.abi(TypeIdx(index));
                (Types::Many(&abi.sig.params), Types::Many(&abi.sig.results))
            }
        })
    }

    pub(super) fn block_with(&mut self, types: Types<'_>) -> Block {
        let block = self.builder.create_block();
        for &kind in types.as_slice() {
            let value = self.builder.append_block_param(block, clif_type(kind));
            self.trace(kind, value);
        }
        block
    }

    /// Opens a frame whose parameters are on the stack.
    pub(super) fn push_frame(&mut self, kind: FrameKind, params: Types<'a>, results: Types<'a>) {
        let height = self.scratch.stack.len() - params.len();
        self.frames.push(Frame { kind, params, results, height, after: None });
    }

    pub(super) fn push_params(&mut self, block: Block) {
        let params = self.builder.func.dfg.block_params(block);
        self.scratch.stack.extend_from_slice(params);
    }

    /// Jumps with the topmost operands as arguments.
    pub(super) fn jump(&mut self, block: Block, arity: usize) {
        self.top_as_args(arity);
        self.builder.ins().jump(block, &self.scratch.args);
    }

    pub(super) fn block(&mut self, ty: BlockType) -> Result<()> {
        let (params, results) = self.block_types(ty)?;
        self.push_frame(FrameKind::Block, params, results);
        Ok(())
    }

    pub(super) fn loop_(&mut self, ty: BlockType) -> Result<()> {
        let (params, results) = self.block_types(ty)?;
        let header = self.block_with(params);
        self.jump(header, params.len());
        self.push_frame(FrameKind::Loop(header), params, results);
        let height = self.frames[self.frames.len() - 1].height;
        self.scratch.stack.truncate(height);
        self.builder.switch_to_block(header);
        self.push_params(header);
        self.check_interrupts();
        Ok(())
    }

    /// Whether the condition of the operator at hand is usually true, where the module says so.
    fn hint(&mut self) -> Option<bool> {
        let body = self.plan.model.defined_func(self.func).map(|func| &self.plan.model.bodies[func.index()]);
        let offset = self.builder.srcloc().bits() - body?.start;
        let ahead = self.hints.iter().position(|hint| hint.offset >= offset).unwrap_or(self.hints.len());
        self.hints = &self.hints[ahead..];
        self.hints.first().filter(|hint| hint.offset == offset).map(|hint| hint.taken)
    }

    pub(super) fn if_(&mut self, ty: BlockType) -> Result<()> {
        let hint = self.hint();
        let (params, results) = self.block_types(ty)?;
        let condition = self.pop_condition();
        let kept = self.top(params.len()).to_vec();
        let (then, otherwise) = (self.builder.create_block(), self.builder.create_block());
        self.builder.ins().brif(condition, then, &[], otherwise, &[]);
        if hint == Some(false) {
            self.builder.set_cold_block(then);
        }
        self.builder.seal_block(then);
        self.builder.switch_to_block(then);
        self.push_frame(FrameKind::If(otherwise, kept, hint.map(|taken| !taken)), params, results);
        Ok(())
    }

    pub(super) fn else_(&mut self) {
        if self.reachable {
            let (after, arity) = self.target(0);
            self.jump(after, arity);
        }
        let last = self.frames.len() - 1;
        let frame = &mut self.frames[last];
        if let FrameKind::If(otherwise, kept, hint) = &mut frame.kind {
            let otherwise = *otherwise;
            if *hint == Some(false) {
                self.builder.set_cold_block(otherwise);
            }
            self.scratch.stack.truncate(frame.height);
            self.scratch.stack.append(kept);
            frame.kind = FrameKind::Block;
            self.builder.switch_to_block(otherwise);
            self.builder.seal_block(otherwise);
            self.reachable = true;
        }
    }

    pub(super) fn end(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        let results = frame.results.len();
        let mut after = frame.after;
        match frame.kind {
            FrameKind::Dead => return,
            FrameKind::Function => return self.end_function(after, results),
            FrameKind::Block => {}
            FrameKind::Try(attempt) => {
                if let Some(landing) = attempt.landing {
                    after = self.go_behind(after, frame.results);
                    self.land(&attempt, landing);
                }
            }
            FrameKind::LegacyTry(None) => {}
            FrameKind::LegacyTry(Some(landing)) => {
                after = self.go_behind(after, frame.results);
                let exception = self.arrive(landing);
                self.pass_on(exception, self.frames.len());
            }
            FrameKind::Delegate(landing, height) => {
                after = self.go_behind(after, frame.results);
                let exception = self.arrive(landing);
                self.pass_on(exception, height);
            }
            FrameKind::Clause(caught) => {
                if let Some((exception, next)) =
                    caught.and_then(|caught| Some((caught.exception, caught.next?)))
                {
                    after = self.go_behind(after, frame.results);
                    self.builder.switch_to_block(next);
                    self.pass_on(exception, self.frames.len());
                }
            }
            FrameKind::Loop(header) => self.builder.seal_block(header),
            FrameKind::If(otherwise, kept, _) => {
                let block = after
                    .unwrap_or_else(|| if results == 0 { otherwise } else { self.block_with(frame.results) });
                if self.reachable {
                    self.jump(block, results);
                }
                if block != otherwise {
                    self.builder.switch_to_block(otherwise);
                    self.builder.seal_block(otherwise);
                    let args: Vec<BlockArg> = kept.into_iter().map(BlockArg::Value).collect();
                    self.builder.ins().jump(block, &args);
                }
                self.reachable = false;
                after = Some(block);
            }
        }
        match after {
            Some(block) => {
                if self.reachable {
                    self.jump(block, results);
                }
                self.builder.switch_to_block(block);
                self.builder.seal_block(block);
                self.scratch.stack.truncate(frame.height);
                self.push_params(block);
                self.reachable = true;
            }
            None if !self.reachable => self.scratch.stack.truncate(frame.height),
            None => {}
        }
    }

    /// Goes to the block behind an `end` in front of which other code is to stand.
    fn go_behind(&mut self, after: Option<Block>, results: Types<'_>) -> Option<Block> {
        if !self.reachable {
            return after;
        }
        let block = after.unwrap_or_else(|| self.block_with(results));
        self.jump(block, results.len());
        self.reachable = false;
        Some(block)
    }

    fn end_function(&mut self, after: Option<Block>, results: usize) {
        if let Some(block) = after {
            if self.reachable {
                self.jump(block, results);
            }
            self.builder.switch_to_block(block);
            self.builder.seal_block(block);
            self.push_params(block);
            self.reachable = true;
        }
        if self.reachable {
            self.return_();
        }
    }

    /// Where a branch to the label goes, and with how many operands.
    pub(super) fn target(&mut self, depth: u32) -> (Block, usize) {
        let position = self.frames.len() - 1 - depth as usize;
        let frame = &self.frames[position];
        let results = frame.results;
        match (&frame.kind, frame.after) {
            (FrameKind::Loop(header), _) => (*header, frame.params.len()),
            (_, Some(after)) => (after, results.len()),
            (_, None) => {
                let after = self.block_with(results);
                self.frames[position].after = Some(after);
                (after, results.len())
            }
        }
    }

    pub(super) fn br(&mut self, depth: u32) {
        if depth as usize == self.frames.len() - 1 {
            return self.return_();
        }
        let (block, arity) = self.target(depth);
        self.jump(block, arity);
        self.reachable = false;
    }

    pub(super) fn br_if(&mut self, depth: u32) {
        let hint = self.hint();
        let condition = self.pop_condition();
        let (block, arity) = self.target(depth);
        self.top_as_args(arity);
        let next = self.builder.create_block();
        self.builder.ins().brif(condition, block, &self.scratch.args, next, &[]);
        if hint == Some(true) {
            self.builder.set_cold_block(next);
        }
        self.builder.switch_to_block(next);
        self.builder.seal_block(next);
    }

    /// Branches without the reference when it is null, goes on with it otherwise.
    pub(super) fn br_on_null(&mut self, depth: u32) {
        let reference = self.pop();
        let (block, arity) = self.target(depth);
        self.top_as_args(arity);
        let next = self.builder.create_block();
        self.builder.ins().brif(reference, next, &[], block, &self.scratch.args);
        self.builder.switch_to_block(next);
        self.builder.seal_block(next);
        self.push(reference);
    }

    /// Branches with the reference when it is not null, goes on without it otherwise.
    pub(super) fn br_on_non_null(&mut self, depth: u32) {
        let (block, arity) = self.target(depth);
        self.top_as_args(arity);
        let reference = self.pop();
        let next = self.builder.create_block();
        self.builder.ins().brif(reference, block, &self.scratch.args, next, &[]);
        self.builder.switch_to_block(next);
        self.builder.seal_block(next);
    }

    pub(super) fn br_table(&mut self, targets: &BrTable<'_>) {
        let index = self.pop();
        let (default, arity) = self.target(targets.default());
        self.top_as_args(arity);
        let args = std::mem::take(&mut self.scratch.args);
        let mut table = Vec::with_capacity(targets.len() as usize);
        for depth in targets.targets() {
            // The validator has read them all.
            let Ok(depth) = depth else { break };
            let (block, _) = self.target(depth);
            table.push(self.block_call(block, &args));
        }
        if planted(Fault::BranchTableLast) {
            table.pop();
        }
        let default = self.block_call(default, &args);
        let table = self.builder.create_jump_table(JumpTableData::new(default, &table));
        self.builder.ins().br_table(index, table);
        self.scratch.args = args;
        self.reachable = false;
    }

    fn block_call(&mut self, block: Block, args: &[BlockArg]) -> BlockCall {
        BlockCall::new(block, args.iter().copied(), &mut self.builder.func.dfg.value_lists)
    }

    pub(super) fn return_(&mut self) {
        let abi = self.plan.func_abi(self.func);
        self.top(abi.results.len());
        let start = self.scratch.stack.len() - abi.results.len();
        abi.give_results(&mut self.builder, &self.scratch.stack[start..], self.area);
        self.reachable = false;
    }

    pub(super) fn select(&mut self, ty: Option<wasmparser::ValType>) -> Result<()> {
        let condition = self.pop_condition();
        let (first, second) = self.pop2();
        let value: Value = self.builder.ins().select(condition, first, second);
        if let Some(ty) = ty {
            let kind = self.plan.kind(val_type(ty)?);
            self.trace(kind, value);
        }
        self.push(value);
        Ok(())
    }

    /// Follows the control structure through code that cannot be reached.
    pub(super) fn unreachable_operator(&mut self, operator: &Operator<'_>) -> Result<()> {
        match operator {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. }
            | Operator::Try { .. } => {
                self.frames.push(Frame::dead());
            }
            Operator::Else => self.else_(),
            Operator::End => self.end(),
            Operator::Catch { tag_index } => self.clause(Some(TagIdx(*tag_index))),
            Operator::CatchAll => self.clause(None),
            Operator::Delegate { relative_depth } => self.delegate(*relative_depth),
            // What has no code yet is refused wherever it stands.
            other => super::unsupported::check(other)?,
        }
        Ok(())
    }
}
