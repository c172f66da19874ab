//! Our runtime as an engine that plays scripts for another process.
//!
//! Enters: the features of a script; leaves: a session like those of the driver's own workers, so that a suite comes to the
//! same whether it is played here or through the protocol. Engines are kept, one for each set of features.

use std::collections::HashMap;

use assay_runtime::{Engine, EngineKind, Feature, FeatureSet};

use super::RuntimeEngine;
use crate::engine::{EngineUnderTest, Session};
use crate::external::serve::Scripted;

/// Makes an engine for a set of features.
type Make<'m> = dyn FnMut(FeatureSet) -> Result<Engine, String> + 'm;

/// Our runtime with its engines.
pub struct RuntimeScripts<'m> {
    kind: EngineKind,
    make: Box<Make<'m>>,
    engines: HashMap<Vec<String>, RuntimeEngine>,
}

impl<'m> RuntimeScripts<'m> {
    /// Engines of this kind, which `make` makes.
    pub fn new(kind: EngineKind, make: impl FnMut(FeatureSet) -> Result<Engine, String> + 'm) -> Self {
        Self { kind, make: Box::new(make), engines: HashMap::new() }
    }
}

impl Scripted for RuntimeScripts<'_> {
    fn open(&mut self, features: &[String]) -> Result<(Box<dyn Session>, Vec<String>), String> {
        let known = |key: &String| key.parse::<Feature>().ok();
        let lacking = features.iter().filter(|key| known(key).is_none()).cloned().collect();
        let engine = match self.engines.get(features) {
            Some(engine) => engine,
            None => {
                let set = features.iter().filter_map(known).fold(FeatureSet::EMPTY, FeatureSet::with);
                let built = match self.kind {
                    EngineKind::Interp => FeatureSet::built_by_interp(),
                    _ => FeatureSet::built_by_jit(),
                };
                let made = RuntimeEngine::new((self.make)(set)?, [self.kind; 2], built);
                self.engines.entry(features.to_vec()).or_insert(made)
            }
        };
        Ok((engine.open(), lacking))
    }
}
