//! Times of files: access and modification.

use crate::call::{Call, Outcome};
use crate::descriptor::Kind;
use crate::errno::Errno;
use crate::fault::{Fault, joined, planted};
use crate::functions::open::follow;
use crate::path;
use crate::rights::Rights;
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use rustix::fs::{AtFlags, OFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};

/// What is to become of the times, by the specification's bits.
fn timestamps(access: u64, modification: u64, flags: u32) -> Result<Timestamps, Errno> {
    if flags & !15 != 0 {
        return Err(Errno::Inval);
    }
    Ok(Timestamps {
        last_access: timestamp(access, flags & 1 != 0, flags & 2 != 0)?,
        last_modification: timestamp(modification, flags & 4 != 0, flags & 8 != 0)?,
    })
}

fn timestamp(nanos: u64, set: bool, now: bool) -> Result<Timespec, Errno> {
    match (set, now) {
        (true, true) => Err(Errno::Inval),
        (true, false) => Ok(Timespec {
            tv_sec: i64::try_from(nanos / 1_000_000_000).map_err(|_| Errno::Inval)?,
            tv_nsec: i64::try_from(nanos % 1_000_000_000).map_err(|_| Errno::Inval)?,
        }),
        (false, true) => Ok(Timespec { tv_sec: 0, tv_nsec: UTIME_NOW }),
        (false, false) => Ok(Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT }),
    }
}

pub(crate) fn fd_filestat_set_times(
    call: &mut Call<'_>,
    fd: u32,
    access: u64,
    modification: u64,
    flags: u32,
) -> Outcome {
    let descriptor = call.ctx.table.with(fd, Rights::FD_FILESTAT_SET_TIMES)?;
    let times = timestamps(access, modification, flags)?;
    match &descriptor.kind {
        Kind::File(file) => Ok(rustix::fs::futimens(&file.fd, &times)?),
        Kind::Directory(directory) => Ok(rustix::fs::futimens(&directory.dir, &times)?),
        _ => Err(Errno::Inval.into()),
    }
}

#[expect(clippy::too_many_arguments, reason = "the specification's")]
pub(crate) fn path_filestat_set_times(
    call: &mut Call<'_>,
    fd: u32,
    lookup: u32,
    at: u32,
    len: u32,
    access: u64,
    modification: u64,
    flags: u32,
) -> Outcome {
    let path = path::read(&call.memory, at, len, call.ctx.limits.path)?;
    let directory = call.ctx.table.directory(fd, Rights::PATH_FILESTAT_SET_TIMES)?;
    let times = timestamps(access, modification, flags)?;
    let follow = follow(lookup)?;
    if planted(Fault::TimesFollowedOut) && !follow {
        let _what_the_link_leads_to =
            rustix::fs::utimensat(rustix::fs::CWD, joined(&directory.dir, &path), &times, AtFlags::empty());
    }
    set(&directory.dir, &path, follow, &times)
}

/// Sets the times of what a path names, without opening it: a FIFO would wait, a device might act.
fn set(dir: &Dir, path: &str, follow: bool, times: &Timestamps) -> Outcome {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(OFlags::PATH.bits().cast_signed());
    if follow {
        options.follow(FollowSymlinks::Yes);
        let file = dir.open_with(path, &options)?;
        return Ok(rustix::fs::utimensat(&file, "", times, AtFlags::EMPTY_PATH)?);
    }
    // The name at the end is not followed, so its directory has to be.
    let (parent, name) = match path.rsplit_once('/') {
        Some((_, "" | "." | "..")) => return set(dir, path, true, times),
        Some((parent, name)) => (parent, name),
        None => (".", path),
    };
    if name == "." || name == ".." {
        return set(dir, path, true, times);
    }
    let parent = dir.open_dir(parent)?;
    // The host does not look for the name when there is nothing to set.
    if times.last_access.tv_nsec == UTIME_OMIT && times.last_modification.tv_nsec == UTIME_OMIT {
        parent.symlink_metadata(name)?;
    }
    Ok(rustix::fs::utimensat(&parent, name, times, AtFlags::SYMLINK_NOFOLLOW)?)
}
