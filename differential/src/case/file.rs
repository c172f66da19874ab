//! Cases as files: TOML with modules as text, readable and stable.
//!
//! Enters: a path or a text; leaves: a case, or what is wrong with the file. Modules are written as text where that text
//! assembles to the very same bytes, in hexadecimal otherwise: a case that is loaded again is the case that was saved.

use super::{Case, ModuleBytes, Settings, Step};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The version of the form. A file of a later version is refused. Version 1 has no steps but `instantiate` and `call`; a case
/// that needs no others is still written so.
pub const VERSION: u32 = 2;

/// Why a case file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// It cannot be read or written.
    #[error("failed to {what} `{path}`: {error}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// It is not a case.
    #[error("not a case: {0}")]
    Malformed(String),
    /// It is of another version.
    #[error("the case has version {found}; this build reads versions up to {VERSION}")]
    Version {
        /// The version it says.
        found: u32,
    },
    /// A module in it cannot be read.
    #[error("module {module} of the case: {message}")]
    Module {
        /// Which.
        module: usize,
        /// Why not.
        message: String,
    },
    /// A step names what is not there.
    #[error("step {step} of the case names {what} {index}, but there are {count}")]
    Dangling {
        /// Which step.
        step: usize,
        /// What it names.
        what: &'static str,
        /// Under which number.
        index: usize,
        /// How many there are.
        count: usize,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    origin: String,
    settings: Settings,
    #[serde(rename = "module", default)]
    modules: Vec<ModuleText>,
    #[serde(rename = "step", default)]
    steps: Vec<Step>,
}

/// Only the version, to tell another version from a damaged file.
#[derive(Deserialize)]
struct Head {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModuleText {
    #[serde(flatten)]
    form: Form,
    #[serde(skip_serializing_if = "Option::is_none")]
    canonical: Option<Form>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Form {
    Wat(String),
    Hex(String),
}

impl Form {
    fn of(bytes: &[u8]) -> Self {
        let text = wasmprinter::print_bytes(bytes).ok();
        let faithful = text.filter(|text| wat::parse_str(text).is_ok_and(|again| again == bytes));
        faithful.map_or_else(|| Self::Hex(hex(bytes)), Self::Wat)
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Wat(text) => wat::parse_str(text).map_err(|error| error.to_string()),
            Self::Hex(digits) => unhex(digits),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let lines =
        bytes.chunks(32).map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    lines.fold(String::from("\n"), |text, line| text + &line + "\n")
}

fn unhex(digits: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<char> = digits.chars().filter(|char| !char.is_whitespace()).collect();
    let value = |char: char| char.to_digit(16).ok_or_else(|| format!("`{char}` is not a hexadecimal digit"));
    let byte = |pair: &[char]| match *pair {
        [high, low] => Ok((value(high)? * 16 + value(low)?) as u8),
        _ => Err("an odd number of hexadecimal digits".to_owned()),
    };
    digits.chunks(2).map(byte).collect()
}

impl Case {
    /// The case as text.
    ///
    /// # Errors
    /// Never for cases of our generators.
    pub fn to_text(&self) -> Result<String, CaseError> {
        let module = |module: &ModuleBytes| ModuleText {
            form: Form::of(&module.bytes),
            canonical: module.canonical.as_deref().map(Form::of),
        };
        let file = File {
            version: if self.steps.iter().any(Step::is_new) { VERSION } else { 1 },
            origin: self.origin.clone(),
            settings: self.settings.clone(),
            modules: self.modules.iter().map(module).collect(),
            steps: self.steps.clone(),
        };
        toml::to_string_pretty(&file).map_err(|error| CaseError::Malformed(error.to_string()))
    }

    /// The case of a text.
    ///
    /// # Errors
    /// When the text is no case of this version, or contradicts itself.
    pub fn from_text(text: &str) -> Result<Self, CaseError> {
        let malformed = |error: toml::de::Error| CaseError::Malformed(error.to_string());
        let head: Head = toml::from_str(text).map_err(malformed)?;
        if !(1..=VERSION).contains(&head.version) {
            return Err(CaseError::Version { found: head.version });
        }
        let file: File = toml::from_str(text).map_err(malformed)?;
        if let Some(step) = file.steps.iter().find(|step| step.is_new() && file.version == 1) {
            return Err(CaseError::Malformed(format!("version 1 does not know the step `{step}`")));
        }
        let module = |(number, text): (usize, &ModuleText)| {
            let read =
                |form: &Form| form.bytes().map_err(|message| CaseError::Module { module: number, message });
            Ok(ModuleBytes {
                bytes: read(&text.form)?,
                canonical: text.canonical.as_ref().map(read).transpose()?,
            })
        };
        let modules = file.modules.iter().enumerate().map(module).collect::<Result<_, _>>()?;
        let case = Self { origin: file.origin, settings: file.settings, modules, steps: file.steps };
        case.check()?;
        Ok(case)
    }

