//! Modules in, models or precise rejections out.

use assay_model::features::{Feature, FeatureSet};
use assay_model::index::FuncIdx;
use assay_parse::{ParseError, Stage, check_custom_sections, parse, parse_for};

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
    let features = FeatureSet::all().without(Feature::StackSwitching);
    let built = features.without(Feature::CustomDescriptors);
    let exact = "(type $t (struct)) (func (param (ref (exact $t))))";
    for text in [exact, BELOW_ONE_WITHOUT] {
        let bytes = wat::parse_str(format!("(module {text})")).expect("assembles");
        match parse_for(&bytes, features, built) {
            Err(ParseError::Unsupported { feature }) => assert_eq!(feature, Feature::CustomDescriptors),
            other => panic!("expected unsupported, got {:?}", other.map(|parsed| parsed.model)),
        }
    }
}

/// Validates a module with descriptors as it is when they are built.
fn described(text: &str) -> Result<(), String> {
    let bytes = wat::parse_str(text).map_err(|error| error.to_string())?;
    let features = FeatureSet::all().without(Feature::StackSwitching);
    let parsed = parse_for(&bytes, features, features).map_err(|error| error.to_string())?;
    parsed.validate_bodies(&bytes).map_err(|error| error.to_string())
}

/// `$b` has a descriptor and stands below `$a`, which has none; `$c` stands below `$b`.
const BELOW_ONE_WITHOUT: &str = "(type $a (sub (struct)))
    (rec (type $b (sub $a (descriptor $bd) (struct (field i32)))) (type $bd (sub (describes $b) (struct))))
    (rec (type $c (sub $b (descriptor $cd) (struct (field i32)))) (type $cd (sub $bd (describes $c) (struct))))";

#[test]
fn a_type_with_a_descriptor_may_stand_below_one_without() {
    for rest in [
        "",
        "(func (param (ref $b)) (result (ref $a)) local.get 0)",
        "(func (param (ref null (exact $c))) (result (ref null $a)) local.get 0)",
        "(func (result (ref $a)) (struct.new $a))",
        "(global (ref $b) (struct.new_default_desc $b (struct.new $bd)))",
    ] {
        assert_eq!(described(&format!("(module {BELOW_ONE_WITHOUT} {rest})")), Ok(()), "{rest}");
    }
    // Descriptors of descriptors: the ones in the middle stand below one without, and describe.
    let chain = "(module
        (rec (type $a (sub (descriptor $ad) (struct))) (type $ad (sub (describes $a) (struct))))
        (rec (type $b (sub $a (descriptor $bd) (struct)))
             (type $bd (sub $ad (describes $b) (descriptor $be) (struct)))
             (type $be (sub (describes $bd) (struct))))
        (func (param (ref $bd)) (result (ref $ad)) local.get 0)
        (func (param (ref $b)) (result (ref $a)) local.get 0))";
    assert_eq!(described(chain), Ok(()));
}

#[test]
fn of_a_type_and_its_descriptor_one_may_be_final() {
    for types in [
        "(type $a (sub (descriptor $b) (struct))) (type $b (describes $a) (struct))",
        "(type $a (sub (descriptor $b) (struct))) (type $b (sub final (describes $a) (struct)))",
        "(type $a (descriptor $b) (struct)) (type $b (sub (describes $a) (struct)))",
        "(type $a (descriptor $b) (struct)) (type $b (sub (describes $a) (descriptor $c) (struct)))
         (type $c (describes $b) (struct))",
    ] {
        let text = format!(
            "(module (type $z (struct)) (rec {types}) (func (param (ref $a)) (result (ref $b))
            (ref.get_desc $a (local.get 0))))"
        );
        assert_eq!(described(&text), Ok(()), "{types}");
        for (below, above) in [("$a", "$b"), ("$b", "$a")] {
            let rest = format!("(func (param (ref {below})) (result (ref {above})) local.get 0)");
            assert!(described(&format!("(module (rec {types}) {rest})")).is_err(), "{types}");
        }
        let below =
            "(rec (type $x (sub $a (descriptor $y) (struct))) (type $y (sub $b (describes $x) (struct))))";
        assert!(
            described(&format!("(module (rec {types}) {below})")).is_err(),
            "one of them is final: {types}"
        );
    }
    let same = "(module (rec (type $a (sub (descriptor $b) (struct))) (type $b (describes $a) (struct)))
        (rec (type $x (sub (descriptor $y) (struct))) (type $y (sub (describes $x) (struct)))))";
    assert!(described(same).is_err_and(|message| message.contains("implementation limit")));
}

