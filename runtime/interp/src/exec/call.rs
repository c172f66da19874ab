//! Calls. Functions of the same module get a new frame over the caller's argument slots; functions of other
//! interpreted instances too, behind a bridge that remembers the caller's instance; everything else is called through
//! its entry pointer with an array of values.
//!
//! A frame is `[parameters and locals | return address, caller's frame | operands]`. Results are left in its first
//! slots, which the caller knows as its argument slots.

use super::dispatch::{Flow, Handler, Opcode, Step};
use super::machine::{Exec, HEAD, Machine};
use super::marshal::{gather, rows, spread};
use super::operand::{Acc, Imm, Mode, Slot, Source};
use super::reference::{imported, read_element};
use super::types::is_below;
use super::unwind;
use crate::code::FuncCode;
use assay_model::layout::{func_kind, status};
use assay_model::trap::TrapKind;
use assay_vm::{FuncRef, Value};
use std::marker::PhantomData;

/// Cells of a bridge: the caller's instance, a function of its module, return address, frame, number of results.
pub(super) const BRIDGE_CELLS: usize = 5;

/// Whether the cells from `fp` on suffice for a frame.
#[inline(always)]
pub(super) fn has_room(fp: *mut u64, cells: u32, end: *mut u64) -> bool {
    (fp as usize).saturating_add(cells as usize * 8) <= end as usize
}

/// Writes a cell of the value stack that was found to have room.
#[inline(always)]
pub(super) fn put(cell: *mut u64, value: u64) {
    // SAFETY: the cell lies in the value stack, above every running frame (invariant 2).
    unsafe { cell.write(value) };
}

/// Reads a cell of the value stack.
#[inline(always)]
pub(super) fn get(cell: *mut u64) -> u64 {
    // SAFETY: the cell lies in the value stack (invariant 2).
    unsafe { cell.read() }
}

/// Zeroes the declared locals of a new frame and notes where it returns to.
#[inline(always)]
pub(super) fn open_frame(fp: *mut u64, params: u32, header: u32, ret: *const u32, caller: *mut u64) {
    let header = fp.wrapping_add(header as usize);
    let mut local = fp.wrapping_add(params as usize);
    while local < header {
        put(local, 0);
        local = local.wrapping_add(1);
    }
    put(header, ret as usize as u64);
    put(header.wrapping_add(1), caller as usize as u64);
}

/// `[entry, entry, arguments, cells, parameters, header]`: a function of the same module
struct Call;

impl Step for Call {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let fp = m.cell(m.word(HEAD + 2));
        if !has_room(fp, m.word(HEAD + 3), m.stack_end()) {
            return m.deepen();
        }
        open_frame(fp, m.word(HEAD + 4), m.word(HEAD + 5), m.ip.wrapping_add(HEAD + 6), m.fp);
        let entry = m.word64(HEAD) as usize as *const u32;
        Flow::Next(Machine { ip: entry, fp, ..m })
    }
}

/// `[offset of the function reference, arguments, parameters, results]`: an imported function. When a parameter or result
/// is a vector, [`crate::code::VECTORS`] and the type stand in the place of the number of parameters.
struct CallImport;

impl Step for CallImport {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let func_ref = imported(&m, m.word(HEAD));
        call_reference(m, func_ref, HEAD + 1, HEAD + 4)
    }
}

/// `[table, type, arguments, parameters, results, index]`
struct CallIndirect<A>(PhantomData<A>);

impl<A: Source> Step for CallIndirect<A> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let index: u64 = A::read(&m, HEAD + 5);
        match resolve_indirect(m, HEAD, index, Self::OF_SUBTYPE) {
            Ok(func_ref) => call_reference(m, func_ref, HEAD + 2, HEAD + 5 + A::words::<u64>()),
            Err(exit) => exit,
        }
    }
}

impl<A: Source> CallIndirect<A> {
    const OF_SUBTYPE: &'static [Handler; 1] = &[Opcode::handler_of::<CallSubtype<A>>()];
}

