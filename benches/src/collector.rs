//! What collections cost while so much lives: the pause of one, and what can be allocated in a second beside it.
//!
//! Enters: the engines and sizes; leaves: a [`Collection`] for each engine that has a collector and each size. Nothing counts
//! unless what was kept is still there afterwards, node by node. Engines take turns at each size, one store at a time, so that
//! none pays for the memory of another. Called by `main`.

use std::time::Instant;

use serde::Serialize;

use crate::engine::{EngineError, Lane, Result, Running};
use crate::stats;

/// Sizes of what lives, in MiB. A heap that copies has room for twice as much: 1 GiB at the end.
pub const SIZES: [u32; 6] = [1, 4, 16, 64, 256, 512];

/// Bytes of a tree: so many nodes of 24 bytes, by `workloads/collector.wat`.
const TREE: u64 = NODES * 24;
const NODES: u64 = 1023;
/// Collections that are timed at each size.
const PAUSES: usize = 9;
/// Bytes of short-lived objects at each size, unless twice of what lives is more.
const CHURN: u64 = 256 << 20;
/// An interpreter gets so much less to do.
const INTERPRETED: u64 = 8;

/// One engine at one size.
#[derive(Clone, Debug, Serialize)]
pub struct Collection {
    /// The engine.
    pub lane: &'static str,
    /// Bytes of objects that live.
    pub live_bytes: u64,
    /// The median of a collection, in nanoseconds.
    pub pause_ns: f64,
    /// The longest of them.
    pub longest_pause_ns: f64,
    /// Elapsed nanoseconds of every collection.
    pub pauses_ns: Vec<f64>,
    /// Bytes of short-lived objects that were allocated in a second, collections included.
    pub bytes_per_second: f64,
}

/// Measures all engines at one size. Those that have no collector are left out.
///
/// # Errors
///
/// When an engine fails, or loses what was kept.
pub fn measure(lanes: &[Box<dyn Lane>], mebibytes: u32) -> Result<Vec<Collection>> {
    let mut measured = Vec::new();
    for lane in lanes.iter().filter(|lane| lane.collects()) {
        measured.push(one(lane.as_ref(), mebibytes)?);
    }
    Ok(measured)
}

fn one(lane: &dyn Lane, mebibytes: u32) -> Result<Collection> {
    let mut running = lane.compile(include_bytes!("../workloads/collector.wasm"))?.start()?;
    let live_bytes = u64::from(mebibytes) << 20;
    let trees = live_bytes.div_ceil(TREE);
    expect(running.as_mut(), "keep", trees, trees)?;
    let pauses_ns = (0..PAUSES)
        .map(|_| {
            let began = Instant::now();
            running.collect()?;
            Ok(began.elapsed().as_nanos() as f64)
        })
        .collect::<Result<Vec<f64>>>()?;
    let slower = if lane.info().kind == crate::engine::Kind::Compiled { 1 } else { INTERPRETED };
    let churned = (CHURN.max(2 * live_bytes) / slower).div_ceil(TREE);
    let began = Instant::now();
    expect(running.as_mut(), "churn", churned, churned * NODES * 2)?;
    let seconds = began.elapsed().as_secs_f64();
    expect(running.as_mut(), "count", trees, trees * NODES)?;
    Ok(Collection {
        lane: lane.info().name,
        live_bytes,
        pause_ns: stats::median(&pauses_ns).unwrap_or_default(),
        longest_pause_ns: pauses_ns.iter().copied().fold(0.0, f64::max),
        pauses_ns,
        bytes_per_second: (churned * TREE) as f64 / seconds,
    })
}

fn expect(running: &mut dyn Running, export: &str, amount: u64, expected: u64) -> Result<()> {
    let amount = i32::try_from(amount).map_err(|_| EngineError(format!("{amount} is too much")))?;
    let got = running.run(export, amount)?;
    if u64::try_from(got) == Ok(expected) {
        return Ok(());
    }
    Err(EngineError(format!("collector.wasm: `{export}` of {amount} gave {got}, not {expected}")))
}

#[cfg(test)]
mod tests {
    use crate::engine;

    #[test]
    fn every_engine_with_a_collector_is_measured() {
        let lanes = engine::lanes().unwrap();
        let measured = super::measure(&lanes, 1).unwrap();
        assert!(["jit", "interp"].iter().all(|name| measured.iter().any(|one| one.lane == *name)));
        for one in measured {
            assert!(one.pause_ns > 0.0 && one.longest_pause_ns >= one.pause_ns && one.bytes_per_second > 0.0);
        }
    }
}
