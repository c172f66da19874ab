//! What came of one directive: its status, and at which levels of strictness it holds.

use std::borrow::Cow;
use std::fmt;

/// What came of one directive.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// As expected, at all three levels.
    Pass,
    /// The outcome is another one.
    Fail,
    /// The outcome is right, but its stage or its message is not.
    WrongReason,
    /// The worker died of this; the name of a signal, or how else it ended.
    Crash(Cow<'static, str>),
    /// The worker took too long.
    Timeout,
    /// Not run, for this reason (`feature simd`, `blocked by line 12`).
    Skip(Cow<'static, str>),
    /// It did not pass, and the expectations say so.
    Xfail,
    /// It passed, although the expectations say that it does not.
    Xpass,
}

impl Status {
    /// The name in `results.jsonl`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::WrongReason => "wrong-reason",
            Self::Crash(_) => "crash",
            Self::Timeout => "timeout",
            Self::Skip(_) => "skip",
            Self::Xfail => "xfail",
            Self::Xpass => "xpass",
        }
    }

    /// Whether it makes a run fail.
    pub fn is_unexpected(&self) -> bool {
        match self {
            Self::Fail | Self::WrongReason | Self::Crash(_) | Self::Timeout | Self::Xpass => true,
            Self::Pass | Self::Skip(_) | Self::Xfail => false,
        }
    }

    /// The levels that follow from the status alone, where they do.
    pub fn implied_levels(&self) -> Option<Levels> {
        match self {
            Self::Pass => Some(Levels::ALL),
            Self::Fail | Self::Crash(_) | Self::Timeout | Self::Skip(_) => Some(Levels::NONE),
            Self::WrongReason | Self::Xfail | Self::Xpass => None,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crash(detail) | Self::Skip(detail) => write!(f, "{}({detail})", self.name()),
            other => f.pad(other.name()),
        }
    }
}

/// At which levels of strictness a directive holds. Counted separately, published side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Levels {
    /// It trapped, it was rejected, it returned these values.
    pub outcome: bool,
    /// And at the right stage: malformed is not invalid, invalid not unlinkable, a trap not an exception.
    pub stage: bool,
    /// And with the right message, where the specification has one.
    pub message: bool,
}

impl Levels {
    /// It holds at every level.
    pub const ALL: Self = Self { outcome: true, stage: true, message: true };
    /// It holds at no level.
    pub const NONE: Self = Self { outcome: false, stage: false, message: false };

    /// The status that an observation at these levels has.
    pub fn status(self) -> Status {
        match self {
            Self { outcome: true, stage: true, message: true } => Status::Pass,
            Self { outcome: true, .. } => Status::WrongReason,
            Self { outcome: false, .. } => Status::Fail,
        }
    }
}
