//! What running code and the collector need to know of canonical types: one array for each engine, by number.
//!
//! The engine appends a row for every type it interns; rows never move or change, so code reads them without a lock. A
//! number reaches other threads only behind the engine's lock, after its row was written.
#![expect(unsafe_code, reason = "rows are read by code at addresses of its own making")]

use crate::sys::{Mapping, page_size, reserve};
use assay_model::fault::{Fault, planted};
use assay_model::layout::object::{NO_TYPE, ObjectLayout, Slot, header, type_info};
use assay_model::types::{CanonId, CanonicalTypes, TypeRef};
use std::mem::offset_of;
use std::sync::{Mutex, PoisonError};

/// Rows that an engine has room for, where address space is plenty and where it is not.
const ROWS: [usize; 3] = [1 << 22, 1 << 18, 1 << 14];

/// A row. See [`type_info`].
#[repr(C)]
#[derive(Debug)]
struct TypeInfo {
    depth: u32,
    kind: u32,
    display: [u32; type_info::DISPLAY_LEN as usize],
    shape: *const Shape,
    fill: [u64; 2],
}

const _: () = {
    assert!(offset_of!(TypeInfo, depth) == type_info::DEPTH as usize);
    assert!(offset_of!(TypeInfo, kind) == type_info::KIND as usize);
    assert!(offset_of!(TypeInfo, display) == type_info::DISPLAY as usize);
    assert!(size_of::<TypeInfo>() == 1 << type_info::SIZE_LOG2);
};

/// What Rust needs to know of a type.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Supertypes from the topmost on, the type itself last.
    pub(crate) ancestry: Box<[u32]>,
    /// Objects of the type.
    pub(crate) layout: ObjectLayout,
    /// Where its structures or exceptions have references to follow, the descriptor among them.
    pub(crate) traced: Box<[u32]>,
}

/// The array.
#[derive(Debug)]
pub struct TypeInfos {
    map: Mapping,
    rows: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    /// Boxed, as rows point to them.
    #[expect(clippy::vec_box, reason = "rows have the addresses")]
    shapes: Vec<Box<Shape>>,
    open: usize,
}

/// The engine has as many types as it has room for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine has no room for more types than the {0} that its modules define")]
pub struct TooManyTypes(usize);

impl TypeInfos {
    /// An empty array.
    ///
    /// # Errors
    /// When there is no address space for it.
    pub fn new() -> std::io::Result<Self> {
        let mut sizes = ROWS.iter().map(|rows| reserve(rows << type_info::SIZE_LOG2));
        let first = sizes.next().unwrap_or_else(|| reserve(page_size()));
        let map = sizes.fold(first, |found, next| found.or(next))?;
        Ok(Self { map, rows: Mutex::default() })
    }

    /// Appends the rows of the types that have none yet.
    ///
    /// # Errors
    /// When there is no room left.
    pub fn extend(&self, canonical: &CanonicalTypes) -> Result<(), TooManyTypes> {
        let is_func = |reference: TypeRef| match reference {
            TypeRef::Canonical(id) => canonical.func(id).is_some(),
            _ => false,
        };
        for id in (self.len()..canonical.len()).map(|id| CanonId(id as u32)) {
            let ancestry: Vec<u32> = canonical.supertypes(id).iter().map(|id| id.0).collect();
            let ty = canonical.get(id);
            self.push(&ancestry, ObjectLayout::of(&ty.composite, &is_func), ty.descriptor.is_some())?;
        }
        Ok(())
    }

