//! Locals, globals, constants, `drop` and `select`.

use super::function::FuncLowering;
use super::stack::{Entry, Kind, Operand, Value};
use crate::exec::vector::{vector_get, vector_select, vector_set};
use crate::exec::{global, moves};
use assay_model::index::GlobalIdx;
use assay_parse::wasmparser::Operator;

impl FuncLowering<'_> {
    /// Lowers an operator of this group. False when it is none.
    #[inline(always)]
    pub(super) fn variable(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::LocalGet { local_index } => self.local_get(local_index),
            Operator::LocalSet { local_index } => self.local_set(local_index),
            Operator::LocalTee { local_index } => {
                self.local_set(local_index);
                self.local_get(local_index);
            }
            Operator::GlobalGet { global_index } => self.global_get(GlobalIdx(global_index)),
            Operator::GlobalSet { global_index } => self.global_set(GlobalIdx(global_index)),
            Operator::I32Const { value } => self.constant(Kind::I32, u64::from(value as u32)),
            Operator::I64Const { value } => self.constant(Kind::I64, value as u64),
            Operator::F32Const { value } => self.constant(Kind::F32, u64::from(value.bits())),
            Operator::F64Const { value } => self.constant(Kind::F64, value.bits()),
            Operator::Drop => drop(self.stack.pop()),
            Operator::Select | Operator::TypedSelect { .. } => self.select(),
            _ => return false,
        }
        true
    }

    pub(super) fn constant(&mut self, kind: Kind, bits: u64) {
        self.stack.push(kind, Value::Const(bits));
    }

    fn local_get(&mut self, local: u32) {
        let (kind, slot) = self.locals[local as usize];
        self.stack.push(kind, Value::Local(slot));
    }

    fn local_set(&mut self, local: u32) {
        let (_, local) = self.locals[local as usize];
        let entry = self.stack.pop();
        if let Value::Local(same) = entry.value
            && same == local
        {
            return;
        }
        // The instruction that made the value can write the local itself, unless the old value is still needed.
        if !self.stack.uses(local) && self.stack.redirect(entry, local) {
            return;
        }
        self.stack.preserve(local);
        match entry.value {
            Value::Const(bits) => self.stack.set(local, entry.kind, bits),
            _ => {
                let in_acc = self.stack.operand(entry) == Operand::Acc;
                let from = self.stack.slot_of(entry);
                self.stack.copy(local, from, entry.kind);
                if in_acc {
                    self.stack.mirrors(entry.kind.class(), local);
                }
            }
        }
    }

    fn global_place(&self, global: GlobalIdx) -> (Kind, bool, Operand) {
        let kind = Kind::of(self.module.globals[global.index()].content, self.module);
        match self.module.defined_global(global) {
            Some(defined) => (kind, false, Operand::Narrow(self.layout.defined_global(defined))),
            None => (kind, true, Operand::Narrow(self.layout.imported_global(global))),
        }
    }

    fn global_get(&mut self, global: GlobalIdx) {
        let (kind, imported, place) = self.global_place(global);
        let pair = match kind {
            Kind::I32 => global::get::<u32>(imported),
            Kind::I64 | Kind::Ref | Kind::Func => global::get::<u64>(imported),
            Kind::F32 => global::get::<f32>(imported),
            Kind::F64 => global::get::<f64>(imported),
            Kind::V128 => {
                self.stack.produce_vector(vector_get(imported), &[place]);
                return;
            }
        };
        self.stack.produce(pair, kind, &[place]);
    }

    fn global_set(&mut self, global: GlobalIdx) {
        let (kind, imported, place) = self.global_place(global);
        let entry = self.stack.pop();
        let value = self.stack.operand(entry);
        let opcode = match kind {
            Kind::I32 => global::set::<u32>(imported, value.mode()),
            Kind::I64 | Kind::Ref | Kind::Func => global::set::<u64>(imported, value.mode()),
            Kind::F32 => global::set::<f32>(imported, value.mode()),
            Kind::F64 => global::set::<f64>(imported, value.mode()),
            Kind::V128 => vector_set(imported),
        };
        self.emit(opcode, &[place, value]);
    }

    fn select(&mut self) {
        let entry = self.stack.pop();
        let condition = match entry.value {
            Value::Const(_) => Operand::Slot(self.stack.slot_of(entry)),
            _ => self.stack.operand(entry),
        };
        let (first, second) = self.pop_two();
        if first.kind == Kind::V128 {
            return self.vector_select(condition, first, second);
        }
        let [a, b] = [first, second].map(|entry| match self.stack.operand(entry) {
            Operand::Acc => Operand::Slot(self.stack.slot_of(entry)),
            operand => operand,
        });
        let modes = (condition.mode(), a.mode(), b.mode());
        let pair = match first.kind {
            Kind::I32 => moves::select::<u32>(modes.0, modes.1, modes.2),
            Kind::I64 | Kind::Ref | Kind::Func => moves::select::<u64>(modes.0, modes.1, modes.2),
            Kind::F32 => moves::select::<f32>(modes.0, modes.1, modes.2),
            Kind::F64 => moves::select::<f64>(modes.0, modes.1, modes.2),
            Kind::V128 => unreachable!("vectors were selected above"),
        };
        let pair = pair.expect("operands are in modes that exist");
        self.stack.produce(pair, first.kind, &[condition, a, b]);
    }

    fn vector_select(&mut self, condition: Operand, first: Entry, second: Entry) {
        let [a, b] = [first, second].map(|entry| Operand::Slot(self.stack.slot_of(entry)));
        let opcode = vector_select(condition.mode()).expect("operands are in modes that exist");
        self.stack.produce_vector(opcode, &[a, b, condition]);
    }
}
