//! Structures, `i31`, and what makes objects.
//!
//! An instruction that makes an object may move all others. Its operands are in their slots by then, and so is every
//! reference below them.

use super::function::FuncLowering;
use super::stack::{Kind, Operand, is_func};
use crate::code::RootId;
use crate::exec::Pair;
use crate::exec::gc::{self, FieldOp, packed_field};
use assay_model::layout::object::{FieldSlot, FieldsLayout};
use assay_model::module::ModuleModel;
use assay_model::types::{CompositeType, StorageType};
use assay_parse::wasmparser::Operator;
use std::collections::HashMap;

/// Where the fields of the structure types of a module stand, by their indices.
pub(super) type Structs = HashMap<u32, FieldsLayout>;

/// The layouts of the structure types of a module.
pub(super) fn structs(module: &ModuleModel) -> Structs {
    let layout = |(index, ty): (usize, &CompositeType)| match ty {
        CompositeType::Struct(fields) => {
            Some((index as u32, FieldsLayout::of_struct(fields, &|ty| is_func(module, ty))))
        }
        _ => None,
    };
    module.types.iter().map(|ty| &ty.composite).enumerate().filter_map(layout).collect()
}

impl FuncLowering<'_> {
    /// Lowers an operator of this group. False when it is none.
    pub(super) fn gc(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::StructNew { struct_type_index: ty } => self.struct_new(ty),
            Operator::StructNewDefault { struct_type_index: ty } => {
                let roots = self.stack.roots();
                self.make(gc::struct_new_default(), roots, &[Operand::Narrow(ty)]);
            }
            Operator::StructGet { struct_type_index: ty, field_index }
            | Operator::StructGetU { struct_type_index: ty, field_index } => {
                self.struct_get(ty, field_index, false);
            }
            Operator::StructGetS { struct_type_index: ty, field_index } => {
                self.struct_get(ty, field_index, true);
            }
            Operator::StructSet { struct_type_index: ty, field_index } => self.struct_set(ty, field_index),
            Operator::RefI31 => {
                let integer = self.pop_slot();
                self.stack.produce(gc::ref_i31(), Kind::Ref, &[integer]);
            }
            Operator::I31GetS => self.i31_get(true),
            Operator::I31GetU => self.i31_get(false),
            // The same bits in both hierarchies.
            Operator::AnyConvertExtern | Operator::ExternConvertAny => {}
            _ => return false,
        }
        true
    }

    /// Brings the topmost values to their slots and pops them, for an instruction that objects may move in: the first slot,
    /// and what the collector finds, the values included.
    pub(super) fn rooted(&mut self, count: usize) -> (Operand, Option<RootId>) {
        let first = self.stack.height() - count;
        self.stack.materialize_from(first);
        let roots = self.stack.roots();
        let slot = self.stack.slot_at(first);
        self.stack.truncate(first);
        (Operand::Narrow(slot), roots)
    }

    /// Writes an instruction that makes an object.
    pub(super) fn make(&mut self, pair: Pair, roots: Option<RootId>, operands: &[Operand]) {
        let at = self.stack.produce(pair, Kind::Ref, operands);
        self.stack.code.position(at, self.offset);
        self.stack.code.safepoint(at, roots);
    }

    fn struct_new(&mut self, ty: u32) {
        let structs = self.structs;
        let fields = &structs[&ty].fields;
        let (first, roots) = self.rooted(fields.len());
        let head = [Operand::Narrow(ty), first, Operand::Narrow(fields.len() as u32)];
        let fields = fields.iter().map(|&field| Operand::Narrow(packed_field(field)));
        let words: Vec<Operand> = head.into_iter().chain(fields).collect();
        self.make(gc::struct_new(), roots, &words);
    }

    /// A field, and what it holds.
    fn field(&self, ty: u32, field: u32) -> (FieldSlot, StorageType) {
        let CompositeType::Struct(fields) = &self.module.types[ty as usize].composite else {
            unreachable!("validation lets only structure types stand here")
        };
        (self.structs[&ty].fields[field as usize], fields[field as usize].storage)
    }

    /// The type of the value of a field or element.
    pub(super) fn storage_kind(&self, storage: StorageType) -> Kind {
        match storage {
            StorageType::I8 | StorageType::I16 => Kind::I32,
            StorageType::Val(ty) => Kind::of(ty, self.module),
        }
    }

    fn struct_get(&mut self, ty: u32, field: u32, signed: bool) {
        let (field, storage) = self.field(ty, field);
        let reference = self.pop_slot();
        let words = [Operand::Narrow(field.offset), reference];
        let at = match gc::struct_get(FieldOp::of(field.slot, signed)) {
            Some(pair) => self.stack.produce(pair, self.storage_kind(storage), &words),
            None => self.stack.produce_vector(gc::struct_get_vector(), &words),
        };
        self.stack.code.position(at, self.offset);
    }

    fn struct_set(&mut self, ty: u32, field: u32) {
        let (field, _) = self.field(ty, field);
        let value = self.pop_slot();
        let reference = self.pop_slot();
        let words = [Operand::Narrow(field.offset), reference, value];
        self.emit_trapping(gc::struct_set(field.slot.size()), &words);
    }

    fn i31_get(&mut self, signed: bool) {
        let reference = self.pop_slot();
        let at = self.stack.produce(gc::i31_get(signed), Kind::I32, &[reference]);
        self.stack.code.position(at, self.offset);
    }
}
