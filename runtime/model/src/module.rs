//! The module model: what a binary says, decoded, with its types resolved and its code left as byte ranges.
//!
//! `parse` makes it; both lowerings, the instantiation and the reports read it. It holds no bytes of the module except
//! names: segments and bodies are ranges into the binary that the owner keeps beside the model.

use crate::index::{
    DataIdx, DefinedFuncIdx, DefinedGlobalIdx, DefinedMemoryIdx, DefinedTableIdx, ElemIdx, EscapeIdx,
    FuncIdx, GlobalIdx, MemoryIdx, TableIdx, TagIdx, TypeIdx,
};
use crate::types::{CompositeType, FuncType, GlobalType, HeapType, MemoryType, RefType, SubType, TableType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// A decoded module. Index spaces hold imports first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ModuleModel {
    /// The module's own name, from the name section.
    pub name: Option<String>,
    /// The type section, flattened; references are [`crate::types::TypeRef::Module`].
    pub types: Vec<SubType>,
    /// Lengths of the recursion groups, in order; they add up to `types.len()`.
    pub rec_groups: Vec<u32>,
    /// Imports in their order.
    pub imports: Vec<Import>,
    /// Every function.
    pub funcs: Vec<FuncDecl>,
    /// How many functions are imported.
    pub imported_funcs: u32,
    /// Every table.
    pub tables: Vec<TableType>,
    /// How many tables are imported.
    pub imported_tables: u32,
    /// Initial element of each defined table; `None` means null.
    pub table_inits: Vec<Option<ConstExpr>>,
    /// Every memory.
    pub memories: Vec<MemoryType>,
    /// How many memories are imported.
    pub imported_memories: u32,
    /// Every global.
    pub globals: Vec<GlobalType>,
    /// How many globals are imported.
    pub imported_globals: u32,
    /// Initial value of each defined global.
    pub global_inits: Vec<ConstExpr>,
    /// Every tag, by function type.
    pub tags: Vec<TypeIdx>,
    /// How many tags are imported.
    pub imported_tags: u32,
    /// Exports in their order.
    pub exports: Vec<Export>,
    /// The start function.
    pub start: Option<FuncIdx>,
    /// Element segments.
    pub elems: Vec<ElemSegment>,
    /// Data segments.
    pub data: Vec<DataSegment>,
    /// Bodies of the defined functions, as ranges of the binary (locals and operators, without the size field).
    pub bodies: Vec<Range<u32>>,
    /// Names of functions, from the name section.
    pub func_names: BTreeMap<u32, String>,
    /// Branch hints of functions, in the order of both; they may stand at any offset, branch or not.
    pub branch_hints: Vec<(FuncIdx, Vec<BranchHint>)>,
    /// How many functions have an [`EscapeIdx`].
    pub escaping_funcs: u32,
}

/// Which way a branch usually goes. Nothing depends on it but speed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchHint {
    /// The position of the operator in its body.
    pub offset: u32,
    /// Whether the condition is usually true.
    pub taken: bool,
}

/// A function of the index space.
#[derive(Copy, Clone, Debug, Serialize, Deserialize)]
pub struct FuncDecl {
    /// Its type.
    pub ty: TypeIdx,
    /// Its record in the instance's context, when a reference to it can be taken: defined functions that are exported,
    /// named in an element segment or a constant expression, declared for `ref.func`, or the start function.
    pub escape: Option<EscapeIdx>,
    /// Whether it is imported by exactly its type: no function of a type below is one.
    pub exact: bool,
}

/// An import.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Import {
    /// First name.
    pub module: String,
    /// Second name.
    pub name: String,
    /// What is imported, with its place in the index space.
    pub item: ImportItem,
}

/// What an import brings.
#[derive(Copy, Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum ImportItem {
    Func(FuncIdx),
    Table(TableIdx),
    Memory(MemoryIdx),
    Global(GlobalIdx),
    Tag(TagIdx),
}

/// An export.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Export {
    /// The name.
    pub name: String,
    /// What is exported. The same enumeration serves imports and exports.
    pub item: ImportItem,
}

/// A constant expression: operators in order, without the final `end`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConstExpr {
    /// The operators.
    pub ops: Vec<ConstOp>,
}

/// An operator of a constant expression ([Constant expressions][spec]).
///
/// [spec]: https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
#[derive(Copy, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum ConstOp {
    I32Const(i32),
    I64Const(i64),
    /// Bits of the float.
    F32Const(u32),
    /// Bits of the float.
    F64Const(u64),
    V128Const(u128),
    GlobalGet(GlobalIdx),
    RefNull(HeapType),
    RefFunc(FuncIdx),
    I32Add,
    I32Sub,
    I32Mul,
    I64Add,
    I64Sub,
    I64Mul,
    RefI31,
    StructNew(TypeIdx),
    StructNewDefault(TypeIdx),
    StructNewDesc(TypeIdx),
    StructNewDefaultDesc(TypeIdx),
    ArrayNew(TypeIdx),
    ArrayNewDefault(TypeIdx),
    /// The elements are operands.
    ArrayNewFixed {
        ty: TypeIdx,
        length: u32,
    },
}

