//! The adapters agree with the interpreter: whatever crosses the protocol, and generated cases.
#![cfg(any(feature = "wasmtime", feature = "wasmi"))]
#![allow(clippy::unwrap_used, reason = "tests")]

use assay_differential::external::client::{Client, Limits};
use assay_differential::external::confront;
use assay_differential::generate::{Generator, Profile};
use assay_differential::lanes::{Lanes, on_lane_thread};
use assay_spec_tests::external::greet;
use assay_workers::WorkerCommand;

#[path = "../../../tests/crossing/mod.rs"]
mod crossing;

/// Plays what crosses everything, and generated cases: no finding, and most are compared.
fn agrees(program: &str) {
    let mut client = Client::new(WorkerCommand::new(program, [""; 0]), Limits::default());
    let lanes = Lanes::new().unwrap();
    let mut generator = Generator::new(Profile::Default, 3).unwrap();
    let mut compared = 0;
    for (index, case) in crossing::cases().enumerate() {
        let came =
            on_lane_thread(|| confront(&case, &lanes, ("peer", &mut client), || None).unwrap()).unwrap();
        assert_eq!((came.finding, came.skipped), (None, None), "host {index}");
    }
    for index in 0..150 {
        let case = generator.case(index);
        let canonical = || generator.with_canonical(index, &case).map(|case| case.canonical());
        let came =
            on_lane_thread(|| confront(&case, &lanes, ("peer", &mut client), canonical).unwrap()).unwrap();
        assert_eq!(came.finding, None, "case {index}: {}", case.to_text().unwrap());
        compared += usize::from(came.skipped.is_none());
    }
    assert!(compared > 50, "{compared} of 150 were compared");
}

/// A lie in the adapter's words is a finding, and it plays scripts under its name.
fn is_found_out(program: &str, name: &str) {
    let lanes = Lanes::new().unwrap();
    for lie in ["s/integer divide by zero/unreachable/", "s/f64 0x4/f64 0x5/", "s/sha256\":\"./sha256\":\"x/"]
    {
        let script = format!("'{program}' | sed -u '{lie}'");
        let mut client = Client::new(WorkerCommand::new("sh", ["-c", script.as_str()]), Limits::default());
        let mut came = |case| {
            on_lane_thread(|| confront(&case, &lanes, ("liar", &mut client), || None).unwrap()).unwrap()
        };
        assert!(crossing::cases().any(|case| came(case).finding.is_some()), "{lie}");
    }
    assert_eq!(greet(&WorkerCommand::new(program, [""; 0])).unwrap().engine, name);
}

#[cfg(feature = "wasmtime")]
#[test]
fn wasmtime_agrees() {
    agrees(env!("CARGO_BIN_EXE_assay-adapter-wasmtime"));
}

#[cfg(feature = "wasmtime")]
#[test]
fn a_lying_wasmtime_is_found_out() {
    is_found_out(env!("CARGO_BIN_EXE_assay-adapter-wasmtime"), "wasmtime");
}

#[cfg(feature = "wasmi")]
#[test]
fn a_lying_wasmi_is_found_out() {
    is_found_out(env!("CARGO_BIN_EXE_assay-adapter-wasmi"), "wasmi");
}

#[cfg(feature = "wasmi")]
#[test]
fn wasmi_agrees() {
    agrees(env!("CARGO_BIN_EXE_assay-adapter-wasmi"));
}
