//! The store: everything that instances share, and the calls into it ([Store][spec]).
//!
//! Outside of this room, things of a store are known by small numbers that only mean something to that store.
//!
//! [spec]: https://webassembly.github.io/spec/core/exec/runtime.html#store
#![expect(unsafe_code, reason = "owns the state that code addresses directly")]

use crate::canary::{CanaryChange, Surroundings};
use crate::ctx::{FuncRef, StoreCtx, TagDef};
use crate::fenced::Fenced;
use crate::gc::{Heap, TypeInfos};
use crate::host::{self, HostBody};
use crate::instance::Instance;
use crate::limits::Limiter;
use crate::memory::{Memory, MemoryError, MemoryPlan, SharedMemory};
use crate::raise::{Pending, Raised, Reason};
use crate::stack::ValueStack;
use crate::table::{self, Table, TableError};
use crate::tail_call::{self, TailCalls};
use crate::{builtins, sys, value::Value};
use assay_model::fault::{Fault, planted};
use assay_model::layout::status;
use assay_model::trap::TrapKind;
use assay_model::types::{GlobalType, MemoryType, TableType};
use rustc_hash::{FxHashMap, FxHashSet};
use std::any::Any;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub u32);

        impl $name {
            fn next(len: usize) -> Self {
                Self(u32::try_from(len).expect("a store holds fewer than 2^32 objects of a kind"))
            }

            pub(crate) fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A function that the embedder has seen.
    FuncId;
    /// A memory.
    MemoryId;
    /// A table.
    TableId;
    /// A global.
    GlobalId;
    /// A tag.
    TagId;
    /// An instance.
    InstanceId;
}

/// Something that can be exported.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ExternId {
    Func(FuncId),
    Memory(MemoryId),
    Table(TableId),
    Global(GlobalId),
    Tag(TagId),
}

/// A global: its cell, which code addresses, and its type, whose references are canonical.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Global {
    pub(crate) cell: *mut Value,
    pub(crate) ty: GlobalType,
}

/// The state behind a [`Store`], at one address for its whole life.
#[expect(clippy::vec_box, reason = "objects keep their address while the vectors grow (invariant 1)")]
pub(crate) struct StoreState {
    pub(crate) ctx: StoreCtx,
    pub(crate) pending: Pending,
    pub(crate) tail_calls: TailCalls,
    /// A panic of the embedder's limiter, carried on when the outermost call returns.
    pub(crate) limiter_panic: Option<Box<dyn Any + Send>>,
    pub(crate) limiter: Option<Box<dyn Limiter + Send>>,
    /// A memory that is not shared has this handle only.
    pub(crate) memories: Vec<Arc<Memory>>,
    pub(crate) tables: Vec<Box<Table>>,
    /// Elements of all tables together.
    table_elements: u64,
    pub(crate) globals: Vec<Global>,
    pub(crate) tags: Vec<Box<TagDef>>,
    pub(crate) instances: Vec<Box<Instance>>,
    pub(crate) value_stack: Option<ValueStack>,
    /// Cells of globals that the embedder made.
    host_cells: Vec<Fenced<Value>>,
    host_refs: Vec<Box<FuncRef>>,
    host_bodies: Vec<Arc<HostBody>>,
    /// The engine's counter, which `ctx` points to.
    _epoch: Arc<AtomicU64>,
    pub(crate) gc: Heap,
    funcs: Vec<NonNull<FuncRef>>,
    func_ids: FxHashMap<NonNull<FuncRef>, FuncId>,
    /// Exit trampolines by shape, as compiled modules bring them.
    exits: FxHashMap<u32, *const ()>,
    exit_sources: FxHashSet<u64>,
    /// References without `wasm_call`, until a trampoline for their shape arrives.
    waiting: Vec<(NonNull<FuncRef>, u32)>,
    pub(crate) max_stack: usize,
    depth: u32,
}

/// A store.
pub struct Store {
    state: NonNull<StoreState>,
}

