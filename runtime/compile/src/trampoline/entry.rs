//! `extern "C" fn(ctx, wasm_call, values: *mut [u8; 16])`: values in, call, values out.
//!
//! Results overwrite the parameters. When the callee is left by `Builtin::Raise`, this frame is left with it; it holds
//! nothing that would have to be undone.

use super::cells;
use crate::abi::WasmAbi;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{AbiParam, InstBuilder, Signature};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;

/// The signature of every entry trampoline.
pub(crate) fn signature() -> Signature {
    let mut signature = Signature::new(CallConv::SystemV);
    signature.params.extend([AbiParam::new(I64); 3]);
    signature
}

/// Builds the trampoline for functions of `abi`.
pub(crate) fn build<'a>(mut builder: FunctionBuilder<'a>, abi: &WasmAbi) -> FunctionBuilder<'a> {
    let block = builder.create_block();
    builder.append_block_params_for_function_params(block);
    builder.switch_to_block(block);
    builder.seal_block(block);
    let &[ctx, callee, array] = builder.block_params(block) else { return builder };

    let mut values = vec![ctx];
    let area = abi.area(&mut builder);
    values.extend(area.map(|slot| builder.ins().stack_addr(I64, slot, 0)));
    cells::load(&mut builder, array, &abi.sig.params, &mut values);
    let wasm = builder.import_signature(abi.signature());
    let call = builder.ins().call_indirect(wasm, callee, &values);
    values.clear();
    let registers = builder.inst_results(call).to_vec();
    abi.take_results(&mut builder, &registers, area, &mut values);
    cells::store(&mut builder, array, &values);
    builder.ins().return_(&[]);
    builder
}
