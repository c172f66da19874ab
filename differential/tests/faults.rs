//! Every planted fault has a witness, and the witness shows it: a case that differs with the fault and agrees without it.
//! That it agrees in a build without faults is held by `tests/cases.rs`.
#![cfg(feature = "planted-faults")]
#![expect(clippy::unwrap_used, reason = "tests")]

use assay_differential::case::Case;
use assay_differential::shrink::process::{Played, Player};
use assay_runtime::inspect::FAULTS;
use assay_workers::WorkerCommand;
use std::path::Path;

/// Plays the witness of one fault in a worker with another, or none.
fn play(witness: &str, planted: &str) -> Played {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults").join(format!("{witness}.toml"));
    let command =
        WorkerCommand::new(env!("CARGO_BIN_EXE_assay-differential-test-worker"), ["planted", planted]);
    Player::new(command).unwrap().play(&Case::load(&path).unwrap()).unwrap()
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

#[test]
fn without_a_fault_every_witness_agrees() {
    for row in &FAULTS {
        let played = play(row.id, "none");
        assert_eq!(played.finding, None, "{}", row.id);
        assert!(!played.outcomes.is_empty(), "{}", row.id);
    }
}
