//! Two clocks around one piece of work: the wall's and the process's.
//!
//! The wall clock is what a user waits for. The processor clock counts every thread of the process
//! and no other process, so it survives a busy machine, and shows the work that parallel compilation
//! spreads. Called by `measure`.

use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

/// Which clock the ratios are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// Elapsed time.
    Wall,
    /// Processor time of all threads of this process.
    Cpu,
}

/// What one piece of work took, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Took {
    /// Elapsed time.
    pub wall: f64,
    /// Processor time of all threads.
    pub cpu: f64,
}

/// Runs the work between two readings of both clocks.
pub fn time<R>(work: impl FnOnce() -> R) -> (R, Took) {
    let cpu = process_nanoseconds();
    let wall = Instant::now();
    let result = work();
    let wall = wall.elapsed().as_nanos() as f64;
    (result, Took { wall, cpu: process_nanoseconds() - cpu })
}

fn process_nanoseconds() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeping_takes_wall_time() {
        let ((), took) = time(|| std::thread::sleep(std::time::Duration::from_millis(20)));
        assert!(took.wall >= 20e6, "{took:?}");
    }

    /// Other tests run in this process, so only the order of the figures is certain.
    #[test]
    fn processor_time_counts_from_the_start_of_the_work() {
        let (sum, burnt) = time(|| (0..3_000_000_u64).fold(1, |sum, x| std::hint::black_box(sum ^ x)));
        assert!(sum > 0 && burnt.cpu > 0.0, "{burnt:?}");
        let before = process_nanoseconds();
        let ((), nothing) = time(|| ());
        assert!(nothing.cpu < before, "{nothing:?} after {before}");
    }
}
