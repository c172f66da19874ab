//! `path_open`: a path becomes a descriptor, with no more rights than its directory passes on.

use crate::call::{Call, Outcome};
use crate::descriptor::{Descriptor, Directory, FileType, HostFile, Kind, fdflags};
use crate::errno::Errno;
use crate::fault::{ByHost, Fault, planted, without_parents};
use crate::path;
use crate::rights::Rights;
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use std::io;

/// Flags of opening, with the specification's bits.
mod oflags {
    pub(super) const CREAT: u32 = 1 << 0;
    pub(super) const DIRECTORY: u32 = 1 << 1;
    pub(super) const EXCL: u32 = 1 << 2;
    pub(super) const TRUNC: u32 = 1 << 3;
    pub(super) const ALL: u32 = 15;
}

/// Rights that need a descriptor that can write, though nothing is written.
const RESIZING: Rights = Rights::FD_ALLOCATE.and(Rights::FD_FILESTAT_SET_SIZE);

/// Whether a symbolic link at the end of a path is followed.
pub(crate) fn follow(lookup: u32) -> Result<bool, Errno> {
    match lookup {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Errno::Inval),
    }
}

/// The arguments of `path_open`, without pointers.
struct Request {
    path: String,
    follow: bool,
    oflags: u32,
    base: Rights,
    inheriting: Rights,
    fdflags: u16,
}

impl Request {
    /// The same, with no more rights than these.
    fn within(self, passed_on: Rights) -> Self {
        let (base, mut inheriting) = (self.base.within(passed_on), self.inheriting.within(passed_on));
        if planted(Fault::InheritingNotIntersected) {
            inheriting = self.inheriting;
        }
        Self { base, inheriting, ..self }
    }

    fn has(&self, oflag: u32) -> bool {
        self.oflags & oflag != 0
    }

    /// Whether the host's descriptor has to be able to write, if that is possible.
    fn writes(&self) -> bool {
        self.must_write() || self.base.intersects(RESIZING)
    }

    /// Whether it has to be able to write in any case. Go asks for the right to set the size whatever it wants to do, and
    /// does without.
    fn must_write(&self) -> bool {
        self.base.intersects(Rights::FD_WRITE) || self.has(oflags::TRUNC)
    }

    /// The same, without the rights for which the host's descriptor would have to write.
    fn reading(self) -> Self {
        Self { base: self.base.without(RESIZING), ..self }
    }

    /// The rights that a directory must have.
    fn needed(&self) -> Rights {
        let mut needed = Rights::PATH_OPEN;
        if self.has(oflags::CREAT) {
            needed = needed.and(Rights::PATH_CREATE_FILE);
        }
        if self.has(oflags::TRUNC) && !planted(Fault::TruncationUnasked) {
            needed = needed.and(Rights::PATH_FILESTAT_SET_SIZE);
        }
        needed
    }
}

#[expect(clippy::too_many_arguments, reason = "the specification's")]
pub(crate) fn path_open(
    call: &mut Call<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    path_len: u32,
    oflags: u32,
    base: u64,
    inheriting: u64,
    fdflags: u32,
    opened: u32,
) -> Outcome {
    let place = call.memory.place(opened);
    if !planted(Fault::OpenBeforePointer) {
        place?;
    }
    let path = path::read(&call.memory, path, path_len, call.ctx.limits.path)?;
    if oflags & !oflags::ALL != 0 || fdflags & !u32::from(fdflags::ALL) != 0 {
        return Err(Errno::Inval.into());
    }
    let fdflags = u16::try_from(fdflags).map_err(|_| Errno::Inval)?;
    let (base, inheriting) = (Rights(base), Rights(inheriting));
    let request = Request { path, follow: follow(lookup)?, oflags, base, inheriting, fdflags };
    let descriptor = open(call, fd, request)?;
    let number = call.ctx.table.insert(descriptor)?;
    call.memory.fill(place?, number.to_le_bytes());
    Ok(())
}

