//! What is written obeys the published schemas, and the schemas refuse what is not.

#![expect(clippy::unwrap_used, reason = "tests")]

mod checker;
mod common;

use assay_reports::{
    Baseline, Directive, Duel, DuelPlan, DuelWorkload, FAULTS_SCHEMA, FaultResult, FaultZero, FaultsReport,
    HistoryEntry, Inputs, Instructions, Side, Turns, append_history,
};
use checker::violation;
use serde_json::Value;

fn results_schema() -> Value {
    serde_json::from_str(include_str!("../schemas/results.schema.json")).unwrap()
}

fn written(name: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    common::write(dir.path());
    std::fs::read_to_string(dir.path().join(name)).unwrap()
}

#[test]
fn every_line_of_results_obeys_the_schema() {
    let schema = results_schema();
    let text = written("results.jsonl");
    assert_eq!(text.lines().count(), common::rows().len() + 2);
    for line in text.lines() {
        assert_eq!(violation(&schema, &schema, &serde_json::from_str(line).unwrap(), "line"), None, "{line}");
    }
}

#[test]
fn the_summary_obeys_the_schema() {
    let schema = serde_json::from_str(include_str!("../schemas/summary.schema.json")).unwrap();
    let summary = serde_json::from_str(&written("summary.json")).unwrap();
    assert_eq!(violation(&schema, &schema, &summary, "summary"), None);
}

#[test]
fn faults_and_history_obey_their_schemas() {
    let schema = serde_json::from_str(include_str!("../schemas/faults.schema.json")).unwrap();
    let fault = FaultResult {
        id: "x".into(),
        class: 'B',
        origin: "own class".into(),
        found: true,
        found_in: 1,
        oracle: None,
        cases: 3,
        seconds: Some(0.5),
        seeds: 1,
        reduced_bytes: None,
    };
    let report = FaultsReport {
        schema: FAULTS_SCHEMA.into(),
        budget_seconds: 1.0,
        seeds: 1,
        profile: "default".into(),
        baselines: vec![Baseline { name: "weaker".into(), faults: vec![fault.clone()] }],
        faults: vec![fault],
        fault_zero: Some(FaultZero { cases: 3, false_alarms: 0 }),
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("faults.json");
    report.write(&path).unwrap();
    let faults = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(violation(&schema, &schema, &faults, "faults"), None);

    let schema = serde_json::from_str(include_str!("../schemas/history.schema.json")).unwrap();
    common::write(dir.path());
    let entry = HistoryEntry::of(&Inputs::read(&[dir.path().to_owned()]).unwrap(), "label");
    append_history(&dir.path().join("history.jsonl"), entry).unwrap();
    let line = std::fs::read_to_string(dir.path().join("history.jsonl")).unwrap();
    assert_eq!(violation(&schema, &schema, &serde_json::from_str(&line).unwrap(), "history"), None);
}

#[test]
fn two_builds_in_turns_obey_their_schema() {
    let schema = serde_json::from_str(include_str!("../schemas/bench.schema.json")).unwrap();
    let side = || Side { name: "x".into(), version: "1".into() };
    let turns = |count| Turns { before: vec![1.0; count], after: vec![1.5; count], again: vec![1.0; count] };
    let plan = DuelPlan::new(&[], 2, 0.05, 20);
    let mut duel = Duel::begin("0", side(), side(), "wall", 1, 0.05);
    duel.workloads = vec![
        DuelWorkload::new("a", "g", plan, turns(plan.rounds), turns(0)),
        DuelWorkload::new("b", "g", plan, turns(3), turns(3)),
    ];
    duel.workloads[0].instructions = Some(Instructions { before: 1, after: 2 });
    duel.judge();
    assert!(duel.workloads[0].time.is_some() && duel.workloads[1].time.is_none());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bench.json");
    duel.write(&path).unwrap();
    let mut document: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(violation(&schema, &schema, &document, "bench"), None);
    document["workloads"][0]["time"]["verdict"] = "good".into();
    assert!(violation(&schema, &schema, &document, "bench").is_some());
}

#[test]
fn every_directive_and_every_field_is_in_the_schema() {
    let schema = results_schema();
    let names: Vec<&str> = Directive::ALL.iter().map(|directive| directive.name()).collect();
    assert_eq!(schema["$defs"]["row"]["properties"]["directive"]["enum"], serde_json::json!(names));
}

#[test]
fn the_schema_refuses_what_is_not_a_line() {
    let schema = results_schema();
    let text = written("results.jsonl");
    let row = text.lines().nth(1).unwrap();
    for (from, to) in [
        ("\"status\":\"pass\"", "\"status\":\"passed\""),
        ("\"line\":1", "\"line\":-1"),
        ("\"line\":1", "\"line\":\"1\""),
        ("\"line\":1,", ""),
        ("\"line\":1,", "\"line\":1,\"extra\":true,"),
        ("\"directive\":\"module\"", "\"directive\":\"modul\""),
    ] {
        let bad = row.replacen(from, to, 1);
        assert_ne!(bad, row);
        assert!(violation(&schema, &schema, &serde_json::from_str(&bad).unwrap(), "line").is_some(), "{bad}");
    }
}
