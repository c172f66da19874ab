//! How much native stack the current thread has.

use std::cell::Cell;
use std::mem::MaybeUninit;

/// Kept below the limit for host functions, builtins and the signal handler.
const HOST_RESERVE: usize = 256 << 10;

thread_local! {
    static LOWEST: Cell<usize> = const { Cell::new(0) };
}

/// About where the stack pointer is now.
#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let sp: usize;
    // SAFETY: reads a register.
    unsafe { std::arch::asm!("mov {}, rsp", out(reg) sp, options(nomem, nostack, preserves_flags)) };
    sp
}

/// The lowest stack address of this thread that wasm code may use, whatever the configured size.
pub(crate) fn lowest_usable() -> usize {
    LOWEST.with(|lowest| {
        if lowest.get() == 0 {
            lowest.set(ask_system().saturating_add(HOST_RESERVE));
        }
        lowest.get()
    })
}

/// The lowest address of this thread's stack, or 0 where the system does not tell.
fn ask_system() -> usize {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: has no precondition.
    let thread = unsafe { libc::pthread_self() };
    // SAFETY: initialises `attributes` when it returns 0.
    if unsafe { libc::pthread_getattr_np(thread, attributes.as_mut_ptr()) } != 0 {
        return 0;
    }
    let (mut low, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: `attributes` is initialised; both outputs are valid for writes.
    let status = unsafe { libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut low, &raw mut size) };
    // SAFETY: `attributes` is initialised and not used again.
    unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
    if status == 0 { low as usize } else { 0 }
}
