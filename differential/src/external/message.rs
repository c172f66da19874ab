//! The lines of the engine protocol as types. Their description, with an example of each, is `PROTOCOL.md`.
//!
//! Enters: what a line says; leaves: observations of [`crate::observe`], and the other way round. Values cross as words
//! ([`super::words`]). Knows no process and no engine.

use super::words::{self, Word};
use crate::case::{Argument, Binding, Settings, Step};
use crate::observe::{HostCall, Image, Outcome, Scope, Seen, State, Trace};
use assay_runtime::Trap;
use serde::{Deserialize, Serialize};

/// The version of the protocol.
pub const VERSION: u32 = 1;

/// The longest line, in bytes, without its end.
pub const MAX_LINE: usize = 64 << 20;

/// More elements than this no table of a case has.
const MAX_ELEMENTS: usize = 1 << 20;

/// What is asked of an engine. A line has an `id` beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Ask {
    /// Who are you, and what can you do?
    Hello {
        /// The version that the asking side speaks.
        protocol: u32,
    },
    /// Forget everything; make a store.
    Begin {
        /// Fuel for each step, where it is to be counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fuel: Option<u64>,
        /// The seed of the host.
        #[serde(with = "words::bits")]
        host_seed: u64,
        /// Whether host functions now and then fail.
        host_errors: bool,
        /// The largest memory, in bytes.
        memory_bytes: u64,
        /// The largest table, in elements.
        table_elements: u64,
    },
    /// Here is a module.
    Module {
        /// The binary, in hexadecimal.
        #[serde(with = "words::hex")]
        wasm: Vec<u8>,
    },
    /// Make an instance.
    Instantiate {
        /// The module.
        module: usize,
    },
    /// Call a function.
    Invoke {
        /// The instance.
        instance: usize,
        /// The name of the export.
        name: String,
        /// The arguments.
        #[serde(default)]
        args: Vec<Argument>,
    },
    /// Make an instance with what others export.
    Link {
        /// The module.
        module: usize,
        /// Where these imports come from.
        with: Vec<Binding>,
    },
    /// Write bytes to a memory.
    Write {
        /// The instance.
        instance: usize,
        /// The name of the export.
        name: String,
        /// The address.
        at: u64,
        /// The bytes, in hexadecimal.
        #[serde(with = "words::hex")]
        bytes: Vec<u8>,
    },
    /// Set a global.
    Set {
        /// The instance.
        instance: usize,
        /// The name of the export.
        name: String,
        /// The value.
        value: Argument,
    },
    /// Set an element of a table.
    Put {
        /// The instance.
        instance: usize,
        /// The name of the export.
        name: String,
        /// The element.
        at: u64,
        /// The value.
        value: Argument,
    },
    /// Grow a memory or a table.
    Grow {
        /// The instance.
        instance: usize,
        /// The name of the export.
        name: String,
        /// By how much.
        by: u64,
    },
    /// Forget an instance.
    Drop {
        /// The instance.
        instance: usize,
    },
    /// The value of a global.
    Get {
        /// The instance.
        instance: usize,
        /// The name of the export.
        name: String,
    },
    /// What do memories, tables and globals hold?
    State {
        /// How much of it.
        scope: Scope,
    },
}

impl Ask {
    /// The question that begins a case.
    pub fn begin(settings: &Settings, fuel: Option<u64>) -> Self {
        Self::Begin {
            fuel,
            host_seed: settings.host_seed,
            host_errors: settings.host_errors,
            memory_bytes: settings.memory_bytes as u64,
            table_elements: settings.table_elements as u64,
        }
    }

    /// The question that is a step of a script.
    pub fn step(step: &Step) -> Self {
        match step.clone() {
            Step::Instantiate { instantiate } => Self::Instantiate { module: instantiate },
            Step::Call { call, instance, args } => Self::Invoke { instance, name: call, args },
            Step::Link { link, with } => Self::Link { module: link, with },
            Step::Write { write, instance, at, bytes } => Self::Write { instance, name: write, at, bytes },
            Step::Set { set, instance, value } => Self::Set { instance, name: set, value },
            Step::Put { put, instance, at, value } => Self::Put { instance, name: put, at, value },
            Step::Grow { grow, instance, by } => Self::Grow { instance, name: grow, by },
            Step::Drop { drop } => Self::Drop { instance: drop },
        }
    }

