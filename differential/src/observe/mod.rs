//! What a case did in one lane, as plain data: outcomes, values, state, host calls.
//!
//! Filled by [`crate::play`], judged by [`crate::compare`]. Nothing here holds a handle into a store, so that observations of
//! different engines can be laid side by side.

mod graph;
mod state;
mod value;

pub use graph::{Graph, Object};
pub use state::{Digest, Image, Scope, State};
pub use value::Seen;

pub(crate) use graph::{Known, Survey};
pub(crate) use state::snapshot;

use assay_runtime::Trap;

/// What a case did in one lane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// One entry for each step that was taken. After a panic there are fewer than the script has.
    pub steps: Vec<StepSeen>,
    /// The first step in which a limit of the case refused a memory or a table its growth.
    pub limited: Option<usize>,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSeen {
    /// How it ended.
    pub outcome: Outcome,
    /// The calls of host functions during it.
    pub calls: Trace,
    /// Globals, memories and tables after it.
    pub state: State,
    /// Fuel left after it, where it was counted.
    pub fuel: Option<u64>,
    /// Whether it ended because the heap had no room for an object that an empty one has room for.
    pub heap_full: bool,
}

impl StepSeen {
    /// Whether an object or an exception was seen, of which engines of other processes cannot tell.
    pub(crate) fn leads_to_objects(&self) -> bool {
        let returned = match &self.outcome {
            Outcome::Returned(values) => values.as_slice(),
            Outcome::Threw(_) => return true,
            _ => &[],
        };
        let passed = self.calls.calls.iter().flat_map(|call| &call.args);
        let held = self.state.globals.iter().chain(self.state.tables.iter().flatten());
        let mut all = returned.iter().chain(passed).chain(held);
        all.any(|value| matches!(value, Seen::I31(_) | Seen::Object(_) | Seen::Graph(_) | Seen::Unseen))
    }
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It returned these results. Instantiation returns none.
    Returned(Vec<Seen>),
    /// It trapped.
    Trapped {
        /// Which trap.
        kind: Trap,
        /// The index of an uninitialized element.
        element: Option<u64>,
        /// Function and position in the binary, where the engine knows them.
        place: Option<(u32, Option<u32>)>,
        /// Whether the operator there is a load or a store: for accesses out of bounds, where somebody looked.
        accesses: Option<bool>,
    },
    /// An exception came out that nothing caught: the graph from it on.
    Threw(Seen),
    /// A host function returned an error, which came back.
    HostError,
    /// The module was rejected.
    Rejected(String),
    /// Imports did not fit, or the embedder's interface was used wrongly: both mean a mistake of ours.
    Refused(String),
    /// A limit was met.
    Limited(String),
    /// The step could not be taken, because its instance was not made.
    Skipped,
    /// The engine panicked.
    Panicked(String),
}

impl Outcome {
    /// The class of the outcome, for counts.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Returned(_) => "returned",
            Self::Trapped { kind, .. } => kind.text(),
            Self::Threw(_) => "exception",
            Self::HostError => "host error",
            Self::Rejected(_) => "module rejected",
            Self::Refused(_) => "refused",
            Self::Limited(_) => "limit met",
            Self::Skipped => "skipped",
            Self::Panicked(_) => "panic",
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Returned(values) => {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                write!(f, "returned ({})", values.join(", "))
            }
            Self::Trapped { kind, element, place, .. } => {
                write!(f, "trapped: {kind}")?;
                if let Some(element) = element {
                    write!(f, " {element}")?;
                }
                match place {
                    Some((func, Some(offset))) => write!(f, " in function {func} at {offset:#x}"),
                    Some((func, None)) => write!(f, " in function {func}"),
                    None => Ok(()),
                }
            }
            Self::Threw(exception) => write!(f, "threw {exception}"),
            Self::Rejected(why) | Self::Refused(why) | Self::Limited(why) | Self::Panicked(why) => {
                write!(f, "{}: {why}", self.class())
            }
            Self::HostError | Self::Skipped => f.write_str(self.class()),
        }
    }
}

/// Calls of host functions. All are counted; the first ones are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// The first calls.
    pub calls: Vec<HostCall>,
    /// How many there were.
    pub count: u64,
}

/// A call of a host function.
#[derive(Clone, Debug, PartialEq)]
pub struct HostCall {
    /// Which import.
    pub import: usize,
    /// The arguments.
    pub args: Vec<Seen>,
}

/// More calls of a step than this are only counted.
const KEPT_CALLS: usize = 1000;

impl Trace {
    /// Notes a call.
    pub fn push(&mut self, call: HostCall) {
        self.count += 1;
        if self.calls.len() < KEPT_CALLS {
            self.calls.push(call);
        }
    }
}
