//! Fewer steps, and simpler arguments.

use super::Search;
use crate::case::{Case, Step};

/// Takes steps away.
pub(super) fn steps<F: FnMut(&Case) -> bool>(search: &mut Search<Case, F>) {
    search.take_away(|case| case.steps.len(), without);
}

/// The case without these steps, and without those that need an instance that one of them made.
fn without(case: &Case, start: usize, end: usize) -> Case {
    let mut numbers: Vec<Option<usize>> = Vec::new();
    let mut made = 0;
    let mut steps = Vec::with_capacity(case.steps.len());
    for (position, step) in case.steps.iter().enumerate() {
        let kept = !(start..end).contains(&position);
        let step = step.renumbered(|module| module, |instance| numbers.get(instance).copied().flatten());
        let step = step.filter(|_| kept);
        if case.steps[position].module().is_some() {
            numbers.push(step.is_some().then_some(made));
            made += usize::from(step.is_some());
        }
        steps.extend(step);
    }
    Case { steps, ..case.clone() }
}

/// Tries zero and null for each argument.
pub(super) fn arguments<F: FnMut(&Case) -> bool>(search: &mut Search<Case, F>) {
    for step in 0..search.best.steps.len() {
        let Step::Call { args, .. } = &search.best.steps[step] else { continue };
        for position in 0..args.len() {
            let mut candidate = search.best.clone();
            if let Step::Call { args, .. } = &mut candidate.steps[step] {
                args[position] = args[position].zero();
            }
            search.try_case(candidate);
        }
    }
}
