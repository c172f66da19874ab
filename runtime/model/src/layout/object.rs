//! References that are not function references, and the objects of the GC heap that they lead to.
//!
//! A reference has 32 bits. What it is stands in its low bits, so that neither an `i31` nor host data needs an object:
//! 0 is null; bit 0 set is an `i31` in the bits above; the low three bits [`reference::HOST`] are host data by number in
//! the bits above; anything else is the distance of an object from the base of the heap, a multiple of 8.
//!
//! An object begins with a header of 8 bytes: its canonical type, and for arrays the number of elements, for structures of
//! a type with a descriptor the reference to the structure that describes this one. Fields stand in
//! the order of the type, each at a multiple of its size (of 8 for vectors), so that a subtype begins like its supertype.
//! An exception is an object, too: its type is the function type of its tag, and a pointer to the tag stands in front of
//! its values.

use super::AbiKind;
use crate::types::{CompositeType, FieldType, FuncType, StorageType, TypeRef, ValType};

/// The bits of a reference.
pub mod reference {
    /// Null.
    pub const NULL: u32 = 0;
    /// Bit 0: an `i31`.
    pub const I31: u32 = 1;
    /// Distance of the value of an `i31` from bit 0.
    pub const I31_SHIFT: u32 = 1;
    /// The low bits of a reference that tell its kind.
    pub const MASK: u32 = 0b111;
    /// Low bits of host data.
    pub const HOST: u32 = 0b010;
    /// Distance of the number of host data from bit 0.
    pub const HOST_SHIFT: u32 = 3;

    /// Whether this is the distance of an object.
    pub const fn is_object(bits: u32) -> bool {
        bits != NULL && bits & MASK == 0
    }
}

/// The header of an object, by distance from the object.
pub mod header {
    /// `u32`: the canonical type.
    pub const TYPE_ID: u32 = 0;
    /// `u32`: elements of an array.
    pub const LENGTH: u32 = 4;
    /// A reference: what describes a structure whose type has a descriptor. It is never null.
    pub const DESCRIPTOR: u32 = LENGTH;
    /// Bytes of the header; the first field or element.
    pub const SIZE: u32 = 8;
}

/// Where an exception keeps its tag: `*const TagDef`.
pub const EXCEPTION_TAG: u32 = header::SIZE;

/// Objects begin at multiples of this.
pub const ALIGNMENT: u32 = 8;

/// `TagDef`: what the identity of a tag points to. Its address is the identity.
pub mod tag_def {
    /// `u32`: the canonical function type.
    pub const TYPE_ID: u32 = 0;
}

/// `TypeInfo`: what running code needs to know of a canonical type, in one array for each engine.
pub mod type_info {
    /// `u32`: how many supertypes it has.
    pub const DEPTH: u32 = 0;
    /// `u32`: what it is a type of: one of the following.
    pub const KIND: u32 = 4;
    /// A function.
    pub const FUNC: u32 = 0;
    /// A structure.
    pub const STRUCT: u32 = 1;
    /// An array.
    pub const ARRAY: u32 = 2;
    /// `[u32; DISPLAY_LEN]`: its supertypes from the topmost on, itself last; [`super::NO_TYPE`] behind that.
    pub const DISPLAY: u32 = 8;
    /// Entries of the display. Types with more supertypes are looked up by [`crate::builtins::Builtin::IsSubtype`].
    pub const DISPLAY_LEN: u32 = 8;
    /// Bytes, as a power of two.
    pub const SIZE_LOG2: u32 = 6;
}

/// No canonical type has this number.
pub const NO_TYPE: u32 = u32::MAX;

/// How a field or element is kept.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A packed 8-bit integer.
    I8,
    /// A packed 16-bit integer.
    I16,
    /// A whole value.
    Val(AbiKind),
}

impl Slot {
    /// The slot of a storage type. `is_func` tells whether a defined type is a function type.
    pub fn of(storage: StorageType, is_func: &dyn Fn(TypeRef) -> bool) -> Self {
        match storage {
            StorageType::I8 => Slot::I8,
            StorageType::I16 => Slot::I16,
            StorageType::Val(ty) => Slot::Val(AbiKind::of(ty, is_func)),
        }
    }

    /// Bytes.
    pub fn size(self) -> u32 {
        match self {
            Slot::I8 => 1,
            Slot::I16 => 2,
            Slot::Val(AbiKind::I32 | AbiKind::F32 | AbiKind::Ref) => 4,
            Slot::Val(AbiKind::I64 | AbiKind::F64 | AbiKind::Func) => 8,
            Slot::Val(AbiKind::V128) => 16,
        }
    }

    /// Whether it holds a reference that the collector follows.
    pub fn is_traced(self) -> bool {
        self == Slot::Val(AbiKind::Ref)
    }
}