fn open(call: &Call<'_>, fd: u32, request: Request) -> Outcome<Descriptor> {
    let parent = call.ctx.table.get(fd)?;
    let directory = parent.directory(request.needed())?;
    parent.check_passed_on(request.base)?;
    let withheld = request.inheriting.within(parent.withheld);
    let mut request = request.within(parent.inheriting);
    if request.has(oflags::DIRECTORY) {
        if request.has(oflags::CREAT) {
            return Err(Errno::Inval.into());
        }
        if request.must_write() {
            return Err(Errno::Isdir.into());
        }
        request = request.reading();
    }
    call.ctx.table.check_room()?;
    call.wait.check()?;
    let file = match host_open(&directory.dir, &request) {
        Err(error) if request.writes() && !request.must_write() && is_against_writing(&error) => {
            request = request.reading();
            host_open(&directory.dir, &request)?
        }
        opened => opened?,
    };
    let filetype = FileType::from(rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode));
    let (base, inheriting) = (request.base, request.inheriting);
    if filetype == FileType::Directory {
        let dir = Dir::from_std_file(listable(file)?.into());
        let kind = Kind::Directory(Directory { dir, preopen: None, listing: None });
        let base = base.within(Rights::DIRECTORY);
        return Ok(Descriptor { kind, base, inheriting, withheld, flags: request.fdflags });
    }
    if request.fdflags & fdflags::APPEND != 0 {
        let flags = rustix::fs::fcntl_getfl(&file)?;
        rustix::fs::fcntl_setfl(&file, flags | OFlags::APPEND)?;
    }
    let kind = Kind::File(HostFile::opened(file, filetype));
    // Nothing is opened through a file, so it passes nothing on that only directories have.
    let (base, inheriting) = (base.within(Rights::FILE), inheriting.within(Rights::FILE));
    Ok(Descriptor { kind, base, inheriting, withheld: Rights::NONE, flags: request.fdflags })
}

/// Whether an error may be due to nothing but the wish to write.
fn is_against_writing(error: &io::Error) -> bool {
    use io::ErrorKind::{ExecutableFileBusy, IsADirectory, PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), ExecutableFileBusy | IsADirectory | PermissionDenied | ReadOnlyFilesystem)
}

/// A directory that was opened only to look entries up, opened to list them.
fn listable(directory: OwnedFd) -> Result<OwnedFd, rustix::io::Errno> {
    if !rustix::fs::fcntl_getfl(&directory)?.contains(OFlags::PATH) {
        return Ok(directory);
    }
    rustix::fs::openat(&directory, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// Opens, and creates if that is asked for. A file that exists is opened with the access that is asked for and no more,
/// so creating is a second step.
fn host_open(dir: &Dir, request: &Request) -> io::Result<OwnedFd> {
    let create = request.has(oflags::CREAT);
    if let Some(opened) = by_host(dir, request) {
        return opened;
    }
    let mut options = options(request);
    // A slash at the end asks for a directory behind a link; the flag, step by step, would ask it of the link itself.
    if request.has(oflags::DIRECTORY) && request.follow {
        return Ok(dir.open_with(format!("{}/", request.path), &options)?.into_std().into());
    }
    if !(create && request.has(oflags::EXCL)) {
        match dir.open_with(&request.path, &options) {
            Err(error) if create && error.kind() == io::ErrorKind::NotFound => {}
            opened => return Ok(opened?.into_std().into()),
        }
    }
    options.write(true).create(true).truncate(request.has(oflags::TRUNC));
    options.create_new(request.has(oflags::EXCL));
    Ok(dir.open_with(&request.path, &options)?.into_std().into())
}

/// What the host opens, where a fault is planted that leaves a path to it.
fn by_host(dir: &Dir, request: &Request) -> Option<io::Result<OwnedFd>> {
    let path = request.path.as_str();
    let slash = planted(Fault::TrailingSlashFollowed) && path.ends_with('/') && !request.follow;
    let parents = planted(Fault::ParentsByText) && path.contains("..");
    if !(slash || parents || planted(Fault::LinkFollowedOut)) {
        return None;
    }
    let how = ByHost {
        follow: request.follow,
        write: request.writes(),
        create: request.has(oflags::CREAT),
        exclusive: request.has(oflags::CREAT) && request.has(oflags::EXCL),
        truncate: request.has(oflags::TRUNC),
    };
    let path = if parents { without_parents(path) } else { path.to_owned() };
    Some(how.open(dir, &path))
}

fn options(request: &Request) -> OpenOptions {
    let mut options = OpenOptions::new();
    let writes = request.writes();
    options.write(writes).read(!writes || request.base.intersects(Rights::FD_READ));
    options.truncate(request.has(oflags::TRUNC));
    options.follow(if request.follow { FollowSymlinks::Yes } else { FollowSymlinks::No });
    options.sync(request.fdflags & fdflags::SYNC != 0);
    options.dsync(request.fdflags & fdflags::DSYNC != 0);
    options.rsync(request.fdflags & fdflags::RSYNC != 0);
    // A FIFO must not keep us waiting, and a terminal must not become ours.
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    if request.has(oflags::DIRECTORY) && !request.follow {
        flags |= OFlags::DIRECTORY;
    }
    options.custom_flags(flags.bits().cast_signed());
    options
}
