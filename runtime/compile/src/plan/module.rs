//! The module's plan: everything the workers look up while they translate.

use super::silent::Silent;
use super::{Choices, Dispatches, GlobalPlan, Leaves, MemoryPlan, TablePlan};
use crate::abi::WasmAbi;
use crate::options::CompileOptions;
use assay_model::index::{FuncIdx, GlobalIdx, MemoryIdx, TableIdx, TypeIdx};
use assay_model::layout::{AbiKind, AbiSig, VmCtxLayout};
use assay_model::module::ModuleModel;
use assay_model::types::{TypeRef, ValType};
use assay_parse::ParsedModule;
use rustc_hash::FxHashSet;
use std::sync::OnceLock;

/// Decisions for one module under one set of options.
pub(crate) struct ModulePlan<'a> {
    pub(crate) model: &'a ModuleModel,
    pub(crate) layout: VmCtxLayout,
    pub(crate) options: &'a CompileOptions,
    abis: Vec<Option<WasmAbi>>,
    memories: Vec<MemoryPlan>,
    tables: Vec<TablePlan>,
    globals: Vec<GlobalPlan>,
    pub(crate) dispatches: Dispatches,
    pub(crate) leaves: Leaves<'a>,
    pub(crate) choices: Choices,
    /// Whether the module defines types of objects, or has tags: then the heap is there before its code runs.
    pub(crate) has_objects: bool,
    bytes: &'a [u8],
    /// Looked for when the first call inside of a `try_table` is compiled.
    silent: OnceLock<Silent>,
}

impl<'a> ModulePlan<'a> {
    pub(crate) fn new(parsed: &'a ParsedModule, bytes: &'a [u8], options: &'a CompileOptions) -> Self {
        let model = &parsed.model;
        let layout = VmCtxLayout::new(model);
        let dispatches = Dispatches::of_module(model, bytes);
        let leaves = Leaves::of_module(parsed, bytes, options);
        let is_func = |reference: TypeRef| is_func(model, reference);
        let abi = |ty: &assay_model::types::SubType| {
            ty.composite.as_func().map(|ty| WasmAbi::new(AbiSig::of(ty, &is_func)))
        };
        Self {
            model,
            layout,
            options,
            abis: model.types.iter().map(abi).collect(),
            memories: MemoryPlan::of_module(model, options),
            tables: TablePlan::of_module(model, &dispatches, &is_func),
            globals: GlobalPlan::of_module(model, &layout, &is_func),
            choices: Choices::of_module(model, &dispatches, &leaves, options),
            dispatches,
            leaves,
            has_objects: model.has_objects(),
            bytes,
            silent: OnceLock::new(),
        }
    }

    /// Whether no exception comes out of a call of this function.
    pub(crate) fn is_silent(&self, func: FuncIdx) -> bool {
        self.silent.get_or_init(|| Silent::of_module(self.model, self.bytes)).contains(self.model, func)
    }

    /// How functions of a type are called.
    pub(crate) fn abi(&self, ty: TypeIdx) -> &WasmAbi {
        self.abis[ty.index()].as_ref().expect("validation lets only function types stand here")
    }

    /// How a function is called.
    pub(crate) fn func_abi(&self, func: FuncIdx) -> &WasmAbi {
        self.abi(self.model.funcs[func.index()].ty)
    }

    pub(crate) fn memory(&self, memory: MemoryIdx) -> &MemoryPlan {
        &self.memories[memory.index()]
    }

    pub(crate) fn table(&self, table: TableIdx) -> &TablePlan {
        &self.tables[table.index()]
    }

    pub(crate) fn global(&self, global: GlobalIdx) -> &GlobalPlan {
        &self.globals[global.index()]
    }

    /// Whether a defined type is a function type.
    pub(crate) fn is_func(&self, reference: TypeRef) -> bool {
        is_func(self.model, reference)
    }

    /// How many supertypes a type has.
    pub(crate) fn depth(&self, ty: TypeIdx) -> u32 {
        let above = |ty: TypeIdx| match self.model.types[ty.index()].supertype {
            Some(TypeRef::Module(above)) => Some(above),
            _ => None,
        };
        std::iter::successors(above(ty), |&ty| above(ty)).count() as u32
    }

    /// How a value of a type travels.
    pub(crate) fn kind(&self, ty: ValType) -> AbiKind {
        AbiKind::of(ty, &|reference| is_func(self.model, reference))
    }

    /// The shapes of the functions that can be entered from outside, in order of appearance.
    pub(crate) fn entry_shapes(&self) -> Vec<&WasmAbi> {
        let defined = &self.model.funcs[self.model.imported_funcs as usize..];
        let escaping = defined.iter().filter(|func| func.escape.is_some());
        distinct(escaping.map(|func| self.abi(func.ty)))
    }

    /// The shapes of all functions that code of the module may call, in order of appearance.
    pub(crate) fn exit_shapes(&self) -> Vec<&WasmAbi> {
        distinct(self.abis.iter().flatten())
    }
}

fn distinct<'p>(abis: impl Iterator<Item = &'p WasmAbi>) -> Vec<&'p WasmAbi> {
    let mut seen = FxHashSet::default();
    abis.filter(|abi| seen.insert(&abi.sig)).collect()
}

fn is_func(model: &ModuleModel, reference: TypeRef) -> bool {
    match reference {
        TypeRef::Module(ty) => model.types[ty.index()].composite.as_func().is_some(),
        // The model names types by module index only.
        TypeRef::Group(_) | TypeRef::Canonical(_) => false,
    }
}
