//! The frames of an activation, from the inside out: for backtraces, for the collector, and for exceptions.

use super::call::{ACTIVATION_END, BRIDGE_END, get};
use super::machine::Exec;
use crate::code::{FuncCode, ModuleCode, Place};
use assay_vm::VmCtx;

/// A frame.
#[derive(Copy, Clone)]
pub(super) struct Frame {
    /// The instance whose code runs in it.
    pub(super) vmctx: *mut VmCtx,
    /// A function of the instance's module.
    pub(super) code: *const FuncCode,
    /// Its first cell.
    pub(super) fp: *mut u64,
    /// An address within the instruction that it waits in.
    ip: usize,
}

impl Frame {
    /// The tables of the frame's module.
    pub(super) fn module<'a>(self) -> &'a ModuleCode {
        // SAFETY: code records are alive as long as their instance (invariant 1).
        let record: &FuncCode = unsafe { &*self.code };
        // SAFETY: records point to the tables of their module, which are alive with them (invariant 1).
        unsafe { &*record.module() }
    }

    /// The frame and its place in the module.
    fn located(self) -> (Self, Place) {
        (self, self.module().locate(self.ip))
    }

    /// The frame that called this one, whose return address stands at slot `header`.
    fn caller(self, header: u32) -> Option<Self> {
        let header = self.fp.wrapping_add(header as usize);
        let (ret, fp) = (get(header) as usize, get(header.wrapping_add(1)) as usize as *mut u64);
        if ret == ACTIVATION_END.as_ptr() as usize {
            return None;
        }
        // A return address is behind its call, whose position is asked for.
        if ret != BRIDGE_END.as_ptr() as usize {
            return Some(Self { fp, ip: ret - 1, ..self });
        }
        let [vmctx, code, ret, caller] = [0, 1, 2, 3].map(|cell| get(fp.wrapping_add(cell)) as usize);
        Some(Self { vmctx: vmctx as *mut _, code: code as *const _, fp: caller as *mut u64, ip: ret - 1 })
    }
}

/// The frames from the one at `fp` on, which waits in the instruction at `ip`.
pub(super) fn frames(ctx: *const Exec, ip: *const u32, fp: *mut u64) -> impl Iterator<Item = (Frame, Place)> {
    // SAFETY: the activation's record is alive (invariant 3).
    let &Exec { vmctx, code, .. } = unsafe { &*ctx };
    let innermost = Frame { vmctx, code, fp, ip: ip as usize };
    std::iter::successors(Some(innermost.located()), |(frame, place)| {
        frame.caller(place.header).map(Frame::located)
    })
}