// SAFETY: the state is owned, used by one thread at a time (invariant 2), and what the embedder puts into it is `Send`.
unsafe impl Send for Store {}
// SAFETY: `&Store` gives shared access to data that only `&mut Store` and the code called with it change.
unsafe impl Sync for Store {}

impl Store {
    /// An empty store. `epoch` is the engine's counter, `types` what is known of its types, `max_stack` the native stack in
    /// bytes that wasm code may use.
    pub fn new(epoch: &Arc<AtomicU64>, types: &Arc<TypeInfos>, max_stack: usize) -> Self {
        let ctx = StoreCtx {
            stack_limit: 0,
            fuel: 0,
            epoch_ptr: Arc::as_ptr(epoch),
            epoch_deadline: u64::MAX,
            last_exit_fp: 0,
            entry_sp: 0,
            trap_payload: 0,
            gc_base: std::ptr::null_mut(),
            gc_bump: 0,
            gc_limit: 0,
            builtins: builtins::table(),
            types: types.base(),
            owner: std::ptr::null_mut(),
            state: std::ptr::null_mut(),
            driven: false,
            activations: std::ptr::null(),
            outer: std::ptr::null(),
        };
        let state = Box::new(StoreState {
            ctx,
            pending: Pending::default(),
            tail_calls: TailCalls::default(),
            limiter_panic: None,
            limiter: None,
            memories: Vec::new(),
            tables: Vec::new(),
            table_elements: 0,
            globals: Vec::new(),
            tags: Vec::new(),
            instances: Vec::new(),
            value_stack: None,
            host_cells: Vec::new(),
            host_refs: Vec::new(),
            host_bodies: Vec::new(),
            _epoch: Arc::clone(epoch),
            gc: Heap::new(Arc::clone(types)),
            funcs: Vec::new(),
            func_ids: FxHashMap::default(),
            exits: FxHashMap::default(),
            exit_sources: FxHashSet::default(),
            waiting: Vec::new(),
            max_stack,
            depth: 0,
        });
        let mut state = NonNull::from(Box::leak(state));
        // SAFETY: just allocated; nobody else has it.
        unsafe { state.as_mut() }.ctx.state = state.as_ptr();
        Self { state }
    }

    pub(crate) fn state(&self) -> &StoreState {
        // SAFETY: the state lives as long as the store (invariant 1); shared access while `self` is shared.
        unsafe { self.state.as_ref() }
    }

    pub(crate) fn state_mut(&mut self) -> &mut StoreState {
        // SAFETY: as above; exclusive access while `self` is exclusive (invariant 2).
        unsafe { self.state.as_mut() }
    }

    pub(crate) fn ctx_ptr(&self) -> *mut StoreCtx {
        let state = self.state.as_ptr();
        // SAFETY: a projection within the live state.
        unsafe { &raw mut (*state).ctx }
    }

    /// Sets the pointer that host functions and the limiter receive.
    pub fn set_owner(&mut self, owner: *mut ()) {
        self.state_mut().ctx.owner = owner;
    }

    /// Sets who is asked before the store grows.
    pub fn set_limiter(&mut self, limiter: Box<dyn Limiter + Send>) {
        self.state_mut().limiter = Some(limiter);
    }

    /// Fuel left; negative when code ran past its end.
    pub fn fuel(&self) -> i64 {
        self.state().ctx.fuel
    }

    /// Sets the fuel left.
    pub fn set_fuel(&mut self, fuel: i64) {
        self.state_mut().ctx.fuel = fuel;
    }

    /// Sets the epoch at which code is interrupted.
    pub fn set_epoch_deadline(&mut self, epoch: u64) {
        self.state_mut().ctx.epoch_deadline = epoch;
    }

    /// The epoch at which code is interrupted.
    pub fn epoch_deadline(&self) -> u64 {
        self.state().ctx.epoch_deadline
    }

    /// How many instances there are.
    pub fn instance_count(&self) -> usize {
        self.state().instances.len()
    }

    /// How many instances the limiter allows.
    pub fn instance_limit(&mut self) -> usize {
        let state = self.state_mut();
        let owner = state.ctx.owner;
        state.limiter.as_mut().map_or(usize::MAX, |limiter| limiter.instances(owner))
    }

