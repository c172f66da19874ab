//! Cases follow from profile, seed and index alone, and their modules are valid.

use super::{GENERATOR_VERSION, Generator, Profile, case_of_bytes};
use crate::case::Case;
use assay_runtime::Module;

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
    for index in 0..60 {
        let case = generator.case(index);
        Module::validate(&generator.reader, &case.modules[0].bytes).unwrap();
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
    for index in 0..40 {
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
    assert_eq!(GENERATOR_VERSION, 5, "raise it with every change of what a (seed, index) makes");
}
