//! Leaving an activation before it is done: the trap is recorded, the frames are noted from the inside out, and the
//! status tells the caller.
//!
//! Cold. The entries take and give scalars only, use the convention of C, which does not unwind, and do not let their
//! one answer be known: so a handler ends in a jump to them and needs no stack frame for the case that it traps.

use super::call::{ACTIVATION_END, BRIDGE_END, get};
use super::machine::Exec;
use crate::code::FuncCode;
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

/// The call at `ip` was left by its callee; the reason waits in the store.
#[cold]
#[inline(never)]
pub(super) extern "C" fn raised(ctx: *mut Exec, ip: *const u32, fp: *mut u64) -> u32 {
    // SAFETY: the activation's record is alive (invariant 3).
    let Exec { store, mut vmctx, mut code, .. } = unsafe { *ctx };
    let (mut ip, mut fp) = (ip as usize, fp);
    loop {
        // SAFETY: code records are alive as long as their instance (invariant 1).
        let record: &FuncCode = unsafe { &*code };
        // SAFETY: records point to the tables of their module, which are alive with them (invariant 1).
        let module = unsafe { &*record.module() };
        let place = module.locate(ip);
        // SAFETY: the store is alive and of this thread (invariants 3 and 5), the function is one of the instance's.
        unsafe { assay_vm::push_frame(store, vmctx, place.func, place.offset) };
        let header = fp.wrapping_add(place.header as usize);
        let ret = get(header) as usize;
        fp = get(header.wrapping_add(1)) as usize as *mut u64;
        if ret == ACTIVATION_END.as_ptr() as usize {
            // Were the answer known, handlers would call and then answer it themselves.
            return std::hint::black_box(status::RAISED);
        }
        ip = ret;
        if ret == BRIDGE_END.as_ptr() as usize {
            vmctx = get(fp) as usize as *mut _;
            code = get(fp.wrapping_add(1)) as usize as *const _;
            ip = get(fp.wrapping_add(2)) as usize;
            fp = get(fp.wrapping_add(3)) as usize as *mut u64;
        }
        // A return address is behind its call, whose position is asked for.
        ip -= 1;
    }
}
