//! Reduction with findings that are made up: what is taken away, and what stays.

use super::{Limits, Reduced, reduce};
use crate::case::{Argument, Case, ModuleBytes, Settings, Step};
use std::time::Duration;

const LIMITS: Limits = Limits { trials: 20_000, time: Duration::from_secs(120) };

fn module(text: &str) -> ModuleBytes {
    ModuleBytes { bytes: wat::parse_str(text).unwrap(), canonical: None }
}

fn call(name: &str, instance: usize, args: &[Argument]) -> Step {
    Step::Call { call: name.to_owned(), instance, args: args.to_vec() }
}

/// Three instances of two modules, and calls of each.
fn case() -> Case {
    let large = r#"(module
        (memory 1) (global $g (mut i32) (i32.const 3))
        (func $f (export "f") (param i32 i64) (result i32)
            (global.set $g (i32.mul (local.get 0) (i32.const 5)))
            (i32.store (i32.const 8) (global.get $g))
            (i32.div_s (local.get 0) (i32.const 3)))
        (func $g (export "g") (result i32) (i32.popcnt (i32.const 77)))
        (data (i32.const 100) "much to take away"))"#;
    let values = [Argument::I32(17), Argument::I64(99)];
    Case {
        origin: "made up".to_owned(),
        settings: Settings { host_errors: true, host_seed: 77, ..Settings::default() },
        modules: vec![module("(module (func (export \"h\")))"), module(large)],
        steps: vec![
            Step::Instantiate { instantiate: 0 },
            Step::Instantiate { instantiate: 1 },
            call("h", 0, &[]),
            call("f", 1, &values),
            Step::Instantiate { instantiate: 1 },
            call("g", 1, &[]),
            call("f", 2, &values),
            call("h", 0, &[]),
        ],
    }
}

fn reduced(same: impl FnMut(&Case) -> bool) -> Reduced {
    reduce(&case(), LIMITS, same)
}

fn text(case: &Case, module: usize) -> String {
    wasmprinter::print_bytes(&case.modules[module].bytes).unwrap_or_default()
}

#[test]
fn steps_modules_and_settings_that_do_not_matter_go() {
    let outcome = reduced(|case| {
        let asks = |step: &Step| matches!(step, Step::Call { call, .. } if call == "f");
        case.steps.iter().any(asks) && case.modules.iter().any(|module| !module.bytes.is_empty())
    });
    assert!(outcome.finished, "after {} trials", outcome.trials);
    let case = outcome.case;
    assert_eq!(case.steps.len(), 2, "{:?}", case.steps);
    assert_eq!(case.steps[0], Step::Instantiate { instantiate: 0 });
    assert_eq!(case.steps[1], call("f", 0, &[Argument::I32(0), Argument::I64(0)]));
    assert_eq!(case.modules.len(), 1);
    assert_eq!((case.settings.host_errors, case.settings.host_seed), (false, 0));
    assert_eq!(Case::from_text(&case.to_text().unwrap()).unwrap(), case, "what is left is a case");
}

#[test]
fn instances_are_renumbered_when_one_before_them_goes() {
    let outcome = reduced(|case| {
        let mut last = case.steps.iter().filter_map(|step| match step {
            Step::Call { call, instance, args } if call == "f" => Some((*instance, args.clone())),
            _ => None,
        });
        last.next_back().is_some_and(|(_, args)| args[0] == Argument::I32(17))
    });
    let expected =
        [Step::Instantiate { instantiate: 0 }, call("f", 0, &[Argument::I32(17), Argument::I64(0)])];
    assert_eq!(outcome.case.steps, expected);
}

#[test]
fn a_module_loses_what_the_finding_does_not_need() {
    let outcome =
        reduced(|case| (0..case.modules.len()).any(|module| text(case, module).contains("i32.popcnt")));
    let [module] = outcome.case.modules.as_slice() else { panic!("{:?}", outcome.case.modules) };
    let left = wasmprinter::print_bytes(&module.bytes).unwrap();
    assert!(left.contains("i32.popcnt") && !left.contains("i32.div_s") && !left.contains("much"), "{left}");
    assert!(module.bytes.len() < 60, "{} bytes: {left}", module.bytes.len());
}

#[test]
fn limits_end_a_reduction_with_what_there_is() {
    let few = Limits { trials: 3, ..LIMITS };
    let outcome = reduce(&case(), few, |_| true);
    assert_eq!((outcome.trials, outcome.finished), (3, false));
    assert!(outcome.case.steps.len() < case().steps.len());
}
