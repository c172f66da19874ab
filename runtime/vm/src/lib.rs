//! The machine room: stores with their memories, tables, globals and functions, code memory, traps and signals.
//!
//! What enters are models, artifacts and values; what leaves are handles and outcomes. The room keeps the treaty of
//! [`assay_model::layout`] and knows neither Cranelift nor wasmparser nor an engine: compiled code reaches it through
//! [`builtins`], any code reaches any other through the entry pointer of a [`FuncRef`], and both leave it through
//! [`raise`].
//!
//! # Invariants
//! The SAFETY comments of this crate cite these by number.
//!
//! 1. *One address.* A [`Store`]'s state, its instances, contexts, memories, tables and host functions are each boxed
//!    (or mapped) once and stay at their address until the store is dropped. Pointers between them are valid as long.
//! 2. *One thread.* A store is used by one thread at a time: whoever holds `&mut Store`, or runs as a callee of the
//!    call that was made with it. References made from raw pointers live for one statement or one function that calls
//!    nothing else.
//! 3. *Treaty.* A context has the size and the offsets of the [`VmCtxLayout`](assay_model::layout::VmCtxLayout) of its
//!    module, and its slots are filled before any code sees it.
//! 4. *Arrays.* The value array of a call is at least as long as the longer of parameters and results of the callee.
//! 5. *Handles.* Ids are handed out by a store and used with that store; they are never removed.
//! 6. *Code.* A code image stays mapped, and registered, as long as an instance or module that can run it lives.
//! 7. *Entry.* `entry_sp` points to the frame of the innermost entry stub of the store; everything between it and the
//!    present stack pointer that belongs to Rust has returned before `leave` runs.
//! 8. *Shared bytes.* Shared memories are used by several threads at once. Rust code reads and writes their bytes with
//!    atomics or not at all; code of the engines does so with instructions whose races the specification allows.
//! 9. *Activations.* The records in the chains of `StoreCtx` stand on the native stack of activations that are still
//!    running, innermost first; each is taken off before its frame is left.
//! 10. *References.* Every reference of a store that is not a function reference stands, whenever code may allocate, where
//!     the collector looks: in tables, globals, segments, handles, the pending exception, or frames whose maps say so. It is
//!     null, an `i31`, the number of host data, or leads to an object of the heap whose header names a type of the engine.
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
compile_error!(
    "assay runs on Linux on x86-64 (v2 and up) for now; other hosts get their own room in `vm/src/sys`"
);

pub mod builtins;
mod canary;
mod code;
mod ctx;
mod engine_api;
mod fenced;
mod gc;
mod host;
mod instance;
mod limits;
mod memory;
mod raise;
mod shadow;
mod stack;
mod store;
mod sys;
mod table;
mod tail_call;
mod value;

pub use canary::{CanaryChange, PATTERN as CANARY_PATTERN, Surroundings};
pub use code::{CodeBuffer, CodeImage};
pub use ctx::{ArrayCall, FuncRef, MemoryDef, StoreCtx, TableDef, TagDef, VmCtx};
pub use engine_api::{
    allocate, catch_exception, data_segment, drop_data, drop_elem, elem_segment, memory_grow,
    native_stack_left, notify, object_layout, pending_exception, pop_activation, push_activation, push_frame,
    raise_trap, supertypes, table_grow, throw, value_stack, wait32, wait64,
};
pub use gc::{Activation, GcStats, OwnedRootId, RootId, RootScopeId, TooManyTypes, TypeInfos, Walk};
pub use host::{HostBody, HostCall};
pub use instance::{DefinedFuncs, Imports, InstanceParts, InstantiateError};
pub use limits::Limiter;
pub use memory::{MemoryError, MemoryPlan, SharedMemory, WaitResult, room_for_guards};
pub use raise::{Frame, Raised, Reason};
pub use shadow::{Access, Accesses, note_access, take_accesses};
pub use stack::ValueStack;
pub use store::{ExternId, FuncId, GlobalId, InstanceId, MemoryId, Store, TableId, TagId};
pub use sys::{forget_reservations, install_signal_handlers};
pub use table::TableError;
pub use tail_call::{follow_tail_calls, invoke, request_tail_call, takes_tail_calls};
pub use value::Value;
