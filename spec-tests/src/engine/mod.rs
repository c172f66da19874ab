//! The engine under test, as the driver sees it: a machine that is given modules and calls, and answers in types.
//!
//! Enters: binary modules and values; leaves: values or a [`Failure`] that says at which stage things went wrong. What a
//! failure means is not known here; `judge` compares it with what the script expects.

mod lane;
mod runtime;

use std::any::Any;
use std::fmt;

pub use lane::{Command, DEFAULT_ENGINES, ENGINES, Lane};
pub use runtime::{Runtime, RuntimeScripts};

use serde::{Deserialize, Serialize};

use crate::features::Profile;
use crate::value::Value;

/// A module that a session has compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleId(pub usize);

/// An instance that lives in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceId(pub usize);

/// What one session gives to others, on other threads: the shared memories that an instance exports.
pub type SharedExports = Box<dyn Any + Send>;

/// An engine with its configuration. Sessions are opened on the threads that use them.
pub trait EngineUnderTest: Send + Sync {
    /// A fresh store with nothing in it but the `spectest` host module.
    fn open(&self) -> Box<dyn Session>;

    /// Such a store for the script's thread with this number, from 1.
    fn open_thread(&self, _number: usize) -> Box<dyn Session> {
        self.open()
    }

    /// Whether several sessions can be used at the same time.
    fn has_threads(&self) -> bool {
        true
    }
}

/// A store in which one script plays.
pub trait Session {
    /// Decodes and validates a module without compiling it.
    fn check(&mut self, bytes: &[u8]) -> Result<(), Failure>;

    /// Looks into the custom sections of a valid module.
    fn check_custom(&mut self, bytes: &[u8]) -> Result<(), Failure>;

    /// Decodes, validates and compiles a module.
    fn define(&mut self, bytes: &[u8]) -> Result<ModuleId, Failure>;

    /// The names of the modules from which a module imports.
    fn imports(&self, module: ModuleId) -> Vec<String>;

    /// A new instance, with imports from `spectest` and the registered instances.
    fn instantiate(&mut self, module: ModuleId) -> Result<InstanceId, Failure>;

    /// Makes the exports of an instance importable under a name, instead of what had that name before.
    fn register(&mut self, name: &str, instance: InstanceId);

    /// Makes them importable beside what has that name already.
    fn add(&mut self, name: &str, instance: InstanceId) {
        self.register(name, instance);
    }

    /// Takes a name away, so that importing from it fails.
    fn unregister(&mut self, name: &str);

    /// Calls an exported function; the results replace what is in `results`.
    fn invoke(
        &mut self,
        instance: InstanceId,
        field: &str,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), Failure>;

    /// What an instance gives to other sessions.
    ///
    /// # Errors
    ///
    /// When the engine has no threads.
    fn share(&mut self, _instance: InstanceId) -> Result<SharedExports, Failure> {
        Err(Failure::new(Stage::Unsupported, "threads"))
    }

    /// Takes what an instance of another session gives, as an instance that exports just that.
    ///
    /// # Errors
    ///
    /// When it comes from another kind of session.
    fn adopt(&mut self, _exports: SharedExports) -> Result<InstanceId, Failure> {
        Err(Failure::new(Stage::Unsupported, "threads"))
    }

    /// Reads an exported global.
    fn get(&mut self, instance: InstanceId, field: &str) -> Result<Value, Failure>;

    /// How the engine was lost, if it lived elsewhere and is gone.
    fn gone(&self) -> Option<&Gone> {
        None
    }
}

/// An engine of another process that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// How.
    pub fall: Fall,
    /// The end of what it wrote to standard error.
    pub words: String,
}

/// How an engine of another process was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fall {
    /// It gave no answer in time.
    Timeout,
    /// It ended or broke the rules, in these words.
    Crash(String),
}

/// Makes engines; what a worker process is given.
pub trait EngineFactory {
    /// An engine for `lane` that accepts the features of `profile`.
    fn engine(&self, lane: &Lane, profile: &'static Profile) -> Result<Box<dyn EngineUnderTest>, String>;
}

/// How an engine says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// At which stage.
    pub stage: Stage,
    /// In its own words; for [`Stage::Unsupported`], the key of the feature.
    pub text: String,
}

/// The stages at which something can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The bytes or the text are no module.
    Malformed,
    /// The module breaks a rule of validation.
    Invalid,
    /// The module is refused by an engine that does not tell the two above apart.
    Rejected,
    /// The module is valid, but needs a feature that is off or not built.
    Unsupported,
    /// The imports do not fit.
    Unlinkable,
    /// A trap.
    Trap,
    /// The call stack, or another resource of the abstract machine, is exhausted.
    Exhaustion,
    /// An exception left the call.
    Exception,
    /// Something that no script expects: a missing export, a wrong argument, an internal error.
    Host,
}

impl Failure {
    /// A failure at `stage`, in these words.
    pub fn new(stage: Stage, text: impl Into<String>) -> Self {
        Self { stage, text: text.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.stage, self.text)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed",
            Self::Invalid => "invalid",
            Self::Rejected => "rejected",
            Self::Unsupported => "unsupported feature",
            Self::Unlinkable => "unlinkable",
            Self::Trap => "trap",
            Self::Exhaustion => "exhaustion",
            Self::Exception => "exception",
            Self::Host => "error",
        })
    }
}
