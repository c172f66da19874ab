//! The operand stack.
//!
//! Comparisons push their 8-bit truth value as it is. No wasm value has that type, so it marks an `i32` that is not
//! widened yet: [`Lowering::pop`] widens it, [`Lowering::pop_condition`] takes it as it is.

use super::Lowering;
use cranelift_codegen::ir::types::{I8, I8X16, I32};
use cranelift_codegen::ir::{BlockArg, InstBuilder, InstructionData, Opcode, Type, Value, ValueDef};

impl Lowering<'_> {
    pub(super) fn push(&mut self, value: Value) {
        self.scratch.stack.push(value);
    }

    pub(super) fn pop(&mut self) -> Value {
        let value = self.pop_condition();
        self.widen(value)
    }

    /// The top of the stack as something to branch on: an `i32` or a truth value.
    pub(super) fn pop_condition(&mut self) -> Value {
        self.scratch.stack.pop().expect("validation counts the operands")
    }

    pub(super) fn pop2(&mut self) -> (Value, Value) {
        let second = self.pop();
        (self.pop(), second)
    }

    pub(super) fn pop3(&mut self) -> (Value, Value, Value) {
        let third = self.pop();
        let (first, second) = self.pop2();
        (first, second, third)
    }

    /// The `count` topmost operands, widened in place.
    pub(super) fn top(&mut self, count: usize) -> &[Value] {
        let start = self.scratch.stack.len() - count;
        for position in start..self.scratch.stack.len() {
            let value = self.scratch.stack[position];
            self.scratch.stack[position] = self.widen(value);
        }
        &self.scratch.stack[start..]
    }

    /// The `count` topmost operands as arguments of a branch, in the scratch list.
    pub(super) fn top_as_args(&mut self, count: usize) {
        self.top(count);
        let start = self.scratch.stack.len() - count;
        self.scratch.args.clear();
        self.scratch.args.extend(self.scratch.stack[start..].iter().map(|&value| BlockArg::Value(value)));
    }

    /// A value in the type that wasm gives it: truth values widened, vectors without lanes of their own.
    fn widen(&mut self, value: Value) -> Value {
        let ty = self.type_of(value);
        if ty == I8 {
            self.builder.ins().uextend(I32, value)
        } else if ty.is_vector() {
            self.as_lanes(value, I8X16)
        } else {
            value
        }
    }

    pub(super) fn type_of(&self, value: Value) -> Type {
        self.builder.func.dfg.value_type(value)
    }

    /// The unsigned value of an operand that is an integer constant.
    pub(super) fn constant(&self, value: Value) -> Option<u64> {
        let ValueDef::Result(inst, _) = self.builder.func.dfg.value_def(value) else { return None };
        match self.builder.func.dfg.insts[inst] {
            InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => {
                let bits = imm.bits() as u64;
                Some(if self.type_of(value) == I32 { bits & u64::from(u32::MAX) } else { bits })
            }
            _ => None,
        }
    }
}
