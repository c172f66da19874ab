//! Questions about the type of what a reference leads to ([Reference instructions](https://webassembly.github.io/spec/core/exec/instructions.html#reference-instructions)).
//!
//! Whether something is of a defined type is answered by the display of its own type: the supertype at the depth of the one
//! that is asked for.

use super::Lowering;
use super::environment::Cached;
use crate::error::Result;
use crate::plan::Region;
use assay_model::builtins::Builtin;
use assay_model::fault::{Fault, planted};
use assay_model::index::TypeIdx;
use assay_model::layout::object::{header, reference, type_info};
use assay_model::layout::{AbiKind, func_ref};
use assay_model::trap::TrapKind;
use assay_model::types::{HeapType, RefType, TypeRef, ValType};
use assay_parse::{heap_type, ref_type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use wasmparser::Operator as Op;

impl Lowering<'_> {
    /// Translates an operator on types; whether it is one.
    pub(super) fn cast_operator(&mut self, operator: &Op<'_>) -> Result<bool> {
        match *operator {
            Op::RefTestNonNull { hty } => self.ref_test(RefType { nullable: false, heap: heap_type(hty)? }),
            Op::RefTestNullable { hty } => self.ref_test(RefType { nullable: true, heap: heap_type(hty)? }),
            Op::RefCastNonNull { hty } => self.ref_cast(RefType { nullable: false, heap: heap_type(hty)? }),
            Op::RefCastNullable { hty } => self.ref_cast(RefType { nullable: true, heap: heap_type(hty)? }),
            Op::BrOnCast { relative_depth, to_ref_type, .. } => {
                let ty = ref_type(to_ref_type)?;
                self.br_on(relative_depth, true, |this, value| this.is_of(value, ty));
            }
            Op::BrOnCastFail { relative_depth, to_ref_type, .. } => {
                let ty = ref_type(to_ref_type)?;
                self.br_on(relative_depth, false, |this, value| this.is_of(value, ty));
            }
            ref other => return self.descriptor_operator(other),
        }
        Ok(true)
    }

    fn ref_test(&mut self, ty: RefType) {
        let value = self.pop();
        let matches = self.is_of(value, ty);
        self.push(matches);
    }

    fn ref_cast(&mut self, ty: RefType) {
        let value = self.pop();
        let matches = self.is_of(value, ty);
        let fails = self.builder.ins().icmp_imm_u(IntCC::Equal, matches, 0);
        self.trap_if(fails, TrapKind::CastFailure);
        self.push(value);
    }

    /// Branches with the reference when the truth value that `test` makes of it is `wanted`, goes on with it otherwise.
    pub(super) fn br_on(&mut self, depth: u32, wanted: bool, test: impl FnOnce(&mut Self, Value) -> Value) {
        let (block, arity) = self.target(depth);
        self.top_as_args(arity);
        let value = self.scratch.stack[self.scratch.stack.len() - 1];
        let args = std::mem::take(&mut self.scratch.args);
        let matches = test(self, value);
        let next = self.builder.create_block();
        if wanted {
            self.builder.ins().brif(matches, block, &args, next, &[]);
        } else {
            self.builder.ins().brif(matches, next, &[], block, &args);
        }
        self.scratch.args = args;
        self.builder.switch_to_block(next);
        self.builder.seal_block(next);
    }

    pub(super) fn truth(&mut self, value: bool) -> Value {
        self.builder.ins().iconst(I8, i64::from(value))
    }

    /// Whether a reference of the same hierarchy is of a type, as a truth value.
    fn is_of(&mut self, value: Value, ty: RefType) -> Value {
        let is_null = self.builder.ins().icmp_imm_u(IntCC::Equal, value, 0);
        match ty.heap {
            HeapType::Any | HeapType::Extern | HeapType::Func | HeapType::Exn => {
                if ty.nullable {
                    self.truth(true)
                } else {
                    self.builder.ins().icmp_imm_u(IntCC::NotEqual, value, 0)
                }
            }
            HeapType::None | HeapType::NoExtern | HeapType::NoFunc | HeapType::NoExn => {
                if ty.nullable {
                    is_null
                } else {
                    self.truth(false)
                }
            }
            HeapType::I31 => {
                let bit = self.builder.ins().band_imm_u(value, i64::from(reference::I31));
                let is_i31 = self.builder.ins().icmp_imm_u(IntCC::NotEqual, bit, 0);
                if ty.nullable { self.builder.ins().bor(is_i31, is_null) } else { is_i31 }
            }
            HeapType::Eq => {
                let tag = self.builder.ins().band_imm_u(value, i64::from(reference::MASK));
                let other = if planted(Fault::HostDataIsEq) { reference::MASK + 1 } else { reference::HOST };
                let is_eq = self.builder.ins().icmp_imm_u(IntCC::NotEqual, tag, i64::from(other));
                if ty.nullable {
                    return is_eq;
                }
                let some = self.builder.ins().icmp_imm_u(IntCC::NotEqual, value, 0);
                self.builder.ins().band(is_eq, some)
            }
            HeapType::Struct | HeapType::Array | HeapType::Concrete(_) | HeapType::Exact(_) => {
                self.is_object_of(value, ty)
            }
        }
    }

    /// The same for types of objects and functions, whose header has to be read.
    fn is_object_of(&mut self, value: Value, ty: RefType) -> Value {
        let func = self.plan.kind(ValType::Ref(ty)) == AbiKind::Func;
        let (look, done) = (self.builder.create_block(), self.builder.create_block());
        let answer = self.builder.append_block_param(done, I8);
        let null = self.truth(ty.nullable);
        if func {
            self.builder.ins().brif(value, look, &[], done, &[null.into()]);
        } else {
            // Null, or no object at all.
            let is_null = self.builder.ins().icmp_imm_u(IntCC::Equal, value, 0);
            let tag = self.builder.ins().band_imm_u(value, i64::from(reference::MASK));
            let other = self.builder.ins().icmp_imm_u(IntCC::NotEqual, tag, 0);
            let without = self.builder.ins().bor(is_null, other);
            let null = ty.nullable || planted(Fault::CastOfNull);
            let answer = if null { is_null } else { self.truth(false) };
            self.builder.ins().brif(without, done, &[answer.into()], look, &[]);
        }
        self.builder.switch_to_block(look);
        self.builder.seal_block(look);
        let found = if func {
            let flags = MemFlagsData::trusted().with_readonly();
            self.builder.ins().load(I32, flags, value, func_ref::TYPE_ID as i32)
        } else {
            let address = self.object_address(value);
            let flags = self.trusted_in(Region::Objects);
            self.builder.ins().load(I32, flags, address, header::TYPE_ID as i32)
        };
        let matches = match ty.heap {
            HeapType::Concrete(TypeRef::Module(index)) => {
                let expected = self.cached(Cached::TypeId(index));
                self.is_type(found, expected, index)
            }
            HeapType::Exact(TypeRef::Module(index)) => {
                let expected = self.cached(Cached::TypeId(index));
                self.builder.ins().icmp(IntCC::Equal, found, expected)
            }
            HeapType::Struct => self.is_kind(found, type_info::STRUCT),
            _ => self.is_kind(found, type_info::ARRAY),
        };
        self.builder.ins().jump(done, &[matches.into()]);
        self.builder.switch_to_block(done);
        self.builder.seal_block(done);
        answer
    }

    /// The place of a canonical type in the array of what is known of types.
    pub(super) fn type_info(&mut self, id: Value) -> Value {
        let infos = self.cached(Cached::TypeInfos);
        let id = self.builder.ins().uextend(I64, id);
        let distance = self.builder.ins().ishl_imm_u(id, i64::from(type_info::SIZE_LOG2));
        self.builder.ins().iadd(infos, distance)
    }

    pub(super) fn is_kind(&mut self, id: Value, kind: u32) -> Value {
        let info = self.type_info(id);
        let flags = MemFlagsData::trusted().with_readonly();
        let found = self.builder.ins().load(I32, flags, info, type_info::KIND as i32);
        self.builder.ins().icmp_imm_u(IntCC::Equal, found, i64::from(kind))
    }

    /// Whether the canonical type `found` is `expected`, which is that of `ty`, or below it.
    pub(super) fn is_type(&mut self, found: Value, expected: Value, ty: TypeIdx) -> Value {
        let sub_type = &self.plan.model.types[ty.index()];
        if sub_type.is_final || planted(Fault::CastExactOnly) {
            return self.builder.ins().icmp(IntCC::Equal, found, expected);
        }
        let depth = self.plan.depth(ty);
        if depth >= type_info::DISPLAY_LEN {
            if planted(Fault::CastDeepUnchecked) {
                return self.truth(true);
            }
            let below = self.call_builtin(Builtin::IsSubtype, &[self.ctx, found, expected]).unwrap_or(found);
            return self.builder.ins().icmp_imm_u(IntCC::NotEqual, below, 0);
        }
        let (depth, expected) = match depth {
            1.. if planted(Fault::CastToSibling) => (depth - 1, self.type_above(expected, depth - 1)),
            _ => (depth, expected),
        };
        let info = self.type_info(found);
        let flags = MemFlagsData::trusted().with_readonly();
        let above = self.builder.ins().load(I32, flags, info, (type_info::DISPLAY + depth * 4) as i32);
        self.builder.ins().icmp(IntCC::Equal, above, expected)
    }
}
