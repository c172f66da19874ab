//! The books of a campaign: sums that do not depend on who counted what in which order.

use crate::compare::rule::{Allowed, Rule};
use crate::coverage::Point;
use crate::external::Confrontation;
use crate::generate::Kind;
use crate::judge::{Finding, Verdict};
use crate::oracle::is_escape;
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
    /// What each generator made.
    pub generators: BTreeMap<String, Produced>,
    /// Cases whose executed operators were looked at.
    pub looked_at: u64,
    /// The points of those: operator, type, outcome.
    pub coverage: Coverage,
    /// Workers that were lost, where it did not happen again: by class of the loss.
    pub accidents: BTreeMap<String, Accident>,
    /// Findings: one for each signature, the one with the lowest case. In the order of cases, once [`Tally::settle`] was called.
    pub findings: Vec<Found>,
}

/// Covered points: by operator, type and outcome.
pub type Coverage = BTreeMap<String, BTreeMap<String, BTreeMap<String, Covered>>>;

/// How a point was covered.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    /// By how many of the cases that were looked at.
    pub cases: u64,
    /// By which of them first.
    pub first: u64,
}

/// Losses of workers that did not happen again.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accident {
    /// How many.
    pub count: u64,
    /// The first case at which one happened.
    pub first: u64,
}

/// What a generator made.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Produced {
    /// How many cases.
    pub cases: u64,
    /// How many could show something.
    pub useful: u64,
    /// How many trapped somewhere.
    pub trapped: u64,
    /// How many had a module that was rejected.
    pub rejected: u64,
}

/// A case with a finding, for all cases with that signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The first case.
    pub index: u64,
    /// The class of the finding.
    pub class: String,
    /// What it has in common with others of one cause.
    pub signature: String,
    /// In words.
    pub detail: String,
    /// Whether the process was lost or left in a state that it must not reach: safety of memory is in question.
    pub unsafe_end: bool,
    /// How many cases have this signature.
    pub cases: u64,
}

impl Found {
    /// The finding of one case.
    pub(super) fn of(index: u64, finding: &Finding, unsafe_end: bool) -> Self {
        let Finding { class, signature, detail } = finding.clone();
        Self { index, class, signature, detail, unsafe_end, cases: 1 }
    }
}

impl Tally {
    /// Adds a case.
    pub(super) fn count(&mut self, index: u64, kind: Kind, verdict: &Verdict) {
        self.cases += 1;
        self.useful += u64::from(verdict.useful);
        for outcome in &verdict.outcomes {
            *self.outcomes.entry((*outcome).to_owned()).or_default() += 1;
        }
        let outcome = |wanted: &str| u64::from(verdict.outcomes.contains(&wanted));
        let plain = [
            "returned",
            "exception",
            "host error",
            "module rejected",
            "refused",
            "limit met",
            "skipped",
            "panic",
        ];
        let produced = self.generators.entry(kind.name().to_owned()).or_default();
        produced.cases += 1;
        produced.useful += u64::from(verdict.useful);
        produced.trapped += u64::from(verdict.outcomes.iter().any(|outcome| !plain.contains(outcome)));
        produced.rejected += outcome("module rejected");
        self.rules(&verdict.allowed);
        if let Some(finding) = &verdict.finding {
            self.find(Found::of(index, finding, is_escape(&finding.class)));
        }
    }

    /// Adds what an engine of another process did with a case that is counted already.
    pub(super) fn confronted(&mut self, index: u64, engine: &str, came: &Confrontation) {
        self.rules(&came.allowed);
        if let Some(reason) = came.skipped {
            *self.skipped.entry(format!("{engine}: {reason}")).or_default() += 1;
        }
        if let Some(finding) = &came.finding {
            self.find(Found::of(index, finding, came.crashed));
        }
    }

    /// Adds the points that a case covers.
    pub(super) fn cover(&mut self, index: u64, points: impl IntoIterator<Item = Point>) {
        self.looked_at += 1;
        for (operator, ty, outcome) in points {
            let covered = Covered { cases: 1, first: index };
            add_point(&mut self.coverage, operator, ty, outcome, covered);
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
        self.find(found);
    }

    /// Counts the loss of a worker at a case that was, or will be, played to its end all the same.
    pub(super) fn accident(&mut self, how: &str, index: u64) {
        self.accidents_of(how, Accident { count: 1, first: index });
    }

    fn accidents_of(&mut self, how: &str, new: Accident) {
        let known = self.accidents.entry(how.to_owned()).or_insert(Accident { count: 0, ..new });
        known.count += new.count;
        known.first = known.first.min(new.first);
    }

    pub(super) fn find(&mut self, found: Found) {
        let Some(same) = self.findings.iter_mut().find(|known| known.signature == found.signature) else {
            return self.findings.push(found);
        };
        let cases = same.cases + found.cases;
        let unsafe_end = same.unsafe_end | found.unsafe_end;
        if (found.index, &found.detail) < (same.index, &same.detail) {
            *same = found;
        }
        (same.cases, same.unsafe_end) = (cases, unsafe_end);
    }

    /// Adds another tally. The order of additions does not matter once [`Tally::settle`] was called.
    pub(super) fn add(&mut self, other: Tally) {
        self.cases += other.cases;
        self.useful += other.useful;
        self.looked_at += other.looked_at;
        for (own, other) in [
            (&mut self.outcomes, other.outcomes),
            (&mut self.rules, other.rules),
            (&mut self.skipped, other.skipped),
        ] {
            for (name, count) in other {
                *own.entry(name).or_default() += count;
            }
        }
        for (name, other) in other.generators {
            let own = self.generators.entry(name).or_default();
            own.cases += other.cases;
            own.useful += other.useful;
            own.trapped += other.trapped;
            own.rejected += other.rejected;
        }
        for (operator, types) in &other.coverage {
            for (ty, outcomes) in types {
                for (outcome, &covered) in outcomes {
                    add_point(&mut self.coverage, operator, ty, outcome, covered);
                }
            }
        }
        for (how, &accident) in &other.accidents {
            self.accidents_of(how, accident);
        }
        other.findings.into_iter().for_each(|found| self.find(found));
    }

    /// Puts findings in the order of cases.
    pub(super) fn settle(&mut self) {
        self.findings.sort_by(|a, b| (a.index, &a.signature).cmp(&(b.index, &b.signature)));
    }

    /// How many cases there are with findings, counted once for each finding.
    pub fn hits(&self) -> u64 {
        self.findings.iter().map(|found| found.cases).sum()
    }
}

fn add_point(coverage: &mut Coverage, operator: &str, ty: &str, outcome: &str, new: Covered) {
    // Most points are known: no name is copied for them.
    let known = coverage
        .get_mut(operator)
        .and_then(|types| types.get_mut(ty))
        .and_then(|outcomes| outcomes.get_mut(outcome));
    if let Some(known) = known {
        known.cases += new.cases;
        known.first = known.first.min(new.first);
        return;
    }
    let types = coverage.entry(operator.to_owned()).or_default();
    types.entry(ty.to_owned()).or_default().insert(outcome.to_owned(), new);
}