#[test]
fn what_the_library_did_not_see_of_such_types_is_checked() {
    let below = "(type $b (sub $a (descriptor $bd) (struct (field i32))))";
    let descriptor = "(type $bd (sub (describes $b) (struct)))";
    for (text, fault) in [
        (format!("(type $a (struct)) (rec {below} {descriptor})"), "the supertype is final"),
        (format!("(type $a (sub (struct (field i64)))) (rec {below} {descriptor})"), "fields do not match"),
        (format!("(type $a (sub (array i8))) (rec {below} {descriptor})"), "it is an array"),
        (format!("(rec {below} {descriptor}) (type $a (sub (struct)))"), "it is declared later"),
        (format!("(rec {below} {descriptor} (type $a (sub (struct))))"), "it is declared later, in the group"),
        (format!("(type $a (sub (struct))) (rec {below} (type $bd (sub $a (describes $b) (struct))))"),
            "the descriptor stands below what describes nothing"),
        (
            format!("(type $a (sub (struct))) (rec {below} (type $bd (describes $b) (struct))) (type $x (sub $bd (struct)))"),
            "the descriptor is final, whatever it describes",
        ),
        (format!("{BELOW_ONE_WITHOUT} (func (param (ref $a)) (result (ref $b)) local.get 0)"), "a cast is missing"),
        (format!("{BELOW_ONE_WITHOUT} (func (param (ref $b)) (result (ref $c)) local.get 0)"), "a cast is missing"),
        (format!("{BELOW_ONE_WITHOUT} (func (param (ref $b)) (result (ref (exact $a))) local.get 0)"), "it is not exact"),
        (format!("{BELOW_ONE_WITHOUT} (func (param (ref $bd)) (result (ref $a)) local.get 0)"), "it describes"),
        (format!("{BELOW_ONE_WITHOUT} (type $d (sub $b (struct (field i32))))"), "the descriptor is missing"),
        (format!("{BELOW_ONE_WITHOUT} (func (struct.new $b (i32.const 1)) drop)"), "the descriptor is missing"),
        (format!("{BELOW_ONE_WITHOUT} (func (result i32) (i64.const 1))"), "anything else"),
        (format!("(type $z (sub (struct (field i32)))) {BELOW_ONE_WITHOUT}
            (rec (type $e (sub (descriptor $ed) (struct (field i32)))) (type $ed (sub (describes $e) (struct))))"),
            "two types would be the same without their supertypes"),
    ] {
        // The library gives up at the first of these types; what follows is for us to see.
        let module = format!("(module {} {text})", BELOW_ONE_WITHOUT.replace('$', "$first_"));
        assert!(described(&module).is_err(), "{fault}");
    }
    // Long lines of descriptors are looked through once, not once for each of their types.
    let mut line =
        String::from("(type $s (sub (struct))) (rec (type $t0 (sub $s (descriptor $t1) (struct)))");
    for index in 1..60_000 {
        line += &format!(
            "(type $t{index} (sub $s (describes $t{}) (descriptor $t{}) (struct)))",
            index - 1,
            index + 1
        );
    }
    assert!(described(&format!("(module {line} (type $t60000 (describes $t59999) (struct))))")).is_err());
    // The line of supertypes is not longer for a break in it.
    let mut long = String::from("(type $t0 (sub (struct)))");
    for depth in 1..64 {
        long += &format!("(type $t{depth} (sub $t{} (struct)))", depth - 1);
    }
    let end = |above: u32| {
        described(&format!(
            "(module {long} (rec (type $b (sub $t{above} (descriptor $bd) (struct)))
            (type $bd (sub (describes $b) (struct)))))"
        ))
    };
    assert_eq!(end(62), Ok(()));
    assert!(end(63).is_err_and(|message| message.contains("too deep")));
}

/// A module with this content in the section of branch hints, which stands before or behind the code.
fn hinted(before: bool, content: &[u8]) -> Vec<u8> {
    // The body: `local.get 0` at 1, `if` at 3, `end` at 5, `local.get 0` at 6, `br_if 0` at 8, `end` at 10.
    let text = "(module (import \"\" \"\" (func)) (func (param i32) (if (local.get 0) (then)) (br_if 0 (local.get 0))))";
    let bytes = wat::parse_str(text).expect("assembles");
    let name = b"metadata.code.branch_hint";
    let mut section = vec![0, (1 + name.len() + content.len()) as u8, name.len() as u8];
    section.extend_from_slice(name);
    section.extend_from_slice(content);
    let code = bytes.iter().rposition(|&byte| byte == 10).expect("a code section");
    let code = bytes[..code].iter().rposition(|&byte| byte == 10).unwrap_or(code);
    let at = if before { code } else { bytes.len() };
    [&bytes[..at], &section, &bytes[at..]].concat()
}

#[test]
fn branch_hints_are_data_of_the_model() {
    let bytes = hinted(true, &[1, 1, 2, 3, 1, 0, 8, 1, 1]);
    check_custom_sections(&bytes).expect("sound");
    let model = parse(&bytes, FeatureSet::default()).expect("valid").model;
    let hints: Vec<_> =
        model.branch_hints_of(FuncIdx(1)).iter().map(|hint| (hint.offset, hint.taken)).collect();
    assert_eq!(hints, [(3, false), (8, true)]);
    assert!(model.branch_hints_of(FuncIdx(0)).is_empty());
}

