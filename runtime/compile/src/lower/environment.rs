//! The ways from the context to everything that compiled code reaches: store, builtins, memories, tables, types.
//!
//! Pointers that never change while an instance lives are loaded once per function, at its start; the optimizer sinks
//! them to their first use. What may change is loaded where it is used, in an alias region of its own.

use super::Lowering;
use crate::abi::builtin_signature;
use crate::plan::{MOST_REGIONS, Region};
use assay_model::builtins::Builtin;
use assay_model::fault::{Fault, planted};
use assay_model::index::{FuncIdx, MemoryIdx, TableIdx, TagIdx, TypeIdx};
use assay_model::layout::{POINTER_SIZE, VmCtxLayout, memory_def, memory_slot, store_ctx, table_def};
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    AliasRegionData, ExtFuncData, ExternalName, FuncRef, InstBuilder, MemFlagsData, SigRef, Type,
    UserExternalName, Value, ValueDef,
};

/// A pointer that is loaded at the start of the function.
#[derive(Copy, Clone, PartialEq, Eq, Hash)]
pub(super) enum Cached {
    Store,
    Builtins,
    TypeIds,
    MemoryBase(MemoryIdx),
    MemoryDef(MemoryIdx),
    TableDef(TableIdx),
    TableBase(TableIdx),
    EpochPointer,
    /// The infos of canonical types.
    TypeInfos,
    /// The base of the GC heap.
    GcBase,
    /// The canonical type of a type index.
    TypeId(TypeIdx),
    /// The identity of a tag.
    Tag(TagIdx),
}

/// What a signature belongs to.
#[derive(Copy, Clone, PartialEq, Eq, Hash)]
pub(super) enum Signed {
    Type(TypeIdx),
    Builtin(usize),
}

/// Flags of a load from memory that never changes while the function runs.
pub(super) const CONSTANT: MemFlagsData = MemFlagsData::trusted().with_readonly().with_can_move();

