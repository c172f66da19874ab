//! `report.sarif`: unexpected results and differences as findings of a static-analysis log, SARIF 2.1.0.
//!
//! Enters: inputs; leaves: JSON. A finding has the rule of its status, its place in the suite and a fingerprint that stays the
//! same from run to run. Services take so many findings and no more: what is left out is said in the log itself.

use serde_json::{Value, json};

use crate::escape;
use crate::grouping::cause;
use crate::header::Header;
use crate::inputs::{CampaignFinding, Inputs};
use crate::row::Row;

/// The name of the file in its folder.
pub const SARIF_FILE: &str = "report.sarif";
/// What code-scanning services show of a run.
const LIMIT: usize = 5000;

/// The rules: a name, and what it stands for.
const RULES: [(&str, &str); 7] = [
    ("fail", "The outcome of a directive is another one than expected"),
    ("wrong-reason", "The outcome is right, but its stage or its message is not"),
    ("crash", "The worker that ran a directive died"),
    ("timeout", "The worker that ran a directive took too long"),
    ("xpass", "A directive passed, although the expectations say that it does not"),
    ("difference", "Two lanes or engines disagree on a generated case"),
    ("unsafe", "Memory safety or the sandbox is broken"),
];

/// The findings as SARIF.
pub fn render(inputs: &Inputs) -> String {
    let mut results = Vec::new();
    let mut all = 0;
    for run in &inputs.runs {
        for row in run.content.rows.iter().filter(|row| row.status.is_unexpected()) {
            all += 1;
            if results.len() < LIMIT {
                results.push(result(row, &run.content.header));
            }
        }
    }
    for finding in inputs.campaigns.iter().flat_map(|campaign| &campaign.content.findings) {
        all += 1;
        if results.len() < LIMIT {
            results.push(difference(finding));
        }
    }
    let mut notifications = Vec::new();
    if all > results.len() {
        let text = format!("{} findings more are not in this log; see report.html", all - results.len());
        notifications.push(json!({ "level": "warning", "message": { "text": text } }));
    }
    let rules = RULES.map(|(id, text)| json!({ "id": id, "shortDescription": { "text": text } }));
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "assay", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notifications }],
            "originalUriBaseIds": { "SUITE": { "description": { "text": "the folder of the suite" } } },
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).expect("a log has string keys and finite numbers");
    text.push('\n');
    text
}

fn result(row: &Row, header: &Header) -> Value {
    let mut text = format!("{}: {}", row.status.name(), escape::brief(&cause(row), 300));
    for (title, content) in [("expected", &row.expected), ("actual", &row.actual), ("note", &row.note)] {
        if let Some(content) = content {
            text += &format!("\n{title}: {}", escape::brief(content, 1000));
        }
    }
    if let Some(command) = header.repeat(row) {
        text += &format!("\nrepeat: {}", escape::text(&command));
    }
    let engine = escape::text(&row.engine);
    json!({
        "ruleId": row.status.name(),
        "ruleIndex": index(row.status.name()),
        "level": "error",
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&row.file), "uriBaseId": "SUITE" },
            "region": { "startLine": row.line.max(1), "startColumn": row.column.max(1) },
        } }],
        "partialFingerprints": { "assay/v1": fingerprint(&[&row.file, &row.index.to_string(), &row.engine, &row.lane]) },
        "properties": { "engine": engine, "lane": escape::text(&row.lane), "directive": row.directive.name() },
    })
}

fn difference(finding: &CampaignFinding) -> Value {
    let rule = if finding.unsafe_end { "unsafe" } else { "difference" };
    let text =
        format!("{}\n{}", escape::brief(&finding.signature, 300), escape::brief(&finding.detail, 2000));
    let case = if finding.case.is_empty() { "case" } else { &finding.case };
    json!({
        "ruleId": rule,
        "ruleIndex": index(rule),
        "level": "error",
        "message": { "text": text },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(case) } } }],
        "partialFingerprints": { "assay/v1": fingerprint(&[&finding.signature]) },
    })
}

fn index(rule: &str) -> usize {
    RULES.iter().position(|&(id, _)| id == rule).unwrap_or_default()
}

fn fingerprint(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

/// A path as a relative reference: everything that has a meaning in addresses is escaped.
fn uri(path: &str) -> String {
    let mut text = String::new();
    for &byte in path.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(byte as char);
        } else {
            text += &format!("%{byte:02X}");
        }
    }
    // What begins with a slash or two would be an address of its own.
    text.trim_start_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_is_only_a_path() {
        for (path, reference) in [
            ("core/i32.wast", "core/i32.wast"),
            ("javascript:alert(1)", "javascript%3Aalert%281%29"),
            ("//evil/x", "evil/x"),
            ("a b?#\u{202e}", "a%20b%3F%23%E2%80%AE"),
        ] {
            assert_eq!(uri(path), reference);
        }
    }
}
