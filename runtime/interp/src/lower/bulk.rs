//! Bulk operators on memories and tables: three operands in slots.

use super::function::FuncLowering;
use super::stack::Operand;
use crate::exec::{Opcode, bulk};
use assay_parse::wasmparser::Operator;

impl FuncLowering<'_> {
    /// Lowers an operator of this group. False when it is none.
    pub(super) fn bulk(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::MemoryFill { mem } => {
                self.bulk_operator(bulk::memory_fill(self.is_shared(mem)), &[self.memory_place(mem)]);
            }
            Operator::MemoryCopy { dst_mem, src_mem } => {
                let places = [self.memory_place(dst_mem), self.memory_place(src_mem)];
                let shared = self.is_shared(dst_mem) || self.is_shared(src_mem);
                self.bulk_operator(bulk::memory_copy(shared), &places);
            }
            Operator::MemoryInit { data_index, mem } => {
                let places = [self.memory_place(mem), Operand::Narrow(data_index)];
                self.bulk_operator(bulk::memory_init(self.is_shared(mem)), &places);
            }
            Operator::DataDrop { data_index } => {
                self.emit(bulk::data_drop(), &[Operand::Narrow(data_index)]);
            }
            Operator::TableFill { table } => {
                self.bulk_operator(bulk::table_fill(), &[self.table_place(table)]);
            }
            Operator::TableCopy { dst_table, src_table } => {
                let places = [self.table_place(dst_table), self.table_place(src_table)];
                self.bulk_operator(bulk::table_copy(), &places);
            }
            Operator::TableInit { elem_index, table } => {
                let places = [self.table_place(table), Operand::Narrow(elem_index)];
                self.bulk_operator(bulk::table_init(), &places);
            }
            Operator::ElemDrop { elem_index } => {
                self.emit(bulk::elem_drop(), &[Operand::Narrow(elem_index)]);
            }
            _ => return false,
        }
        true
    }

    fn bulk_operator(&mut self, opcode: Opcode, places: &[Operand]) {
        let third = self.pop_slot();
        let second = self.pop_slot();
        let first = self.pop_slot();
        let words: Vec<Operand> = places.iter().copied().chain([first, second, third]).collect();
        self.emit_trapping(opcode, &words);
    }
}
