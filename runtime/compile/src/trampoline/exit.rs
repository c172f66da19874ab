//! The compiled calling convention on the outside, `array_call` on the inside. `ctx` is the `FuncRef` that is called.
//!
//! Before it leaves, the trampoline writes its own frame pointer into the store: backtraces and `Builtin::Raise` start
//! there. A status other than 0 is raised from here, with code 0: the reason already waits in the store.

use super::cells;
use crate::abi::{WasmAbi, builtin_signature};
use crate::lower::trap_code;
use assay_model::builtins::Builtin;
use assay_model::layout::{POINTER_SIZE, VALUE_SIZE, func_ref, store_ctx};
use assay_model::trap::TrapKind;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    AbiParam, InstBuilder, MemFlagsData, Signature, StackSlotData, StackSlotKind, Value,
};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;

/// Builds the trampoline for callees of `abi`.
pub(crate) fn build<'a>(mut builder: FunctionBuilder<'a>, abi: &WasmAbi) -> FunctionBuilder<'a> {
    let block = builder.create_block();
    builder.append_block_params_for_function_params(block);
    builder.switch_to_block(block);
    builder.seal_block(block);
    let params = builder.block_params(block).to_vec();
    let callee = params[0];
    let area = abi.has_area().then(|| params[1]);

    let store = field(&mut builder, callee, func_ref::STORE);
    let frame = builder.ins().get_frame_pointer(I64);
    builder.ins().store(MemFlagsData::trusted(), frame, store, store_ctx::LAST_EXIT_FP as i32);

    let bytes = (abi.sig.array_len() as u32 * VALUE_SIZE).max(VALUE_SIZE);
    let slot = builder.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 4));
    let array = builder.ins().stack_addr(I64, slot, 0);
    cells::store(&mut builder, array, &params[abi.first_param()..]);

    let code = field(&mut builder, callee, func_ref::ARRAY_CALL);
    let signature = builder.import_signature(array_call_signature());
    let call = builder.ins().call_indirect(signature, code, &[callee, array]);
    let status = builder.inst_results(call)[0];
    raise_if(&mut builder, status, store);

    let mut results = Vec::with_capacity(abi.results.len());
    cells::load(&mut builder, array, &abi.sig.results, &mut results);
    abi.give_results(&mut builder, &results, area);
    builder
}

fn field(builder: &mut FunctionBuilder<'_>, base: Value, offset: u32) -> Value {
    builder.ins().load(I64, MemFlagsData::trusted(), base, offset as i32)
}

fn array_call_signature() -> Signature {
    let mut signature = Signature::new(CallConv::SystemV);
    signature.params.extend([AbiParam::new(I64); 2]);
    signature.returns.push(AbiParam::new(I32));
    signature
}

fn raise_if(builder: &mut FunctionBuilder<'_>, status: Value, store: Value) {
    let (raised, returned) = (builder.create_block(), builder.create_block());
    builder.ins().brif(status, raised, &[], returned, &[]);
    builder.set_cold_block(raised);
    builder.switch_to_block(raised);
    builder.seal_block(raised);
    let table = field(builder, store, store_ctx::BUILTINS);
    let raise = field(builder, table, Builtin::Raise as u32 * POINTER_SIZE);
    let signature = builder.import_signature(builtin_signature(Builtin::Raise));
    let code = builder.ins().iconst(I32, 0);
    builder.ins().call_indirect(signature, raise, &[store, code]);
    // `Raise` does not return.
    builder.ins().trap(trap_code(TrapKind::Unreachable));
    builder.switch_to_block(returned);
    builder.seal_block(returned);
}
