//! Our runtime as a [`Peer`]: steps are taken by the very [`Player`] that plays cases in lanes.

use super::message::{Capabilities, Done, Ended, Fault, Greeting, VERSION};
use super::serve::Peer;
use crate::case::{Settings, Step};
use crate::observe::{Scope, Seen, State};
use crate::play::{Player, Taken};
use assay_runtime::Engine;

/// An engine with and without fuel, and what was begun on one of them.
pub struct Served {
    metered: Engine,
    plain: Engine,
    player: Option<Player>,
}

impl Served {
    /// Serves these: one that counts fuel, and one that does not.
    pub fn new(metered: Engine, plain: Engine) -> Self {
        Self { metered, plain, player: None }
    }

    /// The player, which is there whenever somebody asks: nobody asks before `begin`.
    fn player(&mut self) -> &mut Player {
        self.player.as_mut().expect("nothing is asked before there is a player")
    }
}

impl Peer for Served {
    fn greeting(&self) -> Greeting {
        let features = self.plain.features().iter().map(|feature| feature.key().to_owned());
        Greeting {
            protocol: VERSION,
            engine: "assay".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            capabilities: Capabilities {
                features: features.collect(),
                fuel: true,
                limits: true,
                state: Scope::All,
                functions: true,
                elements: true,
                places: true,
                steps: true,
                scripts: false,
                alike: Vec::new(),
            },
        }
    }

    fn begin(&mut self, settings: &Settings, fuel: Option<u64>) -> Result<(), Fault> {
        let engine = if fuel.is_some() { &self.metered } else { &self.plain };
        self.player = None;
        self.player = Some(Player::new(engine, settings, fuel));
        Ok(())
    }

    fn abandon(&mut self) {
        // Nobody knows what state it is in: it is not even dropped.
        std::mem::forget(self.player.take());
    }

    fn counts(&self) -> Option<(usize, usize)> {
        self.player.as_ref().map(Player::counts)
    }

    fn load(&mut self, wasm: &[u8]) -> Ended {
        self.player().load(wasm).into()
    }

    fn take(&mut self, step: &Step) -> Done {
        let Taken { outcome, calls, fuel, heap_full: _ } = self.player().take(step);
        Done { outcome: outcome.into(), calls: calls.into(), fuel }
    }

    fn global(&mut self, instance: usize, name: &str) -> Option<Seen> {
        self.player().global(instance, name)
    }

    fn state(&mut self, scope: Scope) -> Result<State, Fault> {
        Ok(self.player().state(scope))
    }
}
