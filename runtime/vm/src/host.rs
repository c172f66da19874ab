//! Host functions: closures that any engine calls through a function reference.
//!
//! One [`HostBody`] serves every store and instance that uses the function. An instance that imports it gets a
//! reference of its own, bound to the instance, so that the function knows whose code called it.
#![expect(unsafe_code, reason = "called by code through raw pointers")]

use crate::ctx::{FuncRef, StoreCtx, VmCtx};
use crate::raise::Reason;
use crate::store::InstanceId;
use crate::value::Value;
use assay_model::layout::{func_kind, status};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A call that arrives at a host function.
#[derive(Debug)]
pub struct HostCall<'a> {
    /// The pointer that [`crate::Store::set_owner`] was given.
    pub owner: *mut (),
    /// Arguments in, results out.
    pub values: &'a mut [Value],
    /// The instance that imported the function; none when the host or a reference led to it.
    pub caller: Option<InstanceId>,
}

/// A host function.
pub type HostFn = dyn Fn(HostCall<'_>) -> Result<(), Reason> + Send + Sync;

/// The closure of a host function with what calling it takes.
pub struct HostBody {
    /// Canonical type.
    pub type_id: u32,
    /// The engine's number of the function's machine shape.
    pub shape: u32,
    /// Length of the value array: the longer of parameters and results.
    pub array_len: usize,
    /// The closure.
    pub function: Box<HostFn>,
}

impl std::fmt::Debug for HostBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostBody").field("type_id", &self.type_id).finish_non_exhaustive()
    }
}

/// A reference to a host function, at an address where `ctx` still has to be set to that address.
pub(crate) fn reference(
    body: &HostBody,
    store: *mut StoreCtx,
    vmctx: *mut VmCtx,
    wasm_call: *const (),
) -> FuncRef {
    FuncRef {
        wasm_call,
        array_call,
        ctx: std::ptr::null_mut(),
        type_id: body.type_id,
        kind: func_kind::HOST,
        store,
        body: std::ptr::from_ref(body).cast(),
        vmctx,
    }
}

/// `ArrayCall` of every host function.
unsafe extern "C" fn array_call(callee: *mut FuncRef, values: *mut Value) -> u32 {
    // SAFETY: whoever calls has a reference that is alive with its store (invariant 1).
    let callee = unsafe { *callee };
    // SAFETY: references with this entry are made above, and the store keeps their bodies (invariant 1).
    let body = unsafe { &*callee.body.cast::<HostBody>() };
    // SAFETY: the array has the callee's length (invariant 4).
    let values = unsafe { std::slice::from_raw_parts_mut(values, body.array_len) };
    // SAFETY: the store is alive and used by this thread (invariants 1 and 2).
    let owner = unsafe { crate::store::owner_of(callee.store) };
    // SAFETY: a context is null or alive with the store (invariant 1).
    let caller = unsafe { crate::instance::id_of(callee.vmctx) };
    let outcome = catch_unwind(AssertUnwindSafe(|| (body.function)(HostCall { owner, values, caller })));
    let reason = match outcome {
        Ok(Ok(())) => return status::OK,
        Ok(Err(reason)) => reason,
        Err(panic) => Reason::Panic(panic),
    };
    // SAFETY: as for the owner.
    unsafe { crate::raise::set_pending(callee.store, reason) };
    status::RAISED
}
