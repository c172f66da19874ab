//! The table of operators: one arm each, grouped as in the operator table of the model.

use super::Lowering;
use super::memory::Extend::{Signed, Unsigned};
use crate::error::Result;
use assay_model::fault::BUILT;
use assay_model::index::{DataIdx, ElemIdx, FuncIdx, GlobalIdx, MemoryIdx, TableIdx, TagIdx, TypeIdx};
use assay_model::types::RefType;
use assay_parse::heap_type;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::types::{F32, F64, I8, I16, I32, I64};
use wasmparser::Operator as Op;

impl Lowering<'_> {
    /// Translates an operator that can be reached.
    pub(super) fn operator(&mut self, operator: &Op<'_>) -> Result<()> {
        if BUILT && self.wrong_operator(operator)? {
            return Ok(());
        }
        match *operator {
            // Control
            Op::Unreachable => {
                self.unreachable();
                self.reachable = false;
            }
            Op::Nop => {}
            Op::Block { blockty } => self.block(blockty)?,
            Op::Loop { blockty } => self.loop_(blockty)?,
            Op::If { blockty } => self.if_(blockty)?,
            Op::Else => self.else_(),
            Op::End => self.end(),
            Op::Br { relative_depth } => self.br(relative_depth),
            Op::BrIf { relative_depth } => self.br_if(relative_depth),
            Op::BrTable { ref targets } => self.br_table(targets),
            Op::Return => self.return_(),
            Op::Call { function_index } => self.call(FuncIdx(function_index))?,
            Op::CallIndirect { type_index, table_index } => {
                self.call_indirect(TypeIdx(type_index), TableIdx(table_index))?;
            }
            Op::CallRef { type_index } => self.call_ref(TypeIdx(type_index)),
            Op::ReturnCallRef { type_index } => self.return_call_ref(TypeIdx(type_index)),
            Op::BrOnNull { relative_depth } => self.br_on_null(relative_depth),
            Op::BrOnNonNull { relative_depth } => self.br_on_non_null(relative_depth),
            Op::ReturnCall { function_index } => self.return_call(FuncIdx(function_index))?,
            Op::ReturnCallIndirect { type_index, table_index } => {
                self.return_call_indirect(TypeIdx(type_index), TableIdx(table_index))?;
            }
            Op::Drop => {
                self.pop_condition();
            }
            Op::Select => self.select(None)?,
            Op::TypedSelect { ty } => self.select(Some(ty))?,
            Op::TypedSelectMulti { ref tys } => self.select(tys.first().copied())?,
            Op::TryTable { ref try_table } => self.try_table(try_table)?,
            Op::Throw { tag_index } => self.throw(TagIdx(tag_index)),
            Op::ThrowRef => self.throw_ref(),
            Op::Try { blockty } => self.try_(blockty)?,
            Op::Catch { tag_index } => self.clause(Some(TagIdx(tag_index))),
            Op::CatchAll => self.clause(None),
            Op::Delegate { relative_depth } => self.delegate(relative_depth),
            Op::Rethrow { relative_depth } => self.rethrow(relative_depth),

            // Variables
            Op::LocalGet { local_index } => self.local_get(local_index),
            Op::LocalSet { local_index } => self.local_set(local_index),
            Op::LocalTee { local_index } => self.local_tee(local_index),
            Op::GlobalGet { global_index } => self.global_get(GlobalIdx(global_index)),
            Op::GlobalSet { global_index } => self.global_set(GlobalIdx(global_index)),

            // References and tables
            Op::RefNull { hty } => self.ref_null(RefType { nullable: true, heap: heap_type(hty)? }),
            Op::RefAsNonNull => self.ref_as_non_null(),
            Op::RefIsNull => self.ref_is_null(),
            Op::RefFunc { function_index } => self.ref_func(FuncIdx(function_index))?,
            Op::TableGet { table } => self.table_get(TableIdx(table)),
            Op::TableSet { table } => self.table_set(TableIdx(table)),
            Op::TableSize { table } => self.table_size(TableIdx(table)),
            Op::TableGrow { table } => self.table_grow(TableIdx(table)),
            Op::TableFill { table } => self.table_fill(TableIdx(table)),

            // Memory
            Op::I32Load { ref memarg } => self.load(memarg, I32)?,
            Op::I64Load { ref memarg } => self.load(memarg, I64)?,
            Op::F32Load { ref memarg } => self.load(memarg, F32)?,
            Op::F64Load { ref memarg } => self.load(memarg, F64)?,
            Op::I32Load8S { ref memarg } => self.load_extend(memarg, I32, I8, Signed)?,
            Op::I32Load8U { ref memarg } => self.load_extend(memarg, I32, I8, Unsigned)?,
            Op::I32Load16S { ref memarg } => self.load_extend(memarg, I32, I16, Signed)?,
            Op::I32Load16U { ref memarg } => self.load_extend(memarg, I32, I16, Unsigned)?,
            Op::I64Load8S { ref memarg } => self.load_extend(memarg, I64, I8, Signed)?,
            Op::I64Load8U { ref memarg } => self.load_extend(memarg, I64, I8, Unsigned)?,
            Op::I64Load16S { ref memarg } => self.load_extend(memarg, I64, I16, Signed)?,
            Op::I64Load16U { ref memarg } => self.load_extend(memarg, I64, I16, Unsigned)?,
            Op::I64Load32S { ref memarg } => self.load_extend(memarg, I64, I32, Signed)?,
            Op::I64Load32U { ref memarg } => self.load_extend(memarg, I64, I32, Unsigned)?,
            Op::I32Store { ref memarg } => self.store(memarg, I32)?,
            Op::I64Store { ref memarg } => self.store(memarg, I64)?,
            Op::F32Store { ref memarg } => self.store(memarg, F32)?,
            Op::F64Store { ref memarg } => self.store(memarg, F64)?,
            Op::I32Store8 { ref memarg } | Op::I64Store8 { ref memarg } => self.store_narrow(memarg, I8)?,
            Op::I32Store16 { ref memarg } | Op::I64Store16 { ref memarg } => {
                self.store_narrow(memarg, I16)?;
            }
            Op::I64Store32 { ref memarg } => self.store_narrow(memarg, I32)?,
            Op::MemorySize { mem } => self.memory_size(MemoryIdx(mem)),
            Op::MemoryGrow { mem } => self.memory_grow(MemoryIdx(mem)),

            // Bulk
            Op::MemoryInit { data_index, mem } => self.memory_init(MemoryIdx(mem), DataIdx(data_index)),
            Op::DataDrop { data_index } => self.data_drop(DataIdx(data_index)),
            Op::MemoryCopy { dst_mem, src_mem } => self.memory_copy(MemoryIdx(dst_mem), MemoryIdx(src_mem)),
            Op::MemoryFill { mem } => self.memory_fill(MemoryIdx(mem)),
            Op::TableInit { elem_index, table } => self.table_init(TableIdx(table), ElemIdx(elem_index)),
            Op::ElemDrop { elem_index } => self.elem_drop(ElemIdx(elem_index)),
            Op::TableCopy { dst_table, src_table } => {
                self.table_copy(TableIdx(dst_table), TableIdx(src_table));
            }

            ref other => {
                if !self.aggregate_operator(other)? {
                    self.numeric_operator(other)?;
                }
            }
        }
        Ok(())
    }

    fn numeric_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            // Constants
            Op::I32Const { value } => {
                let value = self.i32_const(value);
                self.push(value);
            }
            Op::I64Const { value } => {
                let value = self.builder.ins().iconst(I64, value);
                self.push(value);
            }
            Op::F32Const { value } => {
                let value = self.builder.ins().f32const(Ieee32::with_bits(value.bits()));
                self.push(value);
            }
            Op::F64Const { value } => {
                let value = self.builder.ins().f64const(Ieee64::with_bits(value.bits()));
                self.push(value);
            }

            // Comparisons
            Op::I32Eqz | Op::I64Eqz => self.eqz(),
            Op::I32Eq | Op::I64Eq => self.compare(IntCC::Equal),
            Op::I32Ne | Op::I64Ne => self.compare(IntCC::NotEqual),
            Op::I32LtS | Op::I64LtS => self.compare(IntCC::SignedLessThan),
            Op::I32LtU | Op::I64LtU => self.compare(IntCC::UnsignedLessThan),
            Op::I32GtS | Op::I64GtS => self.compare(IntCC::SignedGreaterThan),
            Op::I32GtU | Op::I64GtU => self.compare(IntCC::UnsignedGreaterThan),
            Op::I32LeS | Op::I64LeS => self.compare(IntCC::SignedLessThanOrEqual),
            Op::I32LeU | Op::I64LeU => self.compare(IntCC::UnsignedLessThanOrEqual),
            Op::I32GeS | Op::I64GeS => self.compare(IntCC::SignedGreaterThanOrEqual),
            Op::I32GeU | Op::I64GeU => self.compare(IntCC::UnsignedGreaterThanOrEqual),
            Op::F32Eq | Op::F64Eq => self.compare_float(FloatCC::Equal),
            Op::F32Ne | Op::F64Ne => self.compare_float(FloatCC::NotEqual),
            Op::F32Lt | Op::F64Lt => self.compare_float(FloatCC::LessThan),
            Op::F32Gt | Op::F64Gt => self.compare_float(FloatCC::GreaterThan),
            Op::F32Le | Op::F64Le => self.compare_float(FloatCC::LessThanOrEqual),
            Op::F32Ge | Op::F64Ge => self.compare_float(FloatCC::GreaterThanOrEqual),

            // Integers
            Op::I32Clz | Op::I64Clz => self.unary(|ins, a| ins.clz(a)),
            Op::I32Ctz | Op::I64Ctz => self.unary(|ins, a| ins.ctz(a)),
            Op::I32Popcnt | Op::I64Popcnt => self.unary(|ins, a| ins.popcnt(a)),
            Op::I32Add | Op::I64Add => self.binary(|ins, a, b| ins.iadd(a, b)),
            Op::I32Sub | Op::I64Sub => self.binary(|ins, a, b| ins.isub(a, b)),
            Op::I32Mul | Op::I64Mul => self.binary(|ins, a, b| ins.imul(a, b)),
            Op::I32DivS | Op::I64DivS => self.div_s(),
            Op::I32DivU | Op::I64DivU => self.divide(|ins, a, b| ins.udiv(a, b)),
            Op::I32RemS | Op::I64RemS => self.divide(|ins, a, b| ins.srem(a, b)),
            Op::I32RemU | Op::I64RemU => self.divide(|ins, a, b| ins.urem(a, b)),
            Op::I32And | Op::I64And => self.binary(|ins, a, b| ins.band(a, b)),
            Op::I32Or | Op::I64Or => self.binary(|ins, a, b| ins.bor(a, b)),
            Op::I32Xor | Op::I64Xor => self.binary(|ins, a, b| ins.bxor(a, b)),
            Op::I32Shl | Op::I64Shl => self.binary(|ins, a, b| ins.ishl(a, b)),
            Op::I32ShrS | Op::I64ShrS => self.binary(|ins, a, b| ins.sshr(a, b)),
            Op::I32ShrU | Op::I64ShrU => self.binary(|ins, a, b| ins.ushr(a, b)),
            Op::I32Rotl | Op::I64Rotl => self.binary(|ins, a, b| ins.rotl(a, b)),
            Op::I32Rotr | Op::I64Rotr => self.binary(|ins, a, b| ins.rotr(a, b)),

            // Wide integers
            Op::I64Add128 => self.binary_128(|ins, a, b| ins.iadd(a, b)),
            Op::I64Sub128 => self.binary_128(|ins, a, b| ins.isub(a, b)),
            Op::I64MulWideS => self.mul_wide_s(),
            Op::I64MulWideU => self.mul_wide_u(),

            // Floats
            Op::F32Abs | Op::F64Abs => self.unary(|ins, a| ins.fabs(a)),
            Op::F32Neg | Op::F64Neg => self.unary(|ins, a| ins.fneg(a)),
            Op::F32Ceil | Op::F64Ceil => self.unary(|ins, a| ins.ceil(a)),
            Op::F32Floor | Op::F64Floor => self.unary(|ins, a| ins.floor(a)),
            Op::F32Trunc | Op::F64Trunc => self.unary(|ins, a| ins.trunc(a)),
            Op::F32Nearest | Op::F64Nearest => self.unary(|ins, a| ins.nearest(a)),
            Op::F32Sqrt | Op::F64Sqrt => self.unary(|ins, a| ins.sqrt(a)),
            Op::F32Add | Op::F64Add => self.binary(|ins, a, b| ins.fadd(a, b)),
            Op::F32Sub | Op::F64Sub => self.binary(|ins, a, b| ins.fsub(a, b)),
            Op::F32Mul | Op::F64Mul => self.binary(|ins, a, b| ins.fmul(a, b)),
            Op::F32Div | Op::F64Div => self.binary(|ins, a, b| ins.fdiv(a, b)),
            Op::F32Min | Op::F64Min => self.binary(|ins, a, b| ins.fmin(a, b)),
            Op::F32Max | Op::F64Max => self.binary(|ins, a, b| ins.fmax(a, b)),
            Op::F32Copysign | Op::F64Copysign => self.binary(|ins, a, b| ins.fcopysign(a, b)),

            ref other => self.conversion_operator(other)?,
        }
        Ok(())
    }

    fn conversion_operator(&mut self, operator: &Op<'_>) -> Result<()> {
        match *operator {
            Op::I32WrapI64 => self.convert(I32, |ins, ty, a| ins.ireduce(ty, a)),
            Op::I64ExtendI32S => self.convert(I64, |ins, ty, a| ins.sextend(ty, a)),
            Op::I64ExtendI32U => self.extend_unsigned(),
            Op::I32TruncF32S | Op::I32TruncF64S => self.trunc(I32, true),
            Op::I32TruncF32U | Op::I32TruncF64U => self.trunc(I32, false),
            Op::I64TruncF32S | Op::I64TruncF64S => self.trunc(I64, true),
            Op::I64TruncF32U | Op::I64TruncF64U => self.trunc(I64, false),
            Op::I32TruncSatF32S | Op::I32TruncSatF64S => self.trunc_sat(I32, true),
            Op::I32TruncSatF32U | Op::I32TruncSatF64U => self.trunc_sat(I32, false),
            Op::I64TruncSatF32S | Op::I64TruncSatF64S => self.trunc_sat(I64, true),
            Op::I64TruncSatF32U | Op::I64TruncSatF64U => self.trunc_sat(I64, false),
            Op::F32ConvertI32S | Op::F32ConvertI64S => {
                self.convert(F32, |ins, ty, a| ins.fcvt_from_sint(ty, a));
            }
            Op::F32ConvertI32U | Op::F32ConvertI64U => {
                self.convert(F32, |ins, ty, a| ins.fcvt_from_uint(ty, a));
            }
            Op::F64ConvertI32S | Op::F64ConvertI64S => {
                self.convert(F64, |ins, ty, a| ins.fcvt_from_sint(ty, a));
            }
            Op::F64ConvertI32U | Op::F64ConvertI64U => {
                self.convert(F64, |ins, ty, a| ins.fcvt_from_uint(ty, a));
            }
            Op::F32DemoteF64 => self.convert(F32, |ins, ty, a| ins.fdemote(ty, a)),
            Op::F64PromoteF32 => self.convert(F64, |ins, ty, a| ins.fpromote(ty, a)),
            Op::I32ReinterpretF32 => self.reinterpret(I32),
            Op::I64ReinterpretF64 => self.reinterpret(I64),
            Op::F32ReinterpretI32 => self.reinterpret(F32),
            Op::F64ReinterpretI64 => self.reinterpret(F64),
            Op::I32Extend8S | Op::I64Extend8S => self.extend_low(I8),
            Op::I32Extend16S | Op::I64Extend16S => self.extend_low(I16),
            Op::I64Extend32S => self.extend_low(I32),
            ref other => return self.vector_operator(other),
        }
        Ok(())
    }

    /// Refuses an operator that has no arm above.
    pub(super) fn refuse(&self, operator: &Op<'_>) -> Result<()> {
        super::unsupported::check(operator)?;
        Err(crate::CompileError::Internal(format!("{operator:?} has no translation")))
    }
}
