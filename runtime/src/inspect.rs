//! What only a judge may see: objects of an instance that are not exported, what stands around them, the code and its
//! digest, kept reservations, and the inside of precompiled modules.

use crate::store::{AsContext, AsContextMut};
use crate::{
    Config, Engine, Extern, Func, GcRef, Global, Instance, MemoryType, Module, Result, Rooted, Table, Val,
};
use assay_model::types::{CompositeType, FieldType, HeapType, RefType, StorageType, TypeRef, ValType};

/// Every memory of an instance, shared or not, in the order of its index space.
pub fn memories(mut store: impl AsContextMut, instance: Instance) -> Vec<Extern> {
    let mut context = store.as_context_mut();
    let opaque = context.opaque_mut();
    let (memories, ..) = opaque.vm.instance_objects(instance.id());
    memories.iter().map(|&id| Extern::from_memory(opaque, id)).collect()
}

/// Every table of an instance, in the order of its index space.
pub fn tables(mut store: impl AsContextMut, instance: Instance) -> Vec<Table> {
    let mut context = store.as_context_mut();
    let opaque = context.opaque_mut();
    let (_, tables, _) = opaque.vm.instance_objects(instance.id());
    tables.iter().map(|&id| Table { store: opaque.id, id }).collect()
}

/// Every global of an instance, in the order of its index space.
pub fn globals(mut store: impl AsContextMut, instance: Instance) -> Vec<Global> {
    let mut context = store.as_context_mut();
    let opaque = context.opaque_mut();
    let (.., globals) = opaque.vm.instance_objects(instance.id());
    globals.iter().map(|&id| Global { store: opaque.id, id }).collect()
}

/// Where the thing that a handle leads to stands: the same for two handles of one thing, until the next collection.
///
/// # Errors
/// When the handle is of another store, or its scope has ended.
pub fn identity<T: GcRef>(store: impl AsContext, handle: &Rooted<T>) -> Result<u32> {
    handle.bits(store.as_context().into_opaque())
}

/// The zero or null of a type, whatever it allows: the null of a defined type is one of its hierarchy.
pub fn zero(store: impl AsContext, ty: ValType) -> Val {
    Val::default_in(store.as_context().into_opaque(), ty)
}

/// A heap type as text that is the same in every engine: defined types by their structure, finality and number of supertypes,
/// unfolded so many times.
pub fn type_text(engine: &Engine, heap: HeapType, unfoldings: u32) -> String {
    let HeapType::Concrete(TypeRef::Canonical(id)) = heap else { return heap.to_string() };
    let (ty, above) = {
        let types = engine.types();
        (types.canonical.get(id).clone(), types.canonical.supertypes(id).len() - 1)
    };
    let reference = |ty: RefType| match (ty.heap, unfoldings) {
        (HeapType::Concrete(_), 0) => "(ref ..)".to_owned(),
        (heap, _) => {
            let null = if ty.nullable { "null " } else { "" };
            format!("(ref {null}{})", type_text(engine, heap, unfoldings.saturating_sub(1)))
        }
    };
    let value = |ty: ValType| match ty {
        ValType::Ref(ty) => reference(ty),
        number => number.to_string(),
    };
    let field = |field: &FieldType| {
        let storage = match field.storage {
            StorageType::I8 => "i8".to_owned(),
            StorageType::I16 => "i16".to_owned(),
            StorageType::Val(ty) => value(ty),
        };
        if field.mutable { format!(" (mut {storage})") } else { format!(" {storage}") }
    };
    let list = |types: &[ValType]| types.iter().map(|&ty| format!(" {}", value(ty))).collect::<String>();
    let body = match &ty.composite {
        CompositeType::Struct(fields) => format!("struct{}", fields.iter().map(field).collect::<String>()),
        CompositeType::Array(element) => format!("array{}", field(element)),
        CompositeType::Func(ty) => format!("func{} ->{}", list(&ty.params), list(&ty.results)),
    };
    format!("({}{} {body})", if ty.is_final { "final " } else { "" }, above)
}

pub use assay_vm::{Access, Accesses, CANARY_PATTERN, CanaryChange, Surroundings, take_accesses};

/// Lets the code of an engine tell of every access to a memory before it makes it: [`take_accesses`] has them.
pub fn record_accesses(config: &mut Config) -> &mut Config {
    config.record_accesses = true;
    config
}

/// Chooses what stands around memories, tables, contexts, segments and the embedder's globals of an engine. Anything but plain surroundings makes its code
/// check every access by itself.
pub fn surround(config: &mut Config, around: Surroundings) -> &mut Config {
    config.around = around;
    config
}

