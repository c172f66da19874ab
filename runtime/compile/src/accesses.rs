//! The instructions of a translated function that access memories, and what a judge has put in front of them.
//!
//! [`record`] lets every such instruction tell the machine its address before it runs. It looks at what was translated, not
//! at how: an access that nobody meant to make tells its address, too. What functions with very many regions access in
//! regions they share is left out. Knows no operator.

use crate::abi::builtin_signature;
use crate::lower::trap_code;
use crate::plan::{ModulePlan, Region};
use assay_model::builtins::Builtin;
use assay_model::fault::{Fault, planted};
use assay_model::index::{DefinedMemoryIdx, MemoryIdx};
use assay_model::layout::{POINTER_SIZE, VmCtxLayout};
use assay_model::trap::TrapKind;
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::types::{I8X16, I32, I32X4, I64, I64X2};
use cranelift_codegen::ir::{
    Endianness, Function, Inst, InstBuilder, InstructionData, MemFlagsData, Opcode, Value,
};

/// An instruction that accesses a memory.
struct Access {
    inst: Inst,
    /// Its address is this
    base: Value,
    /// and so many bytes.
    offset: i32,
    width: u32,
    region: u32,
}

/// Every access of a function to a memory.
fn accesses(func: &Function) -> Vec<Access> {
    let mut found = Vec::new();
    for block in func.layout.blocks() {
        found.extend(func.layout.block_insts(block).filter_map(|inst| access(func, inst)));
    }
    found
}

fn access(func: &Function, inst: Inst) -> Option<Access> {
    let dfg = &func.dfg;
    let data = dfg.insts[inst];
    let region = dfg.alias_regions[data.alias_region(dfg)?].user_id;
    if !Region::is_memory(region) {
        return None;
    }
    let (base, offset) = match data {
        InstructionData::Load { arg, offset, .. } => (arg, offset.into()),
        InstructionData::Store { args, offset, .. } => (args[1], offset.into()),
        InstructionData::LoadNoOffset { arg, .. } => (arg, 0),
        InstructionData::StoreNoOffset { args, .. } => (args[1], 0),
        InstructionData::AtomicRmw { args, .. } => (args[0], 0),
        InstructionData::AtomicCas { args, .. } => (args[0], 0),
        _ => return None,
    };
    let width = match data.opcode() {
        Opcode::Uload8 | Opcode::Sload8 | Opcode::Istore8 => 1,
        Opcode::Uload16 | Opcode::Sload16 | Opcode::Istore16 => 2,
        Opcode::Uload32 | Opcode::Sload32 | Opcode::Istore32 => 4,
        Opcode::Uload8x8
        | Opcode::Sload8x8
        | Opcode::Uload16x4
        | Opcode::Sload16x4
        | Opcode::Uload32x2
        | Opcode::Sload32x2 => 8,
        _ => match dfg.inst_results(inst).first() {
            Some(&result) => dfg.value_type(result).bytes(),
            // A store: what is stored is its first operand.
            None => dfg.value_type(dfg.inst_args(inst)[0]).bytes(),
        },
    };
    Some(Access { inst, base, offset, width, region })
}

/// Puts a call of [`Builtin::Access`] in front of every access.
pub(crate) fn record(func: &mut Function) {
    let accesses = accesses(func);
    let Some(entry) = func.layout.entry_block().filter(|_| !accesses.is_empty()) else { return };
    let ctx = func.dfg.block_params(entry)[0];
    let signature = func.import_signature(builtin_signature(Builtin::Access));
    let constant = MemFlagsData::trusted().with_readonly().with_can_move();
    for access in accesses {
        let place = func.srcloc(access.inst);
        let mut cursor = FuncCursor::new(func).at_inst(access.inst);
        cursor.set_srcloc(place);
        let table = cursor.ins().load(I64, constant, ctx, VmCtxLayout::BUILTINS as i32);
        let callee = cursor.ins().load(I64, constant, table, (Builtin::Access as u32 * POINTER_SIZE) as i32);
        let address = cursor.ins().iadd_imm_s(access.base, i64::from(access.offset));
        let width = cursor.ins().iconst(I32, i64::from(access.width));
        let operator = cursor.ins().iconst(I32, i64::from(place.bits()));
        cursor.ins().call_indirect(signature, callee, &[ctx, address, width, operator]);
    }
}

/// What the code generator might do wrong behind everybody's back: planted faults.
pub(crate) fn spoil(func: &mut Function, plan: &ModulePlan<'_>) {
    if planted(Fault::ReadsPastSmallPages) {
        for access in accesses(func) {
            if has_small_pages(plan, access.region) {
                widen(func, &access, plan.options.signals_based_traps);
            }
        }
    }
}

fn has_small_pages(plan: &ModulePlan<'_>, region: u32) -> bool {
    let memory = Region::defined_memory(region);
    let memory = memory.map(|DefinedMemoryIdx(defined)| plan.model.imported_memories + defined);
    memory.is_some_and(|memory| plan.memory(MemoryIdx(memory)).page_size_log2 != 16)
}

/// Makes a whole load one of 16 bytes, of which the lowest are taken.
fn widen(func: &mut Function, access: &Access, signals: bool) {
    let whole = func.dfg.insts[access.inst].opcode() == Opcode::Load;
    let Some(&result) = func.dfg.inst_results(access.inst).first().filter(|_| whole) else { return };
    let lanes = match func.dfg.value_type(result) {
        I32 => I32X4,
        I64 => I64X2,
        _ => return,
    };
    let code = signals.then_some(trap_code(TrapKind::MemoryOutOfBounds));
    let flags = MemFlagsData::new().with_endianness(Endianness::Little).with_trap_code(code);
    let mut cursor = FuncCursor::new(func).at_inst(access.inst);
    cursor.set_srcloc(cursor.func.srcloc(access.inst));
    let wide = cursor.ins().load(I8X16, flags, access.base, access.offset);
    let wide = cursor.ins().bitcast(lanes, MemFlagsData::new().with_endianness(Endianness::Little), wide);
    cursor.func.replace(access.inst).extractlane(wide, 0);
}
