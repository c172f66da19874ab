//! The wrong translations: what operators become while a planted fault is switched on.
//!
//! Enters: an operator, or an index; leaves: its wrong translation, or nothing where no fault that is switched on concerns
//! it, and then the right one is made elsewhere. Faults that are a condition more or less stand where that condition does.
//! Nothing of this remains in a build without the feature.

use super::Lowering;
use super::memory::Place;
use super::trap::trap_code;
use crate::error::Result;
use assay_model::fault::{Fault, planted};
use assay_model::index::{MemoryIdx, TableIdx};
use assay_model::layout::object::type_info;
use assay_model::trap::TrapKind;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32X4, F64, F64X2, I8, I8X16, I16, I32, I64, I64X2};
use cranelift_codegen::ir::{InstBuilder, InstructionData, MemFlagsData, Opcode, Type, Value, ValueDef};
use wasmparser::{MemArg, Operator as Op};

impl Lowering<'_> {
    /// The supertype of a type at a depth, by its display.
    pub(super) fn type_above(&mut self, id: Value, depth: u32) -> Value {
        let info = self.type_info(id);
        let flags = MemFlagsData::trusted().with_readonly();
        self.builder.ins().load(I32, flags, info, (type_info::DISPLAY + depth * 4) as i32)
    }

    /// Translates an operator wrongly, where a fault says so; whether it did.
    pub(super) fn wrong_operator(&mut self, operator: &Op<'_>) -> Result<bool> {
        match *operator {
            Op::Select | Op::TypedSelect { .. } if self.planted_in_select() => self.wrong_select(),
            Op::I32Shl | Op::I64Shl | Op::I32ShrU | Op::I64ShrU if planted(Fault::ShiftCountNotMasked) => {
                return Ok(self.shift_to_nothing());
            }
            Op::I32Rotl | Op::I64Rotl if planted(Fault::RotateByZero) => self.rotate_by_sum(),
            Op::I64x2ShrS if planted(Fault::WideLaneShift) => self.shift_wide_lanes(),
            Op::I8x16Swizzle if planted(Fault::SwizzleIndexMasked) => self.swizzle_masked(),
            Op::I8x16Shuffle { lanes } if planted(Fault::ShuffleOfOneVector) => {
                self.shuffle_off_by_one(lanes);
            }
            Op::F64Copysign if planted(Fault::CopysignReadsWide) => self.copysign_wide(),
            Op::V128Load64Splat { ref memarg } if planted(Fault::SplatReadsWide) => {
                self.load_wide(memarg, I64X2, |this, lane| this.builder.ins().splat(I64X2, lane))?;
            }
            Op::V128Load64Zero { ref memarg } if planted(Fault::ZeroLoadReadsWide) => {
                self.load_wide(memarg, I64X2, |this, lane| this.builder.ins().scalar_to_vector(I64X2, lane))?;
            }
            Op::F32Min | Op::F64Min if planted(Fault::FloatMinimumByComparison) => {
                self.minimum_by_comparison();
            }
            Op::F32x4Max if planted(Fault::VectorMaximumByComparison) => self.pseudo_max(F32X4),
            Op::F64x2Max if planted(Fault::VectorMaximumByComparison) => self.pseudo_max(F64X2),
            Op::I32DivU if planted(Fault::DivisorSignExtended) => return Ok(self.divide_by_extended()),
            Op::I64Extend8S if planted(Fault::ExtendToHalf) => self.extend_to_half(I8),
            Op::I64Extend16S if planted(Fault::ExtendToHalf) => self.extend_to_half(I16),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The index of an access as 64 bits, wrongly.
    pub(super) fn wrong_index(&mut self, memory: MemoryIdx, index: Value) -> Option<Value> {
        if self.plan.memory(memory).index64 {
            return planted(Fault::WideIndexNarrowed).then(|| {
                let low = self.builder.ins().ireduce(I32, index);
                self.builder.ins().uextend(I64, low)
            });
        }
        if planted(Fault::IndexSignExtended) {
            return Some(self.builder.ins().sextend(I64, index));
        }
        match self.made_by(index)? {
            InstructionData::Binary { opcode: Opcode::Iadd, args } if planted(Fault::IndexSumNotWrapped) => {
                let left = self.builder.ins().uextend(I64, args[0]);
                let right = self.builder.ins().uextend(I64, args[1]);
                Some(self.builder.ins().iadd(left, right))
            }
            InstructionData::Load { opcode: Opcode::Sload8 | Opcode::Sload16, .. }
                if planted(Fault::IndexOfSignedLoad) =>
            {
                Some(self.builder.ins().sextend(I64, index))
            }
            InstructionData::Unary { opcode: Opcode::Ireduce, arg } if planted(Fault::IndexNotNarrowed) => {
                Some(arg)
            }
            _ => None,
        }
    }

    /// The sum of a 32-bit index and `end`, in 32 bits.
    pub(super) fn wrong_sum(&mut self, index: Value, end: u64) -> Option<Value> {
        planted(Fault::BoundsSumNarrow).then(|| {
            let low = self.builder.ins().ireduce(I32, index);
            let sum = self.builder.ins().iadd_imm_s(low, i64::from(end as u32 as i32));
            self.builder.ins().uextend(I64, sum)
        })
    }

    /// Reads from an address rounded down to a multiple of 16, and forgets it.
    pub(super) fn read_elsewhere(&mut self, ty: Type, (address, offset, flags): Place) {
        let down = self.builder.ins().band_imm_s(address, -16);
        self.builder.ins().load(ty, flags, down, offset);
    }

    /// Reads what cannot be mapped, as if that were the trap, when `condition` is not zero.
    pub(super) fn read_first_page_if(&mut self, condition: Value) {
        self.cold_if(condition, |this| {
            let flags = MemFlagsData::new().with_trap_code(Some(trap_code(TrapKind::MemoryOutOfBounds)));
            let null = this.builder.ins().iconst(I64, 0);
            this.builder.ins().load(I8, flags, null, 16);
            this.builder.ins().trap(trap_code(TrapKind::Unreachable));
        });
    }

    /// The number of a table for a builtin: wrongly that among the defined ones, with this fault.
    pub(super) fn table_number(&self, table: TableIdx, fault: Fault) -> u32 {
        let defined = self.plan.model.defined_table(table);
        if planted(fault) { defined.map_or(table.0, |defined| defined.0) } else { table.0 }
    }

    /// A size or length with its low half in the upper one, too.
    pub(super) fn wrong_size(&mut self, size: Value) -> Value {
        if !planted(Fault::WideSizeUpperHalf) {
            return size;
        }
        let upper = self.builder.ins().ishl_imm_u(size, 32);
        self.builder.ins().bor(size, upper)
    }

    /// The instruction that makes a value.
    fn made_by(&self, value: Value) -> Option<InstructionData> {
        let ValueDef::Result(inst, _) = self.builder.func.dfg.value_def(value) else { return None };
        Some(self.builder.func.dfg.insts[inst])
    }

    fn planted_in_select(&self) -> bool {
        planted(Fault::SelectAsUnsignedMinimum)
            || planted(Fault::SelectAsFloatMinimum)
            || planted(Fault::SelectVectorByHalf)
    }

    fn wrong_select(&mut self) {
        let condition = self.pop_condition();
        let (first, second) = self.pop2();
        let value = match self.made_by(condition) {
            Some(InstructionData::IntCompare { cond: IntCC::SignedLessThan, args, .. })
                if planted(Fault::SelectAsUnsignedMinimum) && args == [first, second] =>
            {
                self.builder.ins().umin(first, second)
            }
            Some(InstructionData::FloatCompare { cond: FloatCC::LessThan, args, .. })
                if planted(Fault::SelectAsFloatMinimum) && args == [first, second] =>
            {
                self.builder.ins().fmin(first, second)
            }
            _ => {
                let chosen = self.builder.ins().select(condition, first, second);
                let vector = self.type_of(chosen).is_vector() && planted(Fault::SelectVectorByHalf);
                if vector { self.low_half_of(chosen, second) } else { chosen }
            }
        };
        self.push(value);
    }

    fn low_half_of(&mut self, low: Value, high: Value) -> Value {
        let (low, high) = (self.as_lanes(low, I64X2), self.as_lanes(high, I64X2));
        let low = self.builder.ins().extractlane(low, 0);
        self.builder.ins().insertlane(high, low, 0)
    }

    /// The constant on top of the stack.
    fn top_constant(&self) -> Option<u64> {
        self.scratch.stack.last().and_then(|&top| self.constant(top))
    }

    fn shift_to_nothing(&mut self) -> bool {
        let Some(count) = self.top_constant() else { return false };
        let (value, _) = self.pop2();
        let ty = self.type_of(value);
        let wrong = count >= u64::from(ty.bits());
        if wrong {
            let zero = self.builder.ins().iconst(ty, 0);
            self.push(zero);
        } else {
            self.push(value);
            let count = self.builder.ins().iconst(ty, count.cast_signed());
            self.push(count);
        }
        wrong
    }

    fn rotate_by_sum(&mut self) {
        self.binary_with(|this, value, count| {
            let left = this.builder.ins().ishl(value, count);
            let rest = this.builder.ins().ineg(count);
            let right = this.builder.ins().ushr(value, rest);
            this.builder.ins().iadd(left, right)
        });
    }

    fn binary_with(&mut self, make: impl FnOnce(&mut Self, Value, Value) -> Value) {
        let (left, right) = self.pop2();
        let value = make(self, left, right);
        self.push(value);
    }

    fn shift_wide_lanes(&mut self) {
        let above = self.top_constant().map(|count| count & 63).filter(|&count| count > 32);
        let count = self.pop();
        let count = match above {
            Some(above) => self.builder.ins().iconst(I32, above as i64 - 32),
            None => count,
        };
        self.lanes_unary(I64X2, |ins, value| ins.sshr(value, count));
    }

    fn swizzle_masked(&mut self) {
        let (vector, indices) = self.pop2_lanes(I8X16);
        let mask = self.v128_const(&[15; 16]);
        let indices = self.builder.ins().band(indices, mask);
        let value = self.builder.ins().swizzle(vector, indices);
        self.push(value);
    }

    fn shuffle_off_by_one(&mut self, mut lanes: [u8; 16]) {
        let (left, right) = self.pop2_lanes(I8X16);
        if left == right {
            for lane in lanes.iter_mut().filter(|lane| **lane >= 16) {
                *lane = (*lane - 15) & 15;
            }
        }
        self.push(left);
        self.push(right);
        self.shuffle(&lanes);
    }

    fn copysign_wide(&mut self) {
        let (magnitude, sign) = self.pop2();
        let sign = match self.made_by(sign) {
            Some(InstructionData::Load { opcode: Opcode::Load, flags, arg, offset }) => {
                let flags = self.builder.func.dfg.mem_flags[flags];
                let wide = self.builder.ins().load(I8X16, flags, arg, offset);
                let lanes = self.as_lanes(wide, F64X2);
                self.builder.ins().extractlane(lanes, 0)
            }
            _ => sign,
        };
        debug_assert_eq!(self.type_of(sign), F64);
        let value = self.builder.ins().fcopysign(magnitude, sign);
        self.push(value);
    }

    /// Loads 16 bytes where the lowest lane is wanted.
    fn load_wide(
        &mut self,
        arg: &MemArg,
        ty: Type,
        make: impl FnOnce(&mut Self, Value) -> Value,
    ) -> Result<()> {
        let index = self.pop();
        let Some((address, offset, flags)) = self.address(arg, index, ty.lane_type().bytes())? else {
            return Ok(());
        };
        let wide = self.builder.ins().load(I8X16, flags, address, offset);
        let lanes = self.as_lanes(wide, ty);
        let lane = self.builder.ins().extractlane(lanes, 0);
        let value = make(self, lane);
        self.push(value);
        Ok(())
    }

    fn minimum_by_comparison(&mut self) {
        self.binary_with(|this, left, right| {
            let less = this.builder.ins().fcmp(FloatCC::LessThan, left, right);
            this.builder.ins().select(less, left, right)
        });
    }

    fn divide_by_extended(&mut self) -> bool {
        let Some(divisor) = self.top_constant().filter(|divisor| divisor >> 31 == 1) else { return false };
        let (dividend, _) = self.pop2();
        let dividend = self.builder.ins().uextend(I64, dividend);
        let divisor = self.builder.ins().iconst(I64, i64::from(divisor as u32 as i32));
        let quotient = self.builder.ins().udiv(dividend, divisor);
        let quotient = self.builder.ins().ireduce(I32, quotient);
        self.push(quotient);
        true
    }

    fn extend_to_half(&mut self, narrow: Type) {
        let value = self.pop();
        let low = self.builder.ins().ireduce(narrow, value);
        let half = self.builder.ins().sextend(I32, low);
        let value = self.builder.ins().uextend(I64, half);
        self.push(value);
    }
}