/// Looks whether something wrote around memories, tables, contexts, segments and globals of the embedder of a store whose engine
/// keeps canaries there.
///
/// # Errors
/// The first canary that was written to.
pub fn check_canaries(store: impl AsContext) -> std::result::Result<(), CanaryChange> {
    store.as_context().into_opaque().vm.check_canaries()
}

/// The digest of everything that is mapped for the code of a compiled module.
pub fn code_digest(module: &Module) -> Option<[u8; 32]> {
    module.image().map(|image| *blake3::hash(image.mapped()).as_bytes())
}

/// The types of all memories of a module, imported or not.
pub fn memory_types(module: &Module) -> Vec<MemoryType> {
    module.model().memories.clone()
}

/// Unmaps the reservations that are kept for the next memory or value stack: what comes next is as in a fresh process.
pub fn forget_reservations() {
    assay_vm::forget_reservations();
}

/// Checks the custom sections of a valid module that have a meaning here: names and branch hints. Loading a module
/// ignores those that make no sense, as the specification asks.
///
/// # Errors
/// When a section is malformed, or does not fit the module.
pub fn check_custom_sections(bytes: &[u8]) -> Result<()> {
    Ok(assay_parse::check_custom_sections(bytes)?)
}

pub use assay_model::fault::{BUILT as FAULTS_BUILT, Fault, Row as FaultRow, TABLE as FAULTS};

/// Switches a planted fault on, and all others off, for the whole process: before there is an engine.
///
/// # Errors
/// When this build has no faults: it lacks the feature `planted-faults`.
pub fn plant(fault: Option<Fault>) -> std::result::Result<(), FaultsNotBuilt> {
    #[cfg(feature = "planted-faults")]
    assay_model::fault::plant(fault);
    if FAULTS_BUILT || fault.is_none() { Ok(()) } else { Err(FaultsNotBuilt) }
}

/// Takes the check of hardware faults away, for the whole process, to see what it is worth: an instruction that may trap
/// does so wherever it faults.
#[cfg(feature = "planted-faults")]
pub fn accept_every_fault() {
    assay_model::fault::accept_every_fault();
}

/// This build has no planted faults.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("built without planted faults; cargo build --release --features planted-faults")]
pub struct FaultsNotBuilt;

/// Where a function comes from.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum FuncOrigin {
    /// The function with this index of this instance, in the order of instantiation: defined there, or imported there
    /// from the host.
    Instance {
        /// The instance.
        instance: u32,
        /// The function.
        func: u32,
    },
    /// A function of the host's that no instance imported, in the order of their making.
    Host(u32),
}

/// Where a function comes from: equal functions of equal runs have equal origins, whatever engine runs them.
///
/// # Panics
/// When the function belongs to another store.
pub fn func_origin(store: impl AsContext, func: Func) -> FuncOrigin {
    let context = store.as_context();
    let opaque = context.into_opaque();
    opaque.check(func.store).expect("the function belongs to this store");
    match opaque.vm.func_origin(func.id) {
        Some((instance, func)) => FuncOrigin::Instance { instance: instance.0, func: func.index() as u32 },
        None => FuncOrigin::Host(func.id.0),
    }
}

/// Loads a precompiled module as [`Module::deserialize`] does, after its digest was made right, and runs nothing of it:
/// what is judged is how the rest is checked.
///
/// # Errors
/// Why it is refused.
#[expect(unsafe_code, reason = "what is loaded is never run")]
pub fn check_precompiled(engine: &Engine, bytes: &mut [u8]) -> Result<()> {
    crate::artifact::seal(bytes);
    // SAFETY: the module is dropped here, and nobody has run any of its code.
    unsafe { Module::deserialize(engine, &*bytes) }.map(drop)
}

/// The machine code of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineCode {
    /// Where it begins in the code of its module.
    pub start: u32,
    /// The instructions, and constants behind them.
    pub bytes: Vec<u8>,
    /// Where code comes from: offsets from `start`, with the position of an operator in the binary, where there is one. Each
    /// reaches up to the next.
    pub origins: Vec<(u32, Option<u32>)>,
}

/// The machine code of the function with this index among those that a module defines. `None` where there is no such
/// function, or the module is interpreted.
pub fn machine_code(module: &Module, func: u32) -> Option<MachineCode> {
    let image = module.image()?;
    let tables = image.tables();
    let range = *tables.functions.get(func as usize)?;
    let end = range.start + range.len;
    let bytes = image.text().get(range.start as usize..end as usize)?.to_vec();
    let map = &tables.address_map;
    let first = map.partition_point(|&(offset, _)| offset <= range.start).saturating_sub(1);
    let inside = map[first..].iter().take_while(|&&(offset, _)| offset < end);
    let origins = inside.map(|&(offset, position)| {
        (offset.saturating_sub(range.start), (position != u32::MAX).then_some(position))
    });
    Some(MachineCode { start: range.start, bytes, origins: origins.collect() })
}
