//! Numeric operators.

use super::function::FuncLowering;
use super::stack::{Condition, Entry, Kind, Meaning, Operand, Value};
use crate::exec::numeric::{BinaryOp, CompareOp, UnaryOp};
use assay_parse::wasmparser::Operator;

/// Finds the row of an operator by its name, with the kind of its result.
macro_rules! by_name {
    ($operator:expr, $table:ident: $($kind:ident: $($name:ident)*;)*) => {
        match $operator {
            $($(Operator::$name => Some(($table::$name, Kind::$kind)),)*)*
            _ => None,
        }
    };
}

#[inline(always)]
fn unary_of(operator: &Operator<'_>) -> Option<(UnaryOp, Kind)> {
    by_name!(operator, UnaryOp:
        I32: I32Clz I32Ctz I32Popcnt I32Extend8S I32Extend16S I32WrapI64 I32TruncF32S I32TruncF32U I32TruncF64S
            I32TruncF64U I32ReinterpretF32 I32TruncSatF32S I32TruncSatF32U I32TruncSatF64S I32TruncSatF64U;
        I64: I64Clz I64Ctz I64Popcnt I64Extend8S I64Extend16S I64Extend32S I64ExtendI32S I64ExtendI32U I64TruncF32S
            I64TruncF32U I64TruncF64S I64TruncF64U I64ReinterpretF64 I64TruncSatF32S I64TruncSatF32U
            I64TruncSatF64S I64TruncSatF64U;
        F32: F32Abs F32Neg F32Ceil F32Floor F32Trunc F32Nearest F32Sqrt F32ConvertI32S F32ConvertI32U
            F32ConvertI64S F32ConvertI64U F32DemoteF64 F32ReinterpretI32;
        F64: F64Abs F64Neg F64Ceil F64Floor F64Trunc F64Nearest F64Sqrt F64ConvertI32S F64ConvertI32U
            F64ConvertI64S F64ConvertI64U F64PromoteF32 F64ReinterpretI64;
    )
}

#[inline(always)]
fn binary_of(operator: &Operator<'_>) -> Option<(BinaryOp, Kind)> {
    by_name!(operator, BinaryOp:
        I32: I32Add I32Sub I32Mul I32DivS I32DivU I32RemS I32RemU I32And I32Or I32Xor I32Shl I32ShrS I32ShrU I32Rotl
            I32Rotr;
        I64: I64Add I64Sub I64Mul I64DivS I64DivU I64RemS I64RemU I64And I64Or I64Xor I64Shl I64ShrS I64ShrU I64Rotl
            I64Rotr;
        F32: F32Add F32Sub F32Mul F32Div F32Min F32Max F32Copysign;
        F64: F64Add F64Sub F64Mul F64Div F64Min F64Max F64Copysign;
    )
}

/// The comparison, and whether its operands change places.
#[inline(always)]
fn comparison_of(operator: &Operator<'_>) -> Option<(CompareOp, bool)> {
    Some(match operator {
        Operator::I32Eq => (CompareOp::I32Eq, false),
        Operator::I32Ne => (CompareOp::I32Ne, false),
        Operator::I32LtS => (CompareOp::I32LtS, false),
        Operator::I32LtU => (CompareOp::I32LtU, false),
        Operator::I32GtS => (CompareOp::I32LtS, true),
        Operator::I32GtU => (CompareOp::I32LtU, true),
        Operator::I32LeS => (CompareOp::I32LeS, false),
        Operator::I32LeU => (CompareOp::I32LeU, false),
        Operator::I32GeS => (CompareOp::I32LeS, true),
        Operator::I32GeU => (CompareOp::I32LeU, true),
        Operator::I64Eq => (CompareOp::I64Eq, false),
        Operator::I64Ne => (CompareOp::I64Ne, false),
        Operator::I64LtS => (CompareOp::I64LtS, false),
        Operator::I64LtU => (CompareOp::I64LtU, false),
        Operator::I64GtS => (CompareOp::I64LtS, true),
        Operator::I64GtU => (CompareOp::I64LtU, true),
        Operator::I64LeS => (CompareOp::I64LeS, false),
        Operator::I64LeU => (CompareOp::I64LeU, false),
        Operator::I64GeS => (CompareOp::I64LeS, true),
        Operator::I64GeU => (CompareOp::I64LeU, true),
        Operator::F32Eq => (CompareOp::F32Eq, false),
        Operator::F32Ne => (CompareOp::F32Ne, false),
        Operator::F32Lt => (CompareOp::F32Lt, false),
        Operator::F32Gt => (CompareOp::F32Lt, true),
        Operator::F32Le => (CompareOp::F32Le, false),
        Operator::F32Ge => (CompareOp::F32Le, true),
        Operator::F64Eq => (CompareOp::F64Eq, false),
        Operator::F64Ne => (CompareOp::F64Ne, false),
        Operator::F64Lt => (CompareOp::F64Lt, false),
        Operator::F64Gt => (CompareOp::F64Lt, true),
        Operator::F64Le => (CompareOp::F64Le, false),
        Operator::F64Ge => (CompareOp::F64Le, true),
        _ => return None,
    })
}