#[test]
fn branch_hints_that_make_no_sense_are_ignored_and_named_when_asked_for() {
    let cases: [(bool, &[u8], Stage, &str); 10] = [
        (true, &[1, 1, 1, 3, 1, 2], Stage::Malformed, "invalid branch hint taken byte"),
        (true, &[1, 1, 1, 3, 2, 0], Stage::Malformed, "invalid branch hint byte"),
        (true, &[1, 1, 2, 3, 1, 0], Stage::Malformed, "unexpected end"),
        (true, &[1, 1, 1, 3, 1, 0, 9], Stage::Malformed, "unexpected data behind"),
        (true, &[1, 1, 2, 3, 1, 0, 3, 1, 1], Stage::Malformed, "branch hints are out of order"),
        (
            true,
            &[2, 1, 1, 3, 1, 0, 1, 1, 8, 1, 0],
            Stage::Malformed,
            "functions with branch hints are out of order",
        ),
        (false, &[1, 1, 1, 3, 1, 0], Stage::Malformed, "branch hints behind the code"),
        (true, &[1, 1, 1, 6, 1, 0], Stage::Invalid, "branch hint: invalid target"),
        (true, &[1, 1, 1, 4, 1, 0], Stage::Invalid, "no operator at offset 4 of function 1"),
        (true, &[1, 0, 1, 3, 1, 0], Stage::Invalid, "branch hints for function 0 without a body"),
    ];
    for (before, content, expected, text) in cases {
        let bytes = hinted(before, content);
        let parsed = parse(&bytes, FeatureSet::default()).expect("custom sections reject no module");
        parsed.validate_bodies(&bytes).expect("valid");
        match check_custom_sections(&bytes) {
            Err(ParseError::Rejected { stage, message, .. }) => {
                assert_eq!(stage, expected, "{message}");
                assert!(message.contains(text), "{message}");
            }
            other => panic!("{content:?}: {other:?}"),
        }
    }
}

#[test]
fn names_that_do_not_decode_are_malformed_for_a_judge_only() {
    let bytes = wat::parse_str("(module (func $f (local $x i32)))").expect("assembles");
    check_custom_sections(&bytes).expect("sound");
    let torn: Vec<u8> = bytes.iter().map(|&byte| if byte == b'x' { 0xff } else { byte }).collect();
    assert_ne!(bytes, torn);
    parse(&torn, FeatureSet::default()).expect("custom sections reject no module");
    assert!(matches!(
        check_custom_sections(&torn),
        Err(ParseError::Rejected { stage: Stage::Malformed, .. })
    ));
}

#[test]
fn shared_memories_and_atomics_name_their_feature_when_it_is_off() {
    for text in [
        "(module (memory 1 2 shared))",
        "(module (import \"m\" \"m\" (memory 1 2 shared)))",
        "(module (memory 1) (func (result i32) (i32.atomic.rmw.add (i32.const 0) (i32.const 1))))",
        "(module (memory 1) (func (result i32) (memory.atomic.wait64 (i32.const 0) (i64.const 1) (i64.const -1))))",
        "(module (func (atomic.fence)))",
    ] {
        let bytes = wat::parse_str(text).expect("assembles");
        let off = FeatureSet::all().without(Feature::Threads).without(Feature::StackSwitching);
        let error =
            parse_for(&bytes, off, FeatureSet::all()).and_then(|parsed| parsed.validate_bodies(&bytes));
        let Err(ParseError::Rejected { stage, needs, .. }) = error else { panic!("{text}: {error:?}") };
        assert_eq!((stage, needs), (Stage::Invalid, Some(Feature::Threads)), "{text}");
        let on = off.with(Feature::Threads);
        let parsed = parse_for(&bytes, on, FeatureSet::all()).expect(text);
        parsed.validate_bodies(&bytes).expect(text);
    }
}

#[test]
fn a_shared_memory_needs_a_maximum_and_an_atomic_access_its_own_alignment() {
    let features = FeatureSet::EMPTY.with(Feature::Threads);
    let shared = b"\0asm\x01\0\0\0\x05\x03\x01\x02\x01";
    let error = parse_for(shared, features, FeatureSet::all()).err();
    assert!(matches!(error, Some(ParseError::Rejected { stage: Stage::Invalid, .. })), "{error:?}");
    // (func (drop (i32.atomic.load align=1 (i32.const 0)))) with a memory
    let unaligned = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x05\x03\x01\0\x01\x0a\x0b\x01\x09\0\x41\0\xfe\x10\0\0\x1a\x0b";
    let parsed = parse_for(unaligned, features, FeatureSet::all()).expect("the body is read later");
    let error = parsed.validate_bodies(unaligned).err();
    assert!(matches!(error, Some(ParseError::Rejected { stage: Stage::Invalid, .. })), "{error:?}");
    // The byte behind a fence is part of the format.
    let fence = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x07\x01\x05\0\xfe\x03\x07\x0b";
    let error =
        parse_for(fence, features, FeatureSet::all()).and_then(|parsed| parsed.validate_bodies(fence)).err();
    assert!(matches!(error, Some(ParseError::Rejected { stage: Stage::Malformed, .. })), "{error:?}");
}
