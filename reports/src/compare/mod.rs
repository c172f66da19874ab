//! What changed between two runs, and whether it may stay.
//!
//! Enters: the inputs of a baseline and of what is judged; leaves: a [`Comparison`] with every change in its class, a text and an
//! exit code. A test that is gone and a pass that became a skip are regressions. Judges only what both sides measured, but says
//! what one of them lacks.

mod documents;
mod render;
mod results;
mod speed;

pub use documents::{Detection, Differences};
pub use results::{Change, ChangeKind};
pub use speed::{Measure, Quantity, SpeedVerdict, judge as judge_samples};

use crate::exit;
use crate::inputs::Inputs;

/// What changed between two runs.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Tests whose result is another one, the worst first.
    pub changes: Vec<Change>,
    /// Tests that have the same result.
    pub same: u64,
    /// What campaigns found.
    pub differences: Differences,
    /// Which planted faults were found.
    pub detection: Option<Detection>,
    /// What benchmarks took.
    pub measures: Vec<Measure>,
    /// What a reader should know before believing the rest.
    pub notes: Vec<String>,
}

/// What a comparison amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareVerdict {
    /// Nothing is worse.
    NotWorse,
    /// Something other than speed is worse.
    Regression,
    /// Nothing but speed is worse.
    Slower,
    /// Safety is broken, and was not before.
    Unsafe,
    /// There was nothing that both sides have.
    NothingToCompare,
}

impl CompareVerdict {
    /// The exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::NotWorse => exit::OK,
            Self::Regression => exit::REGRESSION,
            Self::Slower => exit::SPEED_REGRESSION,
            Self::Unsafe => exit::SANDBOX,
            Self::NothingToCompare => exit::NOTHING_SELECTED,
        }
    }
}

/// Compares two runs.
pub fn compare(before: &Inputs, after: &Inputs) -> Comparison {
    let mut notes = Vec::new();
    let (changes, same) = results::compare(&before.runs, &after.runs, &mut notes);
    Comparison {
        changes,
        same,
        differences: documents::differences(&before.campaigns, &after.campaigns, &mut notes),
        detection: documents::detection(&before.faults, &after.faults, &mut notes),
        measures: speed::compare(before, after, &mut notes),
        notes,
    }
}

impl Comparison {
    /// How many changes are of a kind.
    pub fn count(&self, kind: ChangeKind) -> usize {
        self.changes.iter().filter(|change| change.kind == kind).count()
    }

    /// What it amounts to.
    pub fn verdict(&self) -> CompareVerdict {
        let is_worse = |quantity| {
            let of = |measure: &&Measure| measure.quantity == quantity;
            self.measures.iter().filter(of).any(|measure| measure.verdict == SpeedVerdict::Worse)
        };
        let lost = self.detection.as_ref().is_some_and(|detection| !detection.lost.is_empty());
        let nothing = self.changes.is_empty()
            && self.same == 0
            && self.detection.is_none()
            && self.measures.is_empty()
            && !self.differences.compared;
        if self.differences.new.iter().any(|finding| finding.unsafe_end) {
            CompareVerdict::Unsafe
        } else if nothing {
            CompareVerdict::NothingToCompare
        } else if self.changes.iter().any(|change| change.kind.is_regression())
            || !self.differences.new.is_empty()
            || lost
            || is_worse(Quantity::Memory)
        {
            CompareVerdict::Regression
        } else if is_worse(Quantity::Time) {
            CompareVerdict::Slower
        } else {
            CompareVerdict::NotWorse
        }
    }
}
