//! Instantiation: imports are matched, the machine makes the instance, the start function runs.

use crate::error::{Error, LinkError, MissingImport, Result};
use crate::externals::{Extern, ExternType};
use crate::func::{Func, TypedFunc, WasmParams, WasmResults};
use crate::linker::Definition;
use crate::store::{AsContextMut, StoreId, StoreOpaque};
use crate::{Engine, Global, Memory, Module, SharedMemory, Table};
use assay_model::module::{Import, ImportItem};
use assay_model::types::CanonId;
use assay_vm::{Imports, InstanceId, InstantiateError};
use std::marker::PhantomData;

/// A handle to an instance.
#[derive(Copy, Clone, Debug)]
pub struct Instance {
    store: StoreId,
    id: InstanceId,
}

impl Instance {
    /// Instantiates a module with imports in the order of [`Module::imports`], and runs its start function.
    ///
    /// # Errors
    /// When imports do not match, memory is short, or a segment or the start function traps. What was written before
    /// a trap stays.
    pub fn new(mut store: impl AsContextMut, module: &Module, imports: &[Extern]) -> Result<Self> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        check_engine(opaque, module)?;
        let wanted = &module.model().imports;
        if wanted.len() != imports.len() {
            let message =
                format!("the module has {} imports, but {} were given", wanted.len(), imports.len());
            return Err(Error::Usage(message));
        }
        let mut given = Imports::default();
        for (import, item) in wanted.iter().zip(imports) {
            check(opaque, module, import, item)?;
            push(opaque, &mut given, item)?;
        }
        Self::start(opaque, module, given)
    }

    /// Instantiates with imports that have been matched.
    pub(crate) fn start(opaque: &mut StoreOpaque, module: &Module, imports: Imports) -> Result<Self> {
        let limit = opaque.vm.instance_limit();
        if opaque.vm.instance_count() >= limit {
            return Err(Error::Limit(format!("the store's limits allow {limit} instances")));
        }
        opaque.remember(module);
        let id = opaque.vm.instantiate(module.parts(), imports).map_err(|error| match error {
            InstantiateError::Trap(kind) => Error::from(kind),
            other => Error::Limit(other.to_string()),
        })?;
        if let Some(start) = module.model().start {
            let item = opaque.vm.instance_item(id, ImportItem::Func(start));
            let id = item.func().expect("a start function is a function");
            Func { store: opaque.id, id }.call_values(opaque, &mut [])?;
        }
        Ok(Self { store: opaque.id, id })
    }

    /// The export with this name.
    ///
    /// # Panics
    /// When the instance belongs to another store, as for every method here.
    pub fn get_export(&self, mut store: impl AsContextMut, name: &str) -> Option<Extern> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        opaque.check(self.store).expect("the instance belongs to this store");
        let token = opaque.vm.instance_token(self.id);
        let item = opaque.module(token).export_item(name)?;
        let id = opaque.vm.instance_item(self.id, item);
        Some(Extern::from_id(opaque, id))
    }

    /// Every export, in order.
    pub fn exports(&self, mut store: impl AsContextMut) -> Vec<(String, Extern)> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        opaque.check(self.store).expect("the instance belongs to this store");
        let model = std::sync::Arc::clone(opaque.vm.instance_model(self.id));
        let export = |export: &assay_model::module::Export| {
            let id = opaque.vm.instance_item(self.id, export.item);
            (export.name.clone(), Extern::from_id(opaque, id))
        };
        model.exports.iter().map(export).collect()
    }

    /// The exported function with this name.
    pub fn get_func(&self, store: impl AsContextMut, name: &str) -> Option<Func> {
        self.get_export(store, name)?.into_func()
    }

    /// The exported memory with this name, when it is not shared.
    pub fn get_memory(&self, store: impl AsContextMut, name: &str) -> Option<Memory> {
        self.get_export(store, name)?.into_memory()
    }

    /// The exported shared memory with this name.
    pub fn get_shared_memory(&self, store: impl AsContextMut, name: &str) -> Option<SharedMemory> {
        self.get_export(store, name)?.into_shared_memory()
    }

    /// The exported table with this name.
    pub fn get_table(&self, store: impl AsContextMut, name: &str) -> Option<Table> {
        self.get_export(store, name)?.into_table()
    }

    /// The exported global with this name.
    pub fn get_global(&self, store: impl AsContextMut, name: &str) -> Option<Global> {
        self.get_export(store, name)?.into_global()
    }

    /// The exported function with this name and these types.
    ///
    /// # Errors
    /// When there is no such function, or it has another type.
    pub fn get_typed_func<P: WasmParams, R: WasmResults>(
        &self,
        mut store: impl AsContextMut,
        name: &str,
    ) -> Result<TypedFunc<P, R>> {
        let func = self.get_func(store.as_context_mut(), name);
        let func = func.ok_or_else(|| Error::Usage(format!("the instance exports no function `{name}`")))?;
        func.typed(store.as_context_mut())
    }

    #[cfg(feature = "inspect")]
    pub(crate) fn id(&self) -> InstanceId {
        self.id
    }
}

