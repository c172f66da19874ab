//! What only a judge may see: objects of an instance that are not exported, what stands around them, the code and its
//! digest, kept reservations, and the inside of precompiled modules.

use crate::store::{AsContext, AsContextMut};
use crate::{Config, Engine, Extern, Func, Global, Instance, MemoryType, Module, Result, Table};

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

pub use assay_vm::{Access, Accesses, CANARY_PATTERN, CanaryChange, Surroundings, take_accesses};

/// Lets the code of an engine tell of every access to a memory before it makes it: [`take_accesses`] has them.
pub fn record_accesses(config: &mut Config) -> &mut Config {
    config.record_accesses = true;
    config
}

/// Chooses what stands around memories, tables and contexts of an engine. Anything but plain surroundings makes its code
/// check every access by itself.
pub fn surround(config: &mut Config, around: Surroundings) -> &mut Config {
    config.around = around;
    config
}

/// Looks whether something wrote around memories, tables and contexts of a store whose engine keeps canaries there.
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
