//! Planted changes, and what a comparison makes of them: each gets exactly its verdict.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::time::Duration;

use assay_reports::{
    ChangeKind, CompareVerdict, Comparison, Directive, EngineLanes, Header, Inputs, Levels, ResultsWriter,
    Row, SpeedVerdict, Status, SuiteInfo, SuiteKind, compare,
};
use serde_json::{Value, json};

/// Two files on two engines; everything passes.
fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for engine in ["jit", "interp"] {
        for file in ["core/a.wast", "core/b.wast"] {
            rows.push(Row::new(file, 1, 1, 0, Directive::Module, engine, "default"));
            for index in 1..6 {
                let kind = if index % 2 == 0 { Directive::AssertTrap } else { Directive::AssertReturn };
                rows.push(Row::new(file, index * 2, 1, index, kind, engine, "default"));
            }
        }
    }
    rows
}

fn write(dir: &Path, digest: &str, rows: &[Row]) {
    let engine = |name: &str| EngineLanes { engine: name.into(), lanes: vec!["default".into()] };
    let suite = SuiteInfo { kind: SuiteKind::Spec, origin: "x".into(), digest: digest.into(), files: 2 };
    let header = Header::new("0", vec![engine("jit"), engine("interp")], suite, "all");
    let mut writer = ResultsWriter::create(dir, &header).unwrap();
    rows.iter().for_each(|row| writer.row(row).unwrap());
    writer.finish(Duration::from_secs(1)).unwrap();
}

fn inputs(digest: &str, rows: &[Row]) -> Inputs {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), digest, rows);
    Inputs::read(&[dir.path().to_owned()]).unwrap()
}

/// The comparison of everything passing with what `plant` makes of it.
fn planted(plant: impl FnOnce(&mut Vec<Row>)) -> Comparison {
    let mut changed = rows();
    plant(&mut changed);
    compare(&inputs("d", &rows()), &inputs("d", &changed))
}

fn counts(comparison: &Comparison) -> Vec<(ChangeKind, usize)> {
    ChangeKind::ALL
        .iter()
        .map(|&kind| (kind, comparison.count(kind)))
        .filter(|&(_, count)| count > 0)
        .collect()
}

fn set(row: &mut Row, status: Status) {
    row.levels = status.implied_levels().unwrap_or(Levels::NONE);
    row.status = status;
}

#[test]
fn nothing_changed() {
    let comparison = planted(|rows| rows.reverse());
    assert_eq!((comparison.verdict(), comparison.same), (CompareVerdict::NotWorse, 24));
    assert_eq!(comparison.render(), "ok: nothing is worse (24 results the same)\n");
}

#[test]
fn a_dropped_trap_is_a_new_failure() {
    let comparison = planted(|rows| {
        set(&mut rows[2], Status::Fail);
        rows[2].expected = Some("integer divide by zero".into());
        rows[2].actual = Some("(i32.const 7)".into());
    });
    assert_eq!(counts(&comparison), [(ChangeKind::NewFailure, 1)]);
    assert_eq!(comparison.verdict(), CompareVerdict::Regression);
    let text = comparison.render();
    assert!(
        text.contains("pass → fail, assert_trap: expected integer divide by zero, got (i32.const N)"),
        "{text}"
    );
    assert!(text.contains("core/a.wast:4:1 jit (directive 2)"), "{text}");
}

#[test]
fn a_removed_file_is_a_regression() {
    let comparison = planted(|rows| rows.retain(|row| &*row.file != "core/b.wast"));
    assert_eq!(counts(&comparison), [(ChangeKind::Disappeared, 12)]);
    assert_eq!(comparison.verdict(), CompareVerdict::Regression);
    assert!(
        comparison.render().contains("6  pass → nothing, core/b.wast on jit/default"),
        "{}",
        comparison.render()
    );
}

#[test]
fn a_removed_directive_is_one_regression_although_the_others_moved() {
    let mut fewer = rows();
    fewer.remove(1);
    fewer[1..5].iter_mut().for_each(|row| (row.index, row.line) = (row.index - 1, row.line - 2));
    let comparison = compare(&inputs("d", &rows()), &inputs("other", &fewer));
    assert_eq!(counts(&comparison), [(ChangeKind::Disappeared, 1)]);
    assert_eq!(comparison.same, 23);
    assert!(comparison.notes[0].starts_with("suites have other digests"), "{:?}", comparison.notes);
    // The other way it is a new test.
    let comparison = compare(&inputs("other", &fewer), &inputs("d", &rows()));
    assert_eq!(
        (counts(&comparison), comparison.verdict()),
        (vec![(ChangeKind::New, 1)], CompareVerdict::NotWorse)
    );
}

#[test]
fn a_pass_turned_skip_is_a_regression() {
    let comparison = planted(|rows| set(&mut rows[5], Status::Skip("feature simd".into())));
    assert_eq!(counts(&comparison), [(ChangeKind::PassLost, 1)]);
    assert_eq!(comparison.verdict(), CompareVerdict::Regression);
}

#[test]
fn an_engine_that_is_gone_is_a_regression() {
    let comparison = planted(|rows| rows.retain(|row| &*row.engine != "interp"));
    assert_eq!((counts(&comparison), comparison.same), (vec![(ChangeKind::Disappeared, 12)], 12));
}

