//! What engines ask of the machine while they run code, and how compiled code is entered.
//!
//! Everything here takes the raw context that code has. The functions are `unsafe` because only code that was given
//! that context may call them; they all ask for the same: the context is alive and its store is used by this thread
//! (invariants 1 and 2), and indices are those of its module (invariant 3).
#![expect(unsafe_code, reason = "called by code with raw contexts")]

use crate::ctx::{FuncRef, StoreCtx, TableDef, VmCtx};
use crate::gc::{Activation, MayCollect, Outer, Shape};
use crate::instance::Instance;
use crate::memory::{Interrupted, Memory, WaitResult};
use crate::raise::{Frame, Reason};
use crate::stack::ValueStack;
use crate::store::{MemoryId, StoreState, state_of};
use crate::sys;
use crate::value::Value;
use assay_model::index::{DataIdx, ElemIdx, FuncIdx};
use assay_model::layout::object::ObjectLayout;
use assay_model::layout::status;
use assay_model::trap::TrapKind;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The store of a context.
pub(crate) unsafe fn store_of<'a>(vmctx: *mut VmCtx) -> &'a mut StoreState {
    // SAFETY: by the caller's promise.
    let store = unsafe { (*vmctx).store };
    // SAFETY: by the caller's promise.
    unsafe { state_of(store) }
}

/// The instance of a context.
unsafe fn instance_of<'a>(vmctx: *mut VmCtx) -> &'a mut Instance {
    // SAFETY: by the caller's promise.
    let instance = unsafe { (*vmctx).instance };
    // SAFETY: by the caller's promise.
    unsafe { &mut *instance }
}

/// A memory of the context's instance.
pub(crate) unsafe fn memory<'a>(vmctx: *mut VmCtx, memory: u32) -> &'a Memory {
    // SAFETY: by the caller's promise.
    let id = unsafe { instance_of(vmctx) }.memories[memory as usize];
    // SAFETY: by the caller's promise.
    &unsafe { store_of(vmctx) }.memories[id.index()]
}

/// All memories of the context's instance, in the order of its index space.
pub(crate) unsafe fn memories<'a>(vmctx: *mut VmCtx) -> impl Iterator<Item = (MemoryId, &'a Memory)> {
    // SAFETY: by the caller's promise.
    let ids = unsafe { instance_of(vmctx) }.memories.iter();
    // SAFETY: by the caller's promise.
    let all = &unsafe { store_of(vmctx) }.memories;
    ids.map(|&id| (id, &*all[id.index()]))
}

/// The definition of a table of the context's instance.
pub(crate) unsafe fn table_def<'a>(vmctx: *mut VmCtx, table: u32) -> &'a TableDef {
    // SAFETY: by the caller's promise.
    let id = unsafe { instance_of(vmctx) }.tables[table as usize];
    // SAFETY: by the caller's promise.
    &unsafe { store_of(vmctx) }.tables[id.index()].def
}

/// Grows a memory by `delta` pages: the pages before, or `None`. The base stays.
///
/// # Safety
/// See the module's note.
pub unsafe fn memory_grow(vmctx: *mut VmCtx, memory: u32, delta: u64) -> Option<u64> {
    // SAFETY: by the caller's promise.
    let id = unsafe { instance_of(vmctx) }.memories[memory as usize];
    // SAFETY: by the caller's promise.
    unsafe { store_of(vmctx) }.grow_memory(id, delta)
}

/// Grows a table by `delta` elements of value `init`: the elements before, or `None`. The base may move.
///
/// # Safety
/// See the module's note.
pub unsafe fn table_grow(vmctx: *mut VmCtx, table: u32, delta: u64, init: u64) -> Option<u64> {
    // SAFETY: by the caller's promise.
    let id = unsafe { instance_of(vmctx) }.tables[table as usize];
    // SAFETY: by the caller's promise.
    unsafe { store_of(vmctx) }.grow_table(id, delta, init)
}