    /// The step that this question asks for; the question itself where it asks for none.
    pub fn asked_step(self) -> Result<Step, Self> {
        Ok(match self {
            Self::Instantiate { module } => Step::Instantiate { instantiate: module },
            Self::Invoke { instance, name, args } => Step::Call { call: name, instance, args },
            Self::Link { module, with } => Step::Link { link: module, with },
            Self::Write { instance, name, at, bytes } => Step::Write { write: name, instance, at, bytes },
            Self::Set { instance, name, value } => Step::Set { set: name, instance, value },
            Self::Put { instance, name, at, value } => Step::Put { put: name, instance, at, value },
            Self::Grow { instance, name, by } => Step::Grow { grow: name, instance, by },
            Self::Drop { instance } => Step::Drop { drop: instance },
            other => return Err(other),
        })
    }
}

/// A line from the engine: an answer or an error, to the question of this number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply<T> {
    /// The question's number; none where the question had none that could be read.
    pub id: Option<u64>,
    /// The answer.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub ok: Option<T>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Fault>,
}

/// The default of a field whose type has none.
fn none<T>() -> Option<T> {
    None
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The class.
    pub code: Code,
    /// In words.
    pub message: String,
}

impl Fault {
    /// The error with the code that stands in a line, whatever it is.
    pub fn of(code: &str, message: String) -> Self {
        let code = serde_json::from_value(code.into()).unwrap_or(Code::Internal);
        Self { code, message }
    }
}

/// Classes of errors.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The line is no question: not JSON, no number, or fields of a wrong form.
    Malformed,
    /// The line is longer than [`MAX_LINE`].
    TooLong,
    /// The question is unknown.
    UnknownOp,
    /// The version is not spoken here.
    Version,
    /// There was no `begin`, or a panic has ended what had begun.
    NotBegun,
    /// A module, an instance or an export is not there.
    NotFound,
    /// What is asked for is beyond what the engine said it could do.
    Unsupported,
    /// Anything that the engine itself holds against itself. Also what an unknown code is read as.
    #[serde(other)]
    Internal,
}

/// The answer to `hello`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeting {
    /// The version spoken here.
    pub protocol: u32,
    /// The engine's name.
    pub engine: String,
    /// The engine's version.
    pub version: String,
    /// What it can do.
    pub capabilities: Capabilities,
}

/// What an engine can do, and what it can see of what it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Keys of features that modules may use; for people to read.
    pub features: Vec<String>,
    /// Whether it counts fuel by the rule of this runtime.
    pub fuel: bool,
    /// Whether it keeps memories and tables to the limits of `begin`.
    pub limits: bool,
    /// How much of the state it can show.
    pub state: Scope,
    /// Whether it knows where functions come from.
    pub functions: bool,
    /// Whether the trap at an uninitialized element names the element.
    pub elements: bool,
    /// Whether traps have a function and an offset.
    pub places: bool,
    /// Whether it takes the steps beside `instantiate` and `invoke`.
    #[serde(default)]
    pub steps: bool,
    /// Whether it plays scripts, too.
    #[serde(default)]
    pub scripts: bool,
    /// Groups of traps that it does not tell apart, by their texts. It reports the first of a group.
    pub alike: Vec<Vec<String>>,
}

impl Capabilities {
    /// Those of an engine of which nothing is known yet.
    pub fn none() -> Self {
        Self {
            features: Vec::new(),
            fuel: false,
            limits: false,
            state: Scope::Nothing,
            functions: false,
            elements: false,
            places: false,
            steps: false,
            scripts: false,
            alike: Vec::new(),
        }
    }
}

/// The answer to `begin`: an empty object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {}

/// The answer to `module`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    /// Whether it can be instantiated: `returned` with nothing, `rejected` or `unsupported`.
    pub outcome: Ended,
}

