//! Locals and globals ([Variable instructions](https://webassembly.github.io/spec/core/exec/instructions.html#variable-instructions)).

use super::Lowering;
use super::environment::CONSTANT;
use crate::abi::clif_type;
use crate::plan::{GlobalPlace, GlobalPlan};
use assay_model::fault::{Fault, planted};
use assay_model::index::GlobalIdx;
use assay_model::layout::AbiKind;
use assay_model::module::ConstOp;
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};

/// Bytes of a global's cell: what a planted fault writes behind.
const CELL: i32 = 16;

impl Lowering<'_> {
    pub(super) fn local_get(&mut self, local: u32) {
        let value = self.builder.use_var(self.scratch.variables[local as usize]);
        self.push(value);
    }

    pub(super) fn local_set(&mut self, local: u32) {
        let value = self.pop();
        self.builder.def_var(self.scratch.variables[local as usize], value);
    }

    pub(super) fn local_tee(&mut self, local: u32) {
        let value = self.pop();
        self.builder.def_var(self.scratch.variables[local as usize], value);
        self.push(value);
    }

    pub(super) fn global_get(&mut self, global: GlobalIdx) {
        let plan: &GlobalPlan = self.plan.global(global);
        let value = match plan.constant.and_then(|op| self.number_constant(op)) {
            Some(value) => value,
            None => {
                let (base, offset) = self.global_cell(plan);
                let imported = matches!(plan.place, GlobalPlace::Behind(_));
                let stale = imported && planted(Fault::ImportedGlobalCached);
                // A collection moves what a global refers to, and changes the global with it.
                let changes = (plan.mutable && !stale) || plan.kind == AbiKind::Ref;
                let flags = if changes { self.trusted_in(plan.region) } else { CONSTANT };
                let value = self.builder.ins().load(clif_type(plan.kind), flags, base, offset);
                self.trace(plan.kind, value);
                value
            }
        };
        self.push(value);
    }

    pub(super) fn global_set(&mut self, global: GlobalIdx) {
        let value = self.pop();
        let plan: &GlobalPlan = self.plan.global(global);
        let (base, offset) = self.global_cell(plan);
        let flags = self.trusted_in(plan.region);
        self.builder.ins().store(flags, value, base, offset);
        if planted(Fault::GlobalSetSpills) && matches!(plan.place, GlobalPlace::Behind(_)) {
            self.builder.ins().store(flags, value, base, offset + CELL);
        }
    }

    fn global_cell(&mut self, plan: &GlobalPlan) -> (Value, i32) {
        match plan.place {
            GlobalPlace::Context(offset) => (self.ctx, offset as i32),
            GlobalPlace::Behind(offset) => (self.load_constant(I64, self.ctx, offset), 0),
        }
    }

    fn number_constant(&mut self, op: ConstOp) -> Option<Value> {
        Some(match op {
            ConstOp::I32Const(value) => self.i32_const(value),
            ConstOp::I64Const(value) => self.builder.ins().iconst(I64, value),
            ConstOp::F32Const(bits) => self.builder.ins().f32const(Ieee32::with_bits(bits)),
            ConstOp::F64Const(bits) => self.builder.ins().f64const(Ieee64::with_bits(bits)),
            ConstOp::V128Const(bits) => self.v128_const(&bits.to_le_bytes()),
            _ => return None,
        })
    }

    /// Immediates of the code generator are zero-extended from the type's width.
    pub(super) fn i32_const(&mut self, value: i32) -> Value {
        self.builder.ins().iconst(I32, i64::from(value.cast_unsigned()))
    }
}
