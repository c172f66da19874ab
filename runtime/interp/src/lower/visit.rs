//! Each operator on its way to its group.
//!
//! The reader calls one method for each operator. There the operator is a constant, so the matches by which the groups
//! find it cost nothing once they are inlined: decoding makes the only jump. Groups whose operators are rare are not
//! worth the code and are asked one after the other.

use super::function::{FuncLowering, Result};
use super::unsupported::feature_of;
use assay_model::ops::fuel;
use assay_parse::wasmparser::{
    Operator, VisitOperator, VisitSimdOperator, for_each_visit_operator, for_each_visit_simd_operator,
};
use assay_parse::{BodyVisitor, ParseError, Visited};
use std::mem::ManuallyDrop;

impl<'a> BodyVisitor<'a> for FuncLowering<'_> {
    #[inline]
    fn begin(&mut self, offset: u32, first_byte: u8) {
        self.offset = offset;
        if self.options.fuel && self.dead.is_none() {
            self.cost += fuel::cost(first_byte);
        }
    }
}

macro_rules! lower_each {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {$(
        fn $visit(&mut self $($(, $arg: $argty)*)?) -> Visited {
            let operator = ManuallyDrop::new(Operator::$op $({ $($arg),* })?);
            let outcome = self.operator(&operator);
            // The general way to drop an operator would look at it once more.
            if const { false $($(|| std::mem::needs_drop::<$argty>())*)? } {
                drop(ManuallyDrop::into_inner(operator));
            }
            outcome
        }
    )*};
}

impl<'a> VisitOperator<'a> for FuncLowering<'_> {
    type Output = Visited;

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = Visited>> {
        Some(self)
    }

    for_each_visit_operator!(lower_each);
}

impl<'a> VisitSimdOperator<'a> for FuncLowering<'_> {
    for_each_visit_simd_operator!(lower_each);
}

impl FuncLowering<'_> {
    #[inline(always)]
    fn operator(&mut self, operator: &Operator<'_>) -> Result<()> {
        if self.dead.is_some() {
            return self.dead_operator(operator);
        }
        if self.options.accesses {
            self.tell_access();
        }
        if self.control(operator)?
            || self.variable(operator)
            || self.numeric(operator)
            || self.memory_access(operator)
        {
            return Ok(());
        }
        self.rare(operator)
    }

    #[inline(never)]
    fn rare(&mut self, operator: &Operator<'_>) -> Result<()> {
        if self.reference(operator)
            || self.bulk(operator)
            || self.vector(operator)
            || self.wide(operator)
            || self.atomic(operator)
        {
            return Ok(());
        }
        // What follows has one prefix, which ends a segment of the fuel rule: some branch.
        self.charge();
        if self.gc(operator) || self.array(operator) || self.cast(operator)? || self.descriptor(operator) {
            return Ok(());
        }
        Err(ParseError::Unsupported { feature: feature_of(operator) }.into())
    }
}
