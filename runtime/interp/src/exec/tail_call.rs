//! Tail calls: the callee takes over the caller's frame, with its return address. Chains of them need no more of the
//! value stack than their largest frame, also across interpreted instances. A tail call of compiled code ends the
//! activation when nothing else of it waits for the result: whoever made the activation goes on with the call, so that
//! chains that alternate between the engines need no native stack. In an activation with callers of its own, and for a
//! host function, it is a call and a return.

use super::call::{
    ACTIVATION_END, BRIDGE_CELLS, BRIDGE_END, get, has_room, invoke, open_frame, put, resolve_indirect,
    resolve_subtype,
};
use super::control::leave;
use super::dispatch::{Flow, Handler, Opcode, Step};
use super::machine::{Exec, HEAD, Machine};
use super::marshal::{gather, rows};
use super::operand::{Acc, Imm, Mode, Slot, Source};
use super::reference::imported;
use crate::code::FuncCode;
use assay_model::layout::{func_kind, status};
use assay_model::trap::TrapKind;
use assay_vm::FuncRef;
use std::marker::PhantomData;

/// Opens the callee's frame where the present one is: its arguments come from slot `arguments` on, which is above.
#[inline(always)]
fn replace(m: Machine, own_header: u32, arguments: u32, params: u32, header: u32) {
    let ret = m.slot(own_header) as usize as *const u32;
    let caller = m.slot(own_header + 1) as usize as *mut u64;
    for index in 0..params {
        m.set_slot(index, m.slot(arguments + index));
    }
    open_frame(m.fp, params, header, ret, caller);
}

/// `[entry, entry, arguments, cells, parameters, header, own header]`: a function of the same module
struct ReturnCall;

impl Step for ReturnCall {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        if !has_room(m.fp, m.word(HEAD + 3), m.stack_end()) {
            return m.deepen();
        }
        replace(m, m.word(HEAD + 6), m.word(HEAD + 2), m.word(HEAD + 4), m.word(HEAD + 5));
        let entry = m.word64(HEAD) as usize as *const u32;
        Flow::Next(Machine { ip: entry, ..m })
    }
}

/// `[own header, offset of the function reference, arguments, parameters, results]`: an imported function
struct ReturnCallImport;

impl Step for ReturnCallImport {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let func_ref = imported(&m, m.word(HEAD + 1));
        tail_call(m, func_ref, m.word(HEAD), HEAD + 2)
    }
}

/// `[own header, table, type, arguments, parameters, results, index]`
struct ReturnCallIndirect<A>(PhantomData<A>);

impl<A: Source> Step for ReturnCallIndirect<A> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let index: u64 = A::read(&m, HEAD + 6);
        match resolve_indirect(m, HEAD + 1, index, Self::OF_SUBTYPE) {
            Ok(func_ref) => tail_call(m, func_ref, m.word(HEAD), HEAD + 3),
            Err(exit) => exit,
        }
    }
}

impl<A: Source> ReturnCallIndirect<A> {
    const OF_SUBTYPE: &'static [Handler; 1] = &[Opcode::handler_of::<ReturnCallSubtype<A>>()];
}

/// [`ReturnCallIndirect`] of a function whose type is another one than the expected.
struct ReturnCallSubtype<A>(PhantomData<A>);

impl<A: Source> Step for ReturnCallSubtype<A> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let m = m.diverted();
        let index: u64 = A::read(&m, HEAD + 6);
        match resolve_subtype(m, HEAD + 1, index) {
            Ok(func_ref) => tail_call(m, func_ref, m.word(HEAD), HEAD + 3),
            Err(exit) => exit,
        }
    }
}

/// `[own header, reference, arguments, parameters, results]`
struct ReturnCallRef;

impl Step for ReturnCallRef {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let func_ref = m.slot(m.word(HEAD + 1)) as usize as *mut FuncRef;
        if func_ref.is_null() {
            return m.trap(TrapKind::NullFunctionReference);
        }
        tail_call(m, func_ref, m.word(HEAD), HEAD + 2)
    }
}

/// Calls through a reference instead of returning. At `at` stand arguments, parameters and results.
#[inline(always)]
fn tail_call(m: Machine, func_ref: *mut FuncRef, own_header: u32, at: usize) -> Flow {
    // SAFETY: references live as long as their store.
    let FuncRef { kind, vmctx, body, .. } = unsafe { *func_ref };
    if kind != func_kind::INTERPRETED {
        return leave_interpreter(m, func_ref, kind, own_header, at);
    }
    // SAFETY: the body of an interpreted function is its code record, alive with its instance (invariant 1).
    let FuncCode { entry, cells, params, header, .. } = unsafe { *body.cast::<FuncCode>() };
    // A bridge may have to go below the frame.
    if !has_room(m.fp, cells.saturating_add(BRIDGE_CELLS as u32), m.stack_end()) {
        return m.deepen();
    }
    if vmctx == m.vmctx() {
        replace(m, own_header, m.word(at), params, header);
        return Flow::Next(Machine { ip: entry as *const u32, ..m });
    }
    let fp = switch(m.ctx, func_ref, m.fp, own_header, m.word(at));
    Flow::Next(Machine { ip: entry as *const u32, fp, ..m }.refresh())
}