/// A module whose imports have been found and matched: instantiating it again does no look-ups.
pub struct InstancePre<T: 'static> {
    module: Module,
    items: Vec<Definition>,
    data: PhantomData<fn(T)>,
}

impl<T: 'static> InstancePre<T> {
    pub(crate) fn new(module: &Module, items: Vec<Definition>) -> Self {
        Self { module: module.clone(), items, data: PhantomData }
    }

    /// The module.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Instantiates.
    ///
    /// # Errors
    /// As for [`Instance::new`]; objects of another store among the imports are refused here.
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>) -> Result<Instance> {
        let mut context = store.as_context_mut();
        let opaque = context.opaque_mut();
        check_engine(opaque, &self.module)?;
        let mut given = Imports::default();
        for item in &self.items {
            let item = item.realize(opaque);
            push(opaque, &mut given, &item)?;
        }
        Instance::start(opaque, &self.module, given)
    }
}

pub(crate) fn check_engine(opaque: &StoreOpaque, module: &Module) -> Result<()> {
    let same = Engine::same(&opaque.engine, module.engine());
    if same { Ok(()) } else { Err(Error::usage("the module belongs to another engine than the store")) }
}

fn push(opaque: &mut StoreOpaque, imports: &mut Imports, item: &Extern) -> Result<()> {
    match item {
        Extern::Func(func) => {
            opaque.check(func.store)?;
            imports.funcs.push(func.id);
        }
        Extern::Table(table) => {
            opaque.check(table.store)?;
            imports.tables.push(table.id);
        }
        Extern::Memory(memory) => {
            opaque.check(memory.store)?;
            imports.memories.push(memory.id);
        }
        Extern::SharedMemory(memory) => {
            memory.check_engine(&opaque.engine)?;
            imports.memories.push(opaque.vm.add_shared_memory(&memory.vm));
        }
        Extern::Global(global) => {
            opaque.check(global.store)?;
            imports.globals.push(global.id);
        }
        Extern::Tag(tag) => {
            opaque.check(tag.store)?;
            imports.tags.push(tag.id);
        }
    }
    Ok(())
}

