//! The embedded suite on both engines: nothing is unexpected, and nothing is skipped but for a feature that is not built.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use assay_reports::Status;
use assay_spec_tests::engine::Lane;
use assay_spec_tests::run::{Options, run};
use assay_spec_tests::suite::Choice;
use assay_workers::WorkerCommand;

#[test]
fn the_embedded_suite_is_as_expected_on_both_engines() {
    let out = tempfile::tempdir().unwrap();
    let options = Options {
        suite: Choice::Embedded,
        filters: Vec::new(),
        lanes: Lane::parse_list("jit,interp", true, true, |_| Ok(None)).unwrap(),
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        fail_fast: false,
        timeout: Duration::from_secs(60),
        expectations: None,
        out: out.path().to_owned(),
        worker: WorkerCommand::new(env!("CARGO_BIN_EXE_assay-spec-test-worker"), [""; 0]),
        repeat: Vec::new(),
        partition: None,
        tool_version: "test".to_owned(),
    };
    let report = run(&options, &mut ()).unwrap();
    let is_feature =
        |status: &Status| matches!(status, Status::Skip(reason) if reason.starts_with("feature "));
    let wrong: Vec<String> =
        report.rows.iter().filter(|row| !is_feature(&row.status)).map(|row| format!("{row:?}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (name, engine) in &report.summary.engines {
        assert_eq!((engine.files, engine.directives), (266, 59_345), "{name}");
        assert!(engine.counts.pass > 30_000, "{name} passes {} only", engine.counts.pass);
    }
}