/// `memory.atomic.wait32`: waits while the 32 bits at `address`, which is aligned and in bounds, are `expected`, for at
/// most `timeout` nanoseconds, or for ever when that is negative. The result is the operator's.
///
/// # Errors
/// [`TrapKind::ExpectedSharedMemory`] when the memory is not shared, [`TrapKind::Interrupt`] when the epoch of the store
/// reaches its deadline meanwhile.
///
/// # Safety
/// See the module's note; the address has been checked.
pub unsafe fn wait32(
    vmctx: *mut VmCtx,
    memory: u32,
    address: u64,
    expected: u32,
    timeout: i64,
) -> Result<u32, TrapKind> {
    // SAFETY: by the caller's promise.
    let memory = unsafe { shared_memory(vmctx, memory) }?;
    // SAFETY: by the caller's promise.
    unsafe { wait(vmctx, |interrupted| memory.wait32(address, expected, duration(timeout), interrupted)) }
}

/// As [`wait32`], for 64 bits.
///
/// # Errors
/// As for [`wait32`].
///
/// # Safety
/// As for [`wait32`].
pub unsafe fn wait64(
    vmctx: *mut VmCtx,
    memory: u32,
    address: u64,
    expected: u64,
    timeout: i64,
) -> Result<u32, TrapKind> {
    // SAFETY: by the caller's promise.
    let memory = unsafe { shared_memory(vmctx, memory) }?;
    // SAFETY: by the caller's promise.
    unsafe { wait(vmctx, |interrupted| memory.wait64(address, expected, duration(timeout), interrupted)) }
}

/// `memory.atomic.notify`: wakes at most `count` threads that wait at `address`, which is aligned and in bounds; how
/// many. Nobody waits at a memory that is not shared.
///
/// # Safety
/// See the module's note.
pub unsafe fn notify(vmctx: *mut VmCtx, memory: u32, address: u64, count: u32) -> u32 {
    // SAFETY: by the caller's promise.
    unsafe { self::memory(vmctx, memory) }.notify(address, count)
}

unsafe fn shared_memory<'a>(vmctx: *mut VmCtx, memory: u32) -> Result<&'a Memory, TrapKind> {
    // SAFETY: by the caller's promise.
    let memory = unsafe { self::memory(vmctx, memory) };
    if memory.ty.shared { Ok(memory) } else { Err(TrapKind::ExpectedSharedMemory) }
}

/// A timeout of the operators: negative is none.
fn duration(timeout: i64) -> Option<Duration> {
    u64::try_from(timeout).ok().map(Duration::from_nanos)
}

/// Waits with an eye on the epoch, when the store has a deadline.
unsafe fn wait(
    vmctx: *mut VmCtx,
    wait: impl FnOnce(Option<&dyn Fn() -> bool>) -> Result<WaitResult, Interrupted>,
) -> Result<u32, TrapKind> {
    // SAFETY: by the caller's promise.
    let ctx = &unsafe { store_of(vmctx) }.ctx;
    let (epoch, deadline) = (ctx.epoch_ptr, ctx.epoch_deadline);
    // SAFETY: the store keeps the engine's counter.
    let interrupted = || unsafe { &*epoch }.load(Ordering::Relaxed) >= deadline;
    let eye: &dyn Fn() -> bool = &interrupted;
    let result = wait((deadline != u64::MAX).then_some(eye));
    result.map(|result| result as u32).map_err(|Interrupted| TrapKind::Interrupt)
}

/// The bytes of a data segment; empty when it was dropped. Valid until it is.
///
/// # Safety
/// See the module's note.
pub unsafe fn data_segment<'a>(vmctx: *mut VmCtx, segment: u32) -> &'a [u8] {
    // SAFETY: by the caller's promise.
    unsafe { instance_of(vmctx) }.data_segment(DataIdx(segment))
}

