//! The books of a campaign: sums that do not depend on who counted what in which order.

use crate::compare::rule::{Allowed, Rule};
use crate::external::Confrontation;
use crate::judge::Verdict;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What cases came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many cases were played.
    pub cases: u64,
    /// How many of them could show something.
    pub useful: u64,
    /// Steps by outcome in the interpreter.
    pub outcomes: BTreeMap<String, u64>,
    /// Uses of each rule for legitimate differences.
    pub rules: BTreeMap<String, u64>,
    /// Cases that were not compared with an engine of another process, by engine and reason.
    pub skipped: BTreeMap<String, u64>,
    /// Findings, by case.
    pub findings: Vec<Found>,
}

/// A case with a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Found {
    /// The case.
    pub index: u64,
    /// The class of the finding.
    pub class: String,
    /// In words.
    pub detail: String,
    /// Whether the process was lost or left in a state that it must not reach: safety of memory is in question.
    pub unsafe_end: bool,
}

impl Tally {
    /// Adds a case.
    pub(super) fn count(&mut self, index: u64, verdict: &Verdict) {
        self.cases += 1;
        self.useful += u64::from(verdict.useful);
        for outcome in &verdict.outcomes {
            *self.outcomes.entry((*outcome).to_owned()).or_default() += 1;
        }
        self.rules(&verdict.allowed);
        if let Some(finding) = &verdict.finding {
            let (class, detail) = (finding.class.clone(), finding.detail.clone());
            self.findings.push(Found { index, class, detail, unsafe_end: false });
        }
    }

    /// Adds what an engine of another process did with a case that is counted already.
    pub(super) fn confronted(&mut self, index: u64, engine: &str, came: &Confrontation) {
        self.rules(&came.allowed);
        if let Some(reason) = came.skipped {
            *self.skipped.entry(format!("{engine}: {reason}")).or_default() += 1;
        }
        if let Some(finding) = &came.finding {
            let (class, detail) = (finding.class.clone(), finding.detail.clone());
            self.findings.push(Found { index, class, detail, unsafe_end: came.crashed });
        }
    }

    fn rules(&mut self, allowed: &Allowed) {
        for rule in Rule::ALL.into_iter().filter(|&rule| allowed.uses(rule) > 0) {
            *self.rules.entry(rule.name().to_owned()).or_default() += allowed.uses(rule);
        }
    }

    /// Adds a case whose worker was lost.
    pub(super) fn lost(&mut self, found: Found) {
        self.cases += 1;
        self.findings.push(found);
    }

    /// Adds another tally. The order of additions does not matter once [`Tally::settle`] was called.
    pub(super) fn add(&mut self, other: Tally) {
        self.cases += other.cases;
        self.useful += other.useful;
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        for (rule, count) in other.rules {
            *self.rules.entry(rule).or_default() += count;
        }
        for (reason, count) in other.skipped {
            *self.skipped.entry(reason).or_default() += count;
        }
        self.findings.extend(other.findings);
    }

    /// Puts findings in the order of cases.
    pub(super) fn settle(&mut self) {
        self.findings.sort();
    }
}