    /// Makes a memory.
    ///
    /// # Errors
    /// When the limiter or the system refuses.
    pub fn new_memory(&mut self, ty: MemoryType, plan: MemoryPlan) -> Result<MemoryId, MemoryError> {
        let state = self.state_mut();
        let bytes = u64::try_from(u128::from(ty.limits.min) << ty.page_size_log2).unwrap_or(u64::MAX);
        if !state.may_grow_memory(0, bytes, ty) {
            return Err(MemoryError::Limited { bytes });
        }
        let memory = Memory::new(ty, plan)?;
        state.memories.push(memory);
        Ok(MemoryId::next(state.memories.len() - 1))
    }

    /// Takes a shared memory up, once.
    pub fn add_shared_memory(&mut self, memory: &SharedMemory) -> MemoryId {
        let memories = &mut self.state_mut().memories;
        let known = memories.iter().position(|known| Arc::ptr_eq(known, memory.memory()));
        MemoryId::next(known.unwrap_or_else(|| {
            memories.push(Arc::clone(memory.memory()));
            memories.len() - 1
        }))
    }

    /// The handle of a shared memory; `None` when the memory is not shared.
    pub fn shared_memory(&self, memory: MemoryId) -> Option<SharedMemory> {
        SharedMemory::of(&self.state().memories[memory.index()])
    }

    /// Makes a table filled with `init`.
    ///
    /// # Errors
    /// When the limiter or this implementation refuses its size.
    pub fn new_table(
        &mut self,
        ty: TableType,
        init: u64,
        around: Surroundings,
    ) -> Result<TableId, TableError> {
        let state = self.state_mut();
        let elements = ty.limits.min;
        if !state.may_grow_table(0, elements, ty) {
            return Err(TableError::Limited { elements });
        }
        let together = state.table_elements.saturating_add(elements);
        if elements <= table::MAX_ELEMENTS && together > table::MAX_ELEMENTS_TOGETHER {
            return Err(TableError::TooMany { elements });
        }
        let table = Table::new(ty, init, around)?;
        state.table_elements = together;
        state.tables.push(table);
        Ok(TableId::next(state.tables.len() - 1))
    }

    /// Makes a global of the embedder's.
    pub fn new_global(&mut self, ty: GlobalType, value: Value, around: Surroundings) -> GlobalId {
        let state = self.state_mut();
        // The planted fault writes behind it, and must hurt nobody else.
        let around = if planted(Fault::GlobalSetSpills) { Surroundings::Canaries } else { around };
        let mut cell = Fenced::new([value], around);
        let pointer = cell.as_mut_ptr();
        state.host_cells.push(cell);
        state.add_global(pointer, ty)
    }

    /// Makes a function of the embedder's.
    pub fn new_host_func(&mut self, body: &Arc<HostBody>) -> FuncId {
        let store = self.ctx_ptr();
        let state = self.state_mut();
        let wasm_call = state.exit(body.shape);
        let mut func_ref = Box::new(host::reference(body, store, std::ptr::null_mut(), wasm_call));
        let mut pointer = NonNull::from(&mut *func_ref);
        // SAFETY: the box was just made and stays where it is.
        unsafe { pointer.as_mut() }.ctx = pointer.as_ptr().cast();
        state.host_refs.push(func_ref);
        state.host_bodies.push(Arc::clone(body));
        state.wait_for_exit(pointer, body.shape);
        state.intern(pointer)
    }

    /// Makes a tag of the embedder's, with this canonical function type.
    pub fn new_tag(&mut self, type_id: u32) -> TagId {
        self.state_mut().new_tag(type_id)
    }

    /// The canonical function type of a tag.
    pub fn tag_type(&self, tag: TagId) -> u32 {
        self.state().tags[tag.index()].type_id
    }