/// An element segment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ElemSegment {
    /// When it is applied.
    pub mode: ElemMode,
    /// Type of the elements.
    pub ty: RefType,
    /// The elements.
    pub items: ElemItems,
}

/// When an element segment is applied.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ElemMode {
    /// At instantiation, to `table` from `offset` on.
    Active {
        /// The table.
        table: TableIdx,
        /// First index.
        offset: ConstExpr,
    },
    /// By `table.init`.
    Passive,
    /// Never: it only declares functions for `ref.func`.
    Declared,
}

/// Elements of a segment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ElemItems {
    /// Functions by index.
    Funcs(Vec<FuncIdx>),
    /// Constant expressions.
    Exprs(Vec<ConstExpr>),
}

/// A data segment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DataSegment {
    /// When it is applied.
    pub mode: DataMode,
    /// The bytes, as a range of the binary.
    pub range: Range<u32>,
}

/// When a data segment is applied.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum DataMode {
    /// At instantiation, to `memory` from `offset` on.
    Active {
        /// The memory.
        memory: MemoryIdx,
        /// First address.
        offset: ConstExpr,
    },
    /// By `memory.init`.
    Passive,
}

impl ElemItems {
    /// How many elements there are.
    pub fn len(&self) -> usize {
        match self {
            ElemItems::Funcs(funcs) => funcs.len(),
            ElemItems::Exprs(exprs) => exprs.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl ModuleModel {
    /// The type of a function.
    ///
    /// # Panics
    /// When the model is not a validated one: functions have function types.
    pub fn func_type(&self, func: FuncIdx) -> &FuncType {
        self.func_type_at(self.funcs[func.index()].ty)
    }

    /// The function type with this index.
    ///
    /// # Panics
    /// When the type is not a function type, which validation excludes wherever a function type is asked for.
    pub fn func_type_at(&self, ty: TypeIdx) -> &FuncType {
        match &self.types[ty.index()].composite {
            CompositeType::Func(ty) => ty,
            _ => panic!("validation lets only function types stand here"),
        }
    }

    /// Whether an import is a function of exactly its type.
    pub fn is_exact_import(&self, import: &Import) -> bool {
        matches!(import.item, ImportItem::Func(func) if self.funcs[func.index()].exact)
    }

    /// Whether the module defines types of objects, or has tags: whether its instances need a GC heap.
    pub fn has_objects(&self) -> bool {
        !self.tags.is_empty() || self.types.iter().any(|ty| ty.composite.as_func().is_none())
    }

    /// The defined function behind `func`, unless it is imported.
    pub fn defined_func(&self, func: FuncIdx) -> Option<DefinedFuncIdx> {
        func.0.checked_sub(self.imported_funcs).map(DefinedFuncIdx)
    }

    /// The function that a defined one is in the whole index space.
    pub fn func_of(&self, defined: DefinedFuncIdx) -> FuncIdx {
        FuncIdx(self.imported_funcs + defined.0)
    }

    /// The defined table behind `table`, unless it is imported.
    pub fn defined_table(&self, table: TableIdx) -> Option<DefinedTableIdx> {
        table.0.checked_sub(self.imported_tables).map(DefinedTableIdx)
    }

    /// The defined memory behind `memory`, unless it is imported.
    pub fn defined_memory(&self, memory: MemoryIdx) -> Option<DefinedMemoryIdx> {
        memory.0.checked_sub(self.imported_memories).map(DefinedMemoryIdx)
    }

    /// The defined global behind `global`, unless it is imported.
    pub fn defined_global(&self, global: GlobalIdx) -> Option<DefinedGlobalIdx> {
        global.0.checked_sub(self.imported_globals).map(DefinedGlobalIdx)
    }

    /// The branch hints of a function.
    pub fn branch_hints_of(&self, func: FuncIdx) -> &[BranchHint] {
        let found = self.branch_hints.binary_search_by_key(&func.0, |(func, _)| func.0);
        found.map_or(&[], |at| &self.branch_hints[at].1)
    }

    /// The element segment with this index.
    pub fn elem(&self, elem: ElemIdx) -> &ElemSegment {
        &self.elems[elem.index()]
    }

    /// The data segment with this index.
    pub fn data_segment(&self, data: DataIdx) -> &DataSegment {
        &self.data[data.index()]
    }

    /// A name for a function: from the name section, else from an export, else its index.
    pub fn display_name(&self, func: FuncIdx) -> String {
        if let Some(name) = self.func_names.get(&func.0) {
            return name.clone();
        }
        let exported = self.exports.iter().find(|e| matches!(e.item, ImportItem::Func(f) if f == func));
        exported.map_or_else(|| format!("<func {}>", func.0), |export| export.name.clone())
    }
}
