//! Every planted fault has a witness, and the witness shows it: a case that differs with the fault and agrees without it.
//! That it agrees in a build without faults is held by `tests/cases.rs`,
//! and by `tests/wasi.rs` for those of WASI.
#![cfg(feature = "planted-faults")]
#![expect(clippy::unwrap_used, reason = "tests")]

use assay_differential::shrink::process::{Played, Player};
use assay_differential::wasi::{Bench, Lane, WasiCase};
use assay_runtime::inspect::{self, FAULTS, Fault};
use assay_workers::WorkerCommand;
use std::path::{Path, PathBuf};

/// Where the witness of a fault is.
fn witness(id: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults");
    let of_wasi = folder.join("wasi").join(format!("{id}.toml"));
    if of_wasi.exists() { of_wasi } else { folder.join(format!("{id}.toml")) }
}

/// Plays the witness of one fault in a worker with another, or none.
fn play(id: &str, planted: &str) -> Played {
    let command =
        WorkerCommand::new(env!("CARGO_BIN_EXE_assay-differential-test-worker"), ["planted", planted]);
    Player::new(command).unwrap().play_text(std::fs::read_to_string(witness(id)).unwrap()).unwrap()
}

#[test]
fn every_fault_is_shown_by_its_witness() {
    let mut hidden = Vec::new();
    for row in &FAULTS {
        match play(row.id, row.id).finding {
            Some(finding) => println!("{}: {}: {}", row.id, finding.class, finding.detail),
            None => hidden.push(row.id),
        }
    }
    assert_eq!(hidden, <[&str; 0]>::default(), "these witnesses agree with their faults");
}

/// Oracle 8: every call answers, writes and does to the tree what it should; only outside something has happened. No lane and
/// no model says anything.
#[test]
fn what_happens_outside_is_seen_by_the_canary_alone() {
    // The other tests have their faults in processes of their own.
    inspect::plant(Some(Fault::TimesFollowedOut)).unwrap();
    let case = WasiCase::load(&witness("times-followed-out")).unwrap();
    let bench = Bench::new(false).unwrap();
    for lane in Lane::ALL {
        let seen = bench.judge(&case, &[lane], 0, |_| {}).unwrap().finding.unwrap();
        assert_eq!(seen.class, "escape: canary tree", "{}: {}", lane.name(), seen.detail);
        assert!(seen.detail.contains("`outside` was"), "{}", seen.detail);
    }
    let blind = bench.without_canary().judge(&case, &Lane::ALL, 0, |_| {}).unwrap();
    inspect::plant(None).unwrap();
    assert_eq!(blind.finding, None);
}

#[test]
fn without_a_fault_every_witness_agrees() {
    for row in &FAULTS {
        let played = play(row.id, "none");
        assert_eq!(played.finding, None, "{}", row.id);
        assert!(!played.outcomes.is_empty(), "{}", row.id);
    }
}
