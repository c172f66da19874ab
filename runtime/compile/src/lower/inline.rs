//! Calls that are none, or are direct: leaves written out in their place, and chains of comparisons where a dispatched call
//! can only go to a few functions.
//!
//! What may be written out is decided by the plan; what fits into the function at hand, here. Positions stay those of the
//! call: a leaf cannot trap, so nobody asks where in it.

use super::Lowering;
use super::frame::Types;
use crate::error::Result;
use crate::plan::{Arm, Dispatch, Leaf};
use assay_model::index::{DefinedFuncIdx, FuncIdx, TableIdx, TypeIdx};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use wasmparser::Operator;

/// What a call in an arm of a choice counts as, in operators.
const CALL: usize = 8;

impl<'a> Lowering<'a> {
    /// The leaf that stands for a call of this function, while there is room for it.
    pub(super) fn leaf_for(&mut self, func: DefinedFuncIdx) -> Option<&'a Leaf<'a>> {
        let leaf = self.plan.leaves.get(func)?;
        self.allowance = self.allowance.checked_sub(leaf.operators.len())?;
        Some(leaf)
    }

    /// Does what a call of a leaf does.
    pub(super) fn write_out(&mut self, func: FuncIdx, leaf: &'a Leaf<'a>) -> Result<()> {
        let params = self.plan.func_abi(func).params.len();
        self.top(params);
        let start = self.scratch.stack.len() - params;
        let mut locals = std::mem::take(&mut self.scratch.locals);
        locals.clear();
        locals.extend(self.scratch.stack.drain(start..));
        for &ty in &leaf.locals {
            let ty = self.clif_type(ty);
            locals.push(self.zero(ty));
        }
        for operator in &leaf.operators {
            match *operator {
                Operator::LocalGet { local_index } => self.push(locals[local_index as usize]),
                Operator::LocalSet { local_index } => locals[local_index as usize] = self.pop(),
                Operator::LocalTee { local_index } => {
                    let value = self.pop();
                    locals[local_index as usize] = value;
                    self.push(value);
                }
                ref other => self.operator(other)?,
            }
        }
        self.scratch.locals = locals;
        Ok(())
    }

    /// Does what a tail call of a leaf does.
    pub(super) fn return_leaf(&mut self, func: FuncIdx, leaf: &'a Leaf<'a>) -> Result<()> {
        self.write_out(func, leaf)?;
        self.return_();
        Ok(())
    }

    /// The functions that a call of this type may go to, if they are few and there is room for them.
    pub(super) fn choice_for(&mut self, ty: TypeIdx, dispatch: &Dispatch) -> Option<&'a [Arm]> {
        let plan = self.plan;
        let arms = plan.choices.get(&plan.dispatches, dispatch, ty)?;
        let taken = |arm: &Arm| plan.leaves.get(arm.func).map_or(CALL, |leaf| leaf.operators.len());
        self.allowance = self.allowance.checked_sub(arms.iter().map(taken).sum())?;
        Some(arms)
    }

    /// Calls one of `arms`, by the index on the stack.
    pub(super) fn call_choice(
        &mut self,
        ty: TypeIdx,
        table: TableIdx,
        dispatch: &Dispatch,
        arms: &'a [Arm],
    ) -> Result<()> {
        let results = &self.plan.abi(ty).sig.results;
        let after = self.block_with(Types::Many(results));
        self.choose(ty, table, dispatch, arms, |this, func, leaf| {
            match leaf {
                Some(leaf) => this.write_out(func, leaf)?,
                None => this.call_near(func),
            }
            this.jump(after, results.len());
            Ok(())
        })?;
        self.builder.switch_to_block(after);
        self.builder.seal_block(after);
        self.push_params(after);
        Ok(())
    }

    /// Ends the function with one of `arms`, by the index on the stack.
    pub(super) fn return_call_choice(
        &mut self,
        ty: TypeIdx,
        table: TableIdx,
        dispatch: &Dispatch,
        arms: &'a [Arm],
    ) -> Result<()> {
        self.choose(ty, table, dispatch, arms, |this, func, leaf| {
            match leaf {
                Some(leaf) => this.return_leaf(func, leaf)?,
                None => this.return_call_near(func),
            }
            Ok(())
        })
    }

    /// Pops an index and arguments, and goes to the arm that the index says; no other index goes anywhere. `lower` finds
    /// the arguments on the stack, takes them, and ends the block.
    fn choose(
        &mut self,
        ty: TypeIdx,
        table: TableIdx,
        dispatch: &Dispatch,
        arms: &'a [Arm],
        lower: impl Fn(&mut Self, FuncIdx, Option<&'a Leaf<'a>>) -> Result<()>,
    ) -> Result<()> {
        let index = self.pop();
        let params = self.plan.abi(ty).params.len();
        let args = self.top(params).to_vec();
        let height = self.scratch.stack.len() - params;
        let blocks: Vec<Block> = arms.iter().map(|arm| self.compare_places(index, arm)).collect();
        if let Some(nowhere) = self.builder.current_block() {
            self.builder.set_cold_block(nowhere);
        }
        self.refuse_dispatch(ty, table, dispatch, index);
        for (arm, block) in arms.iter().zip(blocks) {
            self.builder.switch_to_block(block);
            self.builder.seal_block(block);
            self.scratch.stack.truncate(height);
            self.scratch.stack.extend_from_slice(&args);
            lower(self, self.plan.model.func_of(arm.func), self.plan.leaves.get(arm.func))?;
        }
        self.scratch.stack.truncate(height);
        Ok(())
    }

    /// Branches to a new block when the index is a place of the arm, and goes on behind that.
    fn compare_places(&mut self, index: Value, arm: &Arm) -> Block {
        let block = self.builder.create_block();
        for &place in &arm.places {
            let next = self.builder.create_block();
            let here = self.builder.ins().icmp_imm_u(IntCC::Equal, index, i64::from(place));
            self.builder.ins().brif(here, block, &[], next, &[]);
            self.builder.switch_to_block(next);
            self.builder.seal_block(next);
        }
        block
    }
}
