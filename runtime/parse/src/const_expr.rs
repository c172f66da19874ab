//! Constant expressions, after validation.

use crate::{ParseError, convert};
use assay_model::features::Feature;
use assay_model::index::{FuncIdx, GlobalIdx, TypeIdx};
use assay_model::module::{ConstExpr, ConstOp};
use wasmparser::Operator;

/// Decodes a constant expression that validation has accepted.
pub(crate) fn const_expr(expr: &wasmparser::ConstExpr<'_>) -> Result<ConstExpr, ParseError> {
    let mut ops = Vec::new();
    for op in expr.get_operators_reader() {
        match op.map_err(|error| ParseError::undecided(&error))? {
            Operator::End => break,
            // A reference is the same thing on either side.
            Operator::AnyConvertExtern | Operator::ExternConvertAny => {}
            op => ops.push(const_op(&op)?),
        }
    }
    Ok(ConstExpr { ops })
}

fn const_op(op: &Operator<'_>) -> Result<ConstOp, ParseError> {
    Ok(match *op {
        Operator::I32Const { value } => ConstOp::I32Const(value),
        Operator::I64Const { value } => ConstOp::I64Const(value),
        Operator::F32Const { value } => ConstOp::F32Const(value.bits()),
        Operator::F64Const { value } => ConstOp::F64Const(value.bits()),
        Operator::V128Const { value } => ConstOp::V128Const(u128::from_le_bytes(*value.bytes())),
        Operator::GlobalGet { global_index } => ConstOp::GlobalGet(GlobalIdx(global_index)),
        Operator::RefNull { hty } => ConstOp::RefNull(convert::heap_type(hty)?),
        Operator::RefFunc { function_index } => ConstOp::RefFunc(FuncIdx(function_index)),
        Operator::I32Add => ConstOp::I32Add,
        Operator::I32Sub => ConstOp::I32Sub,
        Operator::I32Mul => ConstOp::I32Mul,
        Operator::I64Add => ConstOp::I64Add,
        Operator::I64Sub => ConstOp::I64Sub,
        Operator::I64Mul => ConstOp::I64Mul,
        Operator::RefI31 => ConstOp::RefI31,
        Operator::StructNew { struct_type_index } => ConstOp::StructNew(TypeIdx(struct_type_index)),
        Operator::StructNewDefault { struct_type_index } => {
            ConstOp::StructNewDefault(TypeIdx(struct_type_index))
        }
        Operator::ArrayNew { array_type_index } => ConstOp::ArrayNew(TypeIdx(array_type_index)),
        Operator::ArrayNewDefault { array_type_index } => ConstOp::ArrayNewDefault(TypeIdx(array_type_index)),
        Operator::ArrayNewFixed { array_type_index, array_size } => {
            ConstOp::ArrayNewFixed { ty: TypeIdx(array_type_index), length: array_size }
        }
        Operator::StructNewDesc { struct_type_index } => ConstOp::StructNewDesc(TypeIdx(struct_type_index)),
        Operator::StructNewDefaultDesc { struct_type_index } => {
            ConstOp::StructNewDefaultDesc(TypeIdx(struct_type_index))
        }
        // Validation lets nothing else stand here.
        _ => return Err(ParseError::Unsupported { feature: Feature::ExtendedConst }),
    })
}
