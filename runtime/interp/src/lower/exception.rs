//! Exceptions: `throw`, and the tables that say where they are caught.
//!
//! `try_table` is a block. It writes no code of its own: its clauses name the slots in which the blocks that they lead to
//! find their values, and whoever raises an exception puts them there.

use super::control::Fixup;
use super::function::{FuncLowering, Result, cells};
use super::stack::Operand;
use crate::code::{Clause, HandlerId};
use crate::exec::exception;
use assay_model::index::TagIdx;
use assay_model::types::FuncType;
use assay_parse::wasmparser::{Catch, TryTable};

impl<'a> FuncLowering<'a> {
    /// `try_table`
    pub(super) fn try_table(&mut self, table: &TryTable) -> Result<()> {
        self.charge();
        self.stack.settle_all();
        let outer = self.handler;
        if !table.catches.is_empty() {
            let (clauses, depths): (Vec<Clause>, Vec<u32>) =
                table.catches.iter().map(|catch| self.clause(catch)).unzip();
            let (handler, ids) = self.stack.code.handler(outer, &clauses);
            ids.zip(depths).for_each(|(id, depth)| self.attach(depth, Fixup::Clause(id)));
            self.enter_handler(Some(handler));
        }
        self.open_try(table.ty, outer)
    }

    /// A clause, and the depth of the block that it leads to.
    fn clause(&self, catch: &Catch) -> (Clause, u32) {
        let (tag, depth, referenced) = match *catch {
            Catch::One { tag, label } => (Some(tag), label, false),
            Catch::OneRef { tag, label } => (Some(tag), label, true),
            Catch::All { label } => (None, label, false),
            Catch::AllRef { label } => (None, label, true),
        };
        let slot = self.target_slot(depth);
        let reference =
            referenced.then(|| slot + tag.map_or(0, |tag| cells(&self.exception_type(tag).params)));
        let tag = tag.map(|tag| self.layout.tag(TagIdx(tag)));
        (Clause { tag, reference, slot, landing: 0 }, depth)
    }

    /// The type of the exceptions of a tag.
    pub(super) fn exception_type(&self, tag: u32) -> &'a FuncType {
        let module = self.module;
        module.func_type_at(module.tags[tag as usize])
    }

    /// From here on this is the innermost handler.
    pub(super) fn enter_handler(&mut self, handler: Option<HandlerId>) {
        if handler != self.handler {
            self.handler = handler;
            self.stack.code.region(handler);
        }
    }

    /// `throw`
    pub(super) fn throw(&mut self, tag: u32) {
        let params = self.exception_type(tag).params.len();
        self.charge();
        let (first, roots) = self.rooted(params);
        let tag = Operand::Narrow(self.layout.tag(TagIdx(tag)));
        let at = self.emit_trapping(exception::throw(), &[tag, first]);
        self.stack.code.safepoint(at, roots);
        self.die();
    }

    /// `throw_ref`
    pub(super) fn throw_ref(&mut self) {
        self.charge();
        let reference = self.pop_slot();
        self.emit_trapping(exception::throw_ref(), &[reference]);
        self.die();
    }
}
