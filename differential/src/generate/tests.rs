//! Cases follow from profile, seed and index alone, and their modules are valid.

use super::{GENERATOR_VERSION, Generator, Profile, case_of_bytes, operators};
use crate::case::Case;
use crate::coverage::{OK, covered};
use assay_runtime::Module;
use std::collections::BTreeSet;

#[test]
fn a_case_is_the_same_wherever_it_is_made() {
    for profile in Profile::ALL {
        let mut forward = Generator::new(profile, 7).unwrap();
        let cases: Vec<Case> = (60..70).map(|index| forward.case(index)).collect();
        let mut backward = Generator::new(profile, 7).unwrap();
        for (offset, case) in cases.iter().enumerate().rev() {
            let index = 60 + offset as u64;
            assert_eq!(backward.case(index), *case);
        }
        let mut other = Generator::new(profile, 8).unwrap();
        assert_ne!(other.case(60).modules, cases[0].modules);
    }
}

#[test]
fn generated_modules_are_valid_and_so_are_their_canonical_forms() {
    let mut generator = Generator::new(Profile::Default, 1).unwrap();
    let mut canonical_forms = 0;
    for index in 0..90 {
        let case = generator.case(index);
        for module in &case.modules {
            Module::validate(&generator.reader, &module.bytes).unwrap();
        }
        if let Some(case) = generator.with_canonical(index, &case) {
            let form = case.modules[0].canonical.as_ref().unwrap();
            Module::validate(&generator.reader, form).unwrap();
            canonical_forms += 1;
        }
    }
    assert!(canonical_forms > 10, "{canonical_forms}");
}

#[test]
fn the_canonical_form_has_the_functions_that_the_script_calls() {
    let mut generator = Generator::new(Profile::Default, 3).unwrap();
    let mut forms = 0;
    for index in 0..70 {
        let case = generator.case(index);
        let Some(with) = generator.with_canonical(index, &case) else { continue };
        let form = with.modules[0].canonical.as_ref().unwrap();
        let functions = generator.functions(form);
        assert_eq!(generator.functions(&with.modules[0].bytes), functions, "the script fits both");
        assert!(functions.is_some(), "both forms are modules");
        forms += 1;
    }
    assert!(forms > 5, "{forms}");
}

#[test]
fn most_mutants_differ_and_some_are_modules() {
    let mut generator = Generator::new(Profile::Mutate, 1).unwrap();
    let cases: Vec<Case> = (0..400).map(|index| generator.case(index)).collect();
    let valid = |case: &&Case| Module::validate(&generator.reader, &case.modules[0].bytes).is_ok();
    let share = cases.iter().filter(valid).count();
    assert!((20..380).contains(&share), "{share} of 400 are valid");
}

#[test]
fn cases_of_a_fuzzer_follow_from_its_bytes() {
    let generator = Generator::new(Profile::Default, 0).unwrap();
    let bytes: Vec<u8> = (0..2000_u32).map(|at| (at * at / 7) as u8).collect();
    let make = || case_of_bytes(&mut arbitrary::Unstructured::new(&bytes), &generator.reader).unwrap();
    assert_eq!(make(), make());
}

#[test]
fn the_version_counts() {
    assert_eq!(GENERATOR_VERSION, 14, "raise it with every change of what a (seed, index) makes");
}

/// What these cases really execute: operator and outcome.
fn executed(
    generator: &mut Generator,
    indices: impl Iterator<Item = u64>,
) -> BTreeSet<(&'static str, &'static str)> {
    let mut points = BTreeSet::new();
    for index in indices {
        let (case, scout) = generator.played(index);
        let covered = covered(&case, &scout.unwrap(), generator.reader()).unwrap_or_default();
        points.extend(covered.into_iter().map(|(operator, _, outcome)| (operator, outcome)));
    }
    points
}