/// The answer to `instantiate` and `invoke`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// How it ended.
    pub outcome: Ended,
    /// Calls of host functions meanwhile.
    pub calls: Calls,
    /// Fuel left, where it is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// With these results.
    Returned(Vec<Word>),
    /// With a trap.
    Trapped {
        /// The text of the trap.
        trap: String,
        /// The index of an uninitialized element.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        element: Option<u64>,
        /// The function that trapped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        func: Option<u32>,
        /// The position of the operator in the binary.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offset: Option<u32>,
    },
    /// With an exception that nothing caught.
    Threw,
    /// With the error of a host function.
    HostError,
    /// The module is invalid.
    Rejected(String),
    /// The module needs what the engine does not have.
    Unsupported(String),
    /// Imports or arguments do not fit.
    Refused(String),
    /// A limit was met.
    Limited(String),
    /// The instance was never made.
    Skipped,
    /// The engine failed. It wants a new `begin`.
    Panicked(String),
}

/// Calls of host functions. All are counted, the first thousand are told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    /// How many.
    pub count: u64,
    /// The first ones.
    pub first: Vec<Call>,
}

/// A call of a host function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The position of the import in its module.
    pub import: usize,
    /// The arguments.
    pub args: Vec<Word>,
}

/// The answer to `get`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// The value.
    pub value: Word,
}

/// The answer to `state`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Values of globals.
    pub globals: Vec<Word>,
    /// Memories.
    pub memories: Vec<Memory>,
    /// Tables, as runs of equal elements.
    pub tables: Vec<Vec<(usize, Word)>>,
}

/// What a memory holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Its size in bytes.
    pub size: usize,
    /// The digest of its contents.
    #[serde(with = "words::hex")]
    pub sha256: Vec<u8>,
}

impl From<Outcome> for Ended {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Returned(values) => Self::Returned(values.into_iter().map(Word).collect()),
            Outcome::Trapped { kind, element, place, .. } => Self::Trapped {
                trap: kind.text().to_owned(),
                element,
                func: place.map(|(func, _)| func),
                offset: place.and_then(|(_, offset)| offset),
            },
            Outcome::Threw(_) => Self::Threw,
            Outcome::HostError => Self::HostError,
            Outcome::Rejected(why) => Self::Rejected(why),
            Outcome::Refused(why) => Self::Refused(why),
            Outcome::Limited(why) => Self::Limited(why),
            Outcome::Skipped => Self::Skipped,
            Outcome::Panicked(why) => Self::Panicked(why),
        }
    }
}

impl Ended {
    /// What it says for the comparison.
    ///
    /// # Errors
    /// When the trap is unknown, or the module needs what the engine lacks: that is the engine's to say, not an outcome.
    pub fn outcome(self) -> Result<Outcome, String> {
        Ok(match self {
            Self::Returned(words) => Outcome::Returned(seen(words)),
            Self::Trapped { trap, element, func, offset } => {
                let kind = trap_of(&trap).ok_or_else(|| format!("unknown trap `{trap}`"))?;
                Outcome::Trapped { kind, element, place: func.map(|func| (func, offset)), accesses: None }
            }
            Self::Threw => Outcome::Threw(Seen::Unseen),
            Self::HostError => Outcome::HostError,
            Self::Rejected(why) => Outcome::Rejected(why),
            Self::Unsupported(what) => return Err(format!("unsupported: {what}")),
            Self::Refused(why) => Outcome::Refused(why),
            Self::Limited(why) => Outcome::Limited(why),
            Self::Skipped => Outcome::Skipped,
            Self::Panicked(why) => Outcome::Panicked(why),
        })
    }
}

/// The trap with this text.
pub fn trap_of(text: &str) -> Option<Trap> {
    Trap::ALL.iter().copied().find(|kind| kind.text() == text)
}

fn seen(words: Vec<Word>) -> Vec<Seen> {
    words.into_iter().map(|word| word.0).collect()
}

