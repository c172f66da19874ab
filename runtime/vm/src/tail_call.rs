//! Tail calls that leave an engine.
//!
//! What enters is the request of an activation that ends with a tail call of a function of another engine: the callee
//! and its arguments wait in the store, the activation returns [`status::TAIL_CALL`]. What leaves is the outcome of the
//! last callee of the chain. Each call into the store has one loop, at its outermost frame, that carries such requests
//! out one after the other, so a chain needs no more native stack than its largest link.
//!
//! Kept true: an activation returns the request only to a caller that goes on with it. Those are the loop itself
//! ([`invoke`] makes the call), and an exit trampoline that compiled code has tail-called right under its entry
//! trampoline: nothing of that compiled activation waits for the result, so it is left as a whole, by the `Raise`
//! builtin. Every other caller waits for results; then the callee runs the loop.
//!
//! This room knows neither engine. Called by the engines' entries and by `store`.
#![expect(unsafe_code, reason = "calls through raw references and looks at frames of trampolines")]

use crate::ctx::{FuncRef, StoreCtx};
use crate::store::state_of;
use crate::sys;
use crate::value::Value;
use assay_model::layout::status;

/// The tail call that waits in a store, and an array that the next one can use.
#[derive(Debug)]
pub(crate) struct TailCalls {
    callee: *mut FuncRef,
    values: Vec<Value>,
    results: usize,
    spare: Vec<Value>,
}

impl Default for TailCalls {
    fn default() -> Self {
        Self { callee: std::ptr::null_mut(), values: Vec::new(), results: 0, spare: Vec::new() }
    }
}

impl TailCalls {
    /// Whether a tail call waits.
    pub(crate) fn wait(&self) -> bool {
        !self.callee.is_null()
    }

    /// Takes the tail call that waits: callee, number of results, and the array in exchange for `array`.
    fn take(&mut self, array: &mut Vec<Value>) -> (*mut FuncRef, usize) {
        self.spare = std::mem::replace(array, std::mem::take(&mut self.values));
        (std::mem::replace(&mut self.callee, std::ptr::null_mut()), self.results)
    }
}

/// Asks for a tail call of `callee`: where its arguments go. The engine then returns [`status::TAIL_CALL`] without
/// anything in between.
///
/// # Safety
/// The store is alive and used by this thread, `callee` is a reference of it with so many parameters and results, and
/// the result is not used beyond writing the arguments (invariants 1 and 2).
pub unsafe fn request_tail_call(
    store: *mut StoreCtx,
    callee: *mut FuncRef,
    params: usize,
    results: usize,
) -> *mut Value {
    // SAFETY: by the caller's promise.
    let calls = &mut unsafe { state_of(store) }.tail_calls;
    calls.values = std::mem::take(&mut calls.spare);
    calls.values.clear();
    calls.values.resize(params.max(results), Value::ZERO);
    calls.callee = callee;
    calls.results = results;
    calls.values.as_mut_ptr()
}

/// Whether the caller of an engine's [`crate::ArrayCall`] goes on with a tail call that is requested of it. Asked once,
/// before anything else runs.
///
/// # Safety
/// The store is alive and used by this thread (invariants 1 and 2).
pub unsafe fn takes_tail_calls(store: *mut StoreCtx) -> bool {
    // SAFETY: by the caller's promise.
    let driven = unsafe { std::mem::take(&mut (*store).driven) };
    // SAFETY: what has no loop has come through an exit trampoline.
    driven || unsafe { left_at_entry(store) }
}

/// Whether the exit trampoline that runs has been called by the entry trampoline of its activation: whether compiled
/// code has left the activation with a tail call.
///
/// # Safety
/// As above, and the present Rust frames were called by an exit trampoline.
unsafe fn left_at_entry(store: *mut StoreCtx) -> bool {
    // SAFETY: by the caller's promise.
    let trampoline = unsafe { (*store).last_exit_fp } as *const usize;
    // SAFETY: compiled code keeps frame pointers, and the trampoline has noted its own: there the caller's stands,
    let caller = unsafe { trampoline.read() } as *const usize;
    // SAFETY: and there the one of the caller's caller, which is the entry stub at the latest (invariant 7).
    let outer = unsafe { caller.read() };
    // SAFETY: by the caller's promise.
    outer == unsafe { (*store).entry_sp } + sys::ENTRY_FRAME
}

/// Calls a function of any engine: arguments in `values`, results out, a status back. When it is
/// [`status::RAISED`], the reason waits in the store; it is never [`status::TAIL_CALL`].
///
/// # Safety
/// The callee is alive and its store used by this thread (invariants 1 and 2); `values` is as long as the longer of the
/// callee's parameters and results (invariant 4).
#[inline]
pub unsafe fn invoke(callee: *mut FuncRef, values: *mut Value) -> u32 {
    // SAFETY: by the caller's promise.
    let store = unsafe { (*callee).store };
    // SAFETY: by the caller's promise.
    let outcome = unsafe { call(store, callee, values) };
    if outcome != status::TAIL_CALL {
        return outcome;
    }
    // SAFETY: by the caller's promise; the results of a tail call are those of the function that makes it.
    unsafe { follow_tail_calls(store, values) }
}

/// Carries out the tail call that waits, and those that it asks for: results in `values`, a status back.
///
/// # Safety
/// The store is alive and used by this thread, a tail call waits in it, and `values` has room for its results
/// (invariants 1, 2 and 4).
#[cold]
pub unsafe fn follow_tail_calls(store: *mut StoreCtx, values: *mut Value) -> u32 {
    let mut array = Vec::new();
    let (outcome, results) = loop {
        // SAFETY: by the caller's promise; the reference ends with the statement.
        let (callee, results) = unsafe { state_of(store) }.tail_calls.take(&mut array);
        // SAFETY: the array was made for this callee.
        let outcome = unsafe { call(store, callee, array.as_mut_ptr()) };
        if outcome != status::TAIL_CALL {
            break (outcome, results);
        }
    };
    if outcome == status::OK {
        // SAFETY: both arrays have room for the results.
        unsafe { array.as_ptr().copy_to_nonoverlapping(values, results) };
    }
    // SAFETY: by the caller's promise; the reference ends with the statement.
    unsafe { state_of(store) }.tail_calls.spare = array;
    outcome
}

/// A call whose maker goes on with a tail call.
#[inline]
unsafe fn call(store: *mut StoreCtx, callee: *mut FuncRef, values: *mut Value) -> u32 {
    // SAFETY: by the caller's promise.
    let array_call = unsafe { (*callee).array_call };
    // SAFETY: by the caller's promise.
    unsafe { (*store).driven = true };
    // SAFETY: by the caller's promise.
    let outcome = unsafe { array_call(callee, values) };
    // SAFETY: by the caller's promise. Not every callee asks.
    unsafe { (*store).driven = false };
    outcome
}
