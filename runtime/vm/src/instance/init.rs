//! Instantiation after linking ([Instantiation][spec], steps 5 to 26): allocate, initialise globals, apply segments.
//!
//! What a failing segment has written before it stays, and the instance stays in the store, as the specification asks.
//! The start function is the caller's business.
//!
//! [spec]: https://webassembly.github.io/spec/core/exec/modules.html#instantiation

use super::const_expr::{evaluate, func_value};
use super::context::Context;
use super::{Imports, Instance, InstanceParts};
use crate::canary::Surroundings;
use crate::ctx::{FuncRef, StoreCtx, VmCtx};
use crate::fenced::Fenced;
use crate::memory::MemoryError;
use crate::store::{ExternId, FuncId, InstanceId, Store, StoreState};
use crate::table::TableError;
use crate::{builtins, host, value::Value};
use assay_model::fault::{Fault, planted};
use assay_model::index::{
    DataIdx, DefinedGlobalIdx, ElemIdx, FuncIdx, GlobalIdx, MemoryIdx, TableIdx, TagIdx,
};
use assay_model::layout::{VmCtxLayout, func_import, func_kind, memory_slot};
use assay_model::module::{DataMode, ElemItems, ElemMode};
use assay_model::trap::TrapKind;
use assay_model::types::TableType;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;

/// Why there is no usable instance.
#[derive(Debug, thiserror::Error)]
pub enum InstantiateError {
    /// A memory could not be made.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A table could not be made.
    #[error(transparent)]
    Table(#[from] TableError),
    /// There is no address space for the GC heap.
    #[error("there is no address space for the GC heap")]
    Heap,
    /// A segment does not fit.
    #[error("{0}")]
    Trap(TrapKind),
}

impl Store {
    /// Makes an instance. `imports` have been matched against the module's types.
    ///
    /// # Errors
    /// When memories or tables cannot be had, or a segment traps.
    pub fn instantiate(
        &mut self,
        parts: &InstanceParts,
        imports: Imports,
    ) -> Result<InstanceId, InstantiateError> {
        if parts.model.has_objects() && self.state_mut().reserve_heap().is_none() {
            return Err(InstantiateError::Heap);
        }
        let id = self.allocate(parts, imports)?;
        let store = self.ctx_ptr();
        let state = self.state_mut();
        for position in 0..parts.model.global_inits.len() {
            let global = DefinedGlobalIdx::from_index(position);
            let value = evaluate(state, id, &parts.model.global_inits[position])?;
            state.instances[id.index()].context.set(parts.layout.defined_global(global), value);
        }
        debug_assert_eq!(store, &raw mut state.ctx);
        fill_tables(state, id, parts)?;
        evaluate_elems(state, id, parts)?;
        apply_elems(state, id, parts)?;
        apply_data(state, id, parts)?;
        Ok(id)
    }