/// The elements of an element segment; empty when it was dropped. Valid until it is.
///
/// # Safety
/// See the module's note.
pub unsafe fn elem_segment<'a>(vmctx: *mut VmCtx, segment: u32) -> &'a [u64] {
    // SAFETY: by the caller's promise.
    unsafe { instance_of(vmctx) }.elem_segment(ElemIdx(segment))
}

/// `data.drop`.
///
/// # Safety
/// See the module's note.
pub unsafe fn drop_data(vmctx: *mut VmCtx, segment: u32) {
    // SAFETY: by the caller's promise.
    unsafe { instance_of(vmctx) }.drop_data(DataIdx(segment));
}

/// `elem.drop`.
///
/// # Safety
/// See the module's note.
pub unsafe fn drop_elem(vmctx: *mut VmCtx, segment: u32) {
    // SAFETY: by the caller's promise.
    unsafe { instance_of(vmctx) }.drop_elem(ElemIdx(segment));
}

/// Records a trap with its detail (the index of an uninitialized element, an address out of bounds). The engine then
/// returns [`status::RAISED`].
///
/// # Safety
/// See the module's note.
pub unsafe fn raise_trap(store: *mut StoreCtx, kind: TrapKind, detail: Option<u64>) {
    // SAFETY: by the caller's promise.
    unsafe { crate::raise::set_pending(store, Reason::Trap { kind, detail }) };
}

/// Adds a frame to the backtrace of what is being raised, innermost first.
///
/// # Safety
/// See the module's note.
pub unsafe fn push_frame(store: *mut StoreCtx, vmctx: *mut VmCtx, func: FuncIdx, offset: Option<u32>) {
    // SAFETY: by the caller's promise.
    let module = unsafe { instance_of(vmctx) }.parts.token;
    // SAFETY: by the caller's promise.
    unsafe { state_of(store) }.pending.push_frame(Frame { module, func, offset });
}

/// The value stack of the store, or `None` when the system gives no memory for it. The engine that uses it moves
/// [`ValueStack::top`] up while it runs and back when it is done.
///
/// # Safety
/// See the module's note; the result is not used beside another one.
pub unsafe fn value_stack<'a>(store: *mut StoreCtx) -> Option<&'a mut ValueStack> {
    // SAFETY: by the caller's promise.
    let state = unsafe { state_of(store) };
    if state.value_stack.is_none() {
        state.value_stack = ValueStack::new(state.max_stack).ok();
    }
    state.value_stack.as_mut()
}

/// Whether there is native stack left for another nested call.
///
/// # Safety
/// See the module's note.
pub unsafe fn native_stack_left(store: *mut StoreCtx) -> bool {
    // SAFETY: by the caller's promise.
    let limit = unsafe { (*store).stack_limit };
    sys::stack_pointer() as u64 > limit
}

/// Allocates an object of a canonical type with `length` elements (0 where it is no array): its header is written, its body
/// is zero. May collect. `None` is [`TrapKind::AllocationTooLarge`].
///
/// # Safety
/// See the module's note; every reference of the engine stands where its [`Activation`] shows it (invariant 10).
pub unsafe fn allocate(store: *mut StoreCtx, type_id: u32, length: u32) -> Option<u32> {
    // SAFETY: by the caller's promise.
    unsafe { state_of(store) }.allocate_object(type_id, length, MayCollect::Yes)
}

/// The supertypes of a canonical type, from the topmost on, itself last. Valid as long as the engine.
///
/// # Safety
/// See the module's note; the type is one of the engine's.
pub unsafe fn supertypes<'a>(store: *mut StoreCtx, type_id: u32) -> &'a [u32] {
    // SAFETY: by the caller's promise.
    &unsafe { shape(store, type_id) }.ancestry
}

/// The layout of objects whose header names a canonical type. Valid as long as the engine.
///
/// # Safety
/// As for [`supertypes`].
pub unsafe fn object_layout<'a>(store: *mut StoreCtx, type_id: u32) -> &'a ObjectLayout {
    // SAFETY: by the caller's promise.
    &unsafe { shape(store, type_id) }.layout
}

