//! Which missing feature a module was refused for.
//!
//! Enters: a binary that an engine has refused, and the features that it lacks; leaves: the one that the module needs, if it
//! is sound. Our own validation is the judge; engines that have everything are never asked about here.

use assay_runtime::{Config, Engine, Error, Feature, FeatureSet, Module};

/// The features an engine lacks, under a profile.
#[derive(Default)]
pub(super) struct Lacking {
    /// With every feature of the profile.
    whole: Option<Engine>,
    /// Each with an engine that has neither it nor those before it: what one of two features allows is missed with the later.
    without: Vec<(Feature, Engine)>,
}

impl Lacking {
    /// Of the features of a profile, these are missing. Words that name none of them mean nothing.
    pub(super) fn new(profile: &[&str], missing: &[String]) -> Self {
        let features: Vec<Feature> = profile.iter().filter_map(|key| key.parse().ok()).collect();
        let missing: Vec<Feature> = missing.iter().filter_map(|key| key.parse().ok()).collect();
        let engine = |left_out: &[Feature]| {
            let kept = features.iter().copied().filter(|feature| !left_out.contains(feature));
            let mut config = Config::new();
            config.features(kept.fold(FeatureSet::EMPTY, FeatureSet::with));
            Engine::new(&config).ok()
        };
        let counts = |&(at, feature): &(usize, &Feature)| {
            features.contains(feature) && !missing[..at].contains(feature)
        };
        let without: Vec<_> = missing
            .iter()
            .enumerate()
            .filter(counts)
            .filter_map(|(at, &feature)| Some((feature, engine(&missing[..=at])?)))
            .collect();
        Self { whole: if without.is_empty() { None } else { engine(&[]) }, without }
    }

    /// The missing feature that a module needs.
    pub(super) fn needed(&self, wasm: &[u8]) -> Option<&'static str> {
        let needed = match Module::validate(self.whole.as_ref()?, wasm) {
            Err(Error::Unsupported { feature }) => Some(feature),
            Ok(()) => None,
            Err(_) => return None,
        };
        // Whether it is valid, be it that we run it or not.
        let refused = |engine: &Engine| {
            !matches!(Module::validate(engine, wasm), Ok(()) | Err(Error::Unsupported { .. }))
        };
        let missed = |(feature, engine): &&(Feature, Engine)| needed == Some(*feature) || refused(engine);
        self.without.iter().find(missed).map(|(feature, _)| feature.key())
    }
}

#[cfg(test)]
mod tests {
    use super::Lacking;

    const SHARED: &[u8] = b"\0asm\x01\0\0\0\x05\x04\x01\x03\x01\x02";

    #[test]
    fn a_sound_module_that_needs_it_is_told_from_others() {
        let lacking =
            Lacking::new(&["threads", "simd"], &["simd".into(), "threads".into(), "nothing".into()]);
        assert_eq!(lacking.needed(SHARED), Some("threads"));
        assert_eq!(lacking.needed(b"\0asm\x01\0\0\0"), None, "it needs none of them");
        assert_eq!(lacking.needed(b"\0asm\x01\0\0\0\x05"), None, "it is malformed");
        assert_eq!(Lacking::new(&["threads"], &[]).needed(SHARED), None, "nothing is missing");
        assert_eq!(Lacking::new(&["simd"], &["threads".into()]).needed(SHARED), None, "it is off for all");
    }

    /// A function that takes a reference to one of another type.
    const TYPED: &[u8] = b"\0asm\x01\0\0\0\x01\x09\x02\x60\0\0\x60\x01\x63\0\0";

    #[test]
    fn what_either_of_two_features_allows_is_missed_with_both() {
        let profile = ["reference-types", "function-references", "gc"];
        let needed = |missing: &[&str]| {
            let missing: Vec<String> = missing.iter().map(|&key| key.to_owned()).collect();
            Lacking::new(&profile, &missing).needed(TYPED)
        };
        assert_eq!(needed(&["function-references", "gc"]), Some("gc"));
        assert_eq!(needed(&["gc"]), None);
    }
}
