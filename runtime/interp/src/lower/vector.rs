//! Vector operators. Which instruction a relaxed operator becomes is told in `exec::vector`.

use super::function::FuncLowering;
use super::memory::access;
use super::stack::{Entry, Kind, Operand};
use crate::exec::vector::{
    ExtractOp, LoadLaneOp, ReplaceOp, SplatOp, StoreLaneOp, TestOp, VectorBinaryOp, VectorLoadOp,
    VectorShiftOp, VectorTernaryOp, VectorUnaryOp, shuffle, vector_const, vector_store, vector_store_any,
};
use assay_parse::wasmparser::{MemArg, Operator};

/// Finds the row of an operator: by its own name, or by the one that stands behind it.
macro_rules! by_name {
    ($operator:expr, $table:ident: $($name:ident)*; $($relaxed:ident = $meaning:ident,)*) => {
        match $operator {
            $(Operator::$name => Some($table::$name),)*
            $(Operator::$relaxed => Some($table::$meaning),)*
            _ => None,
        }
    };
}

/// Finds the row of an operator with a lane.
macro_rules! with_lane {
    ($operator:expr, $table:ident: $($name:ident)*) => {
        match *$operator {
            $(Operator::$name { lane } => Some(($table::$name, u32::from(lane))),)*
            _ => None,
        }
    };
}

/// Finds the row of an access to one lane.
macro_rules! with_memory_and_lane {
    ($operator:expr, $table:ident: $($name:ident)*) => {
        match *$operator {
            $(Operator::$name { memarg, lane } => Some(($table::$name, memarg, u32::from(lane))),)*
            _ => None,
        }
    };
}

fn unary_of(operator: &Operator<'_>) -> Option<VectorUnaryOp> {
    by_name!(operator, VectorUnaryOp:
        V128Not I8x16Abs I8x16Neg I16x8Abs I16x8Neg I32x4Abs I32x4Neg I64x2Abs I64x2Neg I8x16Popcnt
        I16x8ExtAddPairwiseI8x16S I16x8ExtAddPairwiseI8x16U I16x8ExtendLowI8x16S I16x8ExtendLowI8x16U
        I16x8ExtendHighI8x16S I16x8ExtendHighI8x16U I32x4ExtAddPairwiseI16x8S I32x4ExtAddPairwiseI16x8U
        I32x4ExtendLowI16x8S I32x4ExtendLowI16x8U I32x4ExtendHighI16x8S I32x4ExtendHighI16x8U
        I64x2ExtendLowI32x4S I64x2ExtendLowI32x4U I64x2ExtendHighI32x4S I64x2ExtendHighI32x4U F32x4Ceil
        F32x4Floor F32x4Trunc F32x4Nearest F32x4Abs F32x4Neg F32x4Sqrt F64x2Ceil F64x2Floor F64x2Trunc
        F64x2Nearest F64x2Abs F64x2Neg F64x2Sqrt I32x4TruncSatF32x4S I32x4TruncSatF32x4U F32x4ConvertI32x4S
        F32x4ConvertI32x4U I32x4TruncSatF64x2SZero I32x4TruncSatF64x2UZero F64x2ConvertLowI32x4S
        F64x2ConvertLowI32x4U F32x4DemoteF64x2Zero F64x2PromoteLowF32x4;
        I32x4RelaxedTruncF32x4S = I32x4TruncSatF32x4S,
        I32x4RelaxedTruncF32x4U = I32x4TruncSatF32x4U,
        I32x4RelaxedTruncF64x2SZero = I32x4TruncSatF64x2SZero,
        I32x4RelaxedTruncF64x2UZero = I32x4TruncSatF64x2UZero,
    )
}

