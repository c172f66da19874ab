//! The thread on which inputs are played, one after the other: to make one for each, with its stack and what the runtime keeps
//! for a thread, takes as long as to play a small one.
//!
//! Enters: work; leaves: what came of it, or its panic. Whoever calls has a thread of its own, which ends with the caller's.

use crate::lanes::THREAD_STACK;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Builder;

type Work = Box<dyn FnOnce() + Send>;

thread_local! {
    static WORKER: Sender<Work> = worker().expect("the system has room for a thread");
}

fn worker() -> std::io::Result<Sender<Work>> {
    let (give, take): (_, Receiver<Work>) = channel();
    let thread = Builder::new().name("lanes".to_owned()).stack_size(THREAD_STACK);
    thread.spawn(move || take.into_iter().for_each(|work| work()))?;
    Ok(give)
}

/// Runs `play` on the thread that is kept for it, with [`THREAD_STACK`].
///
/// # Panics
/// When `play` does.
pub(super) fn on_kept_thread<T: Send + 'static>(play: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, hear) = channel();
    // After a panic nothing is looked at but its message: it ends the fuzzer, or the test.
    let work = move || drop(tell.send(catch_unwind(AssertUnwindSafe(play))));
    WORKER.with(|worker| worker.send(Box::new(work))).expect("the thread waits for work");
    hear.recv().expect("work is answered").unwrap_or_else(|panic| resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::on_kept_thread;
    use std::panic::catch_unwind;
    use std::thread::current;

    #[test]
    fn a_thread_is_kept_whatever_becomes_of_the_work() {
        let first = on_kept_thread(|| current().id());
        let panic = catch_unwind(|| on_kept_thread(|| panic!("no"))).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"no"));
        assert_eq!(on_kept_thread(|| current().id()), first);
        assert_ne!(first, current().id());
        let other = std::thread::spawn(|| on_kept_thread(|| current().id())).join().unwrap();
        assert_ne!(first, other);
    }
}
