//! Scripts: an instance, then calls of what it exports, with arguments that are often boundary values.
//!
//! Enters: a module that was read; leaves: steps. Knows no lane.

use super::edges;
use crate::case::{Argument, Step};
use crate::random::Random;
use assay_runtime::{ExternType, FuncType, HeapType, Module, ValType};

/// More calls than this are not worth their time.
const MAX_CALLS: usize = 10;

/// An instance of the module and calls of its functions, each at least once where there are not too many.
pub(super) fn script(module: &Module, random: &mut Random) -> Vec<Step> {
    let mut functions: Vec<(String, FuncType)> = Vec::new();
    for export in module.exports() {
        if let ExternType::Func(ty) = export.ty()
            && ty.params().all(can_be_given)
        {
            functions.push((export.name().to_owned(), ty));
        }
    }
    let mut steps = vec![Step::Instantiate { instantiate: 0 }];
    if functions.is_empty() {
        return steps;
    }
    let calls = (functions.len().max(3) + random.below(4)).min(MAX_CALLS);
    let first = random.below(functions.len());
    for number in 0..calls {
        let (name, ty) = &functions[(first + number) % functions.len()];
        let args = ty.params().map(|ty| argument(ty, &functions, random)).collect();
        steps.push(Step::Call { call: name.clone(), instance: 0, args });
    }
    steps
}

/// Whether a script has an argument of this type: of what the collector keeps only null, and of defined types too.
fn can_be_given(ty: ValType) -> bool {
    let ValType::Ref(ty) = ty else { return true };
    ty.nullable || matches!(ty.heap, HeapType::Extern | HeapType::Func)
}

fn argument(ty: ValType, functions: &[(String, FuncType)], random: &mut Random) -> Argument {
    match ty {
        ValType::I32 => Argument::I32(bits(&edges::I32, random) as u32),
        ValType::I64 => Argument::I64(bits(&edges::I64, random)),
        ValType::F32 => Argument::F32(bits(&edges::F32, random) as u32),
        ValType::F64 => Argument::F64(bits(&edges::F64, random)),
        ValType::Ref(ty) if ty.heap == HeapType::Extern => {
            let null = ty.nullable && random.one_in(4);
            Argument::Extern((!null).then(|| random.next() % 1000))
        }
        ValType::Ref(ty) if ty.heap == HeapType::Func => {
            let null = ty.nullable && random.one_in(3);
            Argument::Func((!null).then(|| (0, random.pick(functions).0.clone())))
        }
        ValType::Ref(_) => Argument::Func(None),
        ValType::V128 => Argument::V128(edges::v128(random)),
    }
}

/// A boundary value, a small number or any bits.
fn bits(edges: &[u64], random: &mut Random) -> u64 {
    match random.below(8) {
        0 => random.next(),
        1 => random.next() % 256,
        _ => *random.pick(edges),
    }
}
