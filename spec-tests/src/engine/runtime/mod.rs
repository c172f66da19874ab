//! Our own runtime as the engine under test, through its public face.
//!
//! Enters: lanes and profiles; leaves: engines and sessions. Knows the facade and nothing behind it.

mod failure;
mod scripts;
mod session;
mod spectest;

use assay_runtime::{Config, Engine, EngineKind, Feature, FeatureSet, OptLevel};

use super::{EngineFactory, EngineUnderTest, Lane, Session};
use crate::features::Profile;
pub use scripts::RuntimeScripts;
use session::RuntimeSession;

/// Makes engines of our own runtime.
#[derive(Clone, Copy, Debug, Default)]
pub struct Runtime;

/// An engine of our own runtime with its settings.
struct RuntimeEngine {
    engine: Engine,
    /// The engines that take modules in turns.
    kinds: [EngineKind; 2],
    /// The features that it runs.
    built: FeatureSet,
    /// Objects of `spectest` that wait for a feature of the profile.
    awaited: Vec<(&'static str, Feature)>,
}

impl EngineFactory for Runtime {
    fn engine(&self, lane: &Lane, profile: &'static Profile) -> Result<Box<dyn EngineUnderTest>, String> {
        let (kinds, built) = match lane.engine.as_str() {
            "jit" => ([EngineKind::Jit; 2], FeatureSet::built_by_jit()),
            "interp" => ([EngineKind::Interp; 2], FeatureSet::built_by_interp()),
            "mixed" => ([EngineKind::Jit, EngineKind::Interp], FeatureSet::built()),
            other => return Err(format!("there is no engine `{other}`")),
        };
        let mut config = Config::new();
        config
            .engine(kinds[0])
            .cranelift_opt_level(if lane.optimise { OptLevel::Speed } else { OptLevel::None })
            .signals_based_traps(lane.signals)
            .gc_zeal(lane.zeal)
            // Files run side by side already, and modules of the suite are small.
            .parallel_compilation(false)
            .features(features(profile)?);
        let engine = Engine::new(&config)
            .map_err(|error| format!("the engine {} does not start: {error}", lane.engine))?;
        Ok(Box::new(RuntimeEngine::new(engine, kinds, built)))
    }
}

impl RuntimeEngine {
    fn new(engine: Engine, kinds: [EngineKind; 2], built: FeatureSet) -> Self {
        let waits = |feature: Feature| engine.features().contains(feature) && !built.contains(feature);
        let awaited = spectest::LATER.into_iter().filter(|&(_, feature)| waits(feature)).collect();
        Self { engine, kinds, built, awaited }
    }
}

impl EngineUnderTest for RuntimeEngine {
    fn open(&self) -> Box<dyn Session> {
        Box::new(RuntimeSession::new(&self.engine, self.kinds, self.built, &self.awaited))
    }

    /// Every other thread begins with the other engine, so that both use one memory at the same time.
    fn open_thread(&self, number: usize) -> Box<dyn Session> {
        let [first, second] = self.kinds;
        let kinds = if number.is_multiple_of(2) { [second, first] } else { [first, second] };
        Box::new(RuntimeSession::new(&self.engine, kinds, self.built, &self.awaited))
    }
}

fn features(profile: &Profile) -> Result<FeatureSet, String> {
    let features = profile.keys().map(str::parse::<Feature>).collect::<Result<Vec<_>, _>>()?;
    Ok(features.into_iter().fold(FeatureSet::EMPTY, FeatureSet::with))
}

#[cfg(test)]
mod tests {
    use super::features;
    use crate::features::Profile;

    #[test]
    fn every_key_of_a_profile_is_a_feature() {
        for profile in Profile::all() {
            assert_eq!(features(profile).unwrap().iter().count(), profile.keys().count(), "{}", profile.name);
        }
    }
}
