//! Clocks.

use crate::call::{Call, Outcome};
use crate::clock::ClockId;
use crate::errno::Errno;

/// The clock with this number. Those of processor time tell about the host, and are not given.
pub(crate) fn clock(id: u32) -> Result<ClockId, Errno> {
    match id {
        0 => Ok(ClockId::Realtime),
        1 => Ok(ClockId::Monotonic),
        2 | 3 => Err(Errno::Notsup),
        _ => Err(Errno::Inval),
    }
}

pub(crate) fn clock_res_get(call: &mut Call<'_>, id: u32, resolution: u32) -> Outcome {
    let place = call.memory.place(resolution)?;
    clock(id)?;
    call.memory.fill(place, 1_u64.to_le_bytes());
    Ok(())
}

pub(crate) fn clock_time_get(call: &mut Call<'_>, id: u32, _precision: u64, time: u32) -> Outcome {
    let place = call.memory.place(time)?;
    let now = call.ctx.clock.now(clock(id)?);
    call.memory.fill(place, now.to_le_bytes());
    Ok(())
}