#[test]
fn every_operator_of_the_table_that_is_meant_to_run_runs_and_traps() {
    let turns = operators::ROWS.len() as u64;
    let mut generator = Generator::new(Profile::Small, 1).unwrap();
    let (mut idle, mut tame) = (Vec::new(), Vec::new());
    for (turn, row) in operators::ROWS.iter().enumerate() {
        // A few turns each: what is shared or wide is drawn.
        let all: BTreeSet<_> = (0..8)
            .scan(false, |enough, round| {
                let points = executed(&mut generator, std::iter::once(turn as u64 + round * turns));
                let own: Vec<_> = points.into_iter().filter(|(name, _)| *name == row.mnemonic).collect();
                let done = *enough;
                *enough |= own.iter().any(|(_, outcome)| *outcome == OK) && !row.may_trap;
                (!done).then_some(own)
            })
            .flatten()
            .collect();
        idle.extend((!all.contains(&(row.mnemonic, OK))).then_some(row.mnemonic));
        tame.extend((row.may_trap && all.iter().all(|(_, outcome)| *outcome == OK)).then_some(row.mnemonic));
    }
    assert!(idle.is_empty(), "these never ran to their end: {idle:?}");
    // That eight cases bring none to trap happens; it does not to many.
    assert!(tame.len() < 12, "these never trapped: {tame:?}");
}

#[test]
fn generators_execute_the_operators_that_they_are_there_for() {
    let calls =
        ["call", "call_indirect", "call_ref", "return_call", "return_call_indirect", "return_call_ref"];
    let calls = [&calls[..], &["br_on_null", "br_on_non_null", "ref.as_non_null", "table.set"]].concat();
    let traffic =
        ["table.init", "table.copy", "table.fill", "table.grow", "table.set", "table.get", "table.size"];
    let bytes = ["elem.drop", "memory.init", "memory.copy", "memory.fill", "memory.grow", "data.drop"];
    let traffic = [&traffic[..], &bytes].concat();
    let linked = [&traffic[..], &["call", "call_indirect", "return_call", "return_call_indirect"]].concat();
    let made = ["struct.new", "struct.new_default", "array.new", "array.new_default", "array.new_fixed"];
    let made = [&made[..], &["array.new_data", "array.new_elem", "ref.i31", "ref.func", "ref.null"]].concat();
    let read = ["struct.get", "struct.get_s", "struct.get_u", "array.get", "array.get_s", "array.get_u"];
    let read = [&read[..], &["array.len", "i31.get_s", "i31.get_u", "ref.is_null", "ref.eq"]].concat();
    let bulk = ["array.copy", "array.fill", "array.init_data", "array.init_elem", "struct.set", "array.set"];
    let cast = ["ref.test", "ref.cast", "br_on_cast", "br_on_cast_fail", "any.convert_extern"];
    let cast = [&cast[..], &["extern.convert_any", "br_on_null", "br_on_non_null", "call_ref"]].concat();
    let described = ["struct.new_desc", "struct.new_default_desc", "ref.get_desc", "br_on_cast_desc_eq"];
    let described = [&described[..], &["br_on_cast_desc_eq_fail"]].concat();
    let objects = [made, read, bulk.to_vec(), cast, described].concat();
    let throws = ["throw", "throw_ref", "try_table", "call", "call_indirect", "call_ref", "return_call"];
    for (profile, names) in [
        (Profile::Calls, calls),
        (Profile::Traffic, traffic),
        (Profile::Linked, linked),
        (Profile::Gc, objects),
        (Profile::Exceptions, throws.to_vec()),
    ] {
        let points = executed(&mut Generator::new(profile, 1).unwrap(), 0..80);
        let missing: Vec<_> = names.iter().filter(|name| !points.contains(&(**name, OK))).collect();
        assert!(missing.is_empty(), "{} does not execute {missing:?}", profile.name());
        let traps = points.iter().filter(|(_, outcome)| *outcome != OK).count();
        assert!(traps > 2, "{} has {traps} kinds of traps", profile.name());
    }
}
