//! References and tables ([Table instructions](https://webassembly.github.io/spec/core/exec/instructions.html#table-instructions)).
//!
//! An element has 64 bits: a function reference is a pointer, any other reference stands zero-extended in the low half.

use super::Lowering;
use crate::error::{CompileError, Result};
use assay_model::builtins::Builtin;
use assay_model::fault::{Fault, planted};
use assay_model::index::{FuncIdx, TableIdx};
use assay_model::layout::{AbiKind, TABLE_ELEMENT_SIZE, func_import};
use assay_model::trap::TrapKind;
use assay_model::types::{RefType, ValType};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};

impl<'a> Lowering<'a> {
    /// An index or length of a table, as 64 bits.
    pub(super) fn table_index(&mut self, table: TableIdx, index: Value) -> Value {
        if self.plan.table(table).index64 { index } else { self.builder.ins().uextend(I64, index) }
    }

    /// A 64-bit length or index in the table's own index type.
    fn table_narrow(&mut self, table: TableIdx, length: Value) -> Value {
        if self.plan.table(table).index64 { length } else { self.builder.ins().ireduce(I32, length) }
    }

    /// The address of an element. Traps with `kind` when there is none.
    fn element_address(&mut self, table: TableIdx, index: Value, kind: TrapKind) -> Value {
        let index = self.checked_index(table, index, kind);
        let base = self.table_base(table);
        let offset = self.builder.ins().imul_imm_u(index, i64::from(TABLE_ELEMENT_SIZE));
        self.builder.ins().iadd(base, offset)
    }

    /// An index as 64 bits, of which it is checked that there is such an element. Traps with `kind` when there is none.
    pub(super) fn checked_index(&mut self, table: TableIdx, index: Value, kind: TrapKind) -> Value {
        let fixed_len = self.plan.table(table).fixed_len;
        let in_bounds = self.constant(index).zip(fixed_len).is_some_and(|(index, len)| index < len);
        let index = self.table_index(table, index);
        let unchecked = kind == TrapKind::UndefinedElement && planted(Fault::CallBoundsUnchecked);
        if in_bounds || unchecked {
            return index;
        }
        let len = self.table_len(table);
        let out = self.builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, index, len);
        self.trap_if(out, kind);
        if !self.plan.options.spectre {
            return index;
        }
        let zero = self.builder.ins().iconst(I64, 0);
        self.builder.ins().select_spectre_guard(out, zero, index)
    }

    /// The element at `index`, as 64 bits. Traps with `kind` when there is none.
    pub(super) fn table_element(&mut self, table: TableIdx, index: Value, kind: TrapKind) -> Value {
        let address = self.element_address(table, index, kind);
        let flags = self.trusted_in(self.plan.table(table).region);
        self.builder.ins().load(I64, flags, address, 0)
    }

    /// A reference as the 64 bits of an element.
    fn element_of(&mut self, table: TableIdx, value: Value) -> Value {
        match self.plan.table(table).element {
            AbiKind::Func => value,
            _ => self.builder.ins().uextend(I64, value),
        }
    }

    pub(super) fn table_get(&mut self, table: TableIdx) {
        let index = self.pop();
        let element = self.table_element(table, index, TrapKind::TableOutOfBounds);
        let value = match self.plan.table(table).element {
            AbiKind::Func => element,
            kind => {
                let reference = self.builder.ins().ireduce(I32, element);
                self.trace(kind, reference);
                reference
            }
        };
        self.push(value);
    }

    pub(super) fn table_set(&mut self, table: TableIdx) {
        let (index, value) = self.pop2();
        let address = self.element_address(table, index, TrapKind::TableOutOfBounds);
        let element = self.element_of(table, value);
        let flags = self.trusted_in(self.plan.table(table).region);
        self.builder.ins().store(flags, element, address, 0);
    }

    pub(super) fn table_size(&mut self, table: TableIdx) {
        let len = self.table_len(table);
        let size = self.table_narrow(table, len);
        let size = if self.plan.table(table).index64 { self.wrong_size(size) } else { size };
        self.push(size);
    }

    pub(super) fn table_grow(&mut self, table: TableIdx) {
        let (init, delta) = self.pop2();
        let delta = self.table_index(table, delta);
        let init = self.element_of(table, init);
        let number = self.builder.ins().iconst(I32, i64::from(table.0));
        if let Some(old) = self.call_builtin(Builtin::TableGrow, &[self.ctx, number, delta, init]) {
            let old = self.table_narrow(table, old);
            self.push(old);
        }
    }

    pub(super) fn table_fill(&mut self, table: TableIdx) {
        let (start, value, len) = self.pop3();
        let (start, len) = (self.table_index(table, start), self.table_index(table, len));
        let element = self.element_of(table, value);
        let number = self.table_number(table, Fault::TableFillIndexSpace);
        let number = self.builder.ins().iconst(I32, i64::from(number));
        self.call_checked(Builtin::TableFill, &[self.ctx, number, start, element, len]);
    }

    pub(super) fn ref_null(&mut self, ty: RefType) {
        let ty = self.clif_type(ValType::Ref(ty));
        let null = self.builder.ins().iconst(ty, 0);
        self.push(null);
    }

    pub(super) fn ref_is_null(&mut self) {
        let value = self.pop();
        let is_null = self.builder.ins().icmp_imm_u(IntCC::Equal, value, 0);
        self.push(is_null);
    }

    pub(super) fn ref_as_non_null(&mut self) {
        let value = self.pop();
        self.trap_if_null(value, TrapKind::NullReference);
        self.push(value);
    }

    pub(super) fn ref_func(&mut self, func: FuncIdx) -> Result<()> {
        let layout = &self.plan.layout;
        let reference = if self.plan.model.defined_func(func).is_none() {
            let offset = layout.imported_func(func) + func_import::FUNC_REF;
            self.load_constant(I64, self.ctx, offset)
        } else {
            let escape = self.plan.model.funcs[func.index()].escape.ok_or_else(|| {
                CompileError::Internal(format!("function {} is referenced but does not escape", func.0))
            })?;
            self.builder.ins().iadd_imm_u(self.ctx, i64::from(layout.func_ref(escape)))
        };
        self.push(reference);
        Ok(())
    }
}
