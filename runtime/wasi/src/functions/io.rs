//! Reading and writing.

use crate::call::{Call, Outcome};
use crate::descriptor::{Descriptor, Kind, fdflags};
use crate::errno::Errno;
use crate::fault::{Fault, planted};
use crate::functions::file::room;
use crate::rights::Rights;
use crate::transfer::{self, Buffers};

pub(crate) fn fd_read(call: &mut Call<'_>, fd: u32, list: u32, count: u32, read: u32) -> Outcome {
    input(call, fd, (list, count), None, read)
}

pub(crate) fn fd_pread(
    call: &mut Call<'_>,
    fd: u32,
    list: u32,
    count: u32,
    offset: u64,
    read: u32,
) -> Outcome {
    input(call, fd, (list, count), Some(offset), read)
}

pub(crate) fn fd_write(call: &mut Call<'_>, fd: u32, list: u32, count: u32, written: u32) -> Outcome {
    output(call, fd, (list, count), None, written)
}

pub(crate) fn fd_pwrite(
    call: &mut Call<'_>,
    fd: u32,
    list: u32,
    count: u32,
    offset: u64,
    written: u32,
) -> Outcome {
    output(call, fd, (list, count), Some(offset), written)
}

/// Refuses positions on what has none, and those that the host would take for negative.
fn check_position(descriptor: &Descriptor, position: Option<u64>) -> Result<(), Errno> {
    let Some(position) = position else { return Ok(()) };
    match &descriptor.kind {
        Kind::Directory(_) => Err(Errno::Isdir),
        Kind::File(file) if !file.standard || descriptor.base.contains(Rights::FD_SEEK) => {
            descriptor.base.require(Rights::FD_SEEK)?;
            i64::try_from(position).map_or(Err(Errno::Inval), |_| Ok(()))
        }
        _ => Err(Errno::Spipe),
    }
}

fn input(
    call: &mut Call<'_>,
    fd: u32,
    (list, count): (u32, u32),
    position: Option<u64>,
    read: u32,
) -> Outcome {
    let place = call.memory.place(read)?;
    let buffers = Buffers::read(&call.memory, list, count, &call.ctx.limits)?;
    let descriptor = call.ctx.table.get(fd)?;
    if matches!(descriptor.kind, Kind::Directory(_)) {
        return Err(Errno::Isdir.into());
    }
    descriptor.base.require(Rights::FD_READ)?;
    check_position(descriptor, position)?;
    let count = transfer::read(descriptor, &mut call.memory, &buffers, position, &call.wait)?;
    call.memory.fill(place, u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
    Ok(())
}

fn output(
    call: &mut Call<'_>,
    fd: u32,
    (list, count): (u32, u32),
    position: Option<u64>,
    written: u32,
) -> Outcome {
    let place = call.memory.place(written)?;
    let mut buffers = Buffers::read(&call.memory, list, count, &call.ctx.limits)?;
    let asked = buffers.total();
    let descriptor = call.ctx.table.get(fd)?;
    if matches!(descriptor.kind, Kind::Directory(_)) {
        return Err(Errno::Badf.into());
    }
    descriptor.base.require(Rights::FD_WRITE)?;
    check_position(descriptor, position)?;
    let stream = match &descriptor.kind {
        Kind::File(file) => {
            let append = descriptor.flags & fdflags::APPEND != 0;
            truncate(&mut buffers, room(&call.ctx.limits, file, position, append)?, Errno::Fbig)?;
            file.standard
        }
        kind => matches!(kind, Kind::Output(_)),
    };
    if stream {
        truncate(&mut buffers, call.ctx.output_left, Errno::Nospc)?;
    }
    let count = transfer::write(descriptor, &call.memory, &buffers, position, &call.wait)?;
    if stream && let Some(left) = &mut call.ctx.output_left {
        *left = left.saturating_sub(count as u64);
    }
    let count = if planted(Fault::WrittenAsAsked) { asked } else { count };
    call.memory.fill(place, u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
    Ok(())
}

/// Cuts a write off at a limit, and refuses it where there is no room at all.
fn truncate(buffers: &mut Buffers, room: Option<u64>, full: Errno) -> Result<(), Errno> {
    let Some(room) = room else { return Ok(()) };
    if room == 0 && buffers.total() > 0 {
        return Err(full);
    }
    buffers.truncate(usize::try_from(room).unwrap_or(usize::MAX));
    Ok(())
}
