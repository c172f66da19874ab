//! A case: modules, a script of calls, and the settings under which both are played.
//!
//! Cases come from a generator or from a file ([`Case::load`]), and go to the lanes unchanged. A case knows no engine and no
//! lane; whatever a run needs to be repeated anywhere is written in it.

mod argument;
mod file;

pub use argument::Argument;
pub use file::{CaseError, VERSION};

use serde::{Deserialize, Serialize};

/// Something to play on every lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Where it comes from, in words.
    pub origin: String,
    /// How it is played.
    pub settings: Settings,
    /// The modules, by which steps name them.
    pub modules: Vec<ModuleBytes>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// A module.
#[derive(Clone, Debug, PartialEq)]
pub struct ModuleBytes {
    /// The binary.
    pub bytes: Vec<u8>,
    /// The same module with every NaN made canonical where it arises: tells a difference that NaN bits explain from one
    /// that they do not. Absent where the module decides nothing by such bits, or makes them canonical itself.
    pub canonical: Option<Vec<u8>>,
}

/// How a case is played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Fuel for each step. Whether the compiled lanes count it says `metered`.
    pub fuel: u64,
    /// Whether every lane counts fuel. If not, the interpreter finds out first whether the case ends within `fuel`, and
    /// counts in every lane only when it does not.
    pub metered: bool,
    /// What host functions return, and the contents of provided globals, follow from this number.
    pub host_seed: u64,
    /// Whether host functions now and then return an error.
    pub host_errors: bool,
    /// Largest size of a memory in bytes.
    pub memory_bytes: usize,
    /// Largest size of a table in elements.
    pub table_elements: usize,
    /// Whether the modules are known to be valid, so that rejecting one is a finding.
    pub valid: bool,
    /// Whether NaN bits of computed floats may differ in results and globals.
    pub free_nans: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            fuel: 100_000,
            metered: true,
            host_seed: 0,
            host_errors: false,
            memory_bytes: 64 << 16,
            table_elements: 10_000,
            valid: true,
            free_nans: true,
        }
    }
}

/// A step of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Step {
    /// Makes an instance of a module. Instances are numbered in this order.
    Instantiate {
        /// The module.
        instantiate: usize,
    },
    /// Calls an exported function.
    Call {
        /// Name of the export.
        call: String,
        /// The instance.
        instance: usize,
        /// The arguments.
        #[serde(default)]
        args: Vec<Argument>,
    },
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Instantiate { instantiate } => write!(f, "instantiate module {instantiate}"),
            Self::Call { call, instance, args } => {
                let args: Vec<String> = args.iter().map(ToString::to_string).collect();
                write!(f, "call {instance}.{call:?}({})", args.join(", "))
            }
        }
    }
}

impl Case {
    /// Whether some module has a form in which NaN bits decide nothing.
    pub fn has_canonical(&self) -> bool {
        self.modules.iter().any(|module| module.canonical.is_some())
    }

    /// The same case with that form, to be compared bit for bit.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let canonical = |module: &ModuleBytes| ModuleBytes {
            bytes: module.canonical.as_ref().unwrap_or(&module.bytes).clone(),
            canonical: None,
        };
        Self {
            origin: format!("{}, NaNs made canonical", self.origin),
            settings: Settings { free_nans: false, ..self.settings.clone() },
            modules: self.modules.iter().map(canonical).collect(),
            steps: self.steps.clone(),
        }
    }
}
