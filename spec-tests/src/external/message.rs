//! The lines of the protocol's part for scripts as types.
//!
//! Enters: what a line says; leaves: questions and answers in values of ours. Knows no process and no engine.

use serde::{Deserialize, Serialize};

use super::words::Word;
use crate::engine::{Failure, Stage};

/// The version of the protocol.
pub const VERSION: u32 = 1;

/// What is asked of an engine that plays a script. A line has an `id` beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Ask {
    /// Forget everything; make a store in which modules may use these features.
    Script {
        /// Their keys.
        features: Vec<String>,
    },
    /// Decode and validate a module.
    Check {
        /// The binary.
        wasm: Hex,
        /// Whether to look into its custom sections instead; it is known to be valid otherwise.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        custom: bool,
    },
    /// Decode, validate and compile a module, and keep it.
    Define {
        /// The binary.
        wasm: Hex,
    },
    /// Make an instance, with imports from what is registered.
    Create {
        /// The module.
        module: usize,
    },
    /// Make what an instance exports importable under a name.
    Register {
        /// The name.
        name: String,
        /// The instance.
        instance: usize,
        /// Whether it stands beside what has that name, instead of replacing it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        add: bool,
    },
    /// Take a name away.
    Unregister {
        /// The name.
        name: String,
    },
    /// Call a function.
    Call {
        /// The instance.
        instance: usize,
        /// The name of the export.
        name: String,
        /// The arguments.
        #[serde(default)]
        args: Vec<Word>,
    },
    /// The value of a global.
    Read {
        /// The instance.
        instance: usize,
        /// The name of the export.
        name: String,
    },
}

/// The operations that [`Ask`] knows.
pub const OPS: [&str; 8] = ["script", "check", "define", "create", "register", "unregister", "call", "read"];

/// The answer to `script`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// The features that were asked for and that the engine does not have.
    #[serde(default)]
    pub lacking: Vec<String>,
}

/// The answer to every other question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// How it went.
    pub outcome: Outcome,
    /// The names of the modules from which a module imports: for `define`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<String>,
}

/// How a question of a script was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// With these values.
    Returned(Vec<Word>),
    /// Not.
    Failed {
        /// At which stage.
        stage: StageName,
        /// In which words; for `unsupported`, the key of the feature.
        text: String,
    },
}

/// The stages, as lines name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the stages of `engine`")]
pub enum StageName {
    Malformed,
    Invalid,
    Rejected,
    Unsupported,
    Unlinkable,
    Trap,
    Exhaustion,
    Exception,
    Error,
}

/// Each stage with its name.
const STAGES: [(Stage, StageName); 9] = [
    (Stage::Malformed, StageName::Malformed),
    (Stage::Invalid, StageName::Invalid),
    (Stage::Rejected, StageName::Rejected),
    (Stage::Unsupported, StageName::Unsupported),
    (Stage::Unlinkable, StageName::Unlinkable),
    (Stage::Trap, StageName::Trap),
    (Stage::Exhaustion, StageName::Exhaustion),
    (Stage::Exception, StageName::Exception),
    (Stage::Host, StageName::Error),
];

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        let named = STAGES.iter().find(|(stage, _)| *stage == failure.stage);
        Self::Failed { stage: named.map_or(StageName::Error, |(_, name)| *name), text: failure.text }
    }
}

impl Outcome {
    /// Nothing went wrong, and there is nothing to tell.
    pub fn done() -> Self {
        Self::Returned(Vec::new())
    }

    /// The values, or the failure.
    ///
    /// # Errors
    /// When it is a failure.
    pub fn into_result(self) -> Result<Vec<Word>, Failure> {
        match self {
            Self::Returned(words) => Ok(words),
            Self::Failed { stage, text } => {
                let named = STAGES.iter().find(|(_, name)| *name == stage);
                Err(Failure::new(named.map_or(Stage::Host, |(stage, _)| *stage), text))
            }
        }
    }
}

/// What an engine says of itself, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeting {
    /// The version spoken there.
    pub protocol: u32,
    /// The engine's name.
    pub engine: String,
    /// The engine's version.
    pub version: String,
    /// What it can do.
    pub capabilities: Capabilities,
}

/// What an engine can do, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Whether it plays scripts.
    #[serde(default)]
    pub scripts: bool,
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The class.
    pub code: String,
    /// In words.
    pub message: String,
}

/// Bytes as hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Hex(pub Vec<u8>);

impl From<Hex> for String {
    fn from(hex: Hex) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digits = hex.0.iter().flat_map(|&byte| [byte >> 4, byte & 15]);
        digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
    }
}

impl TryFrom<String> for Hex {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let byte = |pair: &[u8]| match *pair {
            [high, low] => Some((digit(high)? * 16 + digit(low)?) as u8),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
        bytes.map(Self).ok_or("expected pairs of hexadecimal digits")
    }
}

#[cfg(test)]
mod tests {
    use super::{Ask, Hex, OPS, Outcome, STAGES};
    use crate::engine::Failure;

    #[test]
    fn every_stage_survives_the_way() {
        for (stage, _) in STAGES {
            let failure = Failure::new(stage, "so");
            let line = serde_json::to_string(&Outcome::from(failure.clone())).unwrap();
            let back: Outcome = serde_json::from_str(&line).unwrap();
            assert_eq!(back.into_result(), Err(failure));
        }
    }

    #[test]
    fn bytes_survive_the_way() {
        let hex = Hex(vec![0, 0x61, 0xff]);
        assert_eq!(String::from(hex.clone()), "0061ff");
        assert_eq!(Hex::try_from("0061Ff".to_owned()), Ok(hex));
        assert!(Hex::try_from("0".to_owned()).is_err() && Hex::try_from("0g".to_owned()).is_err());
    }

    #[test]
    fn the_list_of_operations_is_complete() {
        for op in OPS {
            let line = format!(
                r#"{{"op":"{op}","features":[],"wasm":"","module":0,"instance":0,"name":"","args":[]}}"#
            );
            assert!(serde_json::from_str::<Ask>(&line).is_ok(), "{op}");
        }
    }
}