#[test]
fn what_was_fixed_is_no_regression() {
    let mut broken = rows();
    set(&mut broken[2], Status::Crash("SIGSEGV".into()));
    let comparison = compare(&inputs("d", &broken), &inputs("d", &rows()));
    assert_eq!(
        (counts(&comparison), comparison.verdict()),
        (vec![(ChangeKind::Fixed, 1)], CompareVerdict::NotWorse)
    );
}

/// Samples of three per cent of noise around a centre.
fn samples(centre: f64, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..51).map(|_| centre * (1.0 + (draw() + draw() - 1.0) * 0.03)).collect()
}

/// A benchmark document: two workloads; factors on time and memory of the second.
fn bench(seed: u64, time: f64, memory: f64) -> Inputs {
    let result = |time: f64, memory: f64, seed: u64| json!([{ "lane": "jit", "amount": 1, "wall_ns": samples(5e6 * time, seed), "peak_bytes": samples(8e6 * memory, seed + 7) }]);
    let document = json!({
        "schema": 1, "clock": "wall",
        "workloads": [
            { "name": "mix", "group": "execution", "results": result(1.0, 1.0, seed) },
            { "name": "loop", "group": "execution", "results": result(time, memory, seed + 50) },
        ],
    });
    document_inputs("bench.json", &document)
}

fn document_inputs(name: &str, document: &Value) -> Inputs {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(name), document.to_string()).unwrap();
    Inputs::read(&[dir.path().to_owned()]).unwrap()
}

#[test]
fn five_per_cent_slower_is_a_matter_of_speed_only() {
    let comparison = compare(&bench(1, 1.0, 1.0), &bench(900, 1.05, 1.0));
    assert_eq!(comparison.verdict(), CompareVerdict::Slower);
    let worse: Vec<_> =
        comparison.measures.iter().filter(|measure| measure.verdict == SpeedVerdict::Worse).collect();
    assert_eq!(worse.len(), 1);
    assert_eq!((worse[0].workload.as_str(), worse[0].quantity.name()), ("loop", "time"));
    assert_eq!(comparison.verdict().exit_code(), 6);
}

#[test]
fn doubled_memory_is_a_regression() {
    let comparison = compare(&bench(1, 1.0, 1.0), &bench(900, 1.0, 2.0));
    assert_eq!(comparison.verdict(), CompareVerdict::Regression);
    assert!(
        comparison.render().contains("REGRESSION  more memory: loop on jit: × "),
        "{}",
        comparison.render()
    );
    assert_eq!(comparison.verdict().exit_code(), 3);
}

#[test]
fn pure_noise_is_nothing() {
    for seed in 0..40 {
        let comparison = compare(&bench(seed, 1.0, 1.0), &bench(seed + 900, 1.0, 1.0));
        assert_eq!(comparison.verdict(), CompareVerdict::NotWorse, "seed {seed}: {}", comparison.render());
    }
}

fn campaign(findings: &Value) -> Inputs {
    document_inputs(
        "campaign.json",
        &json!({ "schema": "assay-campaign-1", "cases": 10, "findings": findings }),
    )
}

#[test]
fn a_new_difference_is_a_regression_and_an_unsafe_one_wins() {
    let known = json!([{ "signature": "known" }]);
    let new = json!([{ "signature": "known" }, { "signature": "new \u{1b}", "unsafe_end": false }]);
    let broken = json!([{ "signature": "new", "unsafe_end": true }]);
    assert_eq!(compare(&campaign(&known), &campaign(&known)).verdict(), CompareVerdict::NotWorse);
    let comparison = compare(&campaign(&known), &campaign(&new));
    assert_eq!(comparison.verdict(), CompareVerdict::Regression);
    assert!(comparison.render().contains("new difference, 1 times: new \\u{1b}"), "{}", comparison.render());
    let comparison = compare(&campaign(&known), &campaign(&broken));
    assert_eq!((comparison.verdict(), comparison.differences.gone.len()), (CompareVerdict::Unsafe, 1));
}

#[test]
fn a_fault_that_is_not_found_any_more_is_a_regression() {
    let faults = |found: &[bool]| {
        let fault = |(number, &found): (usize, &bool)| {
            json!({ "id": format!("fault-{number}"), "class": "B", "origin": "x", "found": found, "found_in": 1, "oracle": null,
                "cases": 1, "seconds": null, "seeds": 1, "reduced_bytes": null })
        };
        let all: Vec<Value> = found.iter().enumerate().map(fault).collect();
        document_inputs(
            "faults.json",
            &json!({ "schema": "assay-faults-1", "budget_seconds": 1.0, "seeds": 1, "profile": "p", "faults": all,
                "baselines": [], "fault_zero": null }),
        )
    };
    let before = faults(&[true, false, true]);
    let comparison = compare(&before, &faults(&[true, true, false]));
    assert_eq!(comparison.verdict(), CompareVerdict::Regression);
    let detection = comparison.detection.unwrap();
    assert_eq!((detection.lost, detection.gained), (vec!["fault-2".to_owned()], vec!["fault-1".to_owned()]));
    assert_eq!(
        compare(&before, &faults(&[true, true])).detection.unwrap().lost,
        ["fault-2"],
        "one that is gone is lost"
    );
}

#[test]
fn two_sides_without_anything_in_common() {
    let comparison = compare(&campaign(&json!([])), &bench(1, 1.0, 1.0));
    assert_eq!(comparison.verdict(), CompareVerdict::NothingToCompare);
    assert_eq!(comparison.verdict().exit_code(), 4);
}
