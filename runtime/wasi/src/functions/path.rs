//! Names in directories: making, removing, renaming, linking and looking at them.

use crate::call::{Call, Outcome};
use crate::errno::Errno;
use crate::fault::{Fault, joined, planted};
use crate::functions::open::follow;
use crate::layout::{Filestat, FilestatPlace, nanos};
use crate::path;
use crate::rights::Rights;
use cap_std::fs::{Dir, FileTypeExt as _, Metadata, MetadataExt as _};
use std::path::Path;

/// Reads a path, and finds the directory it starts in.
fn locate<'a>(
    call: &'a Call<'_>,
    fd: u32,
    (at, len): (u32, u32),
    needed: Rights,
) -> Result<(&'a Dir, String), Errno> {
    let path = path::read(&call.memory, at, len, call.ctx.limits.path)?;
    Ok((&call.ctx.table.directory(fd, needed)?.dir, path))
}

pub(crate) fn path_create_directory(call: &mut Call<'_>, fd: u32, at: u32, len: u32) -> Outcome {
    let (dir, path) = locate(call, fd, (at, len), Rights::PATH_CREATE_DIRECTORY)?;
    if planted(Fault::CreateFollowedOut) {
        return Ok(std::fs::create_dir(joined(dir, &path))?);
    }
    Ok(dir.create_dir(path)?)
}

pub(crate) fn path_remove_directory(call: &mut Call<'_>, fd: u32, at: u32, len: u32) -> Outcome {
    let (dir, path) = locate(call, fd, (at, len), Rights::PATH_REMOVE_DIRECTORY)?;
    Ok(dir.remove_dir(path::without_trailing_slashes(&path))?)
}

pub(crate) fn path_unlink_file(call: &mut Call<'_>, fd: u32, at: u32, len: u32) -> Outcome {
    let (dir, path) = locate(call, fd, (at, len), Rights::PATH_UNLINK_FILE)?;
    if planted(Fault::UnlinkFollowedOut) {
        return Ok(std::fs::remove_file(joined(dir, &path))?);
    }
    Ok(dir.remove_file(path)?)
}

pub(crate) fn path_filestat_get(
    call: &mut Call<'_>,
    fd: u32,
    lookup: u32,
    at: u32,
    len: u32,
    stat: u32,
) -> Outcome {
    let place = FilestatPlace::new(&call.memory, call.version, stat)?;
    let follow = follow(lookup)?;
    let (dir, path) = locate(call, fd, (at, len), Rights::PATH_FILESTAT_GET)?;
    let follow = follow || path::names_directory(&path);
    if planted(Fault::StatFollowedOut) && follow {
        let stat = rustix::fs::stat(joined(dir, &path))?;
        place.fill(&mut call.memory, stat.into());
        return Ok(());
    }
    let metadata = if follow { dir.metadata(path)? } else { dir.symlink_metadata(path)? };
    place.fill(&mut call.memory, filestat(&metadata));
    Ok(())
}

fn filestat(metadata: &Metadata) -> Filestat {
    let time = |seconds, nanoseconds| nanos(seconds, u64::try_from(nanoseconds).unwrap_or(0));
    Filestat {
        dev: metadata.dev(),
        ino: metadata.ino(),
        filetype: filetype(metadata),
        nlink: metadata.nlink(),
        size: metadata.len(),
        atim: time(metadata.atime(), metadata.atime_nsec()),
        mtim: time(metadata.mtime(), metadata.mtime_nsec()),
        ctim: time(metadata.ctime(), metadata.ctime_nsec()),
    }
}

fn filetype(metadata: &Metadata) -> crate::descriptor::FileType {
    use crate::descriptor::FileType;
    let host = metadata.file_type();
    match () {
        () if host.is_file() => FileType::RegularFile,
        () if host.is_dir() => FileType::Directory,
        () if host.is_symlink() => FileType::SymbolicLink,
        () if host.is_char_device() => FileType::CharacterDevice,
        () if host.is_block_device() => FileType::BlockDevice,
        () if host.is_socket() => FileType::SocketStream,
        () => FileType::Unknown,
    }
}

#[expect(clippy::too_many_arguments, reason = "the specification's")]
pub(crate) fn path_link(
    call: &mut Call<'_>,
    old_fd: u32,
    lookup: u32,
    old: u32,
    old_len: u32,
    new_fd: u32,
    new: u32,
    new_len: u32,
) -> Outcome {
    let (old_dir, old) = locate(call, old_fd, (old, old_len), Rights::PATH_LINK_SOURCE)?;
    let target = if planted(Fault::LinkTargetUnasked) { Rights::NONE } else { Rights::PATH_LINK_TARGET };
    let (new_dir, new) = locate(call, new_fd, (new, new_len), target)?;
    // A link to what a link leads to could be made to something that changes in between.
    if follow(lookup)? {
        return Err(Errno::Inval.into());
    }
    check_passed_on(call, old_fd, new_fd)?;
    Ok(old_dir.hard_link(old, new_dir, new)?)
}

pub(crate) fn path_rename(
    call: &mut Call<'_>,
    old_fd: u32,
    old: u32,
    old_len: u32,
    new_fd: u32,
    new: u32,
    new_len: u32,
) -> Outcome {
    let (old_dir, old) = locate(call, old_fd, (old, old_len), Rights::PATH_RENAME_SOURCE)?;
    let target = if planted(Fault::RenameTargetUnasked) { Rights::NONE } else { Rights::PATH_RENAME_TARGET };
    let (new_dir, new) = locate(call, new_fd, (new, new_len), target)?;
    check_passed_on(call, old_fd, new_fd)?;
    if new.ends_with('/') && !old_dir.symlink_metadata(&old)?.is_dir() {
        return Err(Errno::Notdir.into());
    }
    Ok(old_dir.rename(old, new_dir, new)?)
}

/// Refuses to give a file a name from which more can be done with it than from its old one.
fn check_passed_on(call: &Call<'_>, old_fd: u32, new_fd: u32) -> Result<(), Errno> {
    let access = Rights::FILE.without(Rights::FD_FDSTAT_SET_FLAGS);
    let old = call.ctx.table.get(old_fd)?.inheriting.within(access);
    let new = call.ctx.table.get(new_fd)?.inheriting.within(access);
    if old_fd == new_fd || old.contains(new) { Ok(()) } else { Err(Errno::Notcapable) }
}

pub(crate) fn path_symlink(
    call: &mut Call<'_>,
    text: u32,
    text_len: u32,
    fd: u32,
    at: u32,
    len: u32,
) -> Outcome {
    let text = path::text(&call.memory, text, text_len, call.ctx.limits.path)?;
    let (dir, path) = locate(call, fd, (at, len), Rights::PATH_SYMLINK)?;
    Ok(dir.symlink(text, path)?)
}

pub(crate) fn path_readlink(
    call: &mut Call<'_>,
    fd: u32,
    at: u32,
    len: u32,
    buffer: u32,
    buffer_len: u32,
    used: u32,
) -> Outcome {
    let used = call.memory.place(used)?;
    let buffer = call.memory.buffer(buffer, buffer_len)?;
    let (dir, path) = locate(call, fd, (at, len), Rights::PATH_READLINK)?;
    let target = dir.read_link(Path::new(&path))?;
    let bytes = target.as_os_str().as_encoded_bytes();
    call.memory.copy_in(buffer, bytes);
    let count = u32::try_from(bytes.len().min(buffer.len)).unwrap_or(u32::MAX);
    call.memory.fill(used, count.to_le_bytes());
    Ok(())
}
