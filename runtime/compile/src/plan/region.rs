//! Which accesses can never touch the same bytes.
//!
//! Two accesses in different regions are known not to alias. Two imports may be the same object under two indices, so
//! all imports of a kind share a region; what a module defines can be nobody's import while its imports are resolved,
//! so each definition has its own. Regions are numbered within one function: with inlining the number of regions with
//! a name of their own must be bounded per module instead.

use assay_model::index::{DefinedGlobalIdx, DefinedMemoryIdx, DefinedTableIdx};

/// A class of memory that aliases no other class.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Region {
    /// The fuel of the store.
    Fuel,
    /// Other fields of the store that code writes.
    Store,
    /// Lengths of memories.
    MemoryLengths,
    /// Bases and lengths of tables.
    TableHeads,
    /// Objects of the GC heap.
    Objects,
    /// The bytes of imported memories.
    ImportedMemories,
    /// The elements of imported tables.
    ImportedTables,
    /// The cells of imported mutable globals.
    ImportedGlobals,
    /// Everything that got no region of its own in a function that uses very many.
    Crowd,
    /// The bytes of a memory.
    Memory(DefinedMemoryIdx),
    /// The elements of a table.
    Table(DefinedTableIdx),
    /// The cell of a global.
    Global(DefinedGlobalIdx),
}

/// How many regions of definitions a function may have. The alias analysis keeps a state per region and block.
pub(crate) const MOST_REGIONS: usize = 64;

impl Region {
    /// The number of the region for the code generator.
    pub(crate) fn number(self) -> u32 {
        let (kind, index) = match self {
            Region::Fuel => (0, 0),
            Region::Store => (1, 0),
            Region::MemoryLengths => (2, 0),
            Region::TableHeads => (3, 0),
            Region::ImportedMemories => (4, 0),
            Region::ImportedTables => (5, 0),
            Region::ImportedGlobals => (6, 0),
            Region::Crowd => (7, 0),
            Region::Objects => (11, 0),
            Region::Memory(memory) => (8, memory.0),
            Region::Table(table) => (9, table.0),
            Region::Global(global) => (10, global.0),
        };
        // Validation keeps every index space far below 2^28.
        kind << 28 | index
    }

    /// Whether this is the number of a region with the bytes of memories.
    pub(crate) fn is_memory(number: u32) -> bool {
        matches!(number >> 28, 4 | 8)
    }

    /// The memory of the module's own whose bytes are the region with this number.
    pub(crate) fn defined_memory(number: u32) -> Option<DefinedMemoryIdx> {
        (number >> 28 == 8).then_some(DefinedMemoryIdx(number & 0x0fff_ffff))
    }

    /// Whether the region belongs to one of possibly very many definitions.
    pub(crate) fn is_definition(self) -> bool {
        matches!(self, Region::Memory(_) | Region::Table(_) | Region::Global(_))
    }
}

#[cfg(test)]
mod tests {
    use super::Region;
    use assay_model::index::{DefinedGlobalIdx, DefinedMemoryIdx};

    #[test]
    fn regions_have_numbers_of_their_own() {
        let regions = [
            Region::Crowd.number(),
            Region::Memory(DefinedMemoryIdx(0)).number(),
            Region::Memory(DefinedMemoryIdx(1)).number(),
            Region::Global(DefinedGlobalIdx(1)).number(),
        ];
        let distinct: std::collections::HashSet<u32> = regions.into_iter().collect();
        assert_eq!(distinct.len(), regions.len());
        let memory = Region::Memory(DefinedMemoryIdx(3)).number();
        assert_eq!(Region::defined_memory(memory), Some(DefinedMemoryIdx(3)));
        assert!(Region::is_memory(memory) && Region::is_memory(Region::ImportedMemories.number()));
        assert!(!Region::is_memory(Region::Crowd.number()) && !Region::is_memory(Region::Store.number()));
    }
}
