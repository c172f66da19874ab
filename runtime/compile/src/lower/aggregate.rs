//! Structures, `i31` and allocation ([Aggregate reference instructions](https://webassembly.github.io/spec/core/exec/instructions.html#aggregate-reference-instructions)).
//!
//! A reference is the distance of its object from the base of the heap. An address is made of it where it is used and never
//! kept: the next call may move the object.

use super::Lowering;
use super::environment::Cached;
use crate::abi::clif_type;
use crate::error::Result;
use crate::plan::Region;
use assay_model::builtins::Builtin;
use assay_model::fault::{Fault, planted};
use assay_model::index::TypeIdx;
use assay_model::layout::object::{FieldSlot, FieldsLayout, Slot, header, reference};
use assay_model::layout::{AbiKind, store_ctx};
use assay_model::trap::TrapKind;
use assay_model::types::{CompositeType, TypeRef};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use wasmparser::Operator as Op;

/// Objects up to this size are allocated in place.
pub(super) const INLINE: u64 = 1 << 12;

impl Lowering<'_> {
    /// Translates an operator on structures, arrays, `i31` and types; whether it is one.
    pub(super) fn aggregate_operator(&mut self, operator: &Op<'_>) -> Result<bool> {
        match *operator {
            Op::StructNew { struct_type_index } => self.struct_new(TypeIdx(struct_type_index)),
            Op::StructNewDefault { struct_type_index } => self.struct_new_default(TypeIdx(struct_type_index)),
            Op::StructGet { struct_type_index, field_index }
            | Op::StructGetU { struct_type_index, field_index } => {
                self.struct_get(TypeIdx(struct_type_index), field_index, false);
            }
            Op::StructGetS { struct_type_index, field_index } => {
                self.struct_get(TypeIdx(struct_type_index), field_index, true);
            }
            Op::StructSet { struct_type_index, field_index } => {
                self.struct_set(TypeIdx(struct_type_index), field_index);
            }
            Op::RefI31 => self.ref_i31(),
            Op::I31GetS => self.i31_get(true),
            Op::I31GetU => self.i31_get(false),
            Op::RefEq => {
                let (mut first, mut second) = self.pop2();
                if planted(Fault::ReferenceEqualNarrow) {
                    (first, second) =
                        (self.builder.ins().ireduce(I16, first), self.builder.ins().ireduce(I16, second));
                }
                let equal = self.builder.ins().icmp(IntCC::Equal, first, second);
                self.push(equal);
            }
            // A reference is the same thing on either side.
            Op::AnyConvertExtern | Op::ExternConvertAny => {}
            ref other => return self.array_operator(other),
        }
        Ok(true)
    }

    fn is_func(&self) -> impl Fn(TypeRef) -> bool + use<'_> {
        |reference| self.plan.is_func(reference)
    }

    /// Where the fields of a structure stand.
    pub(super) fn fields(&self, ty: TypeIdx) -> FieldsLayout {
        match &self.plan.model.types[ty.index()].composite {
            CompositeType::Struct(fields) => FieldsLayout::of_struct(fields, &self.is_func()),
            // Validation lets only structures stand here.
            _ => FieldsLayout { fields: Box::default(), size: header::SIZE },
        }
    }

    fn struct_new(&mut self, ty: TypeIdx) {
        let layout = self.fields(ty);
        let object = self.allocate_fixed(ty, u64::from(layout.size), 0);
        self.fill_fields(object, &layout);
        self.push(object);
    }

    /// Pops the values of all fields into a new object.
    pub(super) fn fill_fields(&mut self, object: Value, layout: &FieldsLayout) {
        let count = layout.fields.len();
        self.top(count);
        let start = self.scratch.stack.len() - count;
        let address = self.object_address(object);
        for (position, &field) in layout.fields.iter().enumerate() {
            let value = self.scratch.stack[start + position];
            self.store_slot(address, field, value);
        }
        self.scratch.stack.truncate(start);
    }

    pub(super) fn struct_new_default(&mut self, ty: TypeIdx) {
        let layout = self.fields(ty);
        let object = self.allocate_fixed(ty, u64::from(layout.size), 0);
        let address = self.object_address(object);
        let zero = self.builder.ins().iconst(I64, 0);
        let end = layout.size - if planted(Fault::DefaultNotCleared) && layout.size > 16 { 8 } else { 0 };
        for offset in (header::SIZE..end).step_by(8) {
            let flags = self.trusted_in(Region::Objects);
            self.builder.ins().store(flags, zero, address, offset as i32);
        }
        self.push(object);
    }

    fn struct_get(&mut self, ty: TypeIdx, field: u32, signed: bool) {
        let object = self.pop();
        if !planted(Fault::FieldNullUnchecked) {
            self.trap_if_null(object, TrapKind::NullStructureReference);
        }
        let fields = self.fields(ty).fields;
        let mut slot = fields[field as usize];
        if planted(Fault::FieldNeighbour) && field > 0 && fields[field as usize - 1].slot == slot.slot {
            slot = fields[field as usize - 1];
        }
        let address = self.object_address(object);
        let value = self.load_slot(address, slot, signed);
        self.push(value);
    }

    fn struct_set(&mut self, ty: TypeIdx, field: u32) {
        let (object, value) = self.pop2();
        self.trap_if_null(object, TrapKind::NullStructureReference);
        let slot = self.fields(ty).fields[field as usize];
        let address = self.object_address(object);
        self.store_slot(address, slot, value);
    }

    /// The address of an object that is not null. Must not outlive the next call.
    pub(super) fn object_address(&mut self, object: Value) -> Value {
        let base = self.gc_base();
        let distance = self.builder.ins().uextend(I64, object);
        self.builder.ins().iadd(base, distance)
    }

    /// The base of the heap. Where the module has types of objects, the heap was reserved before its code runs.
    fn gc_base(&mut self) -> Value {
        if self.plan.has_objects {
            return self.cached(Cached::GcBase);
        }
        let (store, flags) = (self.store_ctx(), self.trusted_in(Region::Store));
        self.builder.ins().load(I64, flags, store, store_ctx::GC_BASE as i32)
    }

    /// Loads a field or element.
    pub(super) fn load_slot(&mut self, address: Value, at: FieldSlot, signed: bool) -> Value {
        let flags = self.slot_flags(at.slot);
        let offset = at.offset as i32;
        match at.slot {
            Slot::I8 if signed || planted(Fault::PackedSigned) => {
                self.builder.ins().sload8(I32, flags, address, offset)
            }
            Slot::I8 => self.builder.ins().uload8(I32, flags, address, offset),
            Slot::I16 if signed => self.builder.ins().sload16(I32, flags, address, offset),
            Slot::I16 => self.builder.ins().uload16(I32, flags, address, offset),
            Slot::Val(kind) => {
                let value = self.builder.ins().load(clif_type(kind), flags, address, offset);
                if !planted(Fault::FieldUntraced) {
                    self.trace(kind, value);
                }
                value
            }
        }
    }

    /// Stores a field or element.
    pub(super) fn store_slot(&mut self, address: Value, at: FieldSlot, value: Value) {
        let flags = self.slot_flags(at.slot);
        let offset = at.offset as i32;
        match at.slot {
            Slot::I8 => {
                let ty = if planted(Fault::PackedStoreWide) { I16 } else { I8 };
                let value = self.builder.ins().ireduce(ty, value);
                self.builder.ins().store(flags, value, address, offset);
            }
            Slot::I16 => {
                let value = self.builder.ins().ireduce(I16, value);
                self.builder.ins().store(flags, value, address, offset);
            }
            Slot::Val(_) => {
                self.builder.ins().store(flags, value, address, offset);
            }
        }
    }

    /// Vectors are aligned to 8 bytes only.
    fn slot_flags(&mut self, slot: Slot) -> MemFlagsData {
        let region = self.alias_region(Region::Objects);
        let flags = MemFlagsData::new().with_notrap().with_alias_region(Some(region));
        if slot == Slot::Val(AbiKind::V128) { flags } else { flags.with_aligned() }
    }

    fn ref_i31(&mut self) {
        let value = self.pop();
        let shifted = self.builder.ins().ishl_imm_u(value, i64::from(reference::I31_SHIFT));
        let tagged = self.builder.ins().bor_imm_u(shifted, i64::from(reference::I31));
        self.push(tagged);
    }

    fn i31_get(&mut self, signed: bool) {
        let value = self.pop();
        self.trap_if_null(value, TrapKind::NullI31Reference);
        let shift = i64::from(reference::I31_SHIFT);
        let number = if signed && !planted(Fault::I31Unsigned) {
            self.builder.ins().sshr_imm_u(value, shift)
        } else {
            self.builder.ins().ushr_imm_u(value, shift)
        };
        self.push(number);
    }

    /// A new object of a type with a size that is known, a multiple of 8. Its header is written, its body is not.
    pub(super) fn allocate_fixed(&mut self, ty: TypeIdx, size: u64, length: u32) -> Value {
        let id = self.cached(Cached::TypeId(ty));
        let length_value = self.builder.ins().iconst(I32, i64::from(length));
        if size > INLINE {
            return self.allocate_slowly(id, length_value);
        }
        let store = self.store_ctx();
        let flags = self.trusted_in(Region::Store);
        let bump = self.builder.ins().uload32(flags, store, store_ctx::GC_BUMP as i32);
        let limit = self.builder.ins().uload32(flags, store, store_ctx::GC_LIMIT as i32);
        let end = self.builder.ins().iadd_imm_u(bump, size as i64);
        let full = self.builder.ins().icmp(IntCC::UnsignedGreaterThan, end, limit);
        let (slow, fast) = (self.builder.create_block(), self.builder.create_block());
        let done = self.builder.create_block();
        let object = self.builder.append_block_param(done, I32);
        if !planted(Fault::ObjectUntraced) {
            self.trace(AbiKind::Ref, object);
        }
        self.builder.ins().brif(full, slow, &[], fast, &[]);
        self.builder.set_cold_block(slow);

        self.builder.switch_to_block(slow);
        self.builder.seal_block(slow);
        let made = self.allocate_slowly(id, length_value);
        self.builder.ins().jump(done, &[made.into()]);

        self.builder.switch_to_block(fast);
        self.builder.seal_block(fast);
        let flags = self.trusted_in(Region::Store);
        self.builder.ins().istore32(flags, end, store, store_ctx::GC_BUMP as i32);
        let base = self.gc_base();
        let address = self.builder.ins().iadd(base, bump);
        let flags = self.trusted_in(Region::Objects);
        self.builder.ins().store(flags, id, address, header::TYPE_ID as i32);
        self.builder.ins().store(flags, length_value, address, header::LENGTH as i32);
        let made = self.builder.ins().ireduce(I32, bump);
        self.builder.ins().jump(done, &[made.into()]);

        self.builder.switch_to_block(done);
        self.builder.seal_block(done);
        object
    }

    /// A new object by the machine's hand: its header is written, its body is zero.
    pub(super) fn allocate_slowly(&mut self, id: Value, length: Value) -> Value {
        let made = self.call_builtin(Builtin::GcAllocate, &[self.ctx, id, length]);
        let object = made.unwrap_or(length);
        self.trap_if_null(object, TrapKind::AllocationTooLarge);
        self.trace(AbiKind::Ref, object);
        object
    }
}
