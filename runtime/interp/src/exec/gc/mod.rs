//! Structures, arrays, `i31` and casts ([Aggregate reference instructions][spec]).
//!
//! A reference is the low half of a cell, the high half is zero: null, an `i31`, host data, or the distance of an object
//! from the base of the heap. What stands where in objects of a type comes with the instruction; lengths and types of
//! objects are read from their headers. Whatever may move objects notes the instruction first ([`allocate`]) and reads its
//! operands again afterwards.
//!
//! [spec]: https://webassembly.github.io/spec/core/exec/instructions.html#reference-instructions

mod array;
mod bulk;
mod cast;
mod descriptor;
mod field;
mod i31;
mod structure;

pub(crate) use array::{
    array_get, array_get_vector, array_len, array_new, array_new_data, array_new_default, array_new_elem,
    array_new_fixed, array_set,
};
pub(crate) use bulk::{array_copy, array_fill, array_init_data, array_init_elem};
pub(crate) use cast::{Target, ref_cast, ref_test};
pub(crate) use descriptor::{ref_cast_desc, ref_get_desc, ref_test_desc, struct_new_desc};
pub(crate) use field::FieldOp;
pub(crate) use i31::{i31_get, ref_i31};
pub(crate) use structure::{
    packed_field, struct_get, struct_get_vector, struct_new, struct_new_default, struct_set,
};

use super::call::{get, type_id};
use super::machine::Machine;
use assay_model::layout::object::header;
use assay_vm::StoreCtx;

/// The address of a byte of an object.
#[inline(always)]
fn place(store: *mut StoreCtx, object: u32, offset: u64) -> *mut u8 {
    // SAFETY: the store outlives the activation (invariant 3).
    let base = unsafe { (*store).gc_base };
    base.wrapping_add(object as usize).wrapping_add(offset as usize)
}

/// Reads from an object. Fields of 16 bytes are read in halves.
#[inline(always)]
pub(super) fn read<T: Copy>(store: *mut StoreCtx, object: u32, offset: u32) -> T {
    let place = place(store, object, offset.into()).cast::<T>();
    // SAFETY: the field is one of the object's and aligned to its size (invariant 7).
    unsafe { place.read() }
}

/// Writes to an object.
#[inline(always)]
pub(super) fn write<T: Copy>(store: *mut StoreCtx, object: u32, offset: u32, value: T) {
    let place = place(store, object, offset.into()).cast::<T>();
    // SAFETY: the field is one of the object's and aligned to its size (invariant 7).
    unsafe { place.write(value) };
}

/// Writes the value of a cell, or of two, to a field of so many bytes.
#[inline(always)]
pub(super) fn store_cell(store: *mut StoreCtx, object: u32, offset: u32, size: u32, cell: *mut u64) {
    let value = get(cell);
    match size {
        1 => write(store, object, offset, value as u8),
        2 => write(store, object, offset, value as u16),
        4 => write(store, object, offset, value as u32),
        8 => write(store, object, offset, value),
        _ => write(store, object, offset, [value, get(cell.wrapping_add(1))]),
    }
}

/// The canonical type of an object.
#[inline(always)]
pub(super) fn object_type(store: *mut StoreCtx, object: u32) -> u32 {
    read(store, object, header::TYPE_ID)
}

/// The number of elements of an array.
#[inline(always)]
fn length(store: *mut StoreCtx, array: u32) -> u32 {
    read(store, array, header::LENGTH)
}

/// Allocates an object of a canonical type; 0 when there is no room for it. The instruction has been noted.
#[inline(never)]
pub(super) extern "C" fn allocate_of(store: *mut StoreCtx, type_id: u32, length: u32) -> u32 {
    // SAFETY: the store is alive and of this thread, the activation shows its references (invariants 3, 5 and 7).
    unsafe { assay_vm::allocate(store, type_id, length) }.unwrap_or(0)
}

/// Allocates an object of a type of the module; 0 when there is no room for it. Objects may move.
#[inline(always)]
fn allocate(m: &Machine, ty: u32, length: u32) -> u32 {
    m.publish();
    allocate_of(m.store(), type_id(m, ty), length)
}