    /// Every step names a module or an instance that is there by then.
    fn check(&self) -> Result<(), CaseError> {
        let mut instances = 0;
        for (step, action) in self.steps.iter().enumerate() {
            let module = action.module().map(|module| ("module", module, self.modules.len()));
            let named = action.instances().into_iter().map(|instance| ("instance", instance, instances));
            for (what, index, count) in named.chain(module) {
                if index >= count {
                    return Err(CaseError::Dangling { step, what, index, count });
                }
            }
            instances += usize::from(action.module().is_some());
        }
        Ok(())
    }

    /// Saves the case. The file appears whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), CaseError> {
        write(path, &self.to_text()?)
    }

    /// Loads a case.
    ///
    /// # Errors
    /// When the file cannot be read, and as for [`Case::from_text`].
    pub fn load(path: &Path) -> Result<Self, CaseError> {
        Self::from_text(&read(path)?)
    }
}

/// Writes a file, which appears whole or not at all.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), CaseError> {
    let unfinished = path.with_extension("unfinished");
    let written = std::fs::write(&unfinished, text);
    written.and_then(|()| std::fs::rename(&unfinished, path)).map_err(|error| {
        // What is not whole is of no use.
        let _removed = std::fs::remove_file(&unfinished);
        CaseError::Io { what: "write", path: path.to_owned(), error }
    })
}

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<String, CaseError> {
    std::fs::read_to_string(path).map_err(|error| CaseError::Io {
        what: "read",
        path: path.to_owned(),
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Argument, Binding};
    use super::*;

    fn case() -> Case {
        let bytes = wat::parse_str("(module (func (export \"f\") (param i32)))").unwrap();
        let call = Step::Call { call: "f".into(), instance: 0, args: vec![Argument::I32(5)] };
        Case {
            origin: "by hand".into(),
            settings: Settings::default(),
            modules: vec![
                ModuleBytes { bytes: bytes.clone(), canonical: Some(bytes) },
                ModuleBytes { bytes: b"\0asm nothing".to_vec(), canonical: None },
            ],
            steps: vec![Step::Instantiate { instantiate: 0 }, call],
        }
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let text = case().to_text().unwrap();
        assert!(text.contains("(export \"f\""), "modules are readable:\n{text}");
        assert_eq!(Case::from_text(&text).unwrap(), case());
    }

    #[test]
    fn other_versions_and_damage_are_told_apart() {
        let text = case().to_text().unwrap();
        for (version, found) in [("version = 3\nwhatever = 3", 3), ("version = 0", 0)] {
            let other = text.replace("version = 1", version);
            let error = Case::from_text(&other).unwrap_err();
            assert!(matches!(error, CaseError::Version { found: said } if said == found), "{error}");
        }
        assert!(matches!(Case::from_text(&text[..text.len() / 2]), Err(CaseError::Malformed(_))));
        assert!(matches!(
            Case::from_text(&text.replace("(func", "(fun")),
            Err(CaseError::Module { module: 0, .. })
        ));
    }

    #[test]
    fn every_step_is_saved_and_loaded_in_the_second_version() {
        let plain = case().to_text().unwrap();
        assert!(plain.starts_with("version = 1"), "{plain}");
        let mut linked = case();
        let binding = Binding { import: 3, instance: 0, export: "a \"name\"".into() };
        linked.steps.extend([
            Step::Link { link: 1, with: vec![binding] },
            Step::Write { write: "m".into(), instance: 0, at: 65_535, bytes: vec![0, 255, 7] },
            Step::Set { set: "g".into(), instance: 1, value: Argument::F64(u64::MAX) },
            Step::Put { put: "t".into(), instance: 0, at: 2, value: Argument::Func(Some((0, "f".into()))) },
            Step::Grow { grow: "m".into(), instance: 0, by: 1 },
            Step::Drop { drop: 0 },
        ]);
        let text = linked.to_text().unwrap();
        assert_eq!(Case::from_text(&text).unwrap(), linked, "{text}");
        let early = text.replace("version = 2", "version = 1");
        assert!(matches!(Case::from_text(&early), Err(CaseError::Malformed(_))));
        linked.steps.push(Step::Drop { drop: 2 });
        assert!(matches!(
            Case::from_text(&linked.to_text().unwrap()),
            Err(CaseError::Dangling { what: "instance", index: 2, count: 2, .. })
        ));
    }

    #[test]
    fn steps_name_what_is_there() {
        let mut early = case();
        early.steps.swap(0, 1);
        let error = Case::from_text(&early.to_text().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "step 0 of the case names instance 0, but there are 0");
        let mut beyond = case();
        beyond.steps[0] = Step::Instantiate { instantiate: 2 };
        assert!(Case::from_text(&beyond.to_text().unwrap()).is_err());
    }
}
