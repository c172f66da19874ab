//! Tables ([Table instances][spec]): cells of 8 bytes, moved when they grow.
//!
//! [spec]: https://webassembly.github.io/spec/core/exec/runtime.html#table-instances

use crate::ctx::TableDef;
use assay_model::types::TableType;

/// The most elements that a table can have here.
pub(crate) const MAX_ELEMENTS: u64 = 10_000_000;

/// The most elements that the tables of a store can have together: 1 GiB of cells.
pub(crate) const MAX_ELEMENTS_TOGETHER: u64 = 1 << 27;

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// More elements than any table has here.
    #[error("a table of {elements} elements is larger than the limit of {MAX_ELEMENTS} elements")]
    TooLarge {
        /// The minimum.
        elements: u64,
    },
    /// More elements than a store has here.
    #[error(
        "with a table of {elements} more elements, the tables of the store pass their limit of {MAX_ELEMENTS_TOGETHER} elements together"
    )]
    TooMany {
        /// The minimum.
        elements: u64,
    },
    /// The embedder's limiter refused.
    #[error("the store's limits do not allow a table of {elements} elements")]
    Limited {
        /// The minimum.
        elements: u64,
    },
    /// There is no memory for it.
    #[error("there is no memory for a table of {elements} elements")]
    OutOfMemory {
        /// The minimum.
        elements: u64,
    },
}

/// A table. The definition stands first: its address is the table's.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) def: TableDef,
    pub(crate) ty: TableType,
    elements: Vec<u64>,
}

impl Table {
    /// A table of its minimal size, filled with `init`.
    pub(crate) fn new(ty: TableType, init: u64) -> Result<Box<Self>, TableError> {
        let elements = ty.limits.min;
        if elements > MAX_ELEMENTS {
            return Err(TableError::TooLarge { elements });
        }
        let def = TableDef { base: std::ptr::null_mut(), len: 0 };
        let mut table = Box::new(Self { def, ty, elements: Vec::new() });
        table.resize(elements, init).ok_or(TableError::OutOfMemory { elements })?;
        Ok(table)
    }

    fn resize(&mut self, len: u64, init: u64) -> Option<()> {
        let wanted = usize::try_from(len).ok().filter(|_| len <= MAX_ELEMENTS)?;
        self.elements.try_reserve(wanted - self.elements.len()).ok()?;
        self.elements.resize(wanted, init);
        self.def = TableDef { base: self.elements.as_mut_ptr(), len };
        Some(())
    }

    /// What `delta` more elements would make, unless the type or this implementation forbid it.
    pub(crate) fn grown(&self, delta: u64) -> Option<u64> {
        let len = self.def.len.checked_add(delta)?;
        (len <= self.ty.max_elements() && len <= MAX_ELEMENTS).then_some(len)
    }

    /// Grows by `delta` elements; the number before, or `None` when it cannot be.
    pub(crate) fn grow(&mut self, delta: u64, init: u64) -> Option<u64> {
        let before = self.def.len;
        let len = self.grown(delta)?;
        self.resize(len, init)?;
        Some(before)
    }

    /// The elements. Code writes to them through the definition, so they are read through it too.
    pub(crate) fn elements(&self) -> &[u64] {
        &self.elements
    }

    /// The elements, to write.
    pub(crate) fn elements_mut(&mut self) -> &mut [u64] {
        &mut self.elements
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_model::types::{Limits, RefType};

    #[test]
    fn tables_grow_up_to_their_limits() {
        let ty =
            TableType { element: RefType::FUNCREF, limits: Limits { min: 1, max: Some(3) }, table64: false };
        let mut table = Table::new(ty, 5).unwrap();
        assert_eq!((table.grow(2, 6), table.elements()), (Some(1), &[5, 6, 6][..]));
        assert_eq!((table.grow(1, 0), table.grow(u64::MAX, 0), table.grow(0, 0)), (None, None, Some(3)));
    }

    #[test]
    fn a_table_past_the_implementation_limit_is_refused() {
        let limits = Limits { min: MAX_ELEMENTS + 1, max: None };
        let refused = Table::new(TableType { element: RefType::FUNCREF, limits, table64: false }, 0);
        let message = "a table of 10000001 elements is larger than the limit of 10000000 elements";
        assert_eq!(refused.unwrap_err().to_string(), message);
    }
}