/// [`CallIndirect`] of a function whose type is another one than the expected.
struct CallSubtype<A>(PhantomData<A>);

impl<A: Source> Step for CallSubtype<A> {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let m = m.diverted();
        let index: u64 = A::read(&m, HEAD + 5);
        match resolve_subtype(m, HEAD, index) {
            Ok(func_ref) => call_reference(m, func_ref, HEAD + 2, HEAD + 5 + A::words::<u64>()),
            Err(exit) => exit,
        }
    }
}

/// The function that an indirect call means, whose table and type stand at `at`; else how it ends. A function of another
/// type than the expected is left to the code `of_subtype`.
#[inline(always)]
pub(super) fn resolve_indirect(
    m: Machine,
    at: usize,
    index: u64,
    of_subtype: &'static [Handler; 1],
) -> Result<*mut FuncRef, Flow> {
    let Some(element) = read_element(&m, m.word(at), index) else {
        return Err(m.trap(TrapKind::UndefinedElement));
    };
    if element == 0 {
        return Err(Flow::Exit(unwind::uninitialized(m.ctx, m.ip, m.fp, index)));
    }
    let func_ref = element as usize as *mut FuncRef;
    // SAFETY: elements of function tables are null or live references (invariant 3).
    let found = unsafe { (*func_ref).type_id };
    if found != type_id(&m, m.word(at + 1)) {
        return Err(m.divert(of_subtype));
    }
    Ok(func_ref)
}

/// As [`resolve_indirect`], for an element which is a function of another type than the expected: of a subtype, or it traps.
#[inline(always)]
pub(super) fn resolve_subtype(m: Machine, at: usize, index: u64) -> Result<*mut FuncRef, Flow> {
    let element = read_element(&m, m.word(at), index).unwrap_or(0);
    let func_ref = element as usize as *mut FuncRef;
    // SAFETY: the element is a live reference, as was found before.
    let found = unsafe { (*func_ref).type_id };
    if is_below(m.store(), found, type_id(&m, m.word(at + 1))) {
        Ok(func_ref)
    } else {
        Err(m.trap(TrapKind::IndirectCallTypeMismatch))
    }
}

/// `[reference, arguments, parameters, results]`
struct CallRef;

impl Step for CallRef {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let func_ref = m.slot(m.word(HEAD)) as usize as *mut FuncRef;
        if func_ref.is_null() {
            return m.trap(TrapKind::NullFunctionReference);
        }
        call_reference(m, func_ref, HEAD + 1, HEAD + 4)
    }
}

/// The canonical type that a type index of the module stands for.
#[inline(always)]
pub(super) fn type_id(m: &Machine, ty: u32) -> u32 {
    // SAFETY: the context is alive (invariant 3).
    let type_ids = unsafe { (*m.vmctx()).type_ids };
    let place = type_ids.wrapping_add(ty as usize);
    // SAFETY: there is one for each type index of the module (invariant 3).
    unsafe { place.read() }
}

/// Calls through a reference. At `at` stand arguments, parameters and results; the instruction has `words` words.
#[inline(always)]
fn call_reference(m: Machine, func_ref: *mut FuncRef, at: usize, words: usize) -> Flow {
    // SAFETY: references live as long as their store.
    let kind = unsafe { (*func_ref).kind };
    // SAFETY: as above.
    let vmctx = unsafe { (*func_ref).vmctx };
    if kind != func_kind::INTERPRETED {
        return call_outside(m, func_ref, at, words);
    }
    // SAFETY: as above.
    let code = unsafe { (*func_ref).body }.cast::<FuncCode>();
    if vmctx != m.vmctx() {
        return call_other_instance(m, func_ref, code, at, words);
    }
    // SAFETY: the body of an interpreted function is its code record, alive with its instance (invariant 1).
    let FuncCode { entry, cells, params, header, .. } = unsafe { *code };
    let fp = m.cell(m.word(at));
    if !has_room(fp, cells, m.stack_end()) {
        return m.deepen();
    }
    open_frame(fp, params, header, m.ip.wrapping_add(words), m.fp);
    Flow::Next(Machine { ip: entry as *const u32, fp, ..m })
}

