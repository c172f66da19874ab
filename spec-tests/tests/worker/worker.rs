//! A worker for tests: its engines are a fake one, and liars wrapped around it.
//!
//! Started by `tests/driver.rs` as `--engine`'s worker process would be.

#![forbid(unsafe_code)]

mod fake;
mod liar;

use assay_spec_tests::engine::{EngineFactory, EngineUnderTest, Lane};
use assay_spec_tests::features::Profile;
use assay_spec_tests::process::Worker;

struct Engines;

impl EngineFactory for Engines {
    fn engine(&self, lane: &Lane, _profile: &Profile) -> Result<Box<dyn EngineUnderTest>, String> {
        match lane.engine.split_once(':') {
            None if lane.engine == "fake" => Ok(Box::new(fake::Fake)),
            Some(("liar", lie)) => liar::wrap(Box::new(fake::Fake), lie),
            _ => Err(format!("unknown engine {}", lane.engine)),
        }
    }
}

fn main() {
    if let Err(error) = Worker::new(Engines).serve() {
        eprintln!("{error}");
        std::process::exit(70);
    }
}