fn binary_of(operator: &Operator<'_>) -> Option<VectorBinaryOp> {
    by_name!(operator, VectorBinaryOp:
        I8x16Swizzle I8x16Eq I8x16Ne I8x16LtS I8x16LtU I8x16GtS I8x16GtU I8x16LeS I8x16LeU I8x16GeS I8x16GeU
        I16x8Eq I16x8Ne I16x8LtS I16x8LtU I16x8GtS I16x8GtU I16x8LeS I16x8LeU I16x8GeS I16x8GeU I32x4Eq I32x4Ne
        I32x4LtS I32x4LtU I32x4GtS I32x4GtU I32x4LeS I32x4LeU I32x4GeS I32x4GeU I64x2Eq I64x2Ne I64x2LtS
        I64x2GtS I64x2LeS I64x2GeS F32x4Eq F32x4Ne F32x4Lt F32x4Gt F32x4Le F32x4Ge F64x2Eq F64x2Ne F64x2Lt
        F64x2Gt F64x2Le F64x2Ge V128And V128AndNot V128Or V128Xor I8x16NarrowI16x8S I8x16NarrowI16x8U
        I16x8NarrowI32x4S I16x8NarrowI32x4U I8x16Add I8x16Sub I8x16AddSatS I8x16AddSatU I8x16SubSatS
        I8x16SubSatU I8x16AvgrU I8x16MinS I8x16MinU I8x16MaxS I8x16MaxU I16x8Add I16x8Sub I16x8AddSatS
        I16x8AddSatU I16x8SubSatS I16x8SubSatU I16x8AvgrU I16x8Mul I16x8MinS I16x8MinU I16x8MaxS I16x8MaxU
        I32x4Add I32x4Sub I32x4Mul I32x4MinS I32x4MinU I32x4MaxS I32x4MaxU I64x2Add I64x2Sub I64x2Mul
        I16x8Q15MulrSatS I16x8ExtMulLowI8x16S I16x8ExtMulLowI8x16U I16x8ExtMulHighI8x16S I16x8ExtMulHighI8x16U
        I32x4ExtMulLowI16x8S I32x4ExtMulLowI16x8U I32x4ExtMulHighI16x8S I32x4ExtMulHighI16x8U
        I64x2ExtMulLowI32x4S I64x2ExtMulLowI32x4U I64x2ExtMulHighI32x4S I64x2ExtMulHighI32x4U I32x4DotI16x8S
        I16x8RelaxedDotI8x16I7x16S F32x4Add F32x4Sub F32x4Mul F32x4Div F32x4Min F32x4Max F32x4PMin F32x4PMax
        F64x2Add F64x2Sub F64x2Mul F64x2Div F64x2Min F64x2Max F64x2PMin F64x2PMax;
        I8x16RelaxedSwizzle = I8x16Swizzle,
        F32x4RelaxedMin = F32x4Min,
        F32x4RelaxedMax = F32x4Max,
        F64x2RelaxedMin = F64x2Min,
        F64x2RelaxedMax = F64x2Max,
        I16x8RelaxedQ15mulrS = I16x8Q15MulrSatS,
    )
}

fn ternary_of(operator: &Operator<'_>) -> Option<VectorTernaryOp> {
    by_name!(operator, VectorTernaryOp:
        V128Bitselect F32x4RelaxedMadd F32x4RelaxedNmadd F64x2RelaxedMadd F64x2RelaxedNmadd
        I32x4RelaxedDotI8x16I7x16AddS;
        I8x16RelaxedLaneselect = V128Bitselect,
        I16x8RelaxedLaneselect = V128Bitselect,
        I32x4RelaxedLaneselect = V128Bitselect,
        I64x2RelaxedLaneselect = V128Bitselect,
    )
}

fn shift_of(operator: &Operator<'_>) -> Option<VectorShiftOp> {
    by_name!(operator, VectorShiftOp:
        I8x16Shl I8x16ShrS I8x16ShrU I16x8Shl I16x8ShrS I16x8ShrU I32x4Shl I32x4ShrS I32x4ShrU I64x2Shl
        I64x2ShrS I64x2ShrU;
    )
}

fn splat_of(operator: &Operator<'_>) -> Option<SplatOp> {
    by_name!(operator, SplatOp: I8x16Splat I16x8Splat I32x4Splat I64x2Splat F32x4Splat F64x2Splat;)
}

fn test_of(operator: &Operator<'_>) -> Option<TestOp> {
    by_name!(operator, TestOp: V128AnyTrue I8x16AllTrue I16x8AllTrue I32x4AllTrue I64x2AllTrue I8x16Bitmask
        I16x8Bitmask I32x4Bitmask I64x2Bitmask;)
}

