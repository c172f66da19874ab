//! Bulk operators: all the work, bounds checks included, is done by builtins.

use super::Lowering;
use assay_model::builtins::Builtin;
use assay_model::fault::Fault;
use assay_model::index::{DataIdx, ElemIdx, MemoryIdx, TableIdx};
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};

impl Lowering<'_> {
    /// Calls a builtin that returns a status, and leaves the function when it failed.
    pub(super) fn call_checked(&mut self, builtin: Builtin, args: &[Value]) {
        if let Some(status) = self.call_builtin(builtin, args) {
            self.raise_if(status);
        }
    }

    fn number(&mut self, index: u32) -> Value {
        self.builder.ins().iconst(I32, i64::from(index))
    }

    /// The length of a copy between two index types has the narrower of them.
    fn copy_length(&mut self, length: Value) -> Value {
        if self.type_of(length) == I32 { self.builder.ins().uextend(I64, length) } else { length }
    }

    pub(super) fn memory_fill(&mut self, memory: MemoryIdx) {
        let (start, byte, length) = self.pop3();
        let (start, length) = (self.memory_index(memory, start), self.memory_index(memory, length));
        let number = self.number(memory.0);
        self.call_checked(Builtin::MemoryFill, &[self.ctx, number, start, byte, length]);
    }

    pub(super) fn memory_copy(&mut self, to: MemoryIdx, from: MemoryIdx) {
        let (destination, source, length) = self.pop3();
        let destination = self.memory_index(to, destination);
        let source = self.memory_index(from, source);
        let length = self.copy_length(length);
        let (to, from) = (self.number(to.0), self.number(from.0));
        self.call_checked(Builtin::MemoryCopy, &[self.ctx, to, from, destination, source, length]);
    }

    pub(super) fn memory_init(&mut self, memory: MemoryIdx, segment: DataIdx) {
        let (destination, source, length) = self.pop3();
        let destination = self.memory_index(memory, destination);
        let (memory, segment) = (self.number(memory.0), self.number(segment.0));
        self.call_checked(Builtin::MemoryInit, &[self.ctx, memory, segment, destination, source, length]);
    }

    pub(super) fn data_drop(&mut self, segment: DataIdx) {
        let segment = self.number(segment.0);
        self.call_builtin(Builtin::DataDrop, &[self.ctx, segment]);
    }

    pub(super) fn table_copy(&mut self, to: TableIdx, from: TableIdx) {
        let (destination, source, length) = self.pop3();
        let destination = self.table_index(to, destination);
        let source = self.table_index(from, source);
        let length = self.copy_length(length);
        let to = self.table_number(to, Fault::TableCopyIndexSpace);
        let (to, from) = (self.number(to), self.number(from.0));
        self.call_checked(Builtin::TableCopy, &[self.ctx, to, from, destination, source, length]);
    }

    pub(super) fn table_init(&mut self, table: TableIdx, segment: ElemIdx) {
        let (destination, source, length) = self.pop3();
        let destination = self.table_index(table, destination);
        let (table, segment) = (self.number(table.0), self.number(segment.0));
        self.call_checked(Builtin::TableInit, &[self.ctx, table, segment, destination, source, length]);
    }

    pub(super) fn elem_drop(&mut self, segment: ElemIdx) {
        let segment = self.number(segment.0);
        self.call_builtin(Builtin::ElemDrop, &[self.ctx, segment]);
    }
}
