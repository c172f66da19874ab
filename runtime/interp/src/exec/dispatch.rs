//! How handlers follow each other.
//!
//! An instruction is a [`Step`]: a plain function from machine state to machine state. [`run`] wraps it into a
//! handler. Threaded, a handler ends in a call of the next one with the same signature, which the optimiser turns into
//! a jump (`build.rs` selects this only where that is certain, and a test runs every kind of handler on a small native
//! stack). Otherwise handlers return to a loop. The state of a threaded machine lives in argument registers, six for
//! integers and pointers and one for each float accumulator.

use super::machine::Machine;

/// What an instruction does.
pub(super) trait Step {
    /// Runs the instruction at `machine.ip`.
    fn step(machine: Machine) -> Flow;
}

/// What comes after an instruction.
pub(super) enum Flow {
    /// The instruction at the new `ip`.
    Next(Machine),
    /// The end of the activation, with a status of `layout::status`.
    Exit(u32),
}

/// The code of an instruction.
#[cfg(threaded_dispatch)]
pub(crate) type Handler = unsafe extern "sysv64" fn(
    *mut super::machine::Exec,
    *const u32,
    *mut u64,
    *mut u8,
    u64,
    u64,
    f32,
    f64,
) -> u32;

/// The code of an instruction.
#[cfg(not(threaded_dispatch))]
pub(crate) type Handler = fn(Machine) -> Flow;

/// A handler with a name for listings.
#[derive(Copy, Clone)]
pub(crate) struct Opcode {
    handler: Handler,
    #[cfg(test)]
    name: fn() -> &'static str,
}

/// An instruction in two forms: its result goes to the accumulator alone, or to a slot as well.
#[derive(Copy, Clone)]
pub(crate) struct Pair {
    /// The result stays in the accumulator; the destination word is not read.
    pub(crate) to_acc: Opcode,
    /// The result goes to the accumulator and to the slot in the destination word.
    pub(crate) to_slot: Opcode,
}

impl Opcode {
    /// The opcode of an instruction.
    pub(super) const fn of<S: Step>() -> Self {
        Self {
            handler: run::<S>,
            #[cfg(test)]
            name: std::any::type_name::<S>,
        }
    }

    /// The handler of an instruction, for code that is a constant.
    pub(super) const fn handler_of<S: Step>() -> Handler {
        run::<S>
    }

    /// What stands in code for this instruction.
    pub(crate) fn address(self) -> u64 {
        self.handler as usize as u64
    }

    /// The name of the step without paths.
    #[cfg(test)]
    pub(crate) fn name(self) -> String {
        let mut name = String::new();
        for part in (self.name)().split_inclusive(['<', '>', ',', ' ']) {
            name.push_str(part.rsplit("::").next().unwrap_or(part));
        }
        name
    }
}

#[cfg(threaded_dispatch)]
unsafe extern "sysv64" fn run<S: Step>(
    ctx: *mut super::machine::Exec,
    ip: *const u32,
    fp: *mut u64,
    mem: *mut u8,
    len: u64,
    acc: u64,
    acc_f32: f32,
    acc_f64: f64,
) -> u32 {
    match S::step(Machine { ctx, ip, fp, mem, len, acc, acc_f32, acc_f64 }) {
        Flow::Next(m) => {
            let next = m.handler();
            // SAFETY: the address comes from linked code, so it is a handler's (invariant 1); the state is whole.
            unsafe { next(m.ctx, m.ip, m.fp, m.mem, m.len, m.acc, m.acc_f32, m.acc_f64) }
        }
        Flow::Exit(status) => status,
    }
}

#[cfg(not(threaded_dispatch))]
fn run<S: Step>(machine: Machine) -> Flow {
    S::step(machine)
}

/// Runs from `machine.ip` to the end of the activation.
#[cfg(threaded_dispatch)]
pub(super) fn drive(m: Machine) -> u32 {
    let first = m.handler();
    // SAFETY: as in `run`.
    unsafe { first(m.ctx, m.ip, m.fp, m.mem, m.len, m.acc, m.acc_f32, m.acc_f64) }
}

/// Runs from `machine.ip` to the end of the activation.
#[cfg(not(threaded_dispatch))]
pub(super) fn drive(mut machine: Machine) -> u32 {
    loop {
        let handler = machine.handler();
        match handler(machine) {
            Flow::Next(next) => machine = next,
            Flow::Exit(status) => return status,
        }
    }
}
