//! A worker for tests: its engines are ours, a fake one, and liars wrapped around either.
//!
//! Started by the tests beside it as the command's own worker would be.

#![forbid(unsafe_code)]

mod fake;
mod liar;

use assay_spec_tests::engine::{EngineFactory, EngineUnderTest, Lane, Runtime};
use assay_spec_tests::features::Profile;
use assay_spec_tests::process::Worker;

struct Engines;

impl EngineFactory for Engines {
    fn engine(&self, lane: &Lane, profile: &Profile) -> Result<Box<dyn EngineUnderTest>, String> {
        let honest = |name: &str| match name {
            // Lost before the first step, whenever it is tried.
            "stillborn" => std::process::exit(3),
            "fake" => Ok(Box::new(fake::Fake) as Box<dyn EngineUnderTest>),
            name => Runtime.engine(&Lane { engine: name.to_owned(), ..lane.clone() }, profile),
        };
        match lane.engine.split_once(':') {
            Some((name, lie)) => liar::wrap(honest(name)?, lie),
            None => honest(&lane.engine),
        }
    }
}

fn main() {
    if let Err(error) = Worker::new(Engines).serve() {
        eprintln!("{error}");
        std::process::exit(70);
    }
}
