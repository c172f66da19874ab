//! Exceptions ([Control instructions](https://webassembly.github.io/spec/core/exec/instructions.html#control-instructions)).
//!
//! Every call inside of a `try_table` has one place where exceptions arrive: its landing, which asks the clauses in order
//! and hands what none of them takes to the next outer one. What leaves the function goes by `Builtin::ThrowRef`. A `throw`
//! whose clause is known here is a branch.

use super::Lowering;
use super::call::Callee;
use super::environment::Cached;
use super::frame::{Clause, FrameKind, Try};
use crate::abi::WasmAbi;
use crate::error::Result;
use assay_model::builtins::Builtin;
use assay_model::fault::{Fault, planted};
use assay_model::index::TagIdx;
use assay_model::layout::AbiKind;
use assay_model::layout::object::{EXCEPTION_TAG, FieldsLayout, tag_def};
use assay_model::trap::TrapKind;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    Block, BlockArg, BlockCall, ExceptionTableData, ExceptionTableItem, InstBuilder, MemFlagsData, Value,
};
use wasmparser::{Catch, TryTable};

impl Lowering<'_> {
    pub(super) fn try_table(&mut self, table: &TryTable) -> Result<()> {
        let (params, results) = self.block_types(table.ty)?;
        let mut clauses: Vec<Clause> = table.catches.iter().map(clause).collect();
        if planted(Fault::ClausesReversed) {
            clauses.reverse();
        }
        self.push_frame(FrameKind::Try(Box::new(Try { clauses, landing: None })), params, results);
        Ok(())
    }

    /// The innermost block around the operator at hand that exceptions go to.
    pub(super) fn innermost_try(&self) -> Option<usize> {
        self.try_outside_of(self.frames.len())
    }

    /// The innermost `try_table` with clauses, or `try` in front of its clauses, below this height of the control stack.
    fn try_outside_of(&self, height: usize) -> Option<usize> {
        self.frames[..height].iter().rposition(|frame| match &frame.kind {
            FrameKind::Try(attempt) => !attempt.clauses.is_empty(),
            FrameKind::LegacyTry(_) => true,
            _ => false,
        })
    }

    /// Where exceptions inside of such a block arrive.
    fn landing(&mut self, position: usize) -> Block {
        let landing = match &mut self.frames[position].kind {
            FrameKind::Try(attempt) => &mut attempt.landing,
            FrameKind::LegacyTry(landing) => landing,
            _ => unreachable!("the frame was found as one that exceptions go to"),
        };
        if let Some(known) = *landing {
            return known;
        }
        let block = self.builder.create_block();
        self.builder.append_block_param(block, I64);
        self.builder.set_cold_block(block);
        *landing = Some(block);
        block
    }

    /// Calls with the values of the scratch list, inside of the `try_table` at `position`; what comes back in registers.
    pub(super) fn try_call(&mut self, abi: &WasmAbi, callee: Callee, position: usize) -> Vec<Value> {
        let landing = self.landing(position);
        let next = self.builder.create_block();
        let mut returned = Vec::new();
        for (position, ty) in (0..).zip(abi.registers()) {
            self.builder.append_block_param(next, ty);
            returned.push(BlockArg::TryCallRet(position));
        }
        let signature = match callee {
            Callee::Near(func) => self.builder.func.dfg.ext_funcs[func].signature,
            Callee::Code(signature, _) => signature,
        };
        let lists = &mut self.builder.func.dfg.value_lists;
        let normal = BlockCall::new(next, returned, lists);
        let raised = BlockCall::new(landing, [BlockArg::TryCallExn(0)], lists);
        let table = ExceptionTableData::new(signature, normal, [ExceptionTableItem::Default(raised)]);
        let table = self.builder.func.dfg.exception_tables.push(table);
        let args = &self.scratch.values;
        match callee {
            Callee::Near(func) => self.builder.ins().try_call(func, args, table),
            Callee::Code(_, code) => self.builder.ins().try_call_indirect(code, args, table),
        };
        self.builder.switch_to_block(next);
        self.builder.seal_block(next);
        self.builder.block_params(next).to_vec()
    }

    /// The code of a landing, whose `try_table` is no longer on the control stack.
    pub(super) fn land(&mut self, attempt: &Try, landing: Block) {
        let exception = self.arrive(landing);
        for clause in &attempt.clauses {
            if let Some(tag) = clause.tag {
                let caught = self.has_tag(exception, tag);
                let (take, next) = (self.builder.create_block(), self.builder.create_block());
                self.builder.ins().brif(caught, take, &[], next, &[]);
                self.builder.switch_to_block(take);
                self.builder.seal_block(take);
                self.catch(clause, exception);
                self.builder.switch_to_block(next);
                self.builder.seal_block(next);
            } else {
                return self.catch(clause, exception);
            }
        }
        self.pass_on(exception, self.frames.len());
    }

    /// Goes on at a landing to which no more code leads; the exception that arrives there.
    pub(super) fn arrive(&mut self, landing: Block) -> Value {
        self.builder.switch_to_block(landing);
        self.builder.seal_block(landing);
        let payload = self.builder.block_params(landing)[0];
        let exception = self.builder.ins().ireduce(I32, payload);
        self.trace(AbiKind::Ref, exception);
        exception
    }

    pub(super) fn has_tag(&mut self, exception: Value, tag: TagIdx) -> Value {
        let address = self.object_address(exception);
        let flags = self.trusted_in(crate::plan::Region::Objects);
        let mut found = self.builder.ins().load(I64, flags, address, EXCEPTION_TAG as i32);
        let mut expected = self.cached(Cached::Tag(tag));
        if planted(Fault::TagByType) {
            // A tag begins with the number of its type.
            let flags = MemFlagsData::trusted();
            found = self.builder.ins().load(I32, flags, found, tag_def::TYPE_ID as i32);
            expected = self.builder.ins().load(I32, flags, expected, tag_def::TYPE_ID as i32);
        }
        self.builder.ins().icmp(IntCC::Equal, found, expected)
    }

    /// Goes to the label of a clause.
    fn catch(&mut self, clause: &Clause, exception: Value) {
        let height = self.scratch.stack.len();
        if let Some(tag) = clause.tag {
            self.push_values(exception, tag);
        }
        self.scratch.stack.extend(clause.takes_exception.then_some(exception));
        self.branch_from(clause.depth, height);
    }

    /// Pushes the values of an exception with this tag.
    pub(super) fn push_values(&mut self, exception: Value, tag: TagIdx) {
        let layout = self.exception_layout(tag);
        let address = self.object_address(exception);
        for &field in &layout.fields {
            let value = self.load_slot(address, field, false);
            self.push(value);
        }
        if planted(Fault::PayloadSwapped)
            && let [first, second, ..] = layout.fields[..]
            && first.slot == second.slot
        {
            let start = self.scratch.stack.len() - layout.fields.len();
            self.scratch.stack.swap(start, start + 1);
        }
    }

    /// Branches to a label with the operands above this height.
    fn branch_from(&mut self, depth: u32, height: usize) {
        if depth as usize == self.frames.len() - 1 {
            self.return_();
        } else {
            let (block, arity) = self.target(depth);
            self.jump(block, arity);
        }
        self.scratch.stack.truncate(height);
    }

    /// Hands an exception to the next block for it below this height of the control stack, or lets it out.
    pub(super) fn pass_on(&mut self, exception: Value, height: usize) {
        match self.try_outside_of(height) {
            Some(position) => {
                let landing = self.landing(position);
                let payload = self.builder.ins().uextend(I64, exception);
                self.builder.ins().jump(landing, &[payload.into()]);
            }
            None => {
                let store = self.store_ctx();
                self.call_builtin(Builtin::ThrowRef, &[store, exception]);
                // `ThrowRef` does not return; this keeps a mistake from running on.
                self.builder.ins().trap(super::trap_code(TrapKind::Unreachable));
            }
        }
    }

    fn exception_layout(&self, tag: TagIdx) -> FieldsLayout {
        let ty = self.plan.model.func_type_at(self.plan.model.tags[tag.index()]);
        FieldsLayout::of_exception(ty, &|reference| self.plan.is_func(reference))
    }

    pub(super) fn throw(&mut self, tag: TagIdx) {
        let layout = self.exception_layout(tag);
        if let Some(depth) = self.known_target(tag) {
            self.branch_from(depth, self.scratch.stack.len() - layout.fields.len());
            self.reachable = false;
            return;
        }
        let ty = self.plan.model.tags[tag.index()];
        let exception = self.allocate_fixed(ty, u64::from(layout.size), 0);
        let identity = self.cached(Cached::Tag(tag));
        let address = self.object_address(exception);
        let flags = self.trusted_in(crate::plan::Region::Objects);
        self.builder.ins().store(flags, identity, address, EXCEPTION_TAG as i32);
        self.fill_fields(exception, &layout);
        self.pass_on(exception, self.frames.len());
        self.reachable = false;
    }

    /// The label, counted from here, to which a `throw` of this tag is known to go without an exception being needed.
    fn known_target(&self, tag: TagIdx) -> Option<u32> {
        let mut height = self.frames.len();
        if planted(Fault::ThrowPastInnermost) {
            height = self.try_outside_of(height).unwrap_or(height);
        }
        while let Some(position) = self.try_outside_of(height) {
            let FrameKind::Try(attempt) = &self.frames[position].kind else { return None };
            for clause in &attempt.clauses {
                match clause.tag {
                    Some(caught) if caught == tag && !clause.takes_exception => {
                        // Labels of a clause begin outside of its `try_table`.
                        return Some((self.frames.len() - position) as u32 + clause.depth);
                    }
                    Some(caught) if self.differ(caught, tag) => {}
                    _ => return None,
                }
            }
            height = position;
        }
        None
    }

    /// Whether two tags are never the same: what a module defines is nobody's import.
    fn differ(&self, first: TagIdx, second: TagIdx) -> bool {
        let imported = self.plan.model.imported_tags;
        first != second && (planted(Fault::ImportedTagsDiffer) || first.0 >= imported || second.0 >= imported)
    }

    pub(super) fn throw_ref(&mut self) {
        let exception = self.pop();
        self.trap_if_null(exception, TrapKind::NullExceptionReference);
        self.pass_on(exception, self.frames.len());
        self.reachable = false;
    }
}

fn clause(clause: &Catch) -> Clause {
    let (tag, takes_exception, depth) = match *clause {
        Catch::One { tag, label } => (Some(TagIdx(tag)), false, label),
        Catch::OneRef { tag, label } => (Some(TagIdx(tag)), true, label),
        Catch::All { label } => (None, false, label),
        Catch::AllRef { label } => (None, true, label),
    };
    Clause { tag, takes_exception, depth }
}
