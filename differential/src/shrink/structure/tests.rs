//! Modules with objects and exceptions, of which a difference that is made up needs little: the rest goes.

use super::super::{Limits, Reduced, reduce};
use crate::case::{Case, ModuleBytes, Settings, Step};
use crate::generate::{Generator, Profile};
use crate::lanes::{Lane, Lanes};
use crate::observe::{Outcome, Seen};
use crate::play::play;
use assay_runtime::Module;
use std::time::Duration;

const LIMITS: Limits = Limits { trials: 20_000, time: Duration::from_secs(120) };

fn case(text: &str) -> Case {
    let call = |name: &str| Step::Call { call: name.to_owned(), instance: 0, args: Vec::new() };
    Case {
        origin: "made up".to_owned(),
        settings: Settings::default(),
        modules: vec![ModuleBytes { bytes: wat::parse_str(text).unwrap(), canonical: None }],
        steps: vec![Step::Instantiate { instantiate: 0 }, call("other"), call("f")],
    }
}

fn text(case: &Case) -> String {
    wasmprinter::print_bytes(&case.modules[0].bytes).unwrap()
}

/// Reduces a case as if one of the lanes gave another result wherever a call ends with this number in a module with all of
/// these words.
fn reduced(case: &Case, wrong: u32, words: &[&str]) -> Reduced {
    let lanes = Lanes::new().unwrap();
    let same = |case: &Case| {
        let seen = play(case, lanes.engine(Lane::Interp, true), Some(case.settings.fuel));
        let ends =
            |outcome: &Outcome| matches!(outcome, Outcome::Returned(values) if *values == [Seen::I32(wrong)]);
        let is_there = seen.steps.iter().any(|step| ends(&step.outcome));
        is_there && words.iter().all(|word| text(case).contains(word))
    };
    assert!(same(case));
    reduce(case, LIMITS, same)
}

/// Whether no more than a fifth of the module is left, and what stands in it.
fn assert_small(before: &Case, after: &Reduced) -> String {
    let len = |case: &Case| case.modules[0].bytes.len();
    let left = text(&after.case);
    println!("{} of {} bytes after {} trials:\n{left}", len(&after.case), len(before), after.trials);
    assert!(after.finished);
    assert_eq!(after.case.steps.len(), 2, "{left}");
    assert!(len(&after.case) * 5 < len(before), "{} of {}: {left}", len(&after.case), len(before));
    left
}

/// Functions that build and walk objects, tables and segments, all of which are called.
fn much(kind: impl Fn(usize) -> String) -> String {
    (0..12).map(kind).collect()
}

#[test]
fn a_module_with_objects_gets_small() {
    let walks = much(|n| {
        format!(
            "(func $walk{n} (param $p (ref null $pair)) (result i32) (local $sum i32) (local $at i32)
               (block $end
                 (loop $next
                   (br_if $end (ref.is_null (local.get $p)))
                   (local.set $sum (i32.add (local.get $sum) (struct.get $pair 0 (local.get $p))))
                   (array.set $bytes (global.get $g) (i32.const {n}) (local.get $sum))
                   (local.set $p (ref.cast (ref null $pair) (struct.get $pair 1 (local.get $p))))
                   (br $next)))
               (i32.add (local.get $sum) (i32.const {n})))"
        )
    });
    let calls = much(|n| format!("(drop (call $walk{n} (call $make (i32.const {n}))))"));
    let case = case(&format!(
        r#"(module
          (rec
            (type $pair (sub (struct (field i32) (field anyref))))
            (type $triple (sub $pair (struct (field i32) (field anyref) (field (mut i64))))))
          (type $bytes (array (mut i8)))
          (type $visit (func (param (ref null $pair)) (result i32)))
          (global $g (ref $bytes) (array.new $bytes (i32.const 7) (i32.const 32)))
          (table $t 4 (ref null $pair))
          (memory 1) (data (i32.const 3) "something to take away") (data $d "and more of it")
          (elem declare func $walk1 $walk3)
          (func $make (param $n i32) (result (ref null $pair))
            (if (result (ref null $pair)) (i32.eqz (local.get $n))
              (then (ref.null none))
              (else (struct.new $triple (local.get $n)
                      (call $make (i32.sub (local.get $n) (i32.const 1)))
                      (i64.const 9)))))
          {walks}
          (func (export "other") {calls})
          (func (export "f") (result i32)
            (local $o (ref null $pair))
            (local.set $o (call $make (i32.const 11)))
            (table.set $t (i32.const 2) (local.get $o))
            (drop (call_ref $visit (local.get $o) (ref.func $walk3)))
            (i32.add (call $walk1 (table.get $t (i32.const 2))) (array.get_u $bytes (global.get $g) (i32.const 20)))))"#
    ));
    let small = reduced(&case, 74, &["struct.get", "array.get_u"]);
    let left = assert_small(&case, &small);
    assert!(!left.contains("$walk3") && !left.contains("memory") && !left.contains("table"), "{left}");
}