impl From<Trace> for Calls {
    fn from(trace: Trace) -> Self {
        let call =
            |call: HostCall| Call { import: call.import, args: call.args.into_iter().map(Word).collect() };
        Self { count: trace.count, first: trace.calls.into_iter().map(call).collect() }
    }
}

impl From<Calls> for Trace {
    fn from(calls: Calls) -> Self {
        let call = |call: Call| HostCall { import: call.import, args: seen(call.args) };
        Self { count: calls.count, calls: calls.first.into_iter().map(call).collect() }
    }
}

impl From<State> for Contents {
    fn from(state: State) -> Self {
        let memory = |image: &Image| Memory { size: image.size, sha256: image.digest().to_vec() };
        Self {
            globals: state.globals.into_iter().map(Word).collect(),
            memories: state.memories.iter().map(memory).collect(),
            tables: state.tables.into_iter().map(runs).collect(),
        }
    }
}

/// Elements as runs of equal ones.
fn runs(elements: Vec<Seen>) -> Vec<(usize, Word)> {
    let mut runs: Vec<(usize, Word)> = Vec::new();
    for element in elements {
        match runs.last_mut() {
            Some((count, Word(last))) if *last == element => *count += 1,
            _ => runs.push((1, Word(element))),
        }
    }
    runs
}

impl Contents {
    /// What it says for the comparison.
    ///
    /// # Errors
    /// When a digest has another length, or a table is larger than any of a case can be.
    pub fn state(self) -> Result<State, String> {
        let image = |memory: Memory| {
            let digest = memory.sha256.try_into().map_err(|_| "a digest has 32 bytes".to_owned())?;
            Ok::<_, String>(Image::of_digest(memory.size, digest))
        };
        Ok(State {
            globals: seen(self.globals),
            memories: self.memories.into_iter().map(image).collect::<Result<_, _>>()?,
            tables: self.tables.into_iter().map(elements).collect::<Result<_, _>>()?,
        })
    }
}

fn elements(runs: Vec<(usize, Word)>) -> Result<Vec<Seen>, String> {
    let size = runs.iter().try_fold(0_usize, |size, (count, _)| size.checked_add(*count));
    if size.is_none_or(|size| size > MAX_ELEMENTS) {
        return Err(format!("a table of more than {MAX_ELEMENTS} elements"));
    }
    Ok(runs.into_iter().flat_map(|(count, word)| std::iter::repeat_n(word.0, count)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_survive_the_way() {
        let state = State {
            globals: vec![Seen::F32(0x7fa0_0001), Seen::Null],
            memories: vec![Image::of(&[0, 5])],
            tables: vec![vec![Seen::Null, Seen::Null, Seen::SomeFunc, Seen::Null], Vec::new()],
        };
        let contents = Contents::from(state.clone());
        assert_eq!(contents.tables[0].len(), 3, "equal neighbours are told once");
        let line = serde_json::to_string(&contents).unwrap();
        let back = serde_json::from_str::<Contents>(&line).unwrap().state().unwrap();
        assert_eq!((&back.globals, &back.tables), (&state.globals, &state.tables));
        assert_eq!(back.memories[0].digest(), state.memories[0].digest());
    }

    #[test]
    fn tables_cannot_be_made_to_fill_the_memory_of_the_one_who_asks() {
        let huge = r#"{"globals":[],"memories":[],"tables":[[[18446744073709551615,"null"],[1,"null"]]]}"#;
        assert!(serde_json::from_str::<Contents>(huge).unwrap().state().is_err());
        let short = r#"{"globals":[],"memories":[{"size":1,"sha256":"00"}],"tables":[]}"#;
        assert!(serde_json::from_str::<Contents>(short).unwrap().state().is_err());
    }

    #[test]
    fn every_trap_is_known_by_its_text() {
        for &kind in Trap::ALL {
            let outcome =
                Outcome::Trapped { kind, element: Some(3), place: Some((1, Some(7))), accesses: None };
            assert_eq!(Ended::from(outcome.clone()).outcome(), Ok(outcome));
        }
        let other =
            Ended::Trapped { trap: "no such trap".to_owned(), element: None, func: None, offset: None };
        assert!(other.outcome().is_err());
    }
}
