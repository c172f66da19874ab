//! Wide arithmetic: operands in slots, two results in theirs.

use super::function::FuncLowering;
use super::stack::{Kind, Operand, Value};
use crate::exec::{Opcode, wide};
use assay_parse::wasmparser::Operator;

impl FuncLowering<'_> {
    /// Lowers an operator of this group. False when it is none.
    pub(super) fn wide(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::I64Add128 => self.wide_operator(wide::add128(), 4),
            Operator::I64Sub128 => self.wide_operator(wide::sub128(), 4),
            Operator::I64MulWideS => self.wide_operator(wide::mul_wide_s(), 2),
            Operator::I64MulWideU => self.wide_operator(wide::mul_wide_u(), 2),
            _ => return false,
        }
        true
    }

    fn wide_operator(&mut self, opcode: Opcode, operands: usize) {
        let mut words: Vec<Operand> = (0..operands).map(|_| self.pop_slot()).collect();
        let destination = self.stack.next_slot();
        words.push(Operand::Narrow(destination));
        words.reverse();
        self.emit(opcode, &words);
        for slot in [destination, destination + 1] {
            self.stack.overwritten(slot);
            self.stack.push(Kind::I64, Value::Temp);
        }
    }
}
