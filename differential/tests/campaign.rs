//! A crash costs one case, is a finding, and changes nothing else.

#![expect(clippy::unwrap_used, reason = "tests")]

use assay_differential::campaign::journal::{self, Journal};
use assay_differential::campaign::{
    Confirmation, Observer, Options, Supervision, Tally, confirm, report, run_in_processes, run_in_threads,
    run_supervised, save_finding,
};
use assay_differential::case::Case;
use assay_differential::generate::Profile;
use assay_workers::WorkerCommand;
use std::time::Duration;

const WORKER: &str = env!("CARGO_BIN_EXE_assay-differential-test-worker");

fn options() -> Options {
    Options {
        profile: Profile::Operators,
        seed: 3,
        first: 0,
        cases: 100,
        jobs: 2,
        time: None,
        engines: Vec::new(),
        corpus: None,
    }
}

fn run(words: &[&str]) -> Tally {
    let command = WorkerCommand::new(WORKER, words);
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
fn a_worker_that_hangs_is_a_finding_when_it_does_so_again() {
    let command = WorkerCommand::new(WORKER, ["hang", "54"]);
    let step_timeout = Duration::from_secs(3);
    let supervision = Supervision { step_timeout, ..Supervision::default() };
    let tally = run_supervised(&options(), command, &mut (), supervision).unwrap();
    let found: Vec<_> = tally.findings.iter().map(|found| (found.index, found.class.as_str())).collect();
    assert_eq!((found.as_slice(), tally.cases), (&[(54, "jit-speed: no end")][..], 100));
}

/// How many workers are killed: `ASSAY_KILLS=1000` is what a release is tested with.
fn kills() -> u64 {
    std::env::var("ASSAY_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(12)
}

#[test]
fn workers_killed_at_any_time_lose_no_case_and_invent_no_finding() {
    let honest = run(&["honest"]);
    let mut lost = 0;
    while lost < kills() {
        let command = WorkerCommand::new(WORKER, ["chaos"]);
        let supervision = Supervision { step_timeout: Duration::from_secs(3), ..Supervision::default() };
        let mut chaotic = run_supervised(&options(), command, &mut (), supervision).unwrap();
        let accidents = std::mem::take(&mut chaotic.accidents);
        lost += accidents.values().map(|accident| accident.count).sum::<u64>();
        assert_eq!(chaotic, honest, "after {accidents:?}");
    }
}

/// Stops a campaign after so many cases.
struct After(u64, u64);

impl Observer for After {
    fn progress(&mut self, done: u64, _findings: usize) {
        self.1 = done;
    }

    fn is_enough(&self) -> bool {
        self.1 >= self.0
    }
}

#[test]
fn a_campaign_that_was_ended_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { cases: 400, ..options() };
    let path = journal::path(&options, folder.path());
    let command = WorkerCommand::new(WORKER, ["abort", "55"]);
    let whole = run_in_processes(&options, command.clone(), &mut ()).unwrap();
    let mut journal = Journal::begin(&options, "", &path).unwrap();
    let supervision = Supervision { journal: Some(&mut journal), ..Supervision::default() };
    let part = run_supervised(&options, command.clone(), &mut After(130, 0), supervision).unwrap();
    assert!((130..400).contains(&part.cases), "{}", part.cases);
    // The end came in the middle of a line.
    let mut text = std::fs::read(&path).unwrap();
    text.extend(b"0123456789abcdef {\"done\":[[0,400]]");
    std::fs::write(&path, text).unwrap();
    let (mut journal, past) = Journal::go_on(&options, "", &path).unwrap();
    assert_eq!((past.cases(), past.damaged), (part.cases, 1));
    let supervision = Supervision { journal: Some(&mut journal), past, ..Supervision::default() };
    let rest = run_supervised(&options, command.clone(), &mut (), supervision).unwrap();
    assert_eq!(rest, whole, "nothing is lost, and nothing is there twice");
    let (_, past) = Journal::go_on(&options, "", &path).unwrap();
    assert_eq!(past.cases(), 400);
}

#[test]
fn findings_are_confirmed_in_a_fresh_process() {
    let dies = WorkerCommand::new(WORKER, ["abort", "55"]);
    let found = run(&["abort", "55"]).findings.remove(0);
    assert_eq!(confirm(&options(), &dies, &found).unwrap(), Confirmation::Confirmed);
    let honest = WorkerCommand::new(WORKER, ["honest"]);
    assert_eq!(confirm(&options(), &honest, &found).unwrap(), Confirmation::Vanished);
    let leaves = WorkerCommand::new(WORKER, ["leave", "55"]);
    let other = "jit-speed: worker died: exit code 3".to_owned();
    assert_eq!(confirm(&options(), &leaves, &found).unwrap(), Confirmation::Changed(other));
}

#[test]
fn the_case_of_a_finding_is_saved_as_it_was_played() {
    let folder = tempfile::tempdir().unwrap();
    let crashed = run(&["abort", "55"]);
    let path = save_finding(&options(), &crashed.findings[0], &folder.path().join("new"), |_| false).unwrap();
    let saved = Case::load(&path).unwrap();
    let mut generator = assay_differential::generate::Generator::new(Profile::Operators, 3).unwrap();
    let played = generator.case(55);
    assert_eq!((&saved.steps, &saved.settings), (&played.steps, &played.settings));
    assert_eq!(saved.modules[0].bytes, played.modules[0].bytes);
    assert!(saved.origin.contains("SIGABRT"));
}

#[test]
fn the_attempt_that_ended_a_worker_is_saved_and_not_tried_here() {
    let folder = tempfile::tempdir().unwrap();
    let mut found = run(&["abort", "55"]).findings.remove(0);
    found.detail = "generator: SIGSEGV".to_owned();
    let mut asked = 0;
    let third = |_: &Case| {
        asked += 1;
        asked == 3
    };
    let path = save_finding(&options(), &found, folder.path(), third).unwrap();
    let generator = assay_differential::generate::Generator::new(Profile::Operators, 3).unwrap();
    let mut seen = 0;
    let expected = generator.attempt_that(55, |_| {
        seen += 1;
        seen == 3
    });
    let first = generator.attempt_that(55, |_| true);
    let saved = Case::load(&path).unwrap();
    assert_eq!(
        (asked, &saved.steps, &saved.modules[0].bytes),
        (3, &expected.steps, &expected.modules[0].bytes)
    );
    assert_ne!(saved.modules[0].bytes, first.modules[0].bytes);
}