/// A call that leaves the interpreter.
#[inline(always)]
fn call_outside(m: Machine, func_ref: *mut FuncRef, at: usize, words: usize) -> Flow {
    m.publish();
    let arguments = m.cell(m.word(at));
    let outcome = invoke(m.ctx, func_ref, arguments, m.word(at + 1), m.word(at + 2));
    if outcome != status::OK {
        return m.unwind();
    }
    let result = get(arguments);
    let m =
        Machine { acc: result, acc_f32: f32::from_bits(result as u32), acc_f64: f64::from_bits(result), ..m };
    m.refresh().advance(words)
}

/// Calls a function through its entry pointer: arguments from the cells at `arguments`, results back to them.
#[inline(never)]
pub(super) fn invoke(
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
    let count = params.len().max(results.len());
    let after = arguments.wrapping_add(params.cells().max(results.cells()));
    let array =
        after.wrapping_byte_add((after as usize).wrapping_neg() % align_of::<Value>()).cast::<Value>();
    let top = array.wrapping_add(count).cast::<u64>();
    // The first cell is read behind the call whether there is a result or not, and may be the first one above the frame.
    if !reaches(ctx, top.max(arguments.wrapping_add(1))) {
        // SAFETY: the store is alive and of this thread (invariants 3 and 5).
        unsafe { assay_vm::raise_trap(store, TrapKind::StackOverflow, None) };
        return status::RAISED;
    }
    // The array lies in the value stack above every frame, and was found to have room.
    gather(arguments, array, params);
    // SAFETY: the store is alive and of this thread (invariants 3 and 5); the reference ends with the statement.
    if let Some(stack) = unsafe { assay_vm::value_stack(store) } {
        stack.top = top;
    }
    // SAFETY: the array is long enough (invariant 6).
    let outcome = unsafe { assay_vm::invoke(func_ref, array) };
    if outcome == status::OK {
        spread(array, arguments, results);
    }
    outcome
}

/// A call to a function of another interpreted instance.
#[inline(always)]
fn call_other_instance(
    m: Machine,
    func_ref: *mut FuncRef,
    code: *const FuncCode,
    at: usize,
    words: usize,
) -> Flow {
    let bridge = m.cell(m.word(at));
    let fp = bridge.wrapping_add(BRIDGE_CELLS);
    // SAFETY: the body of an interpreted function is its code record, alive with its instance (invariant 1).
    let FuncCode { entry, cells, .. } = unsafe { *code };
    if !has_room(fp, cells, m.stack_end()) {
        return m.deepen();
    }
    cross(m.ctx, func_ref, bridge, m.fp, m.ip.wrapping_add(words));
    Flow::Next(Machine { ip: entry as *const u32, fp, ..m.refresh() })
}

/// Builds the bridge over the arguments, moves them behind it, opens the frame there and switches the instance.
#[inline(never)]
fn cross(ctx: *mut Exec, func_ref: *mut FuncRef, bridge: *mut u64, fp: *mut u64, ret: *const u32) {
    // SAFETY: references live as long as their store.
    let FuncRef { vmctx, body, .. } = unsafe { *func_ref };
    let code = body.cast::<FuncCode>();
    // SAFETY: the body of an interpreted function is its code record, alive with its instance (invariant 1).
    let FuncCode { params, header, results, .. } = unsafe { *code };
    // SAFETY: the activation's record is alive, and nobody else refers to it (invariant 3).
    let exec = unsafe { &mut *ctx };
    let frame = bridge.wrapping_add(BRIDGE_CELLS);
    for index in (0..params as usize).rev() {
        put(frame.wrapping_add(index), get(bridge.wrapping_add(index)));
    }
    let caller = [exec.vmctx as usize, exec.code as usize, ret as usize, fp as usize, results as usize];
    for (index, word) in caller.into_iter().enumerate() {
        put(bridge.wrapping_add(index), word as u64);
    }
    open_frame(frame, params, header, BRIDGE_END.as_ptr().cast(), bridge);
    exec.vmctx = vmctx;
    exec.code = code;
}

