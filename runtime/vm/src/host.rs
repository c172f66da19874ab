//! Host functions: closures that any engine calls through a function reference.
//!
//! One [`HostBody`] serves every store and instance that uses the function. An instance that imports it gets a
//! reference of its own, bound to the instance, so that the function knows whose code called it.
#![expect(unsafe_code, reason = "called by code through raw pointers")]

use crate::ctx::{ArrayCall, FuncRef, StoreCtx, VmCtx};
use crate::raise::Reason;
use crate::store::InstanceId;
use crate::value::Value;
use assay_model::layout::{func_kind, status};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A call that arrives at a host function.
pub struct HostCall<'a> {
    callee: &'a FuncRef,
    /// Arguments in, results out.
    pub values: &'a mut [Value],
}

impl HostCall<'_> {
    /// The pointer that [`crate::Store::set_owner`] was given.
    #[inline]
    pub fn owner(&self) -> *mut () {
        // SAFETY: a call comes with the reference it went through, whose store is alive and used by this thread
        // (invariants 1 and 2).
        unsafe { (*self.callee.store).owner }
    }

    /// The instance that imported the function; none when the host or a reference led to it.
    pub fn caller(&self) -> Option<InstanceId> {
        // SAFETY: a context is null or alive with the store (invariant 1).
        unsafe { crate::instance::id_of(self.callee.vmctx) }
    }
}

/// The closure of a host function with what calling it takes.
pub struct HostBody {
    /// Canonical type.
    type_id: u32,
    /// The engine's number of the function's machine shape.
    pub(crate) shape: u32,
    /// Length of the value array: the longer of parameters and results.
    array_len: usize,
    /// The entry that knows the type of the closure.
    array_call: ArrayCall,
    /// The closure, of the type that `array_call` knows.
    closure: Box<dyn Any + Send + Sync>,
}

impl HostBody {
    /// A body of canonical type `type_id` and machine shape `shape`, for values arrays of `array_len`: the longer of
    /// parameters and results.
    pub fn new<F>(type_id: u32, shape: u32, array_len: usize, function: F) -> Self
    where
        F: Fn(HostCall<'_>) -> Result<(), Reason> + Send + Sync + 'static,
    {
        Self { type_id, shape, array_len, array_call: array_call::<F>, closure: Box::new(function) }
    }

    /// Canonical type.
    pub fn type_id(&self) -> u32 {
        self.type_id
    }
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
        array_call: body.array_call,
        ctx: std::ptr::null_mut(),
        type_id: body.type_id,
        kind: func_kind::HOST,
        store,
        body: std::ptr::from_ref(body).cast(),
        vmctx,
    }
}

/// `ArrayCall` of the host functions whose closure is an `F`.
unsafe extern "C" fn array_call<F>(callee: *mut FuncRef, values: *mut Value) -> u32
where
    F: Fn(HostCall<'_>) -> Result<(), Reason> + Send + Sync + 'static,
{
    // SAFETY: whoever calls has a reference that is alive with its store (invariant 1).
    let callee = unsafe { &*callee };
    // SAFETY: references with this entry are made above, and the store keeps their bodies (invariant 1).
    let body = unsafe { &*callee.body.cast::<HostBody>() };
    // SAFETY: `HostBody::new` sets this entry beside a closure of this very type.
    let function = unsafe { &*std::ptr::from_ref(&*body.closure).cast::<F>() };
    // SAFETY: the array has the callee's length (invariant 4).
    let values = unsafe { std::slice::from_raw_parts_mut(values, body.array_len) };
    let store = callee.store;
    // Nothing that has to be dropped may live on the good path: both arms move what they have into cold functions.
    let call = AssertUnwindSafe(|| match function(HostCall { callee, values }) {
        Ok(()) => status::OK,
        // SAFETY: the store is alive and used by this thread (invariants 1 and 2).
        Err(reason) => unsafe { raised(store, reason) },
    });
    match catch_unwind(call) {
        Ok(status) => status,
        // SAFETY: as above.
        Err(panic) => unsafe { raised(store, Reason::Panic(panic)) },
    }
}

/// Records why a host function did not return.
#[cold]
#[inline(never)]
unsafe fn raised(store: *mut StoreCtx, reason: Reason) -> u32 {
    // SAFETY: by the caller's promise.
    unsafe { crate::raise::set_pending(store, reason) };
    status::RAISED
}
