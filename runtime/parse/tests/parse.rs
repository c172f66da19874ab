//! Modules in, models or precise rejections out.

use assay_model::features::{Feature, FeatureSet};
use assay_model::index::FuncIdx;
use assay_parse::{ParseError, Stage, parse};

fn parse_text(text: &str, features: FeatureSet) -> Result<assay_parse::ParsedModule, ParseError> {
    let bytes = wat::parse_str(text).expect("test text assembles");
    let parsed = parse(&bytes, features)?;
    parsed.validate_bodies(&bytes)?;
    Ok(parsed)
}

fn rejection(bytes: &[u8]) -> (Stage, u64, Option<Feature>) {
    let result = parse(bytes, FeatureSet::default()).and_then(|parsed| parsed.validate_bodies(bytes));
    match result {
        Err(ParseError::Rejected { stage, offset, needs, .. }) => (stage, offset, needs),
        other => panic!("expected a rejection, got {other:?}"),
    }
}

#[test]
fn index_spaces_hold_imports_first() {
    let text = r#"(module $m (import "a" "b" (func $f (param i32))) (func $g (export "g")) (global i32 (i32.const 7)))"#;
    let model = parse_text(text, FeatureSet::default()).expect("valid").model;
    assert_eq!((model.imported_funcs, model.funcs.len(), model.bodies.len()), (1, 2, 1));
    assert_eq!(model.display_name(FuncIdx(1)), "g");
    assert_eq!(model.name.as_deref(), Some("m"));
}

#[test]
fn only_functions_that_can_be_seen_escape() {
    let text =
        "(module (func $a) (func $b) (func $c) (elem declare func $b) (start $c) (func (export \"x\")))";
    let model = parse_text(text, FeatureSet::default()).expect("valid").model;
    let escapes: Vec<bool> = model.funcs.iter().map(|func| func.escape.is_some()).collect();
    assert_eq!(escapes, [false, true, true, true]);
}

#[test]
fn bytes_that_do_not_decode_are_malformed() {
    assert_eq!(rejection(b"\0asm\x01\0\0").0, Stage::Malformed);
    assert_eq!(rejection(b"not wasm").0, Stage::Malformed);
    assert_eq!(rejection(b"\0asm\x01\0\0\0\x0f\x00").0, Stage::Malformed);
}

#[test]
fn a_type_error_is_invalid_and_has_a_position() {
    let bytes = wat::parse_str("(module (func (result i32) i64.const 0))").expect("assembles");
    let (stage, offset, needs) = rejection(&bytes);
    assert_eq!((stage, needs), (Stage::Invalid, None));
    assert!(offset > 20, "{offset}");
}

#[test]
fn a_feature_that_is_off_is_named() {
    let bytes = wat::parse_str("(module (func (result v128) v128.const i64x2 0 0))").expect("assembles");
    let features = FeatureSet::default().without(Feature::Simd);
    let error = parse(&bytes, features).err().expect("rejected");
    assert!(error.to_string().contains("`simd`"), "{error}");
}

#[test]
fn a_feature_that_is_on_but_not_built_is_unsupported() {
    let text = "(module (type (struct)) (func (result (ref 0)) struct.new 0))";
    match parse_text(text, FeatureSet::all().without(Feature::StackSwitching)) {
        Err(ParseError::Unsupported { feature }) => assert_eq!(feature, Feature::Gc),
        other => panic!("expected unsupported, got {:?}", other.map(|parsed| parsed.model)),
    }
}
