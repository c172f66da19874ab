//! When one canonical type is declared below another.

use assay_vm::StoreCtx;

/// Whether a canonical type is `sup`, or declared below it. Both come from the store's engine.
#[inline(never)]
pub(super) extern "C" fn is_below(store: *mut StoreCtx, sub: u32, sup: u32) -> bool {
    // SAFETY: the store is alive and of this thread (invariants 3 and 5), the type is one of its engine.
    sub == sup || unsafe { assay_vm::supertypes(store, sub) }.contains(&sup)
}