    /// The canonical type of a function.
    pub fn func_type(&self, func: FuncId) -> u32 {
        let func_ref = self.state().funcs[func.index()];
        // SAFETY: interned references live as long as the store (invariant 1).
        unsafe { func_ref.as_ref() }.type_id
    }

    /// A function as a value.
    pub fn func_value(&self, func: FuncId) -> Value {
        Value::from_func(self.state().funcs[func.index()].as_ptr())
    }

    /// The function that a value of this store refers to; `None` for null.
    ///
    /// # Panics
    /// When the value is not a function reference of this store.
    pub fn func_from_value(&mut self, value: Value) -> Option<FuncId> {
        let func_ref = NonNull::new(value.as_func())?;
        let state = self.state_mut();
        if let Some(&id) = state.func_ids.get(&func_ref) {
            return Some(id);
        }
        let known = state.instances.iter().any(|instance| instance.owns(func_ref));
        assert!(known, "a function reference belongs to the store it is used with");
        Some(state.intern(func_ref))
    }

    /// The type of a memory.
    pub fn memory_type(&self, memory: MemoryId) -> MemoryType {
        self.state().memories[memory.index()].ty
    }

    /// The size of a memory in pages.
    pub fn memory_pages(&self, memory: MemoryId) -> u64 {
        self.state().memories[memory.index()].pages()
    }

    /// The size of a memory in bytes.
    pub fn memory_len(&self, memory: MemoryId) -> u64 {
        self.state().memories[memory.index()].len()
    }

    /// The bytes of a memory that is not shared.
    ///
    /// # Panics
    /// When the memory is shared.
    pub fn memory_bytes(&self, memory: MemoryId) -> &[u8] {
        self.state().memories[memory.index()].bytes()
    }

    /// The bytes of a memory that is not shared, to write.
    ///
    /// # Panics
    /// When the memory is shared.
    pub fn memory_bytes_mut(&mut self, memory: MemoryId) -> &mut [u8] {
        let memory = Arc::get_mut(&mut self.state_mut().memories[memory.index()]);
        memory.expect("the store has the only handle of a memory that is not shared").bytes_mut()
    }

    /// Grows a memory; the pages before, or `None` when it cannot be.
    pub fn grow_memory(&mut self, memory: MemoryId, delta: u64) -> Option<u64> {
        self.state_mut().grow_memory(memory, delta)
    }

    /// The type of a table.
    pub fn table_type(&self, table: TableId) -> TableType {
        self.state().tables[table.index()].ty
    }

    /// The elements of a table.
    pub fn table_elements(&self, table: TableId) -> &[u64] {
        self.state().tables[table.index()].elements()
    }

    /// The elements of a table, to write.
    pub fn table_elements_mut(&mut self, table: TableId) -> &mut [u64] {
        self.state_mut().tables[table.index()].elements_mut()
    }

    /// Grows a table; the elements before, or `None` when it cannot be.
    pub fn grow_table(&mut self, table: TableId, delta: u64, init: u64) -> Option<u64> {
        self.state_mut().grow_table(table, delta, init)
    }

    /// The type of a global.
    pub fn global_type(&self, global: GlobalId) -> GlobalType {
        self.state().globals[global.index()].ty
    }

    /// The value of a global.
    pub fn global_value(&self, global: GlobalId) -> Value {
        let cell = self.state().globals[global.index()].cell;
        // SAFETY: cells live as long as the store (invariant 1).
        unsafe { cell.read() }
    }

    /// Writes a global.
    pub fn set_global_value(&mut self, global: GlobalId, value: Value) {
        let cell = self.state().globals[global.index()].cell;
        // SAFETY: as above, and `self` is exclusive.
        unsafe { cell.write(value) };
    }

