//! Where threads wait for each other: the queues behind `memory.atomic.wait` and `memory.atomic.notify`.
//!
//! A thread stands in the queue of its address from the moment its value was compared until it was notified, its time
//! was up or its store was interrupted: it never leaves the queue to look whether something happened, so that no
//! notification finds the queue empty for a moment. That is why the queues are our own: the parking lots of the usual
//! crates sleep until a deadline and dequeue before they answer. Knows addresses, no memories and no stores.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a thread sleeps before it looks whether it is interrupted. Interruption is a number that anyone may count
/// up, from a signal handler too, so nobody can be asked to wake sleepers.
const POLL: Duration = Duration::from_millis(2);

/// How a wait ended.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum WaitResult {
    /// Another thread notified this one.
    Ok = 0,
    /// The value was another one, so that there was nothing to wait for.
    Mismatch = 1,
    /// The time was up.
    TimedOut = 2,
}

/// The store of a waiting thread was interrupted.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interrupted;

/// A thread in a queue.
#[derive(Debug, Default)]
struct Waiter {
    /// Signalled with the lock of the queues.
    wake: Condvar,
    /// Read and written under that lock only.
    notified: AtomicBool,
}

type Queues = BTreeMap<u64, VecDeque<Arc<Waiter>>>;

/// The queues of a memory, by address.
#[derive(Debug, Default)]
pub(crate) struct Parking {
    queues: Mutex<Queues>,
}

impl Parking {
    fn lock(&self) -> MutexGuard<'_, Queues> {
        // Nothing under the lock can leave a queue half changed.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits at `address` if `is_expected`, which is asked under the lock that [`Self::notify`] takes, until it is
    /// notified, `timeout` has passed (`None` for ever) or `interrupted`, when it is given, says so.
    pub(crate) fn wait(
        &self,
        address: u64,
        is_expected: impl FnOnce() -> bool,
        timeout: Option<Duration>,
        interrupted: Option<&dyn Fn() -> bool>,
    ) -> Result<WaitResult, Interrupted> {
        // A deadline past the end of time is none.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut queues = self.lock();
        if !is_expected() {
            return Ok(WaitResult::Mismatch);
        }
        let waiter = Arc::new(Waiter::default());
        queues.entry(address).or_default().push_back(Arc::clone(&waiter));
        loop {
            if waiter.notified.load(Ordering::Relaxed) {
                return Ok(WaitResult::Ok);
            }
            if interrupted.is_some_and(|interrupted| interrupted()) {
                leave(&mut queues, address, &waiter);
                return Err(Interrupted);
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                leave(&mut queues, address, &waiter);
                return Ok(WaitResult::TimedOut);
            }
            let poll = interrupted.map(|_| POLL);
            let nap = left.into_iter().chain(poll).min();
            queues = sleep(&waiter, queues, nap);
        }
    }

    /// Wakes at most `count` threads that wait at `address`, those first that came first; how many.
    pub(crate) fn notify(&self, address: u64, count: u32) -> u32 {
        let mut queues = self.lock();
        let Some(queue) = queues.get_mut(&address) else { return 0 };
        let number = queue.len().min(count as usize);
        for waiter in queue.drain(..number) {
            waiter.notified.store(true, Ordering::Relaxed);
            waiter.wake.notify_one();
        }
        if queue.is_empty() {
            queues.remove(&address);
        }
        u32::try_from(number).unwrap_or(u32::MAX)
    }
}

fn sleep<'a>(
    waiter: &Waiter,
    queues: MutexGuard<'a, Queues>,
    nap: Option<Duration>,
) -> MutexGuard<'a, Queues> {
    match nap {
        Some(nap) => waiter.wake.wait_timeout(queues, nap).unwrap_or_else(PoisonError::into_inner).0,
        None => waiter.wake.wait(queues).unwrap_or_else(PoisonError::into_inner),
    }
}

/// Takes a thread that was not notified out of its queue.
fn leave(queues: &mut Queues, address: u64, waiter: &Arc<Waiter>) {
    let Some(queue) = queues.get_mut(&address) else { return };
    queue.retain(|other| !Arc::ptr_eq(other, waiter));
    if queue.is_empty() {
        queues.remove(&address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    const LONG: Option<Duration> = Some(Duration::from_secs(60));

    fn queued(parking: &Parking, address: u64) -> usize {
        parking.lock().get(&address).map_or(0, VecDeque::len)
    }

    fn until_queued(parking: &Parking, address: u64, number: usize) {
        while queued(parking, address) < number {
            thread::yield_now();
        }
    }

    #[test]
    fn another_value_is_not_waited_for_and_no_time_is_up_at_once() {
        let parking = Parking::default();
        assert_eq!(parking.wait(0, || false, None, None), Ok(WaitResult::Mismatch));
        assert_eq!(parking.wait(0, || true, Some(Duration::ZERO), None), Ok(WaitResult::TimedOut));
        let begin = Instant::now();
        let nap = Duration::from_millis(15);
        assert_eq!(parking.wait(0, || true, Some(nap), None), Ok(WaitResult::TimedOut));
        assert!(begin.elapsed() >= nap);
        assert_eq!(queued(&parking, 0), 0);
    }

    #[test]
    fn those_who_came_first_are_woken_first_and_only_at_their_address() {
        let parking = Parking::default();
        let woken = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for name in 0..3 {
                let (parking, woken) = (&parking, &woken);
                scope.spawn(move || {
                    assert_eq!(parking.wait(8, || true, LONG, None), Ok(WaitResult::Ok));
                    woken.lock().unwrap().push(name);
                });
                until_queued(parking, 8, name + 1);
            }
            assert_eq!((parking.notify(16, u32::MAX), parking.notify(8, 0)), (0, 0));
            assert_eq!(parking.notify(8, 1), 1);
            while woken.lock().unwrap().is_empty() {
                thread::yield_now();
            }
            assert_eq!((woken.lock().unwrap()[0], queued(&parking, 8)), (0, 2));
            assert_eq!((parking.notify(8, u32::MAX), parking.notify(8, u32::MAX)), (2, 0));
        });
        assert_eq!(woken.into_inner().unwrap().len(), 3);
    }

    #[test]
    fn an_interruption_ends_a_wait_that_has_no_deadline() {
        let parking = Parking::default();
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let interrupted = || stop.load(Ordering::Relaxed);
                parking.wait(0, || true, None, Some(&interrupted))
            });
            until_queued(&parking, 0, 1);
            stop.store(true, Ordering::Relaxed);
            assert_eq!(waiting.join().unwrap(), Err(Interrupted));
        });
        assert_eq!(parking.notify(0, 1), 0);
    }

    #[test]
    fn a_waiter_that_looks_up_for_interruptions_misses_no_notification() {
        let parking = Parking::default();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| parking.wait(0, || true, None, Some(&|| false)));
            until_queued(&parking, 0, 1);
            thread::sleep(POLL * 4);
            assert_eq!(parking.notify(0, 1), 1);
            assert_eq!(waiting.join().unwrap(), Ok(WaitResult::Ok));
        });
    }
}
