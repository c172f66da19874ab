//! Why an artifact is refused. Each reason is a sentence about the artifact.

use std::fmt::{self, Display};

/// Why an artifact was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The bytes are something else.
    #[error("not a precompiled module")]
    NotAnArtifact,
    /// Bytes are missing at the end.
    #[error("the precompiled module is truncated: {found} of {expected} bytes are there")]
    Truncated {
        /// Bytes that are there.
        found: u64,
        /// Bytes that it should have.
        expected: u64,
    },
    /// There are bytes behind the end.
    #[error("the precompiled module has {found} bytes where it should have {expected}")]
    TooLong {
        /// Bytes that are there.
        found: u64,
        /// Bytes that it should have.
        expected: u64,
    },
    /// Its content is not what was written.
    #[error("the precompiled module is damaged: {0}")]
    Damaged(&'static str),
    /// It was written in another format.
    #[error("the precompiled module has format {made_in}, and this version reads format {read_here}")]
    Format {
        /// Its format.
        made_in: u64,
        /// Ours.
        read_here: u64,
    },
    /// Another version made it.
    #[error("the precompiled module was made by assay {made_by}, and this is assay {here}")]
    Version {
        /// The version that made it.
        made_by: String,
        /// This version.
        here: String,
    },
    /// It was made for another architecture or system.
    #[error("the precompiled module was made for {made_for}, and this host is {here}")]
    Target {
        /// What it was made for.
        made_for: String,
        /// This host.
        here: String,
    },
    /// The processor lacks what the code uses, or the settings exclude it.
    #[error("the precompiled module uses {}, which {} not available here", Words(.missing), are(.missing))]
    Processor {
        /// The extensions that are missing.
        missing: Vec<String>,
    },
    /// It was made with other settings.
    #[error("the precompiled module was made with other settings: {}", Mismatches(.0))]
    Settings(Vec<SettingMismatch>),
    /// It was made with features that are off.
    #[error("the precompiled module was made with {}, which {} off here", Words(.off), are(.off))]
    Features {
        /// The features by their keys.
        off: Vec<String>,
    },
    /// It is a part of something else.
    #[error("the file is an entry of a compilation cache, and no complete precompiled module")]
    CacheEntry,
    /// It is complete, where an entry of a cache was expected, or another entry.
    #[error("the cache entry belongs to another module")]
    OtherEntry,
    /// It stands where a module's binary or text was expected.
    #[error(
        "this is a precompiled module, where a WebAssembly module was expected; precompiled modules are loaded by functions of their own"
    )]
    NotExpected,
    /// It could not be read.
    #[error("failed to read the precompiled module: {0}")]
    Read(#[from] std::io::Error),
}

/// A setting that differs between artifact and engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingMismatch {
    /// Its name.
    pub name: String,
    /// What the artifact was made with.
    pub made_with: String,
    /// What the engine has.
    pub here: String,
}

struct Words<'a>(&'a [String]);

impl Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, word) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(f, "{separator}`{word}`")?;
        }
        Ok(())
    }
}

fn are(words: &[String]) -> &'static str {
    if words.len() == 1 { "is" } else { "are" }
}

struct Mismatches<'a>(&'a [SettingMismatch]);

impl Display for Mismatches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, SettingMismatch { name, made_with, here }) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}`{name}` is {made_with} in it and {here} here")?;
        }
        Ok(())
    }
}
