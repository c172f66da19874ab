//! Signatures of the model in, signatures of the code generator out.
//!
//! Holds the one place where results are split between return registers and the result area, so that callers, callees
//! and trampolines cannot disagree. Knows nothing of modules.

use assay_model::builtins::{Builtin, BuiltinType};
use assay_model::layout::{AbiKind, AbiSig};
use cranelift_codegen::ir::types::{F32, F64, I8X16, I32, I64};
use cranelift_codegen::ir::{
    AbiParam, ArgumentPurpose, InstBuilder, MemFlagsData, Signature, StackSlot, StackSlotData, StackSlotKind,
    Type, Value,
};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;

/// Integer and float registers that the `Tail` convention returns results in.
const RETURN_REGISTERS: usize = 8;

/// Bytes of a result in the result area.
const AREA_CELL: u32 = 16;

/// The type of a value in registers.
pub(crate) fn clif_type(kind: AbiKind) -> Type {
    match kind {
        AbiKind::I32 | AbiKind::Ref => I32,
        AbiKind::I64 | AbiKind::Func => I64,
        AbiKind::F32 => F32,
        AbiKind::F64 => F64,
        AbiKind::V128 => I8X16,
    }
}

/// How a wasm function of one shape is called.
pub(crate) struct WasmAbi {
    pub(crate) sig: AbiSig,
    pub(crate) params: Box<[Type]>,
    pub(crate) results: Box<[Type]>,
    /// For each result, whether it is returned in a register.
    in_register: Box<[bool]>,
    surplus: u32,
}

impl WasmAbi {
    pub(crate) fn new(sig: AbiSig) -> Self {
        let params = sig.params.iter().map(|&kind| clif_type(kind)).collect();
        let results: Box<[Type]> = sig.results.iter().map(|&kind| clif_type(kind)).collect();
        let (mut integers, mut floats) = (0, 0);
        let mut take_register = |ty: Type| {
            let used = if ty.is_int() { &mut integers } else { &mut floats };
            *used += 1;
            *used <= RETURN_REGISTERS
        };
        let in_register: Box<[bool]> = results.iter().map(|&ty| take_register(ty)).collect();
        let surplus = in_register.iter().filter(|&&in_register| !in_register).count() as u32;
        Self { sig, params, results, in_register, surplus }
    }

    /// Whether callers pass a result area.
    pub(crate) fn has_area(&self) -> bool {
        self.surplus > 0
    }

    /// Where the wasm parameters start among the machine parameters.
    pub(crate) fn first_param(&self) -> usize {
        if self.has_area() { 2 } else { 1 }
    }

    /// The signature of the function.
    pub(crate) fn signature(&self) -> Signature {
        let mut signature = Signature::new(CallConv::Tail);
        signature.params.push(AbiParam::special(I64, ArgumentPurpose::VMContext));
        if self.has_area() {
            signature.params.push(AbiParam::new(I64));
        }
        signature.params.extend(self.params.iter().map(|&ty| AbiParam::new(ty)));
        let returned = self.results.iter().zip(&self.in_register).filter(|&(_, &in_register)| in_register);
        signature.returns.extend(returned.map(|(&ty, _)| AbiParam::new(ty)));
        signature
    }

    /// Reserves the result area of a call, when one is needed.
    pub(crate) fn area(&self, builder: &mut FunctionBuilder<'_>) -> Option<StackSlot> {
        let slot = || StackSlotData::new(StackSlotKind::ExplicitSlot, self.surplus * AREA_CELL, 4);
        self.has_area().then(|| builder.create_sized_stack_slot(slot()))
    }

    /// The types of results that come back in registers.
    pub(crate) fn registers(&self) -> impl Iterator<Item = Type> + '_ {
        self.results.iter().zip(&self.in_register).filter(|&(_, &in_register)| in_register).map(|(&ty, _)| ty)
    }

    /// Appends the results of a call to `out`; `registers` are those that came back in registers.
    pub(crate) fn take_results(
        &self,
        builder: &mut FunctionBuilder<'_>,
        registers: &[Value],
        area: Option<StackSlot>,
        out: &mut Vec<Value>,
    ) {
        let Some(area) = area else {
            out.extend_from_slice(registers);
            return;
        };
        let (mut register, mut cell) = (0, 0);
        for (position, &ty) in self.results.iter().enumerate() {
            out.push(if self.in_register[position] {
                register += 1;
                registers[register - 1]
            } else {
                cell += 1;
                builder.ins().stack_load(I64, ty, area, ((cell - 1) * AREA_CELL) as i32)
            });
        }
    }

    /// Returns `results` from the function, whose result area is `area`.
    pub(crate) fn give_results(
        &self,
        builder: &mut FunctionBuilder<'_>,
        results: &[Value],
        area: Option<Value>,
    ) {
        let Some(area) = area else {
            builder.ins().return_(results);
            return;
        };
        let mut registers = Vec::with_capacity(results.len());
        let mut offset = 0;
        for (&result, &in_register) in results.iter().zip(&self.in_register) {
            if in_register {
                registers.push(result);
            } else {
                builder.ins().store(MemFlagsData::trusted(), result, area, offset);
                offset += AREA_CELL as i32;
            }
        }
        builder.ins().return_(&registers);
    }
}

/// The signature of a builtin.
pub(crate) fn builtin_signature(builtin: Builtin) -> Signature {
    let param = |ty: BuiltinType| {
        AbiParam::new(match ty {
            BuiltinType::Ptr | BuiltinType::I64 => I64,
            BuiltinType::I32 => I32,
        })
    };
    let mut signature = Signature::new(CallConv::SystemV);
    signature.params.extend(builtin.params().iter().map(|&ty| param(ty)));
    signature.returns.extend(builtin.result().map(param));
    signature
}

#[cfg(test)]
mod tests {
    use super::WasmAbi;
    use assay_model::layout::{AbiKind, AbiSig};

    fn abi(results: &[AbiKind]) -> WasmAbi {
        WasmAbi::new(AbiSig { params: Box::new([AbiKind::I32]), results: results.into() })
    }

    #[test]
    fn results_fill_the_registers_of_both_files_before_the_area() {
        let full = abi(&[[AbiKind::I64; 8], [AbiKind::F32; 8]].concat());
        assert!(!full.has_area());
        assert_eq!((full.signature().params.len(), full.signature().returns.len()), (2, 16));
        let over = abi(&[AbiKind::Ref; 9]);
        assert!(over.has_area());
        assert_eq!((over.signature().params.len(), over.signature().returns.len()), (3, 8));
    }
}