#[test]
fn a_module_with_exceptions_gets_small() {
    let throwers = much(|n| {
        format!(
            "(func $catcher{n} (param $n i32) (result i32)
               (block $all
                 (block $one (result i32)
                   (try_table (result i32) (catch $value $one) (catch_all $all)
                     (if (i32.gt_u (local.get $n) (i32.const {n})) (then (throw $value (local.get $n))))
                     (if (i32.eqz (local.get $n)) (then (throw $nothing)))
                     (i32.mul (local.get $n) (i32.const 3))))
                 (return (i32.add (i32.const {n}))))
               (i32.const 100))"
        )
    });
    let calls = much(|n| format!("(drop (call $catcher{n} (i32.const 5)))"));
    let case = case(&format!(
        r#"(module
          (tag $value (param i32)) (tag $nothing) (tag $unused (param i64))
          (global $g (mut i32) (i32.const 6))
          (memory 1) (data (i32.const 3) "something to take away")
          {throwers}
          (func (export "other") {calls})
          (func $deep (param i32)
            (block $over (result i32 exnref)
              (try_table (catch_ref $value $over) (drop (call $catcher2 (local.get 0)))
                (throw $value (i32.mul (local.get 0) (i32.const 2))))
              (unreachable))
            (throw_ref))
          (func (export "f") (result i32)
            (global.set $g (i32.add (global.get $g) (call $catcher0 (i32.const 0))))
            (block $out (result i32)
              (try_table (result i32) (catch $value $out)
                (call $deep (i32.const 21))
                (i32.const 0)))
            (i32.add (i32.const 1))))"#
    ));
    let small = reduced(&case, 43, &["throw_ref"]);
    let left = assert_small(&case, &small);
    assert_eq!((left.matches("(tag").count(), left.matches("(type (;").count()), (1, 2), "{left}");
    assert!(!left.contains("global") && !left.contains("memory"), "{left}");
}

#[test]
fn the_older_form_of_exceptions_gets_small_too() {
    let nests = much(|n| {
        format!(
            "try (result i32) i32.const {n} call $maybe catch $value i32.const {n} i32.add catch_all i32.const 7 end drop "
        )
    });
    let case = case(&format!(
        r#"(module (tag $value (param i32)) (memory 1)
          (func $maybe (param i32) (result i32)
            (if (i32.and (local.get 0) (i32.const 1)) (then (throw $value (local.get 0))))
            (i32.load (local.get 0)))
          (func (export "other") {nests})
          (func (export "f") (result i32)
            {nests}
            try (result i32)
              try i32.const 33 call $maybe drop {nests} catch_all rethrow 0 end
              i32.const 5
            catch $value
              i32.const 2
              i32.mul
            end))"#
    ));
    let small = reduced(&case, 66, &["rethrow"]);
    assert_small(&case, &small);
}

#[test]
fn generated_modules_of_every_profile_get_smaller_and_stay_valid() {
    let limits = Limits { trials: 150, ..LIMITS };
    let mut validator = super::Structure::new().unwrap();
    for profile in Profile::ALL {
        let mut generator = Generator::new(profile, 3).unwrap();
        let engine = validator.engine.clone();
        let valid = |bytes: &[u8]| Module::validate(&engine, bytes).is_ok();
        let (mut before, mut after) = (0, 0);
        for index in 0..4 {
            let case = generator.case(index);
            let mut search = super::Search::new(&case, limits, |candidate: &Case| {
                let kept = |(old, new): (&ModuleBytes, &ModuleBytes)| valid(&old.bytes) == valid(&new.bytes);
                assert!(case.modules.iter().zip(&candidate.modules).all(kept), "{profile:?} {index}");
                // Every third candidate lacks something that the finding would need.
                !super::digest(candidate).is_multiple_of(3)
            });
            validator.reduce(&mut search);
            for (old, new) in case.modules.iter().zip(&search.best.modules) {
                if valid(&old.bytes) {
                    before += old.bytes.len();
                    after += new.bytes.len();
                } else {
                    assert_eq!(old, new, "what is damaged is left alone");
                }
            }
        }
        println!("{profile:?}: {after} of {before} bytes");
        // What was damaged and is valid still is little, and may have nothing to spare.
        assert!(after * 2 < before || profile == Profile::Mutate, "{profile:?}: {after} of {before} bytes");
    }
}
