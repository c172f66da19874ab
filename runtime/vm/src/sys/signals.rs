//! Hardware faults of compiled code become traps; every other fault stays what it is.
//!
//! A fault is a wasm trap only if the processor raised it, the instruction stands in the trap table of a registered image,
//! *and* what happened is what that trap looks like: for accesses out of bounds, an address in the guard of a memory that
//! the module of the code may address in the running store. No other trap comes by an address: null references are
//! compared. A fault of compiled code that fails this check is reported as a finding and kills the process: it may be an
//! escape. Faults elsewhere, and signals that somebody sent, go to the handler that was installed before ours.
//!
//! The handler takes no lock and allocates nothing. It sends the thread to [`crate::raise::raise_fault`], which runs
//! on the ordinary stack below the faulting frame.

use crate::ctx::StoreCtx;
use crate::{code, raise};
use assay_model::fault::accepts_every_fault;
use assay_model::trap::TrapKind;
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::sync::Once;

const SIGNALS: [libc::c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];

/// The handlers that were there before ours, in the order of [`SIGNALS`]. Written once, before ours are installed.
static mut PREVIOUS: [MaybeUninit<libc::sigaction>; 4] = [const { MaybeUninit::uninit() }; 4];

thread_local! {
    /// The store whose compiled code this thread runs; null outside.
    static RUNNING: Cell<*mut StoreCtx> = const { Cell::new(std::ptr::null_mut()) };
}

/// Says that this thread runs compiled code of `store` from now on; returns what was said before.
pub(crate) fn set_running(store: *mut StoreCtx) -> *mut StoreCtx {
    RUNNING.replace(store)
}

/// Takes [`set_running`] back.
pub(crate) fn clear_running(previous: *mut StoreCtx) {
    RUNNING.set(previous);
}

/// Installs the handlers, once for the process. Engines whose traps come by signal call it before they run code.
pub fn install_signal_handlers() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        for (position, &signal) in SIGNALS.iter().enumerate() {
            install(position, signal);
        }
    });
}

fn install(position: usize, signal: libc::c_int) {
    // SAFETY: an all-zero `sigaction` is a valid value.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER | libc::SA_ONSTACK;
    action.sa_sigaction = handle as *const () as usize;
    // SAFETY: `sa_mask` is a valid place for a signal set.
    unsafe { libc::sigemptyset(&raw mut action.sa_mask) };
    let previous = previous(position);
    // SAFETY: both pointers are valid; the handler follows the rules for signal handlers.
    let status = unsafe { libc::sigaction(signal, &raw const action, previous) };
    assert_eq!(status, 0, "the signals of faults can be handled");
}

/// The place for the handler that was there before ours.
fn previous(position: usize) -> *mut libc::sigaction {
    (&raw mut PREVIOUS).cast::<libc::sigaction>().wrapping_add(position)
}

/// What the handler decides.
enum Verdict {
    /// A wasm trap.
    Trap(TrapKind),
    /// A fault of compiled code that no trap explains.
    Finding,
    /// Not ours.
    Foreign,
}

extern "C" fn handle(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let store = RUNNING.get();
    // SAFETY: the kernel hands a valid context to a handler with `SA_SIGINFO`.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    // SAFETY: the kernel hands a valid `siginfo_t`,
    let details = unsafe { &*info };
    // SAFETY: and these signals carry an address.
    let address = unsafe { details.si_addr() } as usize;
    let registers = &mut context.uc_mcontext.gregs;
    let pc = registers[libc::REG_RIP as usize] as usize;
    let sent = details.si_code <= 0;
    let verdict = if sent { Verdict::Foreign } else { judge(store, signal, pc, address) };
    match verdict {
        Verdict::Trap(kind) => {
            registers[libc::REG_RDI as usize] = store as i64;
            registers[libc::REG_RSI as usize] = i64::from(kind as u8);
            registers[libc::REG_RDX as usize] = pc as i64;
            registers[libc::REG_RCX as usize] = registers[libc::REG_RBP as usize];
            registers[libc::REG_R8 as usize] = address as i64;
            // As after a call: the stack pointer is 8 below a multiple of 16.
            registers[libc::REG_RSP as usize] = ((registers[libc::REG_RSP as usize] - 128) & !15) - 8;
            registers[libc::REG_RIP as usize] = raise::raise_fault as *const () as i64;
        }
        Verdict::Finding => {
            report(pc, address);
            restore_default(signal);
        }
        Verdict::Foreign => chain(signal, sent, info, std::ptr::from_mut(context).cast()),
    }
}

fn judge(store: *mut StoreCtx, signal: libc::c_int, pc: usize, address: usize) -> Verdict {
    if store.is_null() {
        return Verdict::Foreign;
    }
    let Some((module, trap)) = code::trap_at(pc) else { return Verdict::Foreign };
    let Some(kind) = trap else { return Verdict::Finding };
    let explained = match signal {
        libc::SIGILL => true,
        libc::SIGFPE => matches!(kind, TrapKind::IntegerDivideByZero | TrapKind::IntegerOverflow),
        _ if kind == TrapKind::MemoryOutOfBounds => {
            // SAFETY: `store` runs on this thread, so it is alive (invariants 1 and 2).
            accepts_every_fault() || unsafe { raise::in_guard(store, module, address) }
        }
        _ => false,
    };
    if explained { Verdict::Trap(kind) } else { Verdict::Finding }
}

/// Writes what happened with nothing but `write`.
fn report(pc: usize, address: usize) {
    let mut text =
        *b"assay: escape: fault outside of its guard: code at 0x................, address 0x................\n";
    hex(&mut text[53..69], pc);
    hex(&mut text[81..97], address);
    // SAFETY: the buffer is valid for its length; a failed write changes nothing.
    unsafe { libc::write(2, text.as_ptr().cast(), text.len()) };
}

fn hex(out: &mut [u8], mut number: usize) {
    for digit in out.iter_mut().rev() {
        *digit = b"0123456789abcdef"[number & 15];
        number >>= 4;
    }
}

/// The next fault of this kind ends the process: the faulting instruction runs again when the handler returns.
fn restore_default(signal: libc::c_int) {
    // SAFETY: `SIG_DFL` is a valid disposition.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

fn chain(signal: libc::c_int, sent: bool, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let Some(position) = SIGNALS.iter().position(|&known| known == signal) else { return };
    // SAFETY: it was written before this handler was installed, and never since.
    let previous = unsafe { previous(position).read() };
    match previous.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => {
            restore_default(signal);
            if sent {
                // No instruction would fault again.
                // SAFETY: sending this thread a signal touches no memory.
                unsafe { libc::raise(signal) };
            }
        }
        handler if previous.sa_flags & libc::SA_SIGINFO != 0 => {
            type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
            // SAFETY: with `SA_SIGINFO` the disposition is such a function.
            let handler = unsafe { std::mem::transmute::<usize, Handler>(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: without `SA_SIGINFO` the disposition is such a function.
            let handler = unsafe { std::mem::transmute::<usize, extern "C" fn(libc::c_int)>(handler) };
            handler(signal);
        }
    }
}
