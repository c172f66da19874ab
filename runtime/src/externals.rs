//! What modules import and export.

use crate::store::{AsContext, StoreOpaque};
use crate::{Func, FuncType, Global, Memory, SharedMemory, Table, Tag, TagType};
use assay_model::types::{GlobalType, MemoryType, TableType};
use assay_vm::{ExternId, MemoryId};

/// Something that can be imported or exported.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum Extern {
    Func(Func),
    Table(Table),
    Memory(Memory),
    SharedMemory(SharedMemory),
    Global(Global),
    Tag(Tag),
}

/// The type of an [`Extern`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum ExternType {
    Func(FuncType),
    Table(TableType),
    Memory(MemoryType),
    Global(GlobalType),
    Tag(TagType),
}

impl Extern {
    /// The function, when it is one.
    pub fn into_func(self) -> Option<Func> {
        if let Extern::Func(func) = self { Some(func) } else { None }
    }

    /// The table, when it is one.
    pub fn into_table(self) -> Option<Table> {
        if let Extern::Table(table) = self { Some(table) } else { None }
    }

    /// The memory, when it is one that is not shared.
    pub fn into_memory(self) -> Option<Memory> {
        if let Extern::Memory(memory) = self { Some(memory) } else { None }
    }

    /// The shared memory, when it is one.
    pub fn into_shared_memory(self) -> Option<SharedMemory> {
        if let Extern::SharedMemory(memory) = self { Some(memory) } else { None }
    }

    /// The global, when it is one.
    pub fn into_global(self) -> Option<Global> {
        if let Extern::Global(global) = self { Some(global) } else { None }
    }

    /// The tag, when it is one.
    pub fn into_tag(self) -> Option<Tag> {
        if let Extern::Tag(tag) = self { Some(tag) } else { None }
    }

    /// Its type.
    ///
    /// # Panics
    /// When it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> ExternType {
        match self {
            Extern::Func(func) => ExternType::Func(func.ty(store)),
            Extern::Table(table) => ExternType::Table(table.ty(store)),
            Extern::Memory(memory) => ExternType::Memory(memory.ty(store)),
            Extern::SharedMemory(memory) => ExternType::Memory(memory.ty()),
            Extern::Global(global) => ExternType::Global(global.ty(store)),
            Extern::Tag(tag) => ExternType::Tag(tag.ty(store)),
        }
    }

    pub(crate) fn from_id(store: &StoreOpaque, id: ExternId) -> Self {
        match id {
            ExternId::Func(id) => Extern::Func(Func { store: store.id, id }),
            ExternId::Table(id) => Extern::Table(Table { store: store.id, id }),
            ExternId::Memory(id) => Self::from_memory(store, id),
            ExternId::Global(id) => Extern::Global(Global { store: store.id, id }),
            ExternId::Tag(id) => Extern::Tag(Tag { store: store.id, id }),
        }
    }

    pub(crate) fn from_memory(store: &StoreOpaque, id: MemoryId) -> Self {
        match store.vm.shared_memory(id) {
            Some(vm) => Extern::SharedMemory(SharedMemory { engine: store.engine.clone(), vm }),
            None => Extern::Memory(Memory { store: store.id, id }),
        }
    }
}

impl std::fmt::Display for ExternType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ExternType::Func(ty) => ty.fmt(f),
            ExternType::Table(ty) => ty.fmt(f),
            ExternType::Memory(ty) => ty.fmt(f),
            ExternType::Global(ty) => ty.fmt(f),
            ExternType::Tag(ty) => ty.fmt(f),
        }
    }
}

impl From<Func> for Extern {
    fn from(func: Func) -> Self {
        Extern::Func(func)
    }
}

impl From<Table> for Extern {
    fn from(table: Table) -> Self {
        Extern::Table(table)
    }
}

impl From<Memory> for Extern {
    fn from(memory: Memory) -> Self {
        Extern::Memory(memory)
    }
}

impl From<SharedMemory> for Extern {
    fn from(memory: SharedMemory) -> Self {
        Extern::SharedMemory(memory)
    }
}

impl From<Global> for Extern {
    fn from(global: Global) -> Self {
        Extern::Global(global)
    }
}

impl From<Tag> for Extern {
    fn from(tag: Tag) -> Self {
        Extern::Tag(tag)
    }
}
