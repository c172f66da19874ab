//! Arrays: elements one by one are accesses in place, many at once are builtins.

use super::Lowering;
use super::aggregate::INLINE;
use super::environment::Cached;
use crate::error::Result;
use crate::plan::Region;
use assay_model::builtins::Builtin;
use assay_model::fault::{Fault, planted};
use assay_model::index::{DataIdx, ElemIdx, TypeIdx};
use assay_model::layout::AbiKind;
use assay_model::layout::object::{FieldSlot, ObjectLayout, Slot, header};
use assay_model::trap::TrapKind;
use assay_model::types::CompositeType;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F32, F64, I32, I64, I64X2};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use wasmparser::Operator as Op;

impl Lowering<'_> {
    /// Translates an operator on arrays or types; whether it is one.
    pub(super) fn array_operator(&mut self, operator: &Op<'_>) -> Result<bool> {
        match *operator {
            Op::ArrayNew { array_type_index } => self.array_new(TypeIdx(array_type_index)),
            Op::ArrayNewDefault { array_type_index } => {
                let length = self.pop();
                let id = self.cached(Cached::TypeId(TypeIdx(array_type_index)));
                let array = self.allocate_slowly(id, length);
                self.push(array);
            }
            Op::ArrayNewFixed { array_type_index, array_size } => {
                self.array_new_fixed(TypeIdx(array_type_index), array_size);
            }
            Op::ArrayNewData { array_type_index, array_data_index } => {
                self.array_new_from(Builtin::ArrayNewData, TypeIdx(array_type_index), array_data_index);
            }
            Op::ArrayNewElem { array_type_index, array_elem_index } => {
                self.array_new_from(Builtin::ArrayNewElem, TypeIdx(array_type_index), array_elem_index);
            }
            Op::ArrayGet { array_type_index } | Op::ArrayGetU { array_type_index } => {
                self.array_get(TypeIdx(array_type_index), false);
            }
            Op::ArrayGetS { array_type_index } => self.array_get(TypeIdx(array_type_index), true),
            Op::ArraySet { array_type_index } => self.array_set(TypeIdx(array_type_index)),
            Op::ArrayLen => {
                let array = self.pop();
                let length = self.array_length(array);
                self.push(length);
            }
            Op::ArrayFill { array_type_index } => self.array_fill(TypeIdx(array_type_index)),
            Op::ArrayCopy { .. } => self.array_copy(),
            Op::ArrayInitData { array_data_index, .. } => {
                self.array_init(Builtin::ArrayInitData, DataIdx(array_data_index).0);
            }
            Op::ArrayInitElem { array_elem_index, .. } => {
                self.array_init(Builtin::ArrayInitElem, ElemIdx(array_elem_index).0);
            }
            ref other => return self.cast_operator(other),
        }
        Ok(true)
    }

    fn element_slot(&self, ty: TypeIdx) -> Slot {
        let is_func = |reference| self.plan.is_func(reference);
        match &self.plan.model.types[ty.index()].composite {
            CompositeType::Array(field) => Slot::of(field.storage, &is_func),
            // Validation lets only arrays stand here.
            _ => Slot::I8,
        }
    }

    fn array_new(&mut self, ty: TypeIdx) {
        // The value stays on the stack while the array is made, so that it is found there if it is a reference.
        let length = self.pop();
        let id = self.cached(Cached::TypeId(ty));
        let array = self.allocate_slowly(id, length);
        let value = self.pop();
        if self.constant(value) != Some(0) {
            let start = self.builder.ins().iconst(I32, 0);
            self.fill(array, start, length, value);
        }
        self.push(array);
    }

    fn array_new_fixed(&mut self, ty: TypeIdx, length: u32) {
        let slot = self.element_slot(ty);
        let size = ObjectLayout::Array(slot).size(length);
        let array = if size > INLINE {
            let id = self.cached(Cached::TypeId(ty));
            let length = self.builder.ins().iconst(I32, i64::from(length));
            self.allocate_slowly(id, length)
        } else {
            self.allocate_fixed(ty, size, length)
        };
        self.top(length as usize);
        let first = self.scratch.stack.len() - length as usize;
        let address = self.object_address(array);
        for position in 0..length {
            let value = self.scratch.stack[first + position as usize];
            let at = FieldSlot { offset: header::SIZE + position * slot.size(), slot };
            self.store_slot(address, at, value);
        }
        self.scratch.stack.truncate(first);
        self.push(array);
    }

    fn array_new_from(&mut self, builtin: Builtin, ty: TypeIdx, segment: u32) {
        let (from, length) = self.pop2();
        let id = self.cached(Cached::TypeId(ty));
        let segment = self.builder.ins().iconst(I32, i64::from(segment));
        if let Some(made) = self.call_builtin(builtin, &[self.ctx, id, segment, from, length]) {
            let array = self.reference_or_trap(made);
            self.push(array);
        }
    }

    /// What a builtin returns that gives a reference or minus the code of a trap.
    fn reference_or_trap(&mut self, made: Value) -> Value {
        let failed = self.builder.ins().icmp_imm_s(IntCC::SignedLessThan, made, 0);
        self.cold_if(failed, |this| {
            let code = this.builder.ins().ineg(made);
            let code = this.builder.ins().ireduce(I32, code);
            this.raise(code);
        });
        let array = self.builder.ins().ireduce(I32, made);
        self.trace(AbiKind::Ref, array);
        array
    }

    /// The length of an array. Traps when it is null.
    fn array_length(&mut self, array: Value) -> Value {
        self.trap_if_null(array, TrapKind::NullArrayReference);
        let address = self.object_address(array);
        let region = self.alias_region(Region::Objects);
        let flags = MemFlagsData::trusted().with_alias_region(Some(region));
        self.builder.ins().load(I32, flags, address, header::LENGTH as i32)
    }

    /// The address of an element, of which it is checked that there is one, without the header.
    fn array_element(&mut self, slot: Slot, array: Value, index: Value) -> Value {
        let length = self.array_length(array);
        let past = match planted(Fault::ArrayBoundsOffByOne) {
            true => IntCC::UnsignedGreaterThan,
            false => IntCC::UnsignedGreaterThanOrEqual,
        };
        let out = self.builder.ins().icmp(past, index, length);
        self.trap_if(out, TrapKind::ArrayOutOfBounds);
        let index = self.builder.ins().uextend(I64, index);
        let narrow = slot == Slot::I16 && planted(Fault::ElementScale);
        let size = if narrow { 1 } else { slot.size() };
        let offset = self.builder.ins().imul_imm_u(index, i64::from(size));
        let address = self.object_address(array);
        self.builder.ins().iadd(address, offset)
    }

    fn array_get(&mut self, ty: TypeIdx, signed: bool) {
        let (array, index) = self.pop2();
        let slot = self.element_slot(ty);
        let address = self.array_element(slot, array, index);
        let value = self.load_slot(address, FieldSlot { offset: header::SIZE, slot }, signed);
        self.push(value);
    }

    fn array_set(&mut self, ty: TypeIdx) {
        let (array, index, value) = self.pop3();
        let slot = self.element_slot(ty);
        let address = self.array_element(slot, array, index);
        self.store_slot(address, FieldSlot { offset: header::SIZE, slot }, value);
    }

    fn array_fill(&mut self, _ty: TypeIdx) {
        let length = self.pop();
        let (array, start, value) = self.pop3();
        self.trap_if_null(array, TrapKind::NullArrayReference);
        self.fill(array, start, length, value);
    }

    fn fill(&mut self, array: Value, start: Value, length: Value, value: Value) {
        let (low, high) = self.halves(value);
        self.call_checked(Builtin::ArrayFill, &[self.ctx, array, start, length, low, high]);
    }

    /// The bits of a value, in two halves.
    fn halves(&mut self, value: Value) -> (Value, Value) {
        let low = match self.type_of(value) {
            I32 => self.builder.ins().uextend(I64, value),
            I64 => value,
            F32 => {
                let bits = self.builder.ins().bitcast(I32, MemFlagsData::new(), value);
                self.builder.ins().uextend(I64, bits)
            }
            F64 => self.builder.ins().bitcast(I64, MemFlagsData::new(), value),
            _ => {
                let lanes = self.as_lanes(value, I64X2);
                let low = self.builder.ins().extractlane(lanes, 0);
                return (low, self.builder.ins().extractlane(lanes, 1));
            }
        };
        (low, self.builder.ins().iconst(I64, 0))
    }

    fn array_copy(&mut self) {
        let (from, source, length) = self.pop3();
        let (to, destination) = self.pop2();
        self.trap_if_null(to, TrapKind::NullArrayReference);
        self.trap_if_null(from, TrapKind::NullArrayReference);
        self.call_checked(Builtin::ArrayCopy, &[self.ctx, to, destination, from, source, length]);
    }

    fn array_init(&mut self, builtin: Builtin, segment: u32) {
        let (start, from, length) = self.pop3();
        let array = self.pop();
        self.trap_if_null(array, TrapKind::NullArrayReference);
        let segment = self.builder.ins().iconst(I32, i64::from(segment));
        self.call_checked(builtin, &[self.ctx, segment, array, start, from, length]);
    }
}