    /// Opens room for so many more types.
    ///
    /// # Errors
    /// When there is none, or the system gives no memory for it.
    pub fn make_room(&self, more: usize) -> Result<(), TooManyTypes> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let end = (rows.shapes.len() + more) << type_info::SIZE_LOG2;
        self.open(&mut rows, end)
    }

    fn open(&self, rows: &mut Rows, end: usize) -> Result<(), TooManyTypes> {
        if end <= rows.open {
            return Ok(());
        }
        let open = end.next_multiple_of(page_size().max(64 << 10)).min(self.map.len());
        let opened = end <= self.map.len() && self.map.open(rows.open, open).is_ok();
        rows.open = if opened { open } else { return Err(TooManyTypes(rows.shapes.len())) };
        Ok(())
    }

    /// Appends the row of the next type: its supertypes from the topmost on with itself at the end, its objects, and whether they
    /// have descriptors.
    fn push(&self, ancestry: &[u32], layout: ObjectLayout, described: bool) -> Result<(), TooManyTypes> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let at = rows.shapes.len() << type_info::SIZE_LOG2;
        let end = at + size_of::<TypeInfo>();
        self.open(&mut rows, end)?;
        let mut display = [NO_TYPE; type_info::DISPLAY_LEN as usize];
        for (entry, &ancestor) in display.iter_mut().zip(ancestry) {
            *entry = ancestor;
        }
        let fields = layout.fields().iter().filter(|field| field.slot.is_traced()).map(|field| field.offset);
        let described = described && !planted(Fault::DescriptorsNotForwarded);
        let traced = described.then_some(header::DESCRIPTOR).into_iter().chain(fields).collect();
        let kind = match layout {
            ObjectLayout::Struct(_) => type_info::STRUCT,
            ObjectLayout::Array(_) => type_info::ARRAY,
            ObjectLayout::Exception(_) => type_info::FUNC,
        };
        let shape = Box::new(Shape { ancestry: ancestry.into(), layout, traced });
        let row = TypeInfo {
            depth: ancestry.len().saturating_sub(1) as u32,
            kind,
            display,
            shape: &raw const *shape,
            fill: [0; 2],
        };
        rows.shapes.push(shape);
        // SAFETY: the row lies in the open part of the mapping, is aligned, and nobody knows its number yet.
        unsafe { self.map.base().wrapping_add(at).cast::<TypeInfo>().write(row) };
        Ok(())
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).shapes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn base(&self) -> *const u8 {
        self.map.base()
    }

    /// What is known of a type.
    ///
    /// # Safety
    /// The type has a row: the number comes from the engine.
    pub(crate) unsafe fn shape(&self, type_id: u32) -> &Shape {
        let row = self.map.base().wrapping_add((type_id as usize) << type_info::SIZE_LOG2);
        // SAFETY: by the caller's promise the row was written; rows are never written again.
        let shape = unsafe { (*row.cast::<TypeInfo>()).shape };
        // SAFETY: the box lives as long as the array.
        unsafe { &*shape }
    }
}

impl Shape {
    /// Bytes of an object with so many elements.
    pub(crate) fn size(&self, length: u32) -> u64 {
        self.layout.size(length)
    }

    /// The slot of an array's elements.
    pub(crate) fn element(&self) -> Option<Slot> {
        if let ObjectLayout::Array(slot) = self.layout { Some(slot) } else { None }
    }

    /// Whether it is a function type.
    pub(crate) fn is_func(&self) -> bool {
        matches!(self.layout, ObjectLayout::Exception(_))
    }

    /// Whether the type is `sup`, or declared below it.
    pub(crate) fn is_below(&self, sup: u32) -> bool {
        self.ancestry.contains(&sup)
    }
}

// SAFETY: rows are written once, before their numbers are known, and are plain data with pointers to boxes of the array.
unsafe impl Send for TypeInfos {}
// SAFETY: as above; appending takes the lock.
unsafe impl Sync for TypeInfos {}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_model::types::CompositeType;

    #[test]
    fn rows_say_what_is_above_a_type() {
        let infos = TypeInfos::new().unwrap();
        let empty = || ObjectLayout::of(&CompositeType::Struct([].into()), &|_| false);
        for id in 0..3000u32 {
            let line: Vec<u32> = (id / 10 * 10..=id).collect();
            infos.push(&line, empty(), false).unwrap();
        }
        // SAFETY: the rows were written.
        let shape = unsafe { infos.shape(2999) };
        assert!(shape.is_below(2990) && shape.is_below(2999) && !shape.is_below(2989));
        let row = infos.base().wrapping_add(2999 << type_info::SIZE_LOG2).cast::<TypeInfo>();
        // SAFETY: as above.
        let row = unsafe { &*row };
        assert_eq!((row.depth, row.display[7]), (9, 2997));
    }
}
