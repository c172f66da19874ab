//! What an artifact was made by and for, and whether that is right here.
//!
//! Everything is text, so that an artifact of another version can still be told what it is.

use super::{ArtifactError, SettingMismatch};
use assay_compile::Target;
use assay_model::features::FeatureSet;
use serde::{Deserialize, Serialize};

/// This version, and which sources it was built from.
const HERE: &str = concat!(env!("CARGO_PKG_VERSION"), " (build ", env!("ASSAY_BUILD"), ")");

/// What an artifact was made by and for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    version: String,
    target: String,
    extensions: Vec<String>,
    settings: Vec<(String, String)>,
    features: Vec<String>,
}

impl Identity {
    /// What this version makes for a target from modules with these features.
    pub(crate) fn new(target: &Target, features: FeatureSet) -> Self {
        let settings = target.settings.iter();
        Self {
            version: HERE.to_owned(),
            target: target.triple.clone(),
            extensions: target.extensions.iter().map(|&name| name.to_owned()).collect(),
            settings: settings.map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
            features: features.iter().map(|feature| feature.key().to_owned()).collect(),
        }
    }

    /// The identity as bytes.
    ///
    /// # Panics
    /// Never: texts and lists always encode.
    pub(crate) fn encode(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("texts and lists encode")
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, ArtifactError> {
        let damaged = ArtifactError::Damaged("what it was made by and for cannot be read");
        match postcard::take_from_bytes(bytes) {
            Ok((identity, [])) => Ok(identity),
            _ => Err(damaged),
        }
    }

    #[cfg(test)]
    pub(super) fn version(&mut self) -> &mut String {
        &mut self.version
    }

    /// Whether code with the identity `self` may run where things are as in `here`.
    pub(super) fn suits(self, here: &Self) -> Result<(), ArtifactError> {
        if self.version != here.version {
            return Err(ArtifactError::Version { made_by: self.version, here: here.version.clone() });
        }
        if self.target != here.target {
            return Err(ArtifactError::Target { made_for: self.target, here: here.target.clone() });
        }
        let missing = without(self.extensions, &here.extensions);
        if !missing.is_empty() {
            return Err(ArtifactError::Processor { missing });
        }
        let mismatches = mismatches(self.settings, &here.settings);
        if !mismatches.is_empty() {
            return Err(ArtifactError::Settings(mismatches));
        }
        let off = without(self.features, &here.features);
        if off.is_empty() { Ok(()) } else { Err(ArtifactError::Features { off }) }
    }
}

/// The words that are not in `known`.
fn without(words: Vec<String>, known: &[String]) -> Vec<String> {
    words.into_iter().filter(|word| !known.contains(word)).collect()
}

fn mismatches(made_with: Vec<(String, String)>, here: &[(String, String)]) -> Vec<SettingMismatch> {
    const ABSENT: &str = "unknown";
    let value = |settings: &[(String, String)], name: &str| {
        let found = settings.iter().find(|(known, _)| known == name);
        found.map_or(ABSENT, |(_, value)| value).to_owned()
    };
    let only_here = here.iter().filter(|(name, _)| value(&made_with, name) == ABSENT);
    let names = made_with.iter().chain(only_here).map(|(name, _)| name);
    let all = names.map(|name| SettingMismatch {
        name: name.clone(),
        made_with: value(&made_with, name),
        here: value(here, name),
    });
    all.filter(|setting| setting.made_with != setting.here).collect()
}
