//! Entry from outside: a value array becomes the first frame of a new activation, which ends with results, a trap, or a
//! tail call that leaves the interpreter.

use super::call::{ACTIVATION_END, has_room, open_frame};
use super::dispatch::drive;
use super::machine::{Exec, Machine};
use super::marshal::{gather, rows_of, spread};
use super::roots::walk;
use crate::code::FuncCode;
use assay_model::layout::status;
use assay_model::trap::TrapKind;
use assay_vm::{Activation, ArrayCall, FuncRef, StoreCtx, Value};

/// How everyone outside calls an interpreted function. The callee's `body` is its code record
/// ([`crate::Bytecode::body`]).
pub const ARRAY_CALL: ArrayCall = enter;

/// # Safety
/// `callee` is a live reference to an interpreted function, `values` as long as the longer of its parameters and
/// results, and the store belongs to this thread.
unsafe extern "C" fn enter(callee: *mut FuncRef, values: *mut Value) -> u32 {
    // SAFETY: by the caller's promise.
    let FuncRef { store, vmctx, body, .. } = unsafe { *callee };
    // SAFETY: the body of an interpreted function is its code record, alive with its instance (invariant 1).
    let code = unsafe { *body.cast::<FuncCode>() };
    // SAFETY: by the caller's promise.
    let takes_tail_calls = unsafe { assay_vm::takes_tail_calls(store) };
    // SAFETY: by the caller's promise.
    let native = unsafe { assay_vm::native_stack_left(store) };
    // SAFETY: by the caller's promise; the stack is not used beside this one until the callee runs.
    let Some(stack) = (unsafe { assay_vm::value_stack(store) }) else {
        return raise(store, TrapKind::AllocationTooLarge);
    };
    let (fp, mut end) = (stack.top, stack.end);
    if !has_room(fp, code.cells, end) {
        end = stack.deepen();
    }
    if !native || !has_room(fp, code.cells, end) {
        return raise(store, TrapKind::StackOverflow);
    }
    let (params, results) = rows_of(&code);
    spread(values, fp, params);
    open_frame(fp, code.params, code.header, ACTIVATION_END.as_ptr().cast(), fp);
    let mut exec = Exec {
        activation: Activation { previous: std::ptr::null(), walk },
        vmctx,
        stack_end: end,
        again: std::ptr::null(),
        store,
        code: body.cast(),
        ip: std::ptr::null(),
        fp,
    };
    let ctx = &raw mut exec;
    // SAFETY: the record stays where it is until it is taken off below.
    unsafe { assay_vm::push_activation(store, ctx.cast()) };
    let start = Machine {
        ctx,
        ip: code.entry as *const u32,
        fp,
        mem: std::ptr::null_mut(),
        len: 0,
        acc: 0,
        acc_f32: 0.0,
        acc_f64: 0.0,
    };
    let outcome = drive(start.refresh());
    // SAFETY: whatever was entered meanwhile has been left.
    unsafe { assay_vm::pop_activation(store, ctx.cast()) };
    // SAFETY: as above; the callee is done.
    if let Some(stack) = unsafe { assay_vm::value_stack(store) } {
        stack.top = fp;
    }
    if outcome == status::OK {
        gather(fp, values, results);
    }
    if outcome == status::TAIL_CALL && !takes_tail_calls {
        // SAFETY: the activation asked for a tail call, whose results are its own.
        return unsafe { assay_vm::follow_tail_calls(store, values) };
    }
    outcome
}

fn raise(store: *mut StoreCtx, kind: TrapKind) -> u32 {
    // SAFETY: the store is alive and of this thread, as `enter` was promised.
    unsafe { assay_vm::raise_trap(store, kind, None) };
    status::RAISED
}