/// A field: where and how.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct FieldSlot {
    /// Distance from the object.
    pub offset: u32,
    /// How it is kept.
    pub slot: Slot,
}

/// The layout of objects of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectLayout {
    /// A structure.
    Struct(FieldsLayout),
    /// An array: its elements stand from [`header::SIZE`] on, one behind the other.
    Array(Slot),
    /// An exception whose tag has this function type.
    Exception(FieldsLayout),
}

/// Fields of a structure, or values of an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldsLayout {
    /// The fields, in order.
    pub fields: Box<[FieldSlot]>,
    /// Bytes of an object, a multiple of [`ALIGNMENT`].
    pub size: u32,
}

impl FieldsLayout {
    fn new(start: u32, slots: impl Iterator<Item = Slot>) -> Self {
        let mut end = start;
        let place = |slot: Slot| {
            let offset = end.next_multiple_of(slot.size().min(ALIGNMENT));
            end = offset + slot.size();
            FieldSlot { offset, slot }
        };
        let fields = slots.map(place).collect();
        Self { fields, size: end.next_multiple_of(ALIGNMENT) }
    }

    /// The layout of structures with these fields.
    pub fn of_struct(fields: &[FieldType], is_func: &dyn Fn(TypeRef) -> bool) -> Self {
        Self::new(header::SIZE, fields.iter().map(|field| Slot::of(field.storage, is_func)))
    }

    /// The layout of exceptions whose tag has this type.
    pub fn of_exception(ty: &FuncType, is_func: &dyn Fn(TypeRef) -> bool) -> Self {
        let slot = |&ty: &ValType| Slot::Val(AbiKind::of(ty, is_func));
        Self::new(EXCEPTION_TAG + super::POINTER_SIZE, ty.params.iter().map(slot))
    }
}

impl ObjectLayout {
    /// The layout of objects whose header names a type that is defined so.
    pub fn of(composite: &CompositeType, is_func: &dyn Fn(TypeRef) -> bool) -> Self {
        match composite {
            CompositeType::Struct(fields) => Self::Struct(FieldsLayout::of_struct(fields, is_func)),
            CompositeType::Array(field) => Self::Array(Slot::of(field.storage, is_func)),
            CompositeType::Func(ty) => Self::Exception(FieldsLayout::of_exception(ty, is_func)),
        }
    }

    /// Bytes of an object with `length` elements (0 where it is no array), a multiple of [`ALIGNMENT`].
    pub fn size(&self, length: u32) -> u64 {
        match self {
            Self::Struct(fields) | Self::Exception(fields) => u64::from(fields.size),
            Self::Array(slot) => {
                let bytes = u64::from(header::SIZE) + u64::from(slot.size()) * u64::from(length);
                bytes.next_multiple_of(u64::from(ALIGNMENT))
            }
        }
    }

    /// The fields, where there are some.
    pub fn fields(&self) -> &[FieldSlot] {
        match self {
            Self::Struct(fields) | Self::Exception(fields) => &fields.fields,
            Self::Array(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(storage: StorageType) -> FieldType {
        FieldType { storage, mutable: true }
    }

    #[test]
    fn fields_are_aligned_and_a_subtype_begins_like_its_supertype() {
        let fields = [
            field(StorageType::I8),
            field(StorageType::Val(ValType::I64)),
            field(StorageType::I16),
            field(StorageType::Val(ValType::EXTERNREF)),
            field(StorageType::Val(ValType::V128)),
        ];
        let whole = FieldsLayout::of_struct(&fields, &|_| false);
        let offsets: Vec<u32> = whole.fields.iter().map(|field| field.offset).collect();
        assert_eq!((offsets.as_slice(), whole.size), (&[8, 16, 24, 28, 32][..], 48));
        let above = FieldsLayout::of_struct(&fields[..3], &|_| false);
        assert_eq!(above.fields[..], whole.fields[..3]);
    }

    #[test]
    fn arrays_grow_by_their_elements() {
        assert_eq!(ObjectLayout::Array(Slot::I8).size(9), 24);
        assert_eq!(ObjectLayout::Array(Slot::Val(AbiKind::V128)).size(u32::MAX), 8 + 16 * 0xffff_ffff);
        let empty = ObjectLayout::of(&CompositeType::Struct([].into()), &|_| false);
        assert_eq!(empty.size(0), 8);
    }

    #[test]
    fn values_of_an_exception_stand_behind_its_tag() {
        let ty = FuncType::new([ValType::I32, ValType::F64], []);
        let layout = FieldsLayout::of_exception(&ty, &|_| false);
        let offsets: Vec<u32> = layout.fields.iter().map(|field| field.offset).collect();
        assert_eq!((offsets.as_slice(), layout.size), (&[16, 24][..], 32));
    }
}
