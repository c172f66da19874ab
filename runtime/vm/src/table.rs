//! Tables ([Table instances][spec]): cells of 8 bytes, moved when they grow.
//!
//! [spec]: https://webassembly.github.io/spec/core/exec/runtime.html#table-instances

use crate::canary::{self, PATTERN, Surroundings};
use crate::ctx::TableDef;
use assay_model::fault::{Fault, planted};
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
    /// The elements, and canaries around them.
    cells: Vec<u64>,
    canaries: Option<Canaries>,
}

/// A cell of canaries.
const CANARIES: u64 = u64::from_le_bytes(PATTERN);

/// Cells of canaries on either side.
const ZONE: usize = canary::ZONE / size_of::<u64>();

/// What a judge wants to know of a table that it has put between canaries.
#[derive(Debug, Default)]
struct Canaries {
    /// Cells that the table had before it grew, full of canaries: nobody may use them any more.
    left: Vec<Vec<u64>>,
    /// A change that growth found.
    changed: Option<i64>,
}

impl Table {
    /// A table of its minimal size, filled with `init`.
    pub(crate) fn new(ty: TableType, init: u64, around: Surroundings) -> Result<Box<Self>, TableError> {
        let elements = ty.limits.min;
        if elements > MAX_ELEMENTS {
            return Err(TableError::TooLarge { elements });
        }
        let def = TableDef { base: std::ptr::null_mut(), len: 0 };
        let canaries = (around == Surroundings::Canaries).then(Canaries::default);
        let mut table = Box::new(Self { def, ty, cells: Vec::new(), canaries });
        table.resize(elements, init).ok_or(TableError::OutOfMemory { elements })?;
        Ok(table)
    }

    fn resize(&mut self, len: u64, init: u64) -> Option<()> {
        let wanted = usize::try_from(len).ok().filter(|_| len <= MAX_ELEMENTS)?;
        if self.canaries.is_some() {
            self.move_between_canaries(wanted, init);
            return Some(());
        }
        // The planted fault writes there, and must hurt nobody else.
        let beyond = if planted(Fault::TableFillPastEnd) { 1 } else { 0 };
        self.cells.try_reserve(wanted - self.cells.len() + beyond).ok()?;
        self.cells.resize(wanted, init);
        self.def = TableDef { base: self.cells.as_mut_ptr(), len };
        Some(())
    }

    /// Puts the elements into cells of their own, between canaries, and canaries in the place of the old ones.
    fn move_between_canaries(&mut self, wanted: usize, init: u64) {
        let changed = self.canary_change();
        let mut cells = vec![CANARIES; ZONE];
        cells.extend_from_slice(self.elements());
        cells.resize(ZONE + wanted, init);
        cells.extend([CANARIES; ZONE]);
        self.def = TableDef { base: cells.as_mut_ptr().wrapping_add(ZONE), len: wanted as u64 };
        let mut old = std::mem::replace(&mut self.cells, cells);
        old.fill(CANARIES);
        if let Some(canaries) = &mut self.canaries {
            canaries.changed = changed;
            canaries.left.push(old);
        }
    }

    /// How far from the elements, in bytes, a canary was written to: behind their end, or, when negative, in front of their
    /// start. What was written to where the elements once were is behind their end, too.
    pub(crate) fn canary_change(&self) -> Option<i64> {
        let canaries = self.canaries.as_ref()?;
        let first =
            |cells: &[u64]| cells.iter().position(|&cell| cell != CANARIES).map(|cell| cell as i64 * 8);
        let (front, behind) = (self.cells.get(..ZONE)?, self.cells.get(self.cells.len() - ZONE..)?);
        let left = || canaries.left.iter().find_map(|cells| first(cells));
        let front = first(front).map(|distance| distance - canary::ZONE as i64);
        canaries.changed.or(front).or_else(|| first(behind)).or_else(left)
    }

    fn zone(&self) -> usize {
        if self.canaries.is_some() && !self.cells.is_empty() { ZONE } else { 0 }
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
        &self.cells[self.zone()..self.cells.len() - self.zone()]
    }

    /// The elements, to write.
    pub(crate) fn elements_mut(&mut self) -> &mut [u64] {
        let (zone, end) = (self.zone(), self.cells.len() - self.zone());
        &mut self.cells[zone..end]
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
        let mut table = Table::new(ty, 5, Surroundings::Plain).unwrap();
        assert_eq!((table.grow(2, 6), table.elements()), (Some(1), &[5, 6, 6][..]));
        assert_eq!((table.grow(1, 0), table.grow(u64::MAX, 0), table.grow(0, 0)), (None, None, Some(3)));
    }

    #[test]
    fn canaries_show_what_is_written_around_the_elements_and_where_they_were() {
        let ty =
            TableType { element: RefType::FUNCREF, limits: Limits { min: 2, max: Some(9) }, table64: false };
        let mut table = Table::new(ty, 5, Surroundings::Canaries).unwrap();
        let first = table.def.base;
        assert_eq!(
            (table.grow(1, 6), table.elements(), table.canary_change()),
            (Some(2), &[5, 5, 6][..], None)
        );
        let cells = table.cells.len();
        table.cells[cells - ZONE] = 0;
        assert_eq!(table.canary_change(), Some(0));
        assert_eq!((table.grow(1, 7), table.elements()), (Some(3), &[5, 5, 6, 7][..]));
        assert_eq!(table.canary_change(), Some(0), "growth remembers it");
        assert_ne!(table.def.base, first);
        let mut other = Table::new(ty, 5, Surroundings::Canaries).unwrap();
        other.grow(1, 5);
        other.canaries.as_mut().unwrap().left[1][ZONE] = 3;
        assert_eq!(other.canary_change(), Some(canary::ZONE as i64));
    }

    #[test]
    fn a_table_past_the_implementation_limit_is_refused() {
        let limits = Limits { min: MAX_ELEMENTS + 1, max: None };
        let refused = Table::new(
            TableType { element: RefType::FUNCREF, limits, table64: false },
            0,
            Surroundings::Plain,
        );
        let message = "a table of 10000001 elements is larger than the limit of 10000000 elements";
        assert_eq!(refused.unwrap_err().to_string(), message);
    }
}
