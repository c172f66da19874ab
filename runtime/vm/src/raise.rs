//! Leaving code before it is done: traps, errors and panics of host functions.
//!
//! The reason and the frames of the backtrace wait in the store while each activation in turn is left, innermost
//! first; whoever made the outermost call takes them. Compiled code is left by the `leave` stub, everything else by
//! an ordinary return with status `RAISED`. Compiled code is also left from here when it ends in a tail call that
//! another engine carries on (see `tail_call`).
#![expect(unsafe_code, reason = "walks frames and leaves compiled code")]

use crate::code;
use crate::ctx::StoreCtx;
use crate::sys;
use assay_model::index::FuncIdx;
use assay_model::layout::status;
use assay_model::trap::TrapKind;
use std::any::Any;
use std::error::Error;

/// Frames that a backtrace keeps at the most; the rest is counted.
const MAX_FRAMES: usize = 128;

/// Why code was left.
#[derive(Debug)]
pub enum Reason {
    /// A trap.
    Trap {
        /// Which.
        kind: TrapKind,
        /// Its detail: the index of an uninitialized element, the address of an access out of bounds.
        detail: Option<u64>,
    },
    /// An error that a host function returned.
    Error(Box<dyn Error + Send + Sync>),
    /// A panic of a host function.
    Panic(Box<dyn Any + Send>),
    /// An exception: the reference to it.
    Exception(u32),
}

/// A wasm frame of a backtrace.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The module, by the token it was loaded with.
    pub module: u64,
    /// The function.
    pub func: FuncIdx,
    /// The position in the binary, where it is known.
    pub offset: Option<u32>,
}

/// What was raised, with the way there.
#[derive(Debug)]
pub struct Raised {
    /// Why.
    pub reason: Reason,
    /// Wasm frames, innermost first.
    pub frames: Vec<Frame>,
    /// How many outer frames were left out.
    pub omitted: u64,
}

/// What waits in a store while it is being left.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    reason: Option<Reason>,
    frames: Vec<Frame>,
    omitted: u64,
}

impl Pending {
    pub(crate) fn set(&mut self, reason: Reason) {
        *self = Pending { reason: Some(reason), ..Pending::default() };
    }

    /// Why code is being left.
    pub(crate) fn reason_mut(&mut self) -> Option<&mut Reason> {
        self.reason.as_mut()
    }

    /// The exception that waits, if one does.
    pub(crate) fn exception(&self) -> Option<u32> {
        if let Some(Reason::Exception(exception)) = self.reason { Some(exception) } else { None }
    }

    pub(crate) fn push_frame(&mut self, frame: Frame) {
        if self.frames.len() < MAX_FRAMES {
            self.frames.push(frame);
        } else {
            self.omitted += 1;
        }
    }

    /// Takes what waits.
    ///
    /// # Panics
    /// When nothing does: a status `RAISED` without a reason is our bug.
    pub(crate) fn take(&mut self) -> Raised {
        let Pending { reason, frames, omitted } = std::mem::take(self);
        let reason = reason.expect("a reason waits in the store whenever a call raises");
        Raised { reason, frames, omitted }
    }
}

/// Records why the code of `store` is being left.
///
/// # Safety
/// `store` is alive and used by this thread (invariants 1 and 2).
pub(crate) unsafe fn set_pending(store: *mut StoreCtx, reason: Reason) {
    // SAFETY: by the caller's promise; the reference ends with the statement.
    unsafe { crate::store::state_of(store) }.pending.set(reason);
}

/// Target of the `ThrowRef` builtin, as [`raise_from_code`].
pub(crate) unsafe extern "C" fn throw_from_code(
    store: *mut StoreCtx,
    exception: u32,
    pc: usize,
    fp: usize,
) -> ! {
    // SAFETY: compiled code runs with its store alive and on this thread (invariants 1 and 2).
    unsafe { set_pending(store, Reason::Exception(exception)) };
    // SAFETY: as above. The return address is behind the call; the call itself has the position.
    unsafe { unwind(store, pc - 1, fp) }
}

/// Target of the `Raise` builtin: `code` 0 means that the reason waits already, or a tail call that the whole activation
/// is left for; `pc` is the return address in compiled code, `fp` the frame pointer there.
pub(crate) unsafe extern "C" fn raise_from_code(store: *mut StoreCtx, code: u32, pc: usize, fp: usize) -> ! {
    if let Some(kind) = u8::try_from(code).ok().and_then(TrapKind::from_code) {
        // SAFETY: compiled code runs with its store alive and on this thread (invariants 1 and 2).
        let detail = unsafe { take_payload(store, kind) };
        // SAFETY: as above.
        unsafe { set_pending(store, Reason::Trap { kind, detail }) };
        // SAFETY: as above; the reference ends with the statement.
    } else if unsafe { crate::store::state_of(store) }.tail_calls.wait() {
        // SAFETY: compiled code called the builtin, so no Rust frame but this one lies above it (invariant 7).
        unsafe { sys::leave(store, status::TAIL_CALL) }
    }
    // The return address is behind the call; the call itself has the position.
    // SAFETY: as above.
    unsafe { unwind(store, pc - 1, fp) }
}

