//! Calls: arguments go to the first slots of the callee's frame, which are their own slots in this one.

use super::function::{FuncLowering, cells};
use super::has_vectors;
use super::stack::{Kind, Operand, Value};
use crate::code::VECTORS;
use crate::exec::{Opcode, call};
use assay_model::index::{FuncIdx, TableIdx, TypeIdx};
use assay_model::layout::func_import;
use assay_model::types::FuncType;

impl FuncLowering<'_> {
    /// `call`
    pub(super) fn call(&mut self, func: u32) {
        let func = FuncIdx(func);
        let module = self.module;
        let ty = module.func_type(func);
        self.charge();
        let arguments = self.arguments(ty);
        let roots = self.stack.roots();
        let at = match module.defined_func(func) {
            Some(callee) => {
                let place = Operand::Narrow(arguments);
                let filled_in_later = Operand::Narrow(0);
                let words = [Operand::Wide(0), place, filled_in_later, filled_in_later, filled_in_later];
                let at = self.emit_trapping(call::call(), &words);
                self.stack.code.direct_call(at, callee);
                at
            }
            None => {
                let reference = self.layout.imported_func(func) + func_import::FUNC_REF;
                let ty = module.funcs[func.index()].ty;
                self.call_through(call::call_import(), &[reference], arguments, ty, None)
            }
        };
        self.stack.code.safepoint(at, roots);
        self.call_results(ty);
    }

    /// `call_indirect`
    pub(super) fn call_indirect(&mut self, ty: u32, table: u32) {
        let index = self.pop_index();
        let module = self.module;
        let signature = module.func_type_at(TypeIdx(ty));
        self.charge();
        let arguments = self.arguments(signature);
        let roots = self.stack.roots();
        let table = self.layout.table(TableIdx(table));
        let opcode = call::call_indirect(index.mode());
        let at = self.call_through(opcode, &[table, ty], arguments, TypeIdx(ty), Some(index));
        self.stack.code.safepoint(at, roots);
        self.call_results(signature);
    }

    /// `call_ref`
    pub(super) fn call_ref(&mut self, ty: u32) {
        let reference = self.pop_reference();
        let module = self.module;
        let signature = module.func_type_at(TypeIdx(ty));
        self.charge();
        let arguments = self.arguments(signature);
        let roots = self.stack.roots();
        let at = self.call_through(call::call_ref(), &[reference], arguments, TypeIdx(ty), None);
        self.stack.code.safepoint(at, roots);
        self.call_results(signature);
    }

    /// Pops the index of an indirect call, which is read as 64 bits.
    pub(super) fn pop_index(&mut self) -> Operand {
        let entry = self.stack.pop();
        match entry.value {
            Value::Const(index) => Operand::Wide(index),
            _ => self.stack.operand(entry),
        }
    }

    /// Pops a reference: the slot it is in.
    pub(super) fn pop_reference(&mut self) -> u32 {
        let entry = self.stack.pop();
        self.stack.slot_of(entry)
    }

    /// Writes a call through a reference.
    pub(super) fn call_through(
        &mut self,
        opcode: Opcode,
        target: &[u32],
        arguments: u32,
        ty: TypeIdx,
        index: Option<Operand>,
    ) -> u32 {
        let signature = self.module.func_type_at(ty);
        let mut counts = [arguments, cells(&signature.params), cells(&signature.results)];
        if has_vectors(signature) {
            counts[1] = VECTORS | ty.0;
        }
        let at = self.emit_trapping(opcode, &[]);
        target.iter().chain(&counts).for_each(|&word| self.stack.code.word(word));
        index.into_iter().for_each(|index| index.write(&mut self.stack.code));
        at
    }

    /// Brings the arguments to their slots and pops them. The first slot.
    pub(super) fn arguments(&mut self, ty: &FuncType) -> u32 {
        let first = self.stack.entries.len() - ty.params.len();
        self.stack.materialize_from(first);
        self.stack.truncate(first);
        self.stack.slot_at(first)
    }

    /// Pushes what the callee left; the only result is in the accumulator too.
    fn call_results(&mut self, ty: &FuncType) {
        self.stack.clobber_all();
        for &result in &ty.results {
            let kind = Kind::of(result, self.module);
            let slot = self.stack.next_slot();
            self.stack.push(kind, Value::Temp);
            if ty.results.len() == 1 {
                self.stack.mirrors(kind.class(), slot);
            }
        }
    }
}
