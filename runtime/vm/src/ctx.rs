//! The structures that code addresses directly, as Rust sees them, checked against the treaty.

use crate::gc::{Activation, Outer};
use crate::store::StoreState;
use crate::{instance::Instance, value::Value};
use assay_model::layout::object::tag_def;
use assay_model::layout::{VmCtxLayout, func_ref, memory_def, store_ctx, table_def};
use std::mem::offset_of;
use std::sync::atomic::AtomicU64;

/// The entry of a function for callers that are not compiled code: arguments in `values`, results back in them, and a
/// status of [`assay_model::layout::status`].
pub type ArrayCall = unsafe extern "C" fn(callee: *mut FuncRef, values: *mut Value) -> u32;

/// What running code knows of its store. See [`store_ctx`].
#[repr(C)]
#[derive(Debug)]
pub struct StoreCtx {
    /// Lowest stack address that wasm code may use.
    pub stack_limit: u64,
    /// Fuel left.
    pub fuel: i64,
    /// The engine's epoch.
    pub epoch_ptr: *const AtomicU64,
    /// Code is interrupted when the epoch reaches this.
    pub epoch_deadline: u64,
    /// Frame pointer of the exit trampoline through which compiled code was last left.
    pub last_exit_fp: usize,
    /// Stack pointer that `leave` restores; 0 outside of compiled code.
    pub entry_sp: usize,
    /// Detail of the trap that is about to be raised.
    pub trap_payload: u64,
    /// Base of the GC heap.
    pub gc_base: *mut u8,
    /// Next free offset in the GC heap.
    pub gc_bump: u32,
    /// End of the current semi-space.
    pub gc_limit: u32,
    /// The builtin table.
    pub builtins: *const *const (),
    /// What is known of canonical types.
    pub types: *const u8,
    /// What the embedder's functions and limiter receive.
    pub(crate) owner: *mut (),
    /// The rest of the store.
    pub(crate) state: *mut StoreState,
    /// The call that is being made comes from a loop that takes tail calls (see [`crate::tail_call`]). True only until
    /// the callee is entered.
    pub(crate) driven: bool,
    /// Activations of engines that keep their own frames, innermost first.
    pub(crate) activations: *const Activation,
    /// What was put aside of activations of compiled code when another one was entered.
    pub(crate) outer: *const Outer,
}

/// What a function reference points to. See [`func_ref`].
#[repr(C)]
#[derive(Copy, Clone, Debug)]
pub struct FuncRef {
    /// Code with the compiled calling convention.
    pub wasm_call: *const (),
    /// Entry for everyone else.
    pub array_call: ArrayCall,
    /// First argument of `wasm_call`.
    pub ctx: *mut (),
    /// Canonical type.
    pub type_id: u32,
    /// Which engine runs it.
    pub kind: u32,
    /// The store.
    pub store: *mut StoreCtx,
    /// What the engine needs to run it.
    pub body: *const (),
    /// The defining instance; null for host functions.
    pub vmctx: *mut VmCtx,
}

/// A linear memory as code sees it. See [`memory_def`].
#[repr(C)]
#[derive(Debug)]
pub struct MemoryDef {
    /// The first byte. Never changes.
    pub base: *mut u8,
    /// Current length in bytes.
    pub len: AtomicU64,
}

/// A table as code sees it. See [`table_def`].
#[repr(C)]
#[derive(Debug)]
pub struct TableDef {
    /// The first element.
    pub base: *mut u64,
    /// Current number of elements.
    pub len: u64,
}

/// A tag: its address is its identity. See [`tag_def`].
#[repr(C)]
#[derive(Debug)]
pub struct TagDef {
    /// Canonical function type.
    pub type_id: u32,
}

/// The head of an instance's context; its arrays follow. See [`VmCtxLayout`].
#[repr(C)]
#[derive(Debug)]
pub struct VmCtx {
    /// [`VmCtxLayout::MAGIC_VALUE`].
    pub magic: u32,
    /// The engine of the instance.
    pub kind: u32,
    /// The store.
    pub store: *mut StoreCtx,
    /// The builtin table.
    pub builtins: *const *const (),
    /// Canonical type of each type index.
    pub type_ids: *const u32,
    /// The rest of the instance.
    pub(crate) instance: *mut Instance,
}

const fn at(offset: usize, treaty: u32) -> bool {
    offset == treaty as usize
}

const _: () = {
    assert!(at(offset_of!(StoreCtx, stack_limit), store_ctx::STACK_LIMIT));
    assert!(at(offset_of!(StoreCtx, fuel), store_ctx::FUEL));
    assert!(at(offset_of!(StoreCtx, epoch_ptr), store_ctx::EPOCH_PTR));
    assert!(at(offset_of!(StoreCtx, epoch_deadline), store_ctx::EPOCH_DEADLINE));
    assert!(at(offset_of!(StoreCtx, last_exit_fp), store_ctx::LAST_EXIT_FP));
    assert!(at(offset_of!(StoreCtx, entry_sp), store_ctx::ENTRY_SP));
    assert!(at(offset_of!(StoreCtx, trap_payload), store_ctx::TRAP_PAYLOAD));
    assert!(at(offset_of!(StoreCtx, gc_base), store_ctx::GC_BASE));
    assert!(at(offset_of!(StoreCtx, gc_bump), store_ctx::GC_BUMP));
    assert!(at(offset_of!(StoreCtx, gc_limit), store_ctx::GC_LIMIT));
    assert!(at(offset_of!(StoreCtx, builtins), store_ctx::BUILTINS));
    assert!(at(offset_of!(StoreCtx, types), store_ctx::TYPES));
    assert!(at(offset_of!(StoreCtx, owner), store_ctx::SIZE));
    assert!(at(offset_of!(FuncRef, wasm_call), func_ref::WASM_CALL));
    assert!(at(offset_of!(FuncRef, array_call), func_ref::ARRAY_CALL));
    assert!(at(offset_of!(FuncRef, ctx), func_ref::CTX));
    assert!(at(offset_of!(FuncRef, type_id), func_ref::TYPE_ID));
    assert!(at(offset_of!(FuncRef, kind), func_ref::KIND));
    assert!(at(offset_of!(FuncRef, store), func_ref::STORE));
    assert!(at(offset_of!(FuncRef, body), func_ref::BODY));
    assert!(at(offset_of!(FuncRef, vmctx), func_ref::VMCTX));
    assert!(at(size_of::<FuncRef>(), func_ref::SIZE));
    assert!(at(offset_of!(MemoryDef, base), memory_def::BASE));
    assert!(at(offset_of!(MemoryDef, len), memory_def::LEN));
    assert!(at(offset_of!(TableDef, base), table_def::BASE));
    assert!(at(offset_of!(TableDef, len), table_def::LEN));
    assert!(at(offset_of!(TagDef, type_id), tag_def::TYPE_ID));
    assert!(at(offset_of!(VmCtx, magic), VmCtxLayout::MAGIC));
    assert!(at(offset_of!(VmCtx, kind), VmCtxLayout::KIND));
    assert!(at(offset_of!(VmCtx, store), VmCtxLayout::STORE));
    assert!(at(offset_of!(VmCtx, builtins), VmCtxLayout::BUILTINS));
    assert!(at(offset_of!(VmCtx, type_ids), VmCtxLayout::TYPE_IDS));
    assert!(at(offset_of!(VmCtx, instance), VmCtxLayout::INSTANCE));
    assert!(size_of::<VmCtx>() <= VmCtxLayout::HEADER_SIZE as usize);
};