/// Where the signal handler sends the thread: the instruction at `pc` trapped with code `kind`.
pub(crate) unsafe extern "C" fn raise_fault(
    store: *mut StoreCtx,
    kind: u32,
    pc: usize,
    fp: usize,
    address: usize,
) -> ! {
    let kind = u8::try_from(kind).ok().and_then(TrapKind::from_code).expect("the handler passes a kind");
    let detail = match kind {
        // SAFETY: the handler checked that `store` runs on this thread (invariants 1 and 2).
        TrapKind::MemoryOutOfBounds => unsafe { guard_hit(store, pc, address) },
        // SAFETY: as above.
        _ => unsafe { take_payload(store, kind) },
    };
    // SAFETY: as above.
    unsafe { set_pending(store, Reason::Trap { kind, detail }) };
    // SAFETY: as above.
    unsafe { unwind(store, pc, fp) }
}

/// The index that the instruction at `pc` had, which faulted at `address`.
unsafe fn guard_hit(store: *mut StoreCtx, pc: usize, address: usize) -> Option<u64> {
    let (module, _) = code::trap_at(pc)?;
    // SAFETY: by the caller's promise.
    unsafe { guard_offset(store, module, address) }
}

/// The payload that code left for this kind of trap.
unsafe fn take_payload(store: *mut StoreCtx, kind: TrapKind) -> Option<u64> {
    // SAFETY: by the caller's promise.
    let payload = unsafe { (*store).trap_payload };
    (kind == TrapKind::UninitializedElement).then_some(payload)
}

/// Notes the frames of the present activation and leaves it.
unsafe fn unwind(store: *mut StoreCtx, pc: usize, fp: usize) -> ! {
    // SAFETY: by the caller's promise; the reference ends with the statement.
    if let Some(exception) = unsafe { crate::store::state_of(store) }.pending.exception() {
        // SAFETY: by the caller's promise.
        if let Some((landing, sp, fp)) = unsafe { find_handler(store, pc + 1, fp) } {
            // SAFETY: as above.
            unsafe { crate::store::state_of(store) }.pending = Pending::default();
            // SAFETY: the frame is one of the activation, and no Rust frame above it has anything to drop.
            unsafe { sys::resume(landing, sp, fp, exception) }
        }
    }
    // SAFETY: by the caller's promise.
    unsafe { note_frames(store, pc, fp) };
    // SAFETY: the only Rust frame above the compiled code is this one and its caller's, which hold nothing that has
    // to be dropped (invariant 7).
    unsafe { sys::leave(store, status::RAISED) }
}

/// The innermost handler of the present activation: its code, and the stack and frame pointers it runs with. The innermost
/// frame makes the call that returns to `return_address`, its frame pointer is `fp`.
unsafe fn find_handler(
    store: *mut StoreCtx,
    mut return_address: usize,
    mut fp: usize,
) -> Option<(usize, usize, usize)> {
    // SAFETY: by the caller's promise.
    let bottom = unsafe { (*store).entry_sp } + sys::ENTRY_FRAME;
    while fp != 0 && fp < bottom {
        if let Some((landing, frame_size)) = code::handler_at(return_address) {
            return Some((landing, fp - frame_size as usize, fp));
        }
        let link = fp as *const usize;
        // SAFETY: `fp` is a frame pointer of compiled code, which always keeps them: the caller's is stored there,
        let next = unsafe { link.read() };
        // SAFETY: and the return address above it.
        return_address = unsafe { link.wrapping_add(1).read() };
        if next <= fp {
            return None;
        }
        fp = next;
    }
    None
}

unsafe fn note_frames(store: *mut StoreCtx, mut pc: usize, mut fp: usize) {
    // SAFETY: by the caller's promise.
    let bottom = unsafe { (*store).entry_sp } + sys::ENTRY_FRAME;
    loop {
        if let Some(frame) = code::frame_at(pc) {
            // SAFETY: by the caller's promise; the reference ends with the statement.
            unsafe { crate::store::state_of(store) }.pending.push_frame(frame);
        }
        // Frames lie below the entry stub's, each above the one it called. Anything else means a broken chain.
        if fp >= bottom || fp == 0 {
            return;
        }
        let link = fp as *const usize;
        // SAFETY: `fp` is a frame pointer of compiled code, which always keeps them: the caller's is stored there,
        let next = unsafe { link.read() };
        // SAFETY: and the return address above it.
        let return_address = unsafe { link.wrapping_add(1).read() };
        if next <= fp {
            return;
        }
        (pc, fp) = (return_address - 1, next);
    }
}

/// Whether `address` lies in the guard of a memory that code of this module may address in the store.
///
/// # Safety
/// `store` is alive and used by this thread (invariants 1 and 2).
pub(crate) unsafe fn in_guard(store: *mut StoreCtx, module: u64, address: usize) -> bool {
    // SAFETY: by the caller's promise.
    unsafe { guard_offset(store, module, address) }.is_some()
}

/// The index that an access with `address` had in the memory whose guard it hit, among those of the module's instances.
unsafe fn guard_offset(store: *mut StoreCtx, module: u64, address: usize) -> Option<u64> {
    // SAFETY: by the caller's promise; the reference ends with the function, which calls no code.
    let state = unsafe { crate::store::state_of(store) };
    let instances = state.instances.iter().filter(|instance| instance.parts.token == module);
    let mut memories = instances.flat_map(|instance| &instance.memories);
    memories.find_map(|memory| state.memories[memory.index()].guard_offset(address))
}
