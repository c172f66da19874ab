//! The summary of a differential campaign, as far as a report shows it.
//!
//! Read leniently: a field that is missing or of another form is empty, and a field that is not known here is left alone.

use std::collections::BTreeMap;

use serde_json::Value;

/// The version of the form that is read here.
pub(super) const SCHEMA: &str = "assay-campaign-1";

/// A differential campaign.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Campaign {
    /// How its cases were made.
    pub profile: String,
    /// The seed of its cases.
    pub seed: u64,
    /// Cases played.
    pub cases: u64,
    /// Cases of which something could be compared.
    pub useful: u64,
    /// How long it took.
    pub seconds: f64,
    /// Steps by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Legitimate differences by rule.
    pub rules: BTreeMap<String, u64>,
    /// What was not compared, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// What was found.
    pub findings: Vec<CampaignFinding>,
}

/// A difference that no rule allows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CampaignFinding {
    /// What tells it from others.
    pub signature: String,
    /// What was seen.
    pub detail: String,
    /// How often.
    pub count: u64,
    /// Whether a fresh process shows it, too; None where that was not tried.
    pub confirmed: Option<bool>,
    /// Whether safety is broken, not just a result.
    pub unsafe_end: bool,
    /// The case that shows it.
    pub case: String,
    /// The command that shows it again.
    pub repeat: String,
}

impl Campaign {
    pub(super) fn of(value: &Value) -> Self {
        let findings = value.get("findings").and_then(Value::as_array).into_iter().flatten();
        Self {
            profile: text(value, &["profile"]),
            seed: number(value, "seed"),
            cases: number(value, "cases"),
            useful: number(value, "useful"),
            seconds: value.get("seconds").and_then(Value::as_f64).unwrap_or_default(),
            outcomes: counts(value, "outcomes"),
            rules: counts(value, "rules"),
            skipped: counts(value, "skipped"),
            findings: findings.map(CampaignFinding::of).collect(),
        }
    }

    /// Findings that break safety.
    pub fn unsafe_findings(&self) -> usize {
        self.findings.iter().filter(|finding| finding.unsafe_end).count()
    }
}

impl CampaignFinding {
    fn of(value: &Value) -> Self {
        Self {
            signature: text(value, &["signature", "class"]),
            detail: text(value, &["detail"]),
            count: number(value, "cases").max(1),
            confirmed: match text(&value["confirmation"], &["state"]).as_str() {
                "confirmed" => Some(true),
                "vanished" | "changed" => Some(false),
                _ => None,
            },
            unsafe_end: value.get("unsafe_end").and_then(Value::as_bool).unwrap_or_default(),
            case: text(value, &["case"]),
            repeat: text(value, &["repeat"]),
        }
    }
}

/// The first of these fields that is text or a number.
fn text(value: &Value, names: &[&str]) -> String {
    let field = names.iter().find_map(|name| value.get(name)).unwrap_or(&Value::Null);
    match field {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn counts(value: &Value, name: &str) -> BTreeMap<String, u64> {
    let fields = value.get(name).and_then(Value::as_object).into_iter().flatten();
    fields.filter_map(|(name, count)| Some((name.clone(), count.as_u64()?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Campaign;

    #[test]
    fn what_is_missing_or_unknown_does_no_harm() {
        assert_eq!(Campaign::of(&json!({"surprise": [1]})), Campaign::default());
        let campaign = Campaign::of(&json!({
            "profile": "smith", "seed": 7, "cases": 10, "useful": 9, "seconds": 1.5, "outcomes": {"returned": 5, "odd": "x"},
            "findings": [{"class": "jit: result differs", "detail": "1 or 2", "unsafe_end": true, "case": 4, "cases": 3,
                "confirmation": {"state": "changed", "instead": "x"}}, 7],
        }));
        assert_eq!((campaign.cases, campaign.outcomes.len(), campaign.unsafe_findings()), (10, 1, 1));
        let finding = &campaign.findings[0];
        assert_eq!(finding.confirmed, Some(false));
        assert_eq!(
            (finding.signature.as_str(), finding.count, finding.case.as_str()),
            ("jit: result differs", 3, "4")
        );
    }
}
