//! Plays a script on an engine and judges each directive.
//!
//! Enters: directives and a session; leaves: one [`Judgement`] per directive. It keeps track of what later directives build
//! on, so that what was skipped or lost skips its dependants and nothing else. Knows neither processes nor files.

mod player;
mod threads;
mod verdict;

pub use player::Player;
pub use threads::Threads;

use serde::{Deserialize, Serialize};

/// What became of one directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is as expected.
    Pass,
    /// It is not.
    Fail {
        /// How far it agrees.
        reached: Reached,
        /// What was expected.
        expected: String,
        /// What happened.
        actual: String,
    },
    /// It was not played.
    Skip(Absence),
}

/// How far a result that is not right agrees with what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reached {
    /// Not at all.
    Nothing,
    /// It went wrong as it should, but at another stage.
    Outcome,
    /// At the right stage, in other words.
    Stage,
}

/// Why something is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// It needs this feature.
    Feature(String),
    /// It builds on the directive with this index, which did not do its work.
    Blocked(usize),
}