fn extract_of(operator: &Operator<'_>) -> Option<(ExtractOp, u32)> {
    with_lane!(operator, ExtractOp: I8x16ExtractLaneS I8x16ExtractLaneU I16x8ExtractLaneS I16x8ExtractLaneU
        I32x4ExtractLane I64x2ExtractLane F32x4ExtractLane F64x2ExtractLane)
}

fn replace_of(operator: &Operator<'_>) -> Option<(ReplaceOp, u32)> {
    with_lane!(operator, ReplaceOp: I8x16ReplaceLane I16x8ReplaceLane I32x4ReplaceLane I64x2ReplaceLane
        F32x4ReplaceLane F64x2ReplaceLane)
}

fn load_lane_of(operator: &Operator<'_>) -> Option<(LoadLaneOp, MemArg, u32)> {
    with_memory_and_lane!(operator, LoadLaneOp: V128Load8Lane V128Load16Lane V128Load32Lane V128Load64Lane)
}

fn store_lane_of(operator: &Operator<'_>) -> Option<(StoreLaneOp, MemArg, u32)> {
    with_memory_and_lane!(operator, StoreLaneOp: V128Store8Lane V128Store16Lane V128Store32Lane V128Store64Lane)
}

fn load_of(operator: &Operator<'_>) -> Option<(VectorLoadOp, MemArg)> {
    /// Finds the row of a load by its name.
    macro_rules! loads {
        ($($name:ident)*) => {
            match *operator {
                $(Operator::$name { memarg } => Some((VectorLoadOp::$name, memarg)),)*
                _ => None,
            }
        };
    }
    loads!(V128Load V128Load8x8S V128Load8x8U V128Load16x4S V128Load16x4U V128Load32x2S V128Load32x2U
        V128Load8Splat V128Load16Splat V128Load32Splat V128Load64Splat V128Load32Zero V128Load64Zero)
}

fn extract_kind(op: ExtractOp) -> Kind {
    match op {
        ExtractOp::I64x2ExtractLane => Kind::I64,
        ExtractOp::F32x4ExtractLane => Kind::F32,
        ExtractOp::F64x2ExtractLane => Kind::F64,
        _ => Kind::I32,
    }
}

