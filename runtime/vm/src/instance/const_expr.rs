//! Values of constant expressions ([Constant expressions][spec]).
//!
//! Nothing collects meanwhile: the collector does not know of this stack.
//!
//! [spec]: https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
#![expect(unsafe_code, reason = "reads cells of globals that code addresses directly")]

use super::InstantiateError;
use crate::gc::MayCollect;
use crate::store::{GlobalId, InstanceId, StoreState};
use crate::value::Value;
use assay_model::index::{FuncIdx, GlobalIdx, TypeIdx};
use assay_model::layout::object::{FieldSlot, reference};
use assay_model::module::{ConstExpr, ConstOp};
use assay_model::trap::TrapKind;

/// The reference to a function of an instance, as a value.
pub(super) fn func_value(state: &StoreState, id: InstanceId, func: FuncIdx) -> Value {
    let instance = &state.instances[id.index()];
    match instance.funcs.get(func.index()) {
        Some(&imported) => Value::from_func(state.func(imported).as_ptr()),
        None => {
            let func_ref = instance.func_ref(func).expect("functions in constant expressions have records");
            Value::from_func(func_ref.as_ptr())
        }
    }
}

/// The value of a constant expression. Validation has typed it, so the stack never runs empty.
pub(super) fn evaluate(
    state: &mut StoreState,
    id: InstanceId,
    expr: &ConstExpr,
) -> Result<Value, InstantiateError> {
    let mut stack: Vec<Value> = Vec::new();
    for op in &expr.ops {
        let value = match *op {
            ConstOp::I32Const(value) => Value::from_i32(value),
            ConstOp::I64Const(value) => Value::from_i64(value),
            ConstOp::F32Const(bits) => Value::from_f32_bits(bits),
            ConstOp::F64Const(bits) => Value::from_f64_bits(bits),
            ConstOp::V128Const(bits) => Value::from_bits(bits),
            ConstOp::GlobalGet(global) => global_value(state, id, global),
            ConstOp::RefNull(_) => Value::ZERO,
            ConstOp::RefFunc(func) => func_value(state, id, func),
            ConstOp::I32Add => i32_op(&mut stack, i32::wrapping_add),
            ConstOp::I32Sub => i32_op(&mut stack, i32::wrapping_sub),
            ConstOp::I32Mul => i32_op(&mut stack, i32::wrapping_mul),
            ConstOp::I64Add => i64_op(&mut stack, i64::wrapping_add),
            ConstOp::I64Sub => i64_op(&mut stack, i64::wrapping_sub),
            ConstOp::I64Mul => i64_op(&mut stack, i64::wrapping_mul),
            ConstOp::RefI31 => Value::from_ref(i31(pop(&mut stack).as_i32())),
            ConstOp::StructNew(ty) => {
                let object = allocate(state, id, ty, 0)?;
                structure(state, object, &mut stack)
            }
            ConstOp::StructNewDefault(ty) => Value::from_ref(allocate(state, id, ty, 0)?),
            ConstOp::StructNewDesc(ty) => {
                let descriptor = pop(&mut stack);
                let object = described(state, id, ty, descriptor)?;
                structure(state, object, &mut stack)
            }
            ConstOp::StructNewDefaultDesc(ty) => Value::from_ref(described(state, id, ty, pop(&mut stack))?),
            ConstOp::ArrayNew(ty) => {
                let (length, value) = (pop(&mut stack).as_i32(), pop(&mut stack));
                let elements = std::iter::repeat_n(value, length as u32 as usize);
                Value::from_ref(array(state, id, ty, length as u32, elements)?)
            }
            ConstOp::ArrayNewDefault(ty) => {
                let length = pop(&mut stack).as_i32();
                Value::from_ref(allocate(state, id, ty, length as u32)?)
            }
            ConstOp::ArrayNewFixed { ty, length } => {
                let elements = stack.split_off(stack.len() - length as usize);
                Value::from_ref(array(state, id, ty, length, elements.into_iter())?)
            }
        };
        stack.push(value);
    }
    Ok(pop(&mut stack))
}

fn pop(stack: &mut Vec<Value>) -> Value {
    stack.pop().expect("validation has typed constant expressions")
}

fn i32_op(stack: &mut Vec<Value>, op: fn(i32, i32) -> i32) -> Value {
    let (right, left) = (pop(stack), pop(stack));
    Value::from_i32(op(left.as_i32(), right.as_i32()))
}

fn i64_op(stack: &mut Vec<Value>, op: fn(i64, i64) -> i64) -> Value {
    let (right, left) = (pop(stack), pop(stack));
    Value::from_i64(op(left.as_i64(), right.as_i64()))
}

fn global_value(state: &StoreState, id: InstanceId, global: GlobalIdx) -> Value {
    let GlobalId(number) = state.instances[id.index()].globals[global.index()];
    let cell = state.globals[number as usize].cell;
    // SAFETY: cells live as long as the store (invariant 1), and no code writes them now.
    unsafe { cell.read() }
}

/// An `i31` of the low 31 bits.
fn i31(value: i32) -> u32 {
    (value as u32) << reference::I31_SHIFT | reference::I31
}

fn allocate(
    state: &mut StoreState,
    id: InstanceId,
    ty: TypeIdx,
    length: u32,
) -> Result<u32, InstantiateError> {
    let type_id = state.instances[id.index()].parts.type_ids[ty.index()];
    let object = state.allocate_object(type_id, length, MayCollect::No);
    object.ok_or(InstantiateError::Trap(TrapKind::AllocationTooLarge))
}

/// A structure of a type with a descriptor. Its length is that reference: both are the second half of the header.
fn described(
    state: &mut StoreState,
    id: InstanceId,
    ty: TypeIdx,
    descriptor: Value,
) -> Result<u32, InstantiateError> {
    match descriptor.as_ref32() {
        reference::NULL => Err(InstantiateError::Trap(TrapKind::NullDescriptorReference)),
        descriptor => allocate(state, id, ty, descriptor),
    }
}

/// Fills the fields of a new structure from the stack.
fn structure(state: &mut StoreState, object: u32, stack: &mut Vec<Value>) -> Value {
    let fields = fields(state, object);
    let first = stack.len() - fields.len();
    for (&field, value) in fields.iter().zip(stack.drain(first..)) {
        state.write_object(object, field, value);
    }
    Value::from_ref(object)
}

fn fields(state: &StoreState, object: u32) -> Box<[FieldSlot]> {
    state.object_shape(object).map_or_else(Box::default, |shape| shape.layout.fields().into())
}

fn array(
    state: &mut StoreState,
    id: InstanceId,
    ty: TypeIdx,
    length: u32,
    elements: impl Iterator<Item = Value>,
) -> Result<u32, InstantiateError> {
    let object = allocate(state, id, ty, length)?;
    for (index, value) in (0..).zip(elements) {
        if let Some(slot) = state.object_slot(object, index) {
            state.write_object(object, slot, value);
        }
    }
    Ok(object)
}
