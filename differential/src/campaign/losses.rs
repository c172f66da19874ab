//! Lost workers: what is a finding, and what an accident.
//!
//! A worker that is lost at a case is no finding yet: somebody may have killed it. The case is played again, alone. Only when
//! workers are lost at it again and again in the same way is that a finding; when it is played to its end, the earlier losses
//! are accidents, which are counted and told. Knows no process.

use super::tally::Found;
use std::collections::HashMap;

/// So many losses in a row that are alike make a finding.
const ALIKE: usize = 4;
/// The same for workers that do not come to an end: waiting for them takes long.
const ALIKE_HANGS: usize = 2;
/// After so many losses of any kind a case is given up: it is a finding, too.
const MOST: usize = 16;

/// What to do with a case at which a worker was lost.
#[derive(Debug, PartialEq)]
pub(super) enum Decision {
    /// Play it again, alone.
    Again,
    /// It is a finding. The losses that were different are accidents.
    Finding(Vec<Found>),
}

/// Cases at which workers were lost and that are not decided.
#[derive(Debug, Default)]
pub(super) struct Losses(HashMap<u64, Vec<Found>>);

impl Losses {
    /// A worker was lost at a case.
    pub(super) fn lost(&mut self, found: &Found, hung: bool) -> Decision {
        let losses = self.0.entry(found.index).or_default();
        losses.push(found.clone());
        let alike = losses.iter().rev().take_while(|loss| loss.signature == found.signature).count();
        if alike < if hung { ALIKE_HANGS } else { ALIKE } && losses.len() < MOST {
            return Decision::Again;
        }
        let losses = self.0.remove(&found.index).unwrap_or_default();
        Decision::Finding(losses.into_iter().filter(|loss| loss.signature != found.signature).collect())
    }

    /// A case was played to its end: what happened before were accidents.
    pub(super) fn survived(&mut self, index: u64) -> Vec<Found> {
        self.0.remove(&index).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(index: u64, how: &str) -> Found {
        Found {
            index,
            class: how.to_owned(),
            signature: how.to_owned(),
            detail: String::new(),
            unsafe_end: true,
            cases: 1,
        }
    }

    #[test]
    fn what_happens_again_and_again_is_a_finding() {
        let mut losses = Losses::default();
        assert_eq!(losses.lost(&found(7, "kill"), false), Decision::Again);
        for _ in 1..ALIKE {
            assert_eq!(losses.lost(&found(7, "segv"), false), Decision::Again);
        }
        assert_eq!(losses.lost(&found(7, "segv"), false), Decision::Finding(vec![found(7, "kill")]));
        assert_eq!(losses.survived(7), []);
        assert_eq!(losses.lost(&found(8, "no end"), true), Decision::Again);
        assert_eq!(losses.lost(&found(8, "no end"), true), Decision::Finding(Vec::new()));
    }

    #[test]
    fn what_does_not_is_an_accident() {
        let mut losses = Losses::default();
        losses.lost(&found(7, "segv"), false);
        losses.lost(&found(8, "kill"), false);
        losses.lost(&found(7, "segv"), false);
        assert_eq!(losses.survived(7), [found(7, "segv"), found(7, "segv")]);
        assert_eq!(losses.survived(8).len(), 1);
        assert_eq!(losses.survived(9), []);
    }

    #[test]
    fn no_case_is_tried_for_ever() {
        let mut losses = Losses::default();
        let tries = (0..).take_while(|try_number| {
            let how = if try_number % 2 == 0 { "kill" } else { "segv" };
            losses.lost(&found(7, how), false) == Decision::Again
        });
        assert_eq!(tries.count(), MOST - 1);
    }
}
