//! Instances ([Module instances][spec]): their context, segments and place in the store.
//!
//! [`InstanceParts`] enter, made once for each module; a filled context leaves, with a reference for each function that
//! can be seen from outside. The engines differ here only in what a reference's entry and body are.
//!
//! [spec]: https://webassembly.github.io/spec/core/exec/modules.html#instantiation
#![expect(unsafe_code, reason = "fills contexts that code addresses directly")]

mod const_expr;
mod context;
mod init;

pub use init::InstantiateError;

use crate::CodeImage;
use crate::ctx::{ArrayCall, FuncRef, VmCtx};
use crate::fenced::Fenced;
use crate::memory::MemoryPlan;
use crate::store::{ExternId, FuncId, GlobalId, InstanceId, MemoryId, Store, TableId, TagId};
use assay_model::index::{DataIdx, ElemIdx, FuncIdx};
use assay_model::layout::{AbiSig, VmCtxLayout, func_kind};
use assay_model::module::{ImportItem, ModuleModel};
use context::Context;
use std::any::Any;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;

/// What instances of one module have in common.
#[derive(Clone)]
pub struct InstanceParts {
    /// The model, with canonical references in the types of tables and globals.
    pub model: Arc<ModuleModel>,
    /// The layout of the context.
    pub layout: VmCtxLayout,
    /// Canonical type of each type index.
    pub type_ids: Arc<[u32]>,
    /// The binary, for data segments.
    pub bytes: Arc<[u8]>,
    /// The code.
    pub code: DefinedFuncs,
    /// How memories are mapped.
    pub memories: MemoryPlan,
    /// The module's name in backtraces.
    pub token: u64,
}

/// The code of a module, as function references need it.
#[derive(Clone)]
pub struct DefinedFuncs {
    kind: u32,
    array_call: ArrayCall,
    /// For each escaping function, in order.
    escapes: Arc<[Escape]>,
    /// Exit trampolines that the module brings, by shape.
    exits: Arc<[(u32, usize)]>,
    /// Keeps the code alive (invariant 6).
    _keep: Arc<dyn Any + Send + Sync>,
}

#[derive(Copy, Clone)]
struct Escape {
    type_id: u32,
    shape: u32,
    wasm_call: usize,
    body: usize,
}

/// The escaping functions of a module with their type indices, in the order of their records.
fn escaping(model: &ModuleModel) -> Vec<(FuncIdx, usize)> {
    let mut found: Vec<(u32, FuncIdx, usize)> = Vec::with_capacity(model.escaping_funcs as usize);
    for (position, func) in model.funcs.iter().enumerate() {
        found.extend(func.escape.map(|escape| (escape.0, FuncIdx::from_index(position), func.ty.index())));
    }
    found.sort_unstable_by_key(|(escape, ..)| *escape);
    found.into_iter().map(|(_, func, ty)| (func, ty)).collect()
}

impl DefinedFuncs {
    /// Compiled code. `type_ids` are canonical types by type index, `shape` numbers machine shapes engine-wide.
    ///
    /// # Errors
    /// The shape for which the image lacks a trampoline.
    pub fn compiled(
        model: &ModuleModel,
        type_ids: &[u32],
        image: &Arc<CodeImage>,
        shape_of: &dyn Fn(usize) -> AbiSig,
        mut number: impl FnMut(&AbiSig) -> u32,
    ) -> Result<Self, AbiSig> {
        let mut escapes = Vec::new();
        for (func, ty) in escaping(model) {
            let shape = shape_of(ty);
            let defined = model.defined_func(func).expect("only defined functions have records");
            let body = image.entry_trampoline(&shape).ok_or_else(|| shape.clone())? as usize;
            let wasm_call = image.function(defined) as usize;
            escapes.push(Escape { type_id: type_ids[ty], shape: number(&shape), wasm_call, body });
        }
        let exits =
            image.exit_trampolines().map(|(shape, address)| (number(shape), address as usize)).collect();
        Ok(Self {
            kind: func_kind::COMPILED,
            array_call: crate::engine_api::enter_compiled,
            escapes: escapes.into(),
            exits,
            _keep: Arc::clone(image) as Arc<dyn Any + Send + Sync>,
        })
    }

