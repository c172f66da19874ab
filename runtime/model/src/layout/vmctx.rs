//! `VmCtx`: the context of an instance, as code sees it. Its arrays depend on the module.
//!
//! Hot things stand first, so that they are reached with small displacements.

use super::{POINTER_SIZE, VALUE_SIZE, func_import, func_ref, memory_slot};
use crate::index::{DefinedGlobalIdx, EscapeIdx, FuncIdx, GlobalIdx, MemoryIdx, TableIdx, TagIdx};
use crate::module::ModuleModel;

/// Offsets into the context of an instance of one module.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct VmCtxLayout {
    memories: u32,
    tables: u32,
    defined_globals: u32,
    imported_globals: u32,
    imported_funcs: u32,
    tags: u32,
    func_refs: u32,
    size: u32,
}

impl VmCtxLayout {
    /// `u32`: [`Self::MAGIC_VALUE`].
    pub const MAGIC: u32 = 0;
    /// `u32`: the engine of the instance, as in `FuncRef::kind`.
    pub const KIND: u32 = 4;
    /// `*mut StoreCtx`.
    pub const STORE: u32 = 8;
    /// `*const [*const (); n]`: the builtin table.
    pub const BUILTINS: u32 = 16;
    /// `*const u32`: canonical type of each type index.
    pub const TYPE_IDS: u32 = 24;
    /// The instance's own record in `vm`.
    pub const INSTANCE: u32 = 32;
    /// Bytes before the arrays.
    pub const HEADER_SIZE: u32 = 48;
    /// What stands at [`Self::MAGIC`].
    pub const MAGIC_VALUE: u32 = 0x7973_7361;

    /// Lays out the context of instances of `module`.
    ///
    /// # Panics
    /// When the context passes 4 GiB, which the limits of validation exclude.
    pub fn new(module: &ModuleModel) -> Self {
        let mut end = Self::HEADER_SIZE;
        let mut array = |count: usize, size: u32| {
            let start = end;
            let bytes = u32::try_from(count).ok().and_then(|count| count.checked_mul(size));
            end = bytes
                .and_then(|bytes| start.checked_add(bytes))
                .expect("index spaces are bounded by validation");
            end = end.next_multiple_of(VALUE_SIZE);
            start
        };
        let memories = array(module.memories.len(), memory_slot::SIZE);
        let tables = array(module.tables.len(), POINTER_SIZE);
        let defined_globals = array(module.global_inits.len(), VALUE_SIZE);
        let imported_globals = array(module.imported_globals as usize, POINTER_SIZE);
        let imported_funcs = array(module.imported_funcs as usize, func_import::SIZE);
        let tags = array(module.tags.len(), POINTER_SIZE);
        let func_refs = array(module.escaping_funcs as usize, func_ref::SIZE);
        Self {
            memories,
            tables,
            defined_globals,
            imported_globals,
            imported_funcs,
            tags,
            func_refs,
            size: end,
        }
    }

    /// The `memory_slot` of a memory, defined or imported.
    pub fn memory(&self, memory: MemoryIdx) -> u32 {
        self.memories + memory.0 * memory_slot::SIZE
    }

    /// The `*mut TableDef` of a table, defined or imported.
    pub fn table(&self, table: TableIdx) -> u32 {
        self.tables + table.0 * POINTER_SIZE
    }

    /// The 16-byte cell of a defined global.
    pub fn defined_global(&self, global: DefinedGlobalIdx) -> u32 {
        self.defined_globals + global.0 * VALUE_SIZE
    }

    /// The pointer to the cell of an imported global.
    pub fn imported_global(&self, global: GlobalIdx) -> u32 {
        self.imported_globals + global.0 * POINTER_SIZE
    }

    /// The `func_import` of an imported function.
    pub fn imported_func(&self, func: FuncIdx) -> u32 {
        self.imported_funcs + func.0 * func_import::SIZE
    }

    /// The pointer to the identity of a tag, defined or imported.
    pub fn tag(&self, tag: TagIdx) -> u32 {
        self.tags + tag.0 * POINTER_SIZE
    }

    /// The `FuncRef` of an escaping defined function.
    pub fn func_ref(&self, escape: EscapeIdx) -> u32 {
        self.func_refs + escape.0 * func_ref::SIZE
    }

    /// Bytes of the whole context, a multiple of 16.
    pub fn size(&self) -> u32 {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_aligned_and_do_not_overlap() {
        let module =
            ModuleModel { imported_funcs: 3, escaping_funcs: 2, imported_globals: 1, ..Default::default() };
        let layout = VmCtxLayout::new(&module);
        assert!(layout.imported_func(FuncIdx(2)) + func_import::SIZE <= layout.func_ref(EscapeIdx(0)));
        assert_eq!(layout.func_ref(EscapeIdx(0)) % 16, 0);
        assert!(layout.func_ref(EscapeIdx(1)) + func_ref::SIZE <= layout.size());
    }
}
