//! The guest as a process: ending, signals, yielding and randomness.

use crate::call::{Call, Outcome, Refusal};
use crate::errno::Errno;
use crate::fault::{Fault, planted};

pub(crate) fn proc_exit(_: &mut Call<'_>, code: u32) -> Outcome {
    Err(Refusal::Exit(code.cast_signed()))
}

/// There are no signals. The one that only asks whether the process is there can be answered.
pub(crate) fn proc_raise(_: &mut Call<'_>, signal: u32) -> Outcome {
    match signal {
        0 => Ok(()),
        1..=30 => Err(Errno::Notsup.into()),
        _ => Err(Errno::Inval.into()),
    }
}

pub(crate) fn sched_yield(call: &mut Call<'_>) -> Outcome {
    call.wait.check()?;
    std::thread::yield_now();
    Ok(())
}

pub(crate) fn random_get(call: &mut Call<'_>, at: u32, len: u32) -> Outcome {
    if planted(Fault::RandomByLength) {
        let mut bytes = vec![0_u8; len as usize];
        bytes.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
        std::hint::black_box(&bytes);
    }
    let buffer = call.memory.buffer(at, len)?;
    call.ctx.random.fill(call.memory.bytes_mut(buffer), &call.wait)
}
