//! Loads and stores of vectors. Each touches exactly the bytes it is named for: what is checked is what is accessed.

use super::super::Lowering;
use super::integers;
use crate::error::Result;
use cranelift_codegen::ir::types::{I8X16, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Opcode, Type};
use wasmparser::{MemArg, Operator as Op};

impl Lowering<'_> {
    pub(super) fn vector_memory_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::V128Load { ref memarg } => self.load(memarg, I8X16),
            Op::V128Store { ref memarg } => self.store_vector(memarg),

            Op::V128Load8x8S { ref memarg } => self.load_widening(memarg, Opcode::Sload8x8),
            Op::V128Load8x8U { ref memarg } => self.load_widening(memarg, Opcode::Uload8x8),
            Op::V128Load16x4S { ref memarg } => self.load_widening(memarg, Opcode::Sload16x4),
            Op::V128Load16x4U { ref memarg } => self.load_widening(memarg, Opcode::Uload16x4),
            Op::V128Load32x2S { ref memarg } => self.load_widening(memarg, Opcode::Sload32x2),
            Op::V128Load32x2U { ref memarg } => self.load_widening(memarg, Opcode::Uload32x2),

            Op::V128Load8Splat { ref memarg } => self.load_splat(memarg, integers(8)),
            Op::V128Load16Splat { ref memarg } => self.load_splat(memarg, integers(16)),
            Op::V128Load32Splat { ref memarg } => self.load_splat(memarg, integers(32)),
            Op::V128Load64Splat { ref memarg } => self.load_splat(memarg, integers(64)),
            Op::V128Load32Zero { ref memarg } => self.load_zero(memarg, I32X4),
            Op::V128Load64Zero { ref memarg } => self.load_zero(memarg, I64X2),

            Op::V128Load8Lane { ref memarg, lane } => self.load_lane(memarg, integers(8), lane),
            Op::V128Load16Lane { ref memarg, lane } => self.load_lane(memarg, integers(16), lane),
            Op::V128Load32Lane { ref memarg, lane } => self.load_lane(memarg, integers(32), lane),
            Op::V128Load64Lane { ref memarg, lane } => self.load_lane(memarg, integers(64), lane),
            Op::V128Store8Lane { ref memarg, lane } => self.store_lane(memarg, integers(8), lane),
            Op::V128Store16Lane { ref memarg, lane } => self.store_lane(memarg, integers(16), lane),
            Op::V128Store32Lane { ref memarg, lane } => self.store_lane(memarg, integers(32), lane),
            Op::V128Store64Lane { ref memarg, lane } => self.store_lane(memarg, integers(64), lane),

            ref other => self.relaxed_operator(other),
        }
    }

    /// Stores a vector, whatever its lanes.
    fn store_vector(&mut self, arg: &MemArg) -> Result<()> {
        let value = self.pop_as_is();
        let value = self.before_cast(value);
        let index = self.pop();
        if let Some((address, offset, flags)) = self.address(arg, index, 16)? {
            self.builder.ins().store(flags, value, address, offset);
        }
        Ok(())
    }

    /// Loads eight bytes and widens each of their lanes.
    fn load_widening(&mut self, arg: &MemArg, opcode: Opcode) -> Result<()> {
        let index = self.pop();
        let Some((address, offset, flags)) = self.address(arg, index, 8)? else { return Ok(()) };
        let ins = self.builder.ins();
        let value = match opcode {
            Opcode::Sload8x8 => ins.sload8x8(flags, address, offset),
            Opcode::Uload8x8 => ins.uload8x8(flags, address, offset),
            Opcode::Sload16x4 => ins.sload16x4(flags, address, offset),
            Opcode::Uload16x4 => ins.uload16x4(flags, address, offset),
            Opcode::Sload32x2 => ins.sload32x2(flags, address, offset),
            _ => ins.uload32x2(flags, address, offset),
        };
        self.push(value);
        Ok(())
    }

    /// Loads one lane into all of `ty`.
    fn load_splat(&mut self, arg: &MemArg, ty: Type) -> Result<()> {
        let index = self.pop();
        if let Some((address, offset, flags)) = self.address(arg, index, ty.lane_type().bytes())? {
            let lane = self.builder.ins().load(ty.lane_type(), flags, address, offset);
            let value = self.builder.ins().splat(ty, lane);
            self.push(value);
        }
        Ok(())
    }

    /// Loads the lowest lane of `ty`; the others are zero.
    fn load_zero(&mut self, arg: &MemArg, ty: Type) -> Result<()> {
        let index = self.pop();
        if let Some((address, offset, flags)) = self.address(arg, index, ty.lane_type().bytes())? {
            let lane = self.builder.ins().load(ty.lane_type(), flags, address, offset);
            let value = self.builder.ins().scalar_to_vector(ty, lane);
            self.push(value);
        }
        Ok(())
    }

    fn load_lane(&mut self, arg: &MemArg, ty: Type, lane: u8) -> Result<()> {
        let vector = self.pop_lanes(ty);
        let index = self.pop();
        if let Some((address, offset, flags)) = self.address(arg, index, ty.lane_type().bytes())? {
            let loaded = self.builder.ins().load(ty.lane_type(), flags, address, offset);
            let value = self.builder.ins().insertlane(vector, loaded, lane);
            self.push(value);
        }
        Ok(())
    }

    fn store_lane(&mut self, arg: &MemArg, ty: Type, lane: u8) -> Result<()> {
        let vector = self.pop_lanes(ty);
        let index = self.pop();
        if let Some((address, offset, flags)) = self.address(arg, index, ty.lane_type().bytes())? {
            let value = self.builder.ins().extractlane(vector, lane);
            self.builder.ins().store(flags, value, address, offset);
        }
        Ok(())
    }
}
