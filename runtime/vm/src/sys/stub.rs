//! Stubs in assembler: into compiled code, out of it when something was raised, on in a handler of it, and builtins that
//! look at their caller's frames.
//!
//! `enter` saves the callee-saved registers in a frame of its own and publishes its stack pointer; `leave` takes that
//! stack pointer back and returns from `enter` with a status. Between the two lie only frames of compiled code: every
//! Rust frame has returned before `leave` is called (invariant 7), so no destructor is skipped.

use crate::ctx::{StoreCtx, VmCtx};
use crate::value::Value;
use assay_model::layout::{VmCtxLayout, status, store_ctx};
use std::arch::naked_asm;

/// Distance from `entry_sp` to the frame pointer of the stub's frame: six pushes above it.
pub(crate) const ENTRY_FRAME: usize = 48;

/// Runs `trampoline(ctx, wasm_call, values)`.
///
/// # Safety
/// `trampoline` is an entry trampoline for the signature of `wasm_call`, `values` is long enough (invariant 4), and
/// `store` is the context of the store that all of it belongs to.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn enter(
    ctx: *mut (),
    wasm_call: *const (),
    values: *mut Value,
    trampoline: *const (),
    store: *mut StoreCtx,
) -> u32 {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push r8",
        "mov [r8 + {entry_sp}], rsp",
        "call rcx",
        "mov eax, {ok}",
        "pop r8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        entry_sp = const store_ctx::ENTRY_SP,
        ok = const status::OK,
    )
}

/// Returns from the innermost `enter` of `store` with a status.
///
/// # Safety
/// Compiled code of the store is running on this stack above that `enter`, and no Rust frame in between has anything
/// left to do.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn leave(store: *mut StoreCtx, status: u32) -> ! {
    naked_asm!(
        "mov rsp, [rdi + {entry_sp}]",
        "mov eax, esi",
        "pop r8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        entry_sp = const store_ctx::ENTRY_SP,
    )
}

/// The `Raise` builtin `(store, code)`: finds its caller's position in the return address and its frame in `rbp`.
///
/// # Safety
/// Called by compiled code only.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn raise_stub(store: *mut StoreCtx, code: u32) -> ! {
    naked_asm!(
        "mov rdx, [rsp]",
        "mov rcx, rbp",
        "jmp {raise}",
        raise = sym crate::raise::raise_from_code,
    )
}

/// The `ThrowRef` builtin `(store, exception)`, as [`raise_stub`].
///
/// # Safety
/// Called by compiled code only.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn throw_stub(store: *mut StoreCtx, exception: u32) -> ! {
    naked_asm!(
        "mov rdx, [rsp]",
        "mov rcx, rbp",
        "jmp {throw}",
        throw = sym crate::raise::throw_from_code,
    )
}

/// Goes on in a handler of compiled code, which takes the exception as its payload.
///
/// # Safety
/// `landing`, `sp` and `fp` belong to a frame of compiled code on this stack, and no Rust frame above it has anything left
/// to do.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn resume(landing: usize, sp: usize, fp: usize, exception: u32) -> ! {
    naked_asm!("mov rsp, rsi", "mov rbp, rdx", "mov eax, ecx", "xor edx, edx", "jmp rdi")
}

/// Builtins that may collect: their caller's frame has to be found. The stub keeps a frame of its own, like an exit
/// trampoline, and tells the store where.
macro_rules! noted {
    ($name:ident($($arg:ident: $ty:ty),*) -> $result:ty, $target:path) => {
        #[unsafe(naked)]
        pub(crate) unsafe extern "C" fn $name($($arg: $ty),*) -> $result {
            naked_asm!(
                "push rbp",
                "mov rbp, rsp",
                "mov rax, [rdi + {store}]",
                "mov [rax + {exit}], rbp",
                "call {target}",
                "pop rbp",
                "ret",
                store = const VmCtxLayout::STORE,
                exit = const store_ctx::LAST_EXIT_FP,
                target = sym $target,
            )
        }
    };
}

noted!(allocate_stub(vmctx: *mut VmCtx, type_id: u32, length: u32) -> u32, crate::builtins::gc_allocate);
noted!(
    array_new_data_stub(vmctx: *mut VmCtx, type_id: u32, segment: u32, from: u32, length: u32) -> i64,
    crate::builtins::array_new_data
);
noted!(
    array_new_elem_stub(vmctx: *mut VmCtx, type_id: u32, segment: u32, from: u32, length: u32) -> i64,
    crate::builtins::array_new_elem
);
