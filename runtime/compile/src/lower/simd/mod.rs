//! Vectors of 128 bits ([Vector instructions](https://webassembly.github.io/spec/core/exec/numerics.html)): one file per
//! family of operators, tried in the order of this module's list.
//!
//! A `v128` has one type wherever values meet that were made in different places (locals, parameters, results, blocks):
//! sixteen bytes. In between, on the operand stack, a vector keeps the lanes that its operator gave it, so that a chain
//! of operators on the same lanes needs no casts; [`Lowering::pop`] makes it sixteen bytes, [`Lowering::pop_lanes`]
//! whatever the next operator works on.
//!
//! # Relaxed operators
//!
//! The specification lets each of them choose between several results. Here, as in the operator table of the model,
//! each has one meaning, whatever the host can do: `relaxed_swizzle`, `relaxed_trunc_*`, `relaxed_min`, `relaxed_max`
//! and `relaxed_q15mulr_s` are their strict namesakes (truncations saturate), `relaxed_laneselect` is `bitselect`,
//! `relaxed_madd` and `relaxed_nmadd` round twice, and the dot products are signed on both sides and wrap.

mod compare;
mod convert;
mod float;
mod integer;
mod lane;
mod memory;
mod relaxed;

use super::Lowering;
use crate::error::Result;
use cranelift_codegen::ir::types::{I8X16, I16X8, I32X4, I64X2};
use cranelift_codegen::ir::{
    Constant, Endianness, InstBuilder, InstructionData, MemFlagsData, Opcode, Type, Value, ValueDef,
};
use cranelift_frontend::FuncInstBuilder;
use wasmparser::Operator;

impl Lowering<'_> {
    /// Translates a vector operator.
    pub(super) fn vector_operator(&mut self, operator: &Operator<'_>) -> Result<()> {
        self.lane_operator(operator)
    }

    /// The top of the stack as a vector of this type.
    pub(super) fn pop_lanes(&mut self, ty: Type) -> Value {
        let value = self.pop_as_is();
        self.cast(value, ty)
    }

    fn pop2_lanes(&mut self, ty: Type) -> (Value, Value) {
        let second = self.pop_lanes(ty);
        (self.pop_lanes(ty), second)
    }

    fn unary_lanes(&mut self, ty: Type, make: impl FnOnce(FuncInstBuilder<'_, '_>, Value) -> Value) {
        let value = self.pop_lanes(ty);
        let result = make(self.builder.ins(), value);
        self.push(result);
    }

    fn binary_lanes(&mut self, ty: Type, make: impl FnOnce(FuncInstBuilder<'_, '_>, Value, Value) -> Value) {
        let (left, right) = self.pop2_lanes(ty);
        let result = make(self.builder.ins(), left, right);
        self.push(result);
    }

    /// The same 128 bits as a vector of another type.
    pub(super) fn cast(&mut self, value: Value, ty: Type) -> Value {
        let value = if self.type_of(value) == ty { value } else { self.before_cast(value) };
        if self.type_of(value) == ty {
            return value;
        }
        if let Some(constant) = self.vector_constant(value) {
            return self.builder.ins().vconst(ty, constant);
        }
        let flags = MemFlagsData::new().with_endianness(Endianness::Little);
        self.builder.ins().bitcast(ty, flags, value)
    }

    /// The vector that `value` is a cast of, or `value`.
    fn before_cast(&self, value: Value) -> Value {
        match self.instruction(value) {
            Some(InstructionData::LoadNoOffset { opcode: Opcode::Bitcast, arg, .. })
                if self.type_of(arg).is_vector() =>
            {
                arg
            }
            _ => value,
        }
    }

    fn vector_constant(&self, value: Value) -> Option<Constant> {
        match self.instruction(value) {
            Some(InstructionData::UnaryConst { opcode: Opcode::Vconst, constant_handle }) => {
                Some(constant_handle)
            }
            _ => None,
        }
    }

    fn instruction(&self, value: Value) -> Option<InstructionData> {
        match self.builder.func.dfg.value_def(value) {
            ValueDef::Result(inst, _) => Some(self.builder.func.dfg.insts[inst]),
            _ => None,
        }
    }

    /// The constant with these bytes, the first of them lowest.
    pub(super) fn vector(&mut self, ty: Type, bytes: &[u8; 16]) -> Value {
        let constant = self.builder.func.dfg.constants.insert(bytes.as_slice().into());
        self.builder.ins().vconst(ty, constant)
    }
}

/// The vector of integers with as many lanes as a vector of `lane`.
fn integers(lane_bits: u32) -> Type {
    match lane_bits {
        8 => I8X16,
        16 => I16X8,
        32 => I32X4,
        _ => I64X2,
    }
}
