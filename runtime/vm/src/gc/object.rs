//! Fields and elements of objects, as the embedder and instantiation read and write them.

use super::Shape;
use crate::store::StoreState;
use crate::value::Value;
use assay_model::fault::{Fault, planted};
use assay_model::layout::AbiKind;
use assay_model::layout::object::{FieldSlot, Slot, header, reference};

impl StoreState {
    /// The canonical type of an object; `None` for null, `i31` and host data.
    pub(crate) fn object_type(&self, bits: u32) -> Option<u32> {
        // SAFETY: references of this store lead to objects of its heap, whose header is readable.
        reference::is_object(bits).then(|| unsafe { self.object_field(bits, header::TYPE_ID) })
    }

    /// The number of elements of an array.
    pub(crate) fn array_len(&self, array: u32) -> u32 {
        // SAFETY: as above.
        unsafe { self.object_field(array, header::LENGTH) }
    }

    /// What is known of the type of an object.
    pub(crate) fn object_shape(&self, object: u32) -> Option<&Shape> {
        let type_id = self.object_type(object)?;
        // SAFETY: headers name types of the engine.
        Some(unsafe { self.gc.types.shape(type_id) })
    }

    /// Where field or element number `index` of an object stands.
    pub(crate) fn object_slot(&self, object: u32, index: u32) -> Option<FieldSlot> {
        let shape = self.object_shape(object)?;
        match shape.element() {
            Some(slot) if index < self.array_len(object) => {
                Some(FieldSlot { offset: header::SIZE + index * slot.size(), slot })
            }
            Some(_) => None,
            None => shape.layout.fields().get(index as usize).copied(),
        }
    }

    /// Reads a field or element; packed integers with zeros in front.
    pub(crate) fn read_object(&self, object: u32, at: FieldSlot) -> Value {
        let place = self.place(object, at.offset);
        let mut bytes = [0; 16];
        let size = at.slot.size() as usize;
        // SAFETY: the slot is one of the object's.
        unsafe { place.copy_to_nonoverlapping(bytes.as_mut_ptr(), size) };
        Value::from_bits(u128::from_le_bytes(bytes))
    }

    /// Writes a field or element; packed integers are cut.
    pub(crate) fn write_object(&mut self, object: u32, at: FieldSlot, value: Value) {
        let bytes = value.to_bits().to_le_bytes();
        let size = at.slot.size() as usize;
        // SAFETY: as above, and nobody else uses the heap meanwhile.
        unsafe { self.place(object, at.offset).copy_from_nonoverlapping(bytes.as_ptr(), size) };
    }

    /// The bytes of `length` elements of an array from `start` on; `None` past its end. Good until the next allocation.
    pub(crate) fn array_range(&self, array: u32, start: u32, length: u32) -> Option<*mut [u8]> {
        let slot = self.object_shape(array).and_then(Shape::element)?;
        let end = match planted(Fault::ArrayRangeWraps) {
            true => Some(start.wrapping_add(length)),
            false => start.checked_add(length),
        };
        let end = end.filter(|&end| end <= self.array_len(array));
        end?;
        let size = slot.size() as usize;
        let first = self.place(array, header::SIZE).wrapping_add(start as usize * size);
        Some(std::ptr::slice_from_raw_parts_mut(first, length as usize * size))
    }

    fn place(&self, object: u32, offset: u32) -> *mut u8 {
        self.ctx.gc_base.wrapping_add(object as usize).wrapping_add(offset as usize)
    }

    /// # Safety
    /// `object` is an object of the store.
    unsafe fn object_field(&self, object: u32, offset: u32) -> u32 {
        // SAFETY: by the caller's promise; headers are aligned.
        unsafe { self.place(object, offset).cast::<u32>().read() }
    }
}

/// A value of an element segment as an array has it.
pub(crate) fn element_value(slot: Slot, cell: u64) -> Value {
    match slot {
        Slot::Val(AbiKind::Ref) => Value::from_ref(cell as u32),
        _ => Value::from_bits(u128::from(cell)),
    }
}
