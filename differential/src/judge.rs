//! Plays a case in its lanes and says what came of it.
//!
//! Enters: a case and the lanes; leaves: a [`Verdict`]. The interpreter plays first, with fuel, and finds out whether the
//! case ends by itself: if it does, and the case does not ask for fuel everywhere, all lanes play it without, so that the
//! code is what a compiler makes of it when it is left alone. What an escape oracle sees is a finding before anything is
//! compared. Knows no generator and no campaign.

use crate::case::{Case, Step};
use crate::compare::rule::{Allowed, Rule};
use crate::compare::{Difference, compare};
use crate::lanes::{Lane, Lanes};
use crate::observe::{Observation, Outcome, StepSeen};
use crate::oracle::{self, Escape};
use assay_runtime::{Module, Trap};
use serde::{Deserialize, Serialize};

/// What came of a case.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Whether it could show something: an instance was made, a call ran at least [`USEFUL_OPERATORS`] operators, and there
    /// was something to compare.
    pub useful: bool,
    /// The outcome of each step in the interpreter.
    pub outcomes: Vec<&'static str>,
    /// How often each rule for legitimate differences was used.
    pub allowed: Allowed,
    /// What is wrong.
    pub finding: Option<Finding>,
}

/// Something that has to be explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its class: what differs, or how the engine failed.
    pub class: String,
    /// What two findings of one cause have in common: the class, and both outcomes where these differ, or what the engine
    /// said, without numbers.
    pub signature: String,
    /// In words.
    pub detail: String,
}

/// A useful call runs at least this many operators.
pub const USEFUL_OPERATORS: u64 = 20;

/// Plays a case in these lanes. The interpreter plays it first whatever is selected, with fuel; where it is selected, it plays
/// like the others, too. `canonical` makes the form of the case in which NaN bits decide nothing, when it is needed.
/// `announce` hears of each play before it begins.
pub fn judge(
    case: &Case,
    lanes: &Lanes,
    selection: &[Lane],
    canonical: impl FnOnce() -> Option<Case>,
    announce: impl FnMut(Lane),
) -> Verdict {
    judge_after(None, case, lanes, selection, canonical, announce)
}

/// The same, where the interpreter has played the case already, with its fuel, and saw this: see [`configure_scout`].
///
/// [`configure_scout`]: crate::lanes::configure_scout
pub fn judge_after(
    scout: Option<Observation>,
    case: &Case,
    lanes: &Lanes,
    selection: &[Lane],
    canonical: impl FnOnce() -> Option<Case>,
    mut announce: impl FnMut(Lane),
) -> Verdict {
    let mut trial = Trial { scout, lanes, selection, announce: &mut announce };
    let (mut verdict, finding) = trial.run(case);
    let Some(finding) = finding else { return verdict };
    // Only differences can be explained by NaNs; a panic or a rejection stays what it is.
    let canonical = if finding.comparable { canonical() } else { None };
    verdict.finding = match canonical {
        None => Some(finding.finding),
        Some(canonical) => trial.run(&canonical).1.map(|still| still.finding),
    };
    if verdict.finding.is_none() {
        verdict.allowed.count(Rule::NanLeak);
    }
    verdict
}

struct Trial<'a> {
    /// What the interpreter saw of the case, if it has played it.
    scout: Option<Observation>,
    lanes: &'a Lanes,
    selection: &'a [Lane],
    announce: &'a mut dyn FnMut(Lane),
}

struct Suspect {
    finding: Finding,
    comparable: bool,
}

