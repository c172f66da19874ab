//! Running code: every instruction in every operand mode, and programs that cross frames, instances and engines.

mod calls;
mod checks;
mod descriptors;
mod endurance;
mod exceptions;
mod legacy;
mod modes;
mod objects;
mod proposals;
mod roots;
mod state;
mod vectors;

/// Runs on a native stack of 128 KiB besides what the machine keeps for the host: a handler that leaves anything there
/// when it goes on would use it up.
fn on_small_stack<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size((256 + 128) << 10);
    thread.spawn(body).unwrap().join().unwrap()
}
