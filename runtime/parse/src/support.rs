//! Which feature a module needs that is off, or not built.
//!
//! The validator is asked again with other feature sets; the answer names a feature instead of a rule. This runs for
//! rejected modules, and for modules of engines whose settings go beyond what is built.

use crate::{ParseError, features::wasm_features};
use assay_model::features::{Feature, FeatureSet};
use wasmparser::Validator;

fn accepts(bytes: &[u8], features: FeatureSet) -> bool {
    Validator::new_with_features(wasm_features(features)).validate_all(bytes).is_ok()
}

/// Refuses a valid module that needs a feature which is on but not built.
pub(crate) fn check(bytes: &[u8], features: FeatureSet, built: FeatureSet) -> Result<(), ParseError> {
    let built = features.intersection(built);
    if accepts(bytes, built) || !accepts(bytes, features) {
        return Ok(());
    }
    // Missing features are given up one by one, the last of the table first, as long as the module stays valid. What
    // remains is needed, and the last of it is the most specific one.
    let missing: Vec<Feature> = features.iter().filter(|&feature| !built.contains(feature)).collect();
    let needed = missing.iter().rev().fold(features, |needed, &feature| {
        let without = needed.without(feature);
        if accepts(bytes, without) { without } else { needed }
    });
    let feature = missing.iter().rev().copied().find(|&feature| needed.contains(feature));
    feature.map_or(Ok(()), |feature| Err(ParseError::Unsupported { feature }))
}

/// The feature that is off and with which a rejected module would be accepted.
pub(crate) fn accepted_with(bytes: &[u8], features: FeatureSet) -> Option<Feature> {
    if !accepts(bytes, FeatureSet::all()) {
        return None;
    }
    let off = || Feature::ALL.iter().copied().filter(|&feature| !features.contains(feature));
    off().find(|&feature| accepts(bytes, features.with(feature))).or_else(|| {
        off()
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .find(|&feature| !accepts(bytes, FeatureSet::all().without(feature)))
    })
}
