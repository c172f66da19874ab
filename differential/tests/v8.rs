//! V8 as an engine of the protocol, where node is there: it agrees with the interpreter, host, NaN bits and vectors included.
//! Where node is missing or too old, the tests say so and show nothing.
#![allow(clippy::unwrap_used, reason = "tests")]

use assay_differential::case::Case;
use assay_differential::external::client::{Client, Limits};
use assay_differential::external::confront;
use assay_differential::generate::{Generator, Profile};
use assay_differential::lanes::{Lanes, on_lane_thread};
use assay_workers::WorkerCommand;
use crossing::{CROSSING, case, cases};
use std::process::Command;

mod crossing;

/// The oldest version of node with what the adapter needs.
const OLDEST: u32 = 20;

/// The adapter, if it can run here.
fn v8() -> Option<Client> {
    let output = Command::new("node").arg("--version").output().ok();
    let version = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let major =
        version.as_deref().and_then(|version| version.strip_prefix('v')?.split('.').next()?.parse().ok());
    if major.is_none_or(|major: u32| major < OLDEST) {
        eprintln!(
            "skipped: node {OLDEST} or newer is needed, and there is {}",
            version.as_deref().unwrap_or("none")
        );
        return None;
    }
    let adapter = concat!(env!("CARGO_MANIFEST_DIR"), "/adapters/v8.mjs");
    Some(Client::new(WorkerCommand::new("node", ["--stack-size=4000", adapter]), Limits::default()))
}

fn confronted(case: &Case) -> Option<(Option<String>, Option<&'static str>)> {
    let mut client = v8()?;
    let lanes = Lanes::new().unwrap();
    let came = on_lane_thread(|| confront(case, &lanes, ("v8", &mut client), || None).unwrap()).unwrap();
    Some((came.finding.map(|finding| format!("{}: {}", finding.class, finding.detail)), came.skipped))
}

#[test]
fn every_bit_crosses() {
    for case in cases() {
        if let Some(came) = confronted(&case) {
            assert_eq!(came, (None, None), "seed {}", case.settings.host_seed);
        }
    }
}

#[test]
fn what_v8_cannot_do_is_said() {
    if let Some(came) = confronted(&case(CROSSING, &[("deep", &[])])) {
        assert_eq!(came, (None, Some("fuel would be needed")));
    }
    let two = "(module (import \"m\" \"f\" (func)) (import \"m\" \"f\" (func)))";
    if let Some(came) = confronted(&case(two, &[])) {
        assert_eq!(came, (None, Some("not supported")));
    }
}

#[test]
fn linked_modules_and_acts_of_the_host_cross() {
    let mut compared = 0;
    for profile in [Profile::Linked, Profile::Traffic] {
        let mut generator = Generator::new(profile, 3).unwrap();
        for index in 0..25 {
            let Some((finding, skipped)) = confronted(&generator.case(index)) else { return };
            assert_eq!(finding, None, "{} case {index}", profile.name());
            compared += u64::from(skipped.is_none());
        }
    }
    assert!(compared > 20, "{compared} of 50 cases were compared");
}
