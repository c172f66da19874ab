//! WASI under random calls, in a process in which nothing else happens: what it costs can be measured here.
#![expect(clippy::unwrap_used, reason = "tests")]

use assay_differential::campaign::{Options, is_of_wasi, run_in_processes};
use assay_differential::generate::Profile;
use assay_differential::wasi::{Bench, FUNCTIONS, Lane, WasiCase, generate};
use assay_workers::WorkerCommand;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// One at a time: descriptors and memory are those of the process.
static TURN: Mutex<()> = Mutex::new(());

/// What a read-only mount denies, as far as a campaign this short gets there.
const DENIED: [&str; 8] = [
    "path_create_directory",
    "path_filestat_set_times",
    "path_link",
    "path_open",
    "path_remove_directory",
    "path_rename",
    "path_symlink",
    "path_unlink_file",
];

/// The cases in a folder.
fn kept(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// A bench that plays without `openat2` in another process.
fn bench() -> Bench {
    let program = env!("CARGO_BIN_EXE_assay-differential-test-worker");
    Bench::new(true).unwrap().with_apart(Some(WorkerCommand::new(program, ["apart"]))).unwrap()
}

/// Witnesses of planted faults among them: there is none here.
#[test]
fn kept_cases_agree_in_every_lane() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let bench = bench();
    let mut count = 0;
    for path in kept("cases/wasi").into_iter().chain(kept("faults/wasi")) {
        let verdict = bench.judge(&WasiCase::load(&path).unwrap(), &Lane::ALL, 0, |_| {}).unwrap();
        assert_eq!(verdict.finding, None, "{}", path.display());
        count += 1;
    }
    assert!(count >= 23, "{count} cases are kept");
}

/// `ASSAY_WASI_CASES` makes it longer, and `ASSAY_WASI_FIRST` begins elsewhere.
#[test]
fn a_campaign_finds_nothing_and_its_denials_are_evidence() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let number = |name: &str, usual| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let (first, count): (u64, u64) = (number("ASSAY_WASI_FIRST", 0), number("ASSAY_WASI_CASES", 400));
    let bench = bench();
    let mut findings = Vec::new();
    let mut answers: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    let (mut useful, mut tried, mut proved) = (0, 0, BTreeMap::<String, u64>::new());
    for index in first..first + count {
        let verdict = bench.judge_in_turn(&generate(11, index), index, |_| {}).unwrap();
        for (function, answer) in verdict.answers {
            answers.entry(function).or_default().insert(answer);
        }
        useful += u64::from(verdict.useful);
        tried += verdict.denials.tried.len() as u64;
        for function in verdict.denials.proved {
            *proved.entry(function).or_default() += 1;
        }
        findings.extend(
            verdict.finding.map(|finding| format!("case {index}: {}: {}", finding.class, finding.detail)),
        );
    }
    println!("{useful} of {count} are useful; of {tried} denials these are evidence: {proved:?}");
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(useful * 10 >= count * 9, "{useful} of {count} are useful");
    let silent: Vec<_> = FUNCTIONS.iter().filter(|(name, _)| !answers.contains_key(*name)).collect();
    assert!(silent.is_empty(), "never called: {silent:?}");
    let several = answers.values().filter(|answers| answers.len() > 1).count();
    assert!(several >= 38, "{several} functions answered in more than one way");
    let unproved: Vec<_> = DENIED.iter().filter(|name| !proved.contains_key(**name)).collect();
    assert!(unproved.is_empty(), "denied, but never shown to come through elsewhere: {unproved:?}");
}

/// The profile of WASI in worker processes, and its share of the default one.
#[test]
fn campaigns_play_cases_of_wasi() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for (profile, cases) in [(Profile::Wasi, 60), (Profile::Default, 200)] {
        let options = Options {
            profile,
            seed: 3,
            first: 0,
            cases,
            jobs: 2,
            time: None,
            engines: Vec::new(),
            corpus: None,
        };
        let worker = WorkerCommand::new(env!("CARGO_BIN_EXE_assay-differential-test-worker"), ["honest"]);
        let tally = run_in_processes(&options, worker, &mut ()).unwrap();
        assert_eq!(tally.findings, []);
        assert_eq!(tally.cases, cases);
        let wasi = (0..cases).filter(|&index| is_of_wasi(profile, index)).count() as u64;
        assert!(wasi > 0 && tally.generators["wasi"].cases == wasi, "{wasi}: {:?}", tally.generators);
        assert!(tally.outcomes["wasi: success"] > 0);
    }
}