/// Where functions return that were called over a bridge: `fp` is the bridge.
struct BridgeEnd;

impl Step for BridgeEnd {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let ip = m.slot(2) as usize as *const u32;
        let fp = m.slot(3) as usize as *mut u64;
        cross_back(m.ctx, m.fp);
        Flow::Next(Machine { ip, fp, ..m }.refresh())
    }
}

/// Moves the results over the bridge and switches the instance back.
#[inline(never)]
fn cross_back(ctx: *mut Exec, bridge: *mut u64) {
    // SAFETY: the activation's record is alive, and nobody else refers to it (invariant 3).
    let exec = unsafe { &mut *ctx };
    exec.vmctx = get(bridge) as usize as *mut _;
    exec.code = get(bridge.wrapping_add(1)) as usize as *const _;
    let results = get(bridge.wrapping_add(4)) as usize;
    for index in 0..results {
        put(bridge.wrapping_add(index), get(bridge.wrapping_add(BRIDGE_CELLS + index)));
    }
}

/// Where the first function of an activation returns.
struct ActivationEnd;

impl Step for ActivationEnd {
    #[inline(always)]
    fn step(_: Machine) -> Flow {
        Flow::Exit(status::OK)
    }
}

/// Whether the value stack reaches up to `top`, all of it opened if need be.
fn reaches(ctx: *mut Exec, top: *mut u64) -> bool {
    // SAFETY: the activation's record is alive (invariant 3).
    top <= unsafe { (*ctx).stack_end } || (opened(ctx) && reaches(ctx, top))
}

/// Opens the rest of the value stack; says whether that made room.
#[cold]
#[inline(never)]
fn opened(ctx: *mut Exec) -> bool {
    // SAFETY: the activation's record is alive, and nobody else refers to it (invariant 3).
    let exec = unsafe { &mut *ctx };
    // SAFETY: the store is alive and of this thread (invariants 3 and 5); the reference ends with the function.
    let Some(stack) = (unsafe { assay_vm::value_stack(exec.store) }) else { return false };
    let before = std::mem::replace(&mut exec.stack_end, stack.deepen());
    before != exec.stack_end
}

/// The instruction [`Exec::again`] found too little of the value stack open. It runs again when there is more, and traps
/// when there is not.
struct Deepen;

impl Step for Deepen {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let m = m.diverted();
        if opened(m.ctx) { Flow::Next(m) } else { m.trap(TrapKind::StackOverflow) }
    }
}

/// Code of one instruction: too little of the value stack is open.
pub(super) static DEEPEN: [Handler; 1] = [Opcode::handler_of::<Deepen>()];
/// Code of one instruction: the end of a bridge.
pub(super) static BRIDGE_END: [Handler; 1] = [Opcode::handler_of::<BridgeEnd>()];
/// Code of one instruction: the end of an activation.
pub(super) static ACTIVATION_END: [Handler; 1] = [Opcode::handler_of::<ActivationEnd>()];

/// A call of a function of the same module.
pub(crate) fn call() -> Opcode {
    Opcode::of::<Call>()
}

/// A call of an imported function.
pub(crate) fn call_import() -> Opcode {
    Opcode::of::<CallImport>()
}

/// `call_indirect`
pub(crate) fn call_indirect(index: Mode) -> Opcode {
    match index {
        Mode::Slot => Opcode::of::<CallIndirect<Slot>>(),
        Mode::Acc => Opcode::of::<CallIndirect<Acc>>(),
        Mode::Imm => Opcode::of::<CallIndirect<Imm>>(),
    }
}

/// `call_ref`
pub(crate) fn call_ref() -> Opcode {
    Opcode::of::<CallRef>()
}
