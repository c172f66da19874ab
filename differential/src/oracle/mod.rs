//! The escape oracles: what is wrong although every value is right.
//!
//! A successful escape often returns the right value, so that no comparison of values sees it. Each file here holds one
//! oracle: what it plays or watches, and what it calls a finding. The class of such a finding begins with `escape: `, and a
//! campaign that has one ends as one whose worker crashed does.
//!
//! | oracle | where | played |
//! |---|---|---|
//! | [`fault_check`] | every lane | always |
//! | [`bystander`] | beside all lanes | always |
//! | [`tight`](fault_check) | a lane of its own | in its turn |
//! | [`canary`] | a lane of its own | in its turn |
//! | [`shadow`] | a lane of its own, and the interpreter beside it | in its turn |
//! | [`reuse`] | a lane of its own, twice | in its turn |
//! | [`code`] | a lane of its own, as cheap as others | among the lanes that are compared |
//!
//! Called by [`crate::judge`] and by the parents of workers; knows no generator.

mod bystander;
mod canary;
mod code;
pub(crate) mod fault_check;
mod reuse;
mod shadow;

pub(crate) use bystander::Bystander;

use crate::case::Case;
use crate::judge::Finding;
use crate::lanes::{Lane, Lanes};
use crate::observe::{Observation, Scope};
use crate::play::{InTurns, play, play_watched};

/// What the class of every finding of an escape oracle begins with.
const ESCAPE: &str = "escape: ";

/// One case in so many is played in one of the lanes that watch, each in its turn.
const SHARE: u64 = 8;

/// Whether a finding of this class is an escape: safety of memory is in question.
pub fn is_escape(class: &str) -> bool {
    class.starts_with(ESCAPE)
}

/// The lane that watches in a case of a campaign: these lanes are too dear to play in each.
pub fn in_turn(index: u64) -> Option<Lane> {
    let watching = [Lane::Tight, Lane::Canary, Lane::Shadow, Lane::Reuse];
    index.is_multiple_of(SHARE).then(|| watching[(index / SHARE) as usize % watching.len()])
}

/// Something that an oracle saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Escape {
    /// The oracle.
    pub(crate) oracle: &'static str,
    /// In words.
    pub(crate) detail: String,
}

impl Escape {
    fn new(oracle: &'static str, detail: impl std::fmt::Display) -> Self {
        Self { oracle, detail: detail.to_string() }
    }

    /// As a finding in this lane.
    pub(crate) fn finding(self, lane: Lane) -> Finding {
        let class = format!("{ESCAPE}{}", self.oracle);
        Finding { signature: class.clone(), class, detail: format!("{lane}: {}", self.detail) }
    }
}

/// Plays a case in a lane: what was observed, and what its oracle saw.
pub(crate) fn watch(case: &Case, lanes: &Lanes, lane: Lane, metered: bool) -> (Observation, Option<Escape>) {
    let engine = lanes.engine(lane, metered);
    let fuel = metered.then_some(case.settings.fuel);
    match lane {
        Lane::Canary => canary::play(case, engine, fuel),
        Lane::Shadow => shadow::play(case, engine, lanes.beside(metered), fuel),
        Lane::Reuse => reuse::play(case, [engine, lanes.engine(Lane::Interp, metered)], fuel),
        Lane::Code => code::play(case, engine, fuel),
        // What goes wrong there is a fault of the process.
        Lane::Interp | Lane::JitNone | Lane::JitSpeed | Lane::JitChecked | Lane::Tight => {
            (play(case, engine, fuel), None)
        }
        Lane::Zeal | Lane::InterpZeal => (play(case, engine, fuel), None),
        Lane::Mixed => (play_watched(case, engine, fuel, Scope::All, &mut InTurns), None),
    }
}

#[cfg(test)]
mod tests;
