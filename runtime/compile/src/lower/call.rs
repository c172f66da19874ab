//! Calls ([Calls](https://webassembly.github.io/spec/core/exec/instructions.html#control-instructions)).
//!
//! Inside a module the context stays the same and the call is near. Everything else is a pair of code and context, from
//! an import or from a function reference.

use super::Lowering;
use crate::abi::WasmAbi;
use crate::error::Result;
use crate::plan::{Dispatch, NOTHING};
use crate::text::DISPATCH_ENTRY;
use assay_model::fault::{Fault, planted};
use assay_model::index::{FuncIdx, TableIdx, TypeIdx};
use assay_model::layout::{func_import, func_ref};
use assay_model::trap::TrapKind;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{FuncRef, InstBuilder, MemFlagsData, SigRef, StackSlot, Type, Value};

/// What is called.
#[derive(Copy, Clone)]
pub(super) enum Callee {
    /// A function of this module.
    Near(FuncRef),
    /// Code behind an address.
    Code(SigRef, Value),
}

/// Where the number of the type stands in an element of a constant table.
const TYPE_OF_ENTRY: u32 = 4;

/// An element of a constant table.
struct Place {
    index: Value,
    /// Where the table starts.
    base: Value,
    entry: Value,
}

impl<'a> Lowering<'a> {
    pub(super) fn call(&mut self, func: FuncIdx) -> Result<()> {
        match self.plan.model.defined_func(func) {
            Some(defined) => match self.leaf_for(defined) {
                Some(leaf) => self.write_out(func, leaf)?,
                None => self.call_near(func),
            },
            None => {
                let (code, ctx) = self.imported_callee(func);
                let signature = self.signature(self.plan.model.funcs[func.index()].ty);
                self.call_code(self.plan.func_abi(func), signature, code, ctx);
            }
        }
        Ok(())
    }

    /// Calls a function of this module.
    pub(super) fn call_near(&mut self, func: FuncIdx) {
        let abi = self.plan.func_abi(func);
        let callee = self.func(func);
        let area = self.collect_args(abi, self.ctx);
        let attempt = self.innermost_try().filter(|_| !self.plan.is_silent(func));
        self.make_call(abi, Callee::Near(callee), area, attempt);
    }

    pub(super) fn call_indirect(&mut self, ty: TypeIdx, table: TableIdx) -> Result<()> {
        if let Some(dispatch) = self.plan.dispatches.of(table, ty)
            && let Some(arms) = self.choice_for(ty, dispatch)
        {
            return self.call_choice(ty, table, dispatch, arms);
        }
        let (code, ctx) = self.indirect_callee(ty, table);
        let signature = self.signature(ty);
        self.call_code(self.plan.abi(ty), signature, code, ctx);
        Ok(())
    }

    /// Pops an index; code and context of the function there, which has the type `ty`.
    fn indirect_callee(&mut self, ty: TypeIdx, table: TableIdx) -> (Value, Value) {
        if let Some(dispatch) = self.plan.dispatches.of(table, ty) {
            return (self.dispatched_code(ty, table, dispatch), self.ctx);
        }
        let index = self.pop();
        let callee = self.table_element(table, index, TrapKind::UndefinedElement);
        let index = self.table_index(table, index);
        if !planted(Fault::CallNullUnchecked) {
            self.trap_if_null_element(callee, index);
        }
        if !planted(Fault::CallTypeUnchecked) {
            self.check_type(callee, ty);
        }
        self.code_and_ctx(callee)
    }

    /// Pops an index into a constant table; code of the function there, which is one of this module.
    fn dispatched_code(&mut self, ty: TypeIdx, table: TableIdx, dispatch: &Dispatch) -> Value {
        let index = self.pop();
        let place = self.dispatched_place(ty, table, dispatch, index);
        let found = self.load_constant(I32, place.entry, TYPE_OF_ENTRY);
        let expected = i64::from(self.plan.dispatches.type_number(ty));
        let differs = self.builder.ins().icmp_imm_u(IntCC::NotEqual, found, expected);
        self.cold_if(differs, |this| this.refuse_place(&place));
        let distance = self.load_constant(I32, place.entry, 0);
        let distance = self.builder.ins().sextend(I64, distance);
        self.builder.ins().iadd(place.base, distance)
    }