    fn allocate(&mut self, parts: &InstanceParts, imports: Imports) -> Result<InstanceId, InstantiateError> {
        let model = &*parts.model;
        let mut memories = imports.memories;
        for &ty in &model.memories[memories.len()..] {
            memories.push(self.new_memory(ty, parts.memories)?);
        }
        let mut tables = imports.tables;
        for &ty in &model.tables[tables.len()..] {
            tables.push(self.new_table(ty, 0, parts.memories.around)?);
        }
        let store = self.ctx_ptr();
        let state = self.state_mut();
        let mut tags = imports.tags;
        for ty in &model.tags[tags.len()..] {
            tags.push(state.new_tag(parts.type_ids[ty.index()]));
        }
        state.add_exits(parts.token, &parts.code.exits);
        if planted(Fault::CodePatched) {
            parts.code.scribble();
        }
        let context = Context::new(parts.layout.size(), parts.memories.around);
        let bound = bind(state, store, context.vmctx(), &imports.funcs);
        let mut instance = Box::new(Instance {
            context,
            parts: parts.clone(),
            id: state.next_instance(),
            tables,
            memories,
            globals: imports.globals,
            tags,
            funcs: imports.funcs,
            bound,
            data: model.data.iter().map(|segment| segment.range.clone()).collect(),
            fenced_data: fenced_data(parts),
            elems: Vec::new(),
        });
        fill_header(&mut instance, store);
        fill_slots(&mut instance, state);
        fill_funcs(&mut instance, state, store);
        Ok(state.add_instance(instance))
    }
}

/// The data segments between canaries, where a judge asks for them.
fn fenced_data(parts: &InstanceParts) -> Vec<Fenced<u8>> {
    let around = parts.memories.around;
    if around != Surroundings::Canaries {
        return Vec::new();
    }
    let bytes = |range: &Range<u32>| parts.bytes[range.start as usize..range.end as usize].iter().copied();
    parts.model.data.iter().map(|segment| Fenced::new(bytes(&segment.range), around)).collect()
}

/// References of their own to imported host functions, in import order.
fn bind(state: &StoreState, store: *mut StoreCtx, vmctx: *mut VmCtx, funcs: &[FuncId]) -> Box<[FuncRef]> {
    let mut bound = Vec::new();
    for &func in funcs {
        // SAFETY: interned references live as long as the store (invariant 1).
        let original = unsafe { state.func(func).as_ref() };
        if original.kind == func_kind::HOST {
            // SAFETY: the body of a host reference is a `HostBody` that the store keeps (invariant 1).
            let body = unsafe { &*original.body.cast::<host::HostBody>() };
            bound.push(host::reference(body, store, vmctx, state.exit(body.shape)));
        }
    }
    let mut bound = bound.into_boxed_slice();
    for func_ref in &mut bound {
        func_ref.ctx = std::ptr::from_mut(func_ref).cast();
    }
    bound
}

fn fill_header(instance: &mut Instance, store: *mut StoreCtx) {
    let header = VmCtx {
        magic: VmCtxLayout::MAGIC_VALUE,
        kind: instance.parts.code.kind,
        store,
        builtins: builtins::table(),
        type_ids: instance.parts.type_ids.as_ptr(),
        instance: std::ptr::from_mut(instance),
    };
    instance.context.set(0, header);
}

fn fill_slots(instance: &mut Instance, state: &mut StoreState) {
    let layout = instance.parts.layout;
    let context = &instance.context;
    for (position, id) in instance.memories.iter().enumerate() {
        let def = &raw const state.memories[id.index()].def;
        let slot = layout.memory(MemoryIdx::from_index(position));
        // SAFETY: the store has a handle of the memory, which stays where it is.
        context.set(slot + memory_slot::BASE, unsafe { (*def).base });
        context.set(slot + memory_slot::DEF, def);
    }
    for (position, id) in instance.tables.iter().enumerate() {
        let def = &raw mut state.tables[id.index()].def;
        context.set(layout.table(TableIdx::from_index(position)), def);
    }
    for (position, id) in instance.globals.iter().enumerate() {
        let cell = state.globals[id.index()].cell;
        context.set(layout.imported_global(GlobalIdx::from_index(position)), cell);
    }
    for (position, id) in instance.tags.iter().enumerate() {
        let tag = &raw const *state.tags[id.index()];
        context.set(layout.tag(TagIdx::from_index(position)), tag);
    }
    let model = Arc::clone(&instance.parts.model);
    for (position, &ty) in model.globals[model.imported_globals as usize..].iter().enumerate() {
        let cell = context.place::<Value>(layout.defined_global(DefinedGlobalIdx::from_index(position)));
        instance.globals.push(state.add_global(cell.as_ptr(), ty));
    }
}

fn fill_funcs(instance: &mut Instance, state: &mut StoreState, store: *mut StoreCtx) {
    let layout = instance.parts.layout;
    let vmctx = instance.context.vmctx();
    let mut bound = instance.bound.iter_mut();
    for (position, &func) in instance.funcs.iter().enumerate() {
        let original = state.func(func);
        // SAFETY: interned references live as long as the store (invariant 1).
        let is_host = unsafe { original.as_ref() }.kind == func_kind::HOST;
        let func_ref = if is_host { bound.next().map_or(original, NonNull::from) } else { original };
        // SAFETY: the record is boxed, in the instance or elsewhere in the store.
        let record = unsafe { func_ref.as_ref() };
        let slot = layout.imported_func(FuncIdx::from_index(position));
        instance.context.set(slot + func_import::WASM_CALL, record.wasm_call);
        instance.context.set(slot + func_import::CTX, record.ctx);
        instance.context.set(slot + func_import::FUNC_REF, func_ref.as_ptr());
    }
    let code = instance.parts.code.clone();
    for (position, escape) in code.escapes.iter().enumerate() {
        let place =
            instance.context.func_ref(&instance.parts, assay_model::index::EscapeIdx::from_index(position));
        let compiled = code.kind == func_kind::COMPILED;
        let wasm_call = if compiled { escape.wasm_call as *const () } else { state.exit(escape.shape) };
        let record = FuncRef {
            wasm_call,
            array_call: code.array_call,
            ctx: if compiled { vmctx.cast() } else { place.as_ptr().cast() },
            type_id: escape.type_id,
            kind: code.kind,
            store,
            body: escape.body as *const (),
            vmctx,
        };
        // SAFETY: a place in the context of this instance, which nobody else refers to yet.
        unsafe { place.write(record) };
        state.wait_for_exit(place, escape.shape);
    }
}

fn fill_tables(
    state: &mut StoreState,
    id: InstanceId,
    parts: &InstanceParts,
) -> Result<(), InstantiateError> {
    let imported = parts.model.imported_tables as usize;
    for (position, init) in parts.model.table_inits.iter().enumerate() {
        if let Some(init) = init {
            let value = evaluate(state, id, init)?.low();
            let table = state.instances[id.index()].tables[imported + position];
            state.tables[table.index()].elements_mut().fill(value);
        }
    }
    Ok(())
}

fn evaluate_elems(
    state: &mut StoreState,
    id: InstanceId,
    parts: &InstanceParts,
) -> Result<(), InstantiateError> {
    let mut elems: Vec<Fenced<u64>> = Vec::with_capacity(parts.model.elems.len());
    for elem in &parts.model.elems {
        let items: Vec<u64> = match &elem.items {
            ElemItems::Funcs(funcs) => funcs.iter().map(|&func| func_value(state, id, func).low()).collect(),
            ElemItems::Exprs(exprs) => {
                let values = exprs.iter().map(|expr| Ok(evaluate(state, id, expr)?.low()));
                values.collect::<Result<_, InstantiateError>>()?
            }
        };
        elems.push(Fenced::new(items, parts.memories.around));
    }
    state.instances[id.index()].elems = elems;
    Ok(())
}

fn apply_elems(
    state: &mut StoreState,
    id: InstanceId,
    parts: &InstanceParts,
) -> Result<(), InstantiateError> {
    for (position, elem) in parts.model.elems.iter().enumerate() {
        let segment = ElemIdx::from_index(position);
        if let ElemMode::Active { table, offset } = &elem.mode {
            let offset = evaluate(state, id, offset)?;
            let table = state.instances[id.index()].tables[table.index()];
            let object = &mut state.tables[table.index()];
            let offset = index_value(offset, object.ty);
            let items = state.instances[id.index()].elem_segment(segment);
            let target = offset.checked_add(items.len() as u64).filter(|&end| end <= object.def.len);
            let end = target.ok_or(InstantiateError::Trap(TrapKind::TableOutOfBounds))?;
            object.elements_mut()[offset as usize..end as usize].copy_from_slice(items);
        }
        if !matches!(elem.mode, ElemMode::Passive) {
            state.instances[id.index()].drop_elem(segment);
        }
    }
    Ok(())
}

fn index_value(value: Value, ty: TableType) -> u64 {
    if ty.table64 { value.low() } else { u64::from(value.as_i32() as u32) }
}

fn apply_data(state: &mut StoreState, id: InstanceId, parts: &InstanceParts) -> Result<(), InstantiateError> {
    for (position, data) in parts.model.data.iter().enumerate() {
        let segment = DataIdx::from_index(position);
        if let DataMode::Active { memory, offset } = &data.mode {
            let offset = evaluate(state, id, offset)?;
            let memory = state.instances[id.index()].memories[memory.index()];
            let object = &state.memories[memory.index()];
            let offset = if object.ty.memory64 { offset.low() } else { u64::from(offset.as_i32() as u32) };
            let bytes = state.instances[id.index()].data_segment(segment);
            let written = object.write(offset, bytes);
            written.ok_or(InstantiateError::Trap(TrapKind::MemoryOutOfBounds))?;
            state.instances[id.index()].drop_data(segment);
        }
    }
    Ok(())
}

impl ExternId {
    /// The function, when it is one.
    pub fn func(self) -> Option<FuncId> {
        match self {
            ExternId::Func(func) => Some(func),
            _ => None,
        }
    }
}