unsafe fn shape<'a>(store: *mut StoreCtx, type_id: u32) -> &'a Shape {
    // SAFETY: by the caller's promise.
    let types = &unsafe { state_of(store) }.gc.types;
    // SAFETY: by the caller's promise.
    unsafe { types.shape(type_id) }
}

/// Records an exception that is thrown. The engine then looks for a handler of its own, or returns [`status::RAISED`].
///
/// # Safety
/// See the module's note; the reference leads to an exception.
pub unsafe fn throw(store: *mut StoreCtx, exception: u32) {
    // SAFETY: by the caller's promise.
    unsafe { crate::raise::set_pending(store, Reason::Exception(exception)) };
}

/// The exception that is on its way, when that is why a callee returned [`status::RAISED`].
///
/// # Safety
/// See the module's note.
pub unsafe fn pending_exception(store: *mut StoreCtx) -> Option<u32> {
    // SAFETY: by the caller's promise.
    unsafe { state_of(store) }.pending.exception()
}

/// A handler takes the exception that is on its way.
///
/// # Safety
/// See the module's note.
pub unsafe fn catch_exception(store: *mut StoreCtx) {
    // SAFETY: by the caller's promise.
    unsafe { state_of(store) }.pending = crate::raise::Pending::default();
}

/// Puts an activation in front of the chain of those that the collector walks. Its `previous` is set.
///
/// # Safety
/// See the module's note; the record stays in place until [`pop_activation`] (invariant 9).
pub unsafe fn push_activation(store: *mut StoreCtx, activation: *mut Activation) {
    // SAFETY: by the caller's promise.
    let previous = unsafe { (*store).activations };
    // SAFETY: by the caller's promise.
    unsafe { (*activation).previous = previous };
    // SAFETY: by the caller's promise.
    unsafe { (*store).activations = activation };
}

/// Takes the innermost activation off the chain.
///
/// # Safety
/// See the module's note; `activation` is the innermost one.
pub unsafe fn pop_activation(store: *mut StoreCtx, activation: *const Activation) {
    // SAFETY: by the caller's promise.
    let previous = unsafe { (*activation).previous };
    // SAFETY: by the caller's promise.
    unsafe { (*store).activations = previous };
}

/// `ArrayCall` of compiled functions. Only calls by [`crate::tail_call`] come here: compiled code calls compiled code
/// directly.
pub(crate) unsafe extern "C" fn enter_compiled(callee: *mut FuncRef, values: *mut Value) -> u32 {
    // SAFETY: whoever calls has a reference that is alive with its store (invariant 1).
    let FuncRef { wasm_call, ctx, store, body, .. } = unsafe { *callee };
    // SAFETY: the store is alive. Compiled code is left for tail calls by its exit trampolines.
    unsafe { (*store).driven = false };
    // SAFETY: as above.
    if !unsafe { native_stack_left(store) } {
        // SAFETY: as above.
        unsafe { raise_trap(store, TrapKind::StackOverflow, None) };
        return status::RAISED;
    }
    // SAFETY: as above.
    let entry_sp = unsafe { (*store).entry_sp };
    // SAFETY: as above.
    let last_exit_fp = unsafe { (*store).last_exit_fp };
    // SAFETY: as above.
    let outer = Outer { previous: unsafe { (*store).outer }, entry_sp, last_exit_fp };
    // SAFETY: as above; the record is taken off again before this frame ends (invariant 9).
    unsafe { (*store).outer = &raw const outer };
    let running = sys::set_running(store);
    // SAFETY: `body` is the entry trampoline for the function's shape, from the image that also has the code.
    let outcome = unsafe { sys::enter(ctx, wasm_call, values, body, store) };
    sys::clear_running(running);
    // SAFETY: as above.
    unsafe { (*store).outer = outer.previous };
    // SAFETY: as above.
    unsafe { (*store).entry_sp = entry_sp };
    // SAFETY: as above.
    unsafe { (*store).last_exit_fp = last_exit_fp };
    outcome
}
