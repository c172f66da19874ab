//! How a table is reached.

use super::{Dispatches, Region};
use assay_model::index::TableIdx;
use assay_model::layout::AbiKind;
use assay_model::module::ModuleModel;
use assay_model::types::{TableType, TypeRef, ValType};

/// What is known of a table before it exists.
#[derive(Clone, Debug)]
pub(crate) struct TablePlan {
    /// Whether indices are 64-bit.
    pub(crate) index64: bool,
    /// How its elements travel.
    pub(crate) element: AbiKind,
    /// The alias region of its elements.
    pub(crate) region: Region,
    /// The number of elements, when it can never change. Then the elements never move either.
    pub(crate) fixed_len: Option<u64>,
}

impl TablePlan {
    /// The plans of a module's tables, of which `constant` are never written to.
    pub(crate) fn of_module(
        model: &ModuleModel,
        constant: &Dispatches,
        is_func: &dyn Fn(TypeRef) -> bool,
    ) -> Vec<Self> {
        let plan = |(position, ty): (usize, &TableType)| {
            let defined = model.defined_table(TableIdx::from_index(position));
            let bounded = defined.is_some() && ty.max_elements() == ty.limits.min;
            let fixed = bounded || constant.tables[position].is_some();
            Self {
                index64: ty.table64,
                element: AbiKind::of(ValType::Ref(ty.element), is_func),
                region: defined.map_or(Region::ImportedTables, Region::Table),
                fixed_len: fixed.then_some(ty.limits.min),
            }
        };
        model.tables.iter().enumerate().map(plan).collect()
    }
}