    /// Traps for an index into a constant table at which no function of the type `ty` stands.
    pub(super) fn refuse_dispatch(
        &mut self,
        ty: TypeIdx,
        table: TableIdx,
        dispatch: &Dispatch,
        index: Value,
    ) {
        let place = self.dispatched_place(ty, table, dispatch, index);
        self.refuse_place(&place);
    }

    fn dispatched_place(&mut self, ty: TypeIdx, table: TableIdx, dispatch: &Dispatch, index: Value) -> Place {
        let base = self.dispatch_table(dispatch.number, ty);
        let index = self.dispatched_index(table, index, dispatch);
        let offset = self.builder.ins().imul_imm_u(index, i64::from(DISPATCH_ENTRY));
        Place { index, base, entry: self.builder.ins().iadd(base, offset) }
    }

    /// Traps because there is nothing, or something of another type.
    fn refuse_place(&mut self, place: &Place) {
        // Loaded again, so that the comparison before may read its operand from memory.
        let flags = MemFlagsData::trusted();
        let found = self.builder.ins().load(I32, flags, place.entry, TYPE_OF_ENTRY as i32);
        let nothing = self.builder.ins().icmp_imm_u(IntCC::Equal, found, i64::from(NOTHING));
        self.trap_if_uninitialized(nothing, place.index);
        self.trap(TrapKind::IndirectCallTypeMismatch);
    }

    /// An index into a constant table as 64 bits. A mask keeps it inside of the table whatever the check of the index says, so
    /// that the loads may run ahead of the check: a guess of the processor reads nothing else, and a loop that calls one
    /// function looks it up once.
    fn dispatched_index(&mut self, table: TableIdx, index: Value, dispatch: &Dispatch) -> Value {
        let len = dispatch.len();
        let unchecked = planted(Fault::CallBoundsUnchecked);
        if !unchecked && self.constant(index).is_none_or(|index| index >= len) {
            let out = self.builder.ins().icmp_imm_u(IntCC::UnsignedGreaterThanOrEqual, index, len as i64);
            self.trap_if(out, TrapKind::UndefinedElement);
        }
        let inside = self.builder.ins().band_imm_u(index, (dispatch.slots() - 1) as i64);
        self.table_index(table, inside)
    }

    pub(super) fn call_ref(&mut self, ty: TypeIdx) {
        let (code, ctx) = self.referenced_callee();
        let signature = self.signature(ty);
        self.call_code(self.plan.abi(ty), signature, code, ctx);
    }

    pub(super) fn return_call_ref(&mut self, ty: TypeIdx) {
        let (code, ctx) = self.referenced_callee();
        self.return_call_code(ty, code, ctx);
    }

    /// Pops a function reference, whose type validation knows; code and context of the function.
    fn referenced_callee(&mut self) -> (Value, Value) {
        let callee = self.pop();
        self.trap_if_null(callee, TrapKind::NullFunctionReference);
        self.code_and_ctx(callee)
    }

    fn code_and_ctx(&mut self, callee: Value) -> (Value, Value) {
        let code = self.func_ref_field(I64, callee, func_ref::WASM_CALL);
        (code, self.func_ref_field(I64, callee, func_ref::CTX))
    }

    fn imported_callee(&mut self, func: FuncIdx) -> (Value, Value) {
        let import = self.plan.layout.imported_func(func);
        let code = self.load_constant(I64, self.ctx, import + func_import::WASM_CALL);
        (code, self.load_constant(I64, self.ctx, import + func_import::CTX))
    }

    pub(super) fn return_call(&mut self, func: FuncIdx) -> Result<()> {
        match self.plan.model.defined_func(func) {
            Some(defined) => match self.leaf_for(defined) {
                Some(leaf) => self.return_leaf(func, leaf)?,
                None => self.return_call_near(func),
            },
            None => {
                let (code, ctx) = self.imported_callee(func);
                self.return_call_code(self.plan.model.funcs[func.index()].ty, code, ctx);
            }
        }
        Ok(())
    }

