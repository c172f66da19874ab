//! The treaty between code and machine: the structures that compiled code, the interpreter and the runtime all read,
//! laid out once.
//!
//! `vm` defines `repr(C)` structures whose field offsets it checks against these constants at compile time; `compile`
//! writes the constants into code; the interpreter goes through `vm`'s accessors. Nothing else may name an offset.
//! All fields are in host byte order, and pointers have 8 bytes.

mod abi;
pub mod object;
mod vmctx;

pub use abi::{AbiKind, AbiSig};
pub use vmctx::VmCtxLayout;

/// Bytes of a pointer on every supported host.
pub const POINTER_SIZE: u32 = 8;

/// Bytes of a value in an argument array, of a global cell, and of a `v128`.
pub const VALUE_SIZE: u32 = 16;

/// Bytes of a table element: a function reference is a pointer, any other reference a `u32` in the low half.
pub const TABLE_ELEMENT_SIZE: u32 = 8;

/// `StoreCtx`: what running code needs to know of its store.
pub mod store_ctx {
    /// `u64`: the lowest stack address that wasm code may use.
    pub const STACK_LIMIT: u32 = 0;
    /// `i64`: fuel left. Below zero at a check point means out of fuel.
    pub const FUEL: u32 = 8;
    /// `*const AtomicU64`: the engine's epoch.
    pub const EPOCH_PTR: u32 = 16;
    /// `u64`: running code is interrupted when the epoch reaches this.
    pub const EPOCH_DEADLINE: u32 = 24;
    /// `u64`: frame pointer of the exit trampoline through which wasm code was last left.
    pub const LAST_EXIT_FP: u32 = 32;
    /// `u64`: stack pointer that the entry stub restores when wasm code is left by `raise`.
    pub const ENTRY_SP: u32 = 40;
    /// `u64`: detail of the trap that is about to be raised (the index of an uninitialized element).
    pub const TRAP_PAYLOAD: u32 = 48;
    /// `*mut u8`: base of the GC heap.
    pub const GC_BASE: u32 = 56;
    /// `u32`: next free offset in the GC heap.
    pub const GC_BUMP: u32 = 64;
    /// `u32`: end of the current semi-space.
    pub const GC_LIMIT: u32 = 68;
    /// `*const [*const (); n]`: the builtin table, for trampolines, which have no instance.
    pub const BUILTINS: u32 = 72;
    /// `*const TypeInfo`: what is known of canonical types ([`super::object::type_info`]), by number.
    pub const TYPES: u32 = 80;
    /// Bytes of the part that code may address.
    pub const SIZE: u32 = 88;
}

/// `FuncRef`: what a function reference points to. Null is address 0.
pub mod func_ref {
    /// Code with the compiled calling convention `(ctx, params…)`. Null until some compiled module of the store
    /// brings an exit trampoline for the signature; compiled code sees it only after that.
    pub const WASM_CALL: u32 = 0;
    /// `extern "C" fn(callee: *FuncRef, values: *mut [u8; 16]) -> u32`: arguments in, results out, status back.
    pub const ARRAY_CALL: u32 = 8;
    /// First argument of `wasm_call`: the instance's context for compiled functions, the record itself for others.
    pub const CTX: u32 = 16;
    /// `u32`: canonical type.
    pub const TYPE_ID: u32 = 24;
    /// `u32`: which engine runs it.
    pub const KIND: u32 = 28;
    /// `*mut StoreCtx`.
    pub const STORE: u32 = 32;
    /// What the engine needs to run it: the entry trampoline of compiled functions, the code of interpreted ones, the
    /// closure of host functions.
    pub const BODY: u32 = 40;
    /// `*mut VmCtx` of the defining instance; null for host functions.
    pub const VMCTX: u32 = 48;
    /// Bytes.
    pub const SIZE: u32 = 56;
}

/// `MemoryDef`: a linear memory as code sees it.
pub mod memory_def {
    /// `*mut u8`: the first byte.
    pub const BASE: u32 = 0;
    /// `u64`: current length in bytes (atomic for shared memories).
    pub const LEN: u32 = 8;
    /// Bytes of the part that code may address.
    pub const SIZE: u32 = 16;
}

/// `TableDef`: a table as code sees it.
pub mod table_def {
    /// `*mut u64`: the first element. Moves when the table grows.
    pub const BASE: u32 = 0;
    /// `u64`: current number of elements.
    pub const LEN: u32 = 8;
    /// Bytes of the part that code may address.
    pub const SIZE: u32 = 16;
}

/// An entry of the context's memory slots.
pub mod memory_slot {
    /// `*mut u8`: the base, copied from the definition; valid because memories never move (see
    /// [`super::memory_plan`]).
    pub const BASE: u32 = 0;
    /// `*mut MemoryDef`.
    pub const DEF: u32 = 8;
    /// Bytes.
    pub const SIZE: u32 = 16;
}

/// An entry of the context's imported functions.
pub mod func_import {
    /// Code with the compiled calling convention; null in a store without a compiler.
    pub const WASM_CALL: u32 = 0;
    /// First argument of the code.
    pub const CTX: u32 = 8;
    /// `*mut FuncRef`.
    pub const FUNC_REF: u32 = 16;
    /// Bytes.
    pub const SIZE: u32 = 24;
}

/// How linear memories are mapped. Part of the settings that an artifact depends on.
pub mod memory_plan {
    /// Address space kept for a 32-bit memory before its guard.
    pub const RESERVATION_32: u64 = 1 << 32;
    /// Inaccessible bytes behind the reservation. An access of at most 16 bytes at a constant offset up to
    /// `GUARD - 16` needs no check in a 32-bit memory of 64 KiB pages; in a 64-bit one, what has to be compared is the
    /// index alone.
    pub const GUARD: u64 = 32 << 20;
}

/// Statuses of `array_call`.
pub mod status {
    /// Results are in the array.
    pub const OK: u32 = 0;
    /// The callee was left without results; the reason waits in the store.
    pub const RAISED: u32 = 1;
    /// The callee asks for a tail call, described in the store. Comes only where the caller goes on with it:
    /// `vm::tail_call` says where that is. Compiled code hands it to `Builtin::Raise` as any status but `OK`.
    pub const TAIL_CALL: u32 = 2;
}

/// Values of `FuncRef::kind`.
pub mod func_kind {
    /// A host function.
    pub const HOST: u32 = 0;
    /// Compiled code.
    pub const COMPILED: u32 = 1;
    /// Interpreted code.
    pub const INTERPRETED: u32 = 2;
}
