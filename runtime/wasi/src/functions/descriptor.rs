//! Descriptors as such: closing, renumbering, flags, rights, and the names of preopened directories.

use crate::call::{Call, Outcome};
use crate::descriptor::{Kind, fdflags};
use crate::errno::Errno;
use crate::fault::{Fault, planted};
use crate::layout::fdstat;
use crate::rights::Rights;
use rustix::fs::OFlags;

pub(crate) fn fd_close(call: &mut Call<'_>, fd: u32) -> Outcome {
    call.ctx.table.remove(fd)?;
    Ok(())
}

pub(crate) fn fd_renumber(call: &mut Call<'_>, from: u32, to: u32) -> Outcome {
    Ok(call.ctx.table.renumber(from, to)?)
}

pub(crate) fn fd_fdstat_get(call: &mut Call<'_>, fd: u32, stat: u32) -> Outcome {
    let place = call.memory.place(stat)?;
    let descriptor = call.ctx.table.get(fd)?;
    let (base, inheriting) = (descriptor.base.0, descriptor.inheriting.0);
    call.memory.fill(place, fdstat(descriptor.filetype(), descriptor.flags, base, inheriting));
    Ok(())
}

pub(crate) fn fd_fdstat_set_flags(call: &mut Call<'_>, fd: u32, flags: u32) -> Outcome {
    let descriptor = call.ctx.table.get_mut(fd)?;
    descriptor.base.require(Rights::FD_FDSTAT_SET_FLAGS)?;
    let flags = u16::try_from(flags).ok().filter(|flags| flags & !fdflags::ALL == 0).ok_or(Errno::Inval)?;
    let change = flags ^ descriptor.flags;
    if change & fdflags::FIXED != 0 {
        return Err(Errno::Notsup.into());
    }
    if change & fdflags::APPEND != 0
        && let Kind::File(file) = &descriptor.kind
        && !file.standard
    {
        let host = rustix::fs::fcntl_getfl(&file.fd)?;
        rustix::fs::fcntl_setfl(&file.fd, host ^ OFlags::APPEND)?;
    }
    descriptor.flags = flags;
    Ok(())
}

pub(crate) fn fd_fdstat_set_rights(call: &mut Call<'_>, fd: u32, base: u64, inheriting: u64) -> Outcome {
    let descriptor = call.ctx.table.get_mut(fd)?;
    let (base, inheriting) = (Rights(base), Rights(inheriting));
    if !planted(Fault::RightsWidened) {
        descriptor.base.require(base)?;
        descriptor.inheriting.require(inheriting)?;
    }
    descriptor.base = base;
    descriptor.inheriting = inheriting;
    // The guest has said what is passed on, and that is all of it.
    descriptor.withheld = Rights::NONE;
    Ok(())
}

/// The guest's name of a preopened directory.
fn preopen<'a>(call: &'a Call<'_>, fd: u32) -> Result<&'a str, Errno> {
    match &call.ctx.table.get(fd)?.kind {
        Kind::Directory(directory) => directory.preopen.as_deref().ok_or(Errno::Badf),
        _ => Err(Errno::Badf),
    }
}

pub(crate) fn fd_prestat_get(call: &mut Call<'_>, fd: u32, prestat: u32) -> Outcome {
    let place = call.memory.place(prestat)?;
    let len = u32::try_from(preopen(call, fd)?.len()).map_err(|_| Errno::Overflow)?;
    let [a, b, c, d] = len.to_le_bytes();
    call.memory.fill(place, [0, 0, 0, 0, a, b, c, d]);
    Ok(())
}

pub(crate) fn fd_prestat_dir_name(call: &mut Call<'_>, fd: u32, path: u32, len: u32) -> Outcome {
    let buffer = call.memory.buffer(path, len)?;
    let name = preopen(call, fd)?.to_owned();
    if name.len() > buffer.len {
        return Err(Errno::Nametoolong.into());
    }
    call.memory.copy_in(buffer, name.as_bytes());
    Ok(())
}
