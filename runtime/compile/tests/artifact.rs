//! Modules in, artifacts out, under every combination of options, with the code generator's verifier on.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use assay_compile::Compiler;
use assay_model::layout::AbiKind;
use assay_model::trap::TrapKind;
use support::{
    CORPUS, all_options, built_rows, check, checked, compile, numeric_module, parse, vector_module,
};

#[test]
fn every_operator_is_in_the_corpus() {
    let corpus = CORPUS.iter().map(|(_, text)| *text).collect::<String>();
    let texts = corpus + &numeric_module() + &vector_module();
    for row in built_rows().filter(|row| row.mnemonic != "end") {
        assert!(texts.contains(row.mnemonic), "{} is compiled nowhere", row.mnemonic);
    }
}

#[test]
fn the_corpus_compiles_under_all_options() {
    let numeric = numeric_module();
    let modules: Vec<_> =
        CORPUS.iter().copied().chain([("numeric", numeric.as_str())]).map(|(_, text)| parse(text)).collect();
    for options in all_options() {
        let compiler = Compiler::host(options).unwrap();
        for (parsed, bytes) in &modules {
            let artifact =
                compiler.compile(parsed, bytes).unwrap_or_else(|error| panic!("{options:?}: {error}"));
            check(&artifact, parsed);
        }
    }
}

#[test]
fn each_shape_has_its_trampolines() {
    let text = r#"(module
      (type $a (func (param i32))) (type $b (func (param externref))) (type $c (func (param funcref) (result f32)))
      (func (export "a") (type $a)) (func (export "b") (type $b)) (func (type $c) f32.const 0))"#;
    let artifact = compile(text, checked()).unwrap();
    let shapes = |list: &[(assay_model::layout::AbiSig, _)]| -> Vec<Vec<AbiKind>> {
        list.iter().map(|(sig, _)| sig.params.to_vec()).collect()
    };
    assert_eq!(shapes(&artifact.entry_trampolines), [[AbiKind::I32], [AbiKind::Ref]]);
    assert_eq!(shapes(&artifact.exit_trampolines), [[AbiKind::I32], [AbiKind::Ref], [AbiKind::Func]]);
}

#[test]
fn traps_are_listed_with_their_reason() {
    let text = r#"(module (memory 1) (table 1 funcref) (type $t (func))
      (func (param i32) (result i32) (i32.div_s (i32.load (local.get 0)) (local.get 0)))
      (func (param f32) (result i32) (i32.trunc_f32_s (local.get 0)))
      (func (param i32) (call_indirect (type $t) (local.get 0)))
      (func unreachable))"#;
    let artifact = compile(text, checked()).unwrap();
    for kind in [
        TrapKind::MemoryOutOfBounds,
        TrapKind::IntegerDivideByZero,
        TrapKind::IntegerOverflow,
        TrapKind::InvalidConversionToInteger,
        TrapKind::UndefinedElement,
        TrapKind::UninitializedElement,
        TrapKind::IndirectCallTypeMismatch,
        TrapKind::StackOverflow,
        TrapKind::Unreachable,
    ] {
        assert!(artifact.traps.iter().any(|site| site.kind == kind), "{kind:?}");
    }
}

#[test]
fn positions_point_at_the_operator() {
    let (parsed, bytes) =
        parse("(module (func (param i32) (i32.store (local.get 0) (i32.const 1)) unreachable) (memory 1))");
    let artifact = Compiler::host(checked()).unwrap().compile(&parsed, &bytes).unwrap();
    let site = artifact.traps.iter().find(|site| site.kind == TrapKind::Unreachable).unwrap();
    let position = artifact.wasm_offset(site.offset).unwrap();
    assert_eq!(bytes[position as usize], 0x00, "the opcode of `unreachable`");
}

#[test]
fn without_signals_only_the_instruction_behind_raise_faults() {
    let text = r#"(module (memory 1) (table 1 funcref) (type $t (func))
      (func (param i32) (result i32) (i32.load (local.get 0)))
      (func (param i32) (call_indirect (type $t) (local.get 0)))
      (func (param f64) (result i64) (i64.trunc_f64_u (local.get 0)))
      (func unreachable))"#;
    let options = assay_compile::CompileOptions { signals_based_traps: false, ..checked() };
    let artifact = compile(text, options).unwrap();
    assert!(!artifact.traps.is_empty());
    assert!(artifact.traps.iter().all(|site| site.kind == TrapKind::Unreachable), "{:?}", artifact.traps);
}

#[test]
fn fuel_and_epochs_are_looked_at_in_every_loop() {
    let text = "(module (func (loop br 0)))";
    let options = assay_compile::CompileOptions { fuel: true, epoch: true, ..checked() };
    let artifact = compile(text, options).unwrap();
    let count = |kind: TrapKind| artifact.traps.iter().filter(|site| site.kind == kind).count();
    assert_eq!((count(TrapKind::OutOfFuel), count(TrapKind::Interrupt)), (2, 2), "entry and loop");
}

#[test]
fn a_function_of_very_many_blocks_compiles() {
    let one = "(if (local.get 0) (then (local.set 1 (i32.add (local.get 1) (i32.const 1)))) (else nop))";
    let text = format!("(module (func (export \"f\") (param i32) (local i32) {}))", one.repeat(7_000));
    let (parsed, bytes) = parse(&text);
    let options = assay_compile::CompileOptions { verifier: false, ..checked() };
    let artifact = Compiler::host(options).unwrap().compile(&parsed, &bytes).unwrap();
    check(&artifact, &parsed);
}