/// Matches what is given against an import, with the sizes that memories and tables have now.
pub(crate) fn check(opaque: &StoreOpaque, module: &Module, import: &Import, given: &Extern) -> Result<()> {
    if let Extern::SharedMemory(given) = given {
        return check_shared(module, import, given);
    }
    let matches = {
        let types = opaque.engine.types();
        let canonical = &types.canonical;
        let model = module.model();
        match (import.item, given) {
            (ImportItem::Func(func), Extern::Func(given)) => {
                opaque.check(given.store)?;
                let given = CanonId(opaque.vm.func_type(given.id));
                canonical.func_matches(given, module.canonical_type(func), model.is_exact_import(import))
            }
            (ImportItem::Table(table), Extern::Table(given)) => {
                opaque.check(given.store)?;
                let size = opaque.vm.table_elements(given.id).len() as u64;
                canonical.table_matches(opaque.vm.table_type(given.id), size, model.tables[table.index()])
            }
            (ImportItem::Memory(memory), Extern::Memory(given)) => {
                opaque.check(given.store)?;
                let size = opaque.vm.memory_pages(given.id);
                opaque.vm.memory_type(given.id).matches_now(size, model.memories[memory.index()])
            }
            (ImportItem::Global(global), Extern::Global(given)) => {
                opaque.check(given.store)?;
                canonical.global_matches(opaque.vm.global_type(given.id), model.globals[global.index()])
            }
            (ImportItem::Tag(tag), Extern::Tag(given)) => {
                opaque.check(given.store)?;
                opaque.vm.tag_type(given.id) == module.canonical_tag(tag).0
            }
            _ => false,
        }
    };
    if matches { Ok(()) } else { Err(mismatch(module, import, &type_of(opaque, given))) }
}

/// As [`check`], for what belongs to no store. A shared memory that fits goes on fitting: it only grows, within a
/// maximum that has been compared.
pub(crate) fn check_shared(module: &Module, import: &Import, given: &SharedMemory) -> Result<()> {
    given.check_engine(module.engine())?;
    let size = given.size();
    let fits = match import.item {
        ImportItem::Memory(memory) => given.ty().matches_now(size, module.model().memories[memory.index()]),
        _ => false,
    };
    if fits { Ok(()) } else { Err(mismatch(module, import, &shared_type(given))) }
}

fn mismatch(module: &Module, import: &Import, actual: &ExternType) -> Error {
    let wanted =
        module.imports().zip(&module.model().imports).find(|(_, known)| std::ptr::eq(*known, import));
    let expected = wanted.map_or_else(String::new, |(wanted, _)| wanted.ty().to_string());
    incompatible(import, exactly(module, import, expected), actual.to_string())
}

/// The type of a shared memory with the size that it has now.
fn shared_type(memory: &SharedMemory) -> ExternType {
    let mut ty = memory.ty();
    ty.limits.min = memory.size();
    ExternType::Memory(ty)
}

/// Says of a type that is meant exactly that it is.
pub(crate) fn exactly(module: &Module, import: &Import, expected: String) -> String {
    if module.model().is_exact_import(import) { format!("exactly {expected}") } else { expected }
}

pub(crate) fn incompatible(import: &Import, expected: String, actual: String) -> Error {
    let (module, name) = (import.module.clone(), import.name.clone());
    LinkError::Incompatible { module, name, expected, actual }.into()
}

fn type_of(opaque: &StoreOpaque, item: &Extern) -> ExternType {
    match item {
        Extern::Func(func) => ExternType::Func(func.ty_in(opaque)),
        Extern::Table(table) => {
            let mut ty = opaque.vm.table_type(table.id);
            ty.limits.min = opaque.vm.table_elements(table.id).len() as u64;
            ExternType::Table(ty)
        }
        Extern::Memory(memory) => {
            let mut ty = opaque.vm.memory_type(memory.id);
            ty.limits.min = opaque.vm.memory_pages(memory.id);
            ExternType::Memory(ty)
        }
        Extern::SharedMemory(memory) => shared_type(memory),
        Extern::Global(global) => ExternType::Global(opaque.vm.global_type(global.id)),
        Extern::Tag(tag) => ExternType::Tag(tag.ty_in(opaque)),
    }
}

pub(crate) fn missing(module: &Module, unknown: &[usize]) -> Error {
    let wanted: Vec<_> = module.imports().collect();
    let import = |&position: &usize| MissingImport {
        module: wanted[position].module().to_owned(),
        name: wanted[position].name().to_owned(),
        ty: wanted[position].ty().to_string(),
    };
    LinkError::Unknown(unknown.iter().map(import).collect()).into()
}
