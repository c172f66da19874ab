//! A case: modules, a script of calls, and the settings under which both are played.
//!
//! Cases come from a generator or from a file ([`Case::load`]), and go to the lanes unchanged. A case knows no engine and no
//! lane; whatever a run needs to be repeated anywhere is written in it.

mod argument;
mod file;

pub use argument::Argument;
pub use file::{CaseError, VERSION};
pub(crate) use file::{read, write};

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
    /// Makes an instance of a module, of which some imports are what earlier instances export. It counts among instances.
    Link {
        /// The module.
        link: usize,
        /// Where these imports come from; the host provides the others.
        with: Vec<Binding>,
    },
    /// The host writes bytes to an exported memory: 1, or 0 where they do not fit.
    Write {
        /// Name of the memory.
        write: String,
        /// The instance.
        instance: usize,
        /// The address.
        at: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The host sets an exported global: 1, or 0 where it is constant.
    Set {
        /// Name of the global.
        set: String,
        /// The instance.
        instance: usize,
        /// The value.
        value: Argument,
    },
    /// The host sets an element of an exported table: 1, or 0 where there is no such element.
    Put {
        /// Name of the table.
        put: String,
        /// The instance.
        instance: usize,
        /// The element.
        at: u64,
        /// The value.
        value: Argument,
    },
    /// The host grows an exported memory, or a table by null references: the size before, or -1.
    Grow {
        /// Name of the memory or table.
        grow: String,
        /// The instance.
        instance: usize,
        /// By how many pages or elements.
        by: u64,
    },
    /// The host forgets an instance. What others have of it lives on.
    Drop {
        /// The instance.
        drop: usize,
    },
}

/// Where an import comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The position of the import in its module.
    pub import: usize,
    /// The instance that exports it.
    pub instance: usize,
    /// The name of the export.
    pub export: String,
}

impl Step {
    /// The module of which it makes an instance.
    pub fn module(&self) -> Option<usize> {
        match *self {
            Self::Instantiate { instantiate } => Some(instantiate),
            Self::Link { link, .. } => Some(link),
            _ => None,
        }
    }

    /// Whether only hosts that take all kinds of steps can take it, which version 1 of files and early engines do not know.
    pub fn is_new(&self) -> bool {
        !matches!(self, Self::Instantiate { .. } | Self::Call { .. })
    }

    /// The same step with the module and the instances that it names under other numbers. `None` when one of the instances
    /// that it cannot do without has none; a function of such an instance becomes null.
    pub fn renumbered(
        &self,
        module: impl Fn(usize) -> usize,
        instances: impl Fn(usize) -> Option<usize>,
    ) -> Option<Self> {
        let mut step = self.clone();
        match &mut step {
            Self::Instantiate { instantiate } => *instantiate = module(*instantiate),
            Self::Link { link, with } => {
                *link = module(*link);
                for binding in with {
                    binding.instance = instances(binding.instance)?;
                }
            }
            Self::Call { instance, args, .. } => {
                *instance = instances(*instance)?;
                args.iter_mut().for_each(|arg| arg.renumber(&instances));
            }
            Self::Set { instance, value, .. } | Self::Put { instance, value, .. } => {
                *instance = instances(*instance)?;
                value.renumber(&instances);
            }
            Self::Write { instance, .. } | Self::Grow { instance, .. } | Self::Drop { drop: instance } => {
                *instance = instances(*instance)?;
            }
        }
        Some(step)
    }

    /// The instances that it names.
    pub fn instances(&self) -> Vec<usize> {
        match self {
            Self::Instantiate { .. } => Vec::new(),
            Self::Link { with, .. } => with.iter().map(|binding| binding.instance).collect(),
            Self::Call { instance, .. }
            | Self::Write { instance, .. }
            | Self::Set { instance, .. }
            | Self::Put { instance, .. }
            | Self::Grow { instance, .. }
            | Self::Drop { drop: instance } => vec![*instance],
        }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Instantiate { instantiate } => write!(f, "instantiate module {instantiate}"),
            Self::Call { call, instance, args } => {
                let args: Vec<String> = args.iter().map(ToString::to_string).collect();
                write!(f, "call {instance}.{call:?}({})", args.join(", "))
            }
            Self::Link { link, with } => {
                let with: Vec<String> = with.iter().map(ToString::to_string).collect();
                write!(f, "instantiate module {link} with {}", with.join(", "))
            }
            Self::Write { write, instance, at, bytes } => {
                write!(f, "write {} bytes to {instance}.{write:?} at {at:#x}", bytes.len())
            }
            Self::Set { set, instance, value } => write!(f, "set {instance}.{set:?} to {value}"),
            Self::Put { put, instance, at, value } => write!(f, "set {instance}.{put:?}[{at}] to {value}"),
            Self::Grow { grow, instance, by } => write!(f, "grow {instance}.{grow:?} by {by}"),
            Self::Drop { drop } => write!(f, "forget instance {drop}"),
        }
    }
}

impl std::fmt::Display for Binding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "import {} = {}.{:?}", self.import, self.instance, self.export)
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
