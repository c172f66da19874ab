//! A worker for tests: its engines are ours, a fake one, liars wrapped around either, and commands.
//!
//! Started by the tests beside it as the command's own worker would be; with `engine`, it is an engine of another process itself.

#![forbid(unsafe_code)]

mod fake;
mod liar;
mod outside;

use assay_spec_tests::engine::{EngineFactory, EngineUnderTest, Lane, Runtime};
use assay_spec_tests::external::External;
use assay_spec_tests::features::Profile;
use assay_spec_tests::process::Worker;

struct Engines;

impl EngineFactory for Engines {
    fn engine(&self, lane: &Lane, profile: &'static Profile) -> Result<Box<dyn EngineUnderTest>, String> {
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
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() == Some("engine") {
        return outside::serve(&args.next().unwrap_or_default());
    }
    if let Err(error) = Worker::new(External::or(Engines)).serve() {
        eprintln!("{error}");
        std::process::exit(70);
    }
}