impl FuncLowering<'_> {
    /// Lowers an operator of this group. False when it is none.
    pub(super) fn vector(&mut self, operator: &Operator<'_>) -> bool {
        if let Some(op) = binary_of(operator) {
            let b = self.pop_slot();
            let a = self.pop_slot();
            self.stack.produce_vector(op.select(), &[a, b]);
        } else if let Some(op) = unary_of(operator) {
            let a = self.pop_slot();
            self.stack.produce_vector(op.select(), &[a]);
        } else if let Some(op) = ternary_of(operator) {
            let c = self.pop_slot();
            let b = self.pop_slot();
            let a = self.pop_slot();
            self.stack.produce_vector(op.select(), &[a, b, c]);
        } else if let Some(op) = shift_of(operator) {
            let by = self.pop_operand();
            let a = self.pop_slot();
            self.stack.produce_vector(op.select(by.mode()), &[a, by]);
        } else {
            return self.vector_and_scalar(operator) || self.vector_access(operator);
        }
        true
    }

    /// Operators that take or give scalars, and those with immediates.
    fn vector_and_scalar(&mut self, operator: &Operator<'_>) -> bool {
        if let Some(op) = splat_of(operator) {
            let value = self.pop_operand();
            self.stack.produce_vector(op.select(value.mode()), &[value]);
        } else if let Some((op, lane)) = replace_of(operator) {
            let value = self.pop_operand();
            let a = self.pop_slot();
            self.stack.produce_vector(op.select(value.mode()), &[a, Operand::Narrow(lane), value]);
        } else if let Some((op, lane)) = extract_of(operator) {
            let a = self.pop_slot();
            self.stack.produce(op.select(), extract_kind(op), &[a, Operand::Narrow(lane)]);
        } else if let Some(op) = test_of(operator) {
            let a = self.pop_slot();
            self.stack.produce(op.select(), Kind::I32, &[a]);
        } else {
            match *operator {
                Operator::V128Const { value } => {
                    let words = halves(*value.bytes());
                    self.stack.produce_vector(vector_const(), &words);
                }
                Operator::I8x16Shuffle { lanes } => {
                    let b = self.pop_slot();
                    let a = self.pop_slot();
                    let [low, high] = halves(lanes);
                    self.stack.produce_vector(shuffle(), &[a, b, low, high]);
                }
                _ => return false,
            }
        }
        true
    }

    fn vector_access(&mut self, operator: &Operator<'_>) -> bool {
        if let Some((op, memarg)) = load_of(operator) {
            self.vector_load(op, memarg)
        } else if let Some((op, memarg, lane)) = load_lane_of(operator) {
            self.load_lane(op, memarg, lane)
        } else if let Some((op, memarg, lane)) = store_lane_of(operator) {
            self.store_lane(op, memarg, lane)
        } else if let Operator::V128Store { memarg } = *operator {
            self.vector_store(memarg)
        } else {
            None
        }
        .is_some()
    }

    /// Pops a scalar, in the best way to read it.
    fn pop_operand(&mut self) -> Operand {
        let entry = self.stack.pop();
        self.stack.operand(entry)
    }

    /// An address of any memory: its place, the offset, and the slot of the address.
    fn any_address(&mut self, memory: u32, offset: u64, address: Entry) -> [Operand; 3] {
        let address = Operand::Slot(self.stack.slot_of(address));
        [self.memory_place(memory), Operand::Wide(offset), address]
    }

    fn vector_load(&mut self, op: VectorLoadOp, memarg: MemArg) -> Option<()> {
        let access = access(memarg)?;
        let entry = self.stack.pop();
        let at = match self.end_offset(access, op.size()) {
            Some(end) => {
                let address = self.stack.operand(entry);
                self.stack.produce_vector(op.select(address.mode()), &[end, address])
            }
            None => {
                let words = self.any_address(access.memory, access.offset, entry);
                self.stack.produce_vector(op.select_any(self.is_shared(access.memory)), &words)
            }
        };
        self.stack.code.position(at, self.offset);
        Some(())
    }

    fn vector_store(&mut self, memarg: MemArg) -> Option<()> {
        let access = access(memarg)?;
        let value = self.pop_slot();
        let entry = self.stack.pop();
        match self.end_offset(access, 16) {
            Some(end) => {
                let address = self.stack.operand(entry);
                self.emit_trapping(vector_store(address.mode()), &[end, value, address]);
            }
            None => {
                let [place, offset, address] = self.any_address(access.memory, access.offset, entry);
                self.emit_trapping(
                    vector_store_any(self.is_shared(access.memory)),
                    &[place, offset, address, value],
                );
            }
        }
        Some(())
    }

    fn load_lane(&mut self, op: LoadLaneOp, memarg: MemArg, lane: u32) -> Option<()> {
        let access = access(memarg)?;
        let lane = Operand::Narrow(lane);
        let vector = self.pop_slot();
        let entry = self.stack.pop();
        let at = match self.end_offset(access, op.size()) {
            Some(end) => {
                let address = self.stack.operand(entry);
                self.stack.produce_vector(op.select(address.mode()), &[end, vector, lane, address])
            }
            None => {
                let [place, offset, address] = self.any_address(access.memory, access.offset, entry);
                self.stack.produce_vector(
                    op.select_any(self.is_shared(access.memory)),
                    &[place, offset, address, vector, lane],
                )
            }
        };
        self.stack.code.position(at, self.offset);
        Some(())
    }

    fn store_lane(&mut self, op: StoreLaneOp, memarg: MemArg, lane: u32) -> Option<()> {
        let access = access(memarg)?;
        let lane = Operand::Narrow(lane);
        let vector = self.pop_slot();
        let entry = self.stack.pop();
        match self.end_offset(access, op.size()) {
            Some(end) => {
                let address = self.stack.operand(entry);
                self.emit_trapping(op.select(address.mode()), &[end, vector, lane, address]);
            }
            None => {
                let [place, offset, address] = self.any_address(access.memory, access.offset, entry);
                self.emit_trapping(
                    op.select_any(self.is_shared(access.memory)),
                    &[place, offset, address, vector, lane],
                );
            }
        }
        Some(())
    }
}

/// 16 bytes as two numbers of two words.
fn halves(bytes: [u8; 16]) -> [Operand; 2] {
    let number = u128::from_le_bytes(bytes);
    [Operand::Wide(number as u64), Operand::Wide((number >> 64) as u64)]
}
