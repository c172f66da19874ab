//! Each escape oracle sees a fault that returns the right values: with the oracle the case is a finding of its class, and
//! without it nothing is found, whatever else is compared.
#![cfg(feature = "planted-faults")]
#![expect(clippy::unwrap_used, reason = "tests")]

use assay_differential::case::Case;
use assay_differential::shrink::process::{Played, Player};
use assay_workers::WorkerCommand;
use std::path::Path;

/// Plays the witness of a fault in a worker that has the fault, and lacks an oracle.
fn play(fault: &str, without: &str) -> Played {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults").join(format!("{fault}.toml"));
    let worker = env!("CARGO_BIN_EXE_assay-differential-test-worker");
    let command = WorkerCommand::new(worker, ["planted", fault, without]);
    Player::new(command).unwrap().play(&Case::load(&path).unwrap()).unwrap()
}

/// Holds that an oracle finds a fault, and that nothing else does.
fn only(oracle: &str, class: &str, fault: &str) {
    let seen = play(fault, "none");
    let finding = seen.finding.expect("the oracle finds the fault");
    assert_eq!((finding.class.as_str(), seen.unsafe_end), (class, true), "{}", finding.detail);
    assert_eq!(play(fault, oracle).finding, None, "nobody but {oracle} sees {fault}");
}

#[test]
fn the_fault_check_sees_a_trap_that_faults_elsewhere() {
    only("fault-check", "escape: fault outside of its guard", "trap-on-first-page");
}

#[test]
fn the_tight_lane_sees_a_load_that_reads_on_behind_the_end() {
    only("jit-tight", "escape: tight", "reads-past-small-pages");
}

#[test]
fn canaries_see_a_write_behind_a_table() {
    only("jit-canary", "escape: canary", "table-fill-past-end");
}

#[test]
fn canaries_see_a_write_behind_a_global_of_the_embedder() {
    only("jit-canary", "escape: canary", "global-set-spills");
}

#[test]
fn the_shadow_sees_a_load_from_elsewhere_whose_value_nobody_uses() {
    only("jit-shadow", "escape: address shadow", "load-reads-elsewhere");
}

#[test]
fn reuse_sees_what_a_tenant_left() {
    only("jit-reuse", "escape: reuse", "reuse-cleared-in-part");
}

#[test]
fn the_bystander_notices_a_stray_write() {
    only("bystander", "escape: bystander", "growth-touches-another");
}

#[test]
fn the_list_of_mappings_shows_code_that_can_be_written() {
    only("jit-code", "escape: writable code", "code-left-writable");
}

#[test]
fn the_digest_shows_code_that_was_written_to() {
    only("jit-code", "escape: code digest", "code-patched");
}
