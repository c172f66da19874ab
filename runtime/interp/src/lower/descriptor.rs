//! Structures with descriptors, and casts by them.

use super::function::FuncLowering;
use super::stack::{Condition, Kind, Operand};
use crate::exec::gc::{packed_field, ref_cast_desc, ref_get_desc, ref_test_desc, struct_new_desc};
use crate::exec::numeric::CompareOp;
use assay_parse::wasmparser::{Operator, RefType};

impl FuncLowering<'_> {
    /// Lowers an operator of this group. False when it is none.
    pub(super) fn descriptor(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::StructNewDesc { struct_type_index: ty } => self.struct_new_desc(ty, false),
            Operator::StructNewDefaultDesc { struct_type_index: ty } => self.struct_new_desc(ty, true),
            Operator::RefGetDesc { .. } => {
                let reference = self.pop_slot();
                let at = self.stack.produce(ref_get_desc(), Kind::Ref, &[reference]);
                self.stack.code.position(at, self.offset);
            }
            Operator::RefCastDescEqNonNull { .. } => self.ref_cast_desc(false),
            Operator::RefCastDescEqNullable { .. } => self.ref_cast_desc(true),
            Operator::BrOnCastDescEq { relative_depth, to_ref_type, .. } => {
                self.br_on_cast_desc(relative_depth, to_ref_type, CompareOp::I32Ne);
            }
            Operator::BrOnCastDescEqFail { relative_depth, to_ref_type, .. } => {
                self.br_on_cast_desc(relative_depth, to_ref_type, CompareOp::I32Eq);
            }
            _ => return false,
        }
        true
    }

    /// A new object is zero, so its fields are left alone where their default is asked for.
    fn struct_new_desc(&mut self, ty: u32, default: bool) {
        let structs = self.structs;
        let fields = if default { &[][..] } else { &structs[&ty].fields };
        let descriptor = Operand::Slot(self.stack.slot_at(self.stack.height() - 1));
        let (first, roots) = self.rooted(fields.len() + 1);
        let head = [Operand::Narrow(ty), descriptor, first, Operand::Narrow(fields.len() as u32)];
        let fields = fields.iter().map(|&field| Operand::Narrow(packed_field(field)));
        let words: Vec<Operand> = head.into_iter().chain(fields).collect();
        self.make(struct_new_desc(), roots, &words);
    }

    fn ref_cast_desc(&mut self, nullable: bool) {
        let descriptor = self.pop_slot();
        let reference = self.top_reference();
        self.emit_trapping(ref_cast_desc(nullable), &[reference, descriptor]);
    }

    /// Branches with the reference, which stays on the stack otherwise, when the outcome of the test compares so with 0.
    fn br_on_cast_desc(&mut self, depth: u32, to: RefType, op: CompareOp) {
        let descriptor = self.pop_slot();
        let reference = self.top_reference();
        let test = ref_test_desc(to.is_nullable());
        let at = self.stack.produce(test, Kind::I32, &[reference, descriptor]);
        self.stack.code.position(at, self.offset);
        let outcome = self.pop_condition();
        self.branch_if(depth, Condition { op, ..outcome });
    }
}