impl FuncLowering<'_> {
    /// Lowers an operator of this group. False when it is none.
    #[inline(always)]
    pub(super) fn numeric(&mut self, operator: &Operator<'_>) -> bool {
        if let Some((op, kind)) = binary_of(operator) {
            self.binary(op, kind);
        } else if let Some((op, swap)) = comparison_of(operator) {
            let (first, second) = self.pop_two();
            let (first, second) = if swap { (second, first) } else { (first, second) };
            let (a, b) = self.stack.operands(first, second);
            self.compare(Condition { op, a, b });
        } else if let Some((op, kind)) = unary_of(operator) {
            self.unary(op, kind);
        } else {
            match operator {
                Operator::I32Eqz => self.eqz(CompareOp::I32Eq, Operand::Narrow(0)),
                Operator::I64Eqz => self.eqz(CompareOp::I64Eq, Operand::Wide(0)),
                _ => return false,
            }
        }
        true
    }

    /// An operand that is in a slot or the accumulator.
    pub(super) fn no_immediate(&mut self, entry: Entry) -> Operand {
        match entry.value {
            Value::Const(_) => Operand::Slot(self.stack.slot_of(entry)),
            _ => self.stack.operand(entry),
        }
    }

    fn unary(&mut self, op: UnaryOp, kind: Kind) {
        let entry = self.stack.pop();
        let a = self.no_immediate(entry);
        let pair = op.select(a.mode()).expect("operands are in modes that exist");
        let at = self.stack.produce(pair, kind, &[a]);
        if op.traps() {
            self.stack.code.position(at, self.offset);
        }
    }

    fn binary(&mut self, op: BinaryOp, kind: Kind) {
        let (first, second) = self.pop_two();
        let (mut a, mut b) = self.stack.operands(first, second);
        if op.commutes() && (a.is_immediate() || b == Operand::Acc) {
            std::mem::swap(&mut a, &mut b);
        }
        let pair = op.select(a.mode(), b.mode()).expect("operands are in modes that exist");
        let at = match op {
            // Bits that two numbers have in common: as a condition, no number needs to be made.
            BinaryOp::I32And => {
                let condition = Condition { op: CompareOp::I32Test, a, b };
                self.stack.produce_meaning(pair, Meaning::Condition(condition))
            }
            BinaryOp::I32Add => self.stack.produce_meaning(pair, Meaning::Sum(a, b)),
            _ => self.stack.produce(pair, kind, &[a, b]),
        };
        if op.traps() {
            self.stack.code.position(at, self.offset);
        }
    }

    /// A comparison as a value.
    pub(super) fn compare(&mut self, condition: Condition) {
        let Condition { op, a, b } = condition;
        let pair = op.select(a.mode(), b.mode()).expect("operands are in modes that exist");
        self.stack.produce_meaning(pair, Meaning::Condition(condition));
    }

    /// Comparison with zero. Of another condition it is the opposite.
    fn eqz(&mut self, op: CompareOp, zero: Operand) {
        let entry = self.stack.pop();
        if let Some(condition) = self.opposite_of(entry) {
            return self.compare(condition);
        }
        let a = self.no_immediate(entry);
        self.compare(Condition { op, a, b: zero });
    }

    fn opposite_of(&mut self, entry: Entry) -> Option<Condition> {
        let Meaning::Condition(Condition { op, a, b }) = self.stack.meaning_of(entry)? else { return None };
        let (op, swap) = op.opposite()?;
        self.stack.take_back(entry);
        Some(if swap { Condition { op, a: b, b: a } } else { Condition { op, a, b } })
    }
}
