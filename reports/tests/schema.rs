//! What is written obeys the published schemas, and the schemas refuse what is not.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use assay_reports::{
    Baseline, Directive, Duel, DuelPlan, DuelWorkload, FAULTS_SCHEMA, FaultResult, FaultZero, FaultsReport,
    HistoryEntry, Inputs, Instructions, Side, Turns, append_history,
};
use serde_json::Value;

/// Where `value` breaks `schema`, if it does. Knows the keywords our schemas use, and fails on any other.
fn violation(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    for (keyword, rule) in schema.as_object().unwrap() {
        let broken = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => None,
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                violation(root, &root["$defs"][name], value, at)
            }
            "oneOf" => {
                let holds = |schema: &&Value| violation(root, schema, value, at).is_none();
                (rule.as_array().unwrap().iter().filter(holds).count() != 1)
                    .then(|| format!("{at}: not one of them"))
            }
            "const" => (rule != value).then(|| format!("{at}: not {rule}")),
            "enum" => (!rule.as_array().unwrap().contains(value)).then(|| format!("{at}: not in {rule}")),
            "minimum" => value
                .as_f64()
                .filter(|&n| n < rule.as_f64().unwrap())
                .map(|n| format!("{at}: {n} is too small")),
            "type" => (!has_type(rule, value)).then(|| format!("{at}: {value} is no {rule}")),
            "required" => missing(rule, value).map(|name| format!("{at}: {name} is missing")),
            "items" => each(value.as_array().into_iter().flatten().enumerate(), |(index, item)| {
                violation(root, rule, item, &format!("{at}[{index}]"))
            }),
            "properties" => each(value.as_object().into_iter().flatten(), |(name, item)| {
                violation(root, rule.get(name)?, item, &format!("{at}.{name}"))
            }),
            "additionalProperties" => each(value.as_object().into_iter().flatten(), |(name, item)| {
                match schema["properties"].get(name) {
                    Some(_) => None,
                    None if rule.is_object() => violation(root, rule, item, &format!("{at}.{name}")),
                    None => Some(format!("{at}.{name} is unknown")),
                }
            }),
            other => panic!("the checker does not know `{other}`"),
        };
        if broken.is_some() {
            return broken;
        }
    }
    None
}

fn each<T>(mut items: impl Iterator<Item = T>, check: impl FnMut(T) -> Option<String>) -> Option<String> {
    items.find_map(check)
}

fn missing<'a>(names: &'a Value, value: &Value) -> Option<&'a str> {
    let object = value.as_object()?;
    names
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .find(|&name| !object.contains_key(name))
}

fn has_type(rule: &Value, value: &Value) -> bool {
    match rule {
        Value::Array(rules) => rules.iter().any(|rule| has_type(rule, value)),
        rule => match rule.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            "number" => value.is_number(),
            "integer" => value.is_u64() || value.is_i64(),
            other => panic!("the checker does not know type `{other}`"),
        },
    }
}

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
    let mut duel = Duel::begin("0", side(), side(), 1, 0.05);
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
