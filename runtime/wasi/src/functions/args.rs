//! Arguments and environment: lists of strings with NUL at their ends.

use crate::call::{Call, Outcome};
use crate::errno::Errno;
use crate::memory::GuestMemory;

pub(crate) fn args_get(call: &mut Call<'_>, list: u32, strings: u32) -> Outcome {
    get(&mut call.memory, &call.ctx.args, list, strings)
}

pub(crate) fn args_sizes_get(call: &mut Call<'_>, count: u32, size: u32) -> Outcome {
    sizes(&mut call.memory, &call.ctx.args, count, size)
}

pub(crate) fn environ_get(call: &mut Call<'_>, list: u32, strings: u32) -> Outcome {
    get(&mut call.memory, &call.ctx.env, list, strings)
}

pub(crate) fn environ_sizes_get(call: &mut Call<'_>, count: u32, size: u32) -> Outcome {
    sizes(&mut call.memory, &call.ctx.env, count, size)
}

/// How many strings, and how many bytes with the NULs.
fn measure(strings: &[Vec<u8>]) -> Result<(u32, u32), Errno> {
    let bytes: usize = strings.iter().map(|string| string.len() + 1).sum();
    let too_big = |_| Errno::Overflow;
    Ok((u32::try_from(strings.len()).map_err(too_big)?, u32::try_from(bytes).map_err(too_big)?))
}

fn sizes(memory: &mut GuestMemory<'_>, strings: &[Vec<u8>], count: u32, size: u32) -> Outcome {
    let (count, size) = (memory.place(count)?, memory.place(size)?);
    let (strings, bytes) = measure(strings)?;
    memory.fill(count, strings.to_le_bytes());
    memory.fill(size, bytes.to_le_bytes());
    Ok(())
}

fn get(memory: &mut GuestMemory<'_>, strings: &[Vec<u8>], list: u32, at: u32) -> Outcome {
    let (count, bytes) = measure(strings)?;
    memory.buffer(list, count.checked_mul(4).ok_or(Errno::Overflow)?)?;
    memory.buffer(at, bytes)?;
    let (mut list, mut at) = (list, at);
    for string in strings {
        let len = u32::try_from(string.len()).map_err(|_| Errno::Overflow)?;
        let entry = memory.place(list)?;
        memory.fill(entry, at.to_le_bytes());
        let buffer = memory.buffer(at, len + 1)?;
        memory.copy_in(buffer, string);
        let end = memory.place(at + len)?;
        memory.fill(end, [0]);
        list = list.wrapping_add(4);
        at = at.wrapping_add(len + 1);
    }
    Ok(())
}
