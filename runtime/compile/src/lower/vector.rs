//! What the vector operators share ([Vector instructions](https://webassembly.github.io/spec/core/exec/numerics.html#vector-operations)).
//!
//! The code generator's vectors have lane types; wasm's have none. Results stay on the stack with the lanes that their
//! operator gave them, and are cast where the next operator wants others. Wherever wasm sees the type (locals, block
//! and function parameters), vectors are `i8x16`.

use super::Lowering;
use crate::error::Result;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32X4, F64X2, I8, I8X16, I16, I16X8, I32, I32X4, I64X2};
use cranelift_codegen::ir::{
    ConstantData, Endianness, InstBuilder, InstructionData, MemFlagsData, Opcode, Type, Value, ValueDef,
};
use cranelift_frontend::FuncInstBuilder;
use wasmparser::MemArg;

/// Which half of the lanes is widened.
#[derive(Copy, Clone)]
pub(super) enum Half {
    Low,
    High,
}

impl Lowering<'_> {
    /// A vector as lanes of `ty`.
    pub(super) fn as_lanes(&mut self, value: Value, ty: Type) -> Value {
        if self.type_of(value) == ty {
            return value;
        }
        let flags = MemFlagsData::new().with_endianness(Endianness::Little);
        self.builder.ins().bitcast(ty, flags, value)
    }

    pub(super) fn pop_lanes(&mut self, ty: Type) -> Value {
        let value = self.pop_condition();
        self.as_lanes(value, ty)
    }

    pub(super) fn pop2_lanes(&mut self, ty: Type) -> (Value, Value) {
        let second = self.pop_lanes(ty);
        (self.pop_lanes(ty), second)
    }

    pub(super) fn v128_const(&mut self, bytes: &[u8; 16]) -> Value {
        self.vector_const(I8X16, bytes)
    }

    fn vector_const(&mut self, ty: Type, bytes: &[u8; 16]) -> Value {
        let constant = self.builder.func.dfg.constants.insert(ConstantData::from(bytes.as_slice()));
        self.builder.ins().vconst(ty, constant)
    }

    pub(super) fn lanes_unary(
        &mut self,
        ty: Type,
        make: impl FnOnce(FuncInstBuilder<'_, '_>, Value) -> Value,
    ) {
        let value = self.pop_lanes(ty);
        let result = make(self.builder.ins(), value);
        self.push(result);
    }

    pub(super) fn lanes_binary(
        &mut self,
        ty: Type,
        make: impl FnOnce(FuncInstBuilder<'_, '_>, Value, Value) -> Value,
    ) {
        let (left, right) = self.pop2_lanes(ty);
        let result = make(self.builder.ins(), left, right);
        self.push(result);
    }

    /// A shift of all lanes by an `i32`, which the code generator reduces modulo the lane width.
    pub(super) fn lanes_shift(
        &mut self,
        ty: Type,
        make: impl FnOnce(FuncInstBuilder<'_, '_>, Value, Value) -> Value,
    ) {
        let count = self.pop();
        self.lanes_unary(ty, |ins, value| make(ins, value, count));
    }

    pub(super) fn lanes_compare(&mut self, ty: Type, condition: IntCC) {
        self.lanes_binary(ty, |ins, left, right| ins.icmp(condition, left, right));
    }

    pub(super) fn lanes_compare_float(&mut self, ty: Type, condition: FloatCC) {
        self.lanes_binary(ty, |ins, left, right| ins.fcmp(condition, left, right));
    }

    pub(super) fn splat(&mut self, ty: Type) {
        let value = self.pop();
        let lane = self.narrow_lane(value, ty);
        let vector = self.builder.ins().splat(ty, lane);
        self.push(vector);
    }

    /// An operand as a lane of `ty`.
    fn narrow_lane(&mut self, value: Value, ty: Type) -> Value {
        let lane = ty.lane_type();
        if lane == I8 || lane == I16 { self.builder.ins().ireduce(lane, value) } else { value }
    }

    pub(super) fn extract_lane(&mut self, ty: Type, lane: u8) {
        self.lanes_unary(ty, |ins, vector| ins.extractlane(vector, lane));
    }

    pub(super) fn extract_lane_s(&mut self, ty: Type, lane: u8) {
        let vector = self.pop_lanes(ty);
        let value = self.builder.ins().extractlane(vector, lane);
        let value = self.builder.ins().sextend(I32, value);
        self.push(value);
    }

    pub(super) fn extract_lane_u(&mut self, ty: Type, lane: u8) {
        let vector = self.pop_lanes(ty);
        let value = self.builder.ins().extractlane(vector, lane);
        let value = self.builder.ins().uextend(I32, value);
        self.push(value);
    }

    pub(super) fn replace_lane(&mut self, ty: Type, lane: u8) {
        let value = self.pop();
        let value = self.narrow_lane(value, ty);
        self.lanes_unary(ty, |ins, vector| ins.insertlane(vector, value, lane));
    }

    pub(super) fn shuffle(&mut self, lanes: &[u8; 16]) {
        let mask = self.builder.func.dfg.immediates.push(ConstantData::from(lanes.as_slice()));
        self.lanes_binary(I8X16, |ins, left, right| ins.shuffle(left, right, mask));
    }

    /// `mask ? first : second`, bit by bit. The lanes of the mask are kept: the code generator selects whole lanes when it
    /// sees that a comparison made it.
    pub(super) fn bitselect(&mut self) {
        let mask = self.pop_condition();
        let mask = self.before_cast(mask);
        let ty = self.type_of(mask);
        let ty = if ty.lane_type().is_int() { ty } else { I8X16 };
        let mask = self.as_lanes(mask, ty);
        self.lanes_binary(ty, |ins, first, second| ins.bitselect(mask, first, second));
    }

    /// The vector that `value` is a cast of, or `value`.
    fn before_cast(&self, value: Value) -> Value {
        let dfg = &self.builder.func.dfg;
        let ValueDef::Result(inst, _) = dfg.value_def(value) else { return value };
        match dfg.insts[inst] {
            InstructionData::LoadNoOffset { opcode: Opcode::Bitcast, arg, .. }
                if dfg.value_type(arg).is_vector() =>
            {
                arg
            }
            _ => value,
        }
    }

    pub(super) fn any_true(&mut self) {
        self.lanes_unary(I8X16, |ins, vector| ins.vany_true(vector));
    }

    pub(super) fn all_true(&mut self, ty: Type) {
        self.lanes_unary(ty, |ins, vector| ins.vall_true(vector));
    }

    pub(super) fn bitmask(&mut self, ty: Type) {
        self.lanes_unary(ty, |ins, vector| ins.vhigh_bits(I32, vector));
    }

    fn widen_half(&mut self, vector: Value, half: Half, signed: bool) -> Value {
        let ins = self.builder.ins();
        match (half, signed) {
            (Half::Low, true) => ins.swiden_low(vector),
            (Half::Low, false) => ins.uwiden_low(vector),
            (Half::High, true) => ins.swiden_high(vector),
            (Half::High, false) => ins.uwiden_high(vector),
        }
    }

    /// Widens half of the lanes of `ty`.
    pub(super) fn extend_half(&mut self, ty: Type, half: Half, signed: bool) {
        let vector = self.pop_lanes(ty);
        let wide = self.widen_half(vector, half, signed);
        self.push(wide);
    }

    /// Multiplies the widened halves of two vectors with lanes of `ty`.
    pub(super) fn extmul(&mut self, ty: Type, half: Half, signed: bool) {
        let (left, right) = self.pop2_lanes(ty);
        let product = self.multiply_half(left, right, half, signed);
        self.push(product);
    }

    fn multiply_half(&mut self, left: Value, right: Value, half: Half, signed: bool) -> Value {
        let left = self.widen_half(left, half, signed);
        let right = self.widen_half(right, half, signed);
        self.builder.ins().imul(left, right)
    }

    /// Adds neighbouring lanes of `ty`, widened.
    pub(super) fn extadd_pairwise(&mut self, ty: Type, signed: bool) {
        let vector = self.pop_lanes(ty);
        let sum = self.add_neighbours(vector, signed);
        self.push(sum);
    }

    fn add_neighbours(&mut self, vector: Value, signed: bool) -> Value {
        let low = self.widen_half(vector, Half::Low, signed);
        let high = self.widen_half(vector, Half::High, signed);
        self.builder.ins().iadd_pairwise(low, high)
    }

    /// Signed products of lanes of `ty`, neighbours added; the sums wrap.
    fn dot_wrapping(&mut self, left: Value, right: Value) -> Value {
        let low = self.multiply_half(left, right, Half::Low, true);
        let high = self.multiply_half(left, right, Half::High, true);
        self.builder.ins().iadd_pairwise(low, high)
    }

    pub(super) fn dot(&mut self) {
        let (left, right) = self.pop2_lanes(I16X8);
        let sums = self.dot_wrapping(left, right);
        self.push(sums);
    }

    pub(super) fn relaxed_dot(&mut self) {
        let (left, right) = self.pop2_lanes(I8X16);
        let sums = self.dot_wrapping(left, right);
        self.push(sums);
    }

    pub(super) fn relaxed_dot_add(&mut self) {
        let addend = self.pop_lanes(I32X4);
        let (left, right) = self.pop2_lanes(I8X16);
        let sums = self.dot_wrapping(left, right);
        let sums = self.add_neighbours(sums, true);
        let sums = self.builder.ins().iadd(sums, addend);
        self.push(sums);
    }

    /// `a * b + c`, rounded twice; with `negate` `-(a * b) + c`.
    pub(super) fn relaxed_madd(&mut self, ty: Type, negate: bool) {
        let addend = self.pop_lanes(ty);
        let (left, right) = self.pop2_lanes(ty);
        let left = if negate { self.builder.ins().fneg(left) } else { left };
        let product = self.builder.ins().fmul(left, right);
        let sum = self.builder.ins().fadd(product, addend);
        self.push(sum);
    }

    /// `second < first ? second : first`: the first operand when the comparison does not hold.
    pub(super) fn pseudo_min(&mut self, ty: Type) {
        let (first, second) = self.pop2_lanes(ty);
        let less = self.builder.ins().fcmp(FloatCC::LessThan, second, first);
        self.select_lanes(ty, less, second, first);
    }

    /// `first < second ? second : first`.
    pub(super) fn pseudo_max(&mut self, ty: Type) {
        let (first, second) = self.pop2_lanes(ty);
        let less = self.builder.ins().fcmp(FloatCC::LessThan, first, second);
        self.select_lanes(ty, less, second, first);
    }

    fn select_lanes(&mut self, ty: Type, mask: Value, yes: Value, no: Value) {
        let mask = self.as_lanes(mask, ty);
        let value = self.builder.ins().bitselect(mask, yes, no);
        self.push(value);
    }

    /// Truncates two floats into the low lanes; the high lanes are zero.
    pub(super) fn trunc_sat_zero(&mut self, signed: bool) {
        let value = self.pop_lanes(F64X2);
        // The code generator knows these narrowings only of a truncation and a constant of this type.
        let zero = self.vector_const(I64X2, &[0; 16]);
        let result = if signed {
            let wide = self.builder.ins().fcvt_to_sint_sat(I64X2, value);
            self.builder.ins().snarrow(wide, zero)
        } else {
            let wide = self.builder.ins().fcvt_to_uint_sat(I64X2, value);
            self.builder.ins().uunarrow(wide, zero)
        };
        self.push(result);
    }

    pub(super) fn convert_low(&mut self, signed: bool) {
        let value = self.pop_lanes(I32X4);
        let low = self.widen_half(value, Half::Low, signed);
        let result = if signed {
            self.builder.ins().fcvt_from_sint(F64X2, low)
        } else {
            self.builder.ins().fcvt_from_uint(F64X2, low)
        };
        self.push(result);
    }

    pub(super) fn promote_low(&mut self) {
        self.lanes_unary(F32X4, |ins, value| ins.fvpromote_low(value));
    }

    /// Loads eight bytes as lanes of half the width and widens them to lanes of `ty`.
    pub(super) fn load_widening(&mut self, arg: &MemArg, ty: Type, signed: bool) -> Result<()> {
        let index = self.pop();
        let Some((address, offset, flags)) = self.address(arg, index, 8)? else { return Ok(()) };
        let ins = self.builder.ins();
        let value = match (ty, signed) {
            (I16X8, true) => ins.sload8x8(flags, address, offset),
            (I16X8, false) => ins.uload8x8(flags, address, offset),
            (I32X4, true) => ins.sload16x4(flags, address, offset),
            (I32X4, false) => ins.uload16x4(flags, address, offset),
            (_, true) => ins.sload32x2(flags, address, offset),
            (_, false) => ins.uload32x2(flags, address, offset),
        };
        self.push(value);
        Ok(())
    }

    pub(super) fn load_splat(&mut self, arg: &MemArg, ty: Type) -> Result<()> {
        let index = self.pop();
        let Some((address, offset, flags)) = self.address(arg, index, ty.lane_type().bytes())? else {
            return Ok(());
        };
        let lane = self.builder.ins().load(ty.lane_type(), flags, address, offset);
        let value = self.builder.ins().splat(ty, lane);
        self.push(value);
        Ok(())
    }

    /// Loads a lane of `ty` into the lowest lane; the others are zero.
    pub(super) fn load_zero(&mut self, arg: &MemArg, ty: Type) -> Result<()> {
        let index = self.pop();
        let Some((address, offset, flags)) = self.address(arg, index, ty.lane_type().bytes())? else {
            return Ok(());
        };
        let lane = self.builder.ins().load(ty.lane_type(), flags, address, offset);
        let value = self.builder.ins().scalar_to_vector(ty, lane);
        self.push(value);
        Ok(())
    }

    pub(super) fn load_lane(&mut self, arg: &MemArg, ty: Type, lane: u8) -> Result<()> {
        let vector = self.pop_lanes(ty);
        let index = self.pop();
        let Some((address, offset, flags)) = self.address(arg, index, ty.lane_type().bytes())? else {
            return Ok(());
        };
        let value = self.builder.ins().load(ty.lane_type(), flags, address, offset);
        let value = self.builder.ins().insertlane(vector, value, lane);
        self.push(value);
        Ok(())
    }

    pub(super) fn store_lane(&mut self, arg: &MemArg, ty: Type, lane: u8) -> Result<()> {
        let vector = self.pop_lanes(ty);
        let index = self.pop();
        if let Some((address, offset, flags)) = self.address(arg, index, ty.lane_type().bytes())? {
            let value = self.builder.ins().extractlane(vector, lane);
            self.builder.ins().store(flags, value, address, offset);
        }
        Ok(())
    }
}
