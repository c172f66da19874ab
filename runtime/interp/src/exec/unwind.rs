//! Leaving an activation before it is done: the trap is recorded, the frames are noted from the inside out, and the
//! status tells the caller. An exception that is caught on the way there leaves only the frames within.
//!
//! Cold. The entries take and give scalars only, use the convention of C, which does not unwind, and do not let their
//! one answer be known: so a handler ends in a jump to them and needs no stack frame for the case that it traps.

use super::dispatch::{Flow, Handler, Opcode, Step};
use super::exception::catch;
use super::frames::frames;
use super::machine::{Exec, Machine};
use assay_model::layout::status;
use assay_model::trap::TrapKind;

/// The instruction at `ip` traps.
#[cold]
#[inline(never)]
pub(super) extern "C" fn trap(ctx: *mut Exec, ip: *const u32, fp: *mut u64, kind: TrapKind) -> u32 {
    raise(ctx, ip, fp, kind, None)
}

/// The access at `ip` with this effective address is out of bounds.
#[cold]
#[inline(never)]
pub(super) extern "C" fn out_of_bounds(ctx: *mut Exec, ip: *const u32, fp: *mut u64, address: u64) -> u32 {
    raise(ctx, ip, fp, TrapKind::MemoryOutOfBounds, Some(address))
}

/// `call_indirect` at `ip` met a null element.
#[cold]
#[inline(never)]
pub(super) extern "C" fn uninitialized(ctx: *mut Exec, ip: *const u32, fp: *mut u64, index: u64) -> u32 {
    raise(ctx, ip, fp, TrapKind::UninitializedElement, Some(index))
}

fn raise(ctx: *mut Exec, ip: *const u32, fp: *mut u64, kind: TrapKind, detail: Option<u64>) -> u32 {
    // SAFETY: the activation's record is alive (invariant 3).
    let store = unsafe { (*ctx).store };
    // SAFETY: the store is alive and of this thread (invariants 3 and 5).
    unsafe { assay_vm::raise_trap(store, kind, detail) };
    raised(ctx, ip, fp)
}

/// The instruction at `ip` was left by what it called; the reason waits in the store.
#[cold]
#[inline(never)]
pub(super) extern "C" fn raised(ctx: *mut Exec, ip: *const u32, fp: *mut u64) -> u32 {
    // SAFETY: the activation's record is alive (invariant 3).
    let store = unsafe { (*ctx).store };
    for (frame, place) in frames(ctx, ip, fp) {
        // SAFETY: the store is alive and of this thread (invariants 3 and 5), the function is one of the instance's.
        unsafe { assay_vm::push_frame(store, frame.vmctx, place.func, place.offset) };
    }
    // Were the answer known, handlers would call and then answer it themselves.
    std::hint::black_box(status::RAISED)
}

/// The instruction [`Exec::ip`] was left by what it called. The run goes on where an exception is caught, and ends where
/// none is.
struct Unwind;

impl Step for Unwind {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let landing = catch(m.ctx);
        // SAFETY: the activation's record is alive (invariant 3).
        let fp = unsafe { (*m.ctx).fp };
        if landing.is_null() {
            // SAFETY: as above.
            let ip = unsafe { (*m.ctx).ip };
            return Flow::Exit(raised(m.ctx, ip, fp));
        }
        Flow::Next(Machine { ip: landing, fp, ..m }.refresh())
    }
}

/// Code of one instruction: what was called has left.
pub(super) static UNWIND: [Handler; 1] = [Opcode::handler_of::<Unwind>()];