impl Lowering<'_> {
    pub(super) fn cached(&mut self, what: Cached) -> Value {
        if let Some(&value) = self.scratch.cached.get(&what) {
            return value;
        }
        let (base, offset) = match what {
            Cached::Store => (self.ctx, VmCtxLayout::STORE),
            Cached::Builtins => (self.ctx, VmCtxLayout::BUILTINS),
            Cached::TypeIds => (self.ctx, VmCtxLayout::TYPE_IDS),
            Cached::MemoryBase(memory) => (self.ctx, self.plan.layout.memory(memory) + memory_slot::BASE),
            Cached::MemoryDef(memory) => (self.ctx, self.plan.layout.memory(memory) + memory_slot::DEF),
            Cached::TableDef(table) => (self.ctx, self.plan.layout.table(table)),
            Cached::TableBase(table) => (self.cached(Cached::TableDef(table)), table_def::BASE),
            Cached::EpochPointer => (self.cached(Cached::Store), store_ctx::EPOCH_PTR),
            Cached::TypeInfos => (self.cached(Cached::Store), store_ctx::TYPES),
            Cached::GcBase => (self.cached(Cached::Store), store_ctx::GC_BASE),
            Cached::TypeId(ty) => (self.cached(Cached::TypeIds), ty.0 * 4),
            Cached::Tag(tag) => (self.ctx, self.plan.layout.tag(tag)),
        };
        let ty = if matches!(what, Cached::TypeId(_)) { I32 } else { I64 };
        let value = self.load_at_entry(ty, base, offset);
        self.scratch.cached.insert(what, value);
        value
    }

    /// Loads a pointer behind those that are already loaded at the start of the function.
    fn load_at_entry(&mut self, ty: Type, base: Value, offset: u32) -> Value {
        let cursor = FuncCursor::new(self.builder.func);
        let mut cursor = match self.entry_end {
            Some(inst) => cursor.after_inst(inst),
            None => cursor.at_first_insertion_point(self.entry),
        };
        let value = cursor.ins().load(ty, CONSTANT, base, offset as i32);
        if let ValueDef::Result(inst, _) = self.builder.func.dfg.value_def(value) {
            self.entry_end = Some(inst);
        }
        value
    }

    pub(super) fn store_ctx(&mut self) -> Value {
        self.cached(Cached::Store)
    }

    /// Loads something that cannot change while the function runs.
    pub(super) fn load_constant(&mut self, ty: Type, base: Value, offset: u32) -> Value {
        self.builder.ins().load(ty, CONSTANT, base, offset as i32)
    }

    /// Flags of an access that cannot fault, in a region.
    pub(super) fn trusted_in(&mut self, region: Region) -> MemFlagsData {
        let region = self.alias_region(region);
        MemFlagsData::trusted().with_alias_region(Some(region))
    }

    pub(super) fn alias_region(&mut self, region: Region) -> cranelift_codegen::ir::AliasRegion {
        if let Some(&known) = self.scratch.regions.get(&region) {
            return known;
        }
        let crowded = region.is_definition() && self.scratch.regions.len() >= MOST_REGIONS;
        let shown = if crowded { Region::Crowd } else { region };
        let data = AliasRegionData { user_id: shown.number(), description: "".into() };
        let known = self.builder.func.dfg.alias_regions.insert(data);
        self.scratch.regions.insert(region, known);
        known
    }

    /// The length of a memory in bytes, for a comparison. That of a shared memory may be one that was read before,
    /// behind the last atomic operator or call: another thread's growth orders nothing by itself.
    pub(super) fn memory_len(&mut self, memory: MemoryIdx) -> Value {
        if let Some(len) = self.plan.memory(memory).fixed_len {
            return self.builder.ins().iconst(I64, len.cast_signed());
        }
        let def = self.cached(Cached::MemoryDef(memory));
        let stale = planted(Fault::MemoryLengthStale);
        let flags = if stale { CONSTANT } else { self.trusted_in(Region::MemoryLengths) };
        self.builder.ins().load(I64, flags, def, memory_def::LEN as i32)
    }

    /// The length of a memory in bytes, as what `memory.size` asks for: that of a shared memory is read anew.
    pub(super) fn memory_len_now(&mut self, memory: MemoryIdx) -> Value {
        let plan = self.plan.memory(memory);
        if !plan.shared || plan.fixed_len.is_some() {
            return self.memory_len(memory);
        }
        let def = self.cached(Cached::MemoryDef(memory));
        let place = self.builder.ins().iadd_imm_s(def, i64::from(memory_def::LEN));
        self.builder.ins().atomic_load(I64, MemFlagsData::trusted(), place)
    }

    /// The number of elements of a table.
    pub(super) fn table_len(&mut self, table: TableIdx) -> Value {
        if let Some(len) = self.plan.table(table).fixed_len {
            return self.builder.ins().iconst(I64, len.cast_signed());
        }
        let def = self.cached(Cached::TableDef(table));
        let flags = self.trusted_in(Region::TableHeads);
        self.builder.ins().load(I64, flags, def, table_def::LEN as i32)
    }

    /// The first element of a table.
    pub(super) fn table_base(&mut self, table: TableIdx) -> Value {
        if self.plan.table(table).fixed_len.is_some() {
            return self.cached(Cached::TableBase(table));
        }
        let def = self.cached(Cached::TableDef(table));
        let stale = planted(Fault::TableBaseStale);
        let flags = if stale { CONSTANT } else { self.trusted_in(Region::TableHeads) };
        self.builder.ins().load(I64, flags, def, table_def::BASE as i32)
    }

    pub(super) fn signature(&mut self, ty: TypeIdx) -> SigRef {
        let plan = self.plan;
        let builder = &mut self.builder;
        let import = || builder.import_signature(plan.abi(ty).signature());
        *self.scratch.signatures.entry(Signed::Type(ty)).or_insert_with(import)
    }

    /// The address of a constant table, which stands among the functions of the module.
    pub(super) fn dispatch_table(&mut self, number: u32, ty: TypeIdx) -> Value {
        let index = self.plan.model.bodies.len() as u32 + number;
        let table = match self.scratch.dispatches.get(&number) {
            Some(&known) => known,
            None => {
                let signature = self.signature(ty);
                let table = self.declare(index, signature);
                self.scratch.dispatches.insert(number, table);
                table
            }
        };
        self.builder.ins().func_addr(I64, table)
    }

    /// A function of the module, to be called directly.
    pub(super) fn func(&mut self, func: FuncIdx) -> FuncRef {
        if let Some(&known) = self.scratch.funcs.get(&func) {
            return known;
        }
        let index = func.0 - self.plan.model.imported_funcs;
        let signature = self.signature(self.plan.model.funcs[func.index()].ty);
        let known = self.declare(index, signature);
        self.scratch.funcs.insert(func, known);
        known
    }

    /// Something that stands in the text at this place.
    fn declare(&mut self, index: u32, signature: SigRef) -> FuncRef {
        let name = self.builder.func.declare_imported_user_function(UserExternalName { namespace: 0, index });
        let name = ExternalName::user(name);
        self.builder.import_function(ExtFuncData { name, signature, colocated: true, patchable: false })
    }

    /// Calls a builtin; the result when it has one.
    pub(super) fn call_builtin(&mut self, builtin: Builtin, args: &[Value]) -> Option<Value> {
        let builder = &mut self.builder;
        let import = || builder.import_signature(builtin_signature(builtin));
        let signature =
            *self.scratch.signatures.entry(Signed::Builtin(builtin as usize)).or_insert_with(import);
        let table = self.cached(Cached::Builtins);
        let callee = self.load_constant(I64, table, builtin as u32 * POINTER_SIZE);
        let call = self.builder.ins().call_indirect(signature, callee, args);
        self.builder.inst_results(call).first().copied()
    }
}
