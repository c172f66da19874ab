//! Our own scripts, played on every engine and lane in worker processes: all of them have to pass at every level.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::time::Duration;

use assay_reports::{Row, Status};
use assay_runtime::{Feature, FeatureSet};
use assay_spec_tests::engine::Lane;
use assay_spec_tests::run::{Options, run};
use assay_spec_tests::suite::Choice;
use assay_workers::WorkerCommand;

fn lanes() -> Vec<Lane> {
    let mut lanes = Lane::parse_list("interp,jit,mixed", true, true, |_| Ok(None)).unwrap();
    for (optimise, signals) in [(false, true), (true, false)] {
        lanes.extend(Lane::parse_list("jit", optimise, signals, |_| Ok(None)).unwrap());
    }
    lanes
}

/// Whether the feature table says that an engine does not run the feature with this key.
fn lacks(engine: &str, key: &str) -> bool {
    let built = match engine {
        "jit" => FeatureSet::built_by_jit(),
        "interp" => FeatureSet::built_by_interp(),
        _ => FeatureSet::built(),
    };
    key.parse().is_ok_and(|feature: Feature| !built.contains(feature))
}

#[test]
fn regressions_pass_on_every_lane() {
    let out = tempfile::tempdir().unwrap();
    let options = Options {
        suite: Choice::Folder(Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions")),
        filters: Vec::new(),
        lanes: lanes(),
        jobs: 2,
        fail_fast: false,
        timeout: Duration::from_secs(20),
        expectations: None,
        out: out.path().to_owned(),
        worker: WorkerCommand::new(env!("CARGO_BIN_EXE_assay-spec-test-worker"), [""; 0]),
        repeat: Vec::new(),
        partition: None,
        tool_version: "test".to_owned(),
    };
    let report = run(&options, &mut ()).unwrap();
    // An engine that does not run a feature yet skips what needs it, and says so; two engines in turns run what both do.
    let not_built = |row: &&Row| match &row.status {
        Status::Skip(reason) => reason.strip_prefix("feature ").is_some_and(|key| lacks(&row.engine, key)),
        _ => false,
    };
    let wrong: Vec<String> =
        report.rows.iter().filter(|row| !not_built(row)).map(|row| format!("{row:?}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let directives: u64 = report.summary.engines.values().map(|engine| engine.directives).sum();
    assert!(directives > 500, "only {directives} results");
}
