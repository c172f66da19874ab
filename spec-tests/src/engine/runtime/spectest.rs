//! The host module that the suite imports from.
//!
//! Enters: a store; leaves: the objects of `spectest` by name, made once per store, and only when a script imports something.
//! `spectest.unknown` must never be here: scripts rely on its absence.

use assay_runtime::{
    Error, Extern, Feature, FeatureSet, Func, Global, GlobalType, Memory, MemoryType, Mutability, Ref,
    RefType, SharedMemory, Store, Table, TableType, Val, ValType,
};

/// The name of the module.
pub(super) const NAME: &str = "spectest";

/// Objects that need a feature.
pub(super) const LATER: [(&str, Feature); 2] =
    [("table64", Feature::Memory64), ("shared_memory", Feature::Threads)];

/// The objects of the module, on an engine that runs the features of `built`.
pub(super) fn objects(
    store: &mut Store<()>,
    built: FeatureSet,
) -> Result<Vec<(&'static str, Extern)>, Error> {
    let mut objects = vec![
        ("print", Extern::Func(Func::wrap(&mut *store, || {}))),
        ("print_i32", Extern::Func(Func::wrap(&mut *store, |_: i32| {}))),
        ("print_i64", Extern::Func(Func::wrap(&mut *store, |_: i64| {}))),
        ("print_f32", Extern::Func(Func::wrap(&mut *store, |_: f32| {}))),
        ("print_f64", Extern::Func(Func::wrap(&mut *store, |_: f64| {}))),
        ("print_i32_f32", Extern::Func(Func::wrap(&mut *store, |_: i32, _: f32| {}))),
        ("print_f64_f64", Extern::Func(Func::wrap(&mut *store, |_: f64, _: f64| {}))),
    ];
    for (name, ty, value) in [
        ("global_i32", ValType::I32, Val::I32(666)),
        ("global_i64", ValType::I64, Val::I64(666)),
        ("global_f32", ValType::F32, Val::F32(666.6_f32.to_bits())),
        ("global_f64", ValType::F64, Val::F64(666.6_f64.to_bits())),
    ] {
        let global = Global::new(&mut *store, GlobalType::new(ty, Mutability::Const), value)?;
        objects.push((name, Extern::Global(global)));
    }
    let table = Table::new(&mut *store, TableType::new(RefType::FUNCREF, 10, Some(20)), Ref::Func(None))?;
    objects.push(("table", Extern::Table(table)));
    let memory = Memory::new(&mut *store, MemoryType::new(1, Some(2)))?;
    objects.push(("memory", Extern::Memory(memory)));
    if built.contains(Feature::Memory64) {
        let ty = TableType { table64: true, ..TableType::new(RefType::FUNCREF, 10, Some(20)) };
        objects.push(("table64", Extern::Table(Table::new(&mut *store, ty, Ref::Func(None))?)));
    }
    if built.contains(Feature::Threads) {
        let memory = SharedMemory::new(store.engine(), MemoryType::shared(1, 2))?;
        objects.push(("shared_memory", Extern::SharedMemory(memory)));
    }
    Ok(objects)
}
