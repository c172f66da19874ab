//! Arrays.

use super::function::FuncLowering;
use super::stack::{Kind, Operand, is_func};
use crate::exec::gc::{self, FieldOp};
use crate::exec::{Opcode, Pair};
use assay_model::layout::object::Slot;
use assay_model::types::{CompositeType, StorageType};
use assay_parse::wasmparser::Operator;

impl FuncLowering<'_> {
    /// Lowers an operator of this group. False when it is none.
    pub(super) fn array(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::ArrayNew { array_type_index: ty } => self.array_new(ty),
            Operator::ArrayNewDefault { array_type_index: ty } => {
                let (length, roots) = self.rooted(1);
                self.make(gc::array_new_default(), roots, &[Operand::Narrow(ty), length]);
            }
            Operator::ArrayNewFixed { array_type_index: ty, array_size } => {
                let (first, roots) = self.rooted(array_size as usize);
                let words = [Operand::Narrow(ty), Operand::Narrow(array_size), first, self.size(ty)];
                self.make(gc::array_new_fixed(), roots, &words);
            }
            Operator::ArrayNewData { array_type_index: ty, array_data_index: segment } => {
                self.array_from_segment(gc::array_new_data(), ty, segment);
            }
            Operator::ArrayNewElem { array_type_index: ty, array_elem_index: segment } => {
                self.array_from_segment(gc::array_new_elem(), ty, segment);
            }
            Operator::ArrayGet { array_type_index: ty } | Operator::ArrayGetU { array_type_index: ty } => {
                self.array_get(ty, false);
            }
            Operator::ArrayGetS { array_type_index: ty } => self.array_get(ty, true),
            Operator::ArraySet { array_type_index: ty } => {
                let (_, slot) = self.element(ty);
                let operands = self.pop_slots::<3>();
                self.emit_trapping(gc::array_set(slot.size()), &operands);
            }
            Operator::ArrayLen => {
                let array = self.pop_slot();
                let at = self.stack.produce(gc::array_len(), Kind::I32, &[array]);
                self.stack.code.position(at, self.offset);
            }
            Operator::ArrayFill { array_type_index: ty } => self.array_bulk::<4>(gc::array_fill(), ty, None),
            Operator::ArrayCopy { array_type_index_dst: ty, .. } => {
                self.array_bulk::<5>(gc::array_copy(), ty, None);
            }
            Operator::ArrayInitData { array_type_index: ty, array_data_index: segment } => {
                self.array_bulk::<4>(gc::array_init_data(), ty, Some(segment));
            }
            Operator::ArrayInitElem { array_type_index: ty, array_elem_index: segment } => {
                self.array_bulk::<4>(gc::array_init_elem(), ty, Some(segment));
            }
            _ => return false,
        }
        true
    }

    /// What the elements of an array type are, and how they are kept.
    fn element(&self, ty: u32) -> (StorageType, Slot) {
        let CompositeType::Array(field) = self.module.types[ty as usize].composite else {
            unreachable!("validation lets only array types stand here")
        };
        (field.storage, Slot::of(field.storage, &|ty| is_func(self.module, ty)))
    }

    /// Bytes of an element, as an operand.
    fn size(&self, ty: u32) -> Operand {
        Operand::Narrow(self.element(ty).1.size())
    }

    /// Pops values: the slots that they are in, in their order.
    fn pop_slots<const COUNT: usize>(&mut self) -> [Operand; COUNT] {
        let mut slots = [Operand::Acc; COUNT];
        slots.iter_mut().rev().for_each(|slot| *slot = self.pop_slot());
        slots
    }

    fn array_new(&mut self, ty: u32) {
        let length = self.stack.slot_at(self.stack.height() - 1);
        let (value, roots) = self.rooted(2);
        let words = [Operand::Narrow(ty), Operand::Slot(length), value, self.size(ty)];
        self.make(gc::array_new(), roots, &words);
    }

    fn array_from_segment(&mut self, pair: Pair, ty: u32, segment: u32) {
        let length = self.stack.slot_at(self.stack.height() - 1);
        let (offset, roots) = self.rooted(2);
        let places = [Operand::Narrow(ty), Operand::Narrow(segment)];
        let words = [places[0], places[1], offset, Operand::Slot(length), self.size(ty)];
        self.make(pair, roots, &words);
    }

    fn array_get(&mut self, ty: u32, signed: bool) {
        let (storage, slot) = self.element(ty);
        let operands = self.pop_slots::<2>();
        let at = match gc::array_get(FieldOp::of(slot, signed)) {
            Some(pair) => self.stack.produce(pair, self.storage_kind(storage), &operands),
            None => self.stack.produce_vector(gc::array_get_vector(), &operands),
        };
        self.stack.code.position(at, self.offset);
    }

    fn array_bulk<const COUNT: usize>(&mut self, opcode: Opcode, ty: u32, segment: Option<u32>) {
        let operands = self.pop_slots::<COUNT>();
        let segment = segment.map(Operand::Narrow);
        let words: Vec<Operand> = segment.into_iter().chain(operands).chain([self.size(ty)]).collect();
        self.emit_trapping(opcode, &words);
    }
}
