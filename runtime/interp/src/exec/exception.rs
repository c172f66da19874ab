//! Exceptions ([Throwing an exception][spec]): making and raising them, and the search for who catches one.
//!
//! An exception is an object of the heap. The search goes outwards through the frames of the activation; where nobody
//! catches it, the activation is left with the exception waiting in the store, for whoever called.
//!
//! [spec]: https://webassembly.github.io/spec/core/exec/instructions.html#control-instructions

use super::call::put;
use super::dispatch::{Flow, Opcode, Step};
use super::frames::{Frame, frames};
use super::gc::{allocate_of, object_type, read, store_cell, write};
use super::machine::{Exec, HEAD, Machine};
use crate::code::Clause;
use assay_model::layout::object::{EXCEPTION_TAG, Slot};
use assay_model::layout::{AbiKind, object::FieldSlot};
use assay_model::trap::TrapKind;
use assay_vm::{StoreCtx, TagDef, VmCtx};

/// The tag whose pointer stands at `offset` of the context.
fn tag(vmctx: *mut VmCtx, offset: u32) -> *const TagDef {
    let slot = vmctx.wrapping_byte_add(offset as usize).cast::<*const TagDef>();
    // SAFETY: tag slots hold the address of the tag's identity (invariant 3).
    unsafe { slot.read() }
}

/// Where the values of exceptions of a type stand.
fn fields<'a>(store: *mut StoreCtx, type_id: u32) -> &'a [FieldSlot] {
    // SAFETY: the store is alive and of this thread (invariants 3 and 5), the type is one of its engine.
    unsafe { assay_vm::object_layout(store, type_id) }.fields()
}

/// Cells of a value.
fn cells(slot: Slot) -> usize {
    if slot == Slot::Val(AbiKind::V128) { 2 } else { 1 }
}

/// `[tag, first value]`
struct Throw;

impl Step for Throw {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        m.publish();
        if make(m.ctx, m.word(HEAD), m.cell(m.word(HEAD + 1))) {
            m.unwind()
        } else {
            m.trap(TrapKind::AllocationTooLarge)
        }
    }
}

/// Makes an exception of the tag at `offset` of the context, with the values from `cell` on, and raises it. False when
/// there is no room for it.
#[inline(never)]
extern "C" fn make(ctx: *mut Exec, offset: u32, mut cell: *mut u64) -> bool {
    // SAFETY: the activation's record is alive (invariant 3).
    let &Exec { store, vmctx, .. } = unsafe { &*ctx };
    let tag = tag(vmctx, offset);
    // SAFETY: tags live as long as their store.
    let type_id = unsafe { (*tag).type_id };
    let exception = allocate_of(store, type_id, 0);
    if exception == 0 {
        return false;
    }
    write(store, exception, EXCEPTION_TAG, tag as usize as u64);
    for field in fields(store, type_id) {
        store_cell(store, exception, field.offset, field.slot.size(), cell);
        cell = cell.wrapping_add(cells(field.slot));
    }
    // SAFETY: the store is alive and of this thread (invariants 3 and 5).
    unsafe { assay_vm::throw(store, exception) };
    true
}

/// `[reference]`
struct ThrowRef;

impl Step for ThrowRef {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let exception = m.slot(m.word(HEAD)) as u32;
        if exception == 0 {
            return m.trap(TrapKind::NullExceptionReference);
        }
        m.publish();
        // SAFETY: the store is alive and of this thread (invariants 3 and 5).
        unsafe { assay_vm::throw(m.store(), exception) };
        m.unwind()
    }
}

/// Looks for a clause that catches what waits in the store, from the instruction outwards that the activation was left in.
/// Hands the exception over, switches to the frame of the clause and answers its code; null when nobody catches it.
#[cold]
#[inline(never)]
pub(super) extern "C" fn catch(ctx: *mut Exec) -> *const u32 {
    // SAFETY: the activation's record is alive (invariant 3).
    let &Exec { store, ip, fp, .. } = unsafe { &*ctx };
    // SAFETY: the store is alive and of this thread (invariants 3 and 5).
    let Some(exception) = (unsafe { assay_vm::pending_exception(store) }) else {
        return std::ptr::null();
    };
    let thrown: u64 = read(store, exception, EXCEPTION_TAG);
    let catches = |frame: Frame, clause: &Clause| match clause.tag {
        Some(offset) => tag(frame.vmctx, offset) as usize as u64 == thrown,
        None => true,
    };
    for (frame, place) in frames(ctx, ip, fp) {
        let module = frame.module();
        if let Some(clause) = module.clauses_around(place).find(|clause| catches(frame, clause)) {
            hand_over(store, exception, frame, clause);
            resume(ctx, frame);
            return module.address(clause.landing);
        }
    }
    std::ptr::null()
}

/// Puts what a clause asks for into its slots.
fn hand_over(store: *mut StoreCtx, exception: u32, frame: Frame, clause: &Clause) {
    let mut cell = frame.fp.wrapping_add(clause.slot as usize);
    let values = if clause.tag.is_some() { fields(store, object_type(store, exception)) } else { &[] };
    for field in values {
        match field.slot.size() {
            16 => {
                put(cell, read(store, exception, field.offset));
                put(cell.wrapping_add(1), read(store, exception, field.offset + 8));
            }
            8 => put(cell, read(store, exception, field.offset)),
            _ => put(cell, u64::from(read::<u32>(store, exception, field.offset))),
        }
        cell = cell.wrapping_add(cells(field.slot));
    }
    if let Some(slot) = clause.reference {
        put(frame.fp.wrapping_add(slot as usize), u64::from(exception));
    }
    // SAFETY: the store is alive and of this thread (invariants 3 and 5).
    unsafe { assay_vm::catch_exception(store) };
}

/// Makes a frame the one that runs.
fn resume(ctx: *mut Exec, frame: Frame) {
    // SAFETY: the activation's record is alive, and nobody else refers to it (invariant 3).
    let exec = unsafe { &mut *ctx };
    exec.vmctx = frame.vmctx;
    exec.code = frame.code;
    exec.fp = frame.fp;
}

/// `throw`
pub(crate) fn throw() -> Opcode {
    Opcode::of::<Throw>()
}

/// `throw_ref`
pub(crate) fn throw_ref() -> Opcode {
    Opcode::of::<ThrowRef>()
}
