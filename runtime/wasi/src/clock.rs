//! Clocks: the host's, or one that stands still until the guest sleeps.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The clocks of preview 1 that every host can offer.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClockId {
    Realtime,
    Monotonic,
}

/// Where a guest's time comes from.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    /// The host's clocks; monotonic time counts from here.
    Real { start: Instant },
    /// Nanoseconds that pass only while the guest sleeps, and then at once: runs repeat exactly.
    Fixed { realtime: u64, monotonic: u64 },
}

impl Clock {
    pub(crate) fn real() -> Self {
        Self::Real { start: Instant::now() }
    }

    pub(crate) fn fixed(realtime: u64) -> Self {
        Self::Fixed { realtime, monotonic: 0 }
    }

    /// Nanoseconds now.
    pub(crate) fn now(&self, id: ClockId) -> u64 {
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        match (self, id) {
            (Self::Real { start }, ClockId::Monotonic) => nanos(start.elapsed()),
            (Self::Real { .. }, ClockId::Realtime) => {
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, nanos)
            }
            (&Self::Fixed { realtime, .. }, ClockId::Realtime) => realtime,
            (&Self::Fixed { monotonic, .. }, ClockId::Monotonic) => monotonic,
        }
    }

    /// Lets time pass on a clock that does not do so by itself.
    pub(crate) fn advance(&mut self, nanos: u64) {
        if let Self::Fixed { realtime, monotonic } = self {
            *realtime = realtime.saturating_add(nanos);
            *monotonic = monotonic.saturating_add(nanos);
        }
    }

    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed { .. })
    }
}
