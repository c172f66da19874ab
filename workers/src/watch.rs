//! Time limits from samples: how long a job has run and how long its worker has given no sign of life.
//!
//! Pure arithmetic on what the parent sees at each look; it never reads a clock of the worker. A stall is counted from the
//! look that first saw it, so it is never overestimated, and one look never counts for more than two ticks, so a machine or
//! a parent that was stopped for a while does not turn into timeouts.

use std::time::{Duration, Instant};

use crate::config::PoolConfig;
use crate::event::{Limit, Place};
use crate::page::Sight;

/// Measures the time between looks.
#[derive(Debug)]
pub(crate) struct Clock {
    last: Instant,
    tick: Duration,
}

impl Clock {
    pub(crate) fn new(tick: Duration) -> Self {
        Self { last: Instant::now(), tick }
    }

    /// The time to count for this look.
    pub(crate) fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let passed = now.duration_since(self.last);
        self.last = now;
        passed.min(2 * self.tick)
    }
}

/// What is known about one job's time.
#[derive(Debug)]
pub(crate) struct Watch {
    first: Sight,
    last: Sight,
    stalled: Duration,
    elapsed: Duration,
}

impl Watch {
    pub(crate) fn new(sight: Sight) -> Self {
        Self { first: sight, last: sight, stalled: Duration::ZERO, elapsed: Duration::ZERO }
    }

    /// Takes note of a look, `passed` after the one before.
    pub(crate) fn look(&mut self, sight: Sight, passed: Duration) {
        self.elapsed += passed;
        if sight == self.last {
            self.stalled += passed;
        } else {
            self.last = sight;
            self.stalled = Duration::ZERO;
        }
    }

    /// Takes note of bytes that passed on the channel: outside of steps, a long message on its way is a sign of life.
    pub(crate) fn hear(&mut self) {
        if !matches!(self.last.at, Place::Step(_)) {
            self.stalled = Duration::ZERO;
        }
    }

    /// Whether the page still says what it said when the job was handed out: the worker has not begun with it.
    pub(crate) fn is_first(&self, sight: Sight) -> bool {
        self.first == sight
    }

    /// The limit that is overrun, and the time it took.
    pub(crate) fn overrun(&self, config: &PoolConfig) -> Option<(Duration, Limit)> {
        if self.stalled >= config.step_timeout {
            return Some((self.stalled, Limit::Step));
        }
        let limit = config.job_timeout?;
        (self.elapsed >= limit).then_some((self.elapsed, Limit::Job))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Watch;
    use crate::config::{PoolConfig, WorkerCommand};
    use crate::event::{Limit, Place};
    use crate::page::Sight;

    const SECOND: Duration = Duration::from_secs(1);

    fn config() -> PoolConfig {
        let mut config = PoolConfig::new(WorkerCommand::new("x", [""; 0]), 1);
        config.step_timeout = 3 * SECOND;
        config.job_timeout = Some(10 * SECOND);
        config
    }

    fn sight(step: u32, beats: u64) -> Sight {
        Sight { seq: 1, at: Place::Step(step), beats }
    }

    #[test]
    fn a_stall_counts_from_the_look_that_saw_the_last_change() {
        let mut watch = Watch::new(sight(0, 0));
        watch.look(sight(0, 0), SECOND);
        watch.look(sight(1, 0), 2 * SECOND);
        assert_eq!(watch.stalled, Duration::ZERO);
        watch.look(sight(1, 0), 2 * SECOND);
        assert_eq!(watch.overrun(&config()), None);
        watch.look(sight(1, 1), SECOND / 2);
        assert_eq!(watch.stalled, Duration::ZERO, "a beat is a sign of life");
        watch.look(sight(1, 1), 3 * SECOND);
        assert_eq!(watch.overrun(&config()), Some((3 * SECOND, Limit::Step)));
    }

    #[test]
    fn a_message_on_its_way_is_a_sign_of_life_outside_of_steps_only() {
        for (at, stalled) in [(Place::Before, 0), (Place::After, 0), (Place::Step(1), 1)] {
            let mut watch = Watch::new(Sight { seq: 1, at, beats: 0 });
            watch.look(Sight { seq: 1, at, beats: 0 }, SECOND);
            watch.hear();
            assert_eq!(watch.stalled, stalled * SECOND, "{at:?}");
        }
    }

    #[test]
    fn beats_do_not_extend_the_job() {
        let mut watch = Watch::new(sight(0, 0));
        for beat in 1..10 {
            watch.look(sight(0, beat), SECOND);
            assert_eq!(watch.overrun(&config()), None);
        }
        watch.look(sight(0, 10), SECOND);
        assert_eq!(watch.overrun(&config()), Some((10 * SECOND, Limit::Job)));
    }
}
