//! Structures that other structures describe ([custom descriptors](https://github.com/WebAssembly/custom-descriptors/blob/main/proposals/custom-descriptors/Overview.md)).
//!
//! The reference to the descriptor is the second half of a structure's header. Arrays have their length there, so a cast
//! that finds the descriptor it looks for has still to see that it looked at a structure.

use super::Lowering;
use super::environment::Cached;
use crate::error::Result;
use crate::plan::Region;
use assay_model::fault::{Fault, planted};
use assay_model::index::TypeIdx;
use assay_model::layout::AbiKind;
use assay_model::layout::object::{header, reference, type_info};
use assay_model::trap::TrapKind;
use assay_model::types::{HeapType, RefType, TypeRef};
use assay_parse::{heap_type, ref_type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use wasmparser::Operator as Op;

impl Lowering<'_> {
    /// Translates an operator on descriptors; whether it is one.
    pub(super) fn descriptor_operator(&mut self, operator: &Op<'_>) -> Result<bool> {
        match *operator {
            Op::StructNewDesc { struct_type_index } => self.struct_new_desc(TypeIdx(struct_type_index)),
            Op::StructNewDefaultDesc { struct_type_index } => {
                self.struct_new_default_desc(TypeIdx(struct_type_index));
            }
            Op::RefGetDesc { .. } => self.ref_get_desc(),
            Op::RefCastDescEqNonNull { hty } => self.ref_cast_desc_eq(heap_type(hty)?, false),
            Op::RefCastDescEqNullable { hty } => self.ref_cast_desc_eq(heap_type(hty)?, true),
            Op::BrOnCastDescEq { relative_depth, to_ref_type, .. } => {
                self.br_on_cast_desc_eq(relative_depth, ref_type(to_ref_type)?, true);
            }
            Op::BrOnCastDescEqFail { relative_depth, to_ref_type, .. } => {
                self.br_on_cast_desc_eq(relative_depth, ref_type(to_ref_type)?, false);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn struct_new_desc(&mut self, ty: TypeIdx) {
        let descriptor = self.pop_descriptor();
        let layout = self.fields(ty);
        let object = self.allocate_fixed(ty, u64::from(layout.size), 0);
        self.describe(object, descriptor);
        self.fill_fields(object, &layout);
        self.push(object);
    }

    fn struct_new_default_desc(&mut self, ty: TypeIdx) {
        let descriptor = self.pop_descriptor();
        self.struct_new_default(ty);
        let object = self.pop();
        self.describe(object, descriptor);
        self.push(object);
    }

    /// Writes the descriptor of a new object: behind the allocation, which may have moved it.
    fn describe(&mut self, object: Value, descriptor: Value) {
        let address = self.object_address(object);
        let flags = self.trusted_in(Region::Objects);
        self.builder.ins().store(flags, descriptor, address, header::DESCRIPTOR as i32);
    }

    fn pop_descriptor(&mut self) -> Value {
        let descriptor = self.pop();
        if !planted(Fault::DescriptorNullUnchecked) {
            self.trap_if_null(descriptor, TrapKind::NullDescriptorReference);
        }
        descriptor
    }

    fn ref_get_desc(&mut self) {
        let object = self.pop();
        self.trap_if_null(object, TrapKind::NullReference);
        let address = self.object_address(object);
        let flags = self.trusted_in(Region::Objects);
        let descriptor = self.builder.ins().load(I32, flags, address, header::DESCRIPTOR as i32);
        self.trace(AbiKind::Ref, descriptor);
        self.push(descriptor);
    }

    fn ref_cast_desc_eq(&mut self, heap: HeapType, nullable: bool) {
        let descriptor = self.pop_descriptor();
        let value = self.pop();
        let matches = self.is_described(value, descriptor, RefType { nullable, heap });
        let fails = self.builder.ins().icmp_imm_u(IntCC::Equal, matches, 0);
        self.trap_if(fails, TrapKind::DescriptorCastFailure);
        self.push(value);
    }

    fn br_on_cast_desc_eq(&mut self, depth: u32, ty: RefType, wanted: bool) {
        let descriptor = self.pop_descriptor();
        self.br_on(depth, wanted, |this, value| this.is_described(value, descriptor, ty));
    }

    /// Whether a reference is to a structure with this descriptor, or a null that is allowed, as a truth value. That it is of
    /// the type follows: a descriptor describes structures of one type.
    fn is_described(&mut self, value: Value, descriptor: Value, ty: RefType) -> Value {
        let (look, done) = (self.builder.create_block(), self.builder.create_block());
        let answer = self.builder.append_block_param(done, I8);
        // Null, or no object at all.
        let is_null = self.builder.ins().icmp_imm_u(IntCC::Equal, value, 0);
        let tag = self.builder.ins().band_imm_u(value, i64::from(reference::MASK));
        let other = self.builder.ins().icmp_imm_u(IntCC::NotEqual, tag, 0);
        let without = self.builder.ins().bor(is_null, other);
        let missed = if ty.nullable { is_null } else { self.truth(false) };
        self.builder.ins().brif(without, done, &[missed.into()], look, &[]);
        self.builder.switch_to_block(look);
        self.builder.seal_block(look);
        let address = self.object_address(value);
        let matches = match self.only_type(ty.heap) {
            Some(only) => self.has_header(address, only, descriptor),
            None => self.has_descriptor(address, descriptor, done),
        };
        self.builder.ins().jump(done, &[matches.into()]);
        self.builder.switch_to_block(done);
        self.builder.seal_block(done);
        answer
    }

    /// The one type that an object of a heap type can have.
    fn only_type(&self, heap: HeapType) -> Option<TypeIdx> {
        match heap {
            HeapType::Exact(TypeRef::Module(ty)) => Some(ty),
            HeapType::Concrete(TypeRef::Module(ty)) if self.plan.model.types[ty.index()].is_final => Some(ty),
            _ => None,
        }
    }

    /// Type and descriptor in one comparison.
    fn has_header(&mut self, address: Value, ty: TypeIdx, descriptor: Value) -> Value {
        let id = self.cached(Cached::TypeId(ty));
        if planted(Fault::DescriptorByType) {
            let flags = self.trusted_in(Region::Objects);
            let found = self.builder.ins().load(I32, flags, address, header::TYPE_ID as i32);
            return self.builder.ins().icmp(IntCC::Equal, found, id);
        }
        let (id, descriptor) =
            (self.builder.ins().uextend(I64, id), self.builder.ins().uextend(I64, descriptor));
        let high = self.builder.ins().ishl_imm_u(descriptor, 8 * i64::from(header::DESCRIPTOR));
        let expected = self.builder.ins().bor(high, id);
        let flags = self.trusted_in(Region::Objects);
        let found = self.builder.ins().load(I64, flags, address, header::TYPE_ID as i32);
        self.builder.ins().icmp(IntCC::Equal, found, expected)
    }

    /// Goes to `done` with "no" when the descriptor is another one, or says whether what has it is a structure.
    fn has_descriptor(
        &mut self,
        address: Value,
        descriptor: Value,
        done: cranelift_codegen::ir::Block,
    ) -> Value {
        let flags = self.trusted_in(Region::Objects);
        let found = self.builder.ins().load(I32, flags, address, header::DESCRIPTOR as i32);
        let equal = self.builder.ins().icmp(IntCC::Equal, found, descriptor);
        let same = self.builder.create_block();
        self.builder.ins().brif(equal, same, &[], done, &[equal.into()]);
        self.builder.switch_to_block(same);
        self.builder.seal_block(same);
        let flags = self.trusted_in(Region::Objects);
        let id = self.builder.ins().load(I32, flags, address, header::TYPE_ID as i32);
        self.is_kind(id, type_info::STRUCT)
    }
}