    /// Looks whether something wrote around memories, tables, contexts, segments and globals of the embedder, where the engine
    /// keeps canaries there.
    ///
    /// # Errors
    /// The first canary that was written to.
    pub fn check_canaries(&self) -> Result<(), CanaryChange> {
        let state = self.state();
        let memories = state.memories.iter().map(|memory| ("memory", memory.canary_change()));
        let tables = state.tables.iter().map(|table| ("table", table.canary_change()));
        let contexts = state.instances.iter().map(|instance| ("instance", instance.context.canary_change()));
        let segments =
            state.instances.iter().map(|instance| ("a segment of instance", instance.segment_change()));
        let globals = state.host_cells.iter().map(|cell| ("global of the embedder", cell.canary_change()));
        let all = (0..).zip(memories).chain((0..).zip(tables)).chain((0..).zip(contexts));
        let all = all.chain((0..).zip(segments)).chain((0..).zip(globals));
        for (number, (kind, change)) in all {
            if let Some(distance) = change {
                let number: usize = number;
                return Err(CanaryChange { what: format!("{kind} {number}"), distance });
            }
        }
        Ok(())
    }

    /// Calls a function: arguments in `values`, results back in them.
    ///
    /// # Errors
    /// What the call raised.
    ///
    /// # Safety
    /// `values` is as long as the longer of parameters and results (invariant 4), and holds arguments of the
    /// function's parameter types that belong to this store.
    pub unsafe fn call(&mut self, func: FuncId, values: &mut [Value]) -> Result<(), Raised> {
        let func_ref = self.state().funcs[func.index()].as_ptr();
        let store = self.ctx_ptr();
        if !self.state_mut().begin_call() {
            let reason = Reason::Trap { kind: TrapKind::StackOverflow, detail: None };
            return Err(Raised { reason, frames: Vec::new(), omitted: 0 });
        }
        // SAFETY: by the caller's promise; interned references live as long as the store (invariant 1).
        let outcome = unsafe { tail_call::invoke(func_ref, values.as_mut_ptr()) };
        // SAFETY: the call is over; nobody else refers to the state (invariant 2).
        let state = unsafe { state_of(store) };
        state.depth -= 1;
        if let Some(panic) = state.limiter_panic.take_if(|_| state.depth == 0) {
            std::panic::resume_unwind(panic);
        }
        if !state.gc.dropped.is_empty() && state.depth == 0 {
            state.gc.dropped.clear();
        }
        if outcome == status::OK { Ok(()) } else { Err(state.pending.take()) }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: the state came from a box and is dropped once; no code of the store runs any more.
        drop(unsafe { Box::from_raw(self.state.as_ptr()) });
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("instances", &self.state().instances.len()).finish_non_exhaustive()
    }
}

impl StoreState {
    /// Sets the stack limit for an outermost call; false when the stack is used up already.
    fn begin_call(&mut self) -> bool {
        let sp = sys::stack_pointer();
        if self.depth == 0 {
            self.ctx.stack_limit = sp.saturating_sub(self.max_stack).max(sys::lowest_usable()) as u64;
        }
        let fits = sp as u64 > self.ctx.stack_limit;
        self.depth += u32::from(fits);
        fits
    }

    pub(crate) fn add_global(&mut self, cell: *mut Value, ty: GlobalType) -> GlobalId {
        self.globals.push(Global { cell, ty });
        GlobalId::next(self.globals.len() - 1)
    }

    pub(crate) fn new_tag(&mut self, type_id: u32) -> TagId {
        self.tags.push(Box::new(TagDef { type_id }));
        TagId::next(self.tags.len() - 1)
    }

    pub(crate) fn intern(&mut self, func_ref: NonNull<FuncRef>) -> FuncId {
        let next = FuncId::next(self.funcs.len());
        let id = *self.func_ids.entry(func_ref).or_insert(next);
        if id == next {
            self.funcs.push(func_ref);
        }
        id
    }

    pub(crate) fn func(&self, func: FuncId) -> NonNull<FuncRef> {
        self.funcs[func.index()]
    }

    /// The exit trampoline for a shape; null until a compiled module brings one.
    pub(crate) fn exit(&self, shape: u32) -> *const () {
        self.exits.get(&shape).copied().unwrap_or(std::ptr::null())
    }