    /// Goes on as a function of this module.
    pub(super) fn return_call_near(&mut self, func: FuncIdx) {
        let callee = self.func(func);
        self.collect_tail_args(self.plan.func_abi(func), self.ctx);
        self.builder.ins().return_call(callee, &self.scratch.values);
        self.reachable = false;
    }

    pub(super) fn return_call_indirect(&mut self, ty: TypeIdx, table: TableIdx) -> Result<()> {
        if let Some(dispatch) = self.plan.dispatches.of(table, ty)
            && let Some(arms) = self.choice_for(ty, dispatch)
        {
            return self.return_call_choice(ty, table, dispatch, arms);
        }
        let (code, ctx) = self.indirect_callee(ty, table);
        self.return_call_code(ty, code, ctx);
        Ok(())
    }

    fn return_call_code(&mut self, ty: TypeIdx, code: Value, ctx: Value) {
        let signature = self.signature(ty);
        self.collect_tail_args(self.plan.abi(ty), ctx);
        self.builder.ins().return_call_indirect(signature, code, &self.scratch.values);
        self.reachable = false;
    }

    /// As [`Self::collect_args`], with this function's own result area: the callee's results are this function's.
    fn collect_tail_args(&mut self, abi: &WasmAbi, ctx: Value) {
        self.top(abi.params.len());
        let start = self.scratch.stack.len() - abi.params.len();
        self.scratch.values.clear();
        self.scratch.values.push(ctx);
        self.scratch.values.extend(self.area);
        self.scratch.values.extend(self.scratch.stack.drain(start..));
    }

    /// Traps when a function has another type than `ty`.
    fn check_type(&mut self, callee: Value, ty: TypeIdx) {
        let ids = self.cached(super::environment::Cached::TypeIds);
        let expected = self.load_constant(I32, ids, ty.0 * 4);
        let found = self.func_ref_field(I32, callee, func_ref::TYPE_ID);
        let matches = self.is_type(found, expected, ty);
        let differs = self.builder.ins().icmp_imm_u(IntCC::Equal, matches, 0);
        self.trap_if(differs, TrapKind::IndirectCallTypeMismatch);
    }

    /// A field of a function reference. Must not move: the address is good only behind the null check.
    fn func_ref_field(&mut self, ty: Type, callee: Value, offset: u32) -> Value {
        let flags = MemFlagsData::trusted().with_readonly();
        self.builder.ins().load(ty, flags, callee, offset as i32)
    }

    fn call_code(&mut self, abi: &'a WasmAbi, signature: SigRef, code: Value, ctx: Value) {
        let area = self.collect_args(abi, ctx);
        let attempt = self.innermost_try();
        self.make_call(abi, Callee::Code(signature, code), area, attempt);
    }

    /// Pops the arguments into the scratch list, behind the context and the result area.
    fn collect_args(&mut self, abi: &WasmAbi, ctx: Value) -> Option<StackSlot> {
        let area = abi.area(&mut self.builder);
        let address = area.map(|slot| self.builder.ins().stack_addr(I64, slot, 0));
        self.top(abi.params.len());
        let start = self.scratch.stack.len() - abi.params.len();
        self.scratch.values.clear();
        self.scratch.values.push(ctx);
        self.scratch.values.extend(address);
        self.scratch.values.extend(self.scratch.stack.drain(start..));
        area
    }

    /// Calls with the values of the scratch list, and pushes the results. An exception goes to the `try_table` at the position
    /// `attempt`, if there is one.
    fn make_call(&mut self, abi: &WasmAbi, callee: Callee, area: Option<StackSlot>, attempt: Option<usize>) {
        let registers = match attempt {
            Some(attempt) => self.try_call(abi, callee, attempt),
            None => {
                let args = &self.scratch.values;
                let call = match callee {
                    Callee::Near(func) => self.builder.ins().call(func, args),
                    Callee::Code(signature, code) => self.builder.ins().call_indirect(signature, code, args),
                };
                self.builder.inst_results(call).to_vec()
            }
        };
        let first = self.scratch.stack.len();
        abi.take_results(&mut self.builder, &registers, area, &mut self.scratch.stack);
        for (position, &kind) in abi.sig.results.iter().enumerate() {
            self.trace(kind, self.scratch.stack[first + position]);
        }
    }
}
