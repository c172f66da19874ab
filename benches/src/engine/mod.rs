//! The engines under measurement, all behind the same three doors.
//!
//! Enters: a module's bytes. Leaves: a compiled module, a running instance, checksums. Each adapter
//! uses its engine the way that engine's documentation shows, in its default configuration, and adds
//! nothing inside the loops that are timed. An adapter knows neither clocks nor other engines. Called
//! by `measure`.

mod assay;
#[cfg(feature = "peer-wasmi")]
mod wasmi;
#[cfg(feature = "peer-wasmtime")]
mod wasmtime;
#[cfg(feature = "peer-wasi")]
mod wasmtime_wasi;

use crate::workload::Group;
use std::path::Path;

use serde::Serialize;

/// What an engine answered instead of a checksum, as it said it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct EngineError(pub String);

/// What an adapter returns.
pub type Result<T> = std::result::Result<T, EngineError>;

/// How an engine runs code: decides which amount of work a sample holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Machine code.
    Compiled,
    /// An interpreter.
    Interpreted,
}

/// What a report says about an engine.
#[derive(Clone, Debug, Serialize)]
pub struct Info {
    /// Name of the lane.
    pub name: &'static str,
    /// How it runs code.
    pub kind: Kind,
    /// Version and configuration, in words.
    pub about: &'static str,
}

/// One engine in one configuration.
pub trait Lane {
    /// Who it is.
    fn info(&self) -> Info;
    /// Whether it has what workloads of this group need.
    fn runs(&self, _group: Group) -> bool {
        true
    }
    /// Whether its heap of objects can be told to collect.
    fn collects(&self) -> bool;
    /// From bytes to a module.
    fn compile(&self, wasm: &[u8]) -> Result<Box<dyn Compiled>>;
}

/// A module, ready for instances.
pub trait Compiled {
    /// An instance in a store of its own, with the host functions.
    fn start(&self) -> Result<Box<dyn Running>>;
    /// An instance with WASI, to which this folder is descriptor 3. None if the engine comes without WASI here.
    fn start_in(&self, folder: &Path) -> Result<Option<Box<dyn Running>>>;
    /// So many instances, each in a new store; returns their number, or the sum of their probes.
    fn instances(&self, amount: u32, probe: bool) -> Result<i64>;
    /// So many instances in one new store, linked to an instance of `provider`; the sum of their probes.
    fn linked_instances(&self, provider: &dyn Compiled, amount: u32) -> Result<i64>;
    /// The adapter's own type, so that `linked_instances` finds its own module again.
    fn as_any(&self) -> &dyn std::any::Any;
}

/// An instance.
pub trait Running {
    /// Calls an export of type `(i32) -> i64`.
    fn run(&mut self, export: &str, amount: i32) -> Result<i64>;
    /// Calls `tick` so often, each call with the result of the one before.
    fn typed_calls(&mut self, amount: u32) -> Result<i64>;
    /// The same through slices of values.
    fn untyped_calls(&mut self, amount: u32) -> Result<i64>;
    /// Collects what no longer lives in the heap of objects, all of it.
    fn collect(&mut self) -> Result<()>;
}

/// Every engine this build knows, ours first.
pub fn lanes() -> Result<Vec<Box<dyn Lane>>> {
    #[cfg_attr(not(any(feature = "peer-wasmtime", feature = "peer-wasmi")), expect(unused_mut))]
    let mut lanes = assay::lanes()?;
    #[cfg(feature = "peer-wasmtime")]
    lanes.push(wasmtime::lane()?);
    #[cfg(feature = "peer-wasmi")]
    lanes.push(wasmi::lane()?);
    Ok(lanes)
}

/// Host function `add` of every engine: plain, no state.
fn add(a: i32, b: i32) -> i32 {
    a.wrapping_add(b)
}

fn other_engine() -> EngineError {
    EngineError("the provider was compiled by another engine".to_owned())
}