    /// Writes to a byte of the compiled code: a planted fault.
    fn scribble(&self) {
        if let Some(image) = self._keep.downcast_ref::<CodeImage>() {
            image.scribble();
        }
    }

    /// Interpreted code.
    ///
    /// # Safety
    /// `array_call` can run what `body` answers, which stays valid as long as `keep` lives.
    pub unsafe fn interpreted(
        model: &ModuleModel,
        type_ids: &[u32],
        array_call: ArrayCall,
        body: impl Fn(FuncIdx) -> *const (),
        shape: impl Fn(usize) -> u32,
        keep: Arc<dyn Any + Send + Sync>,
    ) -> Self {
        let escape = |(func, ty): (FuncIdx, usize)| Escape {
            type_id: type_ids[ty],
            shape: shape(ty),
            wasm_call: 0,
            body: body(func) as usize,
        };
        let escapes = escaping(model).into_iter().map(escape).collect();
        Self { kind: func_kind::INTERPRETED, array_call, escapes, exits: Arc::new([]), _keep: keep }
    }
}

/// What an instance imports, by kind, in the order of the index spaces.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Imports {
    pub funcs: Vec<FuncId>,
    pub tables: Vec<TableId>,
    pub memories: Vec<MemoryId>,
    pub globals: Vec<GlobalId>,
    pub tags: Vec<TagId>,
}

/// An instance.
pub(crate) struct Instance {
    pub(crate) context: Context,
    pub(crate) parts: InstanceParts,
    pub(crate) id: InstanceId,
    pub(crate) tables: Vec<TableId>,
    pub(crate) memories: Vec<MemoryId>,
    pub(crate) globals: Vec<GlobalId>,
    pub(crate) tags: Vec<TagId>,
    /// Imported functions, as they were given.
    funcs: Vec<FuncId>,
    /// References to imported host functions, bound to this instance.
    bound: Box<[FuncRef]>,
    /// Data segments; empty when dropped.
    data: Vec<Range<u32>>,
    /// The same between canaries, where a judge asks for them: nothing is read from the binary then.
    fenced_data: Vec<Fenced<u8>>,
    /// Element segments; empty when dropped.
    elems: Vec<Fenced<u64>>,
}

impl Instance {
    pub(crate) fn data_segment(&self, segment: DataIdx) -> &[u8] {
        if let Some(fenced) = self.fenced_data.get(segment.index()) {
            return fenced.items();
        }
        let range = &self.data[segment.index()];
        &self.parts.bytes[range.start as usize..range.end as usize]
    }

    pub(crate) fn elem_segment(&self, segment: ElemIdx) -> &[u64] {
        self.elems[segment.index()].items()
    }

    pub(crate) fn elems_mut(&mut self) -> &mut [Fenced<u64>] {
        &mut self.elems
    }

    pub(crate) fn drop_data(&mut self, segment: DataIdx) {
        self.data[segment.index()] = 0..0;
        if let Some(fenced) = self.fenced_data.get_mut(segment.index()) {
            *fenced = Fenced::new([], self.parts.memories.around);
        }
    }

    pub(crate) fn drop_elem(&mut self, segment: ElemIdx) {
        self.elems[segment.index()] = Fenced::new([], self.parts.memories.around);
    }

    /// How far from a segment a canary was written to.
    pub(crate) fn segment_change(&self) -> Option<i64> {
        let data = self.fenced_data.iter().find_map(Fenced::canary_change);
        data.or_else(|| self.elems.iter().find_map(Fenced::canary_change))
    }

    /// Whether a reference is one of this instance's.
    pub(crate) fn owns(&self, func_ref: NonNull<FuncRef>) -> bool {
        let own = self.context.func_refs(&self.parts);
        own.contains(&func_ref.as_ptr().cast_const())
            || self.bound.as_ptr_range().contains(&func_ref.as_ptr().cast_const())
    }

