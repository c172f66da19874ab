//! Tests and casts of references, and the branches on them.

use super::function::{FuncLowering, Result};
use super::stack::{Condition, Kind, Operand, is_func};
use crate::exec::gc::{Target, ref_cast, ref_test};
use crate::exec::numeric::CompareOp;
use assay_model::types::{HeapType, TypeRef};
use assay_parse::heap_type;
use assay_parse::wasmparser::{self, Operator};

impl FuncLowering<'_> {
    /// Lowers an operator of this group. False when it is none.
    pub(super) fn cast(&mut self, operator: &Operator<'_>) -> Result<bool> {
        match *operator {
            Operator::RefTestNonNull { hty } => self.ref_test(hty, false)?,
            Operator::RefTestNullable { hty } => self.ref_test(hty, true)?,
            Operator::RefCastNonNull { hty } => self.ref_cast(hty, false)?,
            Operator::RefCastNullable { hty } => self.ref_cast(hty, true)?,
            Operator::BrOnCast { relative_depth, to_ref_type, .. } => {
                self.br_on_cast(relative_depth, to_ref_type, CompareOp::I32Ne)?;
            }
            Operator::BrOnCastFail { relative_depth, to_ref_type, .. } => {
                self.br_on_cast(relative_depth, to_ref_type, CompareOp::I32Eq)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What a reference is tested for, with the type's index where one is named.
    fn target(&self, ty: wasmparser::HeapType) -> Result<(Target, Operand)> {
        let mut index = 0;
        let target = match heap_type(ty)? {
            heap @ (HeapType::Concrete(ty) | HeapType::Exact(ty)) => {
                if let TypeRef::Module(named) = ty {
                    index = named.0;
                }
                match (is_func(self.module, ty), heap) {
                    (true, HeapType::Exact(_)) => Target::FuncExactly,
                    (true, _) => Target::Func,
                    (false, HeapType::Exact(_)) => Target::ObjectExactly,
                    (false, _) => Target::Object,
                }
            }
            HeapType::Any | HeapType::Extern | HeapType::Exn | HeapType::Func => Target::Everything,
            HeapType::None | HeapType::NoExtern | HeapType::NoExn | HeapType::NoFunc => Target::Nothing,
            HeapType::Eq => Target::Eq,
            HeapType::I31 => Target::I31,
            HeapType::Struct => Target::Struct,
            HeapType::Array => Target::Array,
        };
        Ok((target, Operand::Narrow(index)))
    }

    fn ref_test(&mut self, ty: wasmparser::HeapType, nullable: bool) -> Result<()> {
        let (target, index) = self.target(ty)?;
        let reference = self.pop_slot();
        self.stack.produce(ref_test(target, nullable), Kind::I32, &[reference, index]);
        Ok(())
    }

    fn ref_cast(&mut self, ty: wasmparser::HeapType, nullable: bool) -> Result<()> {
        let (target, index) = self.target(ty)?;
        let reference = self.top_reference();
        self.emit_trapping(ref_cast(target, nullable), &[reference, index]);
        Ok(())
    }

    /// Branches with the reference, which stays on the stack otherwise, when the outcome of the test compares so with 0.
    fn br_on_cast(&mut self, depth: u32, to: wasmparser::RefType, op: CompareOp) -> Result<()> {
        let (target, index) = self.target(to.heap_type())?;
        let reference = self.top_reference();
        self.stack.produce(ref_test(target, to.is_nullable()), Kind::I32, &[reference, index]);
        let outcome = self.pop_condition();
        self.branch_if(depth, Condition { op, ..outcome });
        Ok(())
    }
}