impl Trial<'_> {
    fn play(&mut self, case: &Case, lane: Lane, metered: bool) -> (Observation, Option<Escape>) {
        (self.announce)(lane);
        let (seen, escape) = oracle::watch(case, self.lanes, lane, metered);
        (seen, escape.or_else(|| self.lanes.bystander()?.check()))
    }

    fn run(&mut self, case: &Case) -> (Verdict, Option<Suspect>) {
        let (scout, escape) = match self.scout.take() {
            Some(scout) => (scout, None),
            None => self.play(case, Lane::Interp, true),
        };
        let mut verdict = Verdict { useful: is_useful(case, &scout), ..Verdict::default() };
        verdict.outcomes = scout.steps.iter().map(|step| step.outcome.class()).collect();
        let failure = escape.map(|escape| escape.finding(Lane::Interp));
        if let Some(finding) = failure.or_else(|| self.failure(case, Lane::Interp, &scout)) {
            return (verdict, Some(Suspect { finding, comparable: false }));
        }
        let metered = case.settings.metered || !ends(&scout);
        for &lane in self.selection.iter().filter(|&&lane| lane != Lane::Interp || !metered) {
            let (seen, escape) = self.play(case, lane, metered);
            let failure = escape.map(|escape| escape.finding(lane));
            if let Some(finding) = failure.or_else(|| self.failure(case, lane, &seen)) {
                return (verdict, Some(Suspect { finding, comparable: false }));
            }
            match compare(&scout, &seen, case.settings.free_nans) {
                Ok(allowed) => verdict.allowed.add(&allowed),
                Err(difference) => {
                    let finding = difference_finding(case, lane.name(), &difference, &scout, &seen);
                    return (verdict, Some(Suspect { finding, comparable: true }));
                }
            }
        }
        (verdict, None)
    }

    /// What is wrong whatever other lanes say.
    fn failure(&self, case: &Case, lane: Lane, seen: &Observation) -> Option<Finding> {
        seen.steps.iter().zip(&case.steps).find_map(|(seen, step)| {
            let class = match &seen.outcome {
                Outcome::Panicked(_) => "panic",
                Outcome::Refused(_) => "refused",
                Outcome::Rejected(_) if case.settings.valid => "valid module rejected",
                Outcome::Rejected(_) if self.validates(case, step) => "validated module rejected",
                _ => return None,
            };
            let class = format!("{lane}: {class}");
            let said = without_numbers(&seen.outcome.to_string());
            let signature = format!("{class}: {said}");
            Some(Finding { class, signature, detail: format!("{step}: {}", seen.outcome) })
        })
    }

    /// Whether validation alone accepts the module of a step.
    fn validates(&self, case: &Case, step: &Step) -> bool {
        let Some(module) = step.module() else { return false };
        let engine = self.lanes.engine(Lane::Interp, true);
        case.modules.get(module).is_some_and(|module| Module::validate(engine, &module.bytes).is_ok())
    }
}

/// A text with `#` for every number, in whatever base.
pub(crate) fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|char: char| char.is_ascii_digit()) {
        out.push_str(&rest[..at]);
        out.push('#');
        let number = rest[at..].strip_prefix("0x").unwrap_or(&rest[at..]);
        let hex = number.len() < rest.len() - at;
        let digit = |char: char| if hex { char.is_ascii_hexdigit() } else { char.is_ascii_digit() };
        rest = number.trim_start_matches(digit);
    }
    out.push_str(rest);
    out
}

/// A difference between the interpreter and the lane or engine of this name.
pub(crate) fn difference_finding(
    case: &Case,
    name: &str,
    difference: &Difference,
    scout: &Observation,
    seen: &Observation,
) -> Finding {
    let step = case.steps.get(difference.step).map_or_else(String::new, ToString::to_string);
    let class = format!("{name}: {} differs", difference.part.name());
    let detail = format!("step {} ({step}): interp {name}: {}", difference.step, difference.detail);
    let outcome =
        |seen: &Observation| seen.steps.get(difference.step).map_or("nothing", |step| step.outcome.class());
    let signature = format!("{class}: {} ≠ {}", outcome(scout), outcome(seen));
    Finding { class, signature, detail }
}

/// Whether no step was ended by a lack of fuel, stack or heap.
pub(crate) fn ends(scout: &Observation) -> bool {
    scout.steps.iter().all(|step| {
        let lack =
            matches!(step.outcome, Outcome::Trapped { kind: Trap::OutOfFuel | Trap::StackOverflow, .. });
        !lack && !step.heap_full
    })
}

/// Whether a step failed in a way that no valid module may.
pub(crate) fn has_failed(scout: &Observation) -> bool {
    scout
        .steps
        .iter()
        .any(|step| matches!(step.outcome, Outcome::Panicked(_) | Outcome::Refused(_) | Outcome::Rejected(_)))
}

/// Whether a case could show something, by what the interpreter saw with fuel: see [`Verdict::useful`].
pub(crate) fn is_useful(case: &Case, scout: &Observation) -> bool {
    let instantiated = |(seen, step): (&StepSeen, &Step)| {
        step.module().is_some() && matches!(seen.outcome, Outcome::Returned(_))
    };
    let mut before = None;
    let mut worked = false;
    for seen in &scout.steps {
        let operators = case.settings.fuel.saturating_sub(seen.fuel.unwrap_or(case.settings.fuel));
        worked |= operators >= USEFUL_OPERATORS && comparable(seen, before);
        before = Some(seen);
    }
    worked && scout.steps.iter().zip(&case.steps).any(instantiated)
}

/// Whether a step had a result, a trap, a host call or a change of state.
fn comparable(seen: &StepSeen, before: Option<&StepSeen>) -> bool {
    match &seen.outcome {
        Outcome::Returned(values) => {
            let changed = before.is_none_or(|before| before.state != seen.state);
            !values.is_empty() || seen.calls.count > 0 || changed
        }
        Outcome::Trapped { .. } | Outcome::Threw(_) | Outcome::HostError => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_do_not_tell_findings_apart() {
        for (text, bare) in [
            ("at byte 0x1e2: 7 of 12", "at byte #: # of #"),
            ("0x", "#"),
            ("f32 bad", "f# bad"),
            ("", ""),
            ("none", "none"),
        ] {
            assert_eq!(super::without_numbers(text), bare);
        }
    }
}
