//! A seed and a size in, a large module of realistic functions out: input for measuring compilation.
//!
//! The same seed and size give the same bytes, on every host and in every version that keeps the
//! checksum test. The module validates, needs no import, and its `run(n)` ends, traps nowhere and
//! returns a checksum that depends on no bit of a NaN. It knows no engine. Called by `workload`.

mod body;
pub(crate) mod random;
mod shape;

use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ElementSection, Elements, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, MemorySection, MemoryType, Module, RefType, TableSection,
    TableType, TypeSection, ValType,
};

use body::Body;
use random::Random;
use shape::{Callees, GLOBALS, LEAVES, Signature};

/// Builds the module; `bytes` is the least size of its code.
pub fn module(seed: u64, bytes: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let signatures = shape::signatures(&mut random);
    let mut kinds = Vec::new();
    let mut code = CodeSection::new();
    while code.byte_len() < bytes || kinds.len() <= LEAVES {
        let leaf = kinds.len() < LEAVES;
        let kind = random.below(signatures.len());
        let callees = (!leaf).then(|| Callees::new(&kinds[..LEAVES]));
        code.function(&Body::new(&mut random, &signatures, callees).write(kind));
        kinds.push(kind);
    }
    let defined = kinds.len() as u32;
    code.function(&runner(&signatures, &kinds));

    let mut module = Module::new();
    module.section(&types(&signatures));
    module.section(&functions(&kinds, signatures.len() as u32));
    module.section(&table());
    module.section(&memory());
    module.section(&globals());
    module.section(&exports(defined));
    module.section(&elements());
    module.section(&code);
    module.section(&data(&mut random));
    module.finish()
}

fn types(signatures: &[Signature]) -> TypeSection {
    let mut section = TypeSection::new();
    for signature in signatures {
        section.ty().function(signature.params.iter().copied(), [signature.result]);
    }
    section.ty().function([ValType::I32], [ValType::I64]);
    section
}

fn functions(kinds: &[usize], run: u32) -> FunctionSection {
    let mut section = FunctionSection::new();
    for &kind in kinds {
        section.function(kind as u32);
    }
    section.function(run);
    section
}

/// One slot per leaf, so that any leaf can be the target of an indirect call.
fn table() -> TableSection {
    let mut section = TableSection::new();
    section.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: LEAVES as u64,
        maximum: Some(LEAVES as u64),
        shared: false,
    });
    section
}

fn memory() -> MemorySection {
    let mut section = MemorySection::new();
    section.memory(MemoryType {
        minimum: 2,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    section
}

fn globals() -> GlobalSection {
    let mut section = GlobalSection::new();
    for index in 0..GLOBALS {
        let kind = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        section.global(kind, &ConstExpr::i32_const(shape::STACK_TOP + index as i32));
    }
    section
}

fn exports(run: u32) -> ExportSection {
    let mut section = ExportSection::new();
    section.export("run", ExportKind::Func, run);
    section.export("memory", ExportKind::Memory, 0);
    section
}

fn elements() -> ElementSection {
    let leaves: Vec<u32> = (0..LEAVES as u32).collect();
    let mut section = ElementSection::new();
    section.active(None, &ConstExpr::i32_const(0), Elements::Functions(leaves.into()));
    section
}

fn data(random: &mut Random) -> DataSection {
    let bytes: Vec<u8> = (0..4096).map(|_| random.next() as u8).collect();
    let mut section = DataSection::new();
    section.active(0, &ConstExpr::i32_const(0), bytes);
    section
}

/// `run(n)`: calls a spread of the functions in turn, n times over, and folds what they return.
fn runner(signatures: &[Signature], kinds: &[usize]) -> Function {
    let mut function = Function::new([(1, ValType::I32), (1, ValType::I64)]);
    let (n, round, sum) = (0, 1, 2);
    let mut code = function.instructions();
    code.block(wasm_encoder::BlockType::Empty).loop_(wasm_encoder::BlockType::Empty);
    code.local_get(round).local_get(n).i32_ge_s().br_if(1);
    for index in (0..kinds.len()).step_by(kinds.len() / 64 + 1) {
        let signature = &signatures[kinds[index]];
        code.local_get(sum).i64_const(31).i64_mul();
        for param in &signature.params {
            shape::from_i32(&mut code, round, *param);
        }
        code.call(index as u32);
        shape::into_i64(&mut code, signature.result);
        code.i64_add().local_set(sum);
    }
    code.local_get(round).i32_const(1).i32_add().local_set(round);
    code.br(0).end().end().local_get(sum).end();
    function
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_same_bytes() {
        assert_eq!(module(7, 50_000), module(7, 50_000));
        assert_ne!(module(7, 50_000), module(8, 50_000));
    }

    #[test]
    fn modules_validate() {
        for seed in 0..20 {
            let bytes = module(seed, 40_000);
            wasmparser::Validator::new().validate_all(&bytes).unwrap();
            assert!(bytes.len() >= 40_000);
        }
    }

    #[test]
    fn only_what_both_engines_run_is_used() {
        let features = wasmparser::WasmFeatures::WASM2.difference(wasmparser::WasmFeatures::SIMD);
        wasmparser::Validator::new_with_features(features).validate_all(&module(3, 200_000)).unwrap();
    }

    /// Figures of two versions may be compared only while the bytes are the same.
    #[test]
    fn the_bytes_are_the_ones_measured_before() {
        let sum = module(0x5eed_0001, 100_000).iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, &byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        assert_eq!(
            sum, 0x570b_43a9_50bc_ee89,
            "the generator writes other bytes now: measure anew and set this to {sum:#x}"
        );
    }
}