    /// Remembers a reference whose `wasm_call` is still missing.
    pub(crate) fn wait_for_exit(&mut self, func_ref: NonNull<FuncRef>, shape: u32) {
        // SAFETY: references live as long as the store (invariant 1).
        if unsafe { func_ref.as_ref() }.wasm_call.is_null() {
            self.waiting.push((func_ref, shape));
        }
    }

    /// Takes the exit trampolines of the module with this token, once.
    pub(crate) fn add_exits(&mut self, token: u64, exits: &[(u32, usize)]) {
        if !self.exit_sources.insert(token) {
            return;
        }
        self.exits.extend(exits.iter().map(|&(shape, address)| (shape, address as *const ())));
        let known = &self.exits;
        self.waiting.retain_mut(|(func_ref, shape)| match known.get(shape) {
            Some(&exit) => {
                // SAFETY: references live as long as the store (invariant 1), and no code of it runs now or reads the
                // field: compiled code that can see the reference has a trampoline for its shape already.
                unsafe { func_ref.as_mut() }.wasm_call = exit;
                false
            }
            None => true,
        });
    }

    fn may_grow_memory(&mut self, current: u64, desired: u64, ty: MemoryType) -> bool {
        let owner = self.ctx.owner;
        let maximum = ty.limits.max.map(|pages| pages.saturating_mul(ty.page_size()));
        self.ask(|limiter| limiter.memory_growing(owner, current, desired, maximum))
    }

    fn may_grow_table(&mut self, current: u64, desired: u64, ty: TableType) -> bool {
        let owner = self.ctx.owner;
        self.ask(|limiter| limiter.table_growing(owner, current, desired, ty.limits.max))
    }

    pub(crate) fn may_grow_heap(&mut self, current: u32, desired: u32) -> bool {
        let (owner, most) = (self.ctx.owner, u64::from(self.gc.most));
        self.ask(|limiter| limiter.gc_heap_growing(owner, current.into(), desired.into(), most))
    }

    /// Asks the limiter. A panic of it must not pass through compiled code, so it waits until the call is over.
    fn ask(&mut self, question: impl FnOnce(&mut dyn Limiter) -> bool) -> bool {
        let Some(limiter) = &mut self.limiter else { return true };
        let limiter = limiter.as_mut();
        let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| question(limiter)));
        match answer {
            Ok(answer) => answer,
            Err(panic) if self.depth > 0 => {
                self.limiter_panic = Some(panic);
                false
            }
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    pub(crate) fn grow_memory(&mut self, memory: MemoryId, delta: u64) -> Option<u64> {
        let object = &self.memories[memory.index()];
        let (ty, current) = (object.ty, object.len());
        let desired = object.grown(delta)?;
        if desired != current && !self.may_grow_memory(current, desired, ty) {
            return None;
        }
        self.memories[memory.index()].grow(delta)
    }

    pub(crate) fn grow_table(&mut self, table: TableId, delta: u64, init: u64) -> Option<u64> {
        let object = &self.tables[table.index()];
        let (ty, current) = (object.ty, object.def.len);
        let desired = object.grown(delta)?;
        if desired != current && !self.may_grow_table(current, desired, ty) {
            return None;
        }
        let together = self.table_elements.saturating_add(desired - current);
        if together > table::MAX_ELEMENTS_TOGETHER {
            return None;
        }
        let before = self.tables[table.index()].grow(delta, init)?;
        self.table_elements = together;
        Some(before)
    }

    pub(crate) fn add_instance(&mut self, instance: Box<Instance>) -> InstanceId {
        self.instances.push(instance);
        InstanceId::next(self.instances.len() - 1)
    }

    pub(crate) fn next_instance(&self) -> InstanceId {
        InstanceId::next(self.instances.len())
    }
}

/// The state of the store that `store` is the context of.
///
/// # Safety
/// The store is alive and used by this thread, and no other reference to its state is in use while the result is
/// (invariants 1 and 2).
pub(crate) unsafe fn state_of<'a>(store: *mut StoreCtx) -> &'a mut StoreState {
    // SAFETY: by the caller's promise.
    let state = unsafe { (*store).state };
    // SAFETY: by the caller's promise.
    unsafe { &mut *state }
}
