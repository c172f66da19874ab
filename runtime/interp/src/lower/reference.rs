//! References and tables.

use super::function::FuncLowering;
use super::stack::{Condition, Kind, Operand};
use crate::exec::numeric::CompareOp;
use crate::exec::reference;
use assay_model::index::{FuncIdx, TableIdx};
use assay_model::layout::func_import;
use assay_model::types::ValType;
use assay_parse::wasmparser::{AbstractHeapType, HeapType, Operator, UnpackedIndex};

impl FuncLowering<'_> {
    /// Lowers an operator of this group. False when it is none.
    pub(super) fn reference(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::RefNull { hty } => self.constant(self.null_kind(hty), 0),
            Operator::RefIsNull => self.ref_is_null(),
            Operator::RefEq => {
                let (first, second) = self.pop_two();
                let (a, b) = self.stack.operands(first, second);
                self.compare(Condition { op: CompareOp::I64Eq, a, b });
            }
            Operator::RefAsNonNull => {
                let reference = self.top_reference();
                self.emit_trapping(reference::require_non_null(), &[reference]);
            }
            Operator::RefFunc { function_index } => self.ref_func(FuncIdx(function_index)),
            Operator::TableGet { table } => {
                let index = self.pop_slot();
                let words = [self.table_place(table), index];
                let at = self.stack.produce(reference::table_get(), self.element_kind(table), &words);
                self.stack.code.position(at, self.offset);
            }
            Operator::TableSet { table } => {
                let value = self.pop_slot();
                let index = self.pop_slot();
                self.emit_trapping(reference::table_set(), &[self.table_place(table), index, value]);
            }
            Operator::TableSize { table } => {
                let words = [self.table_place(table)];
                self.stack.produce(reference::table_size(), self.index_kind(table), &words);
            }
            Operator::TableGrow { table } => self.table_grow(table),
            _ => return false,
        }
        true
    }

    /// The slot of a table in the context, as an operand.
    pub(super) fn table_place(&self, table: u32) -> Operand {
        Operand::Narrow(self.layout.table(TableIdx(table)))
    }

    /// The kind of a null of this type.
    fn null_kind(&self, ty: HeapType) -> Kind {
        match ty {
            HeapType::Abstract { ty: AbstractHeapType::Func | AbstractHeapType::NoFunc, .. } => Kind::Func,
            HeapType::Concrete(UnpackedIndex::Module(index))
            | HeapType::Exact(UnpackedIndex::Module(index)) => {
                let is_func = self.module.types[index as usize].composite.as_func().is_some();
                if is_func { Kind::Func } else { Kind::Ref }
            }
            _ => Kind::Ref,
        }
    }

    /// The kind of a table's elements.
    fn element_kind(&self, table: u32) -> Kind {
        Kind::of(ValType::Ref(self.module.tables[table as usize].element), self.module)
    }

    /// The type of indices and sizes of a table.
    fn index_kind(&self, table: u32) -> Kind {
        if self.module.tables[table as usize].table64 { Kind::I64 } else { Kind::I32 }
    }

    fn ref_is_null(&mut self) {
        let entry = self.stack.pop();
        let slot = self.stack.operand(entry);
        let a = if slot.is_immediate() { Operand::Slot(self.stack.slot_of(entry)) } else { slot };
        self.compare(Condition { op: CompareOp::I64Eq, a, b: Operand::Wide(0) });
    }

    fn ref_func(&mut self, func: FuncIdx) {
        let escape = self.module.funcs[func.index()].escape;
        let place = match escape {
            Some(escape) => self.layout.func_ref(escape),
            None => self.layout.imported_func(func) + func_import::FUNC_REF,
        };
        self.stack.produce(reference::ref_func(escape.is_none()), Kind::Func, &[Operand::Narrow(place)]);
    }

    fn table_grow(&mut self, table: u32) {
        let delta = self.pop_slot();
        let init = self.pop_slot();
        let kind = self.index_kind(table);
        let wide = Operand::Narrow(u32::from(kind == Kind::I64));
        self.stack.produce(reference::table_grow(), kind, &[Operand::Narrow(table), init, delta, wide]);
    }
}
