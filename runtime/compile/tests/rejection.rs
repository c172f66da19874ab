//! Bodies that are refused: which error is reported, and that the compiler goes on working.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use assay_compile::{CompileError, CompileOptions, Compiler};
use assay_model::features::FeatureSet;
use assay_parse::{ParseError, Stage};
use support::{check, checked, compile, parse};

fn error_of(text: &str, options: CompileOptions) -> CompileError {
    compile(text, options).expect_err("must be refused")
}

#[test]
fn an_invalid_body_is_reported_as_invalid() {
    let error = error_of("(module (func) (func (result i32) i64.const 0))", checked());
    match error {
        CompileError::Parse(ParseError::Rejected { stage, offset, .. }) => {
            assert_eq!(stage, Stage::Invalid);
            assert!(offset > 20);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn invalid_code_that_cannot_be_reached_is_still_invalid() {
    let error = error_of("(module (func (result i32) unreachable (i64.const 0)))", checked());
    assert!(matches!(error, CompileError::Parse(_)), "{error}");
}

#[test]
fn the_first_function_with_an_error_wins_whatever_the_order_of_work() {
    let mut text = String::from("(module (func) (func (drop (i32.add (i64.const 1) (i32.const 2))))\n");
    for _ in 0..40 {
        // Larger, so compiled earlier when the work is shared.
        text += "(func ";
        text += &"(drop (i32.const 1))".repeat(300);
        text += "(drop (f32.neg (i32.const 2))))\n";
    }
    text += ")";
    let small = error_of(&text, CompileOptions { parallel: false, ..CompileOptions::default() });
    let shared = error_of(&text, CompileOptions::default());
    assert_eq!(small.to_string(), shared.to_string());
    assert!(shared.to_string().contains("expected i32, found i64"), "{shared}");
}

#[test]
fn a_truncated_body_is_malformed() {
    let mut bytes = wat::parse_str("(module (func (param i32) (drop (local.get 0))))").unwrap();
    // The body's last `end` becomes `block`: its type byte is missing.
    *bytes.last_mut().unwrap() = 0x02;
    let parsed = assay_parse::parse(&bytes, FeatureSet::default()).unwrap();
    let error = Compiler::host(checked()).unwrap().compile(&parsed, &bytes).unwrap_err();
    assert!(
        matches!(error, CompileError::Parse(ParseError::Rejected { stage: Stage::Malformed, .. })),
        "{error}"
    );
}

#[test]
fn the_compiler_works_on_after_an_error() {
    let compiler = Compiler::host(checked()).unwrap();
    let (bad, bad_bytes) = parse("(module (func (loop (block (i32.add)))))");
    let (good, good_bytes) = parse("(module (func (export \"f\") (param i32) (result i32) (local.get 0)))");
    assert!(compiler.compile(&bad, &bad_bytes).is_err());
    check(&compiler.compile(&good, &good_bytes).unwrap(), &good);
}
