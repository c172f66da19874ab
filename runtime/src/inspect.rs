//! What only a judge may see: objects of an instance that are not exported.

use crate::store::AsContextMut;
use crate::{Global, Instance, Memory, Table};

/// Every memory of an instance, in the order of its index space.
pub fn memories(mut store: impl AsContextMut, instance: Instance) -> Vec<Memory> {
    let mut context = store.as_context_mut();
    let opaque = context.opaque_mut();
    let (memories, ..) = opaque.vm.instance_objects(instance.id());
    memories.iter().map(|&id| Memory { store: opaque.id, id }).collect()
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