    /// The defined function whose record this is.
    fn defined_at(&self, func_ref: NonNull<FuncRef>) -> Option<FuncIdx> {
        let funcs = self.parts.model.funcs.len();
        (0..funcs).map(FuncIdx::from_index).find(|&func| self.func_ref(func) == Some(func_ref))
    }

    /// Which of the imported host functions this record is bound to.
    fn bound_at(&self, func_ref: NonNull<FuncRef>) -> Option<usize> {
        self.bound.iter().position(|bound| std::ptr::eq(bound, func_ref.as_ptr()))
    }

    fn func_ref(&self, func: FuncIdx) -> Option<NonNull<FuncRef>> {
        self.parts.model.funcs[func.index()].escape.map(|escape| self.context.func_ref(&self.parts, escape))
    }
}

/// The instance that a context belongs to; none for null.
///
/// # Safety
/// `vmctx` is null or the context of an instance that is alive and used by this thread (invariants 1 and 2).
pub(crate) unsafe fn id_of(vmctx: *mut VmCtx) -> Option<InstanceId> {
    let vmctx = NonNull::new(vmctx)?;
    // SAFETY: by the caller's promise.
    let instance = unsafe { vmctx.as_ref() }.instance;
    // SAFETY: by the caller's promise.
    Some(unsafe { (*instance).id })
}

impl Store {
    /// What an instance exports, defines or imports under an index.
    ///
    /// # Panics
    /// For a defined function without a record: it cannot be seen from outside.
    pub fn instance_item(&mut self, instance: InstanceId, item: ImportItem) -> ExternId {
        let state = self.state_mut();
        let object = &state.instances[instance.index()];
        match item {
            ImportItem::Func(func) => {
                if let Some(&imported) = object.funcs.get(func.index()) {
                    return ExternId::Func(imported);
                }
                let func_ref = object.func_ref(func).expect("functions that are seen have records");
                ExternId::Func(state.intern(func_ref))
            }
            ImportItem::Table(table) => ExternId::Table(object.tables[table.index()]),
            ImportItem::Memory(memory) => ExternId::Memory(object.memories[memory.index()]),
            ImportItem::Global(global) => ExternId::Global(object.globals[global.index()]),
            ImportItem::Tag(tag) => ExternId::Tag(object.tags[tag.index()]),
        }
    }

    /// The instance that defines a function, or that imports it from the host, with its index there. `None` for host
    /// functions that no instance imported.
    pub fn func_origin(&self, func: FuncId) -> Option<(InstanceId, FuncIdx)> {
        let state = self.state();
        let func_ref = state.func(func);
        state.instances.iter().find_map(|instance| {
            if let Some(defined) = instance.defined_at(func_ref) {
                return Some((instance.id, defined));
            }
            let bound = instance.bound_at(func_ref)?;
            // SAFETY: interned references live as long as the store (invariant 1).
            let is_host = |&func: &FuncId| unsafe { state.func(func).as_ref() }.kind == func_kind::HOST;
            let mut hosts = (0..).zip(&instance.funcs).filter(|(_, func)| is_host(func));
            hosts.nth(bound).map(|(index, _)| (instance.id, FuncIdx::from_index(index)))
        })
    }

    /// The model of an instance's module.
    pub fn instance_model(&self, instance: InstanceId) -> &Arc<ModuleModel> {
        &self.state().instances[instance.index()].parts.model
    }

    /// The instances of a module.
    pub fn instances_of(&self, token: u64) -> impl Iterator<Item = InstanceId> + '_ {
        let ours = self.state().instances.iter().enumerate().filter(move |(_, of)| of.parts.token == token);
        ours.map(|(index, _)| InstanceId(index as u32))
    }

    /// The token of an instance's module.
    pub fn instance_token(&self, instance: InstanceId) -> u64 {
        self.state().instances[instance.index()].parts.token
    }

    /// All memories, tables and globals of an instance, exported or not, in the order of the index spaces.
    pub fn instance_objects(&self, instance: InstanceId) -> (&[MemoryId], &[TableId], &[GlobalId]) {
        let object = &self.state().instances[instance.index()];
        (&object.memories, &object.tables, &object.globals)
    }
}
