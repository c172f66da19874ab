//! The argument array: cells of 16 bytes, little-endian from the first byte on, unused high bytes zero.

use crate::abi::clif_type;
use assay_model::layout::{AbiKind, VALUE_SIZE};
use cranelift_codegen::ir::types::{F32, F64, I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use cranelift_frontend::FunctionBuilder;

fn offset(position: usize) -> i32 {
    // Validation bounds parameters and results to a thousand each.
    (position as u32 * VALUE_SIZE) as i32
}

/// Loads the values of `kinds` from the array.
pub(super) fn load(builder: &mut FunctionBuilder<'_>, array: Value, kinds: &[AbiKind], out: &mut Vec<Value>) {
    for (position, &kind) in kinds.iter().enumerate() {
        let ty = clif_type(kind);
        out.push(builder.ins().load(ty, MemFlagsData::trusted(), array, offset(position)));
    }
}

/// Stores `values` into the array, every byte of their cells.
pub(super) fn store(builder: &mut FunctionBuilder<'_>, array: Value, values: &[Value]) {
    let mut zero = None;
    for (position, &value) in values.iter().enumerate() {
        let at = offset(position);
        let low = as_i64(builder, value);
        builder.ins().store(MemFlagsData::trusted(), low, array, at);
        if builder.func.dfg.value_type(low).bytes() < VALUE_SIZE {
            let zero = *zero.get_or_insert_with(|| builder.ins().iconst(I64, 0));
            builder.ins().store(MemFlagsData::trusted(), zero, array, at + 8);
        }
    }
}

/// The bits of a scalar, zero-extended; vectors as they are.
fn as_i64(builder: &mut FunctionBuilder<'_>, value: Value) -> Value {
    match builder.func.dfg.value_type(value) {
        I32 => builder.ins().uextend(I64, value),
        F32 => {
            let bits = builder.ins().bitcast(I32, MemFlagsData::new(), value);
            builder.ins().uextend(I64, bits)
        }
        F64 => builder.ins().bitcast(I64, MemFlagsData::new(), value),
        _ => value,
    }
}
