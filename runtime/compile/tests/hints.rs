//! Branch hints: code that rarely runs stands behind all other code of its function.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use assay_model::index::FuncIdx;
use support::{checked, compile, parse};

/// Whether the code of the call to `$rare` stands behind that of the call to `$usual`.
fn rare_is_last(body: &str) -> bool {
    let text = format!(
        "(module (import \"\" \"rare\" (func $rare)) (import \"\" \"usual\" (func $usual)) (func (param i32) {body}))"
    );
    let (parsed, bytes) = parse(&text);
    let artifact = compile(&text, checked()).expect("it compiles");
    let call = |func: FuncIdx| {
        let body = parsed.model.bodies[0].clone();
        let position = (body.start..body.end)
            .find(|&at| bytes[at as usize] == 0x10 && u32::from(bytes[at as usize + 1]) == func.0);
        let position = position.expect("the body calls it");
        let entry = artifact.address_map.iter().find(|entry| entry.1 == position);
        entry.expect("the call has code").0
    };
    call(FuncIdx(0)) > call(FuncIdx(1))
}

#[test]
fn an_unlikely_side_of_an_if_stands_behind_the_rest() {
    let body = |hint: &str| format!("{hint} (if (local.get 0) (then (call $rare))) (call $usual)");
    assert!(!rare_is_last(&body("")));
    assert!(!rare_is_last(&body("(@metadata.code.branch_hint \"\\01\")")));
    assert!(rare_is_last(&body("(@metadata.code.branch_hint \"\\00\")")));
}

#[test]
fn an_unlikely_else_stands_behind_the_rest() {
    let body = |hint: &str| format!("{hint} (if (local.get 0) (then) (else (call $rare))) (call $usual)");
    assert!(!rare_is_last(&body("")));
    assert!(!rare_is_last(&body("(@metadata.code.branch_hint \"\\00\")")));
    assert!(rare_is_last(&body("(@metadata.code.branch_hint \"\\01\")")));
}

#[test]
fn what_follows_a_branch_that_is_usually_taken_stands_behind_the_rest() {
    let body = |hint: &str| format!("(block {hint} (br_if 0 (local.get 0)) (call $rare)) (call $usual)");
    assert!(!rare_is_last(&body("")));
    assert!(rare_is_last(&body("(@metadata.code.branch_hint \"\\01\")")));
}

#[test]
fn a_hint_belongs_to_one_branch_only() {
    // The hint is that of the second branch; the first and the third have none.
    let body = "(if (local.get 0) (then (nop))) \
                (@metadata.code.branch_hint \"\\00\") (if (local.get 0) (then (nop))) \
                (if (local.get 0) (then (call $rare))) (call $usual)";
    assert!(!rare_is_last(body));
}
