//! Tail calls: as calls, but the callee gets the frame, and stands outside of the handlers around the call.

use super::function::FuncLowering;
use super::stack::Operand;
use crate::exec::tail_call;
use assay_model::index::{FuncIdx, TableIdx, TypeIdx};
use assay_model::layout::func_import;

impl FuncLowering<'_> {
    /// `return_call`
    pub(super) fn return_call(&mut self, func: u32) {
        let func = FuncIdx(func);
        let module = self.module;
        let ty = module.func_type(func);
        self.charge();
        let handler = self.handler;
        let arguments = self.arguments(ty);
        self.enter_handler(None);
        match module.defined_func(func) {
            Some(callee) => {
                let place = Operand::Narrow(arguments);
                let filled_in_later = Operand::Narrow(0);
                let own = Operand::Narrow(self.header);
                let words = [Operand::Wide(0), place, filled_in_later, filled_in_later, filled_in_later, own];
                let at = self.emit_trapping(tail_call::return_call(), &words);
                self.stack.code.direct_call(at, callee);
            }
            None => {
                let reference = self.layout.imported_func(func) + func_import::FUNC_REF;
                let target = [self.header, reference];
                let ty = module.funcs[func.index()].ty;
                self.call_through(tail_call::return_call_import(), &target, arguments, ty, None);
            }
        }
        self.enter_handler(handler);
        self.die();
    }

    /// `return_call_indirect`
    pub(super) fn return_call_indirect(&mut self, ty: u32, table: u32) {
        let index = self.pop_index();
        let module = self.module;
        let signature = module.func_type_at(TypeIdx(ty));
        self.charge();
        let handler = self.handler;
        let arguments = self.arguments(signature);
        self.enter_handler(None);
        let target = [self.header, self.layout.table(TableIdx(table)), ty];
        let opcode = tail_call::return_call_indirect(index.mode());
        self.call_through(opcode, &target, arguments, TypeIdx(ty), Some(index));
        self.enter_handler(handler);
        self.die();
    }

    /// `return_call_ref`
    pub(super) fn return_call_ref(&mut self, ty: u32) {
        let reference = self.pop_reference();
        let module = self.module;
        let signature = module.func_type_at(TypeIdx(ty));
        self.charge();
        let handler = self.handler;
        let arguments = self.arguments(signature);
        self.enter_handler(None);
        let target = [self.header, reference];
        self.call_through(tail_call::return_call_ref(), &target, arguments, TypeIdx(ty), None);
        self.enter_handler(handler);
        self.die();
    }
}
