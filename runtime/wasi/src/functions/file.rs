//! Open files: sizes, positions, metadata and what is written through to the disk.

use crate::call::{Call, Outcome};
use crate::descriptor::{FileType, HostFile, Kind};
use crate::errno::Errno;
use crate::layout::{Filestat, FilestatPlace, Whence};
use crate::limits::WasiLimits;
use crate::rights::Rights;
use rustix::fd::AsFd;
use rustix::fs::{Advice, FallocateFlags, SeekFrom};
use std::num::NonZeroU64;

pub(crate) fn fd_advise(call: &mut Call<'_>, fd: u32, offset: u64, len: u64, advice: u32) -> Outcome {
    let file = call.ctx.table.get(fd)?.file(Rights::FD_ADVISE)?;
    let advice = match advice {
        0 => Advice::Normal,
        1 => Advice::Sequential,
        2 => Advice::Random,
        3 => Advice::WillNeed,
        4 => Advice::DontNeed,
        5 => Advice::NoReuse,
        _ => return Err(Errno::Inval.into()),
    };
    signed(offset)?;
    signed(len)?;
    Ok(rustix::fs::fadvise(&file.fd, offset, NonZeroU64::new(len), advice)?)
}

pub(crate) fn fd_allocate(call: &mut Call<'_>, fd: u32, offset: u64, len: u64) -> Outcome {
    let file = call.ctx.table.get(fd)?.file(Rights::FD_ALLOCATE)?;
    let end = offset.checked_add(len).ok_or(Errno::Fbig)?;
    check_size(&call.ctx.limits, end)?;
    signed(end).map_err(|_| Errno::Fbig)?;
    call.wait.check()?;
    Ok(rustix::fs::fallocate(&file.fd, FallocateFlags::empty(), offset, len)?)
}

pub(crate) fn fd_datasync(call: &mut Call<'_>, fd: u32) -> Outcome {
    match &call.ctx.table.with(fd, Rights::FD_DATASYNC)?.kind {
        Kind::File(file) => Ok(rustix::fs::fdatasync(&file.fd)?),
        Kind::Directory(directory) => Ok(rustix::fs::fdatasync(&directory.dir)?),
        _ => Err(Errno::Inval.into()),
    }
}

pub(crate) fn fd_sync(call: &mut Call<'_>, fd: u32) -> Outcome {
    match &call.ctx.table.with(fd, Rights::FD_SYNC)?.kind {
        Kind::File(file) => Ok(rustix::fs::fsync(&file.fd)?),
        Kind::Directory(directory) => Ok(rustix::fs::fsync(&directory.dir)?),
        _ => Err(Errno::Inval.into()),
    }
}

pub(crate) fn fd_filestat_get(call: &mut Call<'_>, fd: u32, stat: u32) -> Outcome {
    let place = FilestatPlace::new(&call.memory, call.version, stat)?;
    let descriptor = call.ctx.table.with(fd, Rights::FD_FILESTAT_GET)?;
    let stat = match &descriptor.kind {
        Kind::File(file) if file.standard => anonymous_file(file)?,
        Kind::File(file) => rustix::fs::fstat(&file.fd)?.into(),
        Kind::Directory(directory) => rustix::fs::fstat(&directory.dir)?.into(),
        _ => Filestat::anonymous(descriptor.filetype()),
    };
    place.fill(&mut call.memory, stat);
    Ok(())
}

/// What a guest learns of a standard stream: what it can measure by reading it.
fn anonymous_file(file: &HostFile) -> Outcome<Filestat> {
    let mut stat = Filestat::anonymous(file.filetype);
    if file.filetype == FileType::RegularFile {
        stat.size = Filestat::from(rustix::fs::fstat(&file.fd)?).size;
    }
    Ok(stat)
}

pub(crate) fn fd_filestat_set_size(call: &mut Call<'_>, fd: u32, size: u64) -> Outcome {
    let file = call.ctx.table.get(fd)?.file(Rights::FD_FILESTAT_SET_SIZE)?;
    check_size(&call.ctx.limits, size)?;
    signed(size)?;
    Ok(rustix::fs::ftruncate(&file.fd, size)?)
}

pub(crate) fn fd_seek(call: &mut Call<'_>, fd: u32, offset: i64, whence: u32, position: u32) -> Outcome {
    let place = call.memory.place(position)?;
    let whence = call.version.whence(whence)?;
    // To ask where one is, the right to tell is enough.
    let asks = offset == 0 && whence == Whence::Current;
    let needed = if asks { Rights::FD_TELL } else { Rights::FD_SEEK };
    let file = seekable(call, fd, needed)?;
    let origin = match whence {
        Whence::Set => SeekFrom::Start(u64::try_from(offset).map_err(|_| Errno::Inval)?),
        Whence::Current => SeekFrom::Current(offset),
        Whence::End => SeekFrom::End(offset),
    };
    let position = rustix::fs::seek(&file.fd, origin)?;
    call.memory.fill(place, position.to_le_bytes());
    Ok(())
}

pub(crate) fn fd_tell(call: &mut Call<'_>, fd: u32, position: u32) -> Outcome {
    let place = call.memory.place(position)?;
    let file = seekable(call, fd, Rights::FD_TELL)?;
    let position = rustix::fs::tell(&file.fd)?;
    call.memory.fill(place, position.to_le_bytes());
    Ok(())
}

fn seekable<'a>(call: &'a Call<'_>, fd: u32, needed: Rights) -> Result<&'a HostFile, Errno> {
    let descriptor = call.ctx.table.get(fd)?;
    match &descriptor.kind {
        Kind::File(file) if file.standard && !descriptor.base.contains(needed) => Err(Errno::Spipe),
        _ => descriptor.file(needed),
    }
}

/// Refuses to make a file larger than the limit.
pub(crate) fn check_size(limits: &WasiLimits, size: u64) -> Result<(), Errno> {
    match limits.file_size {
        Some(limit) if size > limit => Err(Errno::Fbig),
        _ => Ok(()),
    }
}

/// Where a write of `count` bytes to a file would end, when a limit makes that matter.
pub(crate) fn room(
    limits: &WasiLimits,
    file: &HostFile,
    position: Option<u64>,
    append: bool,
) -> Outcome<Option<u64>> {
    let Some(limit) = limits.file_size.filter(|_| file.is_regular()) else { return Ok(None) };
    let start = match position {
        _ if append => Filestat::from(rustix::fs::fstat(file.fd.as_fd())?).size,
        Some(position) => position,
        None => rustix::fs::tell(&file.fd)?,
    };
    Ok(Some(limit.saturating_sub(start)))
}

/// Refuses what the host would take for negative.
fn signed(value: u64) -> Result<i64, Errno> {
    i64::try_from(value).map_err(|_| Errno::Inval)
}
