//! How an access to a linear memory is checked.
//!
//! The guard behind a memory stands in for a check only where it covers every address that the access can form. All
//! other accesses are compared with the length; the comparison is chosen so that it cannot wrap, for 32-bit and 64-bit
//! indices and for pages of any size.

use super::Region;
use crate::options::CompileOptions;
use assay_model::fault::{Fault, planted};
use assay_model::index::MemoryIdx;
use assay_model::layout::memory_plan;
use assay_model::module::ModuleModel;
use assay_model::types::MemoryType;

/// The widest access that the guard has room for.
const WIDEST_ACCESS: u64 = 16;

/// What is known of a memory before it exists.
#[derive(Clone, Debug)]
pub(crate) struct MemoryPlan {
    /// Whether indices are 64-bit.
    pub(crate) index64: bool,
    /// Size of a page.
    pub(crate) page_size_log2: u8,
    /// Whether other threads may use it, and make it grow.
    pub(crate) shared: bool,
    /// The alias region of its bytes.
    pub(crate) region: Region,
    /// The length in bytes, when it can never change.
    pub(crate) fixed_len: Option<u64>,
    /// The length is never below this. Memories do not shrink.
    min_len: u64,
    /// Whether the memory is whole host pages with the guard behind it.
    guarded: bool,
}

/// The check that an access needs. `end` is the constant offset plus the width of the access.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// None: the address is in the memory or in its guard.
    Covered,
    /// `index >= len` is out of bounds; the guard takes what reaches past the length from an index below it.
    Index,
    /// `index > len - end` is out of bounds; `len - end` does not wrap.
    Below {
        /// Bytes up to the end of the access.
        end: u64,
    },
    /// `index + end > len` is out of bounds; the sum does not wrap.
    Sum {
        /// Bytes up to the end of the access.
        end: u64,
    },
    /// `index + end > len` is out of bounds, and so is a sum that wraps.
    WrappingSum {
        /// Bytes up to the end of the access.
        end: u64,
    },
    /// No index is in bounds.
    AlwaysOut,
}

impl MemoryPlan {
    pub(crate) fn of_module(model: &ModuleModel, options: &CompileOptions) -> Vec<Self> {
        let plan = |(position, ty): (usize, &MemoryType)| {
            let defined = model.defined_memory(MemoryIdx::from_index(position));
            let region = defined.map_or(Region::ImportedMemories, Region::Memory);
            Self::new(*ty, defined.is_some(), region, options.signals_based_traps)
        };
        model.memories.iter().enumerate().map(plan).collect()
    }

    fn new(ty: MemoryType, defined: bool, region: Region, signals: bool) -> Self {
        let min_len = ty.limits.min.saturating_mul(ty.page_size());
        Self {
            index64: ty.memory64,
            page_size_log2: ty.page_size_log2,
            shared: ty.shared,
            region,
            // An imported memory may have grown before it got here.
            fixed_len: (defined && ty.max_pages() == ty.limits.min).then_some(min_len),
            min_len,
            guarded: signals && ty.page_size_log2 == 16,
        }
    }

    /// The check for an access of `size` bytes at `offset` past an index, which may be a known constant.
    pub(crate) fn check(&self, offset: u64, size: u32, index: Option<u64>) -> Check {
        let Some(end) = offset.checked_add(u64::from(size)) else { return Check::AlwaysOut };
        let end = if planted(Fault::BoundsOffByOne) { end - 1 } else { end };
        let reach = if planted(Fault::ConstantIndexUnchecked) { offset } else { end };
        let in_minimum =
            index.and_then(|index| index.checked_add(reach)).is_some_and(|end| end <= self.min_len);
        let within = offset <= memory_plan::GUARD - WIDEST_ACCESS || planted(Fault::OffsetPastGuard);
        let guarded = self.guarded && within;
        if in_minimum || guarded && !self.index64 {
            Check::Covered
        } else if guarded {
            Check::Index
        } else if self.fixed_len.is_some_and(|len| end > len) {
            Check::AlwaysOut
        } else if end <= self.min_len {
            Check::Below { end }
        } else if self.index64 {
            Check::WrappingSum { end }
        } else {
            Check::Sum { end }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, MemoryPlan};
    use crate::plan::Region;
    use assay_model::index::DefinedMemoryIdx;
    use assay_model::types::{Limits, MemoryType};

    fn plan(min: u64, max: Option<u64>, memory64: bool, page_size_log2: u8, signals: bool) -> MemoryPlan {
        let ty = MemoryType { limits: Limits { min, max }, memory64, shared: false, page_size_log2 };
        MemoryPlan::new(ty, true, Region::Memory(DefinedMemoryIdx(0)), signals)
    }

    #[test]
    fn the_guard_covers_small_offsets_only() {
        let plan = plan(1, None, false, 16, true);
        assert_eq!(plan.check(0, 8, None), Check::Covered);
        assert_eq!(plan.check((32 << 20) - 16, 16, None), Check::Covered);
        assert_eq!(plan.check((32 << 20) - 15, 1, None), Check::Sum { end: (32 << 20) - 14 });
        assert_eq!(plan.check(u64::from(u32::MAX), 8, None), Check::Sum { end: (1 << 32) + 7 });
    }

    #[test]
    fn without_signals_every_unknown_index_is_compared() {
        let plan = plan(1, None, false, 16, false);
        assert_eq!(plan.check(65528, 8, None), Check::Below { end: 65536 });
        assert_eq!(plan.check(65529, 8, None), Check::Sum { end: 65537 });
        assert_eq!(plan.check(8, 8, Some(65520)), Check::Covered);
        assert_eq!(plan.check(8, 8, Some(65521)), Check::Below { end: 16 });
    }

    #[test]
    fn with_a_guard_wide_indices_are_compared_without_their_offset() {
        let plan = plan(1, None, true, 16, true);
        assert_eq!(plan.check(0, 4, None), Check::Index);
        assert_eq!(plan.check((32 << 20) - 16, 16, None), Check::Index);
        assert_eq!(plan.check((32 << 20) - 15, 1, None), Check::WrappingSum { end: (32 << 20) - 14 });
        assert_eq!(plan.check(0, 4, Some(65532)), Check::Covered);
        assert_eq!(plan.check(0, 4, Some(65533)), Check::Index);
    }

    #[test]
    fn wide_indices_and_small_pages_are_never_left_to_the_guard_alone() {
        assert_eq!(plan(0, None, true, 16, false).check(0, 4, None), Check::WrappingSum { end: 4 });
        assert_eq!(plan(0, None, true, 16, true).check(u64::MAX, 4, None), Check::AlwaysOut);
        assert_eq!(plan(3, None, false, 0, true).check(0, 4, None), Check::Sum { end: 4 });
        assert_eq!(plan(3, Some(3), false, 0, true).check(0, 4, Some(0)), Check::AlwaysOut);
    }
}
