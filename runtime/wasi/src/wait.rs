//! Waiting, for as long as the guest may.
//!
//! Where the engine looks at its epoch, every wait is cut into slices, and between them the epoch is asked: a time limit
//! ends a guest that waits as it ends one that computes. Where it does not, waits are the kernel's own.

use crate::call::{Outcome, Refusal};
use assay_runtime::Interruption;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use std::time::{Duration, Instant};

/// The longest wait without a look at the epoch.
const SLICE: Duration = Duration::from_millis(10);

/// How a call may wait.
pub(crate) struct Wait {
    interruption: Option<Interruption>,
}

impl Wait {
    pub(crate) fn new(interruption: Option<Interruption>) -> Self {
        Self { interruption }
    }

    /// Whether something may interrupt this call. If not, it can be left to the kernel.
    pub(crate) fn is_bounded(&self) -> bool {
        self.interruption.is_some()
    }

    /// Refuses when time is up.
    pub(crate) fn check(&self) -> Outcome {
        match &self.interruption {
            Some(interruption) if interruption.is_due() => Err(Refusal::Interrupted),
            _ => Ok(()),
        }
    }

    /// Waits until one of the descriptors is ready or the time is over; how many are ready.
    pub(crate) fn poll(&self, fds: &mut [PollFd<'_>], timeout: Option<Duration>) -> Outcome<usize> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            self.check()?;
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let slice = match (left, self.is_bounded()) {
                (Some(left), true) => Some(left.min(SLICE)),
                (None, true) => Some(SLICE),
                (left, false) => left,
            };
            let ready = match poll(fds, slice.map(timespec).as_ref()) {
                Err(Errno::INTR) => continue,
                ready => ready?,
            };
            if ready > 0 || left == Some(Duration::ZERO) || (left.is_some() && slice == left) {
                return Ok(ready);
            }
        }
    }

    /// Waits until a descriptor is ready for `events`, has failed or has been closed at its other end.
    pub(crate) fn until(&self, fd: BorrowedFd<'_>, events: PollFlags) -> Outcome {
        self.poll(&mut [PollFd::from_borrowed_fd(fd, events)], None)?;
        Ok(())
    }
}

/// Whether a descriptor is ready for `events` now.
pub(crate) fn is_ready(fd: BorrowedFd<'_>, events: PollFlags) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(fd, events)];
    poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}