/// A tail call of a function that is not interpreted.
#[inline(always)]
fn leave_interpreter(m: Machine, func_ref: *mut FuncRef, kind: u32, own_header: u32, at: usize) -> Flow {
    let arguments = m.cell(m.word(at));
    let results = m.word(at + 2);
    if kind == func_kind::COMPILED && m.slot(own_header) == ACTIVATION_END.as_ptr() as usize as u64 {
        return Flow::Exit(hand_on(m.ctx, func_ref, arguments, m.word(at + 1), results));
    }
    m.publish();
    let outcome = invoke(m.ctx, func_ref, arguments, m.word(at + 1), results);
    if outcome != status::OK {
        return m.unwind();
    }
    for index in 0..results {
        m.set_slot(index, get(arguments.wrapping_add(index as usize)));
    }
    let result = m.slot(0);
    let m =
        Machine { acc: result, acc_f32: f32::from_bits(result as u32), acc_f64: f64::from_bits(result), ..m };
    leave(m.refresh(), own_header)
}

/// Ends the activation with the request to call `func_ref` in its place.
#[inline(never)]
extern "C" fn hand_on(
    ctx: *mut Exec,
    func_ref: *mut FuncRef,
    arguments: *mut u64,
    params: u32,
    results: u32,
) -> u32 {
    // SAFETY: the activation's record is alive (invariant 3).
    let &Exec { store, code, .. } = unsafe { &*ctx };
    // SAFETY: code records are alive as long as their instance (invariant 1).
    let module = unsafe { (*code).module() };
    // SAFETY: records point to the tables of their module, which are alive with them (invariant 1).
    let (params, results) = rows(unsafe { &*module }, params, results);
    // SAFETY: the store is alive and of this thread (invariants 3 and 5); the counts are those of the callee's type.
    let array = unsafe { assay_vm::request_tail_call(store, func_ref, params.len(), results.len()) };
    gather(arguments, array, params);
    // Were the answer known, handlers would call and then answer it themselves.
    std::hint::black_box(status::TAIL_CALL)
}

/// Opens the callee's frame in place of the one at `fp`, in another instance. When the frame returns to a bridge or
/// to the outside, nobody needs the present instance any more; else a bridge goes below the new frame, for the caller.
#[inline(never)]
fn switch(ctx: *mut Exec, func_ref: *mut FuncRef, fp: *mut u64, own_header: u32, arguments: u32) -> *mut u64 {
    // SAFETY: references live as long as their store.
    let FuncRef { vmctx, body, .. } = unsafe { *func_ref };
    let code = body.cast::<FuncCode>();
    // SAFETY: the body of an interpreted function is its code record, alive with its instance (invariant 1).
    let FuncCode { params, header, results, .. } = unsafe { *code };
    // SAFETY: the activation's record is alive, and nobody else refers to it (invariant 3).
    let exec = unsafe { &mut *ctx };
    let own_header = fp.wrapping_add(own_header as usize);
    let ret = get(own_header) as usize;
    let caller = get(own_header.wrapping_add(1));
    let bridged = ret == BRIDGE_END.as_ptr() as usize || ret == ACTIVATION_END.as_ptr() as usize;
    let frame = if bridged { fp } else { fp.wrapping_add(BRIDGE_CELLS) };
    let from = fp.wrapping_add(arguments as usize);
    // SAFETY: both ranges lie in the value stack, which was found to have room; they may overlap (invariant 2).
    unsafe { std::ptr::copy(from, frame, params as usize) };
    if bridged {
        open_frame(frame, params, header, ret as *const u32, caller as usize as *mut u64);
    } else {
        let words =
            [exec.vmctx as usize as u64, exec.code as usize as u64, ret as u64, caller, u64::from(results)];
        for (index, word) in words.into_iter().enumerate() {
            put(fp.wrapping_add(index), word);
        }
        open_frame(frame, params, header, BRIDGE_END.as_ptr().cast(), fp);
    }
    exec.vmctx = vmctx;
    exec.code = code;
    frame
}

/// A tail call of a function of the same module.
pub(crate) fn return_call() -> Opcode {
    Opcode::of::<ReturnCall>()
}

/// A tail call of an imported function.
pub(crate) fn return_call_import() -> Opcode {
    Opcode::of::<ReturnCallImport>()
}

/// `return_call_indirect`
pub(crate) fn return_call_indirect(index: Mode) -> Opcode {
    match index {
        Mode::Slot => Opcode::of::<ReturnCallIndirect<Slot>>(),
        Mode::Acc => Opcode::of::<ReturnCallIndirect<Acc>>(),
        Mode::Imm => Opcode::of::<ReturnCallIndirect<Imm>>(),
    }
}

/// `return_call_ref`
pub(crate) fn return_call_ref() -> Opcode {
    Opcode::of::<ReturnCallRef>()
}
