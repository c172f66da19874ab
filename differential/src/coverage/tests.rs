//! Points are those of what ran, and of nothing else.

use super::{OK, Point, covered, marked};
use crate::case::{Argument, Case, ModuleBytes, Settings, Step};
use crate::generate::{Generator, Profile};
use crate::lanes::configure_scout;
use crate::observe::{Observation, Outcome};
use crate::play::play;
use assay_runtime::{Config, Engine, Module};
use std::collections::BTreeSet;

fn engine() -> Engine {
    let mut config = Config::new();
    configure_scout(&mut config);
    Engine::new(&config).unwrap()
}

fn points(text: &str, calls: &[(&str, u32)]) -> BTreeSet<Point> {
    let mut steps = vec![Step::Instantiate { instantiate: 0 }];
    steps.extend(calls.iter().map(|(name, arg)| Step::Call {
        call: (*name).to_owned(),
        instance: 0,
        args: vec![Argument::I32(*arg)],
    }));
    let modules = vec![ModuleBytes { bytes: wat::parse_str(text).unwrap(), canonical: None }];
    let case = Case { origin: String::new(), settings: Settings::default(), modules, steps };
    let engine = engine();
    let scout = play(&case, &engine, Some(case.settings.fuel));
    covered(&case, &scout, &engine).unwrap()
}

const TEXT: &str = r#"(module (memory i64 1) (global $g (mut f32) (f32.const 0))
  (func $callee (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
  (func (export "f") (param i32) (result i32)
    (if (local.get 0) (then (global.set $g (f32.const 1)) (drop (i64.load8_u (i64.const 3))))
      (else (drop (i32.popcnt (i32.const 3))) (drop (call $callee (local.get 0))) (drop (i32.clz (i32.const 1)))))
    (block (br 0) (drop (i64.ctz (i64.const 0))))
    (i32.const 5)))"#;

#[test]
fn what_ran_counts_and_what_did_not_does_not() {
    let points = points(TEXT, &[("f", 1)]);
    for point in
        [("i64.load8_u", "i64", OK), ("global.set", "f32", OK), ("br", "", OK), ("local.get", "i32", OK)]
    {
        assert!(points.contains(&point), "{point:?} is missing in {points:?}");
    }
    let names: BTreeSet<&str> = points.iter().map(|(name, ..)| *name).collect();
    for name in ["i32.popcnt", "i32.clz", "i64.ctz", "i32.div_u", "call"] {
        assert!(!names.contains(name), "{name} did not run");
    }
}

#[test]
fn a_trap_counts_for_its_operator_and_for_those_before_it() {
    let points = points(TEXT, &[("f", 0)]);
    for point in
        [("i32.div_u", "", "integer divide by zero"), ("i32.popcnt", "", OK), ("local.get", "i32", OK)]
    {
        assert!(points.contains(&point), "{point:?} is missing in {points:?}");
    }
    for point in [("i32.div_u", "", OK), ("call", "", OK), ("i32.clz", "", OK)] {
        assert!(!points.contains(&point), "{point:?} did not happen");
    }
}

#[test]
fn modules_with_marks_do_what_they_did() {
    let engine = engine();
    let mut read = 0;
    for profile in Profile::ALL.into_iter().filter(|&profile| profile != Profile::Mutate) {
        let mut generator = Generator::new(profile, 5).unwrap();
        for index in 0..40 {
            let case = generator.case(index);
            let Some(other) = marked(&case) else { continue };
            Module::validate(&engine, &other.modules[0].bytes).unwrap();
            read += 1;
            let outcomes = |seen: Observation| -> Vec<String> {
                let text = |outcome: &Outcome| match outcome {
                    // Positions are others.
                    Outcome::Trapped { kind, .. } => kind.to_string(),
                    other => other.to_string(),
                };
                seen.steps.iter().map(|step| text(&step.outcome)).collect()
            };
            let fuel = case.settings.fuel;
            let before = outcomes(play(&case, &engine, Some(fuel)));
            if before.iter().any(|outcome| outcome.contains("fuel")) {
                continue;
            }
            assert_eq!(outcomes(play(&other, &engine, Some(fuel * 16))), before, "{}", case.origin);
        }
    }
    assert!(read > 150, "{read} modules were read");
}
