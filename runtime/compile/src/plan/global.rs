//! How a global is reached.

use super::Region;
use assay_model::index::GlobalIdx;
use assay_model::layout::{AbiKind, VmCtxLayout};
use assay_model::module::{ConstOp, ModuleModel};
use assay_model::types::{GlobalType, TypeRef};

/// What is known of a global before it exists.
#[derive(Clone, Debug)]
pub(crate) struct GlobalPlan {
    /// How its value travels.
    pub(crate) kind: AbiKind,
    /// Whether it may be written.
    pub(crate) mutable: bool,
    /// The alias region of its cell.
    pub(crate) region: Region,
    /// Where the cell is.
    pub(crate) place: GlobalPlace,
    /// The value of an immutable number that the module itself gives.
    pub(crate) constant: Option<ConstOp>,
}

/// Where the cell of a global is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum GlobalPlace {
    /// In the context, at this offset.
    Context(u32),
    /// Behind the pointer at this offset of the context.
    Behind(u32),
}

impl GlobalPlan {
    pub(crate) fn of_module(
        model: &ModuleModel,
        layout: &VmCtxLayout,
        is_func: &dyn Fn(TypeRef) -> bool,
    ) -> Vec<Self> {
        let plan = |(position, ty): (usize, &GlobalType)| {
            let global = GlobalIdx::from_index(position);
            let defined = model.defined_global(global);
            let init = defined.map(|defined| model.global_inits[defined.index()].ops.as_slice());
            let constant = match init {
                Some(&[op]) if !ty.mutable && is_number(op) => Some(op),
                _ => None,
            };
            Self {
                kind: AbiKind::of(ty.content, is_func),
                mutable: ty.mutable,
                region: defined.map_or(Region::ImportedGlobals, Region::Global),
                place: defined.map_or_else(
                    || GlobalPlace::Behind(layout.imported_global(global)),
                    |defined| GlobalPlace::Context(layout.defined_global(defined)),
                ),
                constant,
            }
        };
        model.globals.iter().enumerate().map(plan).collect()
    }
}

fn is_number(op: ConstOp) -> bool {
    matches!(
        op,
        ConstOp::I32Const(_)
            | ConstOp::I64Const(_)
            | ConstOp::F32Const(_)
            | ConstOp::F64Const(_)
            | ConstOp::V128Const(_)
    )
}
