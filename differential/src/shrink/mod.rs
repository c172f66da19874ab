//! Makes a case small while the same finding stays.
//!
//! Enters: a case with a finding, and somebody who plays candidates ([`process::Player`], so that a crash costs a worker
//! and not the reduction). Leaves: the smallest case that was found with the same [`Finding::signature`]. Each pass takes
//! something away: steps of the [`script`], arguments, settings, modules, and parts of each module, first by its [`structure`],
//! whatever it uses, then by what a library knows about those without objects and exceptions ([`module`]); of a case of WASI
//! calls, arguments, and the tree ([`sandbox`]). Passes repeat until none of them helps or the trials are used up. Runs no
//! engine; asks one which modules are valid.
//!
//! [`Finding::signature`]: crate::judge::Finding

mod module;
pub mod process;
pub mod regression;
pub mod sandbox;
mod script;
mod structure;

use crate::case::Case;
use std::time::{Duration, Instant};

/// How much work a reduction may be.
#[derive(Copy, Clone, Debug)]
pub struct Limits {
    /// Candidates that are played at the most.
    pub trials: u64,
    /// After this time no candidate is played.
    pub time: Duration,
}

/// What a reduction came to.
#[derive(Clone, Debug)]
pub struct Reduced<C = Case> {
    /// The smallest case with the same finding.
    pub case: C,
    /// Candidates that were played.
    pub trials: u64,
    /// Whether nothing smaller was left to try; otherwise the limits were met.
    pub finished: bool,
}

/// Reduces a case. `same` plays a candidate and says whether it has the same finding; it was asked about the case itself
/// before.
pub fn reduce(case: &Case, limits: Limits, same: impl FnMut(&Case) -> bool) -> Reduced {
    let mut structure = structure::Structure::new();
    Search::new(case, limits, same).run(|search| {
        search.form();
        script::steps(search);
        script::arguments(search);
        search.settings();
        module::unused(search);
        if let Some(structure) = &mut structure {
            structure.reduce(search);
        }
        module::each(search);
    })
}

/// The smallest case so far, and what may still be done.
struct Search<C, F> {
    best: C,
    trials: u64,
    began: Instant,
    limits: Limits,
    same: F,
}

impl<C: Clone + PartialEq, F: FnMut(&C) -> bool> Search<C, F> {
    fn new(case: &C, limits: Limits, same: F) -> Self {
        Self { best: case.clone(), trials: 0, began: Instant::now(), limits, same }
    }

    /// Repeats these passes until none of them helps.
    fn run(mut self, mut passes: impl FnMut(&mut Self)) -> Reduced<C> {
        loop {
            let before = self.best.clone();
            passes(&mut self);
            if self.best == before || self.is_over() {
                break;
            }
        }
        Reduced { trials: self.trials, finished: !self.is_over(), case: self.best }
    }

    fn is_over(&self) -> bool {
        self.trials >= self.limits.trials || self.began.elapsed() >= self.limits.time
    }

    /// Plays a candidate; if the finding stays, it is the best case from now on.
    fn try_case(&mut self, candidate: C) -> bool {
        if candidate == self.best || self.is_over() {
            return false;
        }
        self.trials += 1;
        let same = (self.same)(&candidate);
        if same {
            self.best = candidate;
        }
        same
    }

    /// Takes pieces of something away that the case has so many of: halves first, then smaller ones, down to single ones.
    /// `without` leaves a range of them out.
    fn take_away(&mut self, count: impl Fn(&C) -> usize, without: impl Fn(&C, usize, usize) -> C) {
        let mut size = count(&self.best).div_ceil(2);
        while size > 0 {
            let mut end = count(&self.best);
            while end > 0 {
                let start = end.saturating_sub(size);
                self.try_case(without(&self.best, start, end));
                end = start.min(count(&self.best));
            }
            size /= 2;
        }
    }

    /// Changes the case, if the finding stays.
    fn try_change(&mut self, change: impl FnOnce(&mut C)) -> bool {
        let mut candidate = self.best.clone();
        change(&mut candidate);
        self.try_case(candidate)
    }
}

impl<F: FnMut(&Case) -> bool> Search<Case, F> {
    /// A case with one form is less than one with two, of which the second explains the first.
    fn form(&mut self) {
        if self.best.has_canonical() {
            self.try_case(self.best.canonical());
        }
    }

    fn settings(&mut self) {
        let simpler: [fn(&mut Case); 3] = [
            |case| case.settings.host_errors = false,
            |case| case.settings.host_seed = 0,
            |case| case.settings.metered = true,
        ];
        for simplify in simpler {
            self.try_change(simplify);
        }
    }
}

#[cfg(test)]
mod tests;
