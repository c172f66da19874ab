//! An engine of another process as one more lane: plays a case there, and compares it with the interpreter.
//!
//! Enters: a case, our lanes, an engine; leaves: a finding, or the rules that were used, or why nothing was compared. Knows no
//! generator and no campaign.

use super::client::{Client, ClientError, Played};
use super::sight::through;
use crate::case::{Case, Step};
use crate::compare::compare;
use crate::compare::rule::{Allowed, Rule};
use crate::judge::{Finding, difference_finding, ends};
use crate::keeper;
use crate::lanes::{Lane, Lanes};
use crate::observe::{Observation, Outcome, StepSeen};
use crate::play::play_within;
use assay_runtime::{Engine, Module, Trap};

/// What came of it.
#[derive(Debug, Default)]
pub struct Confrontation {
    /// What is wrong.
    pub finding: Option<Finding>,
    /// Whether the engine was killed by a signal.
    pub crashed: bool,
    /// How often each rule for legitimate differences was used.
    pub allowed: Allowed,
    /// Why nothing was compared: the class of the reason.
    pub skipped: Option<&'static str>,
}

/// Plays a case on an engine. `name` is the engine's in findings; `canonical` makes the form of the case in which NaN bits
/// decide nothing, when it is needed.
///
/// # Errors
/// When the engine cannot be started.
pub fn confront(
    case: &Case,
    lanes: &Lanes,
    (name, client): (&str, &mut Client),
    canonical: impl FnOnce() -> Option<Case>,
) -> Result<Confrontation, ClientError> {
    let (mut first, comparable) = once(case, lanes, (name, client))?;
    let canonical = if comparable && first.finding.is_some() { canonical() } else { None };
    if let Some(canonical) = canonical {
        first.finding = once(&canonical, lanes, (name, client))?.0.finding;
        if first.finding.is_none() {
            first.allowed.count(Rule::NanLeak);
        }
    }
    Ok(first)
}

/// Plays a case once; says also whether a finding is a difference, which NaNs may explain.
fn once(
    case: &Case,
    lanes: &Lanes,
    (name, client): (&str, &mut Client),
) -> Result<(Confrontation, bool), ClientError> {
    let capabilities = client.capabilities()?;
    if !capabilities.steps && case.steps.iter().any(Step::is_new) {
        let skipped = Some("its steps are not supported");
        return Ok((Confrontation { skipped, ..Confrontation::default() }, false));
    }
    let engine = lanes.engine(Lane::Interp, true);
    let scout = play_within(case, engine, Some(case.settings.fuel), capabilities.state);
    let mut result = Confrontation::default();
    if failed(&scout) {
        result.skipped = Some("the interpreter fails");
        return Ok((result, false));
    }
    if scout.steps.iter().any(StepSeen::leads_to_objects) || asks_the_keeper(case, engine) {
        result.skipped = Some("the protocol has no words for objects");
        return Ok((result, false));
    }
    let endless = !ends(&scout);
    if endless && !capabilities.fuel {
        result.skipped = Some("fuel would be needed");
        return Ok((result, false));
    }
    let metered = capabilities.fuel && (case.settings.metered || endless);
    let seen = match client.play(case, metered.then_some(case.settings.fuel)) {
        Ok(Played::Seen(seen)) => seen,
        Ok(Played::Unsupported(_)) => {
            result.skipped = Some("not supported");
            return Ok((result, false));
        }
        Err((error, words)) => {
            let class = format!("{name}: {}", error.class());
            result.crashed = error.is_crash();
            let detail = format!("{error}\n{}", words.trim());
            result.finding =
                Some(Finding { signature: class.clone(), class, detail: detail.trim().to_owned() });
            return Ok((result, false));
        }
    };
    let [mut scout, mut seen] = [scout, seen].map(|seen| through(seen, &capabilities));
    let exhausted = exhaustion(&scout, &seen).map(|at| (at, Rule::StackExhausted));
    let limited = scout.limited.filter(|_| !capabilities.limits).map(|at| (at, Rule::LimitMet));
    if let Some((at, rule)) = exhausted.into_iter().chain(limited).min() {
        scout.steps.truncate(at);
        seen.steps.truncate(at);
        result.allowed.count(rule);
    }
    match compare(&scout, &seen, case.settings.free_nans) {
        Ok(allowed) => result.allowed.add(&allowed),
        Err(difference) => {
            result.finding = Some(difference_finding(case, name, &difference, &scout, &seen));
        }
    }
    Ok((result, true))
}

/// The first step in which one of both ran out of stack: how deep another engine comes is its own affair.
fn exhaustion(left: &Observation, right: &Observation) -> Option<usize> {
    let exhausted = |outcome: &Outcome| matches!(outcome, Outcome::Trapped { kind: Trap::StackOverflow, .. });
    let either = left.steps.iter().zip(&right.steps);
    let mut either = either.map(|(left, right)| exhausted(&left.outcome) || exhausted(&right.outcome));
    either.position(|either| either)
}

/// Whether a module imports what only our own host has.
fn asks_the_keeper(case: &Case, engine: &Engine) -> bool {
    case.modules.iter().any(|module| {
        let read = Module::from_binary(engine, &module.bytes);
        read.is_ok_and(|read| read.imports().any(|import| import.module() == keeper::MODULE))
    })
}

/// Whether the interpreter itself failed, which is found without another engine.
fn failed(scout: &Observation) -> bool {
    let mut outcomes = scout.steps.iter().map(|step| &step.outcome);
    outcomes.any(|outcome| matches!(outcome, Outcome::Panicked(_) | Outcome::Refused(_)))
}
