//! 128-bit arithmetic on pairs of `i64`, low half first ([Wide arithmetic](https://github.com/WebAssembly/wide-arithmetic)).

use super::Lowering;
use cranelift_codegen::ir::types::I128;
use cranelift_codegen::ir::{InstBuilder, Value};
use cranelift_frontend::FuncInstBuilder;

impl Lowering<'_> {
    fn push_pair(&mut self, wide: Value) {
        let (low, high) = self.builder.ins().isplit(wide);
        self.push(low);
        self.push(high);
    }

    fn pop_pair(&mut self) -> Value {
        let (low, high) = self.pop2();
        self.builder.ins().iconcat(low, high)
    }

    pub(super) fn binary_128(&mut self, make: impl FnOnce(FuncInstBuilder<'_, '_>, Value, Value) -> Value) {
        let right = self.pop_pair();
        let left = self.pop_pair();
        let result = make(self.builder.ins(), left, right);
        self.push_pair(result);
    }

    /// The whole product; `widen` says how the factors are read.
    fn mul_wide(&mut self, widen: impl Fn(FuncInstBuilder<'_, '_>, Value) -> Value) {
        let (left, right) = self.pop2();
        let left = widen(self.builder.ins(), left);
        let right = widen(self.builder.ins(), right);
        let product = self.builder.ins().imul(left, right);
        self.push_pair(product);
    }

    pub(super) fn mul_wide_s(&mut self) {
        self.mul_wide(|ins, factor| ins.sextend(I128, factor));
    }

    pub(super) fn mul_wide_u(&mut self) {
        self.mul_wide(|ins, factor| ins.uextend(I128, factor));
    }
}
