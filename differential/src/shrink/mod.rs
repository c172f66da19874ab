//! Makes a case small while the same finding stays.
//!
//! Enters: a case with a finding, and somebody who plays candidates ([`process::Player`], so that a crash costs a worker
//! and not the reduction). Leaves: the smallest case that was found with the same [`Finding::signature`]. Each pass takes
//! something away: steps of the [`script`], arguments, settings, modules, and parts of each [`module`]. Passes repeat until
//! none of them helps or the trials are used up. Knows no engine.
//!
//! [`Finding::signature`]: crate::judge::Finding

mod module;
pub mod process;
pub mod regression;
mod script;

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
pub struct Reduced {
    /// The smallest case with the same finding.
    pub case: Case,
    /// Candidates that were played.
    pub trials: u64,
    /// Whether nothing smaller was left to try; otherwise the limits were met.
    pub finished: bool,
}

/// Reduces a case. `same` plays a candidate and says whether it has the same finding; it was asked about the case itself
/// before.
pub fn reduce(case: &Case, limits: Limits, same: impl FnMut(&Case) -> bool) -> Reduced {
    let mut search = Search { best: case.clone(), trials: 0, began: Instant::now(), limits, same };
    loop {
        let before = search.best.clone();
        search.form();
        script::steps(&mut search);
        script::arguments(&mut search);
        search.settings();
        module::unused(&mut search);
        module::each(&mut search);
        if search.best == before || search.is_over() {
            break;
        }
    }
    Reduced { trials: search.trials, finished: !search.is_over(), case: search.best }
}

/// The smallest case so far, and what may still be done.
struct Search<F> {
    best: Case,
    trials: u64,
    began: Instant,
    limits: Limits,
    same: F,
}

impl<F: FnMut(&Case) -> bool> Search<F> {
    fn is_over(&self) -> bool {
        self.trials >= self.limits.trials || self.began.elapsed() >= self.limits.time
    }

    /// Plays a candidate; if the finding stays, it is the best case from now on.
    fn try_case(&mut self, candidate: Case) -> bool {
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
            let mut candidate = self.best.clone();
            simplify(&mut candidate);
            self.try_case(candidate);
        }
    }
}

#[cfg(test)]
mod tests;
