//! A crash costs one case, is a finding, and changes nothing else.

#![expect(clippy::unwrap_used, reason = "tests")]

use assay_differential::campaign::{Options, Tally, report, run_in_processes, run_in_threads, save_finding};
use assay_differential::case::Case;
use assay_differential::generate::Profile;
use assay_workers::WorkerCommand;

fn options() -> Options {
    Options {
        profile: Profile::Operators,
        seed: 3,
        first: 0,
        cases: 100,
        jobs: 2,
        time: None,
        engines: Vec::new(),
    }
}

fn run(words: &[&str]) -> Tally {
    let command = WorkerCommand::new(env!("CARGO_BIN_EXE_assay-differential-test-worker"), words);
    run_in_processes(&options(), command, &mut ()).unwrap()
}

#[test]
fn processes_and_threads_agree() {
    assert_eq!(run(&["honest"]), run_in_threads(&options()).unwrap());
}

#[test]
fn a_crash_is_laid_to_its_case_and_lane() {
    let (honest, crashed) = (run(&["honest"]), run(&["abort", "55"]));
    assert_eq!(crashed.cases, 100, "every case is accounted for");
    let found: Vec<_> = crashed.findings.iter().map(|found| (found.index, found.class.as_str())).collect();
    assert_eq!(found, [(55, "jit-speed: worker died: SIGABRT")]);
    assert!(honest.useful - crashed.useful <= 1, "all other cases were played");
    assert_eq!((report::exit_code(&honest), report::exit_code(&crashed)), (0, 7));
}

#[test]
fn a_silent_end_is_a_finding_too() {
    let left = run(&["leave", "54"]);
    let found: Vec<_> = left.findings.iter().map(|found| (found.index, found.class.as_str())).collect();
    assert_eq!(found, [(54, "jit-speed: worker died: exit code 3")]);
    assert_eq!((left.cases, report::exit_code(&left)), (100, 1));
}

#[test]
fn the_case_of_a_finding_is_saved_as_it_was_played() {
    let folder = tempfile::tempdir().unwrap();
    let crashed = run(&["abort", "55"]);
    let path = save_finding(&options(), &crashed.findings[0], &folder.path().join("new")).unwrap();
    let saved = Case::load(&path).unwrap();
    let mut generator = assay_differential::generate::Generator::new(Profile::Operators, 3).unwrap();
    let played = generator.case(55);
    assert_eq!((&saved.steps, &saved.settings), (&played.steps, &played.settings));
    assert_eq!(saved.modules[0].bytes, played.modules[0].bytes);
    assert!(saved.origin.contains("SIGABRT"));
}
